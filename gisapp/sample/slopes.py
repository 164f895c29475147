"""Where a slope could slide: yellow zones at the foot of steep ground, red ones inside them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import shapely
from shapely import LineString, Polygon

from gisapp.sample.areas import Area
from gisapp.sample.chance import stream
from gisapp.sample.curves import along_m, resampled, ribbon, spline
from gisapp.sample.plane import Floats
from gisapp.sample.relief import Relief, region_above
from gisapp.sample.water import smooth

STEEP = 0.42  # metres per metre just above the foot
TORRENTS, LANDSLIDES = 26, 3


@dataclass(frozen=True)
class SlopeZone:
    """One zone of the landslide act: 警戒区域 (yellow) or 特別警戒区域 (red)."""

    zone: str
    phenomenon: str
    name: str
    notice_no: str
    notice_date: str
    place: str
    area: Polygon


def slope_zones(
    seed: int,
    rise: Relief,
    wall: Relief,
    town: Polygon,
    near: shapely.Geometry,
    areas: tuple[Area, ...],
    start: date,
) -> tuple[SlopeZone, ...]:
    """Every zone; near is where people live or drive, and only slopes above it were surveyed."""
    rng = stream(seed, "slopes")
    east, north = rise.uphill()
    feet = _foot_lines(wall)
    shapely.prepare(near)
    shapes = [("急傾斜地の崩壊", *pair) for pair in _steep_feet(feet, east, north, near, rng)]
    shapes += [("土石流", *pair) for pair in _torrents(feet, east, north, near, rng)]
    shapes += [("地滑り", *pair) for pair in _landslides(east, north, near, rng)]
    inside = [
        (kind, yellow.intersection(town), red)
        for kind, yellow, red in shapes
        if town.contains(yellow.centroid)
    ]
    return tuple(
        zone for number, shape in enumerate(inside, 1) for zone in _notice(number, *shape, areas, start, rng)
    )


def _foot_lines(wall: Relief) -> list[LineString]:
    """The lines along the foot of the hills, uphill on their right."""
    floor = smooth(region_above(Relief(wall.x, wall.y, -wall.value), -12.0), 25.0)
    rings = [ring for part in shapely.get_parts(floor) for ring in (part.exterior, *part.interiors)]
    return [resampled(LineString(ring.coords), 20.0) for ring in rings if ring.length > 400]


def _steep_feet(
    feet: list[LineString], east: Relief, north: Relief, near: shapely.Geometry, rng: np.random.Generator
) -> list[tuple[Polygon, Polygon]]:
    """Strips along the foot wherever the ground above it is steep: yellow wide, red narrow and set uphill."""
    found = []
    for foot in feet:
        xy = shapely.get_coordinates(foot)
        slope = np.hypot(east.at(xy[:, 0], xy[:, 1]), north.at(xy[:, 0], xy[:, 1]))
        k = 0
        while k < len(xy) - 8:
            count = int(rng.integers(7, 17))
            stretch, steep = xy[k : k + count], slope[k : k + count].mean() > STEEP * rng.uniform(0.6, 1.1)
            if len(stretch) > 6 and steep and shapely.intersects(near, LineString(stretch)):
                found.append(_strip(LineString(stretch), slope[k : k + count], east, north))
            k += count + int(rng.integers(1, 6))
    return found


def _strip(foot: LineString, slope: Floats, east: Relief, north: Relief) -> tuple[Polygon, Polygon]:
    xy = shapely.get_coordinates(foot)
    up = np.column_stack([east.at(xy[:, 0], xy[:, 1]), north.at(xy[:, 0], xy[:, 1])])
    up /= np.maximum(np.hypot(up[:, 0], up[:, 1]), 1e-6)[:, None]
    taper = np.sin(np.linspace(0.25, np.pi - 0.25, len(xy)))[:, None]
    high, low = (42 + 25 * slope)[:, None] * taper, (26 + 22 * slope)[:, None] * taper
    yellow = Polygon(np.vstack([xy + up * high, (xy - up * low)[::-1]]))
    red = Polygon(np.vstack([xy + up * high * 0.86, (xy - up * low * 0.22)[::-1]]))
    return smooth(yellow.buffer(0), 6.0), smooth(red.buffer(0), 4.0)


def _torrents(
    feet: list[LineString], east: Relief, north: Relief, near: shapely.Geometry, rng: np.random.Generator
) -> list[tuple[Polygon, Polygon]]:
    """Debris flows: a narrow gully uphill that fans out over the valley floor."""
    starts = shapely.get_coordinates(feet)
    starts = starts[shapely.contains_xy(near, starts[:, 0], starts[:, 1])]
    found: list[tuple[Polygon, Polygon]] = []
    for k in rng.permutation(len(starts)):
        if len(found) == TORRENTS:
            break
        path = _gully(starts[k], east, north)
        s = along_m(path)
        t = s / s[-1]
        width = (
            14 + 6 * t + 62 * np.clip((t - 0.5) / 0.5, 0, 1) ** 1.3 * np.sqrt(np.clip((1.02 - t) / 0.1, 0, 1))
        )
        upper = LineString(shapely.get_coordinates(path)[t < 0.66])
        fan, core = (
            smooth(ribbon(path, width, width), 5.0),
            smooth(ribbon(upper, *(2 * [0.55 * width[t < 0.66]])), 3.0),
        )
        if fan.geom_type == core.geom_type == "Polygon" and all(fan.disjoint(other) for other, _ in found):
            found.append((fan, core))
    return found


def _gully(foot: Floats, east: Relief, north: Relief) -> LineString:
    """Up the steepest way from the foot for 240 m, and down from it for 130 m."""
    up = np.array([east.at(*foot), north.at(*foot)])
    up /= max(float(np.hypot(*up)), 1e-6)
    climb = [foot]
    for _ in range(6):
        way = np.array([east.at(*climb[-1]), north.at(*climb[-1])])
        way = 0.5 * up + way / max(float(np.hypot(*way)), 1e-6)
        climb.append(climb[-1] + 40 * way / np.hypot(*way))
    return spline([*climb[::-1], foot - 65 * up, foot - 130 * up], 12.0)


def _landslides(
    east: Relief, north: Relief, near: shapely.Geometry, rng: np.random.Generator
) -> list[tuple[Polygon, Polygon]]:
    """Slow slides: a broad lobe on a gentle hillside; no red zone, as is usual for them."""
    rim = shapely.get_coordinates(
        resampled(LineString(max(shapely.get_parts(near), key=lambda p: p.area).exterior.coords), 60.0)
    )
    slope = np.hypot(east.at(rim[:, 0], rim[:, 1]), north.at(rim[:, 0], rim[:, 1]))
    hillside = rim[(slope > 0.2) & (slope < 0.55)]
    found = []
    for x, y in hillside[rng.choice(len(hillside), LANDSLIDES, replace=False)]:
        turn = float(np.arctan2(north.at(x, y), east.at(x, y)))
        angle = np.linspace(0, 2 * np.pi, 48, endpoint=False)
        u, v = 190 * np.cos(angle), (85 + 25 * np.sin(angle / 2)) * np.sin(angle)
        lobe = Polygon(
            np.column_stack(
                [x + u * np.cos(turn) - v * np.sin(turn), y + u * np.sin(turn) + v * np.cos(turn)]
            )
        )
        found.append((lobe, Polygon()))
    return found


def _notice(
    number: int,
    kind: str,
    yellow: Polygon,
    red: Polygon,
    areas: tuple[Area, ...],
    start: date,
    rng: np.random.Generator,
) -> list[SlopeZone]:
    """The published yellow zone, and the red one where enough of it lies inside."""
    middle = yellow.representative_point()
    area = next((a for a in areas if a.shape.contains(middle)), areas[0])
    day = start - timedelta(days=int(rng.integers(400, 5200)))
    zone = SlopeZone(
        "警戒区域",
        kind,
        f"{area.name}{number}",
        f"見本県告示第{int(rng.integers(10, 900))}号",
        day.isoformat(),
        f"見本町大字{area.name}",
        yellow,
    )
    inner = red.intersection(yellow.buffer(-2.0))
    if inner.geom_type != "Polygon" or inner.area < 300 or rng.random() < 0.12:
        return [zone]
    return [zone, replace(zone, zone="特別警戒区域", area=inner)]
