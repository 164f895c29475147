"""What the town keeps no longer than it may: looked at first, carried out in portions, written into the trail."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from reports_store import Categories, ReportStore
from reports_store.retention import Due, Step, days_of

AT_ONCE = 200  # reports in one commit: residents' reports wait no longer than for these


@dataclass(frozen=True, slots=True)
class CategoryTimes:
    """The times of one category and how many reports are due now, by step."""

    code: str
    days: dict[Step, int]
    due: dict[Step, int]


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run would do now. reports: each of them, the longest closed first."""

    times: tuple[CategoryTimes, ...]
    reports: tuple[Due, ...]

    @property
    def counts(self) -> dict[Step, int]:
        found = Counter(each.step for each in self.reports)
        return {step: found[step] for step in Step}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run did, by step, and the receipt numbers it left as they were."""

    done: dict[Step, int]
    left: tuple[str, ...]


def plan(reports: ReportStore, categories: Categories, at: datetime) -> Plan:
    """The dry run: nothing is changed."""
    found = tuple(reports.retention_due(at))
    counts = Counter((each.category, each.step) for each in found)
    times = tuple(
        CategoryTimes(
            code,
            {step: days_of(category, step) for step in Step},
            {step: counts[code, step] for step in Step},
        )
        for code, category in categories.items()
    )
    return Plan(times, found)


def carry_out(wanted: Plan, reports: ReportStore, actor: str, at: datetime) -> Outcome:
    """Do what a plan says, as far as it still holds. Cut off in the middle it has done whole portions, and the
    next run does the rest.
    """
    done: Counter[Step] = Counter()
    left: list[str] = []
    for start in range(0, len(wanted.reports), AT_ONCE):
        carried = reports.carry_out_retention(wanted.reports[start : start + AT_ONCE], actor, at)
        done.update(each.step for each in carried.done)
        left += [each.public_id for each in carried.left]
    return Outcome({step: done[step] for step in Step}, tuple(left))
