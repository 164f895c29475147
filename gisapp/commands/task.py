"""What every command is: a function of the parsed words, the settings and a way to speak."""

from __future__ import annotations

import argparse
import getpass
from collections.abc import Callable, Mapping

from gisapp.settings import Settings

Say = Callable[[str], None]
Task = Callable[[argparse.Namespace, Settings, Say], int]
Tasks = Mapping[str, Task]


def me() -> str:
    """Who runs the command: the machine's user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container may run under a number without a name
        return "cli"
