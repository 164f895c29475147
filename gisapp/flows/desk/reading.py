"""One report for a person of the town hall: what is not theirs to see is as if it were not there."""

from __future__ import annotations

from dataclasses import replace

from gisapp.person import Person, Right, hidden_from, may
from reports_store import Categories, Report, ReportStore
from reports_store.errors import UnknownReport


def report_for(person: Person, public_id: str, reports: ReportStore, categories: Categories) -> Report:
    """The report of a receipt number. Raises UnknownReport alike for none and for one that is not theirs.

    Photos that came with reports merged into it are there as far as those reports are theirs to see.
    """
    report = reports.get(public_id)
    if not may_read(person, report, categories):
        raise UnknownReport(public_id)
    if all(not photo.merged for photo in report.photos):
        return report
    readable = [one for one in reports.merged_into(public_id) if may_read(person, one, categories)]
    shown = {photo.sha256 for one in readable for photo in one.photos}
    kept = tuple(photo for photo in report.photos if not photo.merged or photo.sha256 in shown)
    return replace(report, photos=kept)


def may_read(person: Person, report: Report, categories: Categories) -> bool:
    """Whether a report is shown to a person: some categories are for some departments only."""
    if not may(person, Right.READ):
        return False
    own = bool(person.department) and report.department == person.department
    return own or report.category not in hidden_from(person, categories)
