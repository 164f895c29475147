"""Open data: what everybody may take, and how."""

from __future__ import annotations

from html import escape

import streamlit as st

from gisapp.flows.describe import layer_lines, shown_layers
from gisapp.flows.publish_layer import layer_links
from gisapp.town import this_town
from gisapp.words import say

town = this_town()
st.title(say("page.data_page.title"))
st.write(say("page.data_page.text"))
links = (("/opendata/reports.geojson", "geojson"), ("/opendata/reports.csv", "csv"))
items = "".join(f'<li><a href="{url}">{escape(say(f"page.data_page.{key}"))}</a></li>' for url, key in links)
st.html(f'<ul class="gp-links">{items}</ul>')
st.caption(say("page.data_page.position"))
st.subheader(say("page.data_page.layers"))
st.write(say("layer_files.text"))
for state, line in zip(shown_layers(town.layers), layer_lines(town.layers), strict=True):
    downloads = "".join(
        f'<li><a href="{url}" download>{escape(say("layer_files.link", title=state.title, format=name))}</a></li>'
        for name, url in layer_links(state.id)
    )
    files = f'<ul class="gp-links">{downloads}</ul>'
    shown = f'<details class="gp-files"><summary>{escape(line)}</summary>{files}</details>'
    st.html(shown if state.ok else f"<p>{escape(line)}</p>")
index = escape(say("layer_files.index"))
st.html(f'<ul class="gp-links"><li><a href="/opendata/layers.json">{index}</a></li></ul>')
