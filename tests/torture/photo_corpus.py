"""Prints what becomes of every photo of the corpus: real ones, and hostile ones made on the spot.

Usage: python -m tests.torture.photo_corpus [folder of photos]
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path

from PIL import Image

from gisapp.flows.decoder import Decoder, DecoderEnded, NotTaken
from gisapp.flows.work_photos import FAULTS, UNREADABLE
from gisapp.words import say
from reports_store.photo_work import Derived
from reports_store.picture import only_pixels
from tests.conftest import ROOT
from tests.photo_makers import GPS, jpeg_claiming, photo_bytes, png_chunk_bomb, png_of

TIFF = b"II*\0" + b"\0" * 64


def hostile() -> dict[str, bytes]:
    """The inputs of rows P1 to P13 of the table of threats, made anew."""
    whole = photo_bytes(1200, 900, gps=GPS)
    turned = {f"P10 orientation {n}": photo_bytes(orientation=n) for n in (*range(1, 9), 99)}
    kinds = {
        f"P8 {kind}": photo_bytes(2400, 1800, kind=kind, gps=GPS) for kind in ("PNG", "WEBP", "HEIF", "AVIF")
    }
    return {
        "P1 PNG 50,000 x 50,000": png_of(50_000, 50_000),
        "P2 PNG 13,000 x 13,000": png_of(13_000, 13_000),
        "P3 JPEG claiming 65,535 x 65,535": jpeg_claiming(65535, 65535),
        "P4 zTXt of 200 MB": png_chunk_bomb(b"zTXt"),
        "P4 iCCP of 200 MB": png_chunk_bomb(b"iCCP"),
        "P5 HTML": b"<!DOCTYPE html><script>alert(1)</script>",
        "P5 SVG": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        "P5 PDF": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n",
        "P5 EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
        "P5 TIFF": TIFF,
        "P6 JPEG with a page behind it": whole + b"<html><script>alert(1)</script>",
        "P7 cut off in the middle": whole[: len(whole) // 2],
        "P7 empty": b"",
        "P8 JPEG, CMYK": photo_bytes(mode="CMYK"),
        **kinds,
        "P9 3,000 pictures in one": animation(),
        **turned,
        "P11 999 degrees": photo_bytes(gps={**GPS, 2: (999.0, 0.0, 0.0)}),
        "P12 <script> in EXIF": photo_bytes(words="<script>alert(1)</script>"),
        "at the limit: PNG 7,700 x 7,700, transparent": clear_png(7_700),
    }


def animation() -> bytes:
    frames = [Image.new("RGB", (32, 32), (n % 256, n // 256, 0)) for n in range(3000)]
    out = BytesIO()
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], duration=10)
    return out.getvalue()


def clear_png(side: int) -> bytes:
    out = BytesIO()
    Image.new("RGBA", (side, side), (200, 30, 30, 128)).save(out, "PNG", compress_level=1)
    return out.getvalue()


def outcome(decoder: Decoder, raw: Path) -> str:
    try:
        decoder.begin(raw)
        answer = decoder.answer()
    except DecoderEnded as error:
        return f"refused | {say(f'errors.{UNREADABLE}')} ({error})"
    if isinstance(answer, NotTaken):
        return f"refused | {say(f'errors.{FAULTS[answer.fault]}')}"
    return f"accepted | {described(answer)}"


def described(work: Derived) -> str:
    plain = only_pixels(work.large) and only_pixels(work.small)
    place = "no place" if work.place is None else f"{work.place.lon:.5f}, {work.place.lat:.5f}"
    return f"{work.width} x {work.height} px, {'only pixels' if plain else 'METADATA'}, {place}"


def main(folder: Path) -> int:
    real = {path.name: path.read_bytes() for path in sorted(folder.iterdir())} if folder.is_dir() else {}
    print(
        "| photo | bytes | outcome | what | ms, with the start of a process | MB at most |\n|---|---:|---|---|---:|---:|"
    )
    with tempfile.TemporaryDirectory() as name:
        raw = Path(name) / "raw"
        for title, data in {**real, **hostile()}.items():
            raw.write_bytes(data)
            decoder = Decoder()  # a fresh one, so that its memory is this photo's
            began = time.perf_counter()
            line = outcome(decoder, raw)
            ms = 1000 * (time.perf_counter() - began)
            decoder.close()
            print(
                f"| {title} | {len(data):,} | {line} | {ms:.0f} | {decoder.peak_kb / 1024:.0f} |", flush=True
            )
    return 0


if __name__ == "__main__":
    shared = Path(os.environ.get("GISAPP_SHARED_DATA", ROOT.parent / "shared" / "data")) / "photos"
    sys.exit(main(Path(sys.argv[1]) if sys.argv[1:] else shared))
