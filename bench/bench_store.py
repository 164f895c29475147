"""How fast the store answers the map, against the same database asked in the plain way, in one run.

The peer is what one writes first: a table with an index on (lat, lon), one WHERE for the box, ORDER BY and LIMIT,
GROUP BY for the clusters. Both sides answer with ids or counts; the price of making whole reports is told apart.
Usage: python -m bench.bench_store [--million | --only-million]
"""

from __future__ import annotations

import random
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from reports_store import Categories, Channel, Filters, GeomSource, NewReport, Place, ReportStore, distance_m
from reports_store.cells import Box, cell_window
from reports_store.newest import newest_ids

WEST, SOUTH, EAST, NORTH = 136.43, 35.33, 136.50, 35.39  # about 40 km2
TOWN: Box = (WEST, SOUTH, EAST, NORTH)
STREET: Box = (136.4640, 35.3590, 136.4662, 35.3608)  # about 200 m
QUARTER: Box = (136.450, 35.345, 136.465, 35.360)
HALF: Box = (136.43, 35.33, 136.465, 35.39)
START = datetime(2025, 4, 1, tzinfo=UTC)
REPEATS = 15


def batches(n: int, size: int = 5000) -> Iterator[list[NewReport]]:
    dice = random.Random(8)
    codes = list(Categories.load())
    for start in range(0, n, size):
        yield [report(dice, codes, number) for number in range(start, min(n, start + size))]


def report(dice: random.Random, codes: list[str], number: int) -> NewReport:
    # Two thirds in three hamlets, the rest all over the town.
    if dice.random() < 0.66:
        lon, lat = dice.choice([(136.465, 35.36), (136.445, 35.345), (136.485, 35.375)])
        place = Place(dice.gauss(lon, 0.004), dice.gauss(lat, 0.003), GeomSource.GPS)
    else:
        place = Place(dice.uniform(WEST, EAST), dice.uniform(SOUTH, NORTH), GeomSource.MAP_TAP)
    return NewReport(
        uuid=f"{dice.getrandbits(128):032x}",
        category=dice.choice(codes),
        place=place,
        body="道路に穴があいています",
        answers={"what": "穴"},
        photos=(),
        contact=None,
        channel=Channel.WEB,
        lang="ja",
        received_at=START + timedelta(seconds=number * 30),
        device_time=None,
        tracking_hash=dice.randbytes(32),
        area=None,
        road=None,
    )


def fill(store: ReportStore, n: int) -> float:
    took = 0.0
    for batch in batches(n):
        began = time.perf_counter()
        store.add_many(batch)
        took += time.perf_counter() - began
    return took


def make_peer(store_file: Path, peer_file: Path) -> sqlite3.Connection:
    peer = sqlite3.connect(peer_file)
    peer.execute("ATTACH DATABASE ? AS town", (str(store_file),))
    peer.execute(
        "CREATE TABLE plain AS SELECT id, lon, lat, state, category, received_at, body FROM town.report"
    )
    peer.execute("CREATE INDEX plain_place ON plain (lat, lon)")
    peer.execute("CREATE INDEX plain_time ON plain (received_at)")
    peer.commit()
    peer.execute("ANALYZE")
    return peer


def milliseconds(work: Callable[[], object]) -> float:
    work()
    took = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took) * 1000


PLAIN_NEWEST = (
    "SELECT id FROM plain INDEXED BY plain_place WHERE lat BETWEEN ? AND ? AND lon BETWEEN ? AND ?"
    " ORDER BY received_at DESC, id DESC LIMIT 500"
)
PLAIN_NEAR = "SELECT id, lon, lat FROM plain WHERE lat BETWEEN ? AND ? AND lon BETWEEN ? AND ?"


def plain_newest(peer: sqlite3.Connection, box: Box) -> list[int]:
    west, south, east, north = box
    return [row[0] for row in peer.execute(PLAIN_NEWEST, (south, north, west, east))]


def plain_counts(peer: sqlite3.Connection, box: Box, level: int) -> list[tuple[int, ...]]:
    x0, x1, y0, y1 = cell_window(box, level)
    west, south, east, north = box
    wide, high = (east - west) / (x1 - x0 + 1), (north - south) / (y1 - y0 + 1)
    query = (
        "SELECT CAST((lon - ?) / ? AS INTEGER), CAST((lat - ?) / ? AS INTEGER), state, COUNT(*), AVG(lon), AVG(lat)"
        " FROM plain WHERE lat BETWEEN ? AND ? AND lon BETWEEN ? AND ? GROUP BY 1, 2, 3"
    )
    return peer.execute(query, (west, wide, south, high, south, north, west, east)).fetchall()


def store_newest(store: ReportStore, box: Box) -> list[int]:
    with store._reading() as connection:
        return newest_ids(connection, Filters(box=box), 500, None)


def measure(n: int, folder: Path) -> None:
    file = folder / f"{n}.sqlite"
    with ReportStore.open(file) as store:
        took = fill(store, n)
        print(f"\n{n:,} reports, filed at {n / took:,.0f}/s, {file.stat().st_size / n:,.0f} bytes each")
        with closing(make_peer(file, folder / f"{n}.plain.sqlite")) as peer:
            compare(store, peer)
            near(store, peer)
        whole = milliseconds(lambda: store.newest(Filters(box=QUARTER)))
        public = milliseconds(lambda: store.newest(Filters(box=QUARTER, public=True)))
        print(f"  newest 500 as whole reports, quarter: {whole:.1f} ms, for residents {public:.1f} ms")
        print(f"  one report filed and on disk: {milliseconds(lambda: store.add(reports_one())):.2f} ms")


def reports_one() -> NewReport:
    return report(random.Random(), ["road_damage"], 0)


def compare(store: ReportStore, peer: sqlite3.Connection) -> None:
    for name, box in [("street", STREET), ("quarter", QUARTER), ("half the town", HALF), ("town", TOWN)]:
        if store_newest(store, box) != plain_newest(peer, box):
            raise SystemExit(f"the two sides differ on {name}")
        ours = milliseconds(lambda box=box: store_newest(store, box))  # type: ignore[misc]
        plain = milliseconds(lambda box=box: plain_newest(peer, box))  # type: ignore[misc]
        line(f"newest 500 ids, {name}", ours, plain)
    for level in (13, 15, 17):
        ours = milliseconds(lambda level=level: store.cell_counts(TOWN, level, Filters()))  # type: ignore[misc]
        plain = milliseconds(lambda level=level: plain_counts(peer, TOWN, level))  # type: ignore[misc]
        line(f"counts of the town, level {level}", ours, plain)


def near(store: ReportStore, peer: sqlite3.Connection) -> None:
    """The store gives whole reports, the peer ids: the difference is what 20 reports cost to make."""
    box = (35.36 - 0.00046, 35.36 + 0.00046, 136.465 - 0.00056, 136.465 + 0.00056)

    def plainly() -> list[tuple[float, int]]:
        rows = peer.execute(PLAIN_NEAR, box)
        hits = sorted((distance_m(136.465, 35.36, lon, lat), number) for number, lon, lat in rows)
        return [hit for hit in hits[:20] if hit[0] <= 50]

    if [hit.report.id for hit in store.near(136.465, 35.36, 50)] != [number for _, number in plainly()]:
        raise SystemExit("the two sides differ on what is near")
    line(
        "within 50 m, 20 whole reports",
        milliseconds(lambda: store.near(136.465, 35.36, 50)),
        milliseconds(plainly),
    )


def line(what: str, ours: float, plain: float) -> None:
    print(f"  {what:34} store {ours:8.2f} ms   plain SQL {plain:8.2f} ms   ratio {plain / ours:6.1f}")


def main() -> None:
    sizes = [1_000, 10_000, 100_000, *([1_000_000] if "--million" in sys.argv else [])]
    if "--only-million" in sys.argv:
        sizes = [1_000_000]
    with tempfile.TemporaryDirectory() as folder:
        for n in sizes:
            measure(n, Path(folder))


if __name__ == "__main__":
    main()
