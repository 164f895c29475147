"""まとめて調べる: a table of places in, the same table with the layers' answers out."""

from __future__ import annotations

import tempfile
from html import escape
from pathlib import Path

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from gisapp.assets import OWN
from gisapp.flows.ask_many import Answered, TooManyPlaces, ask_many, askable
from gisapp.flows.explain import explain, explain_faults
from gisapp.flows.keep_answers import About, UnknownAnswer
from gisapp.map.canvas import town_map
from gisapp.map.live import LiveOptions
from gisapp.pages.canvas import show
from gisapp.pages.frame import staff_only
from gisapp.pages.plain import plain
from gisapp.town import this_town
from gisapp.words import say
from layers.errors import LayersError, UnreadableFile

MOST_MB = 25
SHOWN_ROWS = 20
town = this_town()
who = staff_only(town)


def ask(upload: UploadedFile, layer_ids: list[str]) -> None:
    """Carry the question out with a bar of progress, and remember under which token the answer is kept."""
    bar = st.progress(0.0)

    def tell(done: int, total: int, title: str) -> None:
        bar.progress(done / total, plain(say("batch.working", title=title, done=done, total=total)))

    with tempfile.TemporaryDirectory() as folder:
        # the name ends as the file's does and is otherwise ours
        path = Path(folder) / f"places{Path(upload.name).suffix[:12]}"
        path.write_bytes(upload.getbuffer())
        try:
            answered = ask_many(path, layer_ids, who, town.layers, town.profile, tell)
        except TooManyPlaces as error:
            st.error(say("batch.too_many", rows=error.rows, most=error.most))
        except UnreadableFile as error:
            st.error(plain("\n\n".join([say("batch.unreadable"), *explain_faults(error)])))
        except LayersError as error:
            st.error(plain(explain(error)))
        else:
            keep(answered, Path(upload.name).stem)
    bar.empty()


def keep(answered: Answered, name: str) -> None:
    """Keep the answer for a day, and a few rows of it in the page."""
    token = town.answers.keep(answered, name, who, town.now())
    st.session_state.answer = {
        "token": token,
        "columns": answered.columns,
        "rows": answered.rows[:SHOWN_ROWS],
        "count": len(answered.rows),
        "unread": answered.unread,
        "in_zones": sum(sign is not None for sign in answered.signs),
    }


def tell_answer() -> None:
    """The last answer: how many, the files, the first rows, the map."""
    answer = st.session_state.answer
    token = answer["token"]
    try:
        about = town.answers.about(token, who)
    except UnknownAnswer:  # a page left open for more than a day
        st.info(say("batch.expired"))
        return
    st.success(say("batch.done", rows=answer["count"]))
    if answer["unread"]:
        st.warning(say("batch.unread", n=answer["unread"]))
    if answer["in_zones"]:
        st.info(say("batch.in_zones", n=answer["in_zones"]))
    links = "".join(
        f'<a href="/batches/{token}.{ending}" download>{escape(say(f"batch.get_{ending}"))}</a>'
        for ending in ("csv", "xlsx")
    )
    st.html(f'<p class="gp-fetch">{links}</p>')
    st.caption(f"{say('batch.kept_until')}　{say('batch.note')}")
    st.subheader(say("batch.preview", n=len(answer["rows"])))
    st.html(table_html(answer["columns"], answer["rows"]))
    points(token, about)


def table_html(columns: tuple[str, ...], rows: list[list[object]]) -> str:
    """A few rows as a table that scrolls sideways by finger and by keyboard."""
    head = "".join(f'<th scope="col">{escape(title)}</th>' for title in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape('' if cell is None else str(cell))}</td>" for cell in row) + "</tr>"
        for row in rows
    )
    label = escape(say("batch.preview", n=len(rows)))
    return (
        f'<div class="gp-wide" tabindex="0" role="region" aria-label="{label}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def points(token: str, about: About) -> None:
    """The places on the map, each with the letter and colour of the gravest zone it lies in."""
    if not about.shown:
        return
    key = "batch.on_map" if about.shown == about.placed else "batch.on_map_some"
    st.write(say(key, n=about.shown, of=about.placed))
    options = LiveOptions(reports=False, panel=False, points=f"/batches/{token}.json")
    shell = town_map(town.profile.center, 13, tiles=town.settings.tiles, options=options)
    show(shell, "batchmap", height_px=480)


def choose() -> tuple[UploadedFile | None, list[str]] | None:
    """The form: a list of places and the layers to ask, by theme. None until it is sent."""
    entries = askable(town.layers, who)
    with st.form("batch", border=False):
        with st.container(key="batchfile"):
            upload = st.file_uploader(say("batch.choose_file"), max_upload_size=MOST_MB)
        st.caption(say("batch.file_hint"))
        st.subheader(say("batch.choose_layers"))
        st.caption(say("batch.layers_hint"))
        chosen = []
        for theme in dict.fromkeys(entry.theme for entry in entries):
            st.markdown(f"**{plain(theme)}**")
            columns = st.columns(3)
            for at, entry in enumerate(entry for entry in entries if entry.theme == theme):
                if columns[at % 3].checkbox(plain(entry.title), key=f"ask-{entry.id}"):
                    chosen.append(entry.id)
        sent = st.form_submit_button(say("batch.start"), type="primary")
    return (upload, chosen) if sent else None


st.html(OWN / "batch.css")
st.title(say("page.batch"))
st.write(say("batch.intro"))
question = choose()
if question is not None:
    upload, chosen = question
    if upload is None:
        st.warning(say("batch.no_file"))
    elif not chosen:
        st.warning(say("batch.no_layers"))
    else:
        ask(upload, chosen)
if "answer" in st.session_state:
    tell_answer()
