"""The karte as plain values for JSON: codes for programs, and beside them the words a person reads."""

from __future__ import annotations

from typing import Any

from gisapp.flows.describe import JST
from gisapp.flows.enquire import wording
from gisapp.flows.enquire.karte import (
    Answer,
    Finding,
    Hazard,
    HazardLine,
    Karte,
    Reported,
    Site,
    Source,
)
from gisapp.profile import TownProfile
from reports_store import Categories


def payload(karte: Karte, profile: TownProfile, categories: Categories) -> dict[str, Any]:
    """The whole karte. Degrees are WGS84, lengths metres, times ISO 8601 in Japan's time."""
    return {
        "place": {
            "lon": karte.spot.lon,
            "lat": karte.spot.lat,
            "label": karte.spot.label,
            "in_town": karte.inside,
            "boundary_m": _metres(karte.edge_m),
            "notes": wording.place_lines(karte),
        },
        "town": {"name": profile.name, "code": profile.code},
        "asked_at": karte.asked_at.astimezone(JST).isoformat(timespec="seconds"),
        "whole": karte.whole,
        "hazards": [_hazard(one) for one in karte.hazards],
        "departments": [
            {"name": section.department, "layers": [_answer(one) for one in section.answers]}
            for section in karte.sections
        ],
        "reports": _reported(karte.reported, categories),
        "notice": wording.notices(),
    }


def _hazard(hazard: Hazard) -> dict[str, Any]:
    refuge = hazard.refuge
    return {
        "id": hazard.id,
        "title": hazard.title,
        "status": hazard.known,
        "text": wording.hazard_words(hazard),
        "parts": [_line(line) for line in hazard.lines],
        "evacuation_sites": {
            "status": refuge.known,
            "notes": wording.refuge_words([hazard]),
            "offered": [_site(site) for site in refuge.offered],
            "in_zone": [_site(site) for site in refuge.in_zone],
            "designation_unknown": [_site(site) for site in refuge.undesignated],
        },
    }


def _line(line: HazardLine) -> dict[str, Any]:
    return {
        "title": line.facet,
        "status": line.known,
        "text": "。".join(wording.line_words(line)),
        "features": [_finding(one) for one in line.findings],
        "source": None if line.source is None else _source(line.source),
    }


def _answer(answer: Answer) -> dict[str, Any]:
    return {
        "layer": answer.source.layer_id,
        "kind": answer.source.kind,
        "title": answer.source.title,
        "status": answer.known,
        "reason": answer.reason,
        "text": wording.answer_words(answer),
        "within_m": answer.within_m,
        "features": [
            {**_finding(one), "text": wording.finding_words(one, answer)} for one in answer.findings
        ],
        "source": _source(answer.source),
    }


def _finding(one: Finding) -> dict[str, Any]:
    return {
        "id": one.feature_id,
        "title": one.title,
        "words": one.words,
        "rows": [list(row) for row in one.rows],
        "distance_m": _metres(one.distance_m),
        "walking_m": _metres(one.walking_m),
        "lon": one.lon,
        "lat": one.lat,
        "own_association": one.own,
    }


def _site(site: Site) -> dict[str, Any]:
    return {
        "id": site.feature_id,
        "name": site.name,
        "address": site.address,
        "lon": site.lon,
        "lat": site.lat,
        "distance_m": _metres(site.distance_m),
        "walking_m": _metres(site.walking_m),
        "outside_zone": site.outside,
        "text": wording.site_words(site),
        "source": _source(site.source),
    }


def _source(source: Source) -> dict[str, Any]:
    return {
        "layer": source.layer_id,
        "title": source.title,
        "department": source.department,
        "attribution": source.attribution,
        "licence": source.licence,
        "as_of": None if source.as_of is None else source.as_of.isoformat(),
        "version": source.version,
    }


def _reported(reported: Reported, categories: Categories) -> dict[str, Any]:
    found: dict[str, Any] = {
        "status": reported.known,
        "within_m": reported.within_m,
        "since": reported.since.isoformat(),
        "total": reported.total,
        "notes": wording.reported_words(reported),
        "reports": [
            {
                "id": near.report.public_id,
                "category": near.report.category,
                "status": near.report.status.value,
                "received_on": near.report.received_on.isoformat(),
                "distance_m": _metres(near.distance_m),
                "text": wording.report_words(near, categories),
                "last_step": wording.last_step(near),
            }
            for near in reported.reports
        ],
    }
    return found if reported.unpublished is None else {**found, "unpublished": reported.unpublished}


def _metres(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
