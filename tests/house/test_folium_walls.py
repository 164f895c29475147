"""No text runs as a template on the server, and no link leads outside: the walls around folium."""

from __future__ import annotations

import folium
import folium.plugins
import pytest
from folium.template import Template

from gisapp.assets import UnknownAsset
from gisapp.map.canvas import TownMap, town_map
from gisapp.map.links import local
from gisapp.map.live import LiveOptions

PLANTED = ["{{ 7*191 }}", "{{cycler.__init__}}", "{% for x in range(3) %}x{% endfor %}", "${7*191}"]


def plain_map() -> folium.Map:
    town_map((136.9, 35.5), 13, tiles=False)  # raises the walls
    return TownMap(location=(35.5, 136.9), tiles=None)


@pytest.mark.parametrize("text", PLANTED)
def test_text_that_leaks_into_folium_is_not_computed_on_the_server(text: str) -> None:
    shell = plain_map()
    folium.Marker((35.5, 136.9), popup=text, tooltip=text).add_to(shell)

    drawn = shell.get_root().render()

    assert "1337" not in drawn
    assert "cycler" not in drawn or "{{cycler.__init__}}" in drawn
    assert "xxx" not in drawn


def test_without_the_wall_the_same_text_would_run() -> None:
    """The check above can fail: this is what folium does by itself."""
    assert Template("{{ 7*191 }}").render() == "1337"


def test_the_page_is_small_and_does_not_depend_on_the_reports() -> None:
    shell = town_map((136.9, 35.5), 13, tiles=True, options=LiveOptions(focus=(136.9, 35.5)))
    assert len(shell.get_root().render().encode()) < 30_000


def test_every_link_of_the_map_is_our_own() -> None:
    drawn = town_map((136.9, 35.5), 13, tiles=False).get_root().render()
    assert "http://" not in drawn
    assert "https://" not in drawn


def test_a_plugin_that_is_not_served_here_fails_at_once() -> None:
    shell = plain_map()
    folium.plugins.Fullscreen().add_to(shell)
    with pytest.raises(UnknownAsset):
        shell.get_root().render()


def test_foliums_own_leaflet_becomes_ours() -> None:
    assert local("https://cdn.jsdelivr.net/npm/leaflet@1.9.3/dist/leaflet.js") == "/assets/leaflet/leaflet.js"
    assert local("/assets/gisapp/map.js?v=1") == "/assets/gisapp/map.js?v=1"


def test_only_numbers_switches_ids_and_our_own_addresses_are_told_to_the_script() -> None:
    assert LiveOptions(edit="garbage_station", karte=("flood_zone",), points="/batches/abc-1.json?v=2")


@pytest.mark.parametrize(
    "text", ["{{ 7*191 }}", "ごみ", "</script>", "https://evil.example/", "a b", "'", "//x:1"]
)
def test_a_word_from_a_person_does_not_reach_folium_through_the_options(text: str) -> None:
    for told in ({"edit": text}, {"karte": (text,)}, {"points": text}, {"versions": (text, 1, 2)}):
        with pytest.raises(ValueError, match="expected"):
            LiveOptions(**told)
