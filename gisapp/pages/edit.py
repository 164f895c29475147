"""Editing a layer by the department that owns it: on the map, and in a table."""

from __future__ import annotations

from html import escape

import streamlit as st

from gisapp.flows.edit_layer import editable, editable_layers
from gisapp.flows.explain import explain
from gisapp.map.editing import edit_map
from gisapp.pages.canvas import show
from gisapp.pages.frame import choose_layer, staff_only
from gisapp.pages.plain import plain
from gisapp.person import Person
from gisapp.town import this_town
from gisapp.words import say
from layers.catalogue import Entry
from layers.errors import LayersError, SourceUnavailable

town = this_town()


def chosen(person: Person) -> Entry | None:
    """The layer of the address if this person may edit it, or one they choose; why not, where they may not."""
    choices = editable_layers(person, town.layers)
    wanted = st.query_params.get("layer", "")
    try:
        entry = editable(person, wanted, town.layers.catalogue) if wanted else None
        if entry is not None:
            town.layers.current(entry.id)
    except SourceUnavailable:
        st.error(say("editing.cannot_read", title=town.layers.catalogue.entry(wanted).title))
        link = f'<a class="gp-go" href="/history?layer={escape(wanted)}" target="_self">'
        st.html(f"{link}{escape(say('editing.to_history'))}</a>")
        return None
    except LayersError as error:
        st.warning(plain(explain(error)))
        st.html(f'<a class="gp-go" href="/edit" target="_self">{escape(say("editing.to_own"))}</a>')
        return None
    if not choices:
        st.info(say("editing.none"))
        return None
    return choose_layer(say("editing.choose"), choices, wanted)


who = staff_only(town)
st.title(say("page.edit"))
layer = chosen(who)
if layer is not None:
    shell = edit_map(town.profile.center, tiles=town.settings.tiles)
    show(shell, f"editmap_{layer.id}", height_px=600)  # another layer is another map
