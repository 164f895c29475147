"""The clerks' page: a report that somebody tells at the counter, on the telephone or by fax."""

from __future__ import annotations

from html import escape
from uuid import uuid4

import streamlit as st

from gisapp.flows.desk.assets import WITHIN_M, near_assets
from gisapp.flows.desk.reading import may_read
from gisapp.flows.explain import explain
from gisapp.flows.locate import Located, locate
from gisapp.flows.place_text import PlaceFound, place_settled, places_meant
from gisapp.flows.submit import Draft, Receipt, accept
from gisapp.flows.take_photo import HEAD_BYTES, may_be_photo
from gisapp.map.canvas import town_map
from gisapp.map.live import LiveOptions
from gisapp.pages.canvas import show
from gisapp.pages.frame import person, speak_as_asked, staff_only
from gisapp.pages.plain import plain
from gisapp.person import Right
from gisapp.rules import rules_of
from gisapp.town import this_town
from gisapp.words import say
from reports_store import Asset, Category, Channel, Contact, GeomSource, Place
from reports_store.errors import ReportsError
from reports_store.report import DeclaredPhoto

PHOTOS = 5
PHOTO_TYPES = ["jpg", "jpeg", "png", "webp", "heic", "heif", "avif"]
CHANNELS = (Channel.PHONE, Channel.COUNTER, Channel.FAX)
CHUNK = 1 << 20
town = this_town()
state = st.session_state


def channel_step() -> Channel | None:
    """How the report came; the choice stays for the next one."""
    st.subheader(say("counter.channel.title"))
    return st.radio(
        say("counter.channel.label"),
        CHANNELS,
        index=None,
        horizontal=True,
        format_func=lambda one: say(f"counter.channel.{one}"),
        key="channel",
    )


def place_step() -> tuple[Place | None, Located | None]:
    """Where it is: told in words, or tapped on the map. The choice made last counts."""
    st.subheader(say("counter.place.title"))
    told, tapped = made("told", told_place()), state.get("places_chosen", {}).get("tap")
    pinned = opened_with(told, tapped)
    shell = town_map(
        town.profile.center,
        13,
        tiles=town.settings.tiles,
        options=LiveOptions(
            pick=True, pin=(pinned.lon, pinned.lat) if pinned else None, reports=False, panel=False
        ),
    )
    picked = show(shell, "pickmap", height_px=440).get("picked")
    # drawn anew, the map has forgotten the tap; the page has not
    place = newest(told, made("tap", tapped_place(picked) or (tapped[1] if tapped else None)))
    if place is None:
        st.info(say("counter.place.tap"))
        return None, None
    located = locate(place.lon, place.lat, town.layers, town.profile)
    source = say("report.form.place_source", source=say(f"report.source.{place.source}"))
    st.write(plain("　／　".join([source, *found_words(located)])))
    return place, located


def opened_with(told: tuple[int, Place] | None, tapped: tuple[int, Place] | None) -> Place | None:
    """The pin that the map is drawn with. It changes with the words only: a tap moves the map's own pin."""
    if "pin" not in state or state["pin_told"] != told:
        state["pin_told"], state["pin"] = told, newest(told, tapped)
    pin: Place | None = state["pin"]
    return pin


def told_place() -> Place | None:
    """The place that the words mean; where they may mean several, the clerk asks back and chooses."""
    text = st.text_input(say("counter.place.label"), placeholder=say("counter.place.hint"), key="place_text")
    if not text.strip():
        return None
    found = places_meant(text, town.layers, town.profile)
    settled = place_settled(text, found) or chosen_place(found)
    if settled is not None:
        key = "found" if settled.exact else "about"
        st.success(plain(say(f"counter.place.{key}", name=settled.matched)))
    elif not found:
        st.warning(plain(say("counter.place.none", text=text)))
    return None if settled is None else settled.place


def chosen_place(found: list[PlaceFound]) -> PlaceFound | None:
    """One of several places that a text may mean."""
    if not found:
        return None
    return st.selectbox(
        say("counter.place.choose", n=len(found)),
        found,
        index=None,
        format_func=lambda one: f"{one.matched}（{one.layer}）" if one.layer else one.matched,
        placeholder=say("counter.place.choose_hint"),
    )


def tapped_place(picked: object) -> Place | None:
    """What the map's script says was chosen on it: a tap, the device's position, or a name searched for."""
    if not isinstance(picked, dict):
        return None
    return Place(picked["lon"], picked["lat"], GeomSource(picked["source"]), picked.get("accuracy_m"))


def made(way: str, place: Place | None) -> tuple[int, Place] | None:
    """A choice of place with its turn: counted as the server sees them, since a phone's clock may be wrong."""
    seen: dict[str, tuple[int, Place]] = state.setdefault("places_chosen", {})
    if place is None:
        seen.pop(way, None)
    elif way not in seen or seen[way][1] != place:
        state["turn"] = state.get("turn", 0) + 1
        seen[way] = (state["turn"], place)
    return seen.get(way)


def newest(*choices: tuple[int, Place] | None) -> Place | None:
    """The choice that was made last."""
    known = [choice for choice in choices if choice is not None]
    return max(known, key=lambda choice: choice[0])[1] if known else None


def found_words(located: Located) -> list[str]:
    """The place's 自治会 and road; what could not be read is said to be unknown, not to be absent."""
    return [
        say("report.form.area_found", name=located.area.name)
        if located.area.name
        else say(f"report.form.area_{located.area.why}"),
        say("report.form.road_found", name=located.road.name)
        if located.road.name
        else say(f"report.form.road_{located.road.why.partition(':')[0]}"),
    ]


def category_step() -> tuple[Category | None, dict[str, str]]:
    """Which category, and its own short questions."""
    st.subheader(say("counter.category.title"))
    codes = list(town.categories)
    code = st.radio(
        say("report.form.category_label"),
        codes,
        index=None,
        format_func=lambda one: f"{town.categories[one].symbol}　{town.categories[one].name('ja')}",
        captions=[town.categories[one].hint_ja for one in codes],
        key="category",
    )
    if code is None:
        return None, {}
    category = town.categories[code]
    if category.danger_ja:
        st.warning(category.danger_ja)
    return category, {q.id: answer for q in category.questions if (answer := asked(code, q))}


def asked(code: str, question) -> str:  # type: ignore[no-untyped-def]
    """One question's answer, empty if it was left open."""
    key = f"answer_{code}_{question.id}"
    if not question.choices_ja:
        return str(st.text_input(question.ask_ja, max_chars=200, key=key))
    return st.radio(question.ask_ja, question.choices_ja, index=None, horizontal=True, key=key) or ""


def asset_step(place: Place | None, category: Category | None) -> Asset | None:
    """The street light, mirror or station that is meant, if one stands near; it may be left open."""
    if place is None or category is None:
        return None
    near = near_assets(place.lon, place.lat, category.code, person(town), town.layers)
    if not near:
        return None
    chosen = st.selectbox(
        say("counter.asset.label", m=round(WITHIN_M)),
        near,
        index=None,
        format_func=lambda one: say(
            "counter.asset.line", title=one.title, layer=one.layer, m=round(one.distance_m or 0)
        ),
        placeholder=say("counter.asset.none"),
        key=f"asset_{place.lon:.6f}_{place.lat:.6f}",
    )
    return None if chosen is None else chosen.asset


def words_step() -> tuple[str, Contact | None]:
    """What was told, and who told it; both may be left out."""
    st.subheader(say("counter.words.title"))
    hint = say("counter.words.hint")
    body = st.text_area(say("counter.words.label"), placeholder=hint, max_chars=4000, key="body")
    st.caption(say("counter.words.note"))
    st.subheader(say("counter.contact.title"))
    name = st.text_input(say("report.form.name"), max_chars=100, key="contact_name", autocomplete="off")
    phone = st.text_input(say("report.form.phone"), max_chars=30, key="contact_phone", autocomplete="off")
    email = st.text_input(say("report.form.email"), max_chars=200, key="contact_email", autocomplete="off")
    wants = st.checkbox(say("report.form.wants_reply"), key="contact_wants")
    given = Contact(name.strip(), phone.strip(), email.strip(), wants)
    return body, given if name.strip() or phone.strip() or email.strip() else None


def photos_step() -> tuple[DeclaredPhoto, ...]:
    """The pictures that were handed in, kept as they are; they are worked on after the report is in."""
    st.subheader(say("counter.photo.title"))
    given = st.file_uploader(say("counter.photo.label"), type=PHOTO_TYPES, accept_multiple_files=True)
    if len(given) > PHOTOS:
        st.warning(say("report.form.too_many_photos"))
    kept = []
    for file in given[:PHOTOS]:
        try:
            kept.append(received(file.file_id, file.name, file.getvalue()))
        except ReportsError as error:
            st.error(plain(f"{file.name}：{explain(error)}"))
    whole = tuple({photo.sha256: photo for photo in kept if photo is not None}.values())
    if whole:
        st.success(say("counter.photo.kept", n=len(whole)))
        st.caption(say("counter.photo.later"))
    return whole


def received(file_id: str, name: str, data: bytes) -> DeclaredPhoto | None:
    """Keep a picture once, however often the page runs again; None, in words, for what is none."""
    if data and not may_be_photo(data[:HEAD_BYTES]):
        st.error(plain(say("counter.photo.not_photo", name=name)))
        return None
    known: dict[str, DeclaredPhoto] = state.setdefault("kept_photos", {})
    if file_id not in known:
        come = town.photos.receive(data[at : at + CHUNK] for at in range(0, len(data), CHUNK))
        known[file_id] = DeclaredPhoto(come.sha256, come.bytes)
    return known[file_id]


@st.dialog(say("report.form.check_title"))
def check(draft: Draft, located: Located) -> None:
    """Everything once more; sending is one tap, and so is going back."""
    speak_as_asked()
    category = town.categories[draft.category]
    source = say("report.form.place_source", source=say(f"report.source.{draft.place.source}"))
    photos = say("report.form.photo_count", n=len(draft.declared)) if draft.declared else ""
    contact = draft.contact or Contact()
    rows = [
        (say("counter.channel.label"), say(f"counter.channel.{draft.channel}")),
        (say("report.list.category"), category.name("ja")),
        *((q.ask_ja, draft.answers[q.id]) for q in category.questions if q.id in draft.answers),
        (say("counter.words.label"), draft.body),
        (say("report.form.where"), "　／　".join([source, *found_words(located)])),
        (
            say("counter.contact.label"),
            "　".join(filter(None, (contact.name, contact.phone, contact.email))),
        ),
        (say("report.photo"), photos),
    ]
    none = say("report.form.no_photo")
    lines = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value or none)}</dd>" for name, value in rows)
    st.html(f'<dl class="gp-rows">{lines}</dl>')
    if st.button(say("report.form.send"), type="primary", width="stretch"):
        with st.spinner(say("report.form.sending")):
            send(draft)
    if st.button(say("report.form.back"), width="stretch"):
        st.rerun()


def send(draft: Draft) -> None:
    """Send once, if the clerk is still signed in; a second press gives the same receipt."""
    staff_only(town, Right.TAKE)
    try:
        state["receipt"] = accept(draft, town.reports, town.photos, rules_of(town))
    except ReportsError as error:
        st.error(plain(explain(error)))
        return
    st.rerun()


def receipt_page(receipt: Receipt) -> None:
    """What the clerk reads out."""
    st.title(say("counter.receipt.title"))
    if not receipt.new:
        st.info(say("report.receipt.again"))
    st.write(say("counter.receipt.read_out"))
    st.html(
        f'<dl class="gp-receipt"><dt>{escape(say("counter.receipt.number"))}</dt>'
        f'<dd data-receipt="number">{escape(receipt.number)}</dd><dt>{escape(say("counter.receipt.code"))}</dt>'
        f'<dd data-receipt="code">{escape(receipt.tracking_code)}</dd></dl>'
    )
    st.warning(say("counter.receipt.keep"))
    st.write(say("counter.receipt.next"))
    # in a window of its own: the code above is shown only here, and not everybody has written it down yet
    if may_read(person(town), receipt.report, town.categories):
        st.link_button(say("counter.receipt.open"), f"/desk/r/{receipt.number}")
    if st.button(say("counter.another"), type="primary"):
        channel = state.get("channel_kept")
        state.clear()
        state["channel"] = channel
        st.rerun()


def form_page() -> None:
    """The whole form on one page: nothing that was entered is lost by going back and forth."""
    st.title(say("counter.title"))
    st.write(say("counter.intro"))
    st.warning(say("counter.urgent"))
    channel = channel_step()
    place, located = place_step()
    category, answers = category_step()
    asset = asset_step(place, category)
    body, contact = words_step()
    photos = photos_step()
    if not st.button(say("report.form.check"), type="primary", width="stretch"):
        return
    if channel is None:
        st.error(say("counter.channel.missing"))
    elif place is None or located is None:
        st.error(say("counter.place.missing"))
    elif category is None:
        st.error(say("report.form.category_missing"))
    else:
        state["channel_kept"] = channel
        uuid = state.setdefault("draft_uuid", str(uuid4()))
        draft = Draft(
            uuid, category.code, place, body, answers, contact, channel=channel, declared=photos, asset=asset
        )
        check(draft, located)


staff_only(town, Right.TAKE)
with st.container(key="narrow"):
    if "receipt" in state:
        receipt_page(state["receipt"])
    else:
        form_page()
