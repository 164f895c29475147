"""What a map window needs of a layer, as GeoJSON: as fine as the screen can show, and no finer."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import cached_property
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

from layers.box import Box, clamped
from layers.clusters import Clusters, clustered
from layers.crs import to_lonlat
from layers.versions import LayerVersion

NO_CLUSTERS_FROM_ZOOM = 15
MAX_ZOOM = 22
ZOOMS_KEPT = 8  # of each layer version; a person's window moves among few
_EQUATOR_M_PER_PX = 156_543.034
Made = TypeVar("Made")
Positions = NDArray[np.intp]


def view(version: LayerVersion, box: Box, zoom: int, limit: int = 2000) -> bytes:
    """The features of a version in a window, as the bytes of an RFC 7946 FeatureCollection.

    box is west, south, east, north in degrees, and may be any four numbers; it is clamped, as zoom is (0-22).
    Below zoom 15 points closer than 48 px become one feature with properties {"cluster": n}.
    "truncated": true tells that more than limit features would have been there.
    """
    return _drawing(version).view(clamped(box), min(max(zoom, 0), MAX_ZOOM), max(limit, 0))


class _Drawing:
    """A version's features as bytes, made when first wanted at a zoom, and kept for the zooms used lately."""

    def __init__(self, version: LayerVersion) -> None:
        self._kind, self._index = version.kind, version.index
        self._cards: list[bytes | None] = [None] * version.rows
        self._shapes: OrderedDict[int, list[bytes | None]] = OrderedDict()
        self._clusters: OrderedDict[int, Clusters] = OrderedDict()
        self._making = threading.Lock()

    def view(self, box: Box, zoom: int, limit: int) -> bytes:
        window = shapely.box(*box)
        found = np.sort(self._index.tree.query(window))
        is_point = self._is_point[found]
        fragments: list[bytes] = []
        others = self._largest_first(found[~is_point]) if (~is_point).sum() > limit else found[~is_point]
        if zoom < NO_CLUSTERS_FROM_ZOOM and self._is_point.any():
            fragments += self._signs(window, zoom, limit)
        else:
            fragments += self._features(found[is_point][: limit + 1], zoom)
        fragments += self._features(others[: max(limit + 1 - len(fragments), 0)], zoom)
        return _collection(fragments[:limit], truncated=len(fragments) > limit)

    def _signs(self, window: shapely.Polygon, zoom: int, limit: int) -> list[bytes]:
        with self._making:
            signs = _kept(self._clusters, zoom, lambda: clustered(self._lonlat[self._points], zoom))
        shown = np.sort(signs.tree.query(window))[: limit + 1]
        alone = shown[signs.counts[shown] == 1]
        crowds = shown[signs.counts[shown] > 1]
        return self._features(self._points[signs.member[alone]], zoom) + [
            _cluster(signs.lonlat[at], int(signs.counts[at])) for at in crowds
        ]

    def _features(self, positions: Iterable[int], zoom: int) -> list[bytes]:
        wanted = [int(at) for at in positions]
        with self._making:
            shapes = _kept(self._shapes, zoom, lambda: [None] * len(self._cards))
            missing = [at for at in wanted if shapes[at] is None]
            for at, text in zip(missing, self._drawn(missing, zoom), strict=True):
                shapes[at] = text.encode()
            for at in wanted:
                if self._cards[at] is None:
                    self._cards[at] = self._card(at)
            pairs = [(shapes[at] or b"null", self._cards[at] or b"null") for at in wanted]
        return [b'{"type":"Feature","geometry":%b,"properties":%b}' % pair for pair in pairs]

    def _drawn(self, positions: list[int], zoom: int) -> list[str]:
        if not positions:
            return []
        shapes = self._index.plane[positions]
        half_pixel_m = self._m_per_px_at_zoom_0 / 2**zoom / 2
        # topology is preserved: a small hazard zone becomes a small triangle, it does not vanish
        simple = to_lonlat(shapely.simplify(shapes, half_pixel_m), self._index.zone)
        simple = np.where(self._is_point[positions], self._index.shapes[positions], simple)
        digits = 5 if zoom <= 12 else 6
        rounded = shapely.transform(simple, lambda points: np.round(points, digits))
        return list(shapely.to_geojson(shapely.orient_polygons(rounded)))

    def _card(self, at: int) -> bytes:
        row, kind = self._index.records[at], self._kind
        return orjson.dumps(
            {
                "id": row["feature_id"],
                "style": kind.style_of(row),
                "title": kind.title_of(row),
                "label": kind.label_of(row),
                "rows": kind.shown_rows(row),
            }
        )

    def _largest_first(self, positions: Positions) -> Positions:
        """When not all fit, the ones a person would miss first."""
        west, south, east, north = shapely.bounds(self._index.shapes[positions]).T
        return positions[np.argsort(-((east - west) + (north - south)), kind="stable")]

    @cached_property
    def _is_point(self) -> NDArray[np.bool_]:
        return np.asarray(shapely.get_type_id(self._index.shapes) == shapely.GeometryType.POINT)

    @cached_property
    def _points(self) -> Positions:
        return np.flatnonzero(self._is_point & ~shapely.is_empty(self._index.shapes))

    @cached_property
    def _lonlat(self) -> NDArray[np.float64]:
        return np.column_stack([shapely.get_x(self._index.shapes), shapely.get_y(self._index.shapes)])

    @cached_property
    def _m_per_px_at_zoom_0(self) -> float:
        south, north = shapely.total_bounds(self._index.shapes)[[1, 3]]
        middle = (south + north) / 2
        return _EQUATOR_M_PER_PX * math.cos(math.radians(middle if math.isfinite(middle) else 0.0))


_drawings: WeakKeyDictionary[LayerVersion, _Drawing] = WeakKeyDictionary()  # gone with their versions
_drawings_lock = threading.Lock()


def _drawing(version: LayerVersion) -> _Drawing:
    with _drawings_lock:
        return _drawings.get(version) or _drawings.setdefault(version, _Drawing(version))


def _kept(cache: OrderedDict[int, Made], zoom: int, make: Callable[[], Made]) -> Made:
    """The cache's entry for a zoom, made if need be; the zooms used longest ago are let go."""
    if zoom not in cache:
        cache[zoom] = make()
    cache.move_to_end(zoom)
    while len(cache) > ZOOMS_KEPT:
        cache.popitem(last=False)
    return cache[zoom]


def _cluster(lonlat: NDArray[np.float64], count: int) -> bytes:
    feature: dict[str, Any] = {
        "type": "Feature",
        "geometry": {"type": "Point", "coordinates": [round(float(value), 6) for value in lonlat]},
        "properties": {"cluster": count},
    }
    return orjson.dumps(feature)


def _collection(fragments: list[bytes], *, truncated: bool) -> bytes:
    end = b'],"truncated":true}' if truncated else b"]}"
    return b'{"type":"FeatureCollection","features":[' + b",".join(fragments) + end
