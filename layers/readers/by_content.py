"""Areas and lines whose columns have no telling names: known by what their cells say (高新田自治会, 一次緊急輸送路)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import geopandas as gpd

from layers.errors import Fault
from layers.kinds import Kind
from layers.readers.assemble import assembled, mapping_of
from layers.readers.evidence import GLANCE, texts
from layers.readers.table import Table, Verdict

NAME = "by_content"
_SHARE = 0.7


@dataclass(frozen=True)
class Content:
    """What the cells of one column say, and which column of the kind that is; others are found by further
    patterns. shape is how the geometry's name ends.
    """

    kind_id: str
    shape: str
    column: str
    pattern: re.Pattern[str]
    others: Mapping[str, re.Pattern[str]] = field(default_factory=dict)


_ROAD_NAME = re.compile(r".*(?:号線?|道路|道|線|通り|バイパス|街道)(?:\s.*)?")
_PHONE = re.compile(r"\(?0\d{1,4}\)?-\d{1,4}-\d{3,4}|\(0\d{1,4}\)\d{1,4}-\d{4}")
CONTENTS = (
    Content("neighbourhood_association", "Polygon", "name", re.compile(r".+(?:自治会|町内会|区会|常会|行政区)")),
    Content("school_district", "Polygon", "name", re.compile(r".+(?:小学校|中学校|義務教育学校|学校区|校区|学区)"),
            {"phone": _PHONE}),
    Content("emergency_route", "String", "rank", re.compile(r".*緊急輸送(?:道路|路).*|.*[一二三]次緊急.*"),
            {"name": _ROAD_NAME}),
    Content("zoning", "Polygon", "zone_name",
            re.compile(r"第[一二1２1-2]種.*地域|準?住居地域|田園住居地域|近隣商業地域|商業地域|準工業地域|工業(?:専用)?地域")),
)  # fmt: skip


def recognise(sample: Table, kind: Kind) -> Verdict | None:
    """By a column most of whose cells say the same sort of thing, on the right sort of shape."""
    for content in CONTENTS:
        if header := _header(sample, content, content.pattern):
            said = next(text for text in texts(sample, header) if content.pattern.fullmatch(text))
            return Verdict(65, content.kind_id, f"{header}: {said}")
    return None


def read(sample: Table, kind: Kind) -> tuple[gpd.GeoDataFrame, date | None, tuple[Fault, ...]]:
    mapping = mapping_of(sample, kind)
    for content in CONTENTS:
        if content.kind_id != kind.id:
            continue
        wanted = {content.column: content.pattern, **content.others}
        for column, pattern in wanted.items():
            header = _header(sample, content, pattern, least=_SHARE if column == content.column else 0.0)
            if header and header not in mapping.values():
                mapping.setdefault(column, header)
    frame, faults = assembled(sample, kind, mapping)
    return frame, None, faults


def _header(sample: Table, content: Content, pattern: re.Pattern[str], least: float = _SHARE) -> str | None:
    """The column with the largest share of cells of a pattern among those that have a text."""
    if not any(place is not None and place.geom_type.endswith(content.shape) for place in sample.places[:20]):
        return None
    shares = []
    for header in sample.columns:
        said = texts(sample, header)
        if said and len(said) * 10 > min(GLANCE, len(sample.rows)):
            shares.append((sum(bool(pattern.fullmatch(text)) for text in said) / len(said), header))
    share, header = max(shares, default=(0.0, ""))
    return header if share > max(least, 0.5) else None
