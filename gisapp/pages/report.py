"""The report form: photo, place, category, words; checked once more, then sent."""

from __future__ import annotations

from html import escape
from uuid import uuid4

import streamlit as st

from gisapp.flows.enquire.spot import BadSpot, spot_of
from gisapp.flows.explain import explain
from gisapp.flows.find import Landmark, landmarks
from gisapp.flows.locate import Located, locate
from gisapp.flows.submit import Draft, Receipt, submit
from gisapp.map.canvas import town_map
from gisapp.map.live import LiveOptions
from gisapp.pages.canvas import show
from gisapp.pages.frame import danger_box
from gisapp.pages.plain import plain
from gisapp.rules import rules_of
from gisapp.town import this_town
from gisapp.words import say
from reports_store import Category, Contact, GeomSource, Place, StoredPhoto
from reports_store.errors import ReportsError

PHOTOS = 5
PHOTO_TYPES = ["jpg", "jpeg", "png", "webp", "heic", "heif", "avif"]
town = this_town()
state = st.session_state


def photos_step() -> tuple[StoredPhoto, ...]:
    """The photos that could be kept; each that could not says why at once."""
    st.subheader(say("report.form.photo"))
    given = st.file_uploader(say("report.form.photo_label"), type=PHOTO_TYPES, accept_multiple_files=True)
    if len(given) > PHOTOS:
        st.warning(say("report.form.too_many_photos"))
    kept = []
    for file in given[:PHOTOS]:
        try:
            kept.append(stored(file.file_id, file.getvalue()))
        except ReportsError as error:
            st.error(plain(f"{file.name}：{explain(error)}"))
    if kept:
        st.success(say("report.form.photo_ok", n=len(kept)))
    st.caption(say("report.form.photo_note"))
    return tuple(kept)


def stored(file_id: str, data: bytes) -> StoredPhoto:
    """Keep a photo once, however often the page runs again."""
    known: dict[str, StoredPhoto] = state.setdefault("kept_photos", {})
    if file_id not in known:
        known[file_id] = town.photos.put(data)
    return known[file_id]


def place_step(photos: tuple[StoredPhoto, ...]) -> tuple[Place | None, Located | None]:
    """Where it is: from the photo, a tap, the device, or a landmark chosen by name."""
    st.subheader(say("report.form.place"))
    from_photo, outside = photo_place(photos)
    if outside:
        st.warning(plain(say("report.form.place_photo_outside", town=town.profile.name)))
    by_link, by_photo = made("link", linked_place()), made("photo", from_photo)
    by_name = made("landmark", named_place())
    pinned = newest(by_link, by_photo, by_name)
    shell = town_map(
        town.profile.center,
        13,
        tiles=town.settings.tiles,
        options=LiveOptions(
            pick=True, pin=(pinned.lon, pinned.lat) if pinned else None, reports=False, panel=False
        ),
    )
    told = show(shell, "pickmap", height_px=440).get("picked")
    choose_landmark()
    place = newest(by_link, by_photo, by_name, made("tap", tapped_place(told)))
    if place is None:
        st.info(say("report.form.place_none"))
        return None, None
    located = locate(place.lon, place.lat, town.layers, town.profile)
    if place is from_photo:
        st.success(say("report.form.place_photo"))
    st.write(plain("　／　".join([source_words(place), *found_words(located)])))
    return place, located


def photo_place(photos: tuple[StoredPhoto, ...]) -> tuple[Place | None, bool]:
    """The first photo's place that lies in town, and whether there was one that does not."""
    outside = False
    for photo in photos:
        if photo.exif_place is None:
            continue
        if locate(photo.exif_place.lon, photo.exif_place.lat, town.layers, town.profile).near:
            return photo.exif_place, False
        outside = True
    return None, outside


def tapped_place(picked: object) -> Place | None:
    """What the map's script says was chosen on it: a tap, the device's position, or a name searched for."""
    if not isinstance(picked, dict):
        return None
    return Place(picked["lon"], picked["lat"], GeomSource(picked["source"]), picked.get("accuracy_m"))


def linked_place() -> Place | None:
    """The place of a link such as /report?lon=…&lat=…, from a karte or from the card on the map."""
    try:
        spot = spot_of(st.query_params.to_dict())
    except BadSpot:
        return None  # the person still chooses a place on this page
    return None if spot is None else Place(spot.lon, spot.lat, GeomSource.MAP_TAP)


def named_place() -> Place | None:
    """The landmark chosen below the map."""
    chosen: Landmark | None = state.get("landmark")
    return None if chosen is None else Place(chosen.lon, chosen.lat, GeomSource.LANDMARK)


def choose_landmark() -> None:
    """A landmark by name: the way for those who cannot use a map."""
    known = landmarks(town.layers)
    if known:
        st.selectbox(
            say("report.form.place_landmark"),
            known,
            index=None,
            format_func=lambda one: f"{one.title}（{one.layer}）",
            placeholder=say("report.form.place_landmark_hint"),
            key="landmark",
        )


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


def source_words(place: Place) -> str:
    """How the place was found, with the landmark's name where one was chosen below the map."""
    chosen: Landmark | None = state.get("landmark")
    here = chosen is not None and (chosen.lon, chosen.lat) == (place.lon, place.lat)
    name = f"（{chosen.title}）" if chosen is not None and here else ""
    return say("report.form.place_source", source=say(f"report.source.{place.source}")) + name


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
    st.subheader(say("report.form.category"))
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


def words_step() -> tuple[str, Contact | None]:
    """Words and contact, both left out freely."""
    st.subheader(say("report.form.words"))
    body = st.text_area(
        say("report.form.words_label"), placeholder=say("report.form.words_hint"), max_chars=4000, key="body"
    )
    st.caption(say("report.form.words_note"))
    st.subheader(say("report.form.contact"))
    st.caption(say("report.form.contact_note"))
    name = st.text_input(say("report.form.name"), max_chars=100, key="contact_name", autocomplete="name")
    phone = st.text_input(say("report.form.phone"), max_chars=30, key="contact_phone", autocomplete="tel")
    email = st.text_input(say("report.form.email"), max_chars=200, key="contact_email", autocomplete="email")
    wants = st.checkbox(say("report.form.wants_reply"), key="contact_wants")
    given = Contact(name.strip(), phone.strip(), email.strip(), wants)
    return body, given if name.strip() or phone.strip() or email.strip() else None


@st.dialog(say("report.form.check_title"))
def check(draft: Draft, located: Located, source: str) -> None:
    """Everything once more; sending is one tap, and so is going back."""
    category = town.categories[draft.category]
    photos = (
        say("report.form.photo_count", n=len(draft.photos)) if draft.photos else say("report.form.no_photo")
    )
    rows = [
        (say("report.photo"), photos),
        (say("report.list.category"), category.name("ja")),
        *((q.ask_ja, draft.answers[q.id]) for q in category.questions if q.id in draft.answers),
        (say("report.form.words_label"), draft.body or say("report.form.no_photo")),
        (say("report.form.where"), "　／　".join([source, *found_words(located)])),
    ]
    lines = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in rows)
    st.html(f'<dl class="gp-rows">{lines}</dl>')
    if st.button(say("report.form.send"), type="primary", width="stretch"):
        with st.spinner(say("report.form.sending")):
            send(draft)
    if st.button(say("report.form.back"), width="stretch"):
        st.rerun()


def send(draft: Draft) -> None:
    """Send once; a second press gives the same receipt."""
    try:
        state["receipt"] = submit(draft, town.reports, rules_of(town))
    except ReportsError as error:
        st.error(plain(explain(error)))
        return
    st.rerun()


def receipt_page(receipt: Receipt) -> None:
    """What the reporter takes away."""
    st.title(say("report.receipt.title"))
    if not receipt.new:
        st.info(say("report.receipt.again"))
    st.html(
        f'<dl class="gp-receipt"><dt>{escape(say("report.receipt.number"))}</dt>'
        f'<dd data-receipt="number">{escape(receipt.number)}</dd><dt>{escape(say("report.receipt.code"))}</dt>'
        f'<dd data-receipt="code">{escape(receipt.tracking_code)}</dd></dl>'
    )
    st.warning(say("report.receipt.keep"))
    st.write(say("report.receipt.next"))
    st.page_link("lookup.py", label=say("report.receipt.follow"))
    if st.button(say("report.receipt.another")):
        state.clear()
        st.rerun()


def form_page() -> None:
    """The whole form on one page: nothing that was entered is lost by going back and forth."""
    st.title(say("report.form.title"))
    danger_box(town)
    st.write(say("report.form.intro"))
    photos = photos_step()
    place, located = place_step(photos)
    category, answers = category_step()
    body, contact = words_step()
    if not st.button(say("report.form.check"), type="primary", width="stretch"):
        return
    if place is None or located is None:
        st.error(say("report.form.place_missing"))
    elif category is None:
        st.error(say("report.form.category_missing"))
    else:
        uuid = state.setdefault("draft_uuid", str(uuid4()))
        check(Draft(uuid, category.code, place, body, answers, contact, photos), located, source_words(place))


with st.container(key="narrow"):
    if "receipt" in state:
        receipt_page(state["receipt"])
    else:
        form_page()
