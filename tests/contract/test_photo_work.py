"""A photo is taken first and worked on later, apart: its report stands whatever the photo does to its decoder."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import psutil
import pytest
from PIL import Image

from gisapp.flows.decoder import COMMAND, Decoder, DecoderEnded, NotTaken
from gisapp.flows.work_photos import FAULTS, LOST, UNREADABLE, work_photos
from gisapp.words import sentences
from reports_store import PhotoState, PhotoStore, Report, ReportStore
from reports_store.errors import EmptyPhoto, PhotoNotStored, TooManyBytes, UnknownPhoto
from reports_store.photo_work import derived
from reports_store.picture import only_pixels
from reports_store.report import DeclaredPhoto
from tests.photo_makers import GPS, jpeg_claiming, phone_photo, photo_bytes, png_chunk_bomb, png_of
from tests.report_makers import pothole

TRACES = (b"Exif", b"http://ns.adobe", b"ICC_PROFILE", b"ftyp", b"<script", b"=cmd", b"<html")
PATIENCE_S = 120


def wait_until(true: Callable[[], bool], seconds: float = PATIENCE_S) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it has not happened"
        time.sleep(0.02)


class Hall:
    """A town hall's stores, and as many people at work on photos as are called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reports = ReportStore.open(folder / "town.sqlite")
        self.photos = PhotoStore(folder / "photos")

    def send(self, *photos: bytes, key: str | None = None) -> Report:
        """File a report and its photos, as the front door does: bytes, row, answer."""
        received = [self.photos.receive([data]) for data in photos]
        declared = tuple(DeclaredPhoto(one.sha256, one.bytes) for one in received)
        report = self.reports.add(replace(pothole(key=key), declared=declared)).report
        for one in received:
            self.reports.photo_arrived(report.id, one.sha256, datetime.now(UTC))
        return report

    @contextmanager
    def working(self, decoder: Decoder | None = None) -> Iterator[Decoder]:
        decoder, stopping = decoder or Decoder(), threading.Event()
        arguments = (self.reports, self.photos, decoder, lambda: datetime.now(UTC), stopping)
        worker = threading.Thread(target=work_photos, args=arguments)
        worker.start()
        try:
            yield decoder
        finally:
            stopping.set()
            decoder.close()
            worker.join()

    def clear(self, decoder: Decoder | None = None) -> None:
        with self.working(decoder):
            wait_until(lambda: self.reports.photo_backlog() == 0)

    def faults(self, report: Report) -> list[str]:
        return [one.fault for one in self.reports.by_id(report.id).coming]

    def files(self, below: str = "") -> list[Path]:
        return sorted(path for path in (self.folder / "photos" / below).rglob("*") if path.is_file())

    def pictures(self) -> list[Path]:
        return [path for path in self.files() if path.suffix == ".jpg"]


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    hall = Hall(tmp_path)
    yield hall
    hall.reports.close()


def hostile(name: str, timeout_s: float = PATIENCE_S) -> Decoder:
    return Decoder((*COMMAND, f"tests.hostile_decoders:{name}"), timeout_s)


# --- received: durable, whole, and bounded, whatever the bytes are


def test_whatever_is_sent_is_kept_under_the_fingerprint_of_its_bytes(hall: Hall) -> None:
    received = hall.photos.receive([b"no photo ", b"", b"at all"])

    assert received.sha256 == hashlib.sha256(b"no photo at all").hexdigest()
    assert received.bytes == 15
    assert hall.photos.raw(received.sha256).read_bytes() == b"no photo at all"
    assert hall.photos.has_raw(received.sha256)
    assert len(hall.files("incoming")) == 1


def test_a_photo_that_breaks_off_or_is_too_long_leaves_nothing(hall: Hall) -> None:
    def breaking_off() -> Iterator[bytes]:
        yield b"the first half"
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        hall.photos.receive(breaking_off())
    with pytest.raises(TooManyBytes):
        hall.photos.receive([b"x" * 1000] * 3, 2999)
    with pytest.raises(EmptyPhoto):
        hall.photos.receive([b""])

    assert hall.files("incoming") == []


def test_a_photo_is_never_held_in_memory_whole(hall: Hall) -> None:
    piece = os.urandom(65536)
    before = psutil.Process().memory_info().rss
    grown = 0

    def pieces() -> Iterator[bytes]:
        nonlocal grown
        for _ in range(3200):  # 200 MB
            yield piece
            grown = max(grown, psutil.Process().memory_info().rss - before)

    assert hall.photos.receive(pieces(), 1 << 30).bytes == 3200 * 65536
    assert grown < 20_000_000


def test_many_people_may_send_the_same_photo_at_once(hall: Hall) -> None:
    data = phone_photo()
    with ThreadPoolExecutor(8) as people:
        received = set(people.map(lambda _: hall.photos.receive([data]), range(32)))

    assert len(received) == 1
    assert len(hall.files("incoming")) == 1


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "0" * 63, "G" * 64, "0" * 64 + "/", "CON", "\0"])
def test_a_raw_photo_is_asked_for_by_its_fingerprint_only(hall: Hall, name: str) -> None:
    assert not hall.photos.has_raw(name)
    for ask in (hall.photos.raw, hall.photos.finish):
        with pytest.raises(UnknownPhoto):
            ask(name)
    with pytest.raises(UnknownPhoto):
        hall.photos.quarantine(name, datetime.now(UTC))


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "photos").write_text("a file where the folder should be")

    with pytest.raises(PhotoNotStored):
        PhotoStore(tmp_path / "photos").receive([b"a photo"])


def test_the_sweep_takes_what_nobody_waits_for_and_nothing_else(hall: Hall) -> None:
    now = datetime.now(UTC)
    awaited, orphan, young, refused, long_refused, again = (
        hall.photos.receive([bytes([n])]).sha256 for n in range(6)
    )
    hall.photos.quarantine(refused, now - timedelta(days=29))
    hall.photos.quarantine(long_refused, now - timedelta(days=31))
    part = hall.folder / "photos" / "incoming" / "photo.1a2b3c4d.part"
    part.write_bytes(b"half")
    for path in hall.files("incoming"):
        os.utime(path, times=((now - timedelta(days=2)).timestamp(),) * 2)
    hall.photos.receive([bytes([2])])  # sent once more
    assert hall.photos.has_raw(again)  # told that it need not be sent once more

    swept = hall.photos.sweep_raws({awaited}, now - timedelta(days=1), now - timedelta(days=30))

    assert (swept.orphans, swept.unfinished, swept.refused) == (1, 1, 1)
    assert {path.name for path in hall.files("incoming")} == {awaited, young, again}
    assert {path.name for path in hall.files("quarantine")} == {refused}
    assert orphan not in {path.name for path in hall.files()}


# --- worked on: upright, plain, and nothing but pixels


def test_a_report_is_answered_first_and_its_photo_is_ready_later(hall: Hall) -> None:
    data = phone_photo(136.47, 35.36)

    report = hall.send(data)

    assert report.photos == ()
    assert hall.reports.photo_backlog() == 1
    assert hall.pictures() == []
    hall.clear()
    (photo,) = hall.reports.by_id(report.id).photos
    assert photo.original_sha256 == hashlib.sha256(data).hexdigest()
    assert (photo.width, photo.height) == (900, 1200)  # it stands upright
    assert photo.exif_place is not None
    assert (photo.exif_place.lon, photo.exif_place.lat) == pytest.approx((136.47, 35.36), abs=1e-5)
    assert photo.taken_at is not None
    assert hall.reports.by_id(report.id).coming == ()
    assert hall.files("incoming") == hall.files("quarantine") == []


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF"])
def test_no_picture_tells_more_than_it_shows(hall: Hall, kind: str) -> None:
    report = hall.send(photo_bytes(2400, 1800, kind=kind, gps=GPS) + b"<html><script>alert(1)</script>")

    hall.clear()

    (photo,) = hall.reports.by_id(report.id).photos
    assert photo.exif_place is not None
    for size in (1600, 320):
        data = hall.photos.path(photo.sha256, size).read_bytes()
        assert [trace for trace in TRACES if trace in data] == []
        assert only_pixels(data)
        with Image.open(BytesIO(data)) as image:
            assert (image.format, image.mode, max(image.size)) == ("JPEG", "RGB", size)


def test_a_picture_that_is_more_than_pixels_is_known() -> None:
    plain = derived(photo_bytes()).small
    commented = BytesIO()
    Image.open(BytesIO(plain)).save(commented, "JPEG", comment=b"hello")
    in_colours = BytesIO()
    Image.open(BytesIO(plain)).save(in_colours, "JPEG", icc_profile=b"x" * 200)

    assert only_pixels(plain)
    for data in (
        b"", b"\xff\xd8", plain[:-1], plain[: len(plain) // 2], plain + b"\0", plain + plain, photo_bytes(),
        commented.getvalue(), in_colours.getvalue(), png_of(8, 8),
    ):  # fmt: skip
        assert not only_pixels(data)


def test_every_real_photo_is_made_ready_and_none_leaks(hall: Hall, shared_data: Path) -> None:
    files = sorted((shared_data / "photos").iterdir())
    reports = [hall.send(file.read_bytes(), key=file.name) for file in files]

    hall.clear()

    assert len(files) > 10
    assert [hall.faults(report) for report in reports] == [[]] * len(files)
    assert [path for path in hall.pictures() if not only_pixels(path.read_bytes())] == []
    assert len(hall.pictures()) == 2 * len(files)
    shapes = {file.name: hall.reports.by_id(r.id).photos[0] for file, r in zip(files, reports, strict=True)}
    assert shapes["portrait_6.jpg"].width < shapes["portrait_6.jpg"].height
    assert shapes["landscape_8.jpg"].width > shapes["landscape_8.jpg"].height


def test_the_same_photo_with_two_reports_is_worked_on_for_both(hall: Hall) -> None:
    data = phone_photo()
    first, second = hall.send(data, key="one"), hall.send(data, key="two")
    hall.clear()
    late = hall.send(data, key="three")
    hall.clear()

    for report in (first, second, late):
        assert len(hall.reports.by_id(report.id).photos) == 1
    assert len(hall.pictures()) == 2


# --- refused: in words, by its own fault, with its report standing


REFUSED = {
    "html": (b"<!DOCTYPE html><script>alert(1)</script>", "not_an_image"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "not_an_image"),
    "pdf": (b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n", "not_an_image"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not_an_image"),
    "tiff": (b"II*\0" + b"\0" * 64, "not_an_image"),
    "gif": (b"GIF89a\x01\0\x01\0\0\0\0;", "not_an_image"),
    "zeros": (b"\0" * 1000, "not_an_image"),
    "cut off": (photo_bytes(1200, 900)[:20_000], "truncated_photo"),
    "cut off HEIC": ((heic := photo_bytes(1200, 900, kind="HEIF"))[: len(heic) // 2], "truncated_photo"),
    "50,000 px": (png_of(50_000, 50_000), "photo_too_large"),
    "13,000 px": (png_of(13_000, 13_000), "photo_too_large"),
    "65,535 px claimed": (jpeg_claiming(65535, 65535), "photo_too_large"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_photo_is_refused_and_its_report_stands(hall: Hall, name: str) -> None:
    data, fault = REFUSED[name]
    report = hall.send(data, phone_photo())

    with hall.working() as decoder:
        wait_until(lambda: hall.reports.photo_backlog() == 0)

    kept = hall.reports.by_id(report.id)
    (coming,) = kept.coming
    assert (coming.state, coming.fault) == (PhotoState.REFUSED, fault)
    assert f"errors.{fault}" in sentences("ja")
    assert (kept.body, len(kept.photos)) == (report.body, 1)
    assert [path.name for path in hall.files("quarantine")] == [hashlib.sha256(data).hexdigest()]
    assert hall.files("incoming") == []
    assert decoder.peak_kb < 150_000


@pytest.mark.parametrize("chunk", [b"zTXt", b"iCCP"])
def test_a_bomb_in_a_photos_margin_does_not_go_off(hall: Hall, chunk: bytes) -> None:
    hall.send(png_chunk_bomb(chunk))

    with hall.working() as decoder:
        wait_until(lambda: hall.reports.photo_backlog() == 0)

    assert 0 < decoder.peak_kb < 200_000


def test_an_animation_of_three_thousand_pictures_is_its_first(hall: Hall) -> None:
    frames = [Image.new("RGB", (32, 32), (n % 256, n // 256, 0)) for n in range(3000)]
    out = BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], duration=10)
    report = hall.send(out.getvalue())

    with hall.working() as decoder:
        wait_until(lambda: hall.reports.photo_backlog() == 0)

    assert len(hall.reports.by_id(report.id).photos) == 1
    assert decoder.peak_kb < 150_000


def test_every_fault_of_a_photo_has_its_sentence() -> None:
    for fault in {*FAULTS.values(), UNREADABLE, LOST}:
        assert "{" not in sentences("ja")[f"errors.{fault}"]  # only the code is kept


# --- decoders that crash, hang, swallow, lie or are killed


def last_line(decoder: Decoder, hall: Hall, data: bytes) -> str:
    received = hall.photos.receive([data])
    decoder.begin(hall.photos.raw(received.sha256))
    try:
        return repr(decoder.answer())
    except DecoderEnded as error:
        return str(error)
    finally:
        decoder.close()


ENDS = {
    "aborts": "ended with -6",
    "hangs": "no answer in time",
    "swallows_memory": "MemoryError",
    "talks_without_end": "ended with",
    "hands_out_the_photo_itself": "more than pixels",
    "hangs_a_page_on_the_picture": "more than pixels",
}


@pytest.mark.parametrize("name", ENDS)
def test_a_decoder_gone_wild_is_ended_and_named(hall: Hall, name: str) -> None:
    assert ENDS[name] in last_line(hostile(name, timeout_s=5), hall, phone_photo())


def test_a_decoder_that_shouts_is_not_heard(hall: Hall) -> None:
    assert last_line(hostile("shouts_into_the_answer"), hall, phone_photo()).startswith("Derived")


@pytest.mark.torture
def test_a_decoder_that_reckons_without_end_runs_out_of_time(hall: Hall) -> None:
    assert "ended with -24" in last_line(hostile("spins"), hall, phone_photo())


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux can take a process off the network")
def test_a_decoder_that_was_taken_over_writes_no_file_and_calls_nobody(hall: Hall) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1].to_bytes(2, "big")
        received = hall.photos.receive([photo_bytes() + port])
        decoder = hostile("tries_to_get_out")
        decoder.begin(hall.photos.raw(received.sha256))
        answer = decoder.answer()
        decoder.close()

    assert not isinstance(answer, NotTaken)
    assert (answer.width, answer.height) == (10, 10)


@pytest.mark.parametrize("name", ["aborts", "swallows_memory", "hands_out_the_photo_itself"])
def test_a_photo_that_breaks_its_decoder_three_times_is_refused(hall: Hall, name: str) -> None:
    report = hall.send(data := phone_photo())

    hall.clear(hostile(name))

    assert hall.faults(report) == [UNREADABLE]
    assert hall.pictures() == []
    assert [path.name for path in hall.files("quarantine")] == [hashlib.sha256(data).hexdigest()]
    assert hall.reports.by_id(report.id).body == report.body


def test_one_photo_that_crashes_takes_no_other_with_it(hall: Hall) -> None:
    bad = hall.send(photo_bytes(mode="L"), key="bad")
    good = [hall.send(photo_bytes(300 + n, 200), key=str(n)) for n in range(6)]

    hall.clear(hostile("crashes_on_grey"))

    assert hall.faults(bad) == [UNREADABLE]
    assert [len(hall.reports.by_id(report.id).photos) for report in good] == [1] * 6


def test_an_answer_about_another_photo_is_given_to_none(hall: Hall) -> None:
    report = hall.send(phone_photo())

    hall.clear(hostile("speaks_of_another_photo"))

    assert hall.faults(report) == [LOST]
    assert hall.pictures() == []


def test_a_decoder_that_is_killed_is_replaced_and_the_photo_tried_again(hall: Hall) -> None:
    with hall.working() as decoder:
        first = hall.send(photo_bytes(100, 100), key="first")
        wait_until(lambda: hall.reports.photo_backlog() == 0)
        killed = decoder.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        second = hall.send(photo_bytes(101, 100), key="second")
        wait_until(lambda: hall.reports.photo_backlog() == 0)

        assert decoder.pid not in (None, killed)
    assert [len(hall.reports.by_id(report.id).photos) for report in (first, second)] == [1, 1]


def test_a_machine_on_which_no_decoder_starts_refuses_no_photo(hall: Hall) -> None:
    report = hall.send(phone_photo())
    starts = hall.folder / "starts"
    broken = f"open({str(starts)!r}, 'a').write('x'); raise SystemExit(1)"
    with hall.working(Decoder((sys.executable, "-c", broken))):
        wait_until(lambda: starts.exists() and starts.stat().st_size >= 8)
        assert hall.reports.photo_backlog() == 1

    hall.clear()

    assert len(hall.reports.by_id(report.id).photos) == 1


def test_a_photo_whose_bytes_have_gone_is_told_and_stops_nobody(hall: Hall) -> None:
    lost = hall.send(gone := photo_bytes(100, 100), key="lost")
    hall.photos.raw(hashlib.sha256(gone).hexdigest()).unlink()
    other = hall.send(photo_bytes(101, 100), key="other")

    hall.clear()

    assert hall.faults(lost) == [LOST]
    assert len(hall.reports.by_id(other.id).photos) == 1


def test_a_photo_that_was_being_worked_on_when_the_server_died_is_taken_up_again(hall: Hall) -> None:
    report = hall.send(phone_photo())
    an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
    assert hall.reports.next_photo(an_hour_ago, 90) is not None  # by a server that is no more

    hall.clear()

    assert len(hall.reports.by_id(report.id).photos) == 1


def test_several_at_work_share_the_photos(hall: Hall) -> None:
    reports = [hall.send(photo_bytes(100 + n, 80), key=str(n)) for n in range(12)]

    with hall.working(), hall.working():
        wait_until(lambda: hall.reports.photo_backlog() == 0)

    assert [len(hall.reports.by_id(report.id).photos) for report in reports] == [1] * 12
    assert len(hall.pictures()) == 24
    assert hall.files("incoming") == []


def test_nobody_is_left_at_work_when_the_work_ends(hall: Hall) -> None:
    with hall.working(hostile("hangs")) as decoder:
        hall.send(phone_photo())
        wait_until(lambda: decoder.pid is not None and len(psutil.Process(decoder.pid).children()) == 1)
        at_work = [decoder.pid, *(child.pid for child in psutil.Process(decoder.pid).children())]

    wait_until(lambda: not any(psutil.pid_exists(pid) for pid in at_work), 10)
