"""A town without layers, opened at once: for what asks neither the map nor the sample."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gisapp.profile import Office, TownProfile, write_profile
from gisapp.settings import Settings
from gisapp.town import Town, open_town

Clock = Callable[[], datetime]


@contextmanager
def small_town(data: Path, *departments: Office, **environment: str) -> Iterator[Town]:
    """The town, closed when the block ends; departments have mailboxes for their digests."""
    profile = TownProfile(
        "見本町", "213624", "岐阜県", 6675, (136.0, 35.0, 137.0, 36.0), departments=departments
    )
    write_profile(profile, data / "town.toml")
    town = open_town(Settings.from_env({"GISAPP_DATA": str(data), **environment}))
    try:
        yield town
    finally:
        town.close()


def later(town: Town, after: timedelta) -> Town:
    """The same town with its clock put forward."""
    return at_clock(town, lambda: datetime.now(UTC) + after)


def at_moment(town: Town, moment: datetime) -> Town:
    """The same town with its clock stopped."""
    return at_clock(town, lambda: moment)


def at_clock(town: Town, clock: Clock) -> Town:
    """The same town by another clock."""

    class Other(Town):
        __slots__ = ()

        def now(self) -> datetime:
            return clock()

    return Other(**{name: getattr(town, name) for name in town.__dataclass_fields__})
