"""The past of a layer: who made each version from what, what lies between two of them, and the way back."""

from __future__ import annotations

from html import escape

import streamlit as st

from gisapp.flows.explain import explain
from gisapp.flows.history import (
    DifferenceLine,
    HistoryLine,
    comparison_of,
    difference_lines,
    history_of,
    roll_back,
    visible,
)
from gisapp.map.editing import versions_map
from gisapp.pages.canvas import show
from gisapp.pages.frame import choose_layer, speak_as_asked, staff_only
from gisapp.pages.plain import plain
from gisapp.person import Person, may_edit, may_see
from gisapp.town import this_town
from gisapp.words import say
from layers.catalogue import Entry
from layers.compare import Comparison
from layers.errors import LayersError

SHOWN = 20
PAGE = 50
COLUMNS = ("number", "when", "by", "what", "file", "rows", "repairs")
town = this_town()


def chosen(person: Person) -> Entry | None:
    """The layer of the address, or one that is chosen here."""
    entries = [entry for entry in town.layers.catalogue if may_see(person, entry)]
    wanted = st.query_params.get("layer", "")
    if wanted:
        try:
            visible(person, wanted, town.layers.catalogue)
        except LayersError as error:
            st.warning(plain(explain(error)))
            return None
    return choose_layer(say("history.choose"), entries, wanted)


def cell(line: HistoryLine, name: str) -> str:
    if name == "number":
        mark = f"<br><b>{escape(say('history.current'))}</b>" if line.current else ""
        return f"{line.number}{mark}"
    if name == "repairs":
        repaired = say("history.repairs", n=line.repairs) if line.repairs else say("history.no_repairs")
        return escape(repaired)
    value = getattr(line, name)
    return escape(say("history.unknown") if value is None else str(value))


def versions_table(lines: list[HistoryLine]) -> None:
    heads = "".join(f'<th scope="col">{escape(say(f"history.column.{name}"))}</th>' for name in COLUMNS)
    rows = "".join(
        "<tr>" + "".join(
            f'<td data-head="{escape(say(f"history.column.{name}"))}">{cell(line, name)}</td>'
            for name in COLUMNS
        ) + "</tr>"
        for line in lines
    )  # fmt: skip
    st.html(f'<table class="gp-versions"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>')


@st.dialog(say("history.back"))
def ask_back(person: Person, entry: Entry, line: HistoryLine, seen: int | None) -> None:
    """The one question before a version is brought back."""
    speak_as_asked()
    st.write(say("history.back_ask", number=line.number, when=line.when))
    st.write(say("history.back_text", number=line.number))
    yes, no = st.columns(2)
    if no.button(say("history.back_no"), width="stretch"):
        st.rerun()
    if yes.button(say("history.back_yes", number=line.number), type="primary", width="stretch"):
        try:
            version = roll_back(person, entry.id, line.number, seen, town.layers, town.now())
        except LayersError as error:
            st.error(plain(explain(error)))
        else:
            st.session_state["said"] = say("history.back_done", to=line.number, number=version.number)
            st.rerun()


def way_back(person: Person, entry: Entry, lines: list[HistoryLine]) -> None:
    """A button for each version that is whole and not the present one."""
    if not may_edit(person, entry):
        st.caption(plain(say("history.not_editor", department=entry.department)))
        return
    current = next((line for line in lines if line.current), None)
    backs = [line for line in lines if line.ok and not (line.current and readable(entry))]
    if not backs:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        labels = {line.number: f"{say('history.number', number=line.number)}　{line.when}" for line in backs}
        number = st.selectbox(say("history.back_choose"), list(labels), format_func=labels.__getitem__)
        if st.button(say("history.back"), key="back"):
            line = next(line for line in backs if line.number == number)
            ask_back(person, entry, line, current.number if current else None)


def readable(entry: Entry) -> bool:
    try:
        town.layers.current(entry.id)
    except LayersError:
        return False
    return True


def comparing(person: Person, entry: Entry, lines: list[HistoryLine]) -> None:
    st.subheader(say("history.compare"))
    whole = [line for line in lines if line.ok]
    if len(whole) < 2:
        st.caption(say("history.compare_one"))
        return
    labels = {
        line.number: f"{say('history.number', number=line.number)}　{line.when}　{line.by}" for line in whole
    }
    numbers = list(labels)
    first, second = st.columns(2)
    old = first.selectbox(say("history.compare_old"), numbers, index=1, format_func=labels.__getitem__)
    new = second.selectbox(say("history.compare_new"), numbers, index=0, format_func=labels.__getitem__)
    if old == new:
        st.info(say("history.compare_same"))
        return
    try:
        found = comparison_of(person, entry.id, old, new, town.layers)
    except LayersError as error:
        st.error(plain(explain(error)))
        return
    st.write(say("history.compare_text", old=old, new=new, **found.counts))
    if not found.total:
        st.success(say("history.no_difference"))
        return
    shell = versions_map(town.profile.center, old, new, tiles=town.settings.tiles)
    show(shell, f"versionmap_{entry.id}", height_px=560)  # another layer is another map
    url = f"/edits/{entry.id}/compare.csv?old={old}&new={new}"
    st.html(f'<p class="gp-links"><a href="{url}" download>{escape(say("history.csv_link"))}</a></p>')
    differences(found)


def differences(found: Comparison) -> None:
    start = 0
    if found.total > PAGE:
        starts = list(range(0, found.total, PAGE))
        start = st.selectbox(
            say("history.page", n=found.total), starts,
            format_func=lambda at: f"{at + 1}～{min(at + PAGE, found.total)}",
        )  # fmt: skip
    lines = difference_lines(found, start, start + PAGE)
    heads = "".join(
        f'<th scope="col">{escape(say(f"history.csv.{name}"))}</th>'
        for name in ("act", "title", "moved_m", "column")
    )
    st.html(
        f'<table class="gp-versions"><thead><tr>{heads}</tr></thead>'
        f"<tbody>{''.join(map(difference_row, lines))}</tbody></table>"
    )


def difference_row(line: DifferenceLine) -> str:
    acts = "<br>".join(escape(say(f"history.act.{act}")) for act in line.acts)
    parts = "<br>".join(
        f"{escape(title)}：{escape(before)} → <b>{escape(after)}</b>" for title, before, after in line.columns
    )
    cells = (("act", acts), ("title", escape(line.title)), ("moved_m", escape(line.moved)), ("column", parts))
    return "<tr>" + "".join(
        f'<td data-head="{escape(say(f"history.csv.{name}"))}">{text}</td>' for name, text in cells
    ) + "</tr>"  # fmt: skip


st.title(say("history.title"))
person = staff_only(town)
if done := st.session_state.pop("said", ""):
    st.success(done)
layer = chosen(person)
if layer is not None:
    all_lines = history_of(person, layer.id, town.layers)
    if not all_lines:
        st.info(say("history.none"))
    else:
        if not readable(layer):
            st.error(
                say("history.broken_current", number=next((o.number for o in all_lines if o.current), ""))
            )
        everything = len(all_lines) <= SHOWN or st.toggle(say("history.all"))
        if not everything:
            st.caption(say("history.more", n=len(all_lines), shown=SHOWN))
        versions_table(all_lines if everything else all_lines[:SHOWN])
        if may_edit(person, layer):
            go = f'<a class="gp-go" href="/edit?layer={escape(layer.id)}" target="_self">'
            st.html(f'<p class="gp-links">{go}{escape(say("history.edit_link"))}</a></p>')
        way_back(person, layer, all_lines)
        comparing(person, layer, all_lines)
