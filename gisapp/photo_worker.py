"""The process that works on photos: one after another, each in a child of its own that can write no file, and is
bound in memory and time; a photo that takes its decoder down takes nothing else with it.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pillow_heif
from PIL import AvifImagePlugin, Image

from reports_store.errors import PhotoError
from reports_store.photo_work import Derived

OURS = "reports_store.photo_work:derived"
MEMORY_BYTES = 2_000_000_000  # of addresses; the hungriest photo of 60 megapixels holds 1 GB
CPU_S = 20
WALL_S = 60
ANSWER_BYTES = 32 << 20
WHY_LETTERS = 2000
_COURTESY = 19  # whoever waits for an answer comes first
_NEW_NETWORK, _NEW_USER = 0x40000000, 0x10000000  # sched.h
_DIE_WITH_PARENT = 1  # prctl.h

Decode = Callable[[bytes], Derived]


def main(decoder: str = OURS) -> int:
    """Say "ready"; then read the path of a photo a line, and answer each with a line of JSON and as many bytes as it says."""
    module, _, name = decoder.partition(":")
    decode: Decode = getattr(import_module(module), name)
    os.nice(_COURTESY)
    _die_with_parent()
    _cut_off()
    _get_ready()
    sys.stdout.buffer.write(b"ready\n")
    sys.stdout.buffer.flush()
    for line in sys.stdin.buffer:
        answer, status, peak_kb = _in_a_child(decode, line.decode().rstrip("\n"))
        about = {"bytes": len(answer), "status": status, "peak_kb": peak_kb}
        sys.stdout.buffer.write(json.dumps(about).encode() + b"\n" + answer)
        sys.stdout.buffer.flush()
    return 0


def _in_a_child(decode: Decode, path: str) -> tuple[bytes, int, int]:
    """What the child answers, how it ended (0 for well) and the most memory it held (kB)."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        _be_the_child(decode, path, writing)
    os.close(writing)
    answer = bytearray()
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while len(answer) <= ANSWER_BYTES and (piece := pipe.read(1 << 20)):
            answer += piece
    if len(answer) > ANSWER_BYTES:
        os.kill(child, signal.SIGKILL)
    _, status, used = os.wait4(child, 0)
    return bytes(answer[:ANSWER_BYTES]), os.waitstatus_to_exitcode(status), used.ru_maxrss


def _be_the_child(decode: Decode, path: str, writing: int) -> None:
    status = 1
    try:
        _die_with_parent()
        nowhere = os.open(os.devnull, os.O_RDWR)
        os.dup2(nowhere, 0)
        os.dup2(nowhere, 1)
        with os.fdopen(writing, "wb") as pipe:
            try:
                data = Path(path).read_bytes()
                _bind()
                for part in _answered(decode, data):
                    pipe.write(part)
                status = 0
            except BaseException:  # this one face tells why there is no answer; the supervisor logs it
                pipe.write(traceback.format_exc()[-WHY_LETTERS:].encode(errors="replace"))
    finally:
        os._exit(status)


def _answered(decode: Decode, data: bytes) -> tuple[bytes, ...]:
    try:
        work = decode(data)
    except PhotoError as error:
        return (json.dumps({"fault": error.code}).encode() + b"\n",)
    place = work.place
    about = {
        "sizes": [len(work.large), len(work.small)],
        "width": work.width,
        "height": work.height,
        "taken_at": None if work.taken_at is None else work.taken_at.isoformat(),
        "place": None if place is None else [place.lon, place.lat, place.accuracy_m],
        "original_sha256": work.original_sha256,
    }
    return json.dumps(about).encode() + b"\n", work.large, work.small


def _get_ready() -> None:
    """Load what decoders load late, so that no child has to; one photo keeps to one thread."""
    Image.init()
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    pillow_heif.options.DECODE_THREADS = 1


def _bind() -> None:
    limits = {
        resource.RLIMIT_AS: MEMORY_BYTES,
        resource.RLIMIT_CPU: CPU_S,
        resource.RLIMIT_FSIZE: 0,
        # not RLIMIT_NPROC: HEIC's decoder starts a thread of its own, and would fail for all but root
        resource.RLIMIT_CORE: 0,
    }
    for limit, value in limits.items():
        _, highest = resource.getrlimit(limit)
        most = value if highest == resource.RLIM_INFINITY else min(value, highest)
        # a second more before SIGKILL, so that SIGXCPU tells which limit was met
        hard = most + 1 if limit == resource.RLIMIT_CPU and most != highest else most
        resource.setrlimit(limit, (most, hard))
    signal.alarm(WALL_S)


def _die_with_parent() -> None:
    """So that a killed server leaves nobody at work (Linux; elsewhere they end with their photo)."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "prctl"):
        libc.prctl(_DIE_WITH_PARENT, signal.SIGKILL)


def _cut_off() -> None:
    """Leave the network for an empty one, where the system lets a process do that (Linux; not in every container)."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "unshare") and libc.unshare(_NEW_NETWORK):
        libc.unshare(_NEW_NETWORK | _NEW_USER)  # what an ordinary user may do


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:2]))
