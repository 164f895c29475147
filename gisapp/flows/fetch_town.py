"""Builds a town from what the ministries publish of it: boundary, evacuation sites, shelters, hazard zones."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from datetime import date, datetime
from hashlib import sha256
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import geopandas as gpd
import pandas as pd
import shapely

from gisapp.flows.download import Told, download
from layers.codes import city_part, prefecture_of
from layers.errors import Fault, Grade, ImportRefused
from layers.kinds import Kind, kind_of
from layers.readers import Read, read, tables_in
from layers.validate import TownArea, admitted, check
from layers.versions import LayerShelf, LayerVersion

SOURCES = Path(__file__).parent.parent / "sources.toml"
# The bureaus of the ministry (北海道開発局 81, 東北 82 … 九州 89), by the prefectures they keep rivers in.
_REGIONS = {
    "81": ("01",),
    "82": ("02", "03", "04", "05", "06", "07"),
    "83": ("08", "09", "10", "11", "12", "13", "14", "19"),
    "84": ("15", "16", "17", "20"),
    "85": ("21", "22", "23", "24"),
    "86": ("18", "25", "26", "27", "28", "29", "30"),
    "87": ("31", "32", "33", "34", "35"),
    "88": ("36", "37", "38", "39"),
    "89": ("40", "41", "42", "43", "44", "45", "46", "47"),
}
_REGION_OF = {prefecture: region for region, group in _REGIONS.items() for prefecture in group}


@dataclass(frozen=True, slots=True)
class Source:
    """One official layer: where it is published and which part of it is the town's.

    having is a column that the layer's rows fill, scenario the value of theirs: one ZIP holds several layers.
    """

    layer: str
    urls: tuple[str, ...]
    only: Literal["boundary", "code", "touching"]
    as_of: date | None = None
    having: str = ""
    scenario: str = ""

    def addresses(self, code: str, mirror: str = "") -> tuple[str, ...]:
        """The addresses for a town's code; a mirror's base address takes the place of the ministry's host."""
        prefecture = prefecture_of(code)
        filled = (url.format(prefecture=prefecture, region=_REGION_OF[prefecture]) for url in self.urls)
        return tuple(f"{mirror.rstrip('/')}{urlsplit(url).path}" if mirror else url for url in filled)


def sources(path: Path = SOURCES) -> tuple[Source, ...]:
    """The table of official layers, in its order."""
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(
        Source(
            layer,
            tuple(raw["urls"]),
            raw["only"],
            date.fromisoformat(raw["as_of"]) if "as_of" in raw else None,
            raw.get("having", ""),
            raw.get("scenario", ""),
        )
        for layer, raw in table.items()
    )


def fetched(url: str, folder: Path, told: Told) -> Path:
    """The file of an address in a folder. Raises NotPublished or FetchFailed."""
    target = folder / Path(urlsplit(url).path).name
    if not target.exists():  # several layers come from one file
        download(url, target, told)
    return target


@dataclass(frozen=True, slots=True)
class Consent:
    """Who fetches and when, and whether every proposed repair is agreed to."""

    by: str
    at: datetime
    accept_repairs: bool


def keep_official(
    files: list[Path], source: Source, layers: LayerShelf, area: TownArea, consent: Consent
) -> LayerVersion | None:
    """The town's part of the published files as the next version of its layer; None if they hold nothing of
    the town. Raises UnreadableFile or ImportRefused; the version before stays then.
    """
    kind = kind_of(layers.catalogue.entry(source.layer).kind)
    parts = [
        own for file in files for part in _parts(file, kind) if len((own := _own(part, source, area)).frame)
    ]
    if not parts:
        return None
    whole = _joined(parts)
    checked = check(whole, kind, area)
    taken = admitted(checked, accept_repairs=consent.accept_repairs)
    return layers.add(
        source.layer,
        taken.frame,
        reader=whole.reader,
        source_name=", ".join(file.name for file in files),
        source_sha256=_digest(files),
        by=consent.by,
        at=consent.at,
        as_of=whole.as_of or source.as_of,
        repairs=taken.repairs,
    )


def refusals(error: ImportRefused) -> bool:
    """Whether something cannot be used at all, or everything could be with a yes to the repairs."""
    return any(fault.grade is Grade.REFUSE for fault in error.faults)


def _parts(file: Path, kind: Kind) -> list[Read]:
    """Each table of a file that holds the kind: a flood ZIP has one for each scenario."""
    names = tables_in(file, kind.geometry)
    return [read(file, kind, sublayer=name) for name in names] if len(names) > 1 else [read(file, kind)]


def _own(part: Read, source: Source, area: TownArea) -> Read:
    frame = _of_the_layer(part.frame, source)
    if source.only == "code":
        mine = frame["common_id"].astype(str).str[1:6] == city_part(area.code)
    elif area.boundary is not None:
        shapely.prepare(area.boundary)
        usable = shapely.is_valid(frame.geometry.array)
        tried = frame.geometry.where(usable, frame.geometry.envelope)  # predicates may fail on a broken shape
        mine = pd.Series(shapely.intersects(area.boundary, tried.array), index=frame.index)
    else:
        mine = pd.Series(True, index=frame.index)
    rows = set(frame.index[mine])
    return replace(
        part, frame=frame[mine], notes=tuple(n for n in part.notes if n.row is None or n.row in rows)
    )


def _of_the_layer(frame: gpd.GeoDataFrame, source: Source) -> gpd.GeoDataFrame:
    for column, wanted in ((source.having, ""), ("scenario" if source.scenario else "", source.scenario)):
        if column and column not in frame.columns:
            return frame.iloc[:0]
        if column:
            frame = frame[frame[column] == wanted if wanted else frame[column].notna()]
    return frame


def _joined(parts: list[Read]) -> Read:
    """Several tables as one. Row numbers and ids are told apart by the table they come from."""
    if len(parts) == 1:
        return parts[0]
    frames: list[gpd.GeoDataFrame] = []
    notes: list[Fault] = []
    start = 0
    for number, part in enumerate(parts, 1):
        frame = part.frame.copy()
        frame["feature_id"] = [f"{number}-{one}" if one else one for one in frame["feature_id"]]
        frame.index = frame.index + start
        notes += [replace(note, row=None if note.row is None else note.row + start) for note in part.notes]
        start = int(frame.index.max()) + 1
        frames.append(frame)
    whole = gpd.GeoDataFrame(pd.concat(frames), crs=frames[0].crs)
    return replace(parts[0], frame=whole, notes=tuple(dict.fromkeys(notes)))


def _digest(files: list[Path]) -> str:
    if len(files) == 1:
        return sha256(files[0].read_bytes()).hexdigest()
    return sha256("".join(sha256(file.read_bytes()).hexdigest() for file in files).encode()).hexdigest()
