"""The live layers: a few lines of script that let the browser fetch what its viewport needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from branca.element import MacroElement
from folium.raster_layers import TileLayer
from folium.template import Template

LIVE_CONFIG = "/live/config.json"


@dataclass(frozen=True, slots=True)
class LiveOptions:
    """What the script is told. Only numbers, switches and our own addresses: never a word from a person.

    pick lets a tap set the place of a report; pin is a place already known as (lon, lat);
    focus is a place to open at as (lon, lat).
    """

    pick: bool = False
    pin: tuple[float, float] | None = None
    focus: tuple[float, float] | None = None
    reports: bool = True
    panel: bool = True
    config: str = LIVE_CONFIG


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
