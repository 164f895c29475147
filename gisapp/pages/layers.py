"""All layers of the town for its staff, and the way to bring in a file: sent by a plain form, looked at, accepted."""

from __future__ import annotations

from html import escape

import streamlit as st

from gisapp.assets import OWN
from gisapp.flows.import_draft import may_import
from gisapp.flows.layer_overview import LayerLine, moment, overview
from gisapp.flows.publish_layer import layer_links
from gisapp.pages.draft import show_draft
from gisapp.pages.frame import staff_only
from gisapp.pages.plain import plain
from gisapp.person import Person
from gisapp.town import this_town
from gisapp.words import say
from layers.kinds import KINDS

COLUMNS = ("title", "department", "rows", "as_of", "state", "links")
CARD = {"title": "gp-wide gp-bare", "links": "gp-wide gp-bare"}  # how a cell stands in a phone's card
VISIBILITIES = ("internal", "public", "departments")
town = this_town()


def options(pairs: list[tuple[str, str]], chosen: str = "") -> str:
    """The choices of a select element."""
    return "".join(
        f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{escape(text)}</option>'
        for value, text in pairs
    )


def form(fields: str) -> str:
    """A form that goes to our own route: a file of 200 MB never passes through Streamlit."""
    file = (
        f"<label>{escape(say('imports.file'))}"
        '<input type="file" name="file" required multiple></label>'
        f"<p>{escape(say('imports.file_hint'))}</p>"
    )
    return (
        '<form class="gp-form" action="/imports/" method="post" enctype="multipart/form-data" target="_self">'
        f"{fields}{file}<button>{escape(say('imports.send'))}</button></form>"
    )


def labelled(key: str, field: str) -> str:
    """A field under its label."""
    return f"<label>{escape(say(f'imports.{key}'))}{field}</label>"


def known_form(lines: list[LayerLine], chosen: str) -> str:
    """The form for a new version of a layer that the catalogue has."""
    pairs = [("", say("imports.choose")), *((line.id, f"{line.title}（{line.kind}）") for line in lines)]
    return form(labelled("layer", f'<select name="layer" required>{options(pairs, chosen)}</select>'))


def new_form() -> str:
    """The form for a layer that the catalogue does not have yet."""
    kinds = [("", say("imports.kind_from_file")), *((kind.id, kind.title) for kind in KINDS.values())]
    seen = [(one, say(f"layers_page.{one}", names=say("layers_page.own_department"))) for one in VISIBILITIES]
    return form(
        labelled("new_title", '<input name="new_title" required maxlength="60">')
        + labelled(
            "new_id",
            '<input name="new_id" required maxlength="63" pattern="[a-z][a-z0-9_]*" autocapitalize="none">',
        )
        + labelled("new_kind", f'<select name="new_kind">{options(kinds)}</select>')
        + labelled("new_visibility", f'<select name="new_visibility">{options(seen)}</select>')
    )


def row(line: LayerLine) -> str:
    """One layer of the table; on a phone each becomes a card, so every cell carries its heading."""
    rows = say("layers_page.rows", n=f"{line.rows:,}") if line.rows is not None else ""
    version = say("layers_page.version", n=line.version) if line.version else ""
    kind = f"<br>{escape(line.kind)}" if line.kind != line.title else ""
    cells = {
        "title": f"<b>{escape(line.title)}</b>{kind}",
        "department": f"{escape(line.department)}<br>{escape(line.seen_by)}",
        "rows": f"{escape(rows)}<br>{escape(version)}",
        "as_of": f"{escape(line.as_of)}<br>{escape(line.imported)}",
        "state": f'<span class="gp-{line.state}">{escape(line.state_text)}</span>',
        "links": links(line),
    }
    filled = {name: cell for name, cell in cells.items() if cell not in {"", "<br>"}}
    columns = "".join(
        f'<td class="{CARD.get(name, "")}" data-label="{escape(say(f"layers_page.column_{name}"))}">'
        f"{filled.get(name, '')}</td>"
        for name in COLUMNS
    )
    return f"<tr>{columns}</tr>"


def links(line: LayerLine) -> str:
    """What the person may do with a layer."""
    shown = [("to_history", f"/history?layer={line.id}")] if line.state != "never" else []
    if line.editable:
        shown += [("to_edit", f"/edit?layer={line.id}")] if line.state == "ok" else []
        shown.append(("to_import", f"/layers?import={line.id}"))
    return files(line) + " ".join(
        f'<a href="{escape(url)}" target="_self" aria-label="{escape(line.title)} {escape(say(f"layers_page.{key}"))}">'
        f"{escape(say(f'layers_page.{key}'))}</a>"
        for key, url in shown
    )


def files(line: LayerLine) -> str:
    """The layer as a file, in each format."""
    if line.state != "ok":
        return ""
    items = "".join(
        f'<a href="{escape(url)}" download>{escape(name)}</a>' for name, url in layer_links(line.id)
    )
    label = f"{line.title} {say('layers_page.to_files')}"
    text = escape(say("layers_page.to_files"))
    return (
        f'<details class="gp-files"><summary aria-label="{escape(label)}">{text}</summary>{items}</details>'
    )


def table(lines: list[LayerLine]) -> str:
    """All lines as a table."""
    heads = "".join(f'<th scope="col">{escape(say(f"layers_page.column_{name}"))}</th>' for name in COLUMNS)
    body = "".join(map(row, lines))
    return f'<table class="gp-table"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'


def show_import(lines: list[LayerLine], person: Person) -> None:
    """What waits for this person's yes, and the two forms."""
    st.subheader(say("imports.title"))
    st.write(say("imports.intro"))
    if waiting := town.drafts.waiting(person.login):
        items = "".join(
            f"<li>{escape(say('imports.waiting_line', title=one.entry.title, file=one.source_name, at=moment(one.made_at)))}"
            f' <a href="/layers?draft={one.token}" target="_self">{escape(say("imports.open"))}</a></li>'
            for one in waiting
        )
        st.html(
            f'<section class="gp-waiting"><h3>{escape(say("imports.waiting"))}</h3><ul>{items}</ul></section>'
        )
    chosen = st.query_params.get("import", "")
    with st.expander(say("imports.known"), expanded=True):
        st.html(known_form([line for line in lines if line.editable], chosen))
    if person.department:
        with st.expander(say("imports.new")):
            st.html(new_form())


def show_layers(person: Person) -> None:
    """The overview, filtered by department and theme."""
    lines = overview(town.layers, person)
    if may_import(person):
        show_import(lines, person)
        st.subheader(say("layers_page.title"))
    everything = say("layers_page.all")
    left, right = st.columns(2)
    departments = list(dict.fromkeys(line.department for line in lines))
    department = left.selectbox(
        say("layers_page.department"), [None, *departments], format_func=lambda one: one or everything
    )
    themes = list(dict.fromkeys(line.theme for line in lines))
    theme = right.selectbox(
        say("layers_page.theme"), [None, *themes], format_func=lambda one: one or everything
    )
    empty_too = st.checkbox(say("layers_page.only_imported"))
    shown = [
        line
        for line in lines
        if department in {None, line.department}
        and theme in {None, line.theme}
        and (empty_too or line.state != "never")
    ]
    st.write(say("layers_page.count", n=len(shown)))
    if shown:
        st.html(table(shown))
    else:
        st.info(say("layers_page.none"))


st.html(OWN / "imports.css")
somebody = staff_only(town)
token = st.query_params.get("draft", "")
if token:
    show_draft(town, somebody, token)
else:
    st.title(say("layers_page.title"))
    if told := st.session_state.pop("import_told", ""):
        st.success(plain(told))
        st.html(f'<p><a class="gp-csv" href="/" target="_self">{escape(say("imports.to_map"))}</a></p>')
    st.write(say("layers_page.intro"))
    show_layers(somebody)
