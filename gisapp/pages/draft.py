"""An import that waits: what was found in the file, what repairs would change, and a person's yes or no."""

from __future__ import annotations

from datetime import date
from html import escape

import streamlit as st

from gisapp.flows.describe import JST
from gisapp.flows.explain import explain, fault_sentence, in_words, reader_title
from gisapp.flows.import_draft import When, accept, ask_anew, look, opened
from gisapp.flows.layer_overview import moment
from gisapp.flows.publish_layer import opened_in_words
from gisapp.map.draft import draft_map
from gisapp.pages.canvas import show
from gisapp.pages.plain import plain
from gisapp.person import Person
from gisapp.town import Town, own_catalogue
from gisapp.words import say
from layers.drafts import CHANGES_DRAWN, Draft, Findings
from layers.errors import Fault, Grade, LayersError
from layers.kinds import KINDS

PAGE = 25
GRADES = (Grade.REFUSE, Grade.REPAIR, Grade.NOTE)
CARD = {
    "row": "gp-short",
    "text": "gp-wide gp-bare",
    "found": "gp-said",
    "expected": "gp-said",
}  # as a phone's card
ORDERS = ("grade", "row", "kind")
NEEDS_CRS = {"metres_without_crs", "crs_unknown", "crs_needed", "crs_assumed"}
ANSWERABLE = {*NEEDS_CRS, "kind_unknown", "sublayer_needed", "sublayer_unknown"}  # without another file
JGD2011, JGD2000 = 6668, 2442  # the EPSG number of a plane zone is this and the zone's number


def show_draft(town: Town, person: Person, token: str) -> None:
    """The page of one draft; a neighbour department's is refused in words."""
    st.title(say("imports.draft_title"))
    try:
        draft = opened(token, person, town.drafts, town.layers.catalogue)
        if draft.found is None:
            with st.spinner(say("imports.examining", size=size(draft))):
                draft = look(draft, town.drafts, town.layers, town.area())
        faults = draft.faults()
    except LayersError as error:
        st.error(plain(explain(error)))
        back()
        return
    if draft.found is None:
        return
    about(draft, draft.found, person)
    verdict(draft.found, faults)
    show_difference(draft, draft.found)
    ask(town, draft, faults)
    show_faults(draft, draft.found, faults)
    if draft.found.changed:
        st.subheader(say("imports.map"))
        if draft.found.changed > CHANGES_DRAWN:
            st.write(say("imports.map_some", n=CHANGES_DRAWN, total=draft.found.changed))
        show(draft_map(town.profile.center, tiles=town.settings.tiles), "draftmap", height_px=560)
    answer(town, draft, draft.found, person)


def size(draft: Draft) -> str:
    """A file's weight as a person says it."""
    kilobytes = draft.size_bytes / 1000
    return f"{kilobytes / 1000:.1f} MB" if kilobytes >= 1000 else f"{max(kilobytes, 0.1):.1f} kB"


def about(draft: Draft, found: Findings, person: Person) -> None:
    """Which file, read how and as what."""
    unknown = say("imports.unknown")
    key = "about_new" if draft.new else "about"
    named = say(f"imports.{key}", file=draft.source_name, size=size(draft), title=draft.entry.title)
    rows = [
        ("kind", KINDS[found.kind].title if found.kind in KINDS else unknown),
        ("rows", say("imports.rows_n", n=f"{found.rows:,}")),
        ("reader", reader_title(found.reader)),
        ("why", found.why),
        ("opened", opened_in_words(found.seen)),
        ("by", f"{person.name if draft.by == person.login else draft.by}　{moment(draft.made_at)}"),
    ]
    shown = "".join(
        f"<dt>{escape(say(f'imports.{key}'))}</dt><dd>{escape(text)}</dd>" for key, text in rows if text
    )
    st.html(f'<p><b>{escape(named)}</b></p><dl class="gp-rows">{shown}</dl>')


def verdict(found: Findings, faults: list[Fault]) -> None:
    """What can be done with the file, in one sentence."""
    counts = found.counts
    grade = "refuse" if not found.usable else "repair" if found.needs_consent else "ok"
    refused = {fault.code for fault in faults if fault.grade is Grade.REFUSE}
    if refused and refused <= ANSWERABLE:
        grade = "ask"
    text = say(f"imports.verdict_{grade}", n=counts.get(grade, 0))
    st.html(f'<p class="gp-verdict gp-verdict-{grade}" role="status">{escape(text)}</p>')


def show_difference(draft: Draft, found: Findings) -> None:
    """The file beside the current version, in numbers."""
    if not found.usable:
        return
    if found.difference is None:
        st.write(say("imports.difference_none"))
        return
    numbers = "　".join(f"{say(f'imports.{key}')} {n:,}" for key, n in found.difference.items())
    st.write(plain(f"{say('imports.difference', version=found.against)}：{numbers}"))
    removed = found.difference.get("removed", 0)
    before = found.rows - found.difference.get("added", 0) + removed
    if removed * 2 > before:
        text = say("imports.many_removed", before=f"{before:,}", removed=f"{removed:,}")
        st.html(f'<p class="gp-verdict gp-verdict-repair">{escape(text)}</p>')


def ask(town: Town, draft: Draft, faults: list[Fault]) -> None:
    """What the file leaves open: its kind, its coordinate system, which of its tables."""
    stated = [fault for fault in faults if fault.code in NEEDS_CRS]
    tables = next((names.split(", ") for fault in faults if (names := tables_in(fault))), [])
    if not (draft.new or stated or draft.crs or tables):
        return
    kind, crs, sublayer = draft.kind, draft.crs, draft.sublayer
    with st.container(border=True):
        if draft.new:
            kind = ask_kind(draft)
        if stated or draft.crs:
            crs = ask_crs(draft, town.profile.zone, stated)
        if tables:
            sublayer = st.selectbox(
                say("imports.ask_sublayer"), tables, help=say("imports.ask_sublayer_help")
            )
        if st.button(say("imports.again")):
            ask_anew(draft, town.drafts, kind=kind, crs=crs, sublayer=sublayer)
            st.rerun()


def ask_kind(draft: Draft) -> str:
    """The kind of a new layer; the empty choice leaves it to the file."""
    kinds = ["", *KINDS]
    at = kinds.index(draft.kind) if draft.kind in kinds else 0
    help = say("imports.ask_kind_help")
    return st.selectbox(say("imports.ask_kind"), kinds, at, format_func=kind_title, help=help)


def ask_crs(draft: Draft, zone: int, stated: list[Fault]) -> int | None:
    """The system of a file that does not state it; 0 stands for no choice yet."""
    likely = next((int(one.expected[5:]) for one in stated if one.expected[5:].isdigit()), None)
    systems = {0: say("imports.choose"), **crs_choices(zone, likely)}
    numbers = list(systems)
    at = numbers.index(draft.crs) if draft.crs in numbers else 0
    help = say("imports.ask_crs_help")
    named = systems.__getitem__
    return st.selectbox(say("imports.ask_crs"), numbers, at, format_func=named, help=help) or None


def tables_in(fault: Fault) -> str:
    """The names of the tables of a file that holds several, as the reader told them."""
    return {"sublayer_needed": fault.found, "sublayer_unknown": fault.expected}.get(fault.code, "")


def kind_title(kind: str) -> str:
    """A kind's name; the empty choice leaves it to the file."""
    return KINDS[kind].title if kind else say("imports.kind_from_file")


def crs_choices(zone: int, likely: int | None) -> dict[int, str]:
    """EPSG number and name of the systems that a town's files come in, the likeliest first."""
    numbers = [zone - JGD2011, *(n for n in range(1, 20) if n != zone - JGD2011)]
    named = {JGD2011 + n: say("imports.plane", n=n, epsg=JGD2011 + n) for n in numbers}
    named[JGD2000 + numbers[0]] = say("imports.plane_2000", n=numbers[0], epsg=JGD2000 + numbers[0])
    named[3857] = say("imports.web_mercator")
    if likely is None:
        return named
    first = say("imports.crs_likely", crs=named.pop(likely, f"EPSG:{likely}"))
    return {likely: first, **named}


def answer(town: Town, draft: Draft, found: Findings, person: Person) -> None:
    """The date of the content, and yes or no."""
    as_of = found.as_of
    if found.usable:
        as_of = st.date_input(
            say("imports.as_of"), found.as_of, max_value=town.now().astimezone(JST).date(), format="YYYY-MM-DD",
            help=say("imports.as_of_help"),
        )  # fmt: skip
    yes, no = st.columns([1, 1])
    key = "accept_repairs" if found.needs_consent else "accept"
    if found.usable and yes.button(say(f"imports.{key}"), type="primary", use_container_width=True):
        take(town, draft, person, as_of)
    if not found.usable:
        url = "/layers" if draft.new else f"/layers?import={draft.entry.id}"
        yes.html(f'<a class="gp-csv" href="{url}" target="_self">{escape(say("imports.send_again"))}</a>')
    if no.button(say("imports.withdraw"), use_container_width=True):
        town.drafts.remove(draft)
        st.session_state["import_told"] = say("imports.withdrawn")
        st.query_params.clear()
        st.rerun()


def take(town: Town, draft: Draft, person: Person, as_of: object) -> None:
    """Import what was shown, and say so on the overview."""
    own = own_catalogue(town.settings)
    try:
        with st.spinner(say("imports.working")):
            how = When(town.now(), as_of if isinstance(as_of, date) else None)
            done = accept(draft, town.drafts, town.layers, own, town.area(), person, how)
    except LayersError as error:
        st.error(plain(explain(error)))
        return
    told = say(
        "imports.done", title=done.version.entry.title, rows=done.version.rows, version=done.version.number
    )
    repaired = say("imports.done_repairs", n=len(done.repairs)) if done.repairs else ""
    st.session_state["import_told"] = told + repaired
    st.query_params.clear()
    st.rerun()


def show_faults(draft: Draft, found: Findings, faults: list[Fault]) -> None:
    """All faults in pages, by grade, row or content, and the way to save them."""
    st.subheader(say("imports.faults"))
    if not faults:
        st.write(say("imports.no_faults"))
        return
    st.html(f'<a class="gp-csv" href="/imports/{draft.token}/faults.csv">{escape(say("imports.csv"))}</a>')
    left, right = st.columns(2)
    present = [grade for grade in GRADES if found.counts.get(grade)]
    grade = left.selectbox(
        say("imports.show"), [None, *present], format_func=lambda one: grade_choice(one, found)
    )
    order = right.selectbox(say("imports.order"), ORDERS, format_func=lambda one: say(f"imports.order_{one}"))
    chosen = ordered([fault for fault in faults if grade in {None, fault.grade}], order)
    place = f"faults_from {draft.token}"
    start = min(st.session_state.get(place, 0), (len(chosen) - 1) // PAGE * PAGE)
    part = chosen[start : start + PAGE]
    st.write(say("imports.page", total=f"{len(chosen):,}", first=start + 1, last=start + len(part)))
    st.html(fault_table(part))
    before, after = st.columns(2)
    if start and before.button(say("imports.before_page", n=PAGE)):
        turn(place, start - PAGE)
    if start + PAGE < len(chosen) and after.button(say("imports.next_page", n=PAGE)):
        turn(place, start + PAGE)


def turn(place: str, start: int) -> None:
    """Go to another page of a draft's faults."""
    st.session_state[place] = start
    st.rerun()


def grade_choice(grade: Grade | None, found: Findings) -> str:
    """A grade and how many faults have it."""
    if grade is None:
        return say("imports.show_all", n=sum(found.counts.values()))
    return say("imports.show_one", grade=say(f"imports.grade_{grade}"), n=found.counts[grade])


def ordered(faults: list[Fault], order: str) -> list[Fault]:
    """Faults come the gravest first; otherwise by row, or like with like."""
    if order == "grade":
        return faults
    if order == "row":
        return sorted(faults, key=lambda fault: (fault.row or 0, fault.code))
    return sorted(faults, key=lambda fault: (fault.code, fault.row or 0))


def fault_table(faults: list[Fault]) -> str:
    """A page of faults as a table; a file's own text is escaped."""
    names = ("grade", "row", "text", "found", "expected")
    heads = "".join(f'<th scope="col">{escape(say(f"imports.column_{name}"))}</th>' for name in names)
    body = "".join(fault_row(fault, names) for fault in faults)
    return f'<table class="gp-table"><thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table>'


def fault_row(fault: Fault, names: tuple[str, ...]) -> str:
    """One fault of the table."""
    cells = {
        "grade": f'<span class="gp-{fault.grade}">{escape(say(f"imports.grade_{fault.grade}"))}</span>',
        "row": escape(str(fault.row) if fault.row is not None else say("imports.whole_file")),
        "text": escape(fault_sentence(fault)),
        "found": escape(in_words(fault.found)),
        "expected": escape(in_words(fault.expected)),
    }
    columns = "".join(
        f'<td class="{CARD.get(name, "")}" data-label="{escape(say(f"imports.column_{name}"))}">{cells[name]}</td>'
        for name in names
    )
    return f"<tr>{columns}</tr>"


def back() -> None:
    """The way back to all layers."""
    st.html(f'<p><a class="gp-csv" href="/layers" target="_self">{escape(say("imports.back"))}</a></p>')
