"""地点カルテ: a person names or taps a place, and every department answers."""

from __future__ import annotations

from urllib.parse import urlencode, urlsplit

import streamlit as st

from gisapp.assets import OWN
from gisapp.flows.desk.lying import equipment_histories
from gisapp.flows.enquire import Karte, Spot, enquire
from gisapp.flows.enquire.questions import ZONES
from gisapp.flows.enquire.spot import TEXT_LIMIT, BadSpot, spot_of, spots_named
from gisapp.flows.find import Candidate, unread_layers
from gisapp.map.canvas import town_map
from gisapp.map.live import LiveOptions
from gisapp.pages.canvas import show
from gisapp.pages.frame import person
from gisapp.pages.place_cards import (
    candidates_html,
    departments_html,
    equipment_html,
    hazards_html,
    head_html,
    notices_html,
    refuges_html,
    reports_html,
    short_html,
)
from gisapp.pages.plain import plain
from gisapp.town import this_town
from gisapp.words import say

AROUND = (
    *(kind for kinds in ZONES.values() for kind in kinds),
    "evacuation_site",
    "shelter",
    "garbage_station",
)
town = this_town()
who = person(town)


def search() -> None:
    """The form above everything: what it is given stands in the address, so that it can be shared."""
    with st.form("place", border=False):
        text = st.text_input(
            say("karte.search"),
            st.query_params.get("q", ""),
            TEXT_LIMIT,
            placeholder=say("karte.search_hint"),
        )
        if st.form_submit_button(say("karte.search_button"), type="primary"):
            st.query_params.from_dict({"q": text})
            st.rerun()


def asked() -> Spot | None:
    """The place that the address asks about; where it may mean several, the person is given the choice."""
    asked = st.query_params.to_dict()
    text = asked.get("q", "").strip()
    try:
        spot = spot_of(asked)
        if spot is not None or not text:
            return spot
        found = spots_named(text, who, town.layers, town.profile, town.reports, town.categories)
    except BadSpot as error:
        unfound = say("karte.search_none", text=text[:TEXT_LIMIT])
        st.warning(plain(unfound if error.key == "nothing" else say(f"karte.bad.{error.key}")))
        if unread := unread_layers(town.layers, who):
            st.warning(plain(say("karte.search_failed", layers="、".join(unread))))
        return None
    return chosen(found)


def chosen(found: list[Candidate]) -> Spot | None:
    """The only place that was found, or none while the person has not chosen one."""
    if not found[0].exact:
        st.info(say("karte.search_part"))
    if len(found) == 1:
        return Spot(found[0].lon, found[0].lat, found[0].title)
    st.write(say("karte.search_many", n=len(found)))
    st.html(candidates_html(found))
    return None


def tell(karte: Karte) -> None:
    """The whole answer, the dangers first."""
    spot = karte.spot
    where = urlencode({"lon": f"{spot.lon:.6f}", "lat": f"{spot.lat:.6f}"})
    here = urlsplit(st.context.url or "")
    st.html(head_html(karte, where, f"{here.scheme}://{here.netloc}/place?{where}"))
    st.html(hazards_html(karte, town.layers))
    st.html(refuges_html(karte))
    around((spot.lon, spot.lat))
    st.html(short_html(karte))
    st.html(departments_html(karte))
    if reported := equipment_html(equipment_histories(karte, who, town.reports, town.categories)):
        st.html(reported)
    st.html(reports_html(karte, town.categories))
    st.html(notices_html())


def around(focus: tuple[float, float] | None) -> None:
    """The map of the place, or of the town; a tap on it leads to the karte of another place."""
    options = LiveOptions(focus=focus, ask=True, karte=AROUND if focus else (), reports=False, panel=False)
    st.caption(say("karte.tap"))
    shell = town_map(focus or town.profile.center, 13, tiles=town.settings.tiles, options=options)
    show(shell, "placemap", height_px=420)


st.html(OWN / "place.css")
st.title(say("karte.title"))
search()
spot = asked()
if spot is None:
    st.write(say("karte.start"))
    around(None)
else:
    tell(enquire(spot, who, town.layers, town.reports, town.categories, town.profile, town.now()))
