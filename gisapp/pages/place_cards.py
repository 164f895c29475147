"""The karte as markup: big clear cards; everything that a file or a person supplied is escaped."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from urllib.parse import urlencode

from gisapp.flows.desk.assets import AssetReport
from gisapp.flows.enquire import (
    Answer,
    Finding,
    Hazard,
    HazardLine,
    Karte,
    Known,
    Section,
    Site,
    Source,
    wording,
)
from gisapp.flows.enquire.questions import HAZARD_KINDS, ZONES
from gisapp.flows.find import Candidate
from gisapp.words import say
from layers.errors import LayersError
from layers.kinds import Style
from layers.versions import LayerShelf
from reports_store import Categories

_MARKS = {Known.FOUND: "▲", Known.NONE: "－", Known.UNKNOWN: "？"}
_SHORT = ("garbage_station", "neighbourhood_association", "school_district", "road_section")
_COLOUR = re.compile(r"#[0-9A-Fa-f]{6}")


def head_html(karte: Karte, where: str, address: str) -> str:
    """Which place it is, what must be said first, and where to go from here. where is lon=…&lat=…"""
    spot = karte.spot
    position = say("karte.position", lat=f"{spot.lat:.6f}", lon=f"{spot.lon:.6f}")
    when = say("karte.asked_at", time=wording.clock(karte.asked_at))
    warnings = [say("karte.whole")] if karte.whole else []
    warnings += wording.place_lines(karte)
    links = (
        (f"/print/place.pdf?{where}", say("karte.link.pdf"), "_blank"),
        (f"/?{where}", say("karte.link.map"), "_self"),
        (f"/report?{where}", say("karte.link.report"), "_self"),
    )
    tapped = "".join(
        f'<a href="{escape(href)}" target="{target}">{escape(text)}</a>' for href, text, target in links
    )
    return (
        f'<section class="gk-head"><h2>{escape(spot.label or say("karte.this_place"))}</h2>'
        f"<p>{escape(position)}　{escape(when)}</p>"
        + "".join(f'<p class="gk-warn" role="note">{escape(words)}</p>' for words in warnings)
        + f'<p class="gk-links">{tapped}</p><p>{escape(say("karte.link.copy"))}：'
        f'<span class="gk-copy">{escape(address)}</span></p></section>'
    )


def candidates_html(found: Sequence[Candidate]) -> str:
    """The places a text may mean, each a link to its karte."""
    lines = []
    for one in found:
        where = urlencode({"lon": f"{one.lon:.6f}", "lat": f"{one.lat:.6f}"})
        lines.append(
            f'<li><a href="/place?{where}" target="_self"><b>{escape(one.title)}</b>　{escape(one.layer)}</a></li>'
        )
    return f'<ul class="gk-choices">{"".join(lines)}</ul>'


def hazards_html(karte: Karte, layers: LayerShelf) -> str:
    """A card for each hazard: where the place is in a zone first, then what is unknown, then the rest."""
    order = [Known.FOUND, Known.UNKNOWN, Known.NONE]
    ranked = sorted(karte.hazards, key=lambda hazard: (order.index(hazard.known), not hazard.lines))
    cards = "".join(_hazard(hazard, layers) for hazard in ranked)
    return f'<h2>{escape(say("karte.hazards.title"))}</h2><ul class="gk-cards">{cards}</ul>'


def _hazard(hazard: Hazard, layers: LayerShelf) -> str:
    parts = "".join(_line(line, layers) for line in wording.told_lines(hazard))
    return (
        f'<li class="gk-card gk-{hazard.known}"><h3><span aria-hidden="true">{_MARKS[hazard.known]}</span> '
        f"{escape(hazard.title)}</h3><p><b>{escape(wording.hazard_words(hazard))}</b></p>"
        f"{f'<dl>{parts}</dl>' if parts else ''}{_sources(wording.hazard_sources(hazard))}</li>"
    )


def _line(line: HazardLine, layers: LayerShelf) -> str:
    swatch = _swatch(_style_of(line, layers)) if line.known is Known.FOUND else ""
    words = "<br>".join(escape(one) for one in wording.line_words(line))
    return f'<dt>{escape(line.facet)}</dt><dd class="gk-{line.known}">{swatch}{words}</dd>'


def _style_of(line: HazardLine, layers: LayerShelf) -> Style | None:
    """How the map draws the zone, so that it can be found there again."""
    if line.source is None:
        return None
    try:
        kind = layers.current(line.source.layer_id).kind
    except LayersError:
        return None
    return next((style for style in kind.styles if style.key == line.findings[0].style), None)


def _swatch(style: Style | None) -> str:
    if style is None or not (_COLOUR.fullmatch(style.fill) and _COLOUR.fullmatch(style.stroke)):
        return ""
    colours = f"background:{style.fill};border-color:{style.stroke}"
    return f'<span class="gk-swatch" style="{colours}" aria-hidden="true">{escape(style.letter)}</span>'


def refuges_html(karte: Karte) -> str:
    """Where to flee, hazard by hazard, those of the zones the place lies in first."""
    ranked = sorted(karte.hazards, key=lambda hazard: (hazard.known is not Known.FOUND, not ZONES[hazard.id]))
    cards = "".join(_refuge(group) for group in wording.refuges_alike(ranked))
    return (
        f'<h2>{escape(say("karte.refuge.title"))}</h2><ul class="gk-cards">{cards}</ul>'
        f'<p class="gk-source">{escape(wording.on_foot_words(karte))}</p>'
    )


def _refuge(group: Sequence[Hazard]) -> str:
    refuge = group[0].refuge
    title = say("karte.refuge.same", hazards=wording.titles(group))
    sites = "".join(_site(site) for site in refuge.offered)
    told = "".join(f"<p>{escape(words)}</p>" for words in wording.refuge_words(group))
    return (
        f'<li class="gk-card"><h3>{escape(title)}</h3>{f"<ol>{sites}</ol>" if sites else ""}{told}'
        f"{_sources(site.source for site in refuge.offered)}</li>"
    )


def _site(site: Site) -> str:
    return (
        f"<li><b>{escape(site.name)}</b>　{escape(wording.site_words(site))}<br>{escape(site.address)}</li>"
    )


def short_html(karte: Karte) -> str:
    """ごみ, 自治会, 学区 and road: what is asked most at the counter."""
    answers = [one for one in karte.answers(*_SHORT) if one.reason != wording.NEVER]
    ranked = sorted(answers, key=lambda one: _SHORT.index(one.source.kind))
    cards = "".join(f'<li class="gk-card">{_answer(one, karte)}</li>' for one in ranked)
    return f'<ul class="gk-cards">{cards}</ul>' if cards else ""


def departments_html(karte: Karte) -> str:
    """Every other layer by the department that keeps it; open for the town hall, folded for residents."""
    told = {*_SHORT, *HAZARD_KINDS}
    parts = "".join(_department(section, told, karte) for section in karte.sections)
    absent = [
        one.source.title
        for section in karte.sections
        for one in section.answers
        if one.reason == wording.NEVER and one.source.kind not in HAZARD_KINDS
    ]
    unknown = escape(say("karte.no_data", layers="、".join(absent)))
    last = f'<p class="gk-unknown gk-absent">{unknown}</p>' if absent else ""
    return f"<h2>{escape(say('karte.section.department'))}</h2>{parts}{last}"


def _department(section: Section, told: set[str], karte: Karte) -> str:
    answers = [one for one in section.answers if one.source.kind not in told and one.reason != wording.NEVER]
    if not answers:
        return ""
    body = "".join(f'<li class="gk-card">{_answer(one, karte)}</li>' for one in answers)
    opened = " open" if karte.whole else ""
    return (
        f'<details class="gk-department"{opened}><summary>{escape(section.department)}</summary>'
        f'<ul class="gk-cards">{body}</ul></details>'
    )


def _answer(answer: Answer, karte: Karte) -> str:
    found = "".join(_finding(one, answer, karte) for one in answer.findings)
    words = "" if found else f'<p class="gk-{answer.known}"><b>{escape(wording.answer_words(answer))}</b></p>'
    return f"<h3>{escape(answer.source.title)}</h3>{words}{found}{_sources([answer.source])}"


def _finding(one: Finding, answer: Answer, karte: Karte) -> str:
    how_far = escape(wording.finding_words(one, answer))
    title = answer.source.title
    own = escape(say("karte.own", name=wording.association(karte), title=title)) if one.own else ""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in one.rows)
    return (
        f'<div class="gk-finding"><p><b>{escape(one.title)}</b>　{how_far}</p>'
        f"{f'<p><mark>{own}</mark></p>' if own else ''}{f'<dl>{rows}</dl>' if rows else ''}</div>"
    )


def equipment_html(histories: Sequence[tuple[str, Sequence[AssetReport]]]) -> str:
    """The equipment nearby that was reported, each with what was reported about it."""
    cards = "".join(
        f'<li class="gk-card"><h3>{escape(title)}</h3><ul>{"".join(map(_asset_line, told))}</ul></li>'
        for title, told in histories
    )
    return f'<h2>{escape(say("karte.equipment"))}</h2><ul class="gk-cards">{cards}</ul>' if cards else ""


def _asset_line(one: AssetReport) -> str:
    words = "　".join((one.date, one.category, one.state_name))
    return f'<li><a href="{escape(one.link)}" target="_self">{escape(one.number)}</a>　{escape(words)}</li>'


def reports_html(karte: Karte, categories: Categories) -> str:
    """What residents reported around here, and the last step of each."""
    reported = karte.reported
    title = say(
        "karte.reports.title", within=wording.metres(reported.within_m), since=reported.since.isoformat()
    )
    lines = "".join(
        f'<li><a href="/?report={escape(near.report.public_id)}" target="_self">'
        f"{escape(wording.report_words(near, categories))}</a><br>{escape(wording.last_step(near))}</li>"
        for near in reported.reports
    )
    notes = "".join(f"<p>{escape(words)}</p>" for words in wording.reported_words(reported))
    return f"<h2>{escape(title)}</h2>{f'<ul>{lines}</ul>' if lines else ''}{notes}"


def notices_html() -> str:
    """注意書き."""
    lines = "".join(f"<li>{escape(words)}</li>" for words in wording.notices())
    return (
        f'<section class="gk-notice"><h2>{escape(say("karte.notice.title"))}</h2><ul>{lines}</ul></section>'
    )


def _sources(sources: Iterable[Source]) -> str:
    return "".join(f'<p class="gk-source">{escape(words)}</p>' for words in wording.sources_words(sources))
