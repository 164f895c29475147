"""Any table with columns named as a kind names them: in English, Japanese, or as published."""

from __future__ import annotations

from collections import Counter
from datetime import date

import geopandas as gpd

from layers.errors import Fault
from layers.kinds import KINDS, Kind
from layers.readers.assemble import assembled, mapping_of
from layers.readers.table import Table, Verdict, header_key

NAME = "general"
_LEAST, _PER_COLUMN, _MOST = 10, 9, 60
_PICTURE = 99  # a picture of the ground is nothing else
_TELLING_FOR = 2  # a header that more kinds than this know says nothing about the kind


def _known_by() -> Counter[str]:
    return Counter(
        key
        for kind in KINDS.values()
        for key in {
            header_key(name)
            for column in kind.columns
            for name in (column.name, column.title_ja, *column.aliases)
        }
    )


_KINDS_WITH = _known_by()


def recognise(sample: Table, kind: Kind) -> Verdict | None:
    """By the columns that are the kind's; those that hardly another kind has make it surer. A picture by its format."""
    if sample.format == "geotiff" and not kind.any_columns:
        return Verdict(_PICTURE, "aerial_image", "GeoTIFF")
    found = mapping_of(sample, kind)
    if not found and not kind.any_columns:
        return None
    telling = [header for header in found.values() if _KINDS_WITH[header_key(header)] <= _TELLING_FOR]
    certainty = min(_MOST, _LEAST + _PER_COLUMN * len(telling))
    return Verdict(certainty, kind.id, ", ".join(telling or found.values() or sample.columns[:5]))


def read(sample: Table, kind: Kind) -> tuple[gpd.GeoDataFrame, date | None, tuple[Fault, ...]]:
    frame, faults = assembled(sample, kind, mapping_of(sample, kind))
    return frame, None, faults
