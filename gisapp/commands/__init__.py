"""Carries out what the command line asks: each task calls one flow and says in Japanese how it went.

One file here for each group of commands; a new command is one entry in its group's TASKS.
"""

from __future__ import annotations

import argparse
from functools import partial
from typing import TextIO

from gisapp.auth.errors import AuthError
from gisapp.commands import (
    ask,
    audit,
    basemap,
    export,
    fetch,
    layer,
    mail,
    report,
    retention,
    routing,
    town,
    user,
)
from gisapp.commands.task import Say, Tasks
from gisapp.flows.explain import explain, explain_faults
from gisapp.profile import ProfileError
from gisapp.settings import Settings
from gisapp.words import say
from layers.errors import CatalogueError, ImportRefused, LayersError, UnreadableFile
from reports_store.errors import ReportsError

TASKS: Tasks = {
    **town.TASKS,
    **fetch.TASKS,
    **layer.TASKS,
    **export.TASKS,
    **user.TASKS,
    **ask.TASKS,
    **audit.TASKS,
    **basemap.TASKS,
    **mail.TASKS,
    **report.TASKS,
    **routing.TASKS,
    **retention.TASKS,
}


def run(given: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Carry out one parsed command; what it refuses is said on err and answered with 1."""
    tell: Say = partial(print, file=out, flush=True)
    try:
        return TASKS[f"{given.task} {getattr(given, 'step', '')}".strip()](given, Settings.from_env(), tell)
    except (ImportRefused, UnreadableFile, CatalogueError) as error:
        print(explain(error), *explain_faults(error), sep="\n", file=err)
    except (ReportsError, LayersError) as error:
        print(explain(error), file=err)
    except AuthError as error:
        print(say(f"auth.errors.{error.code}", value=error.value), file=err)
    except ProfileError as error:
        print(say(f"cli.{error.key}", **error.values), file=err)
    except OSError as error:
        print(say("cli.file_trouble", name=error.filename or "", why=error.strerror or error), file=err)
    except ValueError as error:
        print(say("cli.wrong_value", why=error), file=err)
    return 1
