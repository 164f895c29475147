"""Holds the process that works on photos: hands it one, takes its answer, and starts another when it has ended."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from reports_store.errors import InvalidPlace
from reports_store.photo_work import Derived
from reports_store.picture import only_pixels
from reports_store.report import GeomSource, Place

TIMEOUT_S = 75  # the child is ended after 60 s by the system; this is for the process around it
START_S = 60
ANSWER_BYTES = 32 << 20
READY = b"ready"
WHY_BYTES = 8000
COMMAND = (sys.executable, "-m", "gisapp.photo_worker")
_HOUSE = Path(__file__).resolve().parents[2]
_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH")
_GIVEN = {
    "PYTHONPATH": str(_HOUSE),
    "OMP_NUM_THREADS": "1",
    # Each photo is decoded in fresh memory: taken in pieces of 2 MB instead of 4 kB, a fifth of the time is saved.
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}


@dataclass(frozen=True)
class NotTaken:
    """A photo that is none, or too much of one: the code of its fault."""

    fault: str


class DecoderEnded(Exception):
    """The photo's process crashed, took too long or too much, was killed, or answered with what is no answer."""


class Decoder:
    """One thread uses it; close() may be called from another."""

    def __init__(self, command: Sequence[str] = COMMAND, timeout_s: float = TIMEOUT_S) -> None:
        self._command, self._timeout_s = tuple(command), timeout_s
        self._process: subprocess.Popen[bytes] | None = None
        self._come = bytearray()
        self.peak_kb = 0  # of the largest child so far

    @property
    def pid(self) -> int | None:
        """The process, once it has been started."""
        return None if self._process is None else self._process.pid

    def begin(self, raw: Path) -> None:
        """Hand over a photo; it is worked on while others do something else.

        Raises DecoderEnded or OSError if no process could be started: that is no fault of the photo's.
        """
        line = str(raw.absolute()).encode() + b"\n"
        try:
            self._send(line)
        except DecoderEnded:  # it has died since the photo before
            self._send(line)

    def _send(self, line: bytes) -> None:
        if self._process is None or self._process.poll() is not None:
            self.close()
            self._process = self._started()
            if self._read_line(time.monotonic() + START_S) != READY:
                raise self._ended("did not start")
        process = self._process
        try:
            if process.stdin is not None:
                process.stdin.write(line)
        except (OSError, ValueError) as error:
            raise self._ended("took no photo") from error

    def answer(self) -> Derived | NotTaken:
        """What became of the photo that was handed over. Raises DecoderEnded."""
        until = time.monotonic() + self._timeout_s
        about = self._understood(self._read_line(until))
        size = about.get("bytes")
        if not isinstance(size, int) or not 0 <= size <= ANSWER_BYTES:
            raise self._ended(f"an answer of {size!r} bytes")
        while len(self._come) < size:
            self._read_more(until)
        body = bytes(self._come[:size])
        del self._come[:size]
        self.peak_kb = max(self.peak_kb, int(about.get("peak_kb", 0)))
        if (status := about.get("status")) != 0:
            why = body.decode(errors="replace") if size <= WHY_BYTES else ""
            raise DecoderEnded(f"the photo's process ended with {status} {why}".strip())
        return self._unpacked(body)

    def close(self) -> None:
        """End the process and what it has started; the next photo starts another."""
        process, self._process = self._process, None
        self._come.clear()
        if process is None:
            return
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def _started(self) -> subprocess.Popen[bytes]:
        environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
        return subprocess.Popen(
            self._command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            env=environment | _GIVEN,
            start_new_session=True,
        )

    def _read_line(self, until: float) -> bytes:
        while (end := self._come.find(b"\n")) < 0:
            self._read_more(until)
        line = bytes(self._come[:end])
        del self._come[: end + 1]
        return line

    def _read_more(self, until: float) -> None:
        process = self._process
        if process is None or process.stdout is None:
            raise DecoderEnded("closed")
        try:
            ready, _, _ = select.select([process.stdout], [], [], max(0.0, until - time.monotonic()))
            piece = os.read(process.stdout.fileno(), 1 << 20) if ready else b""
        except (OSError, ValueError) as error:  # closed by another thread meanwhile
            raise self._ended("closed") from error
        if not piece or len(self._come) > 2 * ANSWER_BYTES:
            raise self._ended("the process ended" if ready else "no answer in time")
        self._come += piece

    def _understood(self, line: bytes) -> dict[str, Any]:
        try:
            about = json.loads(line)
        except ValueError:
            about = None
        if not isinstance(about, dict):
            raise self._ended("no answer")
        return about

    def _unpacked(self, body: bytes) -> Derived | NotTaken:
        head, _, pictures = body.partition(b"\n")
        about = self._understood(head)
        if "fault" in about:
            return NotTaken(str(about["fault"]))
        try:
            large, small = about["sizes"]
            place, taken_at = about["place"], about["taken_at"]
            work = Derived(
                pictures[:large],
                pictures[large : large + small],
                int(about["width"]),
                int(about["height"]),
                None if taken_at is None else datetime.fromisoformat(taken_at),
                None if place is None else Place(place[0], place[1], GeomSource.EXIF, place[2]),
                str(about["original_sha256"]),
            )
        except (KeyError, TypeError, ValueError, InvalidPlace) as error:
            raise self._ended("an answer that cannot be used") from error
        # The process has read a stranger's file: what it hands out is looked at once more.
        if len(pictures) != large + small or not (only_pixels(work.large) and only_pixels(work.small)):
            raise self._ended("a picture that is more than pixels")
        return work

    def _ended(self, why: str) -> DecoderEnded:
        self.close()
        return DecoderEnded(why)
