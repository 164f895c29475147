"""The past of a layer in words: its versions, what lies between two of them, and the way back."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import shapely

from gisapp.flows.edit_layer import NotSignedIn, clock, editable, named
from gisapp.flows.explain import reader_title
from gisapp.flows.publish import FORMULA_STARTS
from gisapp.person import Person, may_see
from gisapp.words import say
from layers.canonical import SOURCE_PROPERTIES
from layers.catalogue import Catalogue, Entry
from layers.compare import Comparison, Difference, compare
from layers.errors import UnknownLayer
from layers.kinds import Kind
from layers.kinds.other import source_properties
from layers.versions import LayerShelf, LayerVersion, VersionNote

SHAPES_DRAWN = 2_000
BATCH = 500
_COLUMNS = ("act", "feature_id", "title", "moved_m", "column", "before", "after")


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One version as a screen says it."""

    number: int
    current: bool
    ok: bool
    rows: int | None
    when: str
    by: str
    what: str
    file: str
    repairs: int


@dataclass(frozen=True, slots=True)
class DifferenceLine:
    """One feature that differs, as a screen says it; columns are (title, before, after)."""

    feature_id: str
    title: str
    acts: tuple[str, ...]
    moved: str
    columns: tuple[tuple[str, str, str], ...]


def visible(person: Person, layer_id: str, catalogue: Catalogue) -> Entry:
    """The entry of a layer whose past a person may look at: the town hall's people, of layers they may see.

    Raises UnknownLayer alike for one that does not exist and one that is not theirs to see; NotSignedIn.
    """
    entry = catalogue.entry(layer_id)
    if not may_see(person, entry):
        raise UnknownLayer(layer_id)
    if not person.signed_in:
        raise NotSignedIn
    return entry


def history_of(person: Person, layer_id: str, layers: LayerShelf) -> list[HistoryLine]:
    """Every version of a layer, the newest first."""
    visible(person, layer_id, layers.catalogue)
    return [_line(note) for note in layers.history(layer_id)]


def comparison_of(person: Person, layer_id: str, old: int, new: int, layers: LayerShelf) -> Comparison:
    """Two versions side by side. Raises UnknownVersion; SourceUnavailable if one of them is not whole."""
    visible(person, layer_id, layers.catalogue)
    return compare(layers.version(layer_id, old), layers.version(layer_id, new))


def roll_back(
    person: Person, layer_id: str, to: int, seen: int | None, layers: LayerShelf, at: datetime
) -> LayerVersion:
    """Make the content of an old version current again, as a new version. seen is the current one's number
    that the person was shown.

    Raises NotTheOwner; VersionMoved if somebody saved in between; SourceUnavailable if the old one is broken.
    """
    editable(person, layer_id, layers.catalogue)
    return layers.roll_back(layer_id, to, named(person), at, based_on=seen)


def difference_lines(found: Comparison, start: int, stop: int) -> list[DifferenceLine]:
    """A page of the differences in words."""
    return [_difference(one, found) for one in found.differences(start, stop)]


def difference_csv(found: Comparison) -> Iterator[bytes]:
    """All differences as CSV: UTF-8 with BOM so that Excel opens it, CRLF, a line for each changed column."""
    yield b"\xef\xbb\xbf" + _csv([[say(f"history.csv.{name}") for name in _COLUMNS]])
    for start in range(0, found.total, BATCH):
        rows: list[list[str]] = []
        for one in found.differences(start, start + BATCH):
            line = _difference(one, found)
            act = "・".join(say(f"history.act.{name}") for name in line.acts)
            moved = f"{one.moved_m:.2f}" if "moved" in line.acts else ""
            head = [act, line.feature_id, line.title, moved]
            rows += [[*head, *column] for column in line.columns] or [[*head, "", "", ""]]
        yield _csv(rows)


def difference_shapes(found: Comparison, limit: int = SHAPES_DRAWN) -> bytes:
    """The differences as a FeatureCollection for the map: the new shape, or the old one of what was removed;
    a moved feature brings its old shape along.
    """
    features = [_drawn(one, found) for one in found.differences(0, limit)]
    counts = {**found.counts, "total": found.total}
    more = {"truncated": found.total > limit, "counts": counts}
    return orjson.dumps({"type": "FeatureCollection", "features": features, **more})


def _line(note: VersionNote) -> HistoryLine:
    unknown = say("history.unknown")
    return HistoryLine(
        number=note.number,
        current=note.current,
        ok=note.ok,
        rows=note.rows,
        when=clock(note.imported_at) if note.imported_at else unknown,
        by=note.by or unknown,
        what=_what(note),
        file=f"{note.source_name} ({note.source_sha256[:8]})" if note.source_sha256 else note.source_name,
        repairs=len(note.repairs),
    )


def _what(note: VersionNote) -> str:
    if note.rows is None:
        return say("history.what.broken")
    if note.origin == "rollback":
        return say("history.what.rollback", number=note.from_version)
    if note.origin == "edit":
        acts = [edit.get("act") for edit in note.edits]
        counted = ((act, acts.count(act)) for act in ("create", "update", "delete"))
        done = "・".join(say(f"history.edited.{act}", n=n) for act, n in counted if n)
        return say("history.what.edit", number=note.from_version, done=done)
    return say("history.what.import", reader=reader_title(note.reader))


def _difference(one: Difference, found: Comparison) -> DifferenceLine:
    frame, at = (found.old.frame, one.old_at) if one.new_at is None else (found.new.frame, one.new_at)
    row = {name: frame[name].iat[at] for name in frame.columns if name != frame.geometry.name}
    return DifferenceLine(
        feature_id=one.feature_id,
        title=found.new.kind.title_of(row),
        acts=one.acts,
        moved=_metres(one.moved_m) if "moved" in one.acts else "",
        columns=tuple(part for column in one.columns for part in _column(column, found.new.kind)),
    )


def _metres(away_m: float) -> str:
    return f"{away_m:,.1f} m" if away_m < 1000 else f"{away_m / 1000:,.2f} km"


def _column(column: tuple[str, Any, Any], kind: Kind) -> Iterator[tuple[str, str, str]]:
    name, before, after = column
    if name != SOURCE_PROPERTIES:
        yield kind.column(name).title_ja, _said(kind, name, before), _said(kind, name, after)
        return
    old, new = source_properties(before), source_properties(after)
    for title in dict.fromkeys((*old, *new)):
        if old.get(title) != new.get(title):
            yield title, _plain(old.get(title)), _plain(new.get(title))


def _said(kind: Kind, name: str, value: Any) -> str:
    if isinstance(value, bool):
        return say("history.yes") if value else say("history.no")
    return f"{_plain(value)}{kind.column(name).unit}" if value is not None else say("history.empty")


def _plain(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return say("history.empty") if value in (None, "") else str(value)


def _drawn(one: Difference, found: Comparison) -> dict[str, Any]:
    line = _difference(one, found)
    old = None if one.old_at is None else found.old.frame.geometry.iat[one.old_at]
    new = None if one.new_at is None else found.new.frame.geometry.iat[one.new_at]
    lines = [f"{title}：{before} → {after}" for title, before, after in line.columns]
    return {
        "type": "Feature",
        "geometry": _geojson(new if new is not None else old),
        "properties": {
            "id": line.feature_id,
            "title": line.title,
            "acts": line.acts,
            "moved": line.moved,
            "rows": lines,
            "old": _geojson(old) if "moved" in line.acts else None,
        },
    }


def _geojson(shape: Any) -> Any:
    return None if shape is None or shape.is_empty else orjson.loads(shapely.to_geojson(shape))


def _csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    harmless = [[f"'{cell}" if cell.startswith(FORMULA_STARTS) else cell for cell in row] for row in rows]
    csv.writer(text, lineterminator="\r\n").writerows(harmless)
    return text.getvalue().encode(errors="replace")
