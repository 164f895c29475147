"""All layers of the town in one table: what each is, whose, how fresh, and whether it can be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from gisapp.flows.describe import JST, NEVER
from gisapp.person import Person, may_edit, may_see
from gisapp.words import say
from layers.catalogue import Entry
from layers.errors import SourceUnavailable
from layers.kinds import kind_of
from layers.versions import LayerShelf, LayerState


@dataclass(frozen=True, slots=True)
class LayerLine:
    """One layer as a person may see it. state is ok, failed or never; editable is for this person."""

    id: str
    title: str
    kind: str
    theme: str
    department: str
    seen_by: str
    rows: int | None
    version: int | None
    as_of: str
    imported: str
    state: str
    state_text: str
    editable: bool


def overview(layers: LayerShelf, person: Person) -> list[LayerLine]:
    """The layers that a person may see, in the catalogue's order; failed and empty ones among them."""
    entries: Mapping[str, Entry] = layers.catalogue.entries
    return [
        _line(state, entries[state.id], layers, person)
        for state in layers.listing()
        if may_see(person, entries[state.id])
    ]


def may_see_it(entry: Entry) -> str:
    """Who may see a layer, in words."""
    if entry.visibility == "departments":
        return say(
            "layers_page.departments", names="・".join(dict.fromkeys((entry.department, *entry.seen_by)))
        )
    return say(f"layers_page.{entry.visibility}")


def moment(at: datetime) -> str:
    """A moment as staff read it, in Japan's time."""
    return at.astimezone(JST).strftime("%Y-%m-%d %H:%M")


def _line(state: LayerState, entry: Entry, layers: LayerShelf, person: Person) -> LayerLine:
    kept = "ok" if state.ok else "never" if state.reason == NEVER else "failed"
    last = moment(state.last_good) if state.last_good else say("report.unknown")
    as_of = say("layers_page.as_of", date=state.as_of) if state.as_of else say("layers_page.as_of_unknown")
    return LayerLine(
        id=state.id, title=state.title, kind=kind_of(state.kind).title, theme=state.theme,
        department=state.department, seen_by=may_see_it(entry), rows=state.rows, version=state.version,
        as_of=as_of if state.ok else "", imported=_imported(state, layers), state=kept,
        state_text=say(f"layers_page.{kept}", date=last), editable=may_edit(person, entry),
    )  # fmt: skip


def _imported(state: LayerState, layers: LayerShelf) -> str:
    if state.imported_at is None:
        return ""
    try:
        by = layers.current(state.id).by
    except SourceUnavailable:  # it became unreadable between two questions
        by = ""
    return say("layers_page.imported", at=moment(state.imported_at), by=by)
