"""What lies at a report's place, in short, and how its 自治会 and road manager were found."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from gisapp.flows.desk.assets import WITHIN_M, AssetReport, seen_history
from gisapp.flows.enquire import Answer, Hazard, Karte, Known, Spot, enquire, wording
from gisapp.flows.enquire.questions import HAZARD_KINDS
from gisapp.flows.equipment import is_equipment
from gisapp.person import Person
from gisapp.profile import TownProfile
from gisapp.words import UnknownSentence, say
from layers.versions import LayerShelf
from reports_store import Asset, Categories, Finding, Report, ReportStore


@dataclass(frozen=True, slots=True)
class Lying:
    """What one department's layer says of the place."""

    department: str
    layer: str
    words: str


@dataclass(frozen=True, slots=True)
class Around:
    """What lies at the place: hazards as (mark, name, words), each layer's answer, and what must be said first."""

    notes: tuple[str, ...]
    hazards: tuple[tuple[str, str, str], ...]
    lying: tuple[Lying, ...]


def found_words(finding: Finding | None, kind: str) -> str:
    """自治会 or road manager of the place and how that was found; kind is area or road."""
    if finding is None:
        return say("report.unknown")
    way, _, metres = finding.why.partition(":")
    if not finding.name:
        try:
            return say(f"report.form.{kind}_{way}")
        except UnknownSentence:
            return say("report.unknown")
    try:
        how = say(f"desk_report.why.{kind}.{way}", m=metres)
    except UnknownSentence:
        how = finding.why
    return say("desk_report.why.found", name=finding.name, how=how)


def karte_of(
    report: Report,
    person: Person,
    layers: LayerShelf,
    reports: ReportStore,
    categories: Categories,
    profile: TownProfile,
    now: datetime,
) -> Karte:
    """The whole 地点カルテ of a report's place."""
    spot = Spot(report.place.lon, report.place.lat, report.public_id)
    return enquire(spot, person, layers, reports, categories, profile, now)


_MARKS = {Known.FOUND: "▲", Known.NONE: "－", Known.UNKNOWN: "？"}


def around(karte: Karte) -> Around:
    """The karte in short: every hazard that is there or unknown, and what each layer has nearby."""
    told = [
        one for one in karte.hazards if one.known is Known.FOUND or (one.lines and one.known is Known.UNKNOWN)
    ]
    return Around(
        notes=tuple(wording.place_lines(karte)),
        hazards=tuple((_MARKS[one.known], one.title, _hazard(one)) for one in told),
        lying=tuple(
            Lying(section.department, answer.source.title, _findings(answer))
            for section in karte.sections
            for answer in section.answers
            if answer.known is Known.FOUND and answer.source.kind not in HAZARD_KINDS
        ),
    )


def _hazard(hazard: Hazard) -> str:
    lines = [words for line in wording.told_lines(hazard) for words in wording.line_words(line)]
    return "。".join(dict.fromkeys(lines)) or wording.hazard_words(hazard)


def _findings(answer: Answer) -> str:
    found = answer.findings[:2]
    return "、".join(
        "　".join(filter(None, (one.title, wording.finding_words(one, answer)))) for one in found
    )


def equipment_histories(
    karte: Karte, person: Person, reports: ReportStore, categories: Categories
) -> list[tuple[str, list[AssetReport]]]:
    """The equipment within 50 m of a place that was reported: its name and those reports the person may see."""
    found = []
    for section in karte.sections:
        for answer in section.answers:
            if is_equipment(answer.source.layer_id, answer.source.kind):
                for one in answer.findings:
                    asset = Asset(answer.source.layer_id, one.feature_id)
                    told = (
                        [] if one.distance_m > WITHIN_M else seen_history(asset, person, reports, categories)
                    )
                    if told:
                        found.append((f"{answer.source.title}　{one.title}", told))
    return found
