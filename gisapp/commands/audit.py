"""The trail on the command line: is it whole, and what does it say."""

from __future__ import annotations

import argparse
import json
from zoneinfo import ZoneInfo

from gisapp.commands.report import over_town
from gisapp.commands.task import Say, Tasks
from gisapp.flows.desk.trail import check, heads_file, seal
from gisapp.flows.desk.trail_lines import action_words
from gisapp.town import Town
from gisapp.words import say
from reports_store.audit import AuditLine

JST = ZoneInfo("Asia/Tokyo")


def _verify(given: argparse.Namespace, town: Town, tell: Say) -> int:
    """0 where the trail is whole, 1 where anything is wrong with it."""
    file = heads_file(town.settings.data)
    found = check(town.reports, file)
    for fault in found.faults:
        tell(say(f"desk_trail.fault.{fault.what}", line=fault.line))
    for number in found.unreadable:
        tell(say("desk_trail.fault.unreadable_head", line=number, file=file))
    if found.missing:
        tell(say("desk_trail.fault.no_heads", file=file))
    head = found.verdict.head
    if not found.sound:
        tell(say("desk_trail.broken", lines=found.verdict.lines))
        return 1
    tell(say("desk_trail.whole", lines=found.verdict.lines, heads=found.heads, hash=head.hash.hex()))
    return 0


def _seal(given: argparse.Namespace, town: Town, tell: Say) -> int:
    head = seal(town.reports, heads_file(town.settings.data), town.now())
    kept = town.reports.audit_head()
    tell(say("desk_trail.sealed" if head else "desk_trail.nothing_new", line=kept.id, hash=kept.hash.hex()))
    return 0


def _list(given: argparse.Namespace, town: Town, tell: Say) -> int:
    for each in reversed(town.reports.latest_audit(limit=given.last)):
        tell(_words(each))
    return 0


def _words(line: AuditLine) -> str:
    at = line.at.astimezone(JST).strftime("%Y-%m-%d %H:%M:%S")
    detail = json.dumps(line.detail, ensure_ascii=False)
    return f"{line.id}  {at}  {line.actor}  {action_words(line.action)}  {line.target}  {detail}"


TASKS: Tasks = {
    "audit verify": over_town(_verify),
    "audit seal": over_town(_seal),
    "audit list": over_town(_list),
}
