"""What every page begins with: its language, the town's name, the 見本 mark, our styles, and errors in plain words."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from html import escape
from urllib.parse import quote, urlencode, urlsplit
from uuid import uuid4

import streamlit as st

from gisapp.assets import OWN
from gisapp.person import ANYONE, Person, Right, may
from gisapp.town import Town
from gisapp.words import LANGUAGE_COOKIE, LANGUAGES, language, language_of, say, speak
from layers.catalogue import Entry

log = logging.getLogger("gisapp.pages")


def open_frame(town: Town) -> None:
    """Set the page up; on a sample town every screen says that it is made up."""
    speak_as_asked()
    st.set_page_config(
        page_title=f"{town.profile.name} {say('page.app_title')}",
        layout="wide",
        initial_sidebar_state="collapsed",
        menu_items={"Get help": None, "Report a bug": None, "About": None},
    )
    st.html(OWN / "page.css")
    mark = (
        f'<span class="gp-sample" role="note">{escape(say("page.sample"))}</span>'
        if town.profile.sample
        else ""
    )
    go = f'<a class="gp-go" href="/report/" target="_self">{escape(say("page.report"))}</a>'
    if (st.context.url or "").rstrip("/").endswith("/counter"):
        go = ""  # a clerk who takes a report for somebody is in the right place
    listed = f'<a class="gp-who" href="/map/list" target="_self">{escape(say("page.reports"))}</a>'
    who = _who(person(town))
    st.html(
        f'<header class="gp-head"><b>{escape(town.profile.name)}</b>{mark}{go}{listed}{_choice()}{who}</header>'
    )


def speak_as_asked() -> None:
    """Speak the language that the browser asks for: in a page's script, and in a dialog, which runs without it."""
    speak(
        language_of(
            st.query_params.get("lang"),
            st.context.cookies.get(LANGUAGE_COOKIE),
            st.context.headers.get("Accept-Language"),
        )
    )


def _choice() -> str:
    """The languages, each by its own name, as links to the same page."""
    links = "".join(_link(lang, name) for lang, name in LANGUAGES.items())
    return f'<details class="gp-lang"><summary>{escape(say("page.language"))}</summary><nav>{links}</nav></details>'


def _link(lang: str, name: str) -> str:
    address = urlencode({**st.query_params.to_dict(), "lang": lang})
    mark = ' aria-current="true"' if lang == language() else ""
    return f'<a href="?{escape(address)}" target="_self" lang="{lang[:2]}"{mark}>{escape(name)}</a>'


def _who(somebody: Person) -> str:
    """The way in for the town hall's people; for who is signed in the way to the desk, their name and the way out."""
    if not somebody.signed_in:
        return f'<a class="gp-who" href="/login" target="_self">{escape(say("page.sign_in"))}</a>'
    name = escape(f"{somebody.name}（{somebody.department}）")
    desk = f'<a class="gp-who" href="/desk/" target="_self">{escape(say("desk.menu.inbox"))}</a>'
    return f'{desk}<a class="gp-who" href="/logout" target="_self">{name}　{escape(say("page.sign_out"))}</a>'


def staff_only(town: Town, right: Right = Right.READ) -> Person:
    """The signed-in person with a right; anybody else gets a sentence and the way on, and the page ends there."""
    found = town.session(_token())
    if found is None:
        _ends(say("auth.not_signed_in"), say("auth.to_sign_in"), f"/login?next={_back()}")
    elif found.pending:
        _ends(say("auth.must_change"), say("auth.to_change"), f"/password?next={_back()}")
    elif not may(found.person, right):
        st.info(say("auth.no_right"))
        st.stop()
    else:
        return found.person
    return ANYONE  # never reached: the page has ended


def _ends(why: str, onwards: str, address: str) -> None:
    st.info(why)
    st.html(f'<p><a class="gp-go" href="{escape(address)}" target="_self">{escape(onwards)}</a></p>')
    st.stop()


def _back() -> str:
    here = urlsplit(st.context.url or "")
    return quote(f"{here.path}?{here.query}" if here.query else here.path, safe="")


def person(town: Town) -> Person:
    """Who looks at the page, asked anew on each rerun: a session that was ended counts at once, and so does a role
    that was taken away.
    """
    return town.person(_token())


def _token() -> str:
    return st.context.cookies.get("gisapp_session", "")


def choose_layer(label: str, entries: Sequence[Entry], wanted: str) -> Entry:
    """One of these layers; the address names it from then on."""
    known = {entry.id: entry for entry in entries}
    ids = list(known)
    start = ids.index(wanted) if wanted in known else 0
    # an option's title is drawn as it is, not as Markdown
    picked = st.selectbox(label, ids, index=start, format_func=lambda one: known[one].title)
    if picked != wanted:
        st.query_params["layer"] = picked
    return known[picked]


def apologise(error: Exception) -> bool:
    """Called for an error that no page expected: a sentence and an id for the screen, the rest for the log."""
    error_id = uuid4().hex[:12]
    log.error("page failed, id %s", error_id, exc_info=error)
    st.error(say("page.trouble", id=error_id))
    return True


def danger_box(town: Town) -> None:
    """Danger to life first: 110, 119 and the town's first number, ready to be tapped."""
    links = [("110", say("page.danger.police")), ("119", say("page.danger.fire"))]
    links += [(phone.number, f"{phone.label} {phone.number}") for phone in town.profile.phones[:1]]
    tapped = "".join(f'<a href="tel:{escape(number)}">{escape(text)}</a>' for number, text in links)
    st.html(
        f'<section class="gp-danger"><b>{escape(say("page.danger.title"))}</b><br>{tapped}'
        f"<br>{escape(say('page.danger.rest'))}</section>"
    )
