"""A form of a report's page as it was sent: what is to be done, on which version, in which words, with which photos."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import BinaryIO
from uuid import uuid4

from starlette.datastructures import FormData, UploadFile

from gisapp.flows.sealed import sealed, unsealed
from gisapp.flows.take_photo import HEAD_BYTES, may_be_photo
from gisapp.town import Town
from gisapp.web.forms import whole_number
from gisapp.words import say
from reports_store import DeclaredPhoto, ReportsError
from reports_store.photo_raws import LIMIT_BYTES
from reports_store.report import canonical_uuid

PHOTOS_AT_ONCE = 5
MOST_FILES, MOST_FIELDS = 20, 60  # so many are read, to say in words that they are too many
PIECE = 1 << 20
PURPOSE = "desk-photo"
NOT_WORDS = frozenset({"act", "seen", "uuid", "back", "kept", "photos"})


class Refused(Exception):
    """A form that cannot be taken: why, in a sentence."""

    def __init__(self, sentence: str, status: int = 422) -> None:
        super().__init__(sentence)
        self.sentence, self.status = sentence, status


@dataclass(frozen=True, slots=True)
class Sent:
    """One form. seen is the version that its page showed; photos lie on our disk already."""

    act: str
    seen: int
    uuid: str
    values: Mapping[str, str]
    photos: tuple[DeclaredPhoto, ...] = ()
    back: str = ""

    def __getitem__(self, name: str) -> str:
        return self.values.get(name, "")

    def kept(self, secret: bytes) -> list[str]:
        """The photos as fields that a form may carry until it is sent again."""
        return [sealed(secret, PURPOSE, f"{self.uuid} {one.sha256} {one.bytes}") for one in self.photos]


def sent_of(form: FormData) -> Sent:
    """The form without its photos, whatever they are: words are never lost with a photo that cannot be used."""
    values = {
        name: value.replace("\r\n", "\n")
        for name, value in form.items()
        if isinstance(value, str) and name not in NOT_WORDS
    }
    return Sent(
        act=_text(form, "act"),
        seen=whole_number(_text(form, "seen")) or 0,
        uuid=_uuid(_text(form, "uuid")),
        values=values,
        back=_text(form, "back"),
    )


def brings_photos(form: FormData) -> bool:
    """Whether a form has photos, of now or of before; a field in which nothing was chosen is none."""
    files = (one for one in form.getlist("photos") if isinstance(one, UploadFile))
    return bool(form.getlist("kept")) or any(one.size for one in files)


def with_photos(sent: Sent, form: FormData, here: Town) -> Sent:
    """The form with its photos kept on the disk. Raises Refused and the PhotoErrors."""
    return replace(sent, photos=_photos(form, sent.uuid, here))


def _photos(form: FormData, uuid: str, here: Town) -> tuple[DeclaredPhoto, ...]:
    kept = [one for text in form.getlist("kept") if (one := _kept(text, uuid, here.secret))]
    files = [one for one in form.getlist("photos") if isinstance(one, UploadFile) and one.size]
    if len(files) + len(kept) > PHOTOS_AT_ONCE:
        raise Refused(say("desk_report.problem.too_many_photos", n=PHOTOS_AT_ONCE))
    return tuple({one.sha256: one for one in (*kept, *(_received(file, here) for file in files))}.values())


def _received(file: UploadFile, here: Town) -> DeclaredPhoto:
    head = file.file.read(HEAD_BYTES)
    if not may_be_photo(head):
        raise Refused(say("desk_report.problem.not_photo", name=(file.filename or "")[:60]))
    file.file.seek(0)
    got = here.photos.receive(_pieces(file.file), LIMIT_BYTES)
    return DeclaredPhoto(got.sha256, got.bytes)


def _kept(given: object, uuid: str, secret: bytes) -> DeclaredPhoto | None:
    text = unsealed(secret, PURPOSE, given) if isinstance(given, str) else None
    if text is None:
        return None
    whose, sha256, size = text.split(" ")
    return DeclaredPhoto(sha256, int(size)) if whose == uuid else None


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value if isinstance(value, str) else ""


def _uuid(text: str) -> str:
    """The form's own, by which sending it twice is sending it once; a new one where there is none."""
    try:
        return canonical_uuid("uuid", text)
    except ReportsError:
        return str(uuid4())
