"""What was measured of one page with so many reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

from bench.map.visitor import Sent


@dataclass
class Case:
    """A page of PAGES with a number of reports. Each visit gives seconds per part, and the server's bytes."""

    page: str
    count: int
    sent: Sent = field(default_factory=lambda: Sent(0, 0, 0))
    visits: list[Mapping[str, float]] = field(default_factory=list)
    server_bytes: list[int] = field(default_factory=list)
    failed: int = 0

    def seconds(self, part: str = "usable") -> float:
        """The median over all visits, from navigation to the end of a part."""
        return median(visit[part] for visit in self.visits)

    @property
    def resident_bytes(self) -> float:
        return median(self.server_bytes)
