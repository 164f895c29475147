"""How fast photos that have arrived are made ready, against decoding and encoding alone on the same cores.

Usage: python -m bench.bench_photo_backlog [photos, 1000 unless told] [processes, one per core unless told]
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from io import BytesIO
from pathlib import Path

import psutil
from PIL import Image

from bench.pictures import HEIGHT, WIDTH, phone_photo
from gisapp.flows.decoder import Decoder
from gisapp.flows.work_photos import work_photos
from reports_store import PhotoStore, ReportStore
from reports_store.picture import QUALITY
from reports_store.report import DeclaredPhoto
from tests.report_makers import pothole

GOAL = 0.8
KINDS = 8
MB = 1024 * 1024


def distinct_photos(folder: Path, count: int) -> list[Path]:
    """Photos of 12 megapixels and about 4 MB, each with a comment of its own."""
    kinds = [phone_photo(number) for number in range(KINDS)]
    paths = []
    for number in range(count):
        comment = f"photo {number:08d}".encode()
        data = kinds[number % KINDS]
        path = folder / f"{number}.jpg"
        path.write_bytes(data[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + data[2:])
        paths.append(path)
    return paths


def least(path: Path) -> int:
    """The floor: decode at a half, shrink twice, encode twice; nothing is looked at and nothing is kept."""
    with Image.open(path) as image:
        image.draft(None, (image.width // 2, image.height // 2))
        large = image.resize(fitted(image.size, 1600), Image.Resampling.HAMMING)
    small = large.resize(fitted(large.size, 320), Image.Resampling.HAMMING)
    written = 0
    for picture, side in ((large, 1600), (small, 320)):
        out = BytesIO()
        picture.save(out, "JPEG", quality=QUALITY[side])
        written += len(out.getvalue())
    return written


def fitted(size: tuple[int, int], side: int) -> tuple[int, int]:
    return round(size[0] * side / max(size)), round(size[1] * side / max(size))


def floor_s(paths: Sequence[Path], processes: int) -> float:
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        pool.map(least, paths[:processes], chunksize=1)
        began = time.perf_counter()
        pool.map(least, paths, chunksize=1)
        return time.perf_counter() - began


def ours_s(paths: Sequence[Path], folder: Path, processes: int) -> tuple[float, list[str]]:
    """From the first photo taken up to the last row that says "ready"; and the memory of each process."""
    photos = PhotoStore(folder / "photos")
    decoders, stopping = [Decoder() for _ in range(processes)], threading.Event()
    with ReportStore.open(folder / "reports.sqlite") as reports:
        received = [photos.receive(iter(partial(file.read, MB), b"")) for file in map(open_bytes, paths)]
        declared = [DeclaredPhoto(one.sha256, one.bytes) for one in received]
        news = [
            replace(pothole(key=str(n)), declared=tuple(declared[n : n + 5])) for n in range(0, len(paths), 5)
        ]
        for added in reports.add_many(news):
            for coming in added.report.coming:
                reports.photo_arrived(added.report.id, coming.original_sha256, datetime.now(UTC))
        work = partial(work_photos, reports, photos, now=lambda: datetime.now(UTC), stopping=stopping)
        workers = [threading.Thread(target=work, kwargs={"decoder": one}) for one in decoders]
        os.sync()  # the bench's own 4 GB of files are not to be written meanwhile
        began = time.perf_counter()
        for worker in workers:
            worker.start()
        while reports.photo_backlog():
            time.sleep(0.05)
        took = time.perf_counter() - began
        memory = [f"{psutil.Process().memory_info().rss / MB:.0f} MB here"]
        memory += [
            f"{psutil.Process(one.pid).memory_info().rss / MB:.0f} MB worker, {one.peak_kb / 1024:.0f} MB its largest child"
            for one in decoders if one.pid is not None
        ]  # fmt: skip
        stopping.set()
        for worker in workers:
            worker.join()
        ready = sum(len(reports.by_id(number).photos) for number in range(1, len(news) + 1))
    for decoder in decoders:
        decoder.close()
    if ready != len(paths):
        raise SystemExit(f"{ready} of {len(paths)} photos are ready")
    return took, memory


def open_bytes(path: Path) -> BytesIO:
    return BytesIO(path.read_bytes())


def main(count: int = 1000, processes: int = os.cpu_count() or 1) -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        paths = distinct_photos(folder, count)
        size = sum(path.stat().st_size for path in paths) / count / 1e6
        digests = {hashlib.sha256(path.read_bytes()).digest() for path in paths}
        print(f"{len(digests)} photos of {WIDTH} x {HEIGHT} px, {size:.1f} MB each; {processes} processes")
        first = floor_s(paths, processes)
        took, memory = ours_s(paths, folder, processes)
        floor = (first + floor_s(paths, processes)) / 2  # before and after: the machine is not always as free
    print(
        f"  draft + HAMMING + two encodes alone   {count / floor:7.1f} photos/s {1000 * floor * processes / count:7.0f} ms each"
    )
    print(
        f"  from the queue to the row             {count / took:7.1f} photos/s {1000 * took * processes / count:7.0f} ms each"
    )
    print(f"  {floor / took:.2f} times the floor (goal {GOAL}); memory: {'; '.join(memory)}")
    return 0 if floor / took >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
