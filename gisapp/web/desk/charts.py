"""Small charts as shapes for an SVG: a line with its ground, and where the words beside it belong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDE, HIGH = 100.0, 40.0


@dataclass(frozen=True, slots=True)
class LineChart:
    """A line over WIDE x HIGH from nought to the highest value: its points, and the ground below it as a polygon."""

    points: str
    ground: str
    highest: int


def line_chart(values: Sequence[int]) -> LineChart | None:
    """None for fewer than two values: one month is no course of things."""
    if len(values) < 2:
        return None
    highest = max(*values, 1)
    step = WIDE / (len(values) - 1)
    points = " ".join(
        f"{at * step:.2f},{HIGH - HIGH * value / highest:.2f}" for at, value in enumerate(values)
    )
    return LineChart(points, f"0,{HIGH:g} {points} {WIDE:g},{HIGH:g}", highest)
