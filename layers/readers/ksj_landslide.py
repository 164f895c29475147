"""国土数値情報 A33 土砂災害警戒区域: phenomenon and zone as words, from the long and the short column names."""

from __future__ import annotations

from datetime import date

import geopandas as gpd

from layers.canonical import numbered
from layers.errors import Fault
from layers.kinds import Kind
from layers.ranks import LANDSLIDE_PHENOMENA, LANDSLIDE_ZONES, landslide_phenomenon, landslide_zone
from layers.readers.assemble import assembled
from layers.readers.cells import Cell, Unreadable, cell_text, date_cell
from layers.readers.table import Table, Verdict

NAME = "ksj_landslide"
# The GML of 2024 has short tags instead of numbers.
_HEADERS = {
    "phenomenon": ("A33_001", "cop"),
    "zone": ("A33_002", "coz"),
    "name": ("A33_005", "znm"),
    "address": ("A33_006", "loc", "adr"),
    "notice_date": ("A33_007", "pnd", "pdt"),
}
_PREFECTURE, _NUMBER = ("A33_003", "prc"), ("A33_004", "zno", "znb")
_NO_DATE = "9999"  # 9999/1/1 stands for a zone that is not yet announced


def recognise(sample: Table, kind: Kind) -> Verdict | None:
    seen = [sample.column(*_HEADERS[part]) for part in ("phenomenon", "zone")]
    return Verdict(90, "landslide_zone", ", ".join(map(str, seen))) if all(seen) else None


def read(sample: Table, kind: Kind) -> tuple[gpd.GeoDataFrame, date | None, tuple[Fault, ...]]:
    """The zones; the warning zone and the special zone of one slope share a number and are told apart."""
    mapping = {name: header for name, names in _HEADERS.items() if (header := sample.column(*names))}
    keys = zip(
        sample.values(*_PREFECTURE), sample.values(*_NUMBER), sample.values(*_HEADERS["phenomenon"]),
        sample.values(*_HEADERS["zone"]), strict=True,
    )  # fmt: skip
    ids = numbered("-".join(text for part in key if (text := cell_text(part))) or "zone" for key in keys)
    frame, faults = assembled(
        sample, kind, mapping, ids=ids,
        read_as={"phenomenon": _phenomenon, "zone": _zone, "notice_date": _notice_date},
    )  # fmt: skip
    return frame, None, faults


def _phenomenon(raw: object) -> Cell | Unreadable:
    return _word(raw, landslide_phenomenon(raw), f"1-{max(LANDSLIDE_PHENOMENA)}")


def _zone(raw: object) -> Cell | Unreadable:
    return _word(raw, landslide_zone(raw), f"1-{max(LANDSLIDE_ZONES)}")


def _word(raw: object, word: str | None, expected: str) -> Cell | Unreadable:
    text = cell_text(raw)
    return Unreadable(text, expected) if word is None and text is not None else Cell(word)


def _notice_date(raw: object) -> Cell:
    return Cell(None) if (cell_text(raw) or "").startswith(_NO_DATE) else date_cell(raw)
