"""What lies between two versions of a layer: added, removed, moved and changed features."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from layers.crs import to_plane
from layers.versions import LayerVersion

SAME_PLACE_DEG = 1e-9  # a tenth of a millimetre: formats that write decimals round there
_MADE_ID = re.compile(r"[0-9a-f]{12}(-\d+)?")  # as canonical.made_ids gives them: from name and place

Act = Literal["added", "removed", "moved", "changed"]
Positions = NDArray[np.intp]


@dataclass(frozen=True)
class Difference:
    """One feature that is not the same in both versions.

    acts holds moved and changed together where both are so; moved_m is the metres in the plane zone between
    the two places of a point, and the farthest that an outline has moved of a line or area. columns are
    (name, before, after). old_at and new_at are positions in the two frames, None where it is not there.
    """

    feature_id: str
    acts: tuple[Act, ...]
    old_at: int | None
    new_at: int | None
    moved_m: float = 0.0
    columns: tuple[tuple[str, Any, Any], ...] = ()


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two versions laid side by side. added and removed are positions in new and old; old_at and new_at are
    the positions of the features that both have; moved and changed say which of these differ, and how.
    """

    old: LayerVersion
    new: LayerVersion
    added: Positions
    removed: Positions
    old_at: Positions
    new_at: Positions
    moved: NDArray[np.bool_]
    changed: Mapping[str, NDArray[np.bool_]]

    @cached_property
    def any_changed(self) -> NDArray[np.bool_]:
        """Which of the common features have another value in some column."""
        none = np.zeros(len(self.old_at), dtype=bool)
        return np.asarray(np.logical_or.reduce([none, *self.changed.values()]))

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many features were added, removed, moved and changed; one may be moved and changed. unchanged
        is neither.
        """
        return {
            "added": len(self.added),
            "removed": len(self.removed),
            "moved": int(self.moved.sum()),
            "changed": int(self.any_changed.sum()),
            "unchanged": int((~(self.moved | self.any_changed)).sum()),
        }

    @property
    def total(self) -> int:
        """How many features differ."""
        return len(self.added) + len(self.removed) + int((self.moved | self.any_changed).sum())

    def differences(self, start: int = 0, stop: int | None = None) -> Iterator[Difference]:
        """The features that differ: added, then removed, then moved or changed; metres only for those asked
        for.
        """
        touched = np.flatnonzero(self.moved | self.any_changed)
        stop = self.total if stop is None else min(stop, self.total)
        first_pair = len(self.added) + len(self.removed)
        for at in range(start, min(stop, len(self.added))):
            where = int(self.added[at])
            yield Difference(_id(self.new.frame, where), ("added",), None, where)
        for at in range(max(start, len(self.added)), min(stop, first_pair)):
            where = int(self.removed[at - len(self.added)])
            yield Difference(_id(self.old.frame, where), ("removed",), where, None)
        wanted = touched[max(start - first_pair, 0) : max(stop - first_pair, 0)]
        away_m = self._moved_m(wanted)
        for pair, metres in zip(wanted.tolist(), away_m, strict=True):
            yield self._pair(pair, metres)

    def _moved_m(self, pairs: Positions) -> list[float]:
        before = to_plane(_shapes(self.old.frame)[self.old_at[pairs]], self.new.zone)
        after = to_plane(_shapes(self.new.frame)[self.new_at[pairs]], self.new.zone)
        away = np.where(self.moved[pairs], shapely.hausdorff_distance(before, after), 0.0)
        return [float(metres) for metres in away]

    def _pair(self, pair: int, metres: float) -> Difference:
        old_at, new_at = int(self.old_at[pair]), int(self.new_at[pair])
        columns = tuple(
            (name, self.old.frame[name].iat[old_at], self.new.frame[name].iat[new_at])
            for name, differs in self.changed.items()
            if differs[pair]
        )
        acts: list[Act] = []
        if self.moved[pair]:
            acts.append("moved")
        if columns:
            acts.append("changed")
        return Difference(_id(self.new.frame, new_at), tuple(acts), old_at, new_at, metres, columns)


def compare(old: LayerVersion, new: LayerVersion) -> Comparison:
    """What has become of each feature of old in new.

    Features are the same by feature_id. Where a file gave no ids, an id is made of name and place and changes
    when either does: of those that are then left over, one is the same as another that has all its values, or
    its place, if only these two have them. Whole columns are compared at once: 100,000 features take well
    under a second.
    """
    old_at, new_at = _same(old.frame, new.frame)
    columns = [name for name in new.frame.columns if name not in ("feature_id", new.frame.geometry.name)]
    changed = {
        name: np.asarray(
            _cells(old.frame, name)[old_at] != _cells(new.frame, name)[new_at], dtype=bool
        )
        for name in columns
    }  # fmt: skip
    before, after = _shapes(old.frame)[old_at], _shapes(new.frame)[new_at]
    return Comparison(
        old,
        new,
        added=np.setdiff1d(np.arange(len(new.frame)), new_at),
        removed=np.setdiff1d(np.arange(len(old.frame)), old_at),
        old_at=old_at,
        new_at=new_at,
        moved=~shapely.equals_exact(before, after, SAME_PLACE_DEG),
        changed={name: differs for name, differs in changed.items() if differs.any()},
    )


def _same(old: gpd.GeoDataFrame, new: gpd.GeoDataFrame) -> tuple[Positions, Positions]:
    found = pd.Index(old["feature_id"]).get_indexer(pd.Index(new["feature_id"]))
    old_at, new_at = found[found >= 0], np.flatnonzero(found >= 0)
    old_rest = _made(old, np.setdiff1d(np.arange(len(old)), old_at))
    new_rest = _made(new, np.flatnonzero(found < 0))
    for marks in (_value_marks, _place_marks):
        pairs = _only_pairs(marks(old, old_rest), marks(new, new_rest))
        if not pairs:
            continue
        left, right = (np.array(side, dtype=np.intp) for side in zip(*pairs, strict=True))
        old_at, new_at = np.append(old_at, old_rest[left]), np.append(new_at, new_rest[right])
        old_rest, new_rest = np.delete(old_rest, left), np.delete(new_rest, right)
    order = np.argsort(new_at)
    return old_at[order], new_at[order]


def _made(frame: gpd.GeoDataFrame, at: Positions) -> Positions:
    ids = frame["feature_id"].to_numpy()[at]
    made = np.array([bool(_MADE_ID.fullmatch(one)) for one in ids], dtype=bool)
    return np.asarray(at[made])


def _value_marks(frame: gpd.GeoDataFrame, at: Positions) -> list[Any]:
    rows = frame.drop(columns=["feature_id", frame.geometry.name]).iloc[at]
    return list(rows.itertuples(index=False, name=None))


def _place_marks(frame: gpd.GeoDataFrame, at: Positions) -> list[Any]:
    return list(shapely.to_wkb(_shapes(frame)[at]))


def _only_pairs(old: list[Any], new: list[Any]) -> list[tuple[int, int]]:
    """Positions of the marks that each side has exactly once."""
    once = {mark for mark, n in Counter(old).items() if n == 1}
    where = {mark: at for at, mark in enumerate(old) if mark in once}
    twice = {mark for mark, n in Counter(new).items() if n > 1}
    return [(where[mark], at) for at, mark in enumerate(new) if mark in where and mark not in twice]


def _cells(frame: gpd.GeoDataFrame, name: str) -> NDArray[np.object_]:
    if name not in frame.columns:
        return np.full(len(frame), None, dtype=object)
    return np.asarray(frame[name], dtype=object)


def _shapes(frame: gpd.GeoDataFrame) -> NDArray[np.object_]:
    return np.asarray(frame.geometry.array)


def _id(frame: gpd.GeoDataFrame, at: int) -> str:
    return str(frame["feature_id"].iat[at])
