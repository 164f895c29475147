"""Files that are whole or not there at all: written under another name, put on the disk, then renamed."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from reports_store.errors import PhotoNotStored

PART = ".part"


def part_of(path: Path) -> Path:
    """The name under which a file is written: a kill or a full disk leaves this, never half of the file."""
    return path.with_name(f"{path.name}.{secrets.token_hex(4)}{PART}")


def write_whole(path: Path, content: bytes) -> None:
    part = part_of(path)
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    folder.mkdir(parents=True, exist_ok=True)
    fsync_folder(folder.parent)


def fsync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows cannot fsync a folder and writes renames through by itself
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def disk_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise PhotoNotStored(error.strerror or type(error).__name__) from error
