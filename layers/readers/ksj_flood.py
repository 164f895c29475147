"""国土数値情報 A31, A31a, A31b 洪水浸水想定区域: depth, duration and collapse codes as what they mean.

The number of a column says which map it belongs to (1 計画規模, 2 想定最大規模, 3 浸水継続時間, 4 家屋倒壊等); where the
code stands differs by edition. A31a_101 is a river's code and no depth. Editions before 2019 have depth codes of
their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

import geopandas as gpd

from layers.errors import Fault, Grade, UnreadableFile
from layers.kinds import Kind
from layers.ranks import (
    COLLAPSE,
    DEPTH_RANKS,
    DURATION_RANKS,
    collapse,
    depth_rank,
    duration_rank,
    rank_of_range_m,
)
from layers.readers.assemble import assembled
from layers.readers.cells import cell_text
from layers.readers.table import Table, Verdict, refusal

NAME = "ksj_flood"
PLANNED, LARGEST = "計画規模", "想定最大規模"


class _Edition(NamedTuple):
    """Where an edition keeps the code and the river's name of map {n}; mark is a header only it has."""

    code: tuple[str, ...]
    river: str = ""
    mark: tuple[str, ...] = ()


_EDITIONS = (
    _Edition(("A31a_{n}05",), "A31a_{n}02", ("A31a_{n}01", "A31a_{n}05")),
    _Edition(("A31b_{n}01", "A31b_{n}11", "A31b_{n}21"), mark=("A31b_{n}01", "A31b_{n}11", "A31b_{n}21")),
    _Edition(("A31_{n}01",), mark=("A31_{n}01",)),
)
_OLD = "A31_001"
# A31 第1.0・1.1版（平成24年度）: five classes, other limits than today's ranks
_OLD_DEPTHS_M: Mapping[str, tuple[float, float | None]] = {
    "11": (0.0, 0.5), "12": (0.5, 1.0), "13": (1.0, 2.0), "14": (2.0, 5.0), "15": (5.0, None),
}  # fmt: skip


def recognise(sample: Table, kind: Kind) -> Verdict | None:
    """By the column names of any edition."""
    seen = [*_columns(sample).values()] or [
        header for edition in _EDITIONS for header in _present(sample, edition.mark)
    ]
    if not seen and sample.has(_OLD) and not sample.has("A31_101"):
        seen = [_OLD]
    return Verdict(90, "flood_zone", ", ".join(dict.fromkeys(seen))) if seen else None


def read(sample: Table, kind: Kind) -> tuple[gpd.GeoDataFrame, date | None, tuple[Fault, ...]]:
    """The zones with rank, duration and collapse zone as far as the file states them.

    Raises UnreadableFile if it holds rivers and dates but no code of depth, duration or collapse.
    """
    columns = _columns(sample)
    if not columns and sample.has(_OLD):
        return _read_old(sample, kind)
    if not columns:
        raise UnreadableFile(
            [refusal("ranks_missing", ", ".join(sample.columns), "A31a_105, A31a_205, A31b_201")]
        )
    faults: list[Fault] = []
    codes = {part: _decoded(sample, header, _DECODERS[part], faults) for part, header in columns.items()}
    depth, scenario = _depths(codes, len(sample.rows))
    parts = {"depth_rank": depth, "duration_rank": codes.get("duration"), "collapse": codes.get("collapse")}
    worked = {"scenario": scenario, **{name: values for name, values in parts.items() if values is not None}}
    frame, more = assembled(sample, kind, _rivers(sample), worked=worked)
    return frame, None, (*more, *faults)


def _columns(sample: Table) -> dict[str, str]:
    """Which column of this file holds the codes of which map."""
    parts = {"planned": 1, "largest": 2, "duration": 3, "collapse": 4}
    found = {}
    for part, number in parts.items():
        names = [code.format(n=number) for edition in _EDITIONS for code in edition.code]
        if header := sample.column(*names):
            found[part] = header
    return found


def _present(sample: Table, marks: tuple[str, ...]) -> list[str]:
    names = [mark.format(n=number) for mark in marks for number in (1, 2, 3, 4)]
    return [header for name in names if (header := sample.column(name))]


def _decoded(
    sample: Table, header: str, decode: tuple[Callable[[object], Any], str], faults: list[Fault]
) -> list[Any]:
    function, expected = decode
    cells = sample.values(header)
    values = [function(raw) for raw in cells]
    for raw, number, value in zip(cells, sample.numbers, values, strict=True):
        text = cell_text(raw)
        if value is None and text is not None:
            faults.append(Fault("value_unreadable", Grade.NOTE, number, header, text[:200], expected))
    return values


_DECODERS: Mapping[str, tuple[Callable[[object], Any], str]] = {
    "planned": (depth_rank, f"1-{max(DEPTH_RANKS)}"),
    "largest": (depth_rank, f"1-{max(DEPTH_RANKS)}"),
    "duration": (duration_rank, f"1-{max(DURATION_RANKS)}"),
    "collapse": (collapse, f"1-{max(COLLAPSE)}"),
}


def _depths(codes: Mapping[str, list[Any]], rows: int) -> tuple[list[Any] | None, list[Any]]:
    """The depth of each row and the rain it is for: the largest conceivable one where a row has both.

    Duration and collapse zones are drawn for the largest rain only (水防法施行規則 第2条).
    """
    none = [None] * rows
    largest, planned = codes.get("largest", none), codes.get("planned", none)
    if "largest" not in codes and "planned" not in codes:
        return None, [LARGEST] * rows
    depth = [most if most is not None else some for most, some in zip(largest, planned, strict=True)]
    scenario = [
        PLANNED if most is None and some is not None else LARGEST
        for most, some in zip(largest, planned, strict=True)
    ]
    if set(codes) == {"planned"}:
        scenario = [PLANNED] * rows
    return depth, scenario


def _rivers(sample: Table) -> dict[str, str]:
    names = [
        edition.river.format(n=number) for edition in _EDITIONS if edition.river for number in (2, 1, 3, 4)
    ]
    header = sample.column(*names)
    return {"river_name": header} if header else {}


def _read_old(sample: Table, kind: Kind) -> tuple[gpd.GeoDataFrame, date | None, tuple[Fault, ...]]:
    header = sample.column(_OLD) or _OLD
    faults: list[Fault] = []
    ranges = _decoded(sample, header, (lambda raw: _OLD_DEPTHS_M.get(cell_text(raw) or ""), "11-15"), faults)
    worked: dict[str, list[Any]] = {
        "depth_rank": [None if found is None else rank_of_range_m(*found) for found in ranges],
        "scenario": [PLANNED] * len(ranges),
        "note": [None if found is None else _old_words(*found) for found in ranges],
    }
    frame, more = assembled(sample, kind, {}, worked=worked)
    old = Fault("old_depth_codes", Grade.NOTE, None, header, "11-15", f"1-{max(DEPTH_RANKS)}")
    return frame, None, (*more, old, *faults)


def _old_words(lower_m: float, upper_m: float | None) -> str:
    below = "" if upper_m is None else f"{upper_m:g}m未満"
    return f"平成24年の図の区分：{lower_m:g}m以上{below}"
