"""The public list of reports: the same content as the map, for those who would rather read."""

from __future__ import annotations

from html import escape

import streamlit as st

from gisapp.flows.browse import browse
from gisapp.flows.describe import photo_links
from gisapp.flows.explain import explain
from gisapp.pages.plain import plain
from gisapp.town import this_town
from gisapp.words import say
from reports_store import PublicState
from reports_store.errors import ReportsError
from reports_store.privacy import PublicReport

PAGE = 30
town = this_town()


def line(report: PublicReport) -> str:
    """One report of the list as markup; what a person wrote is escaped."""
    links = photo_links(report)
    photo = (
        f'<img src="{links[0]["small"]}" alt="{escape(say("report.photo"))}" loading="lazy">' if links else ""
    )
    shown = (
        f'<a href="/?report={escape(report.public_id)}" target="_self">{escape(say("report.list.on_map"))}</a>'
        if report.place
        else escape(say("report.list.no_place"))
    )
    where = " ".join(filter(None, (report.area, report.road_manager))) or say("report.unknown")
    body = f"<p>{escape(report.body)}</p>" if report.body else ""
    name = escape(town.categories[report.category].name("ja"))
    chip = f'<span class="gp-chip gp-{report.state}">{escape(say(f"report.state.{report.state}"))}</span>'
    status = escape(say(f"report.status.{report.status}"))
    return (
        f"<li>{photo}<div><h3>{name}　{escape(report.public_id)}</h3>"
        f"<p>{chip}　{status}　{report.received_on.isoformat()}　{escape(where)}</p>{body}{shown}</div></li>"
    )


st.title(say("report.list.title"))
st.write(say("report.list.intro"))
left, right = st.columns(2)
everything = say("report.list.all")
category = left.selectbox(
    say("report.list.category"),
    [None, *town.categories],
    format_func=lambda code: town.categories[code].name("ja") if code else everything,
    key="list_category",
)
chosen = right.selectbox(
    say("report.list.state"),
    [None, *PublicState],
    format_func=lambda one: say(f"report.state.{one}") if one else everything,
    key="list_state",
)
pages = st.session_state.get("list_pages", 1)
try:
    found = browse(town.reports, town.categories, category, chosen, limit=PAGE * pages)
except ReportsError as error:
    st.error(plain(f"{say('report.list.failed')}（{explain(error)}）"))
else:
    st.write(say("report.list.count", n=found.total))
    if not found.reports:
        st.info(say("report.list.none"))
    st.html(f'<ul class="gp-list">{"".join(line(report) for report in found.reports)}</ul>')
    if len(found.reports) < found.total and st.button(say("report.list.more")):
        st.session_state["list_pages"] = pages + 1
        st.rerun()
