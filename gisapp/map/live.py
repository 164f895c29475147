"""The live layers: a few lines of script that let the browser fetch what its viewport needs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass

from branca.element import MacroElement
from folium.raster_layers import TileLayer
from folium.template import Template

_OURS = re.compile(r"[a-z0-9_]*|/[A-Za-z0-9_/.?=&-]*")  # what folium may be told: never a word from a person
LIVE_CONFIG = "/live/config.json"


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """What the script is told. Only numbers, switches and our own addresses: never a word from a person.

    pick lets a tap set the place of a report; pin is a place already known as (lon, lat);
    focus is a place to open at as (lon, lat); ask lets a tap on an empty spot ask what is known there;
    karte names the kinds of layer that are shown around the focus; edit opens the layer that the
    page's address names for editing; versions are the numbers of two of its versions to be compared; points is our own address
    of places to be marked.
    """

    pick: bool = False
    pin: tuple[float, float] | None = None
    focus: tuple[float, float] | None = None
    reports: bool = True
    panel: bool = True
    ask: bool = False
    karte: tuple[str, ...] = ()
    edit: bool = False
    versions: tuple[int, int] | None = None
    points: str = ""
    config: str = LIVE_CONFIG

    def __post_init__(self) -> None:
        for text in _texts(asdict(self)):
            if not _OURS.fullmatch(text):
                raise ValueError(f"{text!r}: expected the id of a layer or kind, or an address of ours")


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, tuple, list)):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)


class LiveLayers(MacroElement):
    """Draws the base map, the town's layers and the reports from the app's own routes."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            window.gisapp.start({{ this._parent.get_name() }}, {{ this.options|tojson }}, {
                {%- for name, layer in this.bases.items() %} {{ name|tojson }}: {{ layer.get_name() }},{% endfor %} });
        {% endmacro %}
        """
    )

    def __init__(self, options: LiveOptions, bases: Mapping[str, TileLayer]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._name = "LiveLayers"
        self.options = asdict(options)
        self.bases = dict(bases)
