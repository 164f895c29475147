"""Starts the real app on a free port and speaks to it; its log is shown when it will not come up."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx

from tests.conftest import ROOT

START_S = 90
T = TypeVar("T")


@dataclass(frozen=True)
class Server:
    """A running app: where it listens, where its data lie, its process."""

    url: str
    data: Path
    log: Path
    pid: int


def free_port() -> int:
    """A port nobody listens on just now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextmanager
def serving(data: Path, **environment: str) -> Iterator[Server]:
    """The app over a data folder, until the block ends."""
    program = ("-m", "streamlit", "run", str(ROOT / "streamlit_app.py"), "--server.port")
    with _running(program, data, environment) as server:
        yield server


@contextmanager
def serving_door(data: Path, **environment: str) -> Iterator[Server]:
    """The residents' door alone, in a process of its own beside an app over the same folder."""
    program = ("-m", "gisapp.cli", "door", "--port")
    with _running(program, data, environment) as server:
        yield server


@contextmanager
def _running(program: tuple[str, ...], data: Path, environment: dict[str, str]) -> Iterator[Server]:
    port = free_port()
    log = data.parent / f"{data.name}-{port}.log"
    settings = {**os.environ, "GISAPP_DATA": str(data), "GISAPP_TOWN": "", **environment}
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, *program, str(port)], cwd=ROOT, env=settings, stdout=out, stderr=out
        )
    server = Server(f"http://127.0.0.1:{port}", data, log, process.pid)
    try:
        wait_for_health(server, process)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def wait_for_health(server: Server, process: subprocess.Popen[bytes]) -> None:
    """Ask /healthz until it answers; raises with the log when the process has ended or time is up."""
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            if httpx.get(f"{server.url}/healthz", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise RuntimeError(f"the app did not come up:\n{server.log.read_text(errors='replace')}")


def awaited(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in a thread of its own: this one may already be running Playwright's loop."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def copied(source: Path, target: Path) -> Path:
    """A data folder of one's own, to write into."""
    shutil.copytree(source, target)
    return target


def command(data: Path, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run the gisapp command line over a data folder."""
    return subprocess.run(
        [sys.executable, "-m", "gisapp.cli", *words],
        cwd=ROOT,
        env={**os.environ, "GISAPP_DATA": str(data), "GISAPP_TOWN": ""},
        capture_output=True,
        text=True,
        check=check,
    )
