"""Sample towns with as many public reports as the benchmark asks for, at made-up places."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
import uuid
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from gisapp.profile import Bounds, read_profile
from reports_store import Categories, Channel, Filters, GeomSource, NewReport, Place, ReportStore
from reports_store.categories import Publish

ROOT = Path(__file__).resolve().parents[2]
BATCH = 2000
HAMLETS = 40  # reports gather where people live; each hamlet spreads over a fiftieth of the town
SPREAD = 0.02


def plant_sample(folder: Path) -> Path:
    """The sample town's layers and reports, made by the product's own command."""
    surroundings = {**os.environ, "GISAPP_DATA": str(folder), "GISAPP_TOWN": ""}
    command = [sys.executable, "-m", "gisapp.cli", "sample"]
    subprocess.run(command, cwd=ROOT, env=surroundings, check=True, stdout=subprocess.DEVNULL)
    return folder


def town_of(count: int, sample: Path, folder: Path) -> Path:
    """A copy of the sample town with exactly count public reports. Raises ValueError where it has more."""
    shutil.copytree(sample, folder)
    bounds = read_profile(folder / "town.toml").bounds
    with ReportStore.open(folder / "reports.sqlite") as store:
        missing = count - store.count(Filters(public=True))
        if missing < 0:
            raise ValueError(f"{count} reports: expected at least the sample's {count - missing}")
        dice = random.Random(count)
        hamlets = [_anywhere(dice, bounds) for _ in range(HAMLETS)]
        codes = _shown_at_once()
        for start in range(0, missing, BATCH):
            size = min(BATCH, missing - start)
            store.add_many([_made_up(dice, hamlets, bounds, codes) for _ in range(size)])
    return folder


def _shown_at_once() -> list[str]:
    return [code for code, one in Categories.load().items() if one.publish is Publish.AT_ONCE]


def _anywhere(dice: random.Random, bounds: Bounds) -> tuple[float, float]:
    west, south, east, north = bounds
    return dice.uniform(west, east), dice.uniform(south, north)


def _made_up(
    dice: random.Random, hamlets: list[tuple[float, float]], bounds: Bounds, codes: list[str]
) -> NewReport:
    name = str(uuid.UUID(int=dice.getrandbits(128), version=4))
    lon, lat = _near(dice, dice.choice(hamlets), bounds)
    return NewReport(
        uuid=name,
        category=dice.choice(codes),
        place=Place(lon, lat, GeomSource.MAP_TAP),
        body="",
        answers={},
        photos=(),
        contact=None,
        channel=Channel.WEB,
        lang="ja",
        received_at=datetime.now(UTC) - timedelta(minutes=dice.randrange(60 * 24 * 300)),
        device_time=None,
        tracking_hash=sha256(name.encode()).digest(),
        area=None,
        road=None,
    )


def _near(dice: random.Random, middle: tuple[float, float], bounds: Bounds) -> tuple[float, float]:
    west, south, east, north = bounds
    lon = dice.gauss(middle[0], (east - west) * SPREAD)
    lat = dice.gauss(middle[1], (north - south) * SPREAD)
    return min(max(lon, west), east), min(max(lat, south), north)
