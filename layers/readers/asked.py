"""What a person says about a file beside giving it."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Asked:
    """crs is the EPSG number stated for a file that does not state it, or states it wrongly; sublayer one of the
    tables of a file that holds several; shapes the geometry types that the kind of layer can take.
    """

    crs: int | None = None
    sublayer: str = ""
    shapes: frozenset[str] = field(default=frozenset())
