"""保存期間: what is due to be forgotten, and forgetting it."""

from __future__ import annotations

import argparse

from gisapp.commands.report import over_town
from gisapp.commands.task import Say, Tasks
from gisapp.flows.desk.retain import Plan, carry_out, plan
from gisapp.town import Town
from gisapp.words import say
from reports_store.retention import Step

ACTOR = "gisapp retention"
LISTED = 50


def _dry_run(given: argparse.Namespace, town: Town, tell: Say) -> int:
    found = plan(town.reports, town.categories, town.now())
    _tell(found, tell)
    for each in found.reports[:LISTED]:
        tell(
            say(
                "desk_retention.cli.line",
                number=each.public_id,
                step=say(f"desk_retention.step.{each.step}"),
                closed=f"{each.closed_at:%Y-%m-%d}",
            )
        )
    if len(found.reports) > LISTED:
        tell(say("desk_retention.cli.more", n=len(found.reports) - LISTED))
    return 0


def _run(given: argparse.Namespace, town: Town, tell: Say) -> int:
    found = plan(town.reports, town.categories, town.now())
    _tell(found, tell)
    outcome = carry_out(found, town.reports, ACTOR, town.now())
    counts = {step.value: outcome.done[step] for step in Step}
    tell(say("desk_retention.cli.done", **counts))
    if outcome.left:
        tell(say("desk_retention.cli.left", numbers="、".join(outcome.left[:LISTED])))
    return 0


def _tell(found: Plan, tell: Say) -> None:
    tell(say("desk_retention.cli.counts", **{step.value: n for step, n in found.counts.items()}))


TASKS: Tasks = {"retention dry-run": over_town(_dry_run), "retention run": over_town(_run)}
