"""Answers that take a while, kept while they are true: counted anew when the reports have changed, and not more often
than is fair to those who wait for something else.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from time import monotonic
from typing import Generic, TypeVar

REST = 20  # of the time it took, so that counting never takes more than a twentieth of a core
LONGEST_S = 600  # what is late changes while nobody touches a report
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class _Answer(Generic[V]):
    revision: int
    made: float
    took_s: float
    value: V

    def good(self, revision: int, now: float, rest: float) -> bool:
        age = now - self.made
        return age < self.took_s * rest or (self.revision == revision and age < LONGEST_S)


class Kept(Generic[V]):
    """The latest answers, by what was asked. One is made at a time; who asks for one that is kept need not wait.

    rest=0: an answer is never older than the revision that is asked for.
    """

    def __init__(self, most: int = 32, rest: float = REST) -> None:
        self._rest = rest
        self._most, self._turn, self._lock = most, threading.Lock(), threading.Lock()
        self._answers: OrderedDict[Hashable, _Answer[V]] = OrderedDict()

    def get(self, asked: Hashable, revision: int, make: Callable[[], V]) -> V:
        """The answer to a question at a revision of the store, or one that is a little older."""
        found = self._look(asked, revision)
        if found is not None:
            return found.value
        with self._turn:
            found = self._look(asked, revision)  # somebody made it while this one waited
            if found is None:
                started = monotonic()
                value = make()
                found = _Answer(revision, monotonic(), monotonic() - started, value)
                self._keep(asked, found)
            return found.value

    def _look(self, asked: Hashable, revision: int) -> _Answer[V] | None:
        with self._lock:
            found = self._answers.get(asked)
            if found is None or not found.good(revision, monotonic(), self._rest):
                return None
            self._answers.move_to_end(asked)
            return found

    def _keep(self, asked: Hashable, found: _Answer[V]) -> None:
        with self._lock:
            self._answers[asked] = found
            self._answers.move_to_end(asked)
            while len(self._answers) > self._most:
                self._answers.popitem(last=False)
