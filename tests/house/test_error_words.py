"""Whatever the store refuses, there is a sentence for it that says what to do."""

from __future__ import annotations

from gisapp.words import sentences
from reports_store import ReportsError


def leaves(kind: type[ReportsError]) -> set[str]:
    """The codes that can be met: those of the errors that have no finer ones below them."""
    finer = [each for each in kind.__subclasses__() if each.__module__ == ReportsError.__module__]
    return {kind.code}.union(*map(leaves, finer)) - ({kind.code} if finer else set())


def test_every_error_of_the_store_has_its_sentence() -> None:
    codes = leaves(ReportsError)

    assert {"not_merged", "unknown_subscription", "unknown_photo"} <= codes
    assert sorted(code for code in codes if f"errors.{code}" not in sentences("ja")) == []
