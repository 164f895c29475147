"""Curves that look drawn by nature: splines through a few points, winding, rounding of corners."""

from __future__ import annotations

import numpy as np
import shapely
from shapely import LineString

from gisapp.sample.plane import Floats


def spline(knots: object, step_m: float = 25.0) -> LineString:
    """A smooth line through the knots (Catmull-Rom), with a vertex every step_m metres."""
    points = np.asarray(knots, dtype=float)
    before, after = 2 * points[0] - points[1], 2 * points[-1] - points[-2]
    p = np.vstack([before, points, after])
    t = np.linspace(0, 1, 24, endpoint=False)[None, :, None]
    a, b, c, d = (p[i : len(p) - 3 + i, None, :] for i in range(4))
    bend = 2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    return resampled(LineString(np.vstack([bend.reshape(-1, 2) / 2, points[-1:]])), step_m)


def resampled(line: LineString, step_m: float) -> LineString:
    """The same line with evenly spaced vertices about step_m metres apart; its ends stay."""
    count = max(2, round(line.length / step_m) + 1)
    return LineString(shapely.line_interpolate_point(line, np.linspace(0, line.length, count)))


def left_normals(xy: Floats) -> Floats:
    """Unit vectors to the left of the line's direction at each vertex."""
    forward = np.gradient(xy, axis=0)
    left = np.column_stack([-forward[:, 1], forward[:, 0]])
    return np.asarray(left / np.maximum(np.hypot(left[:, 0], left[:, 1]), 1e-9)[:, None])


def shifted(line: LineString, left_m: Floats) -> LineString:
    """The line moved to its left by as many metres as given for each vertex."""
    xy = shapely.get_coordinates(line)
    return LineString(xy + left_normals(xy) * np.asarray(left_m)[:, None])


def along_m(line: LineString) -> Floats:
    """The distance of each vertex from the line's start, metres."""
    xy = shapely.get_coordinates(line)
    return np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(xy, axis=0).T))])


def rounded(xy: Floats, times: int = 2) -> Floats:
    """Corners cut twice as finely each time (Chaikin); both ends stay where they are."""
    for _ in range(times):
        a, b = xy[:-1], xy[1:]
        cut = np.empty((2 * len(a), 2))
        cut[0::2], cut[1::2] = 0.75 * a + 0.25 * b, 0.25 * a + 0.75 * b
        xy = np.vstack([xy[:1], cut[1:-1], xy[-1:]])
    return xy


def ribbon(line: LineString, left_m: Floats, right_m: Floats) -> shapely.Polygon:
    """The strip between the line moved left and the line moved right, both in metres per vertex."""
    left = shapely.get_coordinates(shifted(line, left_m))
    right = shapely.get_coordinates(shifted(line, -np.asarray(right_m)))
    return shapely.Polygon(np.vstack([left, right[::-1]])).buffer(0)
