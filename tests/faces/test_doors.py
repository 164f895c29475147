"""Every door of the running app, tried by everybody: who gets in, what is kept in a browser, and what is turned away.

The list of doors is held against the app's own routes: a route that nobody has thought of here fails.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import pytest

from gisapp.auth.demo import DEMO, DEMO_PASSWORD
from gisapp.flows.ask_many import ask_many
from gisapp.flows.import_draft import look
from gisapp.settings import Settings
from gisapp.town import Town, open_town, own_catalogue
from gisapp.web.gate import OURS, PAGES, WRITABLE
from gisapp.web.routes import routes
from layers.toml_table import with_table
from tests.faces.test_signing_in import signed_in
from tests.page_socket import open_page
from tests.serving import Server, awaited, copied, serving

# One person of every role: a resident, 閲覧のみ, 受付, staff, the field, a head, HQ, an editor of another department,
# the open-data editor, an editor of the owner, the administrator.
PEOPLE = (
    "", "etsuran", "madoguchi", "toshi", "genba", "kacho", "honbu", "kiki", "opendata", "kankyo", "admin",
)  # fmt: skip
# Which of the five statuses of a short row is whose.
FIVE = (0, 1, 1, 1, 1, 1, 1, 2, 2, 3, 4)
_EVERYBODY = frozenset(PEOPLE[1:])
_OFFICES = frozenset({"madoguchi", "toshi", "kacho", "honbu", "kiki", "kankyo", "admin"})
_ADMIN = frozenset({"admin"})
# Who has each right over some report at least. Written out by hand, so that a slip in the table of rights is seen here.
MAY: dict[str, frozenset[str]] = {
    "read": _EVERYBODY,
    "contact": _OFFICES, "take": _OFFICES, "reply": _OFFICES, "assign": _OFFICES, "release": _OFFICES,
    "petition": _OFFICES,
    "note": _OFFICES | {"genba"}, "work": _OFFICES | {"genba"},
    "export": _OFFICES | {"opendata"},
    "hold": frozenset({"kacho", "admin"}),
    "rules": _ADMIN, "retain": _ADMIN, "trail": _ADMIN, "users": _ADMIN,
}  # fmt: skip
OPEN, INTERNAL, HIDDEN = "garbage_station", "parcel", "recycling_point"
OWNER = next(person for person in DEMO if person.login == "kankyo")
PLACE, BOX = "lon=137.0463&lat=35.6443", "bbox=136,35,138,36&z=14"
DRAFT, ANSWER, NOBODYS = "{draft}", "{answer}", "a" * 22
UUID = "00000000-0000-4000-8000-000000000000"

Statuses = tuple[int, ...]
ALL: Statuses = (200, 200, 200, 200, 200)
NONE: Statuses = (404, 404, 404, 404, 404)
STAFF: Statuses = (404, 200, 200, 200, 200)
DEPARTMENT: Statuses = (404, 404, 404, 200, 200)
ITS_EDITORS: Statuses = (401, 403, 403, 200, 200)
SIGNED_IN: Statuses = (401, 200, 200, 200, 200)
OTHERS_LAYER: Statuses = (404, 403, 403, 403, 200)
MOVED: Statuses = (308, 308, 308, 308, 308)
CODELESS: Statuses = (401, 401, 401, 401, 401)
UNFIT: Statuses = (422, 422, 422, 422, 422)
SENDERS: Statuses = (403, 403, 403, 200, 200)

# What each kind of layer answers to a look, to a look at its past, and to a hand that wants to change it.
SEEN = {OPEN: ALL, INTERNAL: STAFF, HIDDEN: DEPARTMENT}
PAST = {OPEN: SIGNED_IN, INTERNAL: STAFF, HIDDEN: DEPARTMENT}
CHANGED = {OPEN: ITS_EDITORS, INTERNAL: OTHERS_LAYER, HIDDEN: DEPARTMENT}


def of_each(address: str, rights: dict[str, Statuses]) -> dict[str, Statuses]:
    """The address of each of the three layers and who gets in."""
    return {address.replace("LAYER", layer): found for layer, found in rights.items()}


def refused_as(status: int, rights: dict[str, Statuses]) -> dict[str, Statuses]:
    """The same rights, where what is sent is then refused for what it says."""
    return {layer: tuple(status if one == 200 else one for one in found) for layer, found in rights.items()}


def desk(right: str, status: int = 200, *, program: bool = False, **others: int) -> Statuses:
    """A door of the desk behind a right: status for who has it, 403 for who has not; a resident is led to /login, or
    told 401 where a program asks. others are exceptions by login: desk("work", 303, kiki=404).
    """
    asking = [401 if program else 303, *(status if login in MAY[right] else 403 for login in PEOPLE[1:])]
    assert set(others) <= set(PEOPLE)
    return tuple(others.get(login, one) for login, one in zip(PEOPLE, asking, strict=True))


def of_everybody(statuses: Statuses) -> Statuses:
    """A row of five statuses as one of every person's."""
    return statuses if len(statuses) == len(PEOPLE) else tuple(statuses[kind] for kind in FIVE)


# How to write a row: the route as the app lists it, and under it each address to try with who gets what.
#   ("GET", "/desk/r/{public_id:str}"): {"/desk/r/none": desk("read", 404)},           behind a right, for every role
#   ("POST", "/desk/bulk"): {"/desk/bulk": desk("work", 422, genba=403)},               with exceptions by login
#   ("GET", "/desk/list.json"): {"/desk/list.json": desk("read", program=True)},        401 instead of the way to /login
#   ("GET", "/healthz"): {"/healthz": ALL},                                             the same for all
#   five statuses: a resident, whoever is signed in, an editor of another department, of the owner, the administrator.
# POST doors are sent b"{}" in the order of PEOPLE; the right answer to that is a refusal in words (400, 422) or 303.
DOORS: dict[tuple[str, str], dict[str, Statuses]] = {
    ("GET", "/healthz"): {"/healthz": ALL},
    ("GET", "/assets/{name:path}"): {
        "/assets/gisapp/map.js": ALL, "/assets/gisapp/../gate.py": NONE, "/assets//etc/passwd": NONE,
    },
    ("GET", "/desk"): {"/desk": MOVED},
    ("GET", "/desk/"): {"/desk/": desk("read"), "/desk/?of=mine&q=%00&box=1&after=": desk("read")},
    ("GET", "/desk/list.json"): {
        "/desk/list.json?state=open": desk("read", program=True),
        "/desk/list.json?number=none": desk("read", 404, program=True),
        "/desk/list.json?after=none": desk("read", 400, program=True),
    },
    ("GET", "/desk/map.json"): {f"/desk/map.json?{BOX}": desk("read", program=True)},
    ("GET", "/desk/news.json"): {
        "/desk/news.json?at=2026-04-01T00:00:00Z": desk("read", program=True),
        "/desk/news.json": desk("read", 400, program=True),
    },
    ("POST", "/desk/views"): {"/desk/views": desk("read", 400)},
    ("POST", "/desk/bulk"): {"/desk/bulk": desk("work", 400)},
    ("POST", "/desk/undo"): {"/desk/undo": desk("work", 400)},
    ("GET", "/desk/export"): {"/desk/export": desk("export"), "/desk/export?format=csv": desk("export")},
    ("GET", "/desk/admin"): {"/desk/admin": desk("rules")},
    ("GET", "/desk/admin/trail"): {"/desk/admin/trail": desk("trail")},
    ("GET", "/desk/petitions"): {"/desk/petitions": desk("read"), "/desk/petitions?year=%00&answer=x": desk("read")},
    ("GET", "/desk/petitions/new"): {"/desk/petitions/new": desk("petition")},
    ("POST", "/desk/petitions/new"): {"/desk/petitions/new": desk("petition", 422)},
    ("GET", "/desk/petitions/template.xlsx"): {"/desk/petitions/template.xlsx": desk("petition")},
    ("GET", "/desk/petitions/{number:str}"): {
        "/desk/petitions/R7-001": desk("read"), "/desk/petitions/none": desk("read", 404),
    },
    ("GET", "/desk/petitions/{number:str}/edit"): {"/desk/petitions/none/edit": desk("petition", 404)},
    ("POST", "/desk/petitions/{number:str}/edit"): {"/desk/petitions/R9-999/edit": desk("petition", 404)},
    ("POST", "/desk/petitions/{number:str}/answer"): {"/desk/petitions/R7-001/answer": desk("petition", 422)},
    ("POST", "/desk/petitions/{number:str}/issue"): {"/desk/petitions/R7-001/issue": desk("petition", 422)},
    ("POST", "/desk/petitions/{number:str}/carry"): {"/desk/petitions/R7-001/carry": desk("petition", 422)},
    ("POST", "/desk/petitions/{number:str}/representative"): {
        "/desk/petitions/R7-001/representative": desk("contact", 422),
    },
    ("GET", "/desk/petitions/{number:str}/letter.pdf"): {"/desk/petitions/none/letter.pdf": desk("read", 404)},
    ("GET", "/desk/petitions/{number:str}/letter.xlsx"): {
        "/desk/petitions/R7-001/letter.xlsx?edition=1": desk("read"),
        "/desk/petitions/R7-001/letter.xlsx?edition=9": desk("read", 404),
    },
    ("GET", "/desk/r/{public_id:str}"): {"/desk/r/none": desk("read", 404)},
    ("POST", "/desk/r/{public_id:str}/act"): {"/desk/r/none/act": desk("read", 404)},
    ("POST", "/desk/r/{public_id:str}/contact"): {"/desk/r/none/contact": desk("contact", 404)},
    ("GET", "/desk/r/{public_id:str}/sheet.pdf"): {"/desk/r/none/sheet.pdf": desk("read", 404)},
    ("GET", "/desk/r/{public_id:str}/letter.pdf"): {"/desk/r/none/letter.pdf?to=x": desk("work", 404)},
    ("POST", "/desk/r/{public_id:str}/letter.pdf"): {"/desk/r/none/letter.pdf": desk("work", 404)},
    ("GET", "/desk/picture/{name:str}.jpg"): {
        f"/desk/picture/{'0' * 64}.jpg": desk("read", 404, program=True),
    },
    ("GET", "/live/assets/{layer_id:str}/{feature_id:path}.json"): {
        "/live/assets/street_light/light-0001.json": ALL, "/live/assets/manhole/manhole-0001.json": STAFF,
        "/live/assets/street_light/none.json": NONE, f"/live/assets/{INTERNAL}/1.json": NONE,
    },
    ("GET", "/desk/photos"): {"/desk/photos": desk("release")},
    ("GET", "/desk/photos/{public_id:str}/{sha256:str}"): {f"/desk/photos/none/{'0' * 64}": desk("read", 404)},
    ("POST", "/desk/photos/{public_id:str}/{sha256:str}"): {f"/desk/photos/none/{'0' * 64}": desk("release", 400)},
    ("GET", "/desk/admin/routing"): {"/desk/admin/routing": desk("rules")},
    ("POST", "/desk/admin/routing/try"): {"/desk/admin/routing/try": desk("rules", 400)},
    ("POST", "/desk/admin/routing/apply"): {"/desk/admin/routing/apply": desk("rules", 409)},
    ("GET", "/desk/admin/outbox"): {"/desk/admin/outbox": desk("rules")},
    ("POST", "/desk/admin/outbox/retry"): {"/desk/admin/outbox/retry": desk("rules", 400)},
    ("GET", "/desk/admin/hooks"): {"/desk/admin/hooks": desk("rules")},
    ("POST", "/desk/admin/hooks/add"): {"/desk/admin/hooks/add": desk("rules", 422)},
    ("POST", "/desk/admin/hooks/act"): {"/desk/admin/hooks/act": desk("rules", 400)},
    ("POST", "/desk/admin/hooks/senders"): {"/desk/admin/hooks/senders": desk("rules", 422)},
    ("POST", "/desk/admin/hooks/sender"): {"/desk/admin/hooks/sender": desk("rules", 400)},
    ("POST", "/hooks/in/{name:str}"): {"/hooks/in/none": CODELESS},
    ("GET", "/desk/admin/retention"): {"/desk/admin/retention": desk("retain")},
    ("POST", "/desk/admin/retention"): {"/desk/admin/retention": desk("retain")},
    ("GET", "/desk/admin/trail.csv"): {"/desk/admin/trail.csv": desk("trail", program=True)},
    ("GET", "/desk/figures"): {"/desk/figures": desk("read")},
    ("GET", "/desk/figures.csv"): {"/desk/figures.csv": desk("read")},
    ("GET", "/desk/figures/density"): {"/desk/figures/density": desk("read")},
    ("GET", "/desk/figures/density.json"): {f"/desk/figures/density.json?{BOX}": desk("read", program=True)},
    # So few reports that no statistics are worked out.
    ("GET", "/desk/hotspots"): {"/desk/hotspots?category=water_leak&period=quarter": desk("read")},
    ("GET", "/desk/hotspots.csv"): {"/desk/hotspots.csv?category=water_leak&period=quarter": desk("export", genba=200)},
    ("GET", "/desk/patrol"): {"/desk/patrol?over=choice": desk("read")},
    ("GET", "/desk/patrol.gpx"): {"/desk/patrol.gpx?over=choice": desk("export", genba=200)},
    ("GET", "/desk/patrol.geojson"): {"/desk/patrol.geojson?over=choice": desk("export", genba=200)},
    ("GET", "/photos/{name:str}.jpg"): {f"/photos/{'0' * 64}.jpg": NONE},
    ("GET", "/opendata/reports.geojson"): {"/opendata/reports.geojson": ALL},
    ("GET", "/opendata/reports.csv"): {"/opendata/reports.csv": ALL},
    ("GET", "/opendata/layers.json"): {"/opendata/layers.json": ALL},
    ("GET", "/opendata/layers/{name:str}"): {
        **of_each("/opendata/layers/LAYER.csv", SEEN), "/opendata/layers/none.csv": NONE,
        f"/opendata/layers/{OPEN}.exe": NONE,
    },
    ("GET", "/live/config.json"): {"/live/config.json": ALL},
    ("GET", "/live/layers/{layer_id:str}.json"): of_each(f"/live/layers/LAYER.json?{BOX}", SEEN),
    ("GET", "/live/layers/{layer_id:str}/at.json"): of_each(f"/live/layers/LAYER/at.json?{PLACE}", SEEN),
    ("GET", "/live/reports.json"): {f"/live/reports.json?{BOX}": ALL},
    ("GET", "/live/reports/{public_id:str}.json"): {"/live/reports/none.json": NONE},
    ("GET", "/live/search.json"): {"/live/search.json?q=第1": ALL},
    ("GET", "/tiles/{layer_id:str}/{number:int}/{z:int}/{x:int}/{y:int}.mvt"): {
        **of_each("/tiles/LAYER/1/8/225/100.mvt", SEEN), f"/tiles/{OPEN}/1/9/999/0.mvt": NONE,
    },
    ("GET", "/tiles/{layer_id:str}/{number:int}/{z:int}/{x:int}/{y:int}.png"): {
        **of_each("/tiles/LAYER/1/8/225/100.png", SEEN), f"/tiles/{OPEN}/2/8/225/100.png": NONE,
    },
    ("GET", "/basemap/{z:int}/{x:int}/{y:int}"): {"/basemap/1/1/1": NONE},
    ("GET", "/batches/{token:str}.csv"): {
        f"/batches/{ANSWER}.csv": (404, 404, 404, 200, 404), f"/batches/{NOBODYS}.csv": NONE,
    },
    ("GET", "/batches/{token:str}.xlsx"): {f"/batches/{ANSWER}.xlsx": (404, 404, 404, 200, 404)},
    ("GET", "/batches/{token:str}.json"): {f"/batches/{ANSWER}.json": (404, 404, 404, 200, 404)},
    ("GET", "/edits/{layer_id:str}/form.json"): of_each("/edits/LAYER/form.json", CHANGED),
    ("GET", "/edits/{layer_id:str}/features/{feature_id:path}.json"): of_each(
        "/edits/LAYER/features/none.json", {OPEN: (401, 403, 403, 404, 404), HIDDEN: NONE}
    ),
    ("GET", "/edits/{layer_id:str}/rows.json"): of_each("/edits/LAYER/rows.json", CHANGED),
    ("GET", "/edits/{layer_id:str}/waiting.json"): of_each("/edits/LAYER/waiting.json", CHANGED),
    ("POST", "/edits/{layer_id:str}/waiting/{name:str}/drop"): of_each(
        f"/edits/LAYER/waiting/{NOBODYS}/drop", CHANGED
    ),
    ("GET", "/edits/{layer_id:str}/compare.json"): of_each("/edits/LAYER/compare.json?old=1&new=1", PAST),
    ("GET", "/edits/{layer_id:str}/compare.csv"): of_each("/edits/LAYER/compare.csv?old=1&new=1", PAST),
    ("POST", "/edits/{layer_id:str}"): of_each("/edits/LAYER", refused_as(400, CHANGED)),
    ("GET", "/api/place"): {f"/api/place?{PLACE}": ALL},
    ("GET", "/print/place.pdf"): {f"/print/place.pdf?{PLACE}": ALL},
    ("GET", "/print/map.pdf"): of_each(f"/print/map.pdf?{PLACE}&layers=LAYER", SEEN),
    ("GET", "/print/papers.json"): {"/print/papers.json": ALL},
    ("GET", "/api/coordinates"): {f"/api/coordinates?{PLACE}": ALL},
    ("GET", "/report"): {"/report": (308, 308, 308, 308, 308)},
    ("GET", "/report/"): {"/report/": ALL},
    ("POST", "/report/check"): {"/report/check": UNFIT},
    ("GET", "/report/check"): {"/report/check": (303, 303, 303, 303, 303)},
    ("POST", "/report/send"): {"/report/send": UNFIT},
    ("POST", "/report/same"): {"/report/same": UNFIT},
    ("GET", "/report/same"): {"/report/same": (303, 303, 303, 303, 303)},
    ("GET", "/report/send"): {"/report/send": (303, 303, 303, 303, 303)},
    ("GET", "/report/manifest.webmanifest"): {"/report/manifest.webmanifest": ALL},
    ("GET", "/report/sw.js"): {"/report/sw.js": ALL},
    ("POST", "/api/reports"): {"/api/reports": UNFIT},
    ("GET", "/api/reports/{uuid:str}"): {f"/api/reports/{UUID}": NONE, f"/api/reports/{NOBODYS}": NONE},
    ("PUT", "/api/reports/{uuid:str}/photos/{sha256:str}"): {f"/api/reports/{UUID}/photos/{'0' * 64}": NONE},
    ("GET", "/api/door.json"): {"/api/door.json": ALL},
    ("GET", "/api/places"): {"/api/places?q=x": ALL},
    ("GET", "/map"): {"/map": (308, 308, 308, 308, 308)},
    ("GET", "/reports"): {"/reports": (308, 308, 308, 308, 308)},
    ("GET", "/map/"): {"/map/": ALL, "/map/?report=none": ALL},
    ("GET", "/map/list"): {"/map/list": ALL, "/map/list?after=none": NONE},
    ("GET", "/map/r/{public_id:str}"): {"/map/r/none": NONE},
    ("GET", "/map/figures"): {"/map/figures": ALL},
    ("GET", "/map/figures.csv"): {"/map/figures.csv": ALL},
    ("GET", "/live/list.json"): {f"/live/list.json?{BOX}": ALL, f"/live/list.json?{BOX}&after=none": NONE},
    ("GET", "/lookup"): {"/lookup": MOVED},
    ("GET", "/track"): {"/track": MOVED},
    ("GET", "/track/"): {"/track/": ALL},
    ("POST", "/track/"): {"/track/": (400, 400, 400, 400, 400)},
    ("GET", "/track/photos/{name:str}.jpg"): {f"/track/photos/{'0' * 64}.jpg": NONE},
    ("POST", "/track/note"): {"/track/note": CODELESS},
    ("POST", "/track/reopen"): {"/track/reopen": CODELESS},
    ("GET", "/track/withdraw"): {"/track/withdraw": ALL},
    ("POST", "/track/withdraw"): {"/track/withdraw": CODELESS},
    ("POST", "/track/mail"): {"/track/mail": CODELESS},
    ("POST", "/track/end"): {"/track/end": (303, 303, 303, 303, 303)},
    ("GET", "/track/subscribe"): {"/track/subscribe": ALL},
    ("POST", "/track/subscribe"): {"/track/subscribe": NONE},
    ("GET", "/mail/confirm/{token:str}"): {f"/mail/confirm/{NOBODYS}": ALL},
    ("POST", "/mail/confirm/{token:str}"): {f"/mail/confirm/{NOBODYS}": NONE},
    ("GET", "/mail/stop/{token:str}"): {f"/mail/stop/{NOBODYS}": ALL},
    ("POST", "/mail/stop/{token:str}"): {f"/mail/stop/{NOBODYS}": NONE},
    ("GET", "/api/similar"): {f"/api/similar?category=road_damage&{PLACE}": ALL},
    ("POST", "/api/similar/{public_id:str}/support"): {"/api/similar/none/support": (400, 400, 400, 400, 400)},
    ("GET", "/feeds/all.atom"): {"/feeds/all.atom": ALL},
    ("GET", "/feeds/category/{code:str}.atom"): {
        "/feeds/category/road_damage.atom": ALL, "/feeds/category/none.atom": NONE,
    },
    ("GET", "/feeds/association/{name:str}.atom"): {"/feeds/association/本町.atom": ALL},
    ("GET", "/feeds/place.atom"): {"/feeds/place.atom?bbox=136,35,138,36": ALL},
    ("GET", "/feeds/report/{public_id:str}.atom"): {"/feeds/report/none.atom": NONE},
    ("GET", "/login"): {"/login": ALL},
    ("POST", "/login"): {"/login": (401, 401, 401, 401, 401)},
    ("GET", "/login/oidc"): {"/login/oidc": NONE},  # this town has no single sign-on
    ("GET", "/login/oidc/back"): {"/login/oidc/back?code=a&state=b": NONE},
    ("GET", "/password"): {"/password": (303, 200, 200, 200, 200)},
    ("POST", "/password"): {"/password": (303, 401, 401, 401, 401)},
    ("GET", "/logout"): {"/logout": (303, 200, 200, 200, 200)},
    ("POST", "/logout"): {"/logout": (303, 303, 303, 303, 303)},
    ("POST", "/imports/"): {"/imports/": (403, 403, 400, 400, 400)},
    ("GET", "/imports/{token:str}/before.json"): {
        f"/imports/{DRAFT}/before.json": SENDERS, f"/imports/{NOBODYS}/before.json": NONE,
    },
    ("GET", "/imports/{token:str}/after.json"): {f"/imports/{DRAFT}/after.json": SENDERS},
    ("GET", "/imports/{token:str}/faults.csv"): {f"/imports/{DRAFT}/faults.csv": SENDERS},
    ("GET", "/desk/admin/users"): {"/desk/admin/users": desk("users")},
    ("GET", "/desk/admin/users/of/{login:str}"): {
        "/desk/admin/users/of/kankyo": desk("users"), "/desk/admin/users/of/none": desk("users", 404),
    },
    ("POST", "/desk/admin/users/add"): {"/desk/admin/users/add": desk("users", 422)},
    ("POST", "/desk/admin/users/act"): {"/desk/admin/users/act": desk("users", 400)},
    **{
        ("GET", f"{prefix}{{rest:path}}"): {f"{prefix}nothing/here": NONE}
        for prefix in OURS if prefix.endswith("/")
    },
}  # fmt: skip
# The others stay signed in, and no name is tried too often.
ALONE = {("POST", "/logout"), ("POST", "/login")}
READ = sorted((method, address) for (method, _), found in DOORS.items() for address in found)
# Answers in which a layer that is not for everybody stands.
NOT_FOR_ALL = sorted(
    {address for _, address in READ if INTERNAL in address or HIDDEN in address}
    | {f"/api/place?{PLACE}", f"/print/place.pdf?{PLACE}", "/live/config.json", "/live/search.json?q=第1"}
)


@dataclass(frozen=True)
class Hall:
    """The running app, a browser of each person, and what stands for the tokens in an address."""

    server: Server
    browsers: dict[str, httpx.Client]
    tokens: dict[str, str]

    def ask(self, login: str, method: str, address: str) -> httpx.Response:
        for name, token in self.tokens.items():
            address = address.replace(name, token)
        return self.browsers[login].request(method, address, content=b"{}" if method == "POST" else None)


@pytest.fixture(scope="module")
def hall(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hall]:
    data = copied(sample_town, tmp_path_factory.mktemp("doors") / "var")
    town = open_town(Settings.from_env({"GISAPP_DATA": str(data)}))
    keep_for_the_department(town)
    tokens = {DRAFT: a_draft(town), ANSWER: an_answer(town)}
    town.close()
    with serving(data) as server, ExitStack() as stack:
        resident = httpx.Client(base_url=server.url, headers={"Origin": server.url}, timeout=30)
        browsers = {login: signed_in(server, login) if login else resident for login in PEOPLE}
        for browser in browsers.values():
            stack.enter_context(closing(browser))
        yield Hall(server, browsers, tokens)


def keep_for_the_department(town: Town) -> None:
    """From now on one layer, which was public and has been exported as such, is for its department alone."""
    own = own_catalogue(town.settings)
    text = own.read_text()
    kept = tomllib.loads(text).get(HIDDEN, {})
    own.write_text(with_table(text, HIDDEN, {**kept, "visibility": "departments"}))


def a_draft(town: Town) -> str:
    with town.drafts.arriving() as folder:
        path = folder / "stations.csv"
        path.write_text("名称,緯度,経度\n一,0,0\n")
        entry = town.layers.catalogue.entry(HIDDEN)
        draft = town.drafts.keep(path, by=OWNER.login, at=town.now(), entry=entry, new=False)
    return look(draft, town.drafts, town.layers, town.area()).token


def an_answer(town: Town) -> str:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "places.csv"
        path.write_text("名称,緯度,経度\n=1+1,35.6443,137.0463\n")
        answered = ask_many(path, [HIDDEN], OWNER, town.layers, town.profile)
    return town.answers.keep(answered, "一覧", OWNER, town.now())


def test_no_route_of_the_app_is_missing_from_the_doors_tried_here() -> None:
    listed = routes(Settings.from_env({"GISAPP_DATA": "unused"}), lambda: pytest.fail("nothing is opened"))
    assert {
        (method, one.path) for one in listed for method in (one.methods or ()) if method != "HEAD"
    } == set(DOORS)


@pytest.mark.parametrize(("method", "address"), READ)
def test_each_person_gets_through_the_doors_that_are_theirs_and_no_others(
    hall: Hall, method: str, address: str
) -> None:
    row = next(found[address] for (way, _), found in DOORS.items() if way == method and address in found)
    expected = of_everybody(row)
    people = PEOPLE[:1] if (method, address) in ALONE else PEOPLE
    answers = [hall.ask(login, method, address) for login in people]
    found = tuple(200 if answer.status_code == 204 else answer.status_code for answer in answers)
    assert found == expected[: len(people)]
    for answer in answers:
        assert "Traceback" not in answer.text
        assert str(hall.server.data) not in answer.text


# Streamlit's pages, and to whom each shows what it is for; the others get a sentence and the way on.
SHOWN: dict[str, frozenset[str]] = {
    "/": frozenset(PEOPLE), "/place": frozenset(PEOPLE), "/data": frozenset(PEOPLE),
    "/counter": MAY["take"],
    "/layers": _EVERYBODY, "/edit": _EVERYBODY, "/history": _EVERYBODY, "/batch": _EVERYBODY,
}  # fmt: skip
TURNED_AWAY = ("ログインしてください", "権限がありません")


def test_no_page_of_streamlits_is_missing_from_the_pages_tried_here() -> None:
    assert set(SHOWN) == PAGES


def test_each_person_is_shown_the_pages_that_are_theirs_and_no_others(hall: Hall) -> None:
    """Over the page's own connection, as a browser opens it."""

    async def shown_to(login: str) -> set[str]:
        async with open_page(hall.server, hall.browsers[login].cookies.get("gisapp_session", "")) as page:
            said = {path: await page.look(path.strip("/")) for path in sorted(SHOWN)}
        assert [
            path for path, text in said.items() if "うまく表示できませんでした" in text or len(text) < 1000
        ] == []
        return {path for path, text in said.items() if not any(words in text for words in TURNED_AWAY)}

    for login in PEOPLE:
        assert awaited(shown_to(login)) == {path for path, who in SHOWN.items() if login in who}, login


@pytest.mark.parametrize("address", NOT_FOR_ALL)
def test_what_only_the_town_hall_sees_is_kept_by_no_browser_and_read_by_no_other_site(
    hall: Hall, address: str
) -> None:
    method = next(way for way, one in READ if one == address)
    for login in PEOPLE[1:]:
        answer = hall.ask(login, method, address)
        assert "no-store" in answer.headers["cache-control"]
        assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("login", [one for one in PEOPLE if one not in ("kankyo", "admin")])
def test_a_layer_of_another_department_stands_in_no_answer(hall: Hall, login: str) -> None:
    """Not by its name in what lists layers; it was public until a moment ago."""
    for address in ("/live/config.json", "/opendata/layers.json", "/healthz", f"/api/place?{PLACE}"):
        assert HIDDEN not in hall.ask(login, "GET", address).text
    assert HIDDEN in hall.ask("kankyo", "GET", "/live/config.json").text


@pytest.mark.parametrize(("method", "address"), READ)
def test_a_form_on_another_site_gets_through_no_door(hall: Hall, method: str, address: str) -> None:
    """Not with a clerk's own cookie either; a door that only reads takes nothing from anybody."""
    for name, token in hall.tokens.items():
        address = address.replace(name, token)
    answer = hall.browsers["admin"].post(address, headers={"Origin": "https://evil.example"}, content=b"{}")
    assert answer.status_code in (403, 405)


@pytest.mark.parametrize(
    ("path", "limit"), [("/login", WRITABLE["/login"]), (f"/edits/{OPEN}", WRITABLE["/edits/"])]
)
def test_a_body_over_the_limit_of_a_door_is_refused(hall: Hall, path: str, limit: int) -> None:
    assert hall.browsers["kankyo"].post(path, content=b"a" * (limit + 1)).status_code == 413


@pytest.mark.parametrize("path", ["/loginx", "/logout/", "/healthz2", "/layersx", "/edits", "/print"])
def test_beside_a_door_is_a_wall(hall: Hall, path: str) -> None:
    assert hall.browsers["admin"].get(path).status_code == 404
    assert path not in PAGES


@pytest.mark.parametrize(
    "headers",
    [{"X-Forwarded-Proto": "https"}, {"X-Forwarded-For": "127.0.0.1"}, {"X-Real-IP": "127.0.0.1"},
     {"Forwarded": "for=127.0.0.1"}, {"Via": "1.1 proxy"}],
)  # fmt: skip
def test_a_demo_account_stays_shut_behind_a_proxy_whatever_host_a_stranger_writes(
    hall: Hall, headers: dict[str, str]
) -> None:
    port = hall.server.url.rsplit(":", 1)[1]
    sent = {"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}", **headers}
    form = {"login": "doboku", "password": DEMO_PASSWORD}
    assert httpx.post(f"{hall.server.url}/login", data=form, headers=sent).status_code == 401
    assert DEMO_PASSWORD not in httpx.get(f"{hall.server.url}/login", headers=sent).text


def test_who_signs_in_anew_in_a_browser_ends_the_session_it_had(hall: Hall) -> None:
    with closing(signed_in(hall.server, "doboku")) as browser:
        old = browser.cookies["gisapp_session"]
        browser.post("/login", data={"login": "doboku", "password": DEMO_PASSWORD})
        assert browser.cookies["gisapp_session"] != old
        assert browser.get("/logout").status_code == 200
    again = httpx.get(f"{hall.server.url}/logout", cookies={"gisapp_session": old})
    assert again.status_code == 303


def test_a_broken_or_overfull_form_is_refused_in_words(hall: Hall) -> None:
    broken = {"Content-Type": "multipart/form-data; boundary=x"}
    many = [("file", (f"{n}.csv", b"1")) for n in range(30)]
    clerk = hall.browsers["kankyo"]
    for answer in (
        clerk.post("/imports/", content=b"x" * 999, headers=broken),
        clerk.post("/imports/", files=many, data={"layer": OPEN}),
    ):
        assert answer.status_code == 400
        assert "<h1>" in answer.text


@pytest.mark.parametrize("title", ["あ" * 61, "見えない\u0000字", "二行\nの題"])
def test_a_layer_gets_no_title_that_a_legend_cannot_show(hall: Hall, title: str) -> None:
    asked = {"new_id": "sumi", "new_title": title, "new_visibility": "internal"}
    sent = [("file", ("a.csv", b"1"))]
    answer = hall.browsers["kankyo"].post("/imports/", files=sent, data=asked)
    assert answer.status_code == 400
    assert "1-60" in answer.text


ODD = ("nan", "inf", "1e308", "9" * 400, "", "%00", "%ED%A0%80", "１３７", "-1", "..%2f..%2f", "<script>")


@pytest.mark.parametrize("odd", ODD)
def test_odd_values_are_refused_in_words_at_every_door(hall: Hall, odd: str) -> None:
    for address in (
        f"/live/layers/{OPEN}/at.json?lon={odd}&lat=35.6", f"/live/layers/{OPEN}.json?bbox={odd},1,2,3&z={odd}",
        f"/api/place?lon={odd}&lat=35.6", f"/api/coordinates?lon={odd}&lat=35.6", f"/live/search.json?q={odd}",
        f"/print/map.pdf?{PLACE}&scale={odd}", f"/print/map.pdf?bbox={odd},1,2,3", f"/print/map.pdf?paper={odd}",
        f"/opendata/layers/{odd}.csv", f"/tiles/{odd}/1/1/1/1.mvt", f"/tiles/{OPEN}/{odd}/1/1/1.mvt",
        f"/edits/{odd}/form.json", f"/edits/{OPEN}/rows.json?start={odd}&q={odd}", f"/imports/{odd}/before.json",
        f"/edits/{OPEN}/compare.csv?old={odd}&new={odd}", f"/batches/{odd}.csv", f"/login?next={odd}",
        f"/map/?report={odd}&category={odd}&state={odd}&period={odd}&q={odd}&lat={odd}&z={odd}", f"/map/r/{odd}",
        f"/map/list?after={odd}", f"/map/list?q={odd}", f"/live/list.json?bbox={odd},1,2,3&z={odd}&after={odd}",
    ):  # fmt: skip
        answer = hall.ask("kankyo", "GET", address)
        assert answer.status_code < 500, address
        assert str(hall.server.data) not in answer.text
        assert "<script>" not in answer.text or odd != "<script>"
