"""Puts the map's contents and one public report into the words a screen shows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from gisapp.flows.category_words import category_name, told_answers
from gisapp.flows.equipment import is_equipment
from gisapp.flows.tile_links import tile_links
from gisapp.person import ANYONE, Person, may_edit, may_see
from gisapp.profile import TownProfile
from gisapp.words import say, section
from layers.crs import zone_origin
from layers.errors import SourceUnavailable, UnknownLayer
from layers.kinds import Kind
from layers.versions import LayerShelf, LayerState, LayerVersion
from reports_store import Categories, PublicState, ReportStore, Status
from reports_store.errors import ReportsError
from reports_store.privacy import PublicEvent, PublicReport, public

JST = ZoneInfo("Asia/Tokyo")
NEVER = "never_imported"  # a layer of the catalogue that this town has no file of: not a failure


def map_config(
    profile: TownProfile,
    layers: LayerShelf,
    reports: ReportStore,
    categories: Categories,
    person: Person = ANYONE,
) -> dict[str, Any]:
    """Everything the map's script needs before it draws: town, the layers this person may see with their
    legends, categories, words.
    """
    shown = sorted(shown_layers(layers, person), key=lambda state: state.order)
    return {
        "town": {
            "name": profile.name,
            "sample": profile.sample,
            "bounds": profile.bounds,
            "zone": profile.zone - 6668,
            "origin": zone_origin(profile.zone),
        },
        "layers": [
            {
                **_layer(state, layers),
                **tile_links(state, layers),
                "editable": may_edit(person, layers.catalogue.entry(state.id)),
            }
            for state in shown
        ],
        "categories": [
            {"code": c.code, "name": category_name(c), "letter": c.symbol} for c in categories.values()
        ],
        "states": [
            {"code": state.value, "name": say(f"report.state.{state.value}")} for state in PublicState
        ],
        "words": section("map"),
        "stamp": {"reports": reports.revision(), "layers": layers.stamp()},
    }


def _layer(state: LayerState, layers: LayerShelf) -> dict[str, Any]:
    drawn = layers.catalogue.entry(state.id).kind_drawn()
    used = _used(state, layers, drawn)
    return {
        "id": state.id,
        "title": state.title,
        "kind": state.kind,
        "theme": state.theme,
        "department": state.department,
        "version": state.version,
        "equipment": is_equipment(state.id, state.kind),
        "rows": state.rows,
        "as_of": state.as_of.isoformat() if state.as_of else None,
        "attribution": state.attribution,
        "licence": state.licence,
        "default_on": state.default_on,
        "visibility": state.visibility,
        "ok": state.ok,
        "last_good": day(state.last_good) if state.last_good else None,
        "legend": [
            {
                "key": style.key,
                "used": style.key in used,
                "text": style.text_ja,
                "fill": style.fill,
                "stroke": style.stroke,
                "weight_px": style.weight_px,
                "dash": style.dash,
                "shape": style.shape,
                "letter": style.letter,
                "pattern": style.pattern,
            }
            for style in drawn.styles
        ],
    }


def _used(state: LayerState, layers: LayerShelf, drawn: Kind) -> Collection[str]:
    """The styles a legend has to explain: those of the features there are, or all where they cannot be read."""
    try:
        return layers.current(state.id).style_keys
    except SourceUnavailable:
        return {style.key for style in drawn.styles}


def report_card(public_id: str, reports: ReportStore, categories: Categories) -> dict[str, Any]:
    """One report in public words. Raises UnknownReport or NotPublic, which a route answers alike."""
    found = reports.get(public_id)
    report = public(found, categories[found.category], reports.events(found.id))
    return {
        "id": report.public_id,
        "state": report.state,
        "state_name": say(f"report.state.{report.state}"),
        "status_name": say(f"report.status.{report.status}"),
        "category_name": category_name(categories[report.category]),
        "body": report.body,
        "photos": photo_links(report),
        "rows": report_rows(report, categories),
        "history": [{"date": date, "text": text} for date, text in history_lines(report.history)],
    }


def report_rows(report: PublicReport, categories: Categories) -> list[tuple[str, str]]:
    """What a person reads of a report, line by line: label and text, unknown said as unknown."""
    rows = list(told_answers(report.answers, report.category, categories))
    rows.append((say("report.received_on"), report.received_on.isoformat()))
    rows.append((say("report.area"), report.area or say("report.unknown")))
    rows.append((say("report.road_manager"), report.road_manager or say("report.unknown")))
    return rows


def history_lines(steps: Iterable[PublicEvent]) -> list[tuple[str, str]]:
    """A report's steps in public words, oldest first: date and sentence."""
    return [(day(step.at), words) for step in steps if (words := history_words(step))]


def history_words(step: PublicEvent) -> str:
    """One step in public words; empty for a step that is nobody's concern outside the town hall."""
    if step.status is not None:
        key = "created" if step.status is Status.RECEIVED else "status"
        text = say(f"report.history.{key}", status=say(f"report.status.{step.status}"))
    else:
        text = say("report.history.public_reply")
    return "　".join(filter(None, (text, step.message)))


def place_of(public_id: str, reports: ReportStore, categories: Categories) -> tuple[float, float] | None:
    """The public place of a report as (lon, lat), for a link that opens the map there; None if there is none."""
    try:
        found = reports.get(public_id)
        place = public(found, categories[found.category]).place
    except ReportsError:
        return None
    return None if place is None else (place.lon, place.lat)


def layer_lines(layers: LayerShelf) -> list[str]:
    """The public layers, a line each: title, rows, date and source; one that cannot be read says so."""
    return [_line(state) for state in shown_layers(layers)]


def _line(state: LayerState) -> str:
    if not state.ok:
        last = day(state.last_good) if state.last_good else say("map.never")
        return say("map.layer_failed", title=state.title, date=last)
    return say(
        "page.data_page.layer_line",
        title=state.title,
        rows=state.rows,
        as_of=state.as_of or say("report.unknown"),
        attribution=state.attribution,
        licence=state.licence,
    )


def shown_layers(layers: LayerShelf, person: Person = ANYONE) -> list[LayerState]:
    """The layers that this town has and a person may see, the failed ones among them."""
    return [
        state
        for state in layers.listing()
        if state.reason != NEVER and may_see(person, layers.catalogue.entry(state.id))
    ]


def version_for(person: Person, layer_id: str, layers: LayerShelf) -> LayerVersion:
    """The present version of a layer. Raises UnknownLayer alike for one that does not exist and for one that
    this person may not see; SourceUnavailable if it cannot be read.
    """
    if not may_see(person, layers.catalogue.entry(layer_id)):
        raise UnknownLayer(layer_id)
    return layers.current(layer_id)


def photo_links(report: PublicReport) -> list[dict[str, str]]:
    """Addresses of the photos that staff have released."""
    return [{"small": f"/photos/{sha}.320.jpg", "large": f"/photos/{sha}.jpg"} for sha in report.photos]


def day(moment: datetime) -> str:
    """A date as residents read it, in Japan's time."""
    return moment.astimezone(JST).strftime("%Y-%m-%d")
