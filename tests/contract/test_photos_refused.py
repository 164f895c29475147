"""What is no photo, or too much of one, is refused by name before it can take the server's memory."""

from __future__ import annotations

import struct
import subprocess
import sys
from pathlib import Path

import pytest

from reports_store import (
    PHOTO_ERRORS,
    EmptyPhoto,
    NotAnImage,
    PhotoStore,
    TooManyBytes,
    TooManyPixels,
    TruncatedPhoto,
)
from tests.conftest import ROOT
from tests.photo_makers import GPS, jpeg_claiming, photo_bytes, png_chunk_bomb, png_of

TIFF = b"II*\0" + struct.pack("<IH", 8, 0) + b"\0" * 64
NO_PHOTOS = {
    "html": b"<!DOCTYPE html><script>alert(1)</script>",
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
    "eps": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "tiff": TIFF,
    "gif": b"GIF89a\x01\0\x01\0\0\0\0;",
    "bmp": b"BM" + b"\0" * 60,
    "zip": b"PK\x03\x04" + b"\0" * 60,
    "text": "道路に穴".encode(),
    "zeros": b"\0" * 1000,
}


@pytest.fixture
def photos(tmp_path: Path) -> PhotoStore:
    return PhotoStore(tmp_path / "photos")


@pytest.fixture(autouse=True)
def nothing_is_left_behind(tmp_path: Path):  # type: ignore[no-untyped-def]
    yield
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("name", NO_PHOTOS)
def test_what_is_no_photo_is_refused_whatever_it_is_called(photos: PhotoStore, name: str) -> None:
    with pytest.raises(NotAnImage) as refused:
        photos.put(NO_PHOTOS[name])
    assert "JPEG" in refused.value.accepted


def test_an_empty_file_is_told_from_a_wrong_one(photos: PhotoStore) -> None:
    with pytest.raises(EmptyPhoto):
        photos.put(b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF"])
@pytest.mark.parametrize("share", [0.05, 0.5, 0.9])
def test_a_photo_cut_off_on_the_way_is_told_as_such(photos: PhotoStore, kind: str, share: float) -> None:
    whole = photo_bytes(1200, 900, kind=kind, gps=GPS)

    with pytest.raises(TruncatedPhoto) as refused:
        photos.put(whole[: int(len(whole) * share)])

    assert refused.value.bytes == int(len(whole) * share)


def test_a_file_too_large_is_refused_unread(photos: PhotoStore) -> None:
    with pytest.raises(TooManyBytes) as refused:
        photos.put(photo_bytes() + b"\0" * 26_214_400)
    assert refused.value.limit_mb == 25


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("claimed", [(65535, 65535), (10000, 10000), (65535, 1000)])
def test_a_photo_that_claims_too_many_pixels_is_refused(photos: PhotoStore, claimed: tuple[int, int]) -> None:
    with pytest.raises(TooManyPixels) as refused:
        photos.put(jpeg_claiming(*claimed))
    assert refused.value.limit_mpx == 60
    assert (refused.value.width_px, refused.value.height_px) in (claimed, (0, 0))


@pytest.mark.parametrize("chunk", [b"zTXt", b"iCCP"])
def test_a_bomb_in_a_photos_margin_does_not_go_off(tmp_path: Path, chunk: bytes) -> None:
    grown_mb, outcome = put_in_a_child(tmp_path, png_chunk_bomb(chunk))

    assert grown_mb < 100
    assert outcome in {"kept", *(error.code for error in PHOTO_ERRORS)}


@pytest.mark.parametrize("side_px", [50_000, 13_000, 8_000])
def test_a_small_file_of_very_many_pixels_takes_no_memory(tmp_path: Path, side_px: int) -> None:
    data = png_of(side_px, side_px)

    grown_mb, outcome = put_in_a_child(tmp_path, data)

    assert len(data) < 3_000_000
    assert (outcome, grown_mb < 100) == ("too_many_pixels", True)


def test_the_measure_of_memory_can_tell(tmp_path: Path) -> None:
    """7,500 x 7,500 is within the limit and is decoded: the same measure shows it."""
    grown_mb, outcome = put_in_a_child(tmp_path, png_of(7_500, 7_500))

    assert outcome == "kept"
    assert grown_mb > 40


def put_in_a_child(tmp_path: Path, data: bytes) -> tuple[float, str]:
    """Megabytes by which a fresh process grew, and what became of the photo."""
    file, photos = tmp_path / "photo", tmp_path / "photos"
    file.write_bytes(data)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHILD, str(file), str(photos)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for path in [file, *photos.rglob("*.*")]:
        path.unlink()
    grown_kb, outcome = done.stdout.split()
    return int(grown_kb) / 1024, outcome


CHILD = """
import sys
from pathlib import Path
from reports_store import PhotoError, PhotoStore
# not ru_maxrss: a fresh process inherits its parent's there
def peak(): return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
data = Path(sys.argv[1]).read_bytes()
before = peak()
try:
    PhotoStore(Path(sys.argv[2])).put(data); outcome = "kept"
except PhotoError as error:
    outcome = error.code
print(peak() - before, outcome)
"""
