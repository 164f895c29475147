"""Open data: what everybody may take, and how."""

from __future__ import annotations

from html import escape

import streamlit as st

from gisapp.flows.describe import layer_lines
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
rows = "".join(f"<li>{escape(line)}</li>" for line in layer_lines(town.layers))
st.html(f"<ul>{rows}</ul>")
