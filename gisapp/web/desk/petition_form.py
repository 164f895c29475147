"""The form of a new 要望書 as a browser sent it: its head, its rows, and photos that are on our disk by then."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import BinaryIO
from uuid import uuid4

from starlette.datastructures import FormData, UploadFile

from gisapp.flows.desk.petition_intake import Fault, PetitionDraft, Wish
from gisapp.flows.desk.petition_table import BadTable, wishes_of_file, wishes_of_text
from gisapp.flows.explain import explain, fault_text
from gisapp.flows.sealed import sealed, unsealed
from gisapp.flows.take_photo import HEAD_BYTES, may_be_photo
from gisapp.town import Town
from gisapp.words import say
from layers.errors import UnreadableFile
from reports_store import DeclaredPhoto, InvalidValue, ReportsError
from reports_store.petition import MOST_ITEMS
from reports_store.photo_raws import LIMIT_BYTES
from reports_store.report import canonical_uuid

FIRST_ROWS, MORE_ROWS = 3, 3
PHOTOS_EACH = 5
MOST_FILES, MOST_FIELDS = 200, 3000
TABLE_BYTES = 5_000_000
PURPOSE = "petition-photo"
_PIECE = 1 << 20
_FIELD = re.compile(r"w(\d{1,3})-([a-z_]+)", re.ASCII)
_TEXTS = ("title", "body", "category", "place_text", "lon", "lat", "priority", "report")


@dataclass
class SentPetition:
    """A form: what it is to do, what it says, and what could not be taken of it already."""

    act: str
    draft: PetitionDraft
    faults: list[Fault] = field(default_factory=list)
    pasted: str = ""

    def padded(self, rows: int = 0) -> tuple[Wish, ...]:
        """The rows to show: those that were sent, and empty ones after them."""
        wanted = min(max(len(self.draft.wishes) + rows, FIRST_ROWS), MOST_ITEMS)
        return (*self.draft.wishes, *(Wish() for _ in range(wanted - len(self.draft.wishes))))


def sent_petition(form: FormData, here: Town) -> SentPetition:
    """A form with its photos kept on the disk; what is wrong with a photo is one of its faults."""
    sent = SentPetition(
        _text(form, "act"), PetitionDraft(_uuid(_text(form, "uuid"))), pasted=_text(form, "paste")
    )
    rows: dict[int, dict[str, str]] = defaultdict(dict)
    for name, value in form.items():
        if (found := _FIELD.fullmatch(name)) and isinstance(value, str):
            rows[int(found[1])][found[2]] = value.replace("\r\n", "\n")
    wishes = []
    for number in sorted(set(rows) | _rows_with_files(form)):
        photos, problems = _photos(form, number, sent.draft.uuid, here)
        wish = replace(_wish(form, number, rows[number]), photos=photos)
        if problems or not wish.blank:
            wishes.append(wish)
            sent.faults += [Fault(len(wishes), "photos", one) for one in problems]
    sent.draft = PetitionDraft(
        uuid=sent.draft.uuid, association=_text(form, "association"), other_name=_text(form, "other_name"),
        fiscal_year=_text(form, "fiscal_year"), title=_text(form, "title"), role=_text(form, "role"),
        name=_text(form, "name"), wishes=tuple(wishes),
    )  # fmt: skip
    return sent


def _rows_with_files(form: FormData) -> set[int]:
    return {int(found[1]) for name in form if (found := _FIELD.fullmatch(name)) and found[2] == "photos"}


def _wish(form: FormData, number: int, row: Mapping[str, str]) -> Wish:
    texts = {name: row.get(name, "") for name in _TEXTS}
    consents = tuple(one for one in form.getlist(f"w{number}-consents") if isinstance(one, str))
    return Wish(consents=consents, **texts)  # type: ignore[arg-type]


def _photos(
    form: FormData, number: int, uuid: str, here: Town
) -> tuple[tuple[DeclaredPhoto, ...], list[str]]:
    """The photos of a row that could be taken, and what is wrong with the others."""
    kept = [one for text in form.getlist(f"w{number}-kept") if (one := _kept(text, uuid, here.secret))]
    files = [each for each in form.getlist(f"w{number}-photos") if isinstance(each, UploadFile) and each.size]
    if len(kept) + len(files) > PHOTOS_EACH:
        return tuple(kept[:PHOTOS_EACH]), [say("desk_petitions.fault.too_many_photos", n=PHOTOS_EACH)]
    problems, taken = [], list(kept)
    for file in files:
        if not may_be_photo(file.file.read(HEAD_BYTES)):
            problems.append(say("desk_petitions.fault.not_photo", name=(file.filename or "")[:60]))
            continue
        file.file.seek(0)
        try:
            got = here.photos.receive(_pieces(file.file), LIMIT_BYTES)
        except ReportsError as error:
            problems.append(explain(error))
        else:
            taken.append(DeclaredPhoto(got.sha256, got.bytes))
    return tuple({one.sha256: one for one in taken}.values()), problems


def kept_photos(wish: Wish, uuid: str, secret: bytes) -> list[str]:
    """The photos of a row as fields that the form carries until it is filed."""
    return [sealed(secret, PURPOSE, f"{uuid} {one.sha256} {one.bytes}") for one in wish.photos]


def _kept(given: object, uuid: str, secret: bytes) -> DeclaredPhoto | None:
    text = unsealed(secret, PURPOSE, given) if isinstance(given, str) else None
    if text is None:
        return None
    whose, sha256, size = text.split(" ")
    return DeclaredPhoto(sha256, int(size)) if whose == uuid else None


def with_table(sent: SentPetition, form: FormData, here: Town) -> SentPetition:
    """The form with the wishes of its table after what was typed; a table that cannot be read is a fault."""
    try:
        found = _table(form, here)
    except BadTable as error:
        sent.faults.append(Fault(0, "table", say(f"desk_petitions.fault.{error.key}")))
        return sent
    except UnreadableFile as error:
        faults = "　".join(fault_text(one) for one in error.faults[:3])
        sent.faults.append(Fault(0, "table", say("desk_petitions.fault.unreadable", faults=faults)))
        return sent
    room = MOST_ITEMS - len(sent.draft.wishes)
    sent.draft = replace(sent.draft, wishes=(*sent.draft.wishes, *found[:room]))
    sent.pasted = ""
    return sent


def _table(form: FormData, here: Town) -> tuple[Wish, ...]:
    file = form.get("table")
    if isinstance(file, UploadFile) and file.size:
        if file.size > TABLE_BYTES:
            raise BadTable("too_many_rows")
        return wishes_of_file(file.filename or "", file.file.read(), here.categories)
    pasted = _text(form, "paste")
    if not pasted.strip():
        raise BadTable("no_file")
    return wishes_of_text(pasted, here.categories)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(_PIECE):
        yield piece


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.replace("\r\n", "\n") if isinstance(value, str) else ""


def _uuid(text: str) -> str:
    try:
        return canonical_uuid("uuid", text)
    except InvalidValue:
        return str(uuid4())
