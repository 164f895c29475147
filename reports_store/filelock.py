"""One at a time, between processes: whoever writes to the store or sweeps its photos holds this lock file."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reports_store.errors import StoreBusy, StoreUnwritable

_PAUSE_S = 0.002

if sys.platform == "win32":
    import msvcrt

    def _take(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)

    def _give_back(handle: int) -> None:
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)
else:
    import fcntl

    def _take(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _give_back(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)


class FileLock:
    """A lock that dies with its process, so that a kill leaves nothing to clean up."""

    def __init__(self, path: Path, patience_s: float = 10.0) -> None:
        self._path = path
        self._patience_s = patience_s
        self._threads = threading.Lock()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Hold the lock. Raises StoreBusy when others keep it for longer than patience_s."""
        if not self._threads.acquire(timeout=self._patience_s):
            raise StoreBusy(self._patience_s)
        try:
            handle = self._opened()
            try:
                self._wait(handle)
                yield
                _give_back(handle)
            finally:
                os.close(handle)
        finally:
            self._threads.release()

    def _opened(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise StoreUnwritable(f"{self._path.name}: {error.strerror}") from error

    def _wait(self, handle: int) -> None:
        deadline = time.monotonic() + self._patience_s
        while True:
            try:
                return _take(handle)
            except OSError:
                if time.monotonic() > deadline:
                    raise StoreBusy(self._patience_s) from None
                time.sleep(_PAUSE_S)
