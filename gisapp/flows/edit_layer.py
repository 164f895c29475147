"""Editing a layer by the department that owns it: what the form asks, what is saved, and what both sides keep."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

import orjson
import shapely
from shapely.errors import ShapelyError

from gisapp.flows.describe import JST
from gisapp.person import Person, may_edit, may_see
from gisapp.words import say
from layers.canonical import SOURCE_PROPERTIES
from layers.catalogue import Catalogue, Entry
from layers.edit_rules import EditFault
from layers.editing import Change, Conflict, Feature, Saved, apply_changes, conflict_of, feature_of
from layers.errors import LayersError, UnknownLayer
from layers.kinds import Column, Kind
from layers.kinds.other import source_properties
from layers.put_aside import PutAside, Waiting
from layers.validate import TownArea
from layers.versions import LayerShelf, LayerVersion

ROWS_SHOWN = 50
LONG_TEXT = 40  # a longer value gets a field of several lines
LONG_COLUMNS = {"note"}
SUGGESTED = 300  # values of a column that repeats itself, such as 自治会, are offered while typing
_SHAPES = {"Point", "LineString", "Polygon", "MultiPoint", "MultiLineString", "MultiPolygon"}


class NotSignedIn(LayersError):
    """A resident asked for what only the town hall may do."""

    code = "not_signed_in"


class NotTheOwner(LayersError):
    """The layer belongs to another department."""

    code = "not_the_owner"

    def __init__(self, title: str, department: str) -> None:
        super().__init__(title, department)
        self.title, self.department = title, department


class UnknownFeature(LayersError):
    """The layer has no feature of that id now."""

    code = "unknown_feature"

    def __init__(self, feature_id: str) -> None:
        super().__init__(feature_id)
        self.feature_id = feature_id


class MalformedChange(LayersError):
    """What was sent is not a list of changes."""

    code = "malformed_change"


@dataclass(frozen=True)
class Outcome:
    """What became of a save: the version, and each conflict with the name under which the change waits."""

    saved: Saved
    waiting: tuple[tuple[Waiting, Conflict], ...]


def editable(person: Person, layer_id: str, catalogue: Catalogue) -> Entry:
    """The catalogue's entry of a layer this person may edit.

    Raises UnknownLayer alike for one that does not exist and one the person may not see; NotSignedIn;
    NotTheOwner, which names the department that may.
    """
    entry = catalogue.entry(layer_id)
    if not may_see(person, entry):
        raise UnknownLayer(layer_id)
    if not person.signed_in:
        raise NotSignedIn
    if not may_edit(person, entry):
        raise NotTheOwner(entry.title, entry.department)
    return entry


def editable_layers(person: Person, layers: LayerShelf) -> list[Entry]:
    """The layers this person may edit and that have a version, in the order of the catalogue."""
    return [
        layers.catalogue.entry(state.id)
        for state in layers.listing()
        if state.version is not None and may_edit(person, layers.catalogue.entry(state.id))
    ]


def named(person: Person) -> str:
    """A person as the history of a layer names them: department and name."""
    return " ".join(filter(None, (person.department, person.name or person.login)))


def form_of(version: LayerVersion) -> dict[str, Any]:
    """The form of a layer's features, made from its kind, and what a map needs to draw them."""
    kind = version.kind
    fields = [_field(column, version) for column in kind.columns]
    if kind.any_columns:
        fields.append({"name": SOURCE_PROPERTIES, "label": say("editing.properties"), "type": "properties",
                       "required": False, "unit": "", "allowed": [], "multiline": False, "suggested": []})  # fmt: skip
    return {
        "layer": version.entry.id,
        "title": version.entry.title,
        "department": version.entry.department,
        "geometry": sorted(kind.geometry),
        "fields": fields,
        "one_of": list(kind.at_least_one),
        "version": version.number,
        "rows": version.rows,
        "saved_at": clock(version.imported_at),
        "saved_by": version.by,
        "bounds": [float(side) for side in shapely.total_bounds(version.index.shapes)],
    }


def feature_json(version: LayerVersion, feature_id: str) -> dict[str, Any]:
    """One feature with its exact shape and all its values. Raises UnknownFeature."""
    feature = feature_of(version, feature_id)
    if feature is None:
        raise UnknownFeature(feature_id)
    return {"feature_id": feature_id, "version": version.number, **_content(feature, version.kind)}


def rows_json(
    version: LayerVersion, text: str = "", start: int = 0, limit: int = ROWS_SHOWN
) -> dict[str, Any]:
    """A page of the layer's attribute table: the features whose id or values hold every word of the text."""
    words = _plain(text).split()
    lines = _searchable(version)
    found = [at for at, line in enumerate(lines) if all(word in line for word in words)]
    records, places = version.index.records, version.index.shapes
    rows = []
    for at in found[max(start, 0) : max(start, 0) + limit]:
        values = {name: value for name, value in records[at].items() if name != "feature_id"}
        inside = places[at].representative_point()
        rows.append(
            {
                "feature_id": records[at]["feature_id"],
                "values": _shown_values(values, version.kind),
                "at": [inside.x, inside.y],
            }
        )
    return {"version": version.number, "total": len(found), "start": max(start, 0), "rows": rows}


def changes_of(raw: object) -> list[tuple[Change, str]]:
    """The changes in a message, each with the name of the waiting change it settles ("" for none).

    Raises MalformedChange.
    """
    if not isinstance(raw, list) or not raw:
        raise MalformedChange
    return [_change(one) for one in raw]


def save_changes(
    person: Person, layer_id: str, raw: object, layers: LayerShelf, area: TownArea, at: datetime
) -> Outcome:
    """Store a person's changes as a new version; those that meet somebody else's are put aside and named.

    Raises as editable, changes_of and layers.editing.apply_changes do.
    """
    editable(person, layer_id, layers.catalogue)
    changes = changes_of(raw)
    saved = apply_changes(layers, layer_id, [change for change, _ in changes], named(person), at, area)
    aside = PutAside(layers.folder)
    waiting = tuple(
        (aside.keep(layer_id, conflict.change, person.login, at), conflict) for conflict in saved.conflicts
    )
    again = {one.id for one, _ in waiting}
    for change, settles in changes:
        if settles and change.feature_id in saved.done and settles not in again:
            aside.drop(layer_id, settles, person.login)
    return Outcome(saved, waiting)


def waiting_changes(person: Person, layer_id: str, layers: LayerShelf) -> list[tuple[Waiting, Conflict]]:
    """The changes of a person that still wait for a choice; those that nothing stands against any more are
    let go, because they are in the layer already.
    """
    editable(person, layer_id, layers.catalogue)
    found = []
    for one in PutAside(layers.folder).of(layer_id, person.login):
        conflict = conflict_of(layers, layer_id, one.change)
        if conflict is None:
            PutAside(layers.folder).drop(layer_id, one.id, person.login)
        else:
            found.append((one, conflict))
    return found


def drop_waiting(person: Person, layer_id: str, name: str, layers: LayerShelf) -> None:
    """Let go of a waiting change: the other's work stays as it is."""
    editable(person, layer_id, layers.catalogue)
    PutAside(layers.folder).drop(layer_id, name, person.login)


def conflict_json(waiting: Waiting, conflict: Conflict, layers: LayerShelf) -> dict[str, Any]:
    """A conflict as the dialog shows it: base, theirs and mine, and who saved theirs when."""
    version = layers.version(waiting.layer_id, conflict.now)
    author = last_author(layers, waiting.layer_id, conflict.change.feature_id, conflict.change.seen)
    sides = {"base": conflict.base, "theirs": conflict.theirs, "mine": conflict.mine}
    return {
        "waiting": waiting.id,
        "feature_id": conflict.change.feature_id,
        "act": conflict.change.act,
        "seen": conflict.change.seen,
        "now": conflict.now,
        "their_name": author[0] if author else version.by,
        "their_time": author[1] if author else clock(version.imported_at),
        **{name: None if side is None else _content(side, version.kind) for name, side in sides.items()},
    }


def last_author(layers: LayerShelf, layer_id: str, feature_id: str, since: int) -> tuple[str, str] | None:
    """Who last edited a feature after a version, and when; None where a file or a roll-back changed it."""
    for note in layers.history(layer_id):
        if note.number <= since:
            break
        if note.imported_at and any(edit.get("feature_id") == feature_id for edit in note.edits):
            return note.by, clock(note.imported_at)
    return None


def outcome_json(outcome: Outcome, layers: LayerShelf) -> dict[str, Any]:
    """The answer to a save."""
    version = outcome.saved.version
    return {
        "version": version.number,
        "made": outcome.saved.made,
        "saved_at": clock(version.imported_at),
        "saved_by": version.by,
        "done": list(outcome.saved.done),
        "conflicts": [conflict_json(one, conflict, layers) for one, conflict in outcome.waiting],
    }


def fault_json(fault: EditFault, kind: Kind) -> dict[str, str | None]:
    """A fault with its sentence; column tells the form where to show it."""
    titles = {column.name: column.title_ja for column in kind.columns}
    title = titles.get(fault.column or "", say("editing.whole"))
    text = say(f"editing.fault.{fault.code}", column=title, found=fault.found, expected=fault.expected)
    return {"feature_id": fault.feature_id, "column": fault.column, "code": fault.code, "message": text}


def clock(moment: datetime) -> str:
    """A moment in Japan's time, to the minute."""
    return moment.astimezone(JST).strftime("%Y-%m-%d %H:%M")


def _field(column: Column, version: LayerVersion) -> dict[str, Any]:
    # A rank is chosen by what it means, not by its number.
    meanings = {style.key: style.text_ja for style in version.kind.styles}
    allowed = [{"value": value, "text": meanings.get(str(value), str(value))} for value in column.allowed]
    plain = column.type == "text" and not column.allowed
    texts = {text for text in version.frame[column.name] if text} if plain else set()
    long = column.name in LONG_COLUMNS or any(len(text) > LONG_TEXT or "\n" in text for text in texts)
    said = sorted(texts) if plain and not long and 2 * len(texts) <= version.rows else []
    return {
        "name": column.name,
        "label": column.title_ja,
        "type": "choice" if column.allowed else column.type,
        "unit": column.unit,
        "required": column.required and column.type != "bool",
        "allowed": allowed,
        "multiline": long,
        "suggested": said[:SUGGESTED],
    }


def _content(feature: Feature, kind: Kind) -> dict[str, Any]:
    shape = feature.geometry
    return {
        "values": _shown_values(feature.values, kind),
        "geometry": orjson.loads(shapely.to_geojson(shape)),
        "title": kind.title_of(feature.values),
    }


def _shown_values(values: Mapping[str, Any], kind: Kind) -> dict[str, Any]:
    shown = {name: value for name, value in values.items() if name != SOURCE_PROPERTIES}
    if kind.any_columns:
        shown[SOURCE_PROPERTIES] = source_properties(values.get(SOURCE_PROPERTIES))
    return shown


def _change(raw: Any) -> tuple[Change, str]:
    if not isinstance(raw, dict):
        raise MalformedChange
    act, feature_id, seen = raw.get("act"), raw.get("feature_id"), raw.get("seen")
    values, settles = raw.get("values") or {}, raw.get("settles") or ""
    if act not in ("create", "update", "delete") or not isinstance(feature_id, str) or type(seen) is not int:
        raise MalformedChange
    if not isinstance(values, dict) or not isinstance(settles, str):
        raise MalformedChange
    return Change(act, feature_id, seen, values, _shape(raw.get("geometry"))), settles


def _shape(raw: Any) -> shapely.Geometry | None:
    if raw is None:
        return None
    if not isinstance(raw, dict) or raw.get("type") not in _SHAPES:
        raise MalformedChange
    try:
        return shapely.from_geojson(
            orjson.dumps({"type": raw["type"], "coordinates": raw.get("coordinates")})
        )
    except (ShapelyError, TypeError, ValueError):
        raise MalformedChange from None


_lines: WeakKeyDictionary[LayerVersion, Sequence[str]] = WeakKeyDictionary()  # gone with their versions


def _searchable(version: LayerVersion) -> Sequence[str]:
    found = _lines.get(version)
    if found is None:
        found = _lines[version] = [
            _plain(" ".join(str(value) for value in record.values() if value is not None))
            for record in version.index.records
        ]
    return found


def _plain(text: str) -> str:
    """Without differences of width and case: a person types ｱ or 1 and means ア or １."""
    return unicodedata.normalize("NFKC", text).casefold()
