"""What became of a report: the person types the 照会番号 and reads."""

from __future__ import annotations

from html import escape

import streamlit as st

from gisapp.flows.describe import history_lines, photo_links, report_rows
from gisapp.flows.explain import explain
from gisapp.flows.follow import Followed, follow
from gisapp.pages.plain import plain
from gisapp.town import this_town
from gisapp.words import say
from reports_store.errors import ReportsError


def card(found: Followed) -> str:
    """One followed report as markup; everything that a person wrote is escaped."""
    report = found.report
    rows = [(say("report.photo"), say("report.lookup.photos", n=found.photos_kept))]
    rows += [(say("report.lookup.body"), found.body)] if found.body else []
    rows += report_rows(report, town.categories)
    lines = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows)
    photos = "".join(
        f'<img class="gp-photo" src="{link["large"]}" alt="{escape(say("report.photo"))}">'
        for link in photo_links(report)
    )
    steps = "".join(
        f"<li>{escape(date)}　{escape(text)}</li>" for date, text in history_lines(report.history)
    )
    return (
        f"<h2>{escape(town.categories[report.category].name('ja'))}　{escape(report.public_id)}</h2>"
        f'<p><span class="gp-chip gp-{report.state}">{escape(say(f"report.state.{report.state}"))}</span>　'
        f'{escape(say(f"report.status.{report.status}"))}</p>{photos}<dl class="gp-rows">{lines}</dl>'
        f'<h3>{escape(say("report.lookup.history"))}</h3><ol class="gp-steps">{steps}</ol>'
    )


town = this_town()
st.title(say("report.lookup.title"))
with st.form("lookup"):
    typed = st.text_input(say("report.lookup.label"), placeholder=say("report.lookup.hint"), max_chars=60)
    asked = st.form_submit_button(say("report.lookup.button"), type="primary")
if asked and not typed.strip():
    st.warning(say("report.lookup.nothing"))
elif asked:
    try:
        found = follow(typed, town.reports, town.categories)
    except ReportsError as error:
        st.error(plain(explain(error)))
    else:
        st.html(card(found))
