"""How long a 12-megapixel photo takes to become its two pictures, against the naive way and the decoder's floor.

Usage: python -m bench.bench_photos
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from bench.pictures import HEIGHT, WIDTH, phone_photo
from reports_store import PhotoStore, read_exif_place
from reports_store.picture import as_jpeg, open_picture, shrunk

REPEATS = 9


def naive(data: bytes) -> bytes:
    image = ImageOps.exif_transpose(Image.open(BytesIO(data))).convert("RGB")
    large = ImageOps.contain(image, (1600, 1600), Image.Resampling.LANCZOS)
    small = ImageOps.contain(image, (320, 320), Image.Resampling.LANCZOS)
    return as_jpeg(large, 1600) + as_jpeg(small, 320)


def ours(data: bytes) -> bytes:
    with open_picture(data) as image:
        large = shrunk(image, 1600, 1, len(data))
    return as_jpeg(large, 1600) + as_jpeg(shrunk(large, 320, 1, len(data)), 320)


def floor(data: bytes) -> None:
    """Decoding at half size, the least any way through 1600 px must do."""
    image = Image.open(BytesIO(data))
    image.draft(None, (WIDTH // 2, HEIGHT // 2))
    image.load()


def milliseconds(work: Callable[[], object]) -> float:
    work()
    took = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1000


def likeness_db(data: bytes) -> tuple[float, float]:
    """Peak signal to noise of the naive and of our 1600 px picture against an area average of the original."""
    image = Image.open(BytesIO(data)).convert("RGB")
    true = np.asarray(image.resize((1600, 1200), Image.Resampling.BOX), dtype=np.float64)
    with open_picture(data) as opened:
        pair = image.resize((1600, 1200), Image.Resampling.LANCZOS), shrunk(opened, 1600, 1, len(data))
    noise = [float(np.mean((np.asarray(each, dtype=np.float64) - true) ** 2)) for each in pair]
    return 10 * np.log10(255**2 / noise[0]), 10 * np.log10(255**2 / noise[1])


def main() -> None:
    data = phone_photo(8)
    print(f"{WIDTH} x {HEIGHT} px, {len(data) / 1e6:.1f} MB")
    slow, fast, least = (milliseconds(lambda way=way: way(data)) for way in (naive, ours, floor))  # type: ignore[misc]
    print(f"  decode whole + 2 x LANCZOS     {slow:7.1f} ms")
    print(f"  ours: draft to half + HAMMING  {fast:7.1f} ms   {slow / fast:.1f} times faster")
    print(f"  floor: decode at half          {least:7.1f} ms   ours is {fast / least:.2f} times the floor")
    naively, drafted = likeness_db(data)
    print(f"  likeness to an area average: naive {naively:.1f} dB, ours {drafted:.1f} dB")
    with tempfile.TemporaryDirectory() as folder:
        photos = PhotoStore(Path(folder))
        print(f"  put (with fsync)               {milliseconds(lambda: photos.put(data)):7.1f} ms")
        print(f"  read_exif_place                {milliseconds(lambda: read_exif_place(data)):7.2f} ms")
        began = time.perf_counter()
        with ThreadPoolExecutor(2) as workers:
            list(workers.map(photos.put, [data] * 20))
        print(f"  two workers                    {20 / (time.perf_counter() - began):7.1f} photos/s")


if __name__ == "__main__":
    main()
