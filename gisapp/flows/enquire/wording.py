"""The karte in words: what a resident reads on the page, a clerk on paper, and a program beside its codes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from gisapp.flows.category_words import category_name
from gisapp.flows.describe import JST, day, history_lines
from gisapp.flows.enquire.karte import (
    Answer,
    Finding,
    Hazard,
    HazardLine,
    Karte,
    Known,
    Reported,
    ReportNear,
    Site,
    Source,
)
from gisapp.flows.enquire.questions import EDGE_M, ZONES
from gisapp.words import say
from reports_store import Categories

NEVER = "never_imported"
_PLAIN = {"never_imported": "unknown_never", "outside_town": "unknown_outside"}


def metres(distance_m: float) -> str:
    """A length as people say it: 80m, 350m, 1.2km; never shorter than it is by more than its last figure."""
    if distance_m >= 995:
        return say("karte.km", n=f"{distance_m / 1000:.1f}")
    return say("karte.m", n=round(distance_m) if distance_m < 100 else round(distance_m / 10) * 10)


def place_lines(karte: Karte) -> list[str]:
    """What must be said of the place before anything else: outside the town, at its edge, boundary unknown."""
    if karte.inside is False:
        return [say("karte.outside")]
    if karte.inside is None:
        return [say("karte.boundary_unknown")]
    near_edge = karte.edge_m is not None and karte.edge_m <= EDGE_M
    return [say("karte.edge", m=metres(karte.edge_m or 0))] if near_edge else []


def unknown_words(reason: str, source: Source | None) -> str:
    """Why a layer cannot say: there is none, the place is outside the town, or it cannot be read."""
    if reason in _PLAIN:
        return say(f"karte.{_PLAIN[reason]}")
    last_good = source.last_good if source else None
    return say("karte.unknown_failed", date=day(last_good) if last_good else say("karte.never"))


def answer_words(answer: Answer) -> str:
    """What a layer says as a whole; its findings say the rest."""
    if answer.known is Known.UNKNOWN:
        return unknown_words(answer.reason, answer.source)
    if answer.known is Known.FOUND:
        return say("karte.found")
    if answer.source.kind in _ZONE_KINDS:
        return say("karte.none_zone")
    if answer.within_m is None:
        return say("karte.none_holding")
    return say("karte.none_near", within=metres(answer.within_m))


_ZONE_KINDS = {kind for kinds in ZONES.values() for kind in kinds} | {"flood_history"}


def hazard_words(hazard: Hazard) -> str:
    """What is known of a hazard at the place, in one sentence; never "safe"."""
    if not ZONES[hazard.id]:
        return say("karte.unknown_kind")
    if hazard.known is Known.FOUND:
        return say("karte.hazards.at_risk")
    if hazard.known is Known.NONE:
        return say("karte.none_zone")
    line = next((line for line in hazard.lines if line.reason and line.reason != NEVER), None)
    return unknown_words(line.reason, line.source) if line else say("karte.unknown_never")


def told_lines(hazard: Hazard) -> tuple[HazardLine, ...]:
    """The parts of a hazard that say more than the hazard's own sentence."""
    return hazard.lines if hazard.known is Known.FOUND or len(hazard.lines) > 1 else ()


def hazard_sources(hazard: Hazard) -> list[Source]:
    """Whose word it is; a layer that the town never had says nothing."""
    lines = (line for line in hazard.lines if line.reason != NEVER)
    return list(dict.fromkeys(line.source for line in lines if line.source))


def line_words(line: HazardLine) -> list[str]:
    """What is known of one part of a hazard: a sentence for each different zone that holds the place."""
    if line.known is Known.UNKNOWN:
        return [unknown_words(line.reason, line.source)]
    if line.known is Known.NONE:
        return [say("karte.none_part")]
    # a zone's words may begin with what the line is headed with already
    told = (
        "　".join(
            part
            for part in (one.words.removeprefix(line.facet).lstrip("： ") or one.title, _beside(one))
            if part
        )
        for one in line.findings
    )
    return list(dict.fromkeys(told))


def _beside(one: Finding) -> str:
    """How far a flooded spot of the past is; a zone holds the place."""
    return say("karte.straight", m=metres(one.distance_m)) if one.distance_m > 0 else ""


def finding_words(one: Finding, answer: Answer) -> str:
    """How far a finding is: nothing for an area that holds the place."""
    if answer.within_m is None or (one.distance_m == 0 and one.lon is None):
        return ""
    if one.walking_m is not None:
        return say("karte.walking", m=metres(one.walking_m))
    return say("karte.straight", m=metres(one.distance_m))


def site_words(site: Site) -> str:
    """How far a site is, along the roads where that is known, and which of the two is said."""
    if site.walking_m is not None:
        return say("karte.walking", m=metres(site.walking_m))
    return say("karte.walking_unknown", m=metres(site.distance_m))


def refuge_words(group: Sequence[Hazard]) -> list[str]:
    """What has to be said of the sites for some hazards that are alike, besides the names of the sites."""
    refuge, hazard, said = group[0].refuge, titles(group), []
    if refuge.reason == NEVER:
        said.append(say("karte.refuge.unknown"))
    elif refuge.reason:
        said.append(say("karte.refuge.failed"))
    if refuge.known is Known.NONE:
        said.append(say("karte.refuge.none", hazard=hazard))
    if refuge.in_zone:
        said.append(say("karte.refuge.in_zone", hazard=hazard, names=_names(refuge.in_zone)))
    if refuge.undesignated:
        said.append(say("karte.refuge.undesignated", hazard=hazard, names=_names(refuge.undesignated)))
    if _zone_unsure(group[0]):
        said.append(say("karte.refuge.outside_unknown", hazard=hazard))
    return said


def _names(sites: Sequence[Site]) -> str:
    return "、".join(site.name for site in sites)


def refuges_alike(hazards: Sequence[Hazard]) -> list[list[Hazard]]:
    """Hazards for which the very same is said of where to flee, together."""
    groups: dict[object, list[Hazard]] = {}
    for hazard in hazards:
        refuge = hazard.refuge
        sites = tuple((site.source.layer_id, site.feature_id) for site in refuge.offered)
        other = bool(refuge.in_zone or refuge.undesignated) or _zone_unsure(hazard)
        groups.setdefault((hazard.id if other else "", refuge.known, refuge.reason, sites), []).append(hazard)
    return list(groups.values())


def _zone_unsure(hazard: Hazard) -> bool:
    """Whether sites are offered for a hazard with zones of which it is not known where they lie."""
    return bool(ZONES[hazard.id] and hazard.refuge.offered and hazard.refuge.offered[0].outside is None)


def titles(hazards: Sequence[Hazard]) -> str:
    """The names of some hazards."""
    return "、".join(hazard.title for hazard in hazards)


def on_foot_words(karte: Karte) -> str:
    """Which of the two distances the answer gives."""
    return say("karte.refuge.on_foot" if karte.on_foot else "karte.refuge.straight")


def source_words(source: Source) -> str:
    """出典, 時点 and 利用条件 of a layer."""
    parts = (
        say("karte.source", name=source.attribution) if source.attribution else say("karte.source_unknown"),
        say("karte.as_of", date=source.as_of) if source.as_of else say("karte.as_of_unknown"),
        source.licence,
        say("karte.internal") if source.visibility != "public" else "",
    )
    return "　".join(part for part in parts if part)


def sources_words(sources: Iterable[Source]) -> dict[str, list[str]]:
    """The titles of the layers by their 出典, 時点 and 利用条件, which several of a department often share."""
    shared: dict[str, list[str]] = {}
    for source in dict.fromkeys(sources):
        shared.setdefault(source_words(source), []).append(source.title)
    return shared


def reported_words(reported: Reported) -> list[str]:
    """What is said of the reports besides the list of them."""
    if reported.known is Known.UNKNOWN:
        return [say("karte.reports.unknown")]
    said = [] if reported.reports else [say("karte.reports.none")]
    if (more := reported.total - len(reported.reports)) > 0:
        said.append(say("karte.reports.total", n=more))
    if reported.unpublished:
        said.append(say("karte.reports.unpublished", n=reported.unpublished))
    return said


def report_words(near: ReportNear, categories: Categories) -> str:
    """One report near the place, in public words."""
    report = near.report
    return say(
        "karte.reports.line",
        date=report.received_on.isoformat(),
        category=category_name(categories[report.category]),
        id=report.public_id,
        state=say(f"report.status.{report.status}"),
        m=metres(near.distance_m),
    )


def last_step(near: ReportNear) -> str:
    """The last public step of a report: what became of it."""
    lines = history_lines(near.report.history)
    return "　".join(lines[-1]) if lines else ""


def clock(moment: datetime) -> str:
    """A moment as residents read it, in Japan's time."""
    return moment.astimezone(JST).strftime("%Y-%m-%d %H:%M")


def notices() -> list[str]:
    """注意書き: what the answer is not."""
    return [say(f"karte.notice.{key}") for key in ("safe", "unknown", "survey", "evacuate")]


def association(karte: Karte) -> str:
    """The 自治会 of the place; empty where none is known."""
    answers = karte.answers("neighbourhood_association")
    return next((one.title for answer in answers for one in answer.findings), "")
