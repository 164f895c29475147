"""国土数値情報 A49 高潮浸水想定区域: the depth class is free text, and only some prefectures publish it."""

from __future__ import annotations

from datetime import date

import geopandas as gpd

from layers.errors import Fault
from layers.kinds import Kind
from layers.readers.assemble import assembled
from layers.readers.depths import depths
from layers.readers.table import Table, Verdict

NAME = "ksj_storm_surge"
_DEPTH = "A49_003"


def recognise(sample: Table, kind: Kind) -> Verdict | None:
    return Verdict(90, "storm_surge_zone", _DEPTH) if sample.has(_DEPTH) else None


def read(sample: Table, kind: Kind) -> tuple[gpd.GeoDataFrame, date | None, tuple[Fault, ...]]:
    worked, unread = depths(sample, sample.column(_DEPTH) or _DEPTH, kind)
    frame, faults = assembled(sample, kind, {}, worked=worked)
    return frame, None, (*faults, *unread)
