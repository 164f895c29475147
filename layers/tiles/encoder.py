"""Writes vector tiles (Mapbox Vector Tile 2.1): all paths of a zoom at once with numpy, then tile by tile.

https://github.com/mapbox/vector-tile-spec/tree/master/2.1 gives the sections named here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from layers.tiles.mercator import EXTENT

LINE, AREA = 2, 3  # GeomType, 4.3.4
_MOVE_TO_ONE, _LINE_TO, _CLOSE = 1 | 1 << 3, 2, 7 | 1 << 3  # 4.3.1
Ints = NDArray[np.int64]
Properties = Mapping[str, str]


@dataclass(frozen=True)
class Paths:
    """Rings or lines of many features: points in units of their tile, path by path.

    A ring's last point is not its first. lengths counts the points of each path, feature says whose path it
    is; the paths of a feature stand together, an exterior ring before its holes, exterior rings with a
    positive area where y points down (4.3.3.3).
    """

    points: Ints
    lengths: Ints
    feature: Ints
    geometry: int


def commands(paths: Paths, features: int) -> list[bytes]:
    """The geometry field of each feature: commands and parameters as packed varints (4.3)."""
    if not len(paths.lengths):
        return [b""] * features
    tokens, per_path = _tokens(paths)
    packed, ends = _varints(tokens)
    tokens_until = np.cumsum(
        np.bincount(paths.feature, weights=per_path, minlength=features).astype(np.int64)
    )
    bytes_until = np.concatenate([[0], ends])[tokens_until].tolist()
    whole = packed.tobytes()
    return [whole[start:end] for start, end in zip([0, *bytes_until], bytes_until, strict=False)]


def _tokens(paths: Paths) -> tuple[NDArray[np.uint32], Ints]:
    """MoveTo(1) x y, LineTo(n-1) x y …, and ClosePath for a ring; and how many numbers each path takes."""
    closing = int(paths.geometry == AREA)
    per_path = 2 * paths.lengths + 2 + closing
    start = np.cumsum(per_path) - per_path
    first = np.cumsum(paths.lengths) - paths.lengths
    tokens = np.empty(int(per_path.sum()), dtype=np.uint32)
    tokens[start] = _MOVE_TO_ONE
    tokens[start + 3] = _LINE_TO | (paths.lengths - 1) << 3
    if closing:
        tokens[start + per_path - 1] = _CLOSE
    path = np.repeat(np.arange(len(first)), paths.lengths)
    within = np.arange(len(path)) - first[path]
    at = start[path] + 1 + 2 * within + (within > 0)
    steps = np.diff(paths.points, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    # ClosePath leaves the cursor on the ring's last point; only a new feature begins at 0, 0
    opening = first[np.append(True, paths.feature[1:] != paths.feature[:-1])]
    steps[opening] = paths.points[opening]
    zigzag = (steps << 1) ^ (steps >> 63)
    tokens[at], tokens[at + 1] = zigzag[:, 0], zigzag[:, 1]
    return tokens, per_path


def _varints(numbers: NDArray[np.uint32]) -> tuple[NDArray[np.uint8], Ints]:
    """Numbers in groups of seven bits, lowest first; and where each ends."""
    sizes = np.ones(len(numbers), dtype=np.int64)
    for bits in (7, 14, 21, 28):
        sizes += numbers >= 1 << bits
    ends = np.cumsum(sizes)
    starts = ends - sizes
    packed = np.empty(int(ends[-1]) if len(ends) else 0, dtype=np.uint8)
    for group in range(int(sizes.max(initial=0))):
        has = sizes > group
        more = (sizes[has] > group + 1).astype(np.uint8) << 7
        packed[starts[has] + group] = (numbers[has] >> (7 * group) & 0x7F).astype(np.uint8) | more
    return packed, ends


def tile(name: str, geometry: int, shapes: Sequence[bytes], properties: Sequence[Properties]) -> bytes:
    """One tile with one layer. shapes and properties run in parallel; a property that is empty is left out."""
    keys: dict[str, int] = {}
    values: dict[str, int] = {}
    features = bytearray()
    kind = b"\x18" + bytes([geometry])
    for shape, row in zip(shapes, properties, strict=True):
        tags = bytearray()
        for key, value in row.items():
            if value:
                tags += _varint(keys.setdefault(key, len(keys))) + _varint(
                    values.setdefault(value, len(values))
                )
        features += _field(2, _field(2, tags) + kind + _field(4, shape))
    layer = _field(1, name.encode()) + features
    layer += b"".join(_field(3, key.encode()) for key in keys)
    layer += b"".join(_field(4, _field(1, value.encode())) for value in values)
    return _field(3, layer + b"\x28" + _varint(EXTENT) + b"\x78\x02")


def _field(number: int, content: bytes | bytearray) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(number: int) -> bytes:
    if number < 0x80:
        return bytes([number])
    groups = bytearray()
    while number >= 0x80:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)
