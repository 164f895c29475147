"""Residents send reports with photos while servers and workers are killed, the disk is full and the store is locked."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from tests.conftest import ROOT
from tests.serving import Server, free_port, wait_for_health
from tests.torture.phones import TAIL_BYTES, Found, Phones, inspect, ready_town, wait_for_the_photos

KILLS = int(os.environ.get("GISAPP_TORTURE_KILLS", "100"))
ROUNDS = int(os.environ.get("GISAPP_TORTURE_ROUNDS", "20"))
TMPFS_ROOM = 60 << 20


@dataclass
class House:
    """A server that comes back: on the same port over the same data."""

    data: Path
    log: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "streamlit_app.py"),
                   "--server.port", str(self.port)]  # fmt: skip
        settings = {
            **os.environ,
            "GISAPP_DATA": str(self.data),
            "GISAPP_TOWN": "",
            "GISAPP_PHOTO_WORKERS": "2",
        }
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, env=settings, stdout=out, stderr=out)
        wait_for_health(Server(self.url, self.data, self.log, self.process.pid), self.process)

    def everybody(self) -> list[psutil.Process]:
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        self.process.wait(30)


@contextlib.contextmanager
def opened(data: Path, log: Path) -> Iterator[House]:
    house = House(data, log, free_port())
    house.start()
    try:
        yield house
    finally:
        house.stop()


def check(found: Found, phones: Phones, least: int) -> None:
    print(f"{len(phones.told.reports)} reports and {len(phones.told.photos)} photos acknowledged, "
          f"{phones.told.turned_away} requests put off; {found}")  # fmt: skip
    assert len(phones.told.photos) >= least
    assert (found.lost_reports, found.lost_photos, found.twice) == (0, 0, 0)
    assert (found.public_unprocessed, found.refused) == (0, 0)
    assert found.ready == len(phones.told.photos)


@pytest.mark.torture
def test_servers_and_workers_killed_at_random_lose_no_acknowledged_photo(
    sample_town: Path, tmp_path: Path
) -> None:
    data, before = ready_town(sample_town, tmp_path / "var")
    dice, servers, workers, back_s = random.Random(8), 0, 0, []
    with opened(data, tmp_path / "server.log") as house:
        with Phones(house.url, data, people=4) as phones:
            for _ in range(KILLS):
                time.sleep(dice.uniform(0.1, 2))
                others = house.everybody()
                if others and dice.random() < 0.7:
                    with contextlib.suppress(psutil.NoSuchProcess):
                        dice.choice(others).send_signal(signal.SIGKILL)
                    workers += 1
                    continue
                house.kill()
                servers += 1
                began = time.monotonic()
                house.start()
                back_s.append(time.monotonic() - began)
        cleared_s = wait_for_the_photos(data)
        found = inspect(data, phones.told, before)

    print(f"\n{servers} servers and {workers} workers killed; back after {max(back_s, default=0):.0f} s at most; "
          f"the last photo was ready {cleared_s:.0f} s after the last was sent")  # fmt: skip
    check(found, phones, KILLS // 2)
    assert servers + workers == KILLS


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own that is easily filled."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_ROOM + (200 << 20)}", "tmpfs", str(place)],
        check=False, capture_output=True,
    )  # fmt: skip
    if mounted.returncode:
        pytest.skip("only root may mount a small disk")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path, leave: int) -> Path:
    """A file that takes all room but so many bytes."""
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        with contextlib.suppress(OSError):
            while True:
                file.write(b"\0" * (1 << 20))
        file.truncate(max(0, file.tell() - leave))
    return filler


@pytest.mark.torture
def test_a_full_disk_loses_no_acknowledged_photo_and_passes(
    sample_town: Path, small_disk: Path, tmp_path: Path
) -> None:
    data, before = ready_town(sample_town, small_disk / "var")
    dice = random.Random(8)
    with opened(data, tmp_path / "server.log") as house:
        with Phones(house.url, data, people=4) as phones:
            for _ in range(ROUNDS):
                wait_for_some(phones, 2)
                filler = fill(small_disk, dice.randrange(TAIL_BYTES))
                put_off, until = phones.told.turned_away, time.monotonic() + 60
                while phones.told.turned_away < put_off + 4 and time.monotonic() < until:
                    time.sleep(0.05)
                assert phones.told.turned_away > put_off, "the disk was not full"
                filler.unlink()
            wait_for_some(phones, 2)
        cleared_s = wait_for_the_photos(data)
        found = inspect(data, phones.told, before)

    print(f"\n{ROUNDS} times disk full; the last photo was ready {cleared_s:.0f} s after the last was sent")
    check(found, phones, ROUNDS)


@pytest.mark.torture
def test_a_locked_store_loses_no_acknowledged_photo_and_passes(sample_town: Path, tmp_path: Path) -> None:
    data, before = ready_town(sample_town, tmp_path / "var")
    dice = random.Random(8)
    with opened(data, tmp_path / "server.log") as house:
        with Phones(house.url, data, people=4) as phones:
            for _ in range(ROUNDS):
                wait_for_some(phones, 2)
                with contextlib.closing(sqlite3.connect(data / "reports.sqlite", timeout=60)) as other:
                    other.execute("BEGIN IMMEDIATE")
                    time.sleep(dice.uniform(0.5, 13))  # longer than the store's patience, now and then
                    other.execute("ROLLBACK")
            wait_for_some(phones, 2)
        cleared_s = wait_for_the_photos(data)
        found = inspect(data, phones.told, before)

    print(f"\n{ROUNDS} lock storms; the last photo was ready {cleared_s:.0f} s after the last was sent")
    check(found, phones, ROUNDS)


def wait_for_some(phones: Phones, more: int, seconds: float = 90) -> None:
    """Until that many more photos have been acknowledged: the service is back by itself."""
    wanted, until = len(phones.told.photos) + more, time.monotonic() + seconds
    while len(phones.told.photos) < wanted:
        assert time.monotonic() < until, "the service has not come back"
        time.sleep(0.05)
