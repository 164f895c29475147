"""From whatever a phone sends to a plain upright JPEG: known kinds only, not too big, nothing but pixels."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping
from io import BytesIO

from PIL import Image, ImageCms
from pillow_heif import register_heif_opener

from reports_store.errors import NotAnImage, TooManyPixels, TruncatedPhoto

register_heif_opener()

# MPO (two pictures in one JPEG) opens as JPEG; naming it here makes Pillow stumble over everything else.
FORMATS = ("JPEG", "PNG", "WEBP", "HEIF", "AVIF")
_HEIF_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif", b"avis")
LIMIT_MPX = 60
_LIMIT_PX = LIMIT_MPX * 1_000_000
QUALITY = {1600: 85, 320: 78}

# What Pillow, its codecs and their bindings raise on broken files.
DECODER_FAULTS = (
    OSError, SyntaxError, ValueError, EOFError, KeyError, IndexError, TypeError, AttributeError,
    OverflowError,
    RuntimeError, struct.error, zlib.error,
)  # fmt: skip

_TURNS: Mapping[int, Image.Transpose] = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))


def open_picture(data: bytes) -> Image.Image:
    """Read the header only. Raises NotAnImage, TruncatedPhoto, TooManyPixels."""
    try:
        image = Image.open(BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError:
        raise TooManyPixels(0, 0, LIMIT_MPX) from None
    except DECODER_FAULTS as error:
        raise (TruncatedPhoto(len(data)) if _begins_like_a_photo(data) else NotAnImage(FORMATS)) from error
    width, height = image.size
    if width * height > _LIMIT_PX:
        image.close()
        raise TooManyPixels(width, height, LIMIT_MPX)
    return image


def _begins_like_a_photo(data: bytes) -> bool:
    heif = data[4:8] == b"ftyp" and data[8:12] in _HEIF_BRANDS
    webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    return heif or webp or data[:3] == b"\xff\xd8\xff" or data[:8] == b"\x89PNG\r\n\x1a\n"


def shrunk(image: Image.Image, side_px: int, orientation: int, size_bytes: int) -> Image.Image:
    """Decoded, upright, in sRGB, its longer side at most side_px. Raises TruncatedPhoto."""
    profile = image.info.get("icc_profile")
    _ask_decoder_for_less(image, side_px)
    try:
        image.load()
        small = _resized(_plain(image), side_px)
    except DECODER_FAULTS as error:
        raise TruncatedPhoto(size_bytes) from error
    small = _in_srgb(small, profile)
    if orientation in _TURNS:
        small = small.transpose(_TURNS[orientation])
    return small


def _ask_decoder_for_less(image: Image.Image, side_px: int) -> None:
    """JPEG can be decoded at a half, a quarter or an eighth: the smallest that still holds side_px."""
    if image.format not in ("JPEG", "MPO"):
        return
    for part in (8, 4, 2):
        if max(image.size) // part >= side_px:
            # The exact part has to be asked for: draft((1600, 1600)) on 4032 x 3024 does nothing.
            image.draft(None, (image.width // part, image.height // part))
            return


def _plain(image: Image.Image) -> Image.Image:
    """Transparency on white, sixteen bits to eight; colours wait until there are fewer pixels."""
    if image.mode.startswith(("I", "F")):
        return image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        cut_out = image if image.mode == "RGBA" else image.convert("RGBA")
        white = Image.new("RGB", cut_out.size, "white")
        white.paste(cut_out, mask=cut_out)  # in place: each picture of 60 megapixels is 240 MB
        return white
    return image if image.mode in ("RGB", "L", "CMYK", "LAB") else image.convert("RGB")


def _resized(image: Image.Image, side_px: int) -> Image.Image:
    scale = side_px / max(image.size)
    if scale >= 1:
        return image.copy()
    width, height = (max(1, round(side * scale)) for side in image.size)
    return image.resize((width, height), Image.Resampling.HAMMING)


def _in_srgb(image: Image.Image, profile: object) -> Image.Image:
    """The colours as they were meant: a phone's wide colours look pale once their profile is dropped."""
    if isinstance(profile, bytes) and profile:
        try:
            source = ImageCms.ImageCmsProfile(BytesIO(profile))
            turned = ImageCms.profileToProfile(image, source, _SRGB, outputMode="RGB")
        except (ImageCms.PyCMSError, *DECODER_FAULTS):
            turned = None  # a broken profile is ignored, as browsers do
        if turned is not None:
            return turned
    return image if image.mode == "RGB" else image.convert("RGB")


def as_jpeg(image: Image.Image, side_px: int) -> bytes:
    """Pixels and nothing else: no EXIF, no XMP, no profile, no comment; the image forgets what it had of them."""
    image.info = {}
    out = BytesIO()
    image.save(out, "JPEG", quality=QUALITY[side_px], optimize=False, progressive=False)
    return out.getvalue()


def only_pixels(jpeg: bytes) -> bool:
    """Whether a JPEG is of the kind as_jpeg makes: tables, one frame, its scan, and not a byte behind it."""
    if jpeg[:2] != b"\xff\xd8":
        return False
    at = 2
    while jpeg[at : at + 1] == b"\xff" and (kind := jpeg[at + 1 : at + 2]) in _PLAIN_SEGMENTS:
        length = int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if kind == _JFIF and (length != 16 or jpeg[at + 4 : at + 9] != b"JFIF\0"):
            return False
        at += 2 + length
        if kind == _SCAN:
            marker = _MARKER.search(jpeg, at)
            return marker is not None and marker.group() == b"\xff\xd9" and marker.end() == len(jpeg)
    return False


_JFIF, _SCAN = b"\xe0", b"\xda"
_PLAIN_SEGMENTS = (_JFIF, b"\xdb", b"\xc0", b"\xc4", _SCAN)
_MARKER = re.compile(rb"\xff[^\x00]")
