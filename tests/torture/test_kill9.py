"""The server is killed in the middle of its work, again and again: what was acknowledged is there, photos and all."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reports_store import Filters, PhotoStore, ReportStore
from tests.conftest import ROOT

# Four people file reports with a photo each; a line is printed only after the store has said "kept".
CHILD = """
import sys, threading
from pathlib import Path
from reports_store import PhotoStore, ReportStore
from tests.photo_makers import photo_bytes
from tests.report_makers import pothole
folder, round_ = Path(sys.argv[1]), sys.argv[2]
store, photos = ReportStore.open(folder / "town.sqlite"), PhotoStore(folder / "photos")
def file_reports(person):
    for n in range(100_000):
        picture = photos.put(photo_bytes(64 + n % 50, 48, words=f"{round_} {person} {n}", quality=50 + person))
        kept = store.add(pothole(key=f"{round_} {person} {n}", photos=(picture,))).report
        sys.stdout.write(f"{kept.uuid} {picture.sha256}\\n"); sys.stdout.flush()
people = [threading.Thread(target=file_reports, args=(person,)) for person in range(4)]
[person.start() for person in people]
"""


@dataclass
class Outcome:
    kills: int = 0
    acknowledged: set[str] = field(default_factory=set)
    lost: int = 0
    rows: int = 0
    rows_without_photo: int = 0
    orphans: int = 0
    unfinished: int = 0

    def __str__(self) -> str:
        return (
            f"{self.kills} kills: {len(self.acknowledged)} acknowledged, {self.lost} lost, {self.rows} rows, "
            f"{self.rows_without_photo} rows without their photo, {self.orphans} orphan files, "
            f"{self.unfinished} unfinished files"
        )


def kill_again_and_again(folder: Path, times: int) -> Outcome:
    dice, outcome = random.Random(8), Outcome()
    for number in range(times):
        outcome.acknowledged |= run_and_kill(folder, number, dice.uniform(0.02, 0.5))
        outcome.kills += 1
        inspect(folder, outcome)
    return outcome


def run_and_kill(folder: Path, number: int, after_s: float) -> set[str]:
    command = [sys.executable, "-c", CHILD, str(folder), str(number)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline()]  # the moment of the kill counts from the first report
        killer = threading.Timer(after_s, child.send_signal, [signal.SIGKILL])
        killer.start()
        lines += child.stdout.readlines()
        killer.join()
    assert child.returncode == -signal.SIGKILL, lines
    return {line.split()[0] for line in lines if line.endswith("\n")}


def inspect(folder: Path, outcome: Outcome) -> None:
    photos = PhotoStore(folder / "photos")
    with ReportStore.open(folder / "town.sqlite") as store:
        store.check()
        reports = list(store.stream(Filters()))
        kept = {report.uuid for report in reports}
        outcome.rows = len(reports)
        outcome.lost += len(outcome.acknowledged - kept)
        outcome.rows_without_photo += sum(
            not whole(photos, each.sha256) for r in reports for each in r.photos
        )
        assert sorted(report.public_id for report in reports) == [
            f"R8-{n:06d}" for n in range(1, len(kept) + 1)
        ]
        assert sum(cell.n for cell in store.cell_counts((136, 35, 137, 36), 12, Filters())) == len(reports)
        swept = photos.sweep(store.photo_sha256s(), datetime.now(UTC) + timedelta(minutes=1))
    outcome.orphans += swept.orphans
    outcome.unfinished += swept.unfinished


def whole(photos: PhotoStore, sha256: str) -> bool:
    large, small = (photos.path(sha256, size).read_bytes() for size in (1600, 320))
    return large.endswith(b"\xff\xd9") and small.endswith(b"\xff\xd9")


def check(outcome: Outcome, times: int) -> None:
    print("\n" + str(outcome))
    assert outcome.kills == times
    assert len(outcome.acknowledged) >= times
    assert (outcome.lost, outcome.rows_without_photo) == (0, 0)
    assert outcome.rows >= len(outcome.acknowledged)


def test_five_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    check(kill_again_and_again(tmp_path, 5), 5)


@pytest.mark.torture
def test_thirty_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    check(kill_again_and_again(tmp_path, 30), 30)


def test_a_lost_report_or_photo_would_be_noticed(tmp_path: Path) -> None:
    outcome = kill_again_and_again(tmp_path, 1)
    missing = next(iter((tmp_path / "photos").rglob("*.320.jpg")))
    missing.write_bytes(missing.read_bytes()[:-2])
    outcome.acknowledged.add("never filed")

    inspect(tmp_path, outcome)

    assert (outcome.lost, outcome.rows_without_photo) == (1, 1)
