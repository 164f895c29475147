"""Where the objects of a JSON file lie, how many positions it holds and how deep it goes, without parsing it.

Only brackets and quotation marks are looked at, some megabytes at a time, so a file of any size costs the same
memory, and one that is too large or too deep is refused before anything is built from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from layers.errors import UnreadableFile
from layers.limits import MAX_DEPTH, MAX_VERTICES
from layers.readers.table import refusal

Numbers = NDArray[np.int64]
_PIECE = 1 << 22
_QUOTE, _BACKSLASH, _OPEN_LIST, _CLOSE_LIST, _OPEN, _CLOSE = b'"\\[]{}'
_MARKS = np.zeros(256, dtype=bool)
_MARKS[[_QUOTE, _OPEN_LIST, _CLOSE_LIST, _OPEN, _CLOSE]] = True
_STEP = np.zeros(256, dtype=np.int8)
_STEP[[_OPEN_LIST, _OPEN]] = 1
_STEP[[_CLOSE_LIST, _CLOSE]] = -1
_SHALLOW = 3  # a feature is an object in a list in an object


@dataclass(frozen=True)
class Parts:
    """Objects by the depth at which they open, as (start, stop) in bytes; lists of depth 2 likewise.

    positions counts the innermost lists: in a GeoJSON, its vertices.
    """

    objects: dict[int, Numbers]
    lists: Numbers
    positions: int


def parts_of(path: Path) -> Parts:
    """The parts of a UTF-8 JSON file, or of one with a JSON text a line.

    Raises UnreadableFile for more positions than a layer may have, for brackets that do not match (json_broken)
    and for too many within each other (json_too_deep).
    """
    scan = _Scan()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            scan.look(np.frombuffer(piece, dtype=np.uint8))
    return scan.finished()


class _Scan:
    def __init__(self) -> None:
        self.at = 0
        self.depth = self.deepest = 0
        self.in_text = False
        self.escaped = False  # the next byte stands behind a backslash
        self.last_mark = 0
        self.positions = 0
        self.lines = 1
        self.shallow: list[tuple[Numbers, Numbers, Numbers]] = []

    def look(self, piece: NDArray[np.uint8]) -> None:
        marks = np.flatnonzero(_MARKS[piece])
        marks = self._without_escaped(piece, marks)
        kinds = piece[marks]
        quotes = kinds == _QUOTE
        inside = (np.cumsum(quotes) + self.in_text) % 2 == 1
        self.in_text = bool(inside[-1]) if len(inside) else self.in_text
        kept = ~inside & ~quotes
        # a quotation mark stays in the line of marks: a list with a text in it is no position
        self._count_positions(np.where(kept, kinds, _QUOTE)[kept | quotes])
        marks, kinds = marks[kept], kinds[kept]
        after = self.depth + np.cumsum(_STEP[kinds], dtype=np.int64)
        if len(after):
            self._check(after)
            self.depth = int(after[-1])
        opening = _STEP[kinds] > 0
        level = np.where(opening, after, after + 1)
        shallow = level <= _SHALLOW
        self.shallow.append((self.at + marks[shallow], kinds[shallow].astype(np.int64), level[shallow]))
        self.lines += int(np.count_nonzero(piece == 10))
        self.at += len(piece)

    def finished(self) -> Parts:
        if self.positions > MAX_VERTICES:
            raise UnreadableFile([refusal("too_many_vertices", str(self.positions), str(MAX_VERTICES))])
        if self.depth or self.in_text:
            raise UnreadableFile([refusal("json_broken", "the file ends too early", "GeoJSON", self.lines)])
        if self.deepest > MAX_DEPTH:
            raise UnreadableFile([refusal("json_too_deep", str(self.deepest), str(MAX_DEPTH))])
        where, kinds, levels = (np.concatenate(column) for column in zip(*self.shallow, strict=True))
        objects = {level: _spans(where, kinds, levels, level, _OPEN, _CLOSE) for level in (1, 2, 3)}
        return Parts(objects, _spans(where, kinds, levels, 2, _OPEN_LIST, _CLOSE_LIST), self.positions)

    def _without_escaped(self, piece: NDArray[np.uint8], marks: Numbers) -> Numbers:
        slashes = np.flatnonzero(piece == _BACKSLASH)
        if not len(slashes) and not self.escaped:
            return marks
        # in a run of backslashes each second one is itself escaped; the byte behind an odd run is
        starts = slashes[np.diff(slashes, prepend=-2) != 1]
        ends = slashes[np.diff(slashes, append=len(piece) + 1) != 1] + 1
        lengths = ends - starts
        if self.escaped and len(starts) and starts[0] == 0:
            lengths[0] -= 1
        behind = ends[lengths % 2 == 1]
        if self.escaped and not (len(starts) and starts[0] == 0):
            behind = np.append(behind, 0)
        self.escaped = bool(len(behind)) and int(behind.max()) == len(piece)
        return np.setdiff1d(marks, behind, assume_unique=True)

    def _count_positions(self, kinds: NDArray[np.uint8]) -> None:
        if not len(kinds):
            return
        line = np.concatenate(([self.last_mark], kinds))
        self.positions += int(np.count_nonzero((line[:-1] == _OPEN_LIST) & (line[1:] == _CLOSE_LIST)))
        self.last_mark = int(kinds[-1])

    def _check(self, after: Numbers) -> None:
        if int(after.min()) < 0:
            raise UnreadableFile([refusal("json_broken", "a bracket too many", "GeoJSON", self.lines)])
        self.deepest = max(self.deepest, int(after.max()))


def _spans(where: Numbers, kinds: Numbers, levels: Numbers, level: int, first: int, last: int) -> Numbers:
    here = levels == level
    starts, stops = where[here & (kinds == first)], where[here & (kinds == last)] + 1
    if len(starts) != len(stops):
        raise UnreadableFile([refusal("json_broken", "brackets that do not match", "GeoJSON")])
    return np.column_stack([starts, stops])
