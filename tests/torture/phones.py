"""Phones on the worst day: they send reports with photos over HTTP, again and again until each is answered."""

from __future__ import annotations

import hashlib
import random
import threading
import time
import uuid
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

import httpx
from PIL import Image

from gisapp.flows.town_mode import write_mode
from gisapp.profile import read_profile
from reports_store import Mode, PhotoState, PhotoStore, ReportStore
from reports_store.picture import only_pixels
from tests.photo_makers import GPS, photo_bytes

TAIL_BYTES = 300_000  # hung on behind, so that a plain picture weighs as much as a real one


@dataclass
class Acknowledged:
    """What the server has said yes to: reports by uuid, and photos by report and fingerprint."""

    reports: set[str] = field(default_factory=set)
    photos: set[tuple[str, str]] = field(default_factory=set)
    turned_away: int = 0
    seen_unready: int = 0


class Phones:
    """People who report at the same time; each sends a report until all of it is acknowledged, then the next."""

    def __init__(self, url: str, data: Path, people: int, seed: int = 8, megapixels: float = 1.0) -> None:
        self.url, self.told, self._seed = url, Acknowledged(), seed
        self._lon, self._lat = read_profile(data / "town.toml").center
        self._wrong: list[BaseException] = []
        self._side = int((megapixels * 1_000_000) ** 0.5)
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._people = [
            threading.Thread(target=self._report_on, args=(n,), daemon=True) for n in range(people)
        ]

    def __enter__(self) -> Phones:
        for person in self._people:
            person.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for person in self._people:
            person.join()
        if self._wrong:
            raise self._wrong[0]

    def _report_on(self, person: int) -> None:
        try:
            self._report_without_end(person)
        except BaseException as error:  # told by the one who called the people together
            self._wrong.append(error)

    def _report_without_end(self, person: int) -> None:
        dice = random.Random(f"{self._seed} {person}")
        with httpx.Client(base_url=self.url, timeout=20) as client:
            for number in range(100_000):
                if self._stopping.is_set():
                    return
                self._send(client, f"{self._seed} {person} {number}", dice)

    def _send(self, client: httpx.Client, name: str, dice: random.Random) -> None:
        side = self._side + dice.randrange(64)
        photos = [
            photo_bytes(side, side, words=f"{name} {n}", gps=GPS) + dice.randbytes(TAIL_BYTES)
            for n in range(dice.randint(1, 2))
        ]
        by_name = {hashlib.sha256(data).hexdigest(): data for data in photos}
        key = str(uuid.uuid5(uuid.NAMESPACE_URL, name))
        payload = {
            "uuid": key,
            "category": "road_damage",
            "place": {
                "lon": self._lon + dice.uniform(0, 0.002),
                "lat": self._lat,
                "source": "device_gps",
                "accuracy_m": 8,
            },
            "body": f"道路に穴があいています {name}",
            "answers": {},
            "photos": [{"sha256": sha256, "bytes": len(data)} for sha256, data in by_name.items()],
        }
        device = {"Cookie": f"gisapp_device={hashlib.sha256(name.encode()).hexdigest()[:32]}"}
        if not self._until_yes(client, "POST", "/api/reports", device, json=payload):
            return
        with self._lock:
            self.told.reports.add(key)
        for sha256, data in by_name.items():
            way = f"/api/reports/{key}/photos/{sha256}"
            if not self._until_yes(client, "PUT", way, device, content=data):
                return
            with self._lock:
                self.told.photos.add((key, sha256))
            self._look_for_the_raw(client, sha256)

    def _until_yes(
        self, client: httpx.Client, method: str, way: str, headers: dict[str, str], **body: object
    ) -> bool:
        while not self._stopping.is_set():
            try:
                answer = client.request(method, way, headers=headers, **body)  # type: ignore[arg-type]
            except httpx.TransportError:
                time.sleep(0.1)
                continue
            if answer.status_code in (200, 201):
                return True
            assert answer.status_code in (413, 429, 500, 502, 503, 507), answer.text
            with self._lock:
                self.told.turned_away += 1
            time.sleep(0.2)
        return False

    def _look_for_the_raw(self, client: httpx.Client, sha256: str) -> None:
        """What was sent is never handed out under its own name, whoever asks."""
        try:
            seen = client.get(f"/photos/{sha256}.jpg").status_code == 200
        except httpx.TransportError:
            return
        with self._lock:
            self.told.seen_unready += seen


@dataclass
class Found:
    """What is in the stores at the end, held against what was acknowledged."""

    reports: int = 0
    lost_reports: int = 0
    twice: int = 0
    ready: int = 0
    lost_photos: int = 0
    refused: int = 0
    public_unprocessed: int = 0
    raws_left: int = 0

    def __str__(self) -> str:
        return (
            f"{self.reports} reports, {self.lost_reports} acknowledged lost, {self.twice} twice; {self.ready} photos"
            f" ready, {self.lost_photos} acknowledged lost, {self.refused} refused, {self.public_unprocessed} public"
            f" unprocessed, {self.raws_left} raw files left"
        )


def wait_for_the_photos(data: Path, seconds: float = 400) -> float:
    """Until every photo that has arrived is ready or refused; seconds it took."""
    began = time.monotonic()
    with ReportStore.open(data / "reports.sqlite") as reports:
        while reports.photo_backlog():
            assert time.monotonic() - began < seconds, f"{reports.photo_backlog()} photos still wait"
            time.sleep(0.2)
    return time.monotonic() - began


def inspect(data: Path, told: Acknowledged, before: frozenset[str]) -> Found:
    """Hold the stores against what was acknowledged; before are the uuids of reports that were there already."""
    from reports_store import Filters

    photos, found = PhotoStore(data / "photos"), Found(public_unprocessed=told.seen_unready)
    with ReportStore.open(data / "reports.sqlite") as store:
        store.check()
        reports = {one.uuid: one for one in store.stream(Filters()) if one.uuid not in before}
        found.reports = len(reports)
        bodies = [one.body for one in reports.values()]
        found.twice = len(bodies) - len(set(bodies))
        found.lost_reports = len(told.reports - set(reports))
        for key, sha256 in told.photos:
            states = {one.original_sha256: one.state for one in reports[key].coming}
            ready = {one.original_sha256: one for one in reports[key].photos}
            if sha256 in ready:
                found.ready += 1
                found.lost_photos += not whole(photos, ready[sha256].sha256)
            elif states.get(sha256) is PhotoState.REFUSED:
                found.refused += 1
            else:
                found.lost_photos += 1
            found.public_unprocessed += store.photo_released(sha256)
    found.raws_left = sum(path.suffix != ".part" for path in (data / "photos" / "incoming").glob("*"))
    return found


def whole(photos: PhotoStore, sha256: str) -> bool:
    """Whether both pictures are there, under their own name, and are nothing but pixels."""
    large, small = (photos.path(sha256, size).read_bytes() for size in (1600, 320))
    Image.open(BytesIO(large)).load()
    return hashlib.sha256(large).hexdigest() == sha256 and only_pixels(large) and only_pixels(small)


def ready_town(source: Path, target: Path) -> tuple[Path, frozenset[str]]:
    """A sample town in disaster mode to write into, and the uuids of its reports."""
    import shutil

    from reports_store import Filters

    shutil.copytree(source, target, dirs_exist_ok=True)
    write_mode(target / "mode", Mode.DISASTER)
    with ReportStore.open(target / "reports.sqlite") as store:
        return target, frozenset(one.uuid for one in store.stream(Filters()))
