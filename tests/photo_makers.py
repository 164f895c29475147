"""Photos for tests, drawn and damaged on the spot: no picture of a real place or person is kept in the repository."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

from PIL import Image

Tags = dict[int, object]
GPS: Tags = {1: "N", 2: (35.0, 40.0, 52.4984), 3: "E", 4: (139.0, 45.0, 36.1008)}


def picture(width: int = 640, height: int = 480, mode: str = "RGB") -> Image.Image:
    """Red top left, green top right, blue bottom left, white bottom right: a turn or mirror image shows."""
    image = Image.new("RGB", (width, height), "white")
    image.paste("red", (0, 0, width // 2, height // 2))
    image.paste("lime", (width // 2, 0, width, height // 2))
    image.paste("blue", (0, height // 2, width // 2, height))
    return image.convert(mode)


def photo_bytes(
    width: int = 640,
    height: int = 480,
    *,
    kind: str = "JPEG",
    gps: Tags | None = None,
    orientation: int | None = None,
    mode: str = "RGB",
    words: str = "",
    **options: object,
) -> bytes:
    """A photo as a phone might send it, with EXIF as asked."""
    exif = Image.Exif()
    exif[0x010F] = "見本 <script>alert(1)</script>"
    exif[0x010E] = words or "=cmd|' /C calc'!A0"
    if orientation is not None:
        exif[0x0112] = orientation
    exif.get_ifd(0x8769)[0x9003] = "2026:06:01 12:34:56"
    for tag, value in (gps or {}).items():
        exif.get_ifd(0x8825)[tag] = value
    out = BytesIO()
    picture(width, height, mode).save(out, kind, exif=exif.tobytes(), **options)
    return out.getvalue()


def phone_photo(lon: float | None = None, lat: float | None = None) -> bytes:
    """A photo lying on its side, as a phone held upright takes it, with the place where it was taken."""
    gps: Tags | None = None
    if lon is not None and lat is not None:
        gps = {1: "N", 2: _degrees(lat), 3: "E", 4: _degrees(lon)}
    return photo_bytes(1200, 900, gps=gps, orientation=6)


def _degrees(value: float) -> tuple[float, float, float]:
    whole, minutes = int(value), int(value % 1 * 60)
    return float(whole), float(minutes), round((value - whole - minutes / 60) * 3600, 4)


def png_of(width: int, height: int, extra: bytes = b"") -> bytes:
    """A PNG of zeros, one bit per pixel: tiny on the wire, huge once decoded."""
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = b"\0" * (1 + (width + 7) // 8)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + extra
        + _chunk(b"IDAT", packed)
        + _chunk(b"IEND", b"")
    )


def png_chunk_bomb(kind: bytes, size: int = 200_000_000) -> bytes:
    """A PNG whose text or colour profile unpacks to 200 MB."""
    packer = zlib.compressobj(9)
    million = b"\0" * 1_000_000
    packed = b"".join(packer.compress(million) for _ in range(size // len(million))) + packer.flush()
    return png_of(8, 8, _chunk(kind, b"name\0\0" + packed))


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def jpeg_claiming(width: int, height: int) -> bytes:
    """A small JPEG whose header claims another size."""
    data = bytearray(photo_bytes(64, 64))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(data)
