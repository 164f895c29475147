"""Whether the town is in disaster mode: one word in a file, written by the operator, read for each report."""

from __future__ import annotations

import os
from pathlib import Path

from reports_store import Mode


def read_mode(file: Path) -> Mode:
    """The mode that the file holds; normal where there is none or it cannot be read."""
    try:
        return Mode(file.read_text(encoding="utf-8").strip())
    except (OSError, ValueError):
        return Mode.NORMAL


def write_mode(file: Path, mode: Mode) -> None:
    """Keep the mode: the running app follows with its next report, and a restart changes nothing."""
    unfinished = file.with_name(f"{file.name}.part")
    with unfinished.open("w", encoding="utf-8") as out:
        out.write(mode.value)
        out.flush()
        os.fsync(out.fileno())
    unfinished.replace(file)
