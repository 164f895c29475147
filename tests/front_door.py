"""A resident's telephone before the door: opens the form, fills it in, sends what its script would send."""

from __future__ import annotations

import hashlib
import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from typing import Any
from uuid import uuid4

import httpx

from gisapp.flows.sealed import is_work, new_token
from gisapp.settings import Settings
from reports_store import Filters, PublicState, Report, ReportStore
from tests.serving import Server

LON, LAT = 137.0463, 35.6443
AMBIGUOUS = "第1"  # two ごみステーション of the sample town are called so


class Fields(HTMLParser):
    """What a browser would send of a form that nobody has touched, and what stands on the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: dict[str, list[str]] = {}
        self.controls: list[dict[str, str]] = []
        self.labelled: set[str] = set()
        self._labels = 0
        self._area = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "label":
            self._labels += 1
            self.labelled.add(given.get("for", ""))
        if tag in {"input", "textarea", "select"}:
            self.controls.append({**given, "tag": tag, "wrapped": "yes" if self._labels else ""})
        if tag == "textarea":
            self._area = given["name"]
        if tag == "input" and given.get("name"):
            kind = given.get("type", "text")
            if kind in {"radio", "checkbox"} and "checked" not in given:
                return
            if kind != "file":
                self.sent.setdefault(given["name"], []).append(given.get("value", "on"))

    def handle_endtag(self, tag: str) -> None:
        self._labels -= tag == "label"
        self._area = "" if tag == "textarea" else self._area

    def handle_data(self, data: str) -> None:
        if self._area:
            self.sent.setdefault(self._area, [""])[0] += data.lstrip("\n")


def phone(server: Server, **options: Any) -> httpx.Client:
    """A browser of its own, with the cookie of a device."""
    client = httpx.Client(base_url=server.url, timeout=60, headers={"Accept-Language": "ja"}, **options)
    client.get("/report/")
    return client


def secret_of(server: Server) -> bytes:
    return (server.data / "secret.key").read_bytes()


def token(server: Server, minutes: float = 1) -> str:
    """A token that the form handed out a while ago."""
    return new_token(secret_of(server), datetime.now(UTC) - timedelta(minutes=minutes))


def work_for(given: str) -> str:
    """The small proof of work, as the page's script finds it."""
    return next(str(n) for n in range(1 << 24) if is_work(given, str(n)))


def words(server: Server, **changed: Any) -> dict[str, Any]:
    """A report as the form's script sends it."""
    return {
        "uuid": str(uuid4()),
        "category": "road_damage",
        "place": {"lon": LON, "lat": LAT, "source": "gps", "accuracy_m": 8},
        "body": "道路に穴があいています",
        "answers": {"what": "穴"},
        "contact": None,
        "lang": "ja",
        "device_time": "2026-06-01T12:00:00+09:00",
        "photos": [],
        "token": token(server),
        "work": "",
        "website": "",
        **changed,
    }


def declared(*photos: bytes) -> list[dict[str, Any]]:
    return [{"sha256": sha(one), "bytes": len(one)} for one in photos]


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def filled(page: httpx.Response, **changed: Any) -> dict[str, Any]:
    """The fields of the form on a page, with some filled in; a name with a dot is written with two underscores."""
    return {**Fields(page.text).sent, **{name.replace("__", "."): value for name, value in changed.items()}}


def numbers(page: httpx.Response) -> list[str]:
    """受付番号 and 照会番号 on a receipt page."""
    return [unescape(one) for one in re.findall(r'data-receipt="\w+"[^>]*>([^<]+)<', page.text)]


def choices(page: httpx.Response) -> list[str]:
    """The values of the places to choose from."""
    return re.findall(r'name="choice" value="([^"]+)"', page.text)


def files(*photos: tuple[str, bytes]) -> list[tuple[str, tuple[str, bytes]]]:
    return [("photo", one) for one in photos]


def kept(server: Server, uuid: str) -> Report:
    """A report as the town's store has it."""
    with closing(ReportStore.open(Settings.from_env({"GISAPP_DATA": str(server.data)}).database)) as store:
        return store.by_uuid(uuid)


def reports_kept(server: Server) -> int:
    """How many reports the store holds."""
    with closing(ReportStore.open(Settings.from_env({"GISAPP_DATA": str(server.data)}).database)) as store:
        return store.count(Filters())


def open_reports(server: Server, category: str = "road_damage") -> list[Report]:
    """Reports of a kind that residents see as still open, newest first."""
    wanted = Filters(categories=(category,), public_states=(PublicState.OPEN,), public=True)
    with closing(ReportStore.open(Settings.from_env({"GISAPP_DATA": str(server.data)}).database)) as store:
        return store.newest(wanted)
