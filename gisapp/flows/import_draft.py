"""An import in two steps: a file is sent and examined, a person looks at what was found, and says yes or no."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast

from gisapp.flows.examine import Examined, counts, examine
from gisapp.flows.import_layer import How, Imported, keep
from gisapp.flows.whereabouts import whereabouts
from gisapp.person import Person, Role, may_edit
from gisapp.words import say
from layers.canonical import canonical
from layers.catalogue import Catalogue, Entry
from layers.compare import compare
from layers.drafts import Draft, Drafts, Findings
from layers.errors import (
    CatalogueError,
    Fault,
    Grade,
    ImportRefused,
    LayersError,
    SourceUnavailable,
    UnreadableFile,
    VersionMoved,
)
from layers.kinds import KINDS, kind_of
from layers.validate import TownArea
from layers.versions import LayerShelf

TITLE_LETTERS = 60  # what a legend's line has room for


class NotYourLayer(LayersError):
    """The layer belongs to another department, or the person may not import at all."""

    code = "not_your_layer"

    def __init__(self, title: str, department: str) -> None:
        super().__init__(title, department)
        self.title, self.department = title, department


@dataclass(frozen=True, slots=True)
class When:
    """The moment of an import (aware), and the date its content stands for if a person states one."""

    at: datetime
    as_of: date | None = None


class FaultsChanged(LayersError):
    """A second look at a file found something else than what the person said yes to."""

    code = "faults_changed"


@dataclass(frozen=True, slots=True)
class NewLayer:
    """What a person says of a layer that is to be made. visibility is public, internal or departments."""

    id: str
    title: str
    visibility: str


def importable(person: Person, entry: Entry) -> Entry:
    """The entry, if the person may import into it. Raises NotYourLayer."""
    if not may_edit(person, entry):
        raise NotYourLayer(entry.title, entry.department)
    return entry


def new_entry(asked: NewLayer, kind: str, person: Person, catalogue: Catalogue) -> Entry:
    """An entry for a layer that a department makes for itself.

    Raises NotYourLayer for a person who may edit nothing; CatalogueError for an id that is taken, or that
    cannot be one, and for an empty title.
    """
    if not may_import(person) or not person.department:
        raise NotYourLayer(asked.title, person.department)
    title = asked.title.strip()
    if asked.id in catalogue or not title:
        code, found = ("entry_exists", asked.id) if asked.id in catalogue else ("entry_field_missing", "")
        raise CatalogueError([Fault(code, Grade.REFUSE, None, f"[{asked.id}]", found, "title")])
    if len(title) > TITLE_LETTERS or not title.isprintable():
        wrong = Fault(
            "entry_style_value", Grade.REFUSE, None, f"[{asked.id}] title", repr(title[:TITLE_LETTERS]), f"1-{TITLE_LETTERS}"
        )  # fmt: skip
        raise CatalogueError([wrong])
    known = kind_of(kind or next(iter(KINDS)))  # until the file has told its kind, any will do
    entry = Entry(
        id=asked.id, title=title, kind=known.id, theme=known.theme, department=person.department,
        visibility=cast(Any, asked.visibility), licence=say("imports.own_licence"), attribution=person.department,
    )  # fmt: skip
    catalogue.with_entry(entry)
    return entry


def may_import(person: Person) -> bool:
    """Whether a person may import anything at all."""
    return bool({Role.EDITOR, Role.ADMIN} & person.roles)


def opened(token: str, person: Person, drafts: Drafts, catalogue: Catalogue) -> Draft:
    """A draft, for a person who may import into its layer. Raises UnknownDraft, NotYourLayer."""
    draft = drafts.get(token)
    if not draft.new:
        draft = replace(draft, entry=catalogue.entry(draft.entry.id))
    importable(person, draft.entry)
    return draft


def look(draft: Draft, drafts: Drafts, layers: LayerShelf, area: TownArea) -> Draft:
    """The draft with what was found in its file, examined now if nobody has done so yet.

    A file that cannot be read is a finding too: its faults say why.
    """
    with drafts.looking(draft):
        fresh = drafts.get(draft.token)
        return fresh if fresh.found else _looked_at(fresh, drafts, layers, area)


def ask_anew(draft: Draft, drafts: Drafts, *, kind: str, crs: int | None, sublayer: str) -> Draft:
    """The draft with other answers to what its file leaves open; it will be looked at again. Only a new layer's
    kind can be chosen.
    """
    with drafts.looking(draft):
        return drafts.asked_anew(draft, crs=crs, sublayer=sublayer, kind=kind if draft.new else "")


def accept(
    draft: Draft, drafts: Drafts, layers: LayerShelf, own: Path, area: TownArea, person: Person, how: When
) -> Imported:
    """Import what a person has seen and said yes to, with all its repairs, and let the draft go.

    The file is read again: if that finds anything else than was shown, nothing is imported and the draft
    shows what is found now (FaultsChanged). Raises NotYourLayer, ImportRefused, VersionMoved, CatalogueError
    if the id of a new layer has been taken meanwhile.
    """
    importable(person, draft.entry)
    with drafts.looking(draft):
        if draft.new and draft.entry.id in layers.catalogue:
            taken = Fault("entry_exists", Grade.REFUSE, None, f"[{draft.entry.id}]", draft.entry.id, "")
            raise CatalogueError([taken])
        if draft.found is None or not draft.found.usable:
            raise ImportRefused(draft.faults())
        examined = _examined(draft, area, layers)
        if not drafts.still(draft, examined.faults):
            _looked_at(draft, drafts, layers, area)
            raise FaultsChanged
        by = f"{person.name}（{person.login}）"
        consent = How(by, how.at, how.as_of, accept_repairs=True, based_on=draft.found.against)
        try:
            done = keep(examined, _entry(draft, examined), layers, own, consent)
        except VersionMoved:
            _looked_at(draft, drafts, layers, area)  # compared with the version that is current now
            raise
    drafts.remove(draft)
    return done


def _looked_at(draft: Draft, drafts: Drafts, layers: LayerShelf, area: TownArea) -> Draft:
    try:
        examined = _examined(draft, area, layers)
    except UnreadableFile as error:
        kind = draft.kind or ("" if draft.new else draft.entry.kind)
        return drafts.looked_at(draft, Findings(kind, "", "", 0, None, counts(error.faults), 0), error.faults)
    against, difference = _difference(draft, examined, layers)
    found = Findings(
        examined.kind.id, examined.read.reader, examined.read.why, len(examined.frame), examined.as_of,
        counts(examined.faults), len(examined.changes), against, difference, examined.read.seen,
    )  # fmt: skip
    draft = replace(draft, entry=_entry(draft, examined))
    return drafts.looked_at(draft, found, examined.faults, examined.changes)


def _examined(draft: Draft, area: TownArea, layers: LayerShelf) -> Examined:
    kind = draft.kind if draft.new else draft.entry.kind
    return examine(
        draft.source, kind_of(kind) if kind else None, area, crs=draft.crs, sublayer=draft.sublayer,
        where=whereabouts(layers, area.code),
    )  # fmt: skip


def _entry(draft: Draft, examined: Examined) -> Entry:
    """A new layer is of the kind that its file turned out to be."""
    return (
        replace(draft.entry, kind=examined.kind.id, theme=examined.kind.theme) if draft.new else draft.entry
    )


def _difference(
    draft: Draft, examined: Examined, layers: LayerShelf
) -> tuple[int | None, Mapping[str, int] | None]:
    """How the file differs from the current version, in numbers; None where there is no version to compare."""
    if draft.new:
        return None, None
    try:
        now = layers.current(draft.entry.id)
    except SourceUnavailable:
        return None, None
    frame = canonical(examined.frame, examined.kind)
    then = replace(now, frame=frame, rows=len(frame), number=now.number + 1)
    return now.number, compare(now, then).counts
