"""Keeps the heads of the trail in a file of their own, so that nobody can cut off its end unseen.

Each line of heads.txt is a moment (UTC), the number of the last line then, and its hash. The file is only ever
added to; a copy on another machine, or on paper, is what makes it proof.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from reports_store import ReportStore
from reports_store.audit import AuditFault, Head, Verdict

_LINE = re.compile(r"(?P<at>\S+) (?P<id>\d{1,18}) (?P<hash>[0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdict on the chain, how many heads it was compared with, and lines of their file that are none."""

    verdict: Verdict
    heads: int
    unreadable: tuple[int, ...]
    missing: bool

    @property
    def sound(self) -> bool:
        return not (self.verdict.faults or self.unreadable or self.missing)

    @property
    def faults(self) -> tuple[AuditFault, ...]:
        return self.verdict.faults


def heads_file(data: Path) -> Path:
    return data / "trail" / "heads.txt"


def seal(reports: ReportStore, file: Path, now: datetime) -> Head | None:
    """Add the head of now to the file, on disk when this returns; None where nothing has been written since."""
    head = reports.audit_head()
    heads, _ = read_heads(file)
    if head.id == 0 or head in heads[-1:]:
        return None
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a", encoding="ascii") as out:
        # A line that a crash left unfinished must not swallow this one.
        out.write(f"{_to_end_a_line(file)}{now.isoformat(timespec='seconds')} {head.id} {head.hash.hex()}\n")
        out.flush()
        os.fsync(out.fileno())
    return head


def check(reports: ReportStore, file: Path) -> Checked:
    """Compute the trail anew and compare it with every head that was kept. Raises StoreError."""
    heads, unreadable = read_heads(file)
    verdict = reports.verify_audit(heads)
    return Checked(verdict, len(heads), unreadable, missing=not heads and verdict.lines > 0)


def read_heads(file: Path) -> tuple[list[Head], tuple[int, ...]]:
    """The heads of the file in order, and the numbers of lines that hold none."""
    try:
        lines = file.read_text(encoding="ascii", errors="replace").splitlines()
    except FileNotFoundError:
        return [], ()
    found = [(number, _LINE.fullmatch(line)) for number, line in enumerate(lines, 1) if line]
    heads = [Head(int(each["id"]), bytes.fromhex(each["hash"])) for _, each in found if each]
    return heads, tuple(number for number, each in found if each is None)


def _to_end_a_line(file: Path) -> str:
    content = file.read_bytes() if file.exists() else b""
    return "\n" if content and not content.endswith(b"\n") else ""
