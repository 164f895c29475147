"""The process that opens one file: bound in memory and time, it reads a request and prints an answer as JSON."""

from __future__ import annotations

import ctypes
import json
import resource
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.abc import MetaPathFinder
from typing import Any

from layers.sealed.refused import Refused

MEMORY_BYTES = 3 << 30  # of addresses: the libraries alone take half a gigabyte of them
DATA_BYTES = 1_200_000_000  # of what is really written to
CPU_S = 240
_NEW_NETWORK, _NEW_USER = 0x40000000, 0x10000000  # sched.h
FILE_BYTES = 2_000_000_000


def main() -> int:
    """Carry out the task named on the command line; what it refuses is an answer too."""
    _bind()
    _cut_off()
    request = json.load(sys.stdin)
    try:
        answer = _task(sys.argv[1])(request)
    except Refused as error:
        answer = {"refused": [error.fault]}
    json.dump(answer, sys.stdout)
    return 0


def _task(name: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    sys.meta_path.insert(0, _Unneeded())
    answer: Callable[[dict[str, Any]], dict[str, Any]] = import_module(f"layers.sealed.{name}").answer
    return answer


class _Unneeded(MetaPathFinder):
    """Says of two libraries that they are not there: pyogrio would load them, and take a second for it."""

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        if name in {"geopandas", "pandas"}:
            raise ImportError(name)


def _cut_off() -> None:
    """Leave the network for an empty one, where the system lets a process do that (Linux; not in every container).

    The formats' drivers cannot call out as it is; this is the wall behind that one.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "unshare") and libc.unshare(_NEW_NETWORK):
        libc.unshare(_NEW_NETWORK | _NEW_USER)  # what an ordinary user may do


def _bind() -> None:
    limits = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_DATA: DATA_BYTES,
        resource.RLIMIT_CPU: CPU_S,
        resource.RLIMIT_FSIZE: FILE_BYTES,
        resource.RLIMIT_CORE: 0,
    }
    for limit, value in limits.items():
        _, highest = resource.getrlimit(limit)
        most = value if highest == resource.RLIM_INFINITY else min(value, highest)
        resource.setrlimit(limit, (most, most))


if __name__ == "__main__":
    raise SystemExit(main())
