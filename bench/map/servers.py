"""The pages that are compared, each on a server of its own."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from bench.map.town import ROOT

START_S = 90


@dataclass(frozen=True)
class Page:
    """One way to draw the map: its app, and the signs (CSS selectors) by which a visitor knows it is there."""

    title: str
    app: str
    ready: str
    pins: str
    most: int
    environment: Mapping[str, str] = field(default_factory=dict)


_PEER = "bench/map/peer_app.py"
_PINS = ".marker-cluster, .leaflet-marker-icon"
PAGES = {
    "ours": Page(
        "ours", "streamlit_app.py", "#map_div[data-ready=yes]", ".gm-cluster-report, .gm-report", 100_000
    ),
    "markers": Page("folium.Marker loop", _PEER, "#map_div", _PINS, 10_000, {"GISAPP_BENCH_PEER": "markers"}),
    "fast": Page("FastMarkerCluster", _PEER, "#map_div", _PINS, 100_000, {"GISAPP_BENCH_PEER": "fast"}),
}


@dataclass(frozen=True)
class Server:
    """A running page: where it answers, and its process."""

    url: str
    pid: int

    def resident_bytes(self) -> int:
        """Memory the server process holds just now."""
        return int(psutil.Process(self.pid).memory_info().rss)


@contextmanager
def serving(page: Page, data: Path, log: Path) -> Iterator[Server]:
    """The page over a data folder, until the block ends. Raises RuntimeError with the log if it does not start."""
    port = _free_port()
    surroundings = {
        **os.environ,
        "GISAPP_DATA": str(data),
        "GISAPP_TOWN": "",
        "PYTHONPATH": str(ROOT),
        **page.environment,
    }
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / page.app), "--server.port", str(port)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, env=surroundings, stdout=out, stderr=out)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_healthy(url, process, log)
        yield Server(url, process.pid)
    finally:
        _stop(process)


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def _wait_until_healthy(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + START_S
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/_stcore/health", timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, TimeoutError):
            time.sleep(0.2)
    raise RuntimeError(f"{url} did not start:\n{log.read_text(errors='replace')}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
