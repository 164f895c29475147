"""Why a file that could be opened is not taken, as plain values that go from one process to another."""

from __future__ import annotations


class Refused(Exception):
    """The parts of a fault: its code, its row and column if it has them, what was found and what was expected."""

    def __init__(
        self,
        code: str,
        found: str = "",
        expected: str = "",
        row: int | None = None,
        column: str | None = None,
    ) -> None:
        super().__init__(code, found)
        self.fault = {
            "code": code, "row": row, "column": column, "found": found[:2000], "expected": expected[:2000],
        }  # fmt: skip
