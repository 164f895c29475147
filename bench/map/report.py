"""The benchmark's tables: figures per page, where our time goes, and the ratios against their goals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bench.map.figures import Case
from bench.map.servers import PAGES

MESSAGE_LIMIT_BYTES = 30_000
FASTER_GOAL = 8.0
GROWTH_GOAL = 1.25  # "does not grow with the reports": what is left is the noise of a shared machine
PARTS = {
    "frame": "Streamlit's shell, until the map's frame begins",
    "component": "st_folium's script",
    "leaflet": "leaflet.js",
    "script": "map.js",
    "config": "/live/config.json",
    "layers": "the last layer",
    "reports": "the reports",
    "drawn": "everything drawn",
    "usable": "panned and drawn again",
}
Cases = Mapping[tuple[str, int], Case]


def report(cases: Cases) -> tuple[str, bool]:
    """The whole text, and whether every goal that could be judged was met."""
    verdicts = list(_verdicts(cases))
    lines = [*_figures(list(cases.values())), "", *_parts(cases), "", *(text for text, _ in verdicts)]
    return "\n".join(lines), all(met for _, met in verdicts)


def _figures(cases: Sequence[Case]) -> Iterator[str]:
    yield (
        f"{'reports':>8}  {'page':<20}{'usable s':>9}{'min':>7}{'max':>7}{'visits':>7}{'failed':>7}{'page kB':>10}"
        + (f"{'map message kB':>16}{'rerun kB':>10}{'server MB':>11}")
    )
    for case in cases:
        seconds = [visit["usable"] for visit in case.visits]
        yield (
            f"{case.count:>8}  {PAGES[case.page].title:<20}{case.seconds():>9.2f}{min(seconds):>7.2f}"
            f"{max(seconds):>7.2f}{len(seconds):>7}{case.failed:>7}{case.sent.page_bytes / 1e3:>10.0f}"
            f"{case.sent.message_bytes / 1e3:>16.1f}{case.sent.rerun_bytes / 1e3:>10.1f}"
            f"{case.resident_bytes / 1e6:>11.0f}"
        )


def _parts(cases: Cases) -> Iterator[str]:
    ours = [case for case in cases.values() if case.page == "ours"]
    yield f"{'ours: seconds until':<50}" + "".join(f"{case.count:>10}" for case in ours)
    for part, words in PARTS.items():
        yield f"  {words:<48}" + "".join(f"{case.seconds(part):>10.2f}" for case in ours)


def _verdicts(cases: Cases) -> Iterator[tuple[str, bool]]:
    ours = [case for case in cases.values() if case.page == "ours"]
    largest = max(case.sent.message_bytes for case in ours)
    yield _verdict(
        "our map message, bytes", largest, largest < MESSAGE_LIMIT_BYTES, f"< {MESSAGE_LIMIT_BYTES}"
    )
    for (page, count), case in cases.items():
        if page != "ours":
            ratio = case.seconds() / cases["ours", count].seconds()
            goal = (page, count) == ("markers", 10_000)
            words = f"time, {PAGES[page].title} / ours, {count} reports"
            yield _verdict(
                words, ratio, not goal or ratio >= FASTER_GOAL, f">= {FASTER_GOAL:g}" if goal else ""
            )
    few, many = ours[0], ours[-1]
    if few is not many:
        span = f"ours with {many.count} / with {few.count} reports"
        yield _growth(f"time, {span}", many.seconds() / few.seconds())
        yield _growth(f"bytes, {span}", many.sent.page_bytes / few.sent.page_bytes)


def _growth(words: str, ratio: float) -> tuple[str, bool]:
    return _verdict(words, ratio, ratio <= GROWTH_GOAL, f"about 1, at most {GROWTH_GOAL:g}")


def _verdict(words: str, value: float, met: bool, goal: str) -> tuple[str, bool]:
    verdict = f"   goal {goal}: {'met' if met else 'MISSED'}" if goal else ""
    return f"{words:<58}{value:>10.2f}{verdict}", met
