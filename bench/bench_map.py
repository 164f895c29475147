"""How long until the map can be used, and what is sent for it: ours against folium's markers, in one run.

    python -m bench.bench_map [number of reports …]

Every page has a server of its own over a town of its own. The first visit to each is counted and not timed
(it warms the server, too); then all pages are visited in several rounds, each visit in a fresh browser
context. Prints medians and ratios; the status is 1 where a goal was missed.
"""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Browser

from bench.map.figures import Case
from bench.map.report import report
from bench.map.servers import PAGES, Server, serving
from bench.map.town import ROOT, plant_sample, town_of
from bench.map.visitor import NeverUsable, chromium, counted, timed

COUNTS = (1000, 10_000, 100_000)
ROUNDS = 15
SLOW_S, SELDOM = 8, 3  # a page this slow is visited in every third round only
LIMIT_S = 10 * 60  # no further round begins after this
OUT = ROOT / "bench" / "out" / "map.txt"

Cases = dict[tuple[str, int], Case]
Servers = Mapping[tuple[str, int], Server]


def main(*counts: int) -> int:
    started = time.monotonic()
    with TemporaryDirectory() as folder, ExitStack() as running:
        cases = _cases(counts or COUNTS)
        servers = _serve(cases, Path(folder), running)
        browser = running.enter_context(chromium())
        _count(cases, servers, browser)
        for number in range(ROUNDS):
            if number and time.monotonic() - started > LIMIT_S:
                break
            _round(cases, servers, browser, number)
    text, met = report(cases)
    # Other work on the machine stretches every figure: the ratios are what is worth comparing.
    text += f"\n\n{os.cpu_count()} cores, load of the last quarter of an hour {os.getloadavg()[2]:.1f}"
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(text + "\n", encoding="utf-8")
    print(f"\n{text}\n\n{time.monotonic() - started:.0f} s; also in {OUT.relative_to(ROOT)}")
    return 0 if met else 1


def _cases(counts: tuple[int, ...]) -> Cases:
    return {
        (name, count): Case(name, count)
        for count in sorted(counts)
        for name, page in PAGES.items()
        if count <= page.most
    }


def _serve(cases: Cases, folder: Path, running: ExitStack) -> Servers:
    sample = plant_sample(folder / "sample")
    servers: dict[tuple[str, int], Server] = {}
    for name, count in cases:
        data = folder / f"town-{count}"
        if not data.exists():
            _tell(f"making a town with {count} reports")
            town_of(count, sample, data)
        servers[name, count] = running.enter_context(
            serving(PAGES[name], data, folder / f"{name}-{count}.log")
        )
    return servers


def _count(cases: Cases, servers: Servers, browser: Browser) -> None:
    for key, case in cases.items():
        case.sent = counted(browser, PAGES[case.page], servers[key].url)
        _tell(f"counted   {case.page:<8}{case.count:>7} reports {case.sent.page_bytes / 1e3:>9.0f} kB")


def _round(cases: Cases, servers: Servers, browser: Browser, number: int) -> None:
    # A new order in each round: no page always follows the one that leaves most to clear away.
    for key, case in random.Random(number).sample(list(cases.items()), len(cases)):
        if number % SELDOM and case.visits and case.seconds() > SLOW_S:
            continue
        words = f"round {number + 1}   {case.page:<8}{case.count:>7} reports"
        try:
            visit = timed(browser, PAGES[case.page], servers[key].url)
        except NeverUsable as error:
            case.failed += 1
            _tell(f"{words} failed: {error}")
            continue
        case.visits.append(visit)
        case.server_bytes.append(servers[key].resident_bytes())
        _tell(f"{words} {visit['usable']:>9.2f} s")


def _tell(words: str) -> None:
    print(words, flush=True)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
