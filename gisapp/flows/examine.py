"""A file looked at whole before anything is kept: which reader, what it holds, every fault and every repair."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import geopandas as gpd

from layers.errors import Fault, Grade, UnreadableFile
from layers.kinds import Kind, kind_of
from layers.readers import Read, guess_kind, look, sure_of
from layers.readers.addresses import NOWHERE, Whereabouts, located
from layers.readers.choice import chosen
from layers.readers.table import Table, refusal
from layers.repairs import Change
from layers.validate import Checked, TownArea, check


@dataclass(frozen=True, eq=False)
class Examined:
    """What a file holds for a layer of a kind: read is as the file has it, checked as it would be kept."""

    path: Path
    kind: Kind
    read: Read
    checked: Checked

    @property
    def frame(self) -> gpd.GeoDataFrame:
        """The rows with every proposed repair done (longitude, latitude)."""
        return self.checked.frame

    @property
    def faults(self) -> tuple[Fault, ...]:
        """All faults, the gravest first."""
        return self.checked.faults

    @property
    def changes(self) -> tuple[Change, ...]:
        """The features whose place or shape a repair changes, before and after."""
        return self.checked.changes

    @property
    def as_of(self) -> date | None:
        """The date that the file states for its content."""
        return self.read.as_of

    @property
    def picture(self) -> Path | None:
        """The file itself, if it is an aerial image that is kept with its outline."""
        met = dict(self.read.seen)
        return self.path if met.get("format") == "geotiff" and "inside" not in met else None


def examine(
    path: Path, kind: Kind | None, area: TownArea, *, crs: int | None = None, sublayer: str = "",
    where: Whereabouts = NOWHERE,
) -> Examined:  # fmt: skip
    """Read a file as a layer of a kind and check it whole; nothing is kept.

    Without a kind the file's content decides, if it is clear enough. crs is the EPSG number that a person
    states for a file that does not state it; sublayer names one of the tables of a file that holds several.
    where is asked for the places of rows that have only an address or the name of an area.
    Raises UnreadableFile with the faults that stopped the reading.
    """
    shapes: frozenset[str] = kind.geometry if kind else frozenset()
    table = located(look(path, crs=crs, sublayer=sublayer, shapes=shapes), where)
    wanted = kind or _told_by(table)
    found = replace(chosen(table, wanted).read(), seen=table.seen)
    return Examined(path, wanted, found, check(found, wanted, area))


def _told_by(table: Table) -> Kind:
    guesses = guess_kind(table)
    if sure := sure_of(guesses):
        return kind_of(sure.kind_id)
    likely = ", ".join(kind_of(one.kind_id).title for one in guesses[:3])
    raise UnreadableFile([refusal("kind_unknown", ", ".join(table.columns), likely)])


def counts(faults: tuple[Fault, ...]) -> dict[str, int]:
    """How many faults there are of each grade."""
    return {grade.value: sum(fault.grade is grade for fault in faults) for grade in Grade}
