"""A second wall: text that folium has already drawn is never read as a template again.

Folium draws an element and then hands the drawn text to branca's Element, which compiles it as a Jinja
template on the server. A title such as ``{{ 7*191 }}`` would be computed there. The first wall is that no
supplied text reaches folium at all; this one makes drawn text a literal should the first ever leak.
"""

from __future__ import annotations

import branca.element
import folium.features
import folium.map

_CHILDREN_ONLY = "{% for name, element in this._children.items() %}{{element.render(**kwargs)}}{% endfor %}"
_Element = branca.element.Element


class Rendered(_Element):
    """An element whose text is final."""

    def __init__(self, template: str | None = None, template_name: str | None = None) -> None:
        literal = template is not None and template != _CHILDREN_ONLY
        super().__init__(None if literal else template, template_name)
        self._text = template if literal else None

    def render(self, **kwargs: object) -> str:
        """The text as it was given; children, where there is none."""
        return str(super().render(**kwargs)) if self._text is None else self._text


def render_text_once() -> None:
    """Replace the Element that branca and folium wrap around drawn text."""
    for module in (branca.element, folium.map, folium.features):
        module.Element = Rendered  # type: ignore[attr-defined]
