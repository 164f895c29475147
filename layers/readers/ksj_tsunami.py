"""国土数値情報 A40 津波浸水想定: the depth class is free text, and every prefecture writes its own."""

from __future__ import annotations

from datetime import date

import geopandas as gpd

from layers.errors import Fault
from layers.kinds import Kind
from layers.readers.assemble import assembled
from layers.readers.depths import depths
from layers.readers.table import Table, Verdict

NAME = "ksj_tsunami"
_DEPTH = "A40_003"


def recognise(sample: Table, kind: Kind) -> Verdict | None:
    return Verdict(90, "tsunami_zone", _DEPTH) if sample.has(_DEPTH) else None


def read(sample: Table, kind: Kind) -> tuple[gpd.GeoDataFrame, date | None, tuple[Fault, ...]]:
    worked, unread = depths(sample, sample.column(_DEPTH) or _DEPTH, kind)
    frame, faults = assembled(sample, kind, {}, worked=worked)
    return frame, None, (*faults, *unread)
