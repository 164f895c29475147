"""How fast reports with a photo are taken in, against a bare route that keeps the same bytes and one row as safely.

Usage: python -m bench.bench_accept [seconds of each turn]

A report is a POST of its words and a PUT of its photo on a line that stays open; it counts when both are
answered. The floor is one PUT to a Starlette route that writes the bytes, fsyncs file and folder, and commits
one row to SQLite (WAL, FULL). All servers run all the time; their turns follow each other. "gisapp" is the one process
of `make run`; "doors" are two `gisapp door` beside it with the phones shared out among them, as nginx does on the worst
day, and that is what the goal is for.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
from PIL import Image

from gisapp.flows.sealed import new_token
from tests.serving import Server, command, copied, free_port, serving, serving_door

PHOTO_BYTES = 1_100_000
TURNS = 3
SHARE_OF_FLOOR = 0.7
P95_S = {20: 1.0, 100: 5.0}

FLOOR = """
import hashlib, os, sqlite3, sys, threading
from pathlib import Path
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

folder = Path(sys.argv[1])
rows = sqlite3.connect(folder / "floor.sqlite", check_same_thread=False, isolation_level=None)
rows.execute("PRAGMA journal_mode=WAL")
rows.execute("PRAGMA synchronous=FULL")
rows.execute("CREATE TABLE report (id INTEGER PRIMARY KEY, sha256 TEXT)")
one = threading.Lock()

def keep(body):
    sha256 = hashlib.sha256(body).hexdigest()
    part = folder / f"{sha256}.part"
    with part.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / sha256)
    handle = os.open(folder, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)
    with one:
        rows.execute("BEGIN IMMEDIATE")
        rows.execute("INSERT INTO report (sha256) VALUES (?)", (sha256,))
        rows.execute("COMMIT")

async def put(request):
    await run_in_threadpool(keep, await request.body())
    return Response(b"{}", media_type="application/json")

uvicorn.run(Starlette(routes=[Route("/", put, methods=["PUT"])]), port=int(sys.argv[2]), log_level="error")
"""


@dataclass
class Turn:
    """What one server did in one turn: seconds of each report, and how many failed."""

    took_s: list[float] = field(default_factory=list)
    errors: int = 0
    lasted_s: float = 0.0


class Line:
    """One phone's open connection; HTTP/1.1 with no library, so that the client costs little."""

    def __init__(self, port: int, cookie: str = "") -> None:
        self._port, self._cookie = port, cookie

    async def open(self) -> None:
        self._in, self._out = await asyncio.open_connection("127.0.0.1", self._port, limit=1 << 20)

    async def ask(self, method: str, path: str, kind: str, body: bytes) -> int:
        """Send one request and return its status."""
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nCookie: {self._cookie}\r\n"
            f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self._out.write(head.encode() + body)
        await self._out.drain()
        answer = (await self._in.readuntil(b"\r\n\r\n")).decode().lower()
        length = next(line for line in answer.splitlines() if line.startswith("content-length:"))
        await self._in.readexactly(int(length.partition(":")[2]))
        return int(answer.split(" ", 2)[1])

    def close(self) -> None:
        self._out.close()


def photo() -> bytes:
    """A JPEG of about 1.1 MB, as a phone shrinks one to 2048 px."""
    dice = np.random.default_rng(8)
    coarse = Image.fromarray(dice.integers(0, 255, (40, 60, 3), dtype=np.uint8)).resize((2048, 1536), 3)
    grain = dice.normal(0, 9, (1536, 2048, 1))
    picture = Image.fromarray(np.clip(np.asarray(coarse, dtype=np.float32) + grain, 0, 255).astype(np.uint8))
    with tempfile.TemporaryFile() as file:
        picture.save(file, "JPEG", quality=86)
        file.seek(0)
        data = file.read()
    assert len(data) < PHOTO_BYTES - 16, len(data)
    return data.ljust(PHOTO_BYTES, b"\0")  # what follows the picture is nobody's business


def app_report(data: bytes, token: str) -> Callable[[Line], Awaitable[bool]]:
    """A report as the form's script sends it; each has another photo and another place."""

    async def send(line: Line) -> bool:
        body = data[:-16] + secrets.token_bytes(16)
        sha256, uuid = hashlib.sha256(body).hexdigest(), str(uuid4())
        place = {
            "lon": 137.03 + secrets.randbelow(30_000) / 1e6,
            "lat": 35.635 + secrets.randbelow(20_000) / 1e6,
        }
        words = {
            "uuid": uuid, "category": "road_damage", "place": {**place, "source": "gps", "accuracy_m": 8},
            "body": "道路に穴があいています", "answers": {"what": "穴"}, "lang": "ja", "token": token, "work": "",
            "photos": [{"sha256": sha256, "bytes": len(body)}],
        }  # fmt: skip
        told = await line.ask("POST", "/api/reports", "application/json", json.dumps(words).encode())
        if told != 201:
            return False
        address = f"/api/reports/{uuid}/photos/{sha256}"
        return await line.ask("PUT", address, "image/jpeg", body) == 201

    return send


def floor_report(data: bytes) -> Callable[[Line], Awaitable[bool]]:
    """The same bytes to the bare route."""

    async def send(line: Line) -> bool:
        body = data[:-16] + secrets.token_bytes(16)
        hashlib.sha256(body).hexdigest()  # the phone's own work is the same
        return await line.ask("PUT", "/", "image/jpeg", body) == 200

    return send


async def turn(
    ports: list[int], clients: int, seconds: float, send: Callable[[Line], Awaitable[bool]], kept: Turn
) -> None:
    """So many phones send one report after another for a while."""
    lines = [
        Line(ports[i % len(ports)], f"gisapp_device={secrets.token_urlsafe(16)}") for i in range(clients)
    ]
    await asyncio.gather(*(line.open() for line in lines))
    started = time.monotonic()

    async def sending(line: Line) -> None:
        while time.monotonic() - started < seconds:
            begun = time.monotonic()
            try:
                done = await send(line)
            except (OSError, asyncio.IncompleteReadError, StopIteration):
                done = False
            if done:
                kept.took_s.append(time.monotonic() - begun)
            else:
                kept.errors += 1
                line.close()
                await line.open()

    await asyncio.gather(*(sending(line) for line in lines))
    kept.lasted_s += time.monotonic() - started
    for line in lines:
        line.close()


@contextmanager
def bare_floor(folder: Path):  # type: ignore[no-untyped-def]
    """The bare route in a process of its own; its port."""
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", FLOOR, str(folder), str(port)])
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


def main(seconds: float = 8.0) -> int:
    """Print rate, p50, p95 and errors of both at 20 and 100 phones; 1 where a goal was missed."""
    data, missed = photo(), 0
    with tempfile.TemporaryDirectory(dir=Path.cwd()) as name:
        folder = Path(name)
        command(folder / "sample", "sample")
        var = copied(folder / "sample", folder / "var")
        command(var, "town", "mode", "disaster")  # the limits of normal times are not what is measured
        token = new_token((var / "secret.key").read_bytes(), datetime.now(UTC) - timedelta(minutes=1))
        (folder / "floor").mkdir()
        with (
            serving(var) as app,
            serving_door(var) as one,
            serving_door(var) as two,
            bare_floor(folder / "floor") as floor_port,
        ):
            ours, bare = app_report(data, token), floor_report(data)
            doors = [_port(one), _port(two)]
            servers = {"floor": ([floor_port], bare), "gisapp": ([_port(app)], ours), "doors": (doors, ours)}
            for clients in P95_S:
                missed += _compared(clients, seconds, servers)
    return 1 if missed else 0


def _port(server: Server) -> int:
    return int(server.url.rsplit(":", 1)[1])


def _compared(
    clients: int, seconds: float, servers: dict[str, tuple[list[int], Callable[[Line], Awaitable[bool]]]]
) -> int:
    turns = {name: Turn() for name in servers}
    for _ in range(TURNS):
        for name, (ports, send) in servers.items():
            asyncio.run(turn(ports, clients, seconds, send, turns[name]))
    for name, one in turns.items():
        share = _rate(one) / _rate(turns["floor"])
        print(f"{clients:>4} phones  {name:<7}{_figures(one)}  {share:.2f} of the floor", flush=True)
    doors = turns["doors"]
    share, p95_s = _rate(doors) / _rate(turns["floor"]), _percentile(doors, 95)
    good = share >= SHARE_OF_FLOOR and p95_s <= P95_S[clients] and not doors.errors
    print(f"{clients:>4} phones  goals: {SHARE_OF_FLOOR} of the floor's rate, p95 {P95_S[clients]:g} s, no errors: "
          f"{'ok' if good else 'MISSED'}")  # fmt: skip
    return 0 if good else 1


def _figures(one: Turn) -> str:
    p50_s = statistics.median(one.took_s) if one.took_s else float("nan")
    return f"{_rate(one):7.1f} reports/s  p50 {p50_s:6.3f} s  p95 {_percentile(one, 95):6.3f} s  errors {one.errors}"


def _rate(one: Turn) -> float:
    return len(one.took_s) / one.lasted_s


def _percentile(one: Turn, percent: int) -> float:
    return statistics.quantiles(one.took_s, n=100)[percent - 1] if len(one.took_s) > 1 else float("nan")


if __name__ == "__main__":
    sys.exit(main(*(float(one) for one in sys.argv[1:2])))
