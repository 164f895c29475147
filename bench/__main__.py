"""Runs the benchmarks that are named, or all of them: `python -m bench [map] [store] [photos] [point_in_zone] [tiles] …`."""

from __future__ import annotations

import importlib
import sys
import time

NAMES = (
    "point_in_zone",
    "tiles",
    "karte",
    "photos",
    "store",
    "accept",
    "photo_backlog",
    "map",
    "figures",
    "desk",
)


def main(wanted: list[str]) -> int:
    """Run them one after another and say at the end how each went. Returns 1 where one missed its goal."""
    if stray := [name for name in wanted if name not in NAMES]:
        print(f"{stray[0]!r}: expected one of {', '.join(NAMES)}", file=sys.stderr)
        return 2
    results = [_run(name) for name in wanted or NAMES]
    print("\n" + "\n".join(line for line, _ in results))
    return max(status for _, status in results)


def _run(name: str) -> tuple[str, int]:
    print(f"\n=== {name}", flush=True)
    started = time.monotonic()
    status = importlib.import_module(f"bench.bench_{name}").main() or 0
    seconds = time.monotonic() - started
    return f"{name:<16}{'ok' if status == 0 else 'GOAL MISSED':<14}{seconds:>6.0f} s", status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
