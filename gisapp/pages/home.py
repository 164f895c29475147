"""The way in: the frame and the pages that hang in it."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from gisapp.pages.frame import open_frame, person
from gisapp.town import this_town
from gisapp.words import say

EVERYBODY = ("place", "data")
TOWN_HALL = ("counter", "layers", "edit", "history", "batch")

town = this_town()
open_frame(town)
# A link to a page of the town hall leads a resident to the way in, not to "no such page".
hall: Literal["visible", "hidden"] = "visible" if person(town).signed_in else "hidden"
page = st.navigation(
    [
        st.Page("map.py", title=say("page.map"), default=True),
        *(st.Page(f"{name}.py", title=say(f"page.{name}"), url_path=name) for name in EVERYBODY),
        *(
            st.Page(f"{name}.py", title=say(f"page.{name}"), url_path=name, visibility=hall)
            for name in TOWN_HALL
        ),
    ],
    position="top",
)
page.run()
