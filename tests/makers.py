"""Small makers of what people send: photos from phones, reports, hostile texts and files."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import UTC, datetime
from uuid import uuid4

from PIL import Image

from reports_store import Channel, Contact, GeomSource, NewReport, Place, StoredPhoto

# Texts that run somewhere if a page or a template is careless with them.
PLANTED = (
    "{{ 7*191 }}",
    "{{cycler.__init__}}",
    "${7*191}",
    '<img src=x onerror="window.__hit=1">',
    "</script><script>window.__hit=2</script>",
    "`backtick`",
)


def phone_photo(
    lon: float | None = None, lat: float | None = None, size: tuple[int, int] = (1200, 900), shade: int = 120
) -> bytes:
    """A JPEG as a phone takes it, lying on its side, with its position and maker in EXIF."""
    picture = Image.effect_noise(size, 60).convert("RGB")
    picture.paste((shade % 256, 90, 60), (size[0] // 4, size[1] // 4, size[0] // 2, size[1] // 2))
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Maker", "Phone 1", 6
    if lon is not None and lat is not None:
        exif.get_ifd(0x8825).update({1: "N", 2: _dms(lat), 3: "E", 4: _dms(lon)})
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85, exif=exif)
    return out.getvalue()


def _dms(degrees: float) -> tuple[float, float, float]:
    whole = int(degrees)
    minutes = int((degrees - whole) * 60)
    return float(whole), float(minutes), round((degrees - whole - minutes / 60) * 3600, 4)


def bomb_png(side_px: int) -> bytes:
    """A tiny PNG that unpacks to side x side pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    packer = zlib.compressobj(9)
    row = bytes((side_px + 7) // 8 + 1)
    body = b"".join(packer.compress(row) for _ in range(side_px)) + packer.flush()
    head = struct.pack(">IIBBBBB", side_px, side_px, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def pothole(
    lon: float,
    lat: float,
    *,
    body: str = "穴があいています。",
    category: str = "road_damage",
    contact: Contact | None = None,
    photos: tuple[StoredPhoto, ...] = (),
    answers: dict[str, str] | None = None,
) -> NewReport:
    """A report of a hole in the road, as a resident's phone would send it."""
    uuid = str(uuid4())
    return NewReport(
        uuid=uuid,
        category=category,
        place=Place(lon, lat, GeomSource.MAP_TAP),
        body=body,
        answers=answers or {},
        photos=photos,
        contact=contact,
        channel=Channel.WEB,
        lang="ja",
        received_at=datetime.now(UTC),
        device_time=None,
        tracking_hash=(uuid.replace("-", "") * 2).encode()[:32],
        area=None,
        road=None,
    )
