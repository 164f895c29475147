"""Photos as phones send them: upright, in the right colours, without a trace of where and with what they were taken."""

from __future__ import annotations

import hashlib
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image, ImageCms

from reports_store import (
    GeomSource,
    InvalidValue,
    PhotoNotStored,
    PhotoStore,
    StoredPhoto,
    Swept,
    UnknownPhoto,
    distance_m,
    read_exif_place,
)
from tests.photo_makers import GPS, photo_bytes, picture

TRACES = (
    b"Exif",
    b"http://ns.adobe",
    b"GPS",
    b"ICC_PROFILE",
    b"script",
    b"=cmd",
    b"Photoshop",
    b"JFXX",
    b"\xff\xfe",
)


@pytest.fixture
def photos(tmp_path: Path) -> PhotoStore:
    return PhotoStore(tmp_path / "photos")


def shown(photos: PhotoStore, stored: StoredPhoto, size: int = 1600) -> Image.Image:
    return Image.open(BytesIO(photos.path(stored.sha256, size).read_bytes()))


def no_trace(photos: PhotoStore, stored: StoredPhoto) -> bool:
    both = b"".join(photos.path(stored.sha256, size).read_bytes() for size in (1600, 320))
    return not [trace for trace in TRACES if trace in both]


def test_a_photo_is_kept_in_two_sizes_under_its_own_fingerprint(photos: PhotoStore, tmp_path: Path) -> None:
    data = photo_bytes(4032, 3024, gps=GPS)

    stored = photos.put(data)

    large, small = (photos.path(stored.sha256, size) for size in (1600, 320))
    assert large == tmp_path / "photos" / stored.sha256[:2] / f"{stored.sha256}.jpg"
    assert small.name == f"{stored.sha256}.320.jpg"
    assert hashlib.sha256(large.read_bytes()).hexdigest() == stored.sha256
    assert stored.original_sha256 == hashlib.sha256(data).hexdigest()
    assert (stored.width, stored.height, stored.bytes) == (1600, 1200, large.stat().st_size)
    assert shown(photos, stored).size == (1600, 1200)
    assert shown(photos, stored, 320).size == (320, 240)
    assert sorted((tmp_path / "photos").rglob("*.*")) == sorted([large, small])
    with photos.open(stored.sha256, 320) as file:
        assert file.read() == small.read_bytes()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "HEIF", "AVIF"])
def test_every_kind_of_photo_phones_send_is_taken_and_nothing_is_left_in_it(
    photos: PhotoStore, kind: str
) -> None:
    stored = photos.put(photo_bytes(kind=kind, gps=GPS))

    image = shown(photos, stored)
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (640, 480))
    assert not image.getexif() and set(image.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert no_trace(photos, stored)
    assert stored.exif_place is not None
    assert distance_m(139.760028, 35.681250, stored.exif_place.lon, stored.exif_place.lat) < 0.5
    assert stored.exif_place.source is GeomSource.EXIF
    assert stored.taken_at == datetime(2026, 6, 1, 3, 34, 56, tzinfo=UTC)


def test_the_scan_for_traces_would_find_one(photos: PhotoStore) -> None:
    stored = photos.put(photo_bytes())
    photos.path(stored.sha256).write_bytes(photo_bytes(gps=GPS))

    assert not no_trace(photos, stored)


@pytest.mark.parametrize("orientation", [None, *range(10), 99])
def test_a_photo_stands_upright_whichever_way_the_phone_was_held(
    photos: PhotoStore, orientation: int | None
) -> None:
    upright = picture(640, 480)
    turns = {
        2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_270,
    }  # fmt: skip
    as_held = upright.transpose(turns[orientation]) if orientation in turns else upright
    exif = Image.Exif()
    if orientation is not None:
        exif[0x0112] = orientation
    out = BytesIO()
    as_held.save(out, "JPEG", exif=exif.tobytes(), quality=95)

    image = shown(photos, photos.put(out.getvalue()))

    assert image.size == (640, 480)
    corners = [image.getpixel(at) for at in [(100, 100), (540, 100), (100, 380), (540, 380)]]
    assert [brightest(each) for each in corners] == ["red", "green", "blue", "white"]


def brightest(pixel: object) -> str:
    red, green, blue = (value > 128 for value in pixel)  # type: ignore[attr-defined]
    return {(True, False, False): "red", (False, True, False): "green", (False, False, True): "blue"}.get(
        (red, green, blue), "white"
    )


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_grey_and_printers_colours_become_ordinary_ones(photos: PhotoStore, mode: str) -> None:
    image = shown(photos, photos.put(photo_bytes(mode=mode)))

    assert image.mode == "RGB"
    assert min(image.getpixel((540, 380))) > 240  # type: ignore[type-var]


@pytest.mark.parametrize("mode", ["RGBA", "P", "LA", "1", "I;16"])
def test_drawings_and_screenshots_are_taken_with_white_behind_them(photos: PhotoStore, mode: str) -> None:
    if mode == "I;16":
        image = Image.new("I;16", (64, 64), 65535)
    elif mode == "RGBA":
        image = Image.new("RGBA", (64, 64), (0, 0, 0, 0))
    else:
        image = Image.new("RGB", (64, 64), "white").convert(mode)
    out = BytesIO()
    image.save(out, "PNG")

    kept = shown(photos, photos.put(out.getvalue()))

    assert kept.mode == "RGB"
    assert min(kept.getpixel((32, 32))) > 250  # type: ignore[type-var]


def test_colours_with_a_profile_look_as_they_were_meant(photos: PhotoStore) -> None:
    """A profile in which the first channel is green: dropped unread, the picture would stay green."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    swapped = swapped_profile(srgb.tobytes())
    out = BytesIO()
    Image.new("RGB", (64, 64), (30, 200, 30)).save(out, "JPEG", icc_profile=swapped, quality=95)

    stored = photos.put(out.getvalue())

    red, green, _ = shown(photos, stored).getpixel((32, 32))  # type: ignore[misc]
    assert red > 150 > green
    assert no_trace(photos, stored)


def swapped_profile(srgb: bytes) -> bytes:
    """The sRGB profile with its red and green primaries exchanged."""
    return srgb.replace(b"rXYZ", b"tmpX", 1).replace(b"gXYZ", b"rXYZ", 1).replace(b"tmpX", b"gXYZ", 1)


def test_a_broken_profile_is_ignored(photos: PhotoStore) -> None:
    out = BytesIO()
    picture().save(out, "JPEG", icc_profile=b"not a profile" * 20)
    assert shown(photos, photos.put(out.getvalue())).size == (640, 480)


def test_what_is_hung_on_behind_a_photo_is_gone(photos: PhotoStore) -> None:
    stored = photos.put(photo_bytes() + b"<html><script>alert(1)</script>")
    assert no_trace(photos, stored)


def test_an_animation_is_its_first_picture(photos: PhotoStore) -> None:
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("red", *["blue"] * 300)]
    for kind in ("PNG", "WEBP"):
        out = BytesIO()
        frames[0].save(out, kind, save_all=True, append_images=frames[1:])
        assert brightest(shown(photos, photos.put(out.getvalue())).getpixel((32, 32))) == "red"


def test_small_photos_are_not_blown_up(photos: PhotoStore) -> None:
    stored = photos.put(photo_bytes(200, 100))
    assert shown(photos, stored).size == shown(photos, stored, 320).size == (200, 100)


def test_a_panorama_keeps_its_shape(photos: PhotoStore) -> None:
    stored = photos.put(photo_bytes(8000, 40))
    assert (stored.width, stored.height) == (1600, 8)
    assert shown(photos, stored, 320).size == (320, 2)


# --- where it was taken


BAD_GPS: list[dict[int, object]] = [
    {},
    {**GPS, 2: (999.0, 0.0, 0.0)},
    {**GPS, 4: (999.0, 0.0, 0.0)},
    {**GPS, 2: (0.0, 0.0, 0.0), 4: (0.0, 0.0, 0.0)},
    {**GPS, 2: (35.0, 75.0, 0.0)},
    {**GPS, 1: "X"},
    {**GPS, 2: (35.0,)},
    {**GPS, 2: 35.0},
    {1: "N", 2: (35.0, 40.0, 52.0)},
    {2: (35.0, 40.0, 52.0), 4: (139.0, 45.0, 36.0)},
]


@pytest.mark.parametrize("gps", BAD_GPS)
def test_a_nonsense_position_puts_no_pin_and_is_no_error(photos: PhotoStore, gps: dict[int, object]) -> None:
    data = photo_bytes(gps=gps)

    assert read_exif_place(data) is None
    assert photos.put(data).exif_place is None


def test_a_position_of_the_wrong_type_puts_no_pin_and_is_no_error(photos: PhotoStore) -> None:
    rational, words = b"\0\x02\0\x05\0\0\0\x03", b"\0\x02\0\x02\0\0\0\x03"
    data = photo_bytes(gps=GPS)
    assert data.count(rational) == 1  # the latitude's entry: tag 2, three fractions

    broken = data.replace(rational, words)

    assert read_exif_place(data) is not None
    assert read_exif_place(broken) is None
    assert photos.put(broken).exif_place is None


def test_the_pin_is_where_the_photo_was_taken_on_every_quarter_of_the_globe() -> None:
    signs = {("N", "E"): (1, 1), ("S", "E"): (1, -1), ("N", "W"): (-1, 1), ("S", "W"): (-1, -1)}
    for (ns, ew), (east, north) in signs.items():
        place = read_exif_place(photo_bytes(gps={**GPS, 1: ns, 3: ew, 31: 12.5}))
        assert place is not None
        assert place.lon == pytest.approx(east * 139.760028, abs=1e-6)
        assert place.lat == pytest.approx(north * 35.681250, abs=2e-6)
        assert place.accuracy_m == pytest.approx(12.5)
        assert place.taken_at == datetime(2026, 6, 1, 12, 34, 56, tzinfo=timezone(timedelta(hours=9)))


@pytest.mark.parametrize("data", [b"", b"hello", b"\xff\xd8\xff", photo_bytes()[:100], b"\x89PNG\r\n\x1a\n"])
def test_reading_a_position_never_fails(data: bytes) -> None:
    assert read_exif_place(data) is None


def test_real_photos_have_their_pins_in_the_right_place(photos: PhotoStore, shared_data: Path) -> None:
    camera = read_exif_place((shared_data / "photos" / "DSCN0010.jpg").read_bytes())
    phone = photos.put((shared_data / "photos" / "iphone_13_pro_max.HEIC").read_bytes())

    assert camera is not None
    assert distance_m(11.885, 43.467, camera.lon, camera.lat) < 100
    assert phone.width > 0 and no_trace(photos, phone)


def test_every_real_photo_is_kept_or_refused_by_name_and_none_leaks(
    photos: PhotoStore, shared_data: Path
) -> None:
    files = sorted((shared_data / "photos").iterdir())
    kept = [photos.put(file.read_bytes()) for file in files]

    assert len(kept) == len(files) > 10
    assert [stored for stored in kept if not no_trace(photos, stored)] == []
    upright = {file.name: stored for file, stored in zip(files, kept, strict=True)}
    assert upright["portrait_6.jpg"].width < upright["portrait_6.jpg"].height
    assert upright["landscape_8.jpg"].width > upright["landscape_8.jpg"].height


# --- on the disk


def test_the_same_photo_twice_is_one_file(photos: PhotoStore, tmp_path: Path) -> None:
    data = photo_bytes()
    start = threading.Barrier(8)

    def put(_: int) -> StoredPhoto:
        start.wait()
        return photos.put(data)

    with ThreadPoolExecutor(8) as people:
        stored = set(people.map(put, range(8)))

    assert len(stored) == 1
    assert len(list((tmp_path / "photos").rglob("*.jpg"))) == 2
    assert list((tmp_path / "photos").rglob("*.part")) == []


def test_a_full_or_read_only_disk_is_told_and_leaves_no_half_photo(tmp_path: Path) -> None:
    (tmp_path / "photos").write_text("a file where the folder should be")

    with pytest.raises(PhotoNotStored):
        PhotoStore(tmp_path / "photos").put(photo_bytes())


@pytest.mark.parametrize("name", ["../../etc/passwd", "", "0" * 63, "G" * 64, "0" * 64 + "/", "０" * 64])
def test_a_photo_is_asked_for_by_its_fingerprint_only(photos: PhotoStore, name: str) -> None:
    with pytest.raises(UnknownPhoto):
        photos.path(name)
    with pytest.raises(UnknownPhoto):
        photos.open(name)
    with pytest.raises(UnknownPhoto):
        photos.open("0" * 64, 320)
    with pytest.raises(UnknownPhoto):
        photos.path(photos.put(photo_bytes()).sha256, 640)


def aged(path: Path, hours: float) -> None:
    when = (datetime.now(UTC) - timedelta(hours=hours)).timestamp()
    os.utime(path, (when, when))


def test_the_sweep_takes_old_orphans_and_nothing_else(photos: PhotoStore, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    kept, orphan, young = (photos.put(photo_bytes(100 + n, 100)) for n in range(3))
    part = folder / kept.sha256[:2] / "half.jpg.1a2b3c4d.part"
    part.write_bytes(b"half")
    stranger = folder / kept.sha256[:2] / "readme.txt"
    stranger.write_text("not ours")
    for path in [*folder.rglob("*.*")]:
        aged(path, 30)
    for size in (1600, 320):
        aged(photos.path(young.sha256, size), 0)

    swept = photos.sweep({kept.sha256}, datetime.now(UTC) - timedelta(hours=24))

    assert swept == Swept(orphans=2, unfinished=1)
    assert photos.path(kept.sha256).is_file() and photos.path(kept.sha256, 320).is_file()
    assert photos.path(young.sha256).is_file() and stranger.is_file()
    with pytest.raises(UnknownPhoto):
        photos.path(orphan.sha256)


def test_an_old_orphan_sent_again_is_not_swept_away_under_the_new_report(photos: PhotoStore) -> None:
    data = photo_bytes()
    stored = photos.put(data)
    for size in (1600, 320):
        aged(photos.path(stored.sha256, size), 30)

    photos.put(data)  # its report is not filed yet
    photos.sweep(set(), datetime.now(UTC) - timedelta(hours=24))

    assert photos.path(stored.sha256).is_file() and photos.path(stored.sha256, 320).is_file()


# --- hiding what must not be seen


def test_what_is_blacked_out_is_black_and_cannot_be_brought_back(photos: PhotoStore) -> None:
    stored = photos.put(photo_bytes(800, 600, gps=GPS))

    hidden = photos.redact(stored.sha256, [(100, 100, 300, 200)])

    assert hidden.sha256 != stored.sha256
    assert (hidden.exif_place, hidden.taken_at) == (None, None)
    for size, (left, top, right, bottom) in [(1600, (80, 90, 320, 210)), (320, (36, 40, 124, 80))]:
        inside = shown(photos, hidden, size).crop((left + 8, top + 8, right - 8, bottom - 8))
        assert max(high for _, high in inside.getextrema()) <= 12  # type: ignore[union-attr]
    assert max(shown(photos, hidden).getpixel((600, 450))) > 200  # type: ignore[type-var]
    with pytest.raises(InvalidValue):
        photos.redact(stored.sha256, [(300, 100, 100, 200)])
