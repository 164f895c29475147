"""What every test may ask for: the sample town, a running app, a browser, and real files that towns publish."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
# How long an example takes is the machine's affair, not the town's.
settings.register_profile("unhurried", deadline=None)
settings.load_profile("unhurried")


@pytest.fixture(scope="session")
def shared_data(request: pytest.FixtureRequest) -> Path:
    """The folder of real published files; the test is skipped and counted where it is absent."""
    folder = Path(os.environ.get("GISAPP_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the folder of published files is absent: {folder}")
    return folder


@pytest.fixture(scope="session")
def sample_town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the sample town, made once for all test processes; copy it before writing."""
    from tests.serving import command

    together = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        together = together.parent
    folder = together / "sample-town"
    with (together / "sample-town.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "town.toml").exists():
            made = command(folder, "sample", check=False)
            assert made.returncode == 0, made.stdout + made.stderr
    return folder


@pytest.fixture(scope="session")
def app(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[object]:
    """The real app over a sample town of its own."""
    from tests.serving import copied, serving

    with serving(copied(sample_town, tmp_path_factory.mktemp("served") / "var")) as server:
        yield server


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Remember which tests did without the real files."""
    outcome = yield
    report = outcome.get_result()
    if report.skipped and "published files" in str(report.longrepr):
        report.sections.append(("real files", "absent"))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly how many tests ran without the real files."""
    missed = [
        report
        for report in terminalreporter.stats.get("skipped", [])
        if ("real files", "absent") in report.sections
    ]
    if missed:
        terminalreporter.section("REAL FILES ABSENT", sep="!")
        terminalreporter.line(
            f"{len(missed)} tests were skipped; set GISAPP_SHARED_DATA to the folder of published files"
        )
