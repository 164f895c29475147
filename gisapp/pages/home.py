"""The way in: the frame and the pages that hang in it."""

from __future__ import annotations

import streamlit as st

from gisapp.pages.frame import open_frame
from gisapp.town import this_town
from gisapp.words import say

town = this_town()
open_frame(town)
page = st.navigation(
    [
        st.Page("map.py", title=say("page.map"), default=True),
        st.Page("report.py", title=say("page.report"), url_path="report"),
        st.Page("lookup.py", title=say("page.lookup"), url_path="lookup"),
        st.Page("reports.py", title=say("page.reports"), url_path="reports"),
        st.Page("data.py", title=say("page.data"), url_path="data"),
    ],
    position="top",
)
page.run()
