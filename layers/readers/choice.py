"""Which reader takes a table, for which kind of layer, and why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from layers.errors import Fault, UnreadableFile
from layers.kinds import KINDS, Kind
from layers.readers import (
    area_days,
    by_content,
    flood_inland,
    garbage_csv,
    general,
    gifu_landslide,
    gsi_evacuation,
    ksj_flood,
    ksj_landslide,
    ksj_shelter,
    ksj_storm_surge,
    ksj_tsunami,
    n03,
    own_export,
    standard,
)
from layers.readers.evidence import glanced
from layers.readers.positions import MISSING
from layers.readers.table import Read, Reader, Table, Verdict, refusal

READERS: tuple[Reader, ...] = (
    own_export, gsi_evacuation, garbage_csv, gifu_landslide, n03, ksj_flood, ksj_landslide, ksj_tsunami,
    ksj_storm_surge, ksj_shelter, standard, flood_inland, by_content, area_days, general,
)  # fmt: skip
SURE = 50  # a kind is proposed alone from here, if the next one is CLEAR behind
CLEAR = 15
_SAYS_ITSELF = frozenset({area_days.NAME})  # what to do about rows without a place
_COMMONEST = "public_facility"
# The standard gives its lists these names ({code}_{stem}.csv); the Japanese ones are what towns call theirs.
_FILE_WORDS = (
    ("evacuation_site", "evacuation_space|指定緊急避難場所"), ("shelter", "指定避難所|hinannjo"),
    ("public_facility", "public_facility|公共施設|preschool|子育て施設|土のう"),
    ("cultural_property", "cultural_property|文化財"), ("aed", r"(?<![a-z])aed(?![a-z])"),
    ("public_toilet", "public_toilet|toilet|公衆トイレ"), ("hydrant", "fire_hydrant|hydrant|消防水利"),
    ("park", r"(?<![a-z])park(?![a-z])|公園"), ("underpass", "underpass|アンダーパス"),
    ("disaster_radio_station", "musen|同報無線|防災行政無線|子局"),
    ("vulnerable_facility", "yohairyosya|要配慮者"), ("recycling_point", "recycl|リサイクル|資源回収"),
    ("garbage_station", "garbage_station|ごみステーション|ごみ集積所"),
    ("neighbourhood_association", "jichikai|自治会区域|町内会区域"), ("school_district", "gakku|小学校区|通学区域|中学校区"),
    ("emergency_route", "kinkyu_yuso|緊急輸送"), ("flood_history", "shinsui_rireki|浸水履歴"),
    ("inland_flood_zone", "naisui|内水"), ("flood_zone", "洪水浸水想定"), ("landslide_zone", "dosha|土砂災害"),
    ("tsunami_zone", "津波浸水"), ("storm_surge_zone", "高潮浸水"), ("boundary", "boundary|行政区域"),
    ("road_section", "道路台帳|認定路線"), ("water_pipe", "水道管|配水管"), ("sewer_pipe", "下水管|下水道管"),
    ("manhole", "マンホール|人孔"), ("zoning", "用途地域"), ("street_light", "防犯灯|街路灯"), ("parcel", "地番|筆界"),
)  # fmt: skip
_BY_FILE_NAME = 50


@dataclass(frozen=True)
class Choice:
    """The reader that took a file, what it saw there, and the file as it was looked at."""

    reader: Reader
    verdict: Verdict
    sample: Table
    kind: Kind

    @property
    def name(self) -> str:
        return self.reader.NAME

    @property
    def why(self) -> str:
        return self.verdict.why

    def read(self) -> Read:
        frame, as_of, notes = self.reader.read(self.sample, self.kind)
        return Read(frame, as_of, self.name, self.why, notes)


def chosen(sample: Table, kind: Kind) -> Choice:
    """The reader that is surest of a table. Raises UnreadableFile if it holds another kind, nothing known, or no
    places at all.
    """
    claims = [(verdict, reader) for reader in READERS if (verdict := reader.recognise(sample, kind))]
    if kind.any_columns:  # whatever it is, it may be kept as it is
        claims = [claim for claim in claims if claim[0].kind_id == kind.id]
    if not claims and (missing := _nowhere(sample)):
        raise UnreadableFile(missing)
    if not claims:
        titles = ", ".join(column.title_ja for column in kind.columns)
        raise UnreadableFile([refusal("columns_unknown", ", ".join(sample.columns), titles)])
    verdict, reader = max(claims, key=lambda claim: claim[0].certainty)
    if reader.NAME not in _SAYS_ITSELF and (missing := _nowhere(sample)):
        raise UnreadableFile(missing)
    if verdict.kind_id != kind.id:
        raise UnreadableFile([refusal("other_kind", KINDS[verdict.kind_id].title, kind.title)])
    return Choice(reader, verdict, sample, kind)


def guess_kind(sample: Table) -> list[Verdict]:
    """The kinds a table may be of, the likeliest first, each with what speaks for it.

    The name of the file counts here, for this is only a proposal; which reader takes a file, its content says.
    Raises UnreadableFile for a table without places: that is nothing yet, whatever its kind.
    """
    if _nowhere(sample):
        chosen(sample, KINDS["general"]).read()
    best: dict[str, Verdict] = {}
    sample = glanced(sample)
    shapes = _shapes(sample)
    for verdict in _claims(sample):
        if verdict.certainty > best.get(verdict.kind_id, Verdict(0, "", "")).certainty:
            best[verdict.kind_id] = verdict
    said = f"{sample.name} {sample.file_name}".casefold()
    for kind_id, words in _FILE_WORDS:
        if found_word := re.search(words, said):
            certainty = min(95, max(_BY_FILE_NAME, best[kind_id].certainty + 20 if kind_id in best else 0))
            why = ", ".join(filter(None, (best[kind_id].why if kind_id in best else "", found_word.group())))
            best[kind_id] = Verdict(certainty, kind_id, why)
    fitting = [verdict for verdict in best.values() if not shapes or shapes & KINDS[verdict.kind_id].geometry]
    fitting = [_lowered(verdict, sample) for verdict in fitting]
    return sorted(fitting, key=lambda verdict: (-verdict.certainty, verdict.kind_id))


def sure_of(guesses: list[Verdict]) -> Verdict | None:
    """The first guess, if it is sure enough and clearly before the second."""
    if not guesses or guesses[0].certainty < SURE:
        return None
    second = guesses[1].certainty if len(guesses) > 1 else 0
    return guesses[0] if guesses[0].certainty - second >= CLEAR else None


def _claims(sample: Table) -> Iterator[Verdict]:
    """What every reader says to the table: those that know one kind are asked once, as for the kind that takes
    anything, and once for the commonest kind of place; the general one is asked for each kind.
    """
    exported = [found for kind in KINDS.values() if (found := own_export.recognise(sample, kind))]
    if exported:  # the columns of one kind may all be columns of another: the file is of the larger one
        yield max(exported, key=lambda found: len(KINDS[found.kind_id].columns))
        return
    neutral = [KINDS[_COMMONEST], *(kind for kind in KINDS.values() if kind.any_columns)]
    for reader in READERS:
        for kind in KINDS.values() if reader is general else neutral:
            if found := reader.recognise(sample, kind):
                yield found


def _lowered(verdict: Verdict, sample: Table) -> Verdict:
    """A kind whose required columns the table seems to lack is an unlikely one, unless a reader fills them."""
    kind = KINDS[verdict.kind_id]
    lacking = [column for column in kind.columns if column.required and not _has(sample, column.name, kind)]
    return (
        replace(verdict, certainty=verdict.certainty // 2)
        if lacking and verdict.certainty < SURE
        else verdict
    )


def _has(sample: Table, name: str, kind: Kind) -> bool:
    column = kind.column(name)
    return sample.column(column.name, column.title_ja, *column.aliases) is not None


def _shapes(sample: Table) -> set[str]:
    bases = {"MultiPoint": "Point", "MultiLineString": "LineString", "MultiPolygon": "Polygon"}
    found = {place.geom_type for place in sample.places[:1000] if place is not None}
    return {bases.get(one, one) for one in found}


def _nowhere(sample: Table) -> list[Fault]:
    missing = [fault for fault in sample.faults if fault.code == MISSING]
    title = standard.no_map(sample) if missing else None
    return [refusal("no_map_table", title)] if title else missing
