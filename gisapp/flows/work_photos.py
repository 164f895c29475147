"""Photos that have arrived are made ready one after another; what cannot be is refused, and its report stands."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from gisapp.flows.decoder import Decoder, DecoderEnded, NotTaken
from reports_store import PhotoJob, PhotoStore, ReportStore
from reports_store.errors import ReportsError, UnknownPhoto
from reports_store.photo_work import Derived

log = logging.getLogger("gisapp.photos")
LEASE_S = 150  # longer than a decoder may take for this photo and the one before it
TRIES = 3
PAUSE_S = 0.5
UNREADABLE, LOST = "photo_unreadable", "photo_lost"
# What a decoder may say of a photo, and the sentence its reporter reads; anything else is no readable photo.
FAULTS: Mapping[str, str] = {
    "empty_photo": "empty_photo",
    "not_an_image": "not_an_image",
    "truncated_photo": "truncated_photo",
    "too_many_pixels": "photo_too_large",
    "too_many_bytes": "photo_too_large",
}


@dataclass(frozen=True)
class _Done:
    """A photo that was worked on: its pictures, or the code of why there are none. again: it is tried once more."""

    job: PhotoJob
    work: Derived | None
    fault: str = ""
    again: bool = False


def work_photos(
    reports: ReportStore,
    photos: PhotoStore,
    decoder: Decoder,
    now: Callable[[], datetime],
    stopping: threading.Event,
) -> None:
    """Work on photos as they arrive, until stopping is set. Several threads and processes may do the same,
    each with a decoder of its own.

    While the decoder is at one photo, the one before it is put on disk and into its row, and the next is taken up.
    """
    done: _Done | None = None
    job: PhotoJob | None = None
    while not stopping.is_set():
        job = job or _next(reports, now)
        early = None if job is None else _begin(job, photos, decoder)
        if done is not None:
            _settle(done, reports, photos, now, stopping)
        if job is None or early is not None:
            job, done = None, early
            stopping.wait(PAUSE_S)
        else:
            following = _next(reports, now)
            done = _finished(job, decoder, stopping)
            job = following
    if done is not None:
        _settle(done, reports, photos, now, stopping)


def _next(reports: ReportStore, now: Callable[[], datetime]) -> PhotoJob | None:
    try:
        return reports.next_photo(now(), LEASE_S)
    except ReportsError:
        log.exception("no photo could be taken up; trying again")
        return None


def _begin(job: PhotoJob, photos: PhotoStore, decoder: Decoder) -> _Done | None:
    """None once the decoder is at work; else why it is not."""
    try:
        decoder.begin(photos.raw(job.original_sha256))
    except UnknownPhoto:
        log.error("photo %s of report %s is not on disk", job.original_sha256, job.report_id)
        return _Done(job, None, LOST)
    except (DecoderEnded, OSError):
        log.exception("no decoder could be started")  # which says nothing about this photo
        return _Done(job, None, UNREADABLE, again=True)
    return None


def _finished(job: PhotoJob, decoder: Decoder, stopping: threading.Event) -> _Done | None:
    try:
        answer = decoder.answer()
    except DecoderEnded as error:
        if stopping.is_set():
            return None  # it was ended by us; the photo is taken up again when its lease is over
        log.warning("photo %s, attempt %s: %s", job.original_sha256, job.attempts, error)
        return _Done(job, None, UNREADABLE, again=job.attempts < TRIES)
    if isinstance(answer, NotTaken):
        return _Done(job, None, FAULTS.get(answer.fault, UNREADABLE))
    if answer.original_sha256 != job.original_sha256:
        log.error("photo %s: the answer is about %s", job.original_sha256, answer.original_sha256)
        decoder.close()
        return _Done(job, None, LOST, again=job.attempts < TRIES)
    return _Done(job, answer)


def _settle(
    done: _Done,
    reports: ReportStore,
    photos: PhotoStore,
    now: Callable[[], datetime],
    stopping: threading.Event,
) -> None:
    """Keep what became of a photo. A full disk or a busy store is no fault of the photo's: it is tried until it works."""
    while True:
        try:
            return _settle_once(done, reports, photos, now())
        except ReportsError:
            log.exception("what became of photo %s could not be kept; trying again", done.job.original_sha256)
        if stopping.wait(2 * PAUSE_S):
            return


def _settle_once(done: _Done, reports: ReportStore, photos: PhotoStore, at: datetime) -> None:
    job = done.job
    if done.work is not None:
        # The pictures, then the row, then the bytes as sent: whatever is cut off here can be done again.
        reports.photo_ready(job.id, photos.keep(done.work))
        photos.finish(job.original_sha256)
        return
    if not done.again:
        photos.quarantine(job.original_sha256, at)
    reports.photo_failed(job.id, done.fault, at, done.again)
