"""Changes that people make to the features of a layer, so that two who meet at one feature both keep their work.

A change names the version its author looked at. Where the feature has become another since then, the change
is a Conflict and nothing of it is stored; changes of other features go in as one new version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from shapely.geometry.base import BaseGeometry

from layers.compare import SAME_PLACE_DEG
from layers.crs import LONLAT
from layers.durable import alone
from layers.edit_rules import EditFault, checked_values, missing_values, new_id_faults, shape_faults
from layers.errors import LayersError, SourceUnavailable, UnknownVersion, VersionMoved
from layers.validate import TownArea
from layers.versions import LayerShelf, LayerVersion

Act = Literal["create", "update", "delete"]
MAX_CHANGES = 1_000
_DIGITS_DEG = 8  # a millimetre; a screen gives fifteen


@dataclass(frozen=True)
class Change:
    """One thing a person did to one feature. seen is the number of the version looked at.

    values are the columns set anew, with a column that is not named left as it is; geometry is the new place
    or outline (EPSG:4326), None if it stays. A created feature brings an id of its own, so that a message
    sent twice makes one feature; one that the version seen had, and that somebody deleted since, is put back.
    """

    act: Act
    feature_id: str
    seen: int
    values: Mapping[str, Any] = field(default_factory=dict)
    geometry: BaseGeometry | None = None


@dataclass(frozen=True, eq=False)
class Feature:
    """What one feature is: its columns and its shape (EPSG:4326)."""

    values: dict[str, Any]
    geometry: BaseGeometry

    def same(self, other: Feature | None) -> bool:
        return (
            other is not None
            and self.values == other.values
            and bool(shapely.equals_exact(self.geometry, other.geometry, SAME_PLACE_DEG))
        )


@dataclass(frozen=True, eq=False)
class Conflict:
    """A change of a feature that somebody else changed since. None stands for "is not there": mine for a
    feature I removed, theirs for one they removed, base for one that the version looked at did not have, or
    that cannot be read any more. now is the number of the version that theirs is taken from.
    """

    change: Change
    mine: Feature | None
    theirs: Feature | None
    base: Feature | None
    now: int


@dataclass(frozen=True, eq=False)
class Saved:
    """What became of a list of changes: the current version, the ids that it now holds as wished, and the
    conflicts. made says whether a new version was necessary.
    """

    version: LayerVersion
    made: bool
    done: tuple[str, ...]
    conflicts: tuple[Conflict, ...]


class ChangesRefused(LayersError):
    """Changes that cannot go into a layer of this kind: every fault at once; nothing was stored."""

    code = "changes_refused"

    def __init__(self, faults: Sequence[EditFault]) -> None:
        self.faults = tuple(faults)
        super().__init__(self.faults)


def apply_changes(
    shelf: LayerShelf, layer_id: str, changes: Sequence[Change], by: str, at: datetime, area: TownArea
) -> Saved:
    """Make one new version with all changes that meet no conflict.

    Raises ChangesRefused with all faults, SourceUnavailable if the layer cannot be read, ShelfUnwritable;
    nothing has changed then. Sending the same changes again changes nothing.
    """
    shelf.catalogue.entry(layer_id)
    first = shelf.current(layer_id)  # names a layer that cannot be read before anything is written
    changes = _checked(shelf, first, changes, area)
    # Editors of one layer take turns. An import does not, so another version may still come between.
    with alone(shelf.folder / layer_id / ".editing.lock"):
        while True:
            current = shelf.current(layer_id)
            plan = _planned(shelf, current, changes)
            if not plan.apply:
                return Saved(current, False, plan.done, plan.conflicts)
            frame = _changed(current, plan.apply)
            if not len(frame):
                raise ChangesRefused([EditFault(plan.apply[0].feature_id, None, "would_be_empty")])
            try:
                version = shelf.add(
                    layer_id, frame, reader=current.reader, source_name=current.source_name,
                    source_sha256=current.source_sha256, by=by, at=at, as_of=current.as_of,
                    raster=current.raster, origin="edit", edits=[_noted(one) for one in plan.apply],
                    based_on=current.number,
                )  # fmt: skip
            except VersionMoved:
                continue
            return Saved(version, True, plan.done, plan.conflicts)


def conflict_of(shelf: LayerShelf, layer_id: str, change: Change) -> Conflict | None:
    """What a change that was put aside meets in the current version; None if nothing stands against it."""
    current = shelf.current(layer_id)
    return next(iter(_planned(shelf, current, [change]).conflicts), None)


def feature_of(version: LayerVersion, feature_id: str) -> Feature | None:
    """One feature with its exact shape; None if the version has none of that id."""
    return _features(version, [feature_id])[0]


@dataclass(frozen=True)
class _Plan:
    apply: list[Change]
    done: tuple[str, ...]
    conflicts: tuple[Conflict, ...]


def _planned(shelf: LayerShelf, current: LayerVersion, changes: Sequence[Change]) -> _Plan:
    ids = [change.feature_id for change in changes]
    apply: list[Change] = []
    done: list[str] = []
    conflicts: list[Conflict] = []
    now = _features(current, ids)
    bases = _bases(shelf, current, changes)
    columns = _columns(current)
    for change, theirs, base in zip(changes, now, bases, strict=True):
        mine = _wished(change, base if base is not None else theirs, columns)
        new = base is None or change.act == "create"  # what the other deleted may be created again
        untouched = theirs is None if new else base is not None and base.same(theirs)
        if change.act == "update" and base is None and theirs is None:
            raise ChangesRefused([EditFault(change.feature_id, None, "feature_unknown")])
        if theirs is None if mine is None else mine.same(theirs):
            done.append(change.feature_id)  # already so: sent twice, or both wished the same
        elif untouched:
            apply.append(_put_back(change, base) if new and base is not None else change)
            done.append(change.feature_id)
        else:
            conflicts.append(Conflict(change, mine, theirs, base, current.number))
    return _Plan(apply, tuple(done), tuple(conflicts))


def _put_back(change: Change, base: Feature) -> Change:
    shape = base.geometry if change.geometry is None else change.geometry
    return replace(change, values={**base.values, **change.values}, geometry=shape)


def _wished(change: Change, base: Feature | None, columns: Sequence[str]) -> Feature | None:
    if change.act == "delete":
        return None
    values = base.values if base else dict.fromkeys(columns)
    shape = change.geometry if change.geometry is not None else base.geometry if base else shapely.Point()
    return Feature({**values, **change.values}, shape)


def _bases(shelf: LayerShelf, current: LayerVersion, changes: Sequence[Change]) -> list[Feature | None]:
    found: list[Feature | None] = [None] * len(changes)
    for number in {change.seen for change in changes}:
        at = [i for i, change in enumerate(changes) if change.seen == number]
        try:
            version = current if number == current.number else shelf.version(current.entry.id, number)
        except (SourceUnavailable, UnknownVersion):
            continue  # the version looked at is lost: then every change of it is asked about
        for i, feature in zip(at, _features(version, [changes[i].feature_id for i in at]), strict=True):
            found[i] = feature
    return found


def _features(version: LayerVersion, ids: Sequence[str]) -> list[Feature | None]:
    where = pd.Index(version.frame["feature_id"]).get_indexer(pd.Index(list(ids), dtype=object))
    names, shapes = _columns(version), np.asarray(version.frame.geometry.array)
    return [
        None if at < 0 else Feature({name: version.frame[name].iat[at] for name in names}, shapes[at])
        for at in where
    ]


def _columns(version: LayerVersion) -> list[str]:
    return [name for name in version.frame.columns if name not in ("feature_id", version.frame.geometry.name)]


def _changed(current: LayerVersion, changes: Sequence[Change]) -> gpd.GeoDataFrame:
    frame = current.frame.copy()
    where = pd.Index(frame["feature_id"]).get_indexer(
        pd.Index([change.feature_id for change in changes], dtype=object)
    )
    shapes = np.asarray(frame.geometry.array).copy()
    gone = np.zeros(len(frame), dtype=bool)
    new: list[Change] = []
    for change, at in zip(changes, where.tolist(), strict=True):
        if at < 0:
            new.append(change)
            continue
        gone[at] = change.act == "delete"
        for name, value in change.values.items():
            frame.iat[at, frame.columns.get_loc(name)] = value
        if change.geometry is not None:
            shapes[at] = change.geometry
    frame = frame.set_geometry(gpd.GeoSeries(shapes, index=frame.index, crs=LONLAT)).loc[~gone]
    if new:
        frame = pd.concat([frame, _created(new, frame)], ignore_index=True)
    return frame.reset_index(drop=True)


def _created(changes: Sequence[Change], like: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    columns = {
        name: pd.Series([change.values.get(name) for change in changes], dtype=object)
        for name in like.columns
        if name not in ("feature_id", like.geometry.name)
    }
    ids = pd.Series([change.feature_id for change in changes], dtype=object)
    shapes = gpd.GeoSeries([change.geometry for change in changes], crs=LONLAT)
    return gpd.GeoDataFrame({"feature_id": ids, **columns}, geometry=shapes)


def _noted(change: Change) -> dict[str, Any]:
    return {
        "act": change.act,
        "feature_id": change.feature_id,
        "columns": sorted(change.values),
        "geometry": change.geometry is not None,
    }


def _checked(
    shelf: LayerShelf, current: LayerVersion, changes: Sequence[Change], area: TownArea
) -> list[Change]:
    """The changes with values as the columns hold them and shapes rounded to a millimetre."""
    faults = list(_list_faults(changes, current))
    ready = []
    for change, base in zip(changes, _bases(shelf, current, changes), strict=True):
        values, unfit = checked_values(change.feature_id, change.values, current.kind)
        shape = _rounded(change.geometry)
        ready.append(replace(change, values=values, geometry=shape))
        faults += unfit
        if change.act == "delete":
            continue
        new = change.act == "create"
        unread = {fault.column for fault in unfit}
        whole = {**(base.values if base else {}), **change.values, **values}
        faults += [
            fault
            for fault in missing_values(change.feature_id, change.values, whole, current.kind, new)
            if fault.column not in unread
        ]
        if new:
            faults += new_id_faults(change.feature_id)
            if shape is None and base is None:
                faults.append(EditFault(change.feature_id, "geometry", "geometry_missing"))
        if shape is not None:
            before = base.geometry if base else None
            faults += shape_faults(change.feature_id, shape, before, current.kind, area)
    if faults:
        raise ChangesRefused(faults)
    return ready


def _rounded(shape: BaseGeometry | None) -> BaseGeometry | None:
    if shape is None:
        return None
    flat = shapely.force_2d(shape)
    return shapely.transform(flat, lambda places: np.round(places, _DIGITS_DEG))


def _list_faults(changes: Sequence[Change], current: LayerVersion) -> Iterator[EditFault]:
    if len(changes) > MAX_CHANGES:
        yield EditFault("", None, "too_many_changes", str(len(changes)), str(MAX_CHANGES))
    met: set[str] = set()
    for change in changes:
        if change.feature_id in met:
            yield EditFault(change.feature_id, None, "changed_twice")
        met.add(change.feature_id)
        if not 0 < change.seen <= current.number:
            yield EditFault(change.feature_id, None, "version_unknown", str(change.seen), str(current.number))
