"""Whatever several people do with the same reports, in any order and at once, nothing is lost and nothing is illegal."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from reports_store import ReportStore
from tests.desk_machine import KINDS, DeskMachine

BOUNDED = settings(
    max_examples=8, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # threads: a failure shrinks for minutes, to little
)  # fmt: skip


@pytest.fixture
def store(address: str) -> Iterator[ReportStore]:
    with ReportStore.open(address, KINDS) as opened:
        yield opened


def test_nothing_is_lost_and_nothing_illegal_whatever_people_do(store: ReportStore) -> None:
    run_state_machine_as_test(lambda: DeskMachine(store), settings=BOUNDED)
