"""A day without a signal: two hundred phones send at once when it is back, twice each, on a line that keeps breaking."""

from __future__ import annotations

import json
import random
import socket
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import pytest

from gisapp.settings import Settings
from gisapp.town import open_town
from reports_store import Filters, Report
from tests.photo_makers import photo_bytes
from tests.serving import Server, command, copied, serving

pytestmark = pytest.mark.torture
REPORTS, PHONES_AT_ONCE, TRIES = 200, 8, 12
TAIL_BYTES = 60_000  # what phones write behind the picture; here it makes each upload long enough to be cut
CUT_PHOTO, CUT_ANSWER = 1 / 3, 1 / 6


@dataclass
class Phone:
    """One phone with one report that waits, as sending.js keeps it."""

    uuid: str
    payload: dict[str, Any]
    photos: dict[str, bytes]
    waiting: set[str]
    cuts: random.Random
    number: str = ""
    code: str = ""
    cut: int = 0
    answers: set[tuple[str, str]] = field(default_factory=set)


def phone(n: int, place: tuple[float, float], token: str, bits: int) -> Phone:
    """A report of two photos, written down by a clock that may be a day wrong."""
    dice = random.Random(n)
    pictures = [
        photo_bytes(120 + n % 40, 90 + k, words=f"{n} {k}") + dice.randbytes(TAIL_BYTES) for k in (0, 1)
    ]
    photos = {sha256(one).hexdigest(): one for one in pictures}
    uuid = str(UUID(int=dice.getrandbits(128), version=4))
    clock = datetime.now(UTC) + timedelta(days=dice.choice((-1, 0, 1)))
    payload = {
        "uuid": uuid, "category": "road_damage", "answers": {"what": "穴"}, "body": f"穴 {n}", "contact": None,
        "place": {"lon": place[0], "lat": place[1], "source": "gps", "accuracy_m": 15}, "lang": "ja",
        "device_time": clock.isoformat(timespec="seconds"), "token": token, "work": solved(token, bits), "website": "",
        "photos": [{"sha256": name, "bytes": len(data)} for name, data in photos.items()],
    }  # fmt: skip
    return Phone(uuid, payload, photos, set(photos), dice)


def solved(token: str, bits: int) -> str:
    """The small proof of work, as work.js does it."""
    n = 0
    while int.from_bytes(sha256(f"{token}:{n}".encode()).digest()[:8], "big") >> (64 - bits):
        n += 1
    return str(n)


def send(one: Phone, server: Server) -> bool:
    """Send what waits; False if the line broke and the phone has to try again later."""
    headers = {"Origin": server.url}
    try:
        with httpx.Client(base_url=server.url, headers=headers, timeout=60) as line:
            told = words_sent(one, line, server)
            for name in sorted(one.waiting, key=lambda _: one.cuts.random()):
                photo_sent(one, name, line, server)
            told = line.get(f"/api/reports/{one.uuid}").raise_for_status().json()
    except (httpx.TransportError, ConnectionError, Cut):
        return False
    one.waiting = {photo["sha256"] for photo in told["photos"] if photo["state"] == "awaited"}
    return not one.waiting


class Cut(Exception):
    """The line broke."""


def words_sent(one: Phone, line: httpx.Client, server: Server) -> dict[str, Any]:
    body = json.dumps(one.payload).encode()
    if one.cuts.random() < CUT_ANSWER and not one.answers:
        one.cut += 1
        broken(server, "POST", "/api/reports", body, len(body))  # sent whole, the answer never seen
        raise Cut
    answer = line.post("/api/reports", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 201), answer.text
    told: dict[str, Any] = answer.json()
    one.answers.add((told["number"], told["code"]))
    return told


def photo_sent(one: Phone, name: str, line: httpx.Client, server: Server) -> None:
    path, data = f"/api/reports/{one.uuid}/photos/{name}", one.photos[name]
    if one.cuts.random() < CUT_PHOTO:
        one.cut += 1
        broken(server, "PUT", path, data, int(len(data) * one.cuts.uniform(0.05, 0.95)))
        raise Cut
    answer = line.put(path, content=data, headers={"Content-Type": "application/octet-stream"})
    assert answer.status_code in (200, 201), answer.text


def broken(server: Server, method: str, path: str, body: bytes, until: int) -> None:
    """A request that promises its whole body, sends a part of it and hangs up."""
    host = urlsplit(server.url).netloc
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: {server.url}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    name, _, port = host.partition(":")
    with socket.create_connection((name, int(port)), timeout=30) as sock:
        sock.sendall(head.encode() + body[:until])


def places_in(server: Server) -> list[tuple[float, float]]:
    """Places on the town's roads."""
    west, south, east, north = httpx.get(f"{server.url}/live/config.json").json()["town"]["bounds"]
    box = f"{west},{south},{east},{north}"
    found = httpx.get(f"{server.url}/live/layers/road_section.json?bbox={box}&z=16", timeout=60).json()
    lines = [one["geometry"] for one in found["features"] if one["geometry"]["type"] == "LineString"]
    return [(line["coordinates"][0][0], line["coordinates"][0][1]) for line in lines]


def send_all_twice(phones: list[Phone], server: Server) -> None:
    """In any order, each report twice, each again until the town has everything."""
    turns = [*phones, *phones]
    for _ in range(TRIES):
        random.Random(len(turns)).shuffle(turns)
        with ThreadPoolExecutor(PHONES_AT_ONCE) as at_once:
            done = list(at_once.map(lambda one: send(one, server), turns))
        turns = [one for one, whole in zip(turns, done, strict=True) if not whole]
        if not turns:
            return
    pytest.fail(f"{len(turns)} reports did not arrive in {TRIES} tries")


def in_store(server: Server) -> dict[str, Report]:
    with open_town(Settings.from_env({"GISAPP_DATA": str(server.data)})).reports as reports:
        return {one.uuid: one for one in reports.stream(Filters())}


def test_two_hundred_reports_arrive_once_each_with_every_photo(sample_town: Path, tmp_path: Path) -> None:
    data = copied(sample_town, tmp_path / "var")
    command(data, "town", "mode", "disaster")  # one shelter's Wi-Fi is one address
    with serving(data) as server:
        places = places_in(server)
        before = in_store(server)
        door = [httpx.get(f"{server.url}/api/door.json").json() for _ in range(REPORTS)]
        phones = [
            phone(n, places[n % len(places)], told["token"], told["work"]["bits"])
            for n, told in enumerate(door)
        ]

        send_all_twice(phones, server)
        after = in_store(server)

    new = {uuid: one for uuid, one in after.items() if uuid not in before}
    cut = sum(one.cut for one in phones)
    print(f"{len(new)} reports, {sum(len(one.photos) for one in phones)} photos, {cut} connections cut")
    assert set(new) == {one.uuid for one in phones}
    assert cut >= REPORTS / 3
    for one in phones:
        kept = new[one.uuid]
        assert {each.original_sha256 for each in (*kept.photos, *kept.coming)} == set(one.photos)
        assert kept.complete
        assert len(one.answers) == 1, "a report sent again has the same numbers"
        assert abs(kept.received_at - datetime.now(UTC)) < timedelta(hours=1), "the town's clock counts"
        assert kept.device_time == datetime.fromisoformat(one.payload["device_time"])
