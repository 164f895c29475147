"""国土地理院の指定緊急避難場所・指定避難所データ, as CSV or GeoJSON."""

from __future__ import annotations

from datetime import date

import geopandas as gpd

from layers.errors import Fault
from layers.kinds import HAZARDS, Kind
from layers.readers.assemble import assembled, mapping_of, own_ids
from layers.readers.table import Table, Verdict

NAME = "gsi_evacuation"
_SITE = ("施設・場所名", *HAZARDS.values())
_SHELTER = ("施設・場所名", "指定緊急避難場所との住所同一")


def recognise(sample: Table, kind: Kind) -> Verdict | None:
    """By the headers that only this publication has; older files lack 共通ID, a town's own download
    都道府県名及び….
    """
    if sample.has(*_SITE):
        return Verdict(90, "evacuation_site", ", ".join(_SITE))
    if sample.has(*_SHELTER):
        # 福祉避難所 are 指定避難所 as well, and a town may keep a list of its own of them
        if kind.id == "welfare_shelter":
            return Verdict(65, kind.id, ", ".join(_SHELTER))
        return Verdict(90, "shelter", ", ".join(_SHELTER))
    return None


def read(sample: Table, kind: Kind) -> tuple[gpd.GeoDataFrame, date | None, tuple[Fault, ...]]:
    """The sites with their 共通ID as id: NO counts through the whole country and changes with every
    edition.
    """
    mapping = mapping_of(sample, kind)
    frame, faults = assembled(sample, kind, mapping, ids=own_ids(sample, ("共通ID",)))
    return frame, None, faults
