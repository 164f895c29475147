"""Several people work on the same reports for a long time, in any order and at once: nothing is lost, nothing illegal."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from reports_store import ReportStore
from tests.desk_machine import KINDS, DeskMachine
from tests.postgres_server import server

LONG = settings(
    max_examples=150, stateful_step_count=80, deadline=None, suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # threads: a failure shrinks for minutes, to little
)  # fmt: skip


@pytest.mark.torture
def test_a_long_day_at_the_desk_on_a_file(tmp_path: Path) -> None:
    with ReportStore.open(tmp_path / "town.sqlite", KINDS) as store:
        run_state_machine_as_test(lambda: DeskMachine(store), settings=LONG)


@pytest.mark.torture
def test_a_long_day_at_the_desk_on_a_server() -> None:
    with server() as running:
        address = running.new_database()
        with ReportStore.open(address, KINDS) as store:
            run_state_machine_as_test(lambda: DeskMachine(store), settings=LONG)
        running.drop(address)
