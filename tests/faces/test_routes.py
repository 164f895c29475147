"""The running app as a stranger's browser or program meets it: real answers, real refusals, nothing private."""

from __future__ import annotations

import socket
from contextlib import closing
from urllib.parse import urlsplit

import httpx
import orjson
import pytest
import websockets
from websockets.exceptions import InvalidStatus

from gisapp.web.gate import MB_OF_A_SESSION, UPLOAD_LIMIT, Gate
from tests.faces.test_signing_in import signed_in
from tests.serving import Server, awaited

JAPANESE = "お試しください"


def get(app: Server, path: str, **options: object) -> httpx.Response:
    return httpx.get(f"{app.url}{path}", timeout=30, **options)


def test_health_is_answered_and_names_failed_layers(app: Server) -> None:
    found = get(app, "/healthz").json()
    assert found["status"] == "ok"
    assert found["failed_layers"] == []


@pytest.mark.parametrize(
    "path",
    ["/api/anything", "/wp-login.php", "/nothing", "/live/nothing", "/photos/none.jpg", "/assets/../town.toml",
     "/_stcore/metrics", "/_stcore/agent/openapi.json", "/live/layers/no_such_layer.json?bbox=1,2,3,4&z=5"],
)  # fmt: skip
def test_what_is_not_there_is_a_real_404(app: Server, path: str) -> None:
    assert get(app, path).status_code == 404


@pytest.mark.parametrize("path", ["/", "/counter", "/data"])
def test_pages_are_japanese_and_may_not_call_outside(app: Server, path: str) -> None:
    page = get(app, path)
    assert page.status_code == 200
    assert '<html lang="ja">' in page.text
    policy = page.headers["content-security-policy"]
    assert "connect-src 'self';" in policy
    assert "unsafe-eval" not in policy.replace("wasm-unsafe-eval", "")


@pytest.mark.parametrize(
    "query",
    ["", "bbox=1,2,3&z=4", "bbox=a,b,c,d&z=4", "bbox=nan,1,2,3&z=4", "bbox=1,2,3,inf&z=4", "bbox=1,2,3,4",
     "bbox=1,2,3,4&z=99", "bbox=1,2,3,4&z=1e9", "bbox=1,2,3,4&z=" + "9" * 400],
)  # fmt: skip
@pytest.mark.parametrize("route", ["/live/reports.json", "/live/layers/boundary.json"])
def test_an_odd_viewport_is_refused_in_words(app: Server, route: str, query: str) -> None:
    refused = get(app, f"{route}?{query}")
    assert refused.status_code == 400
    assert "アドレス" in refused.json()["message"]


def test_a_box_turned_around_or_larger_than_the_world_is_answered(app: Server) -> None:
    for box in ("138,36,136,35", "-999,-999,999,999"):
        found = get(app, f"/live/reports.json?bbox={box}&z=3")
        assert found.status_code == 200
        assert found.json()["features"]


def test_an_empty_choice_of_categories_shows_nothing(app: Server) -> None:
    found = get(app, "/live/reports.json?bbox=136,35,138,36&z=12&category=none").json()
    assert found["features"] == []


def test_reports_of_one_state_only(app: Server) -> None:
    states = ("open", "working", "done", "closed")
    counts = [
        total(get(app, f"/live/reports.json?bbox=136,35,138,36&z=10&state={state}").json())
        for state in states
    ]
    everything = total(get(app, "/live/reports.json?bbox=136,35,138,36&z=10").json())
    assert all(counts)
    assert sum(counts) == everything


def total(found: dict[str, list[dict[str, dict[str, int]]]]) -> int:
    return sum(feature["properties"].get("cluster", 1) for feature in found["features"])


def test_names_are_found_however_they_are_typed(app: Server) -> None:
    for text in ("役場", "見本町役場", "ミホンチョウ役場"[-2:]):
        titles = [one["title"] for one in get(app, f"/live/search.json?q={text}").json()["found"]]
        assert any("役場" in title for title in titles)
    assert get(app, "/live/search.json?q=" + "あ" * 5000).json()["found"] == []


def test_writing_to_a_reading_route_is_refused(app: Server) -> None:
    for path in ("/live/reports.json", "/opendata/reports.geojson", "/healthz", "/"):
        assert httpx.post(f"{app.url}{path}", content=b"x").status_code == 405


def test_another_sites_page_may_not_upload(app: Server) -> None:
    refused = httpx.put(
        f"{app.url}/_stcore/upload_file/session/file",
        content=b"x",
        headers={"Origin": "https://evil.example"},
    )
    assert refused.status_code == 403


def test_an_upload_that_says_it_is_huge_is_refused_before_it_is_read(app: Server) -> None:
    answer = raw(app, b"PUT /_stcore/upload_file/s/f HTTP/1.1\r\nContent-Length: 99999999999\r\n")
    assert b" 413 " in answer


def test_a_chunked_body_without_end_is_cut_off(app: Server) -> None:
    with closing(signed_in(app)) as clerk:  # a stranger's is not even taken up
        session = clerk.cookies["gisapp_session"].encode()
    head = (
        b"PUT /_stcore/upload_file/s/f HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
        b"Cookie: gisapp_session=" + session + b"\r\n"
    )
    piece = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    answer = raw(app, head, (piece for _ in range(40)))
    assert answer == b"" or answer.split()[1] in {b"403", b"413"}  # Streamlit's token check comes first
    assert get(app, "/healthz").status_code == 200


def test_bytes_are_counted_as_they_come_whatever_was_promised() -> None:
    sent: list[dict[str, object]] = []
    taken = 0

    async def endless() -> dict[str, object]:
        return {"type": "http.request", "body": b"x" * 1_000_000, "more_body": True}

    async def reading(scope: object, receive: object, send: object) -> None:
        nonlocal taken
        while True:
            taken += len((await receive())["body"])  # type: ignore[operator]

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    scope = {
        "type": "http", "method": "PUT", "path": "/_stcore/upload_file/s/f", "query_string": b"",
        "headers": [(b"content-length", b"10"), (b"host", b"town")], "client": ("10.0.0.1", 5),
    }  # fmt: skip
    awaited(Gate(reading, ("town",))(scope, endless, send))  # type: ignore[arg-type]

    assert sent[0]["status"] == 413
    assert taken <= UPLOAD_LIMIT


def test_one_session_may_not_upload_without_end() -> None:
    async def accepting(scope: object, receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 204, "headers": []})  # type: ignore[operator]

    gate = Gate(accepting, ("town",))  # type: ignore[arg-type]

    def put(session: str) -> int:
        statuses: list[int] = []

        async def send(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start":
                statuses.append(int(str(message["status"])))

        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b"", "more_body": False}

        scope = {"type": "http", "method": "PUT", "path": f"/_stcore/upload_file/{session}/f", "query_string": b"",
                 "headers": [(b"host", b"town"), (b"content-length", b"26214400")], "client": ("10.0.0.1", 5)}  # fmt: skip
        awaited(gate(scope, receive, send))  # type: ignore[arg-type]
        return statuses[0]

    allowed = MB_OF_A_SESSION.amount // 26
    answers = [put("one") for _ in range(allowed + 1)]

    assert answers[:-1] == [204] * allowed
    assert answers[-1] == 429
    assert put("another") == 204


def raw(app: Server, head: bytes, parts: object = ()) -> bytes:
    where = urlsplit(app.url)
    with socket.create_connection((where.hostname, where.port), 20) as sock:
        sock.sendall(head + f"Host: {where.netloc}\r\n\r\n".encode())
        try:
            for part in parts:  # type: ignore[attr-defined]
                sock.sendall(part)
            return sock.recv(65536)
        except OSError:  # the server has hung up, as it should
            return b""


@pytest.mark.parametrize("origin", [None, "https://evil.example"])
def test_a_socket_without_our_origin_is_refused(app: Server, origin: str | None) -> None:
    url = app.url.replace("http", "ws") + "/_stcore/stream"

    async def connect() -> None:
        async with websockets.connect(url, origin=origin):
            pass

    with pytest.raises(InvalidStatus) as refused:
        awaited(connect())
    assert refused.value.response.status_code == 403


@pytest.mark.parametrize("origin", ["http://[", "null", "http://127.0.0.1:1", "file://"])
def test_an_odd_origin_is_refused_in_words(app: Server, origin: str) -> None:
    refused = httpx.put(f"{app.url}/_stcore/upload_file/s/f", content=b"x", headers={"Origin": origin})
    assert refused.status_code == 403
    assert JAPANESE in refused.text


def test_only_names_that_were_given_to_the_app_are_answered(app: Server) -> None:
    refused = get(app, "/healthz", headers={"Host": "evil.example"})
    assert refused.status_code == 400
    assert "GISAPP_HOSTS" in refused.text


def test_each_browser_gets_a_mark_of_its_own_that_scripts_cannot_read(app: Server) -> None:
    first, second = (get(app, "/").headers["set-cookie"] for _ in range(2))
    assert first.split(";")[0] != second.split(";")[0]
    assert "HttpOnly" in first
    assert "SameSite=Lax" in first
    assert "gisapp_browser" not in get(app, "/live/config.json").headers.get("set-cookie", "")


def test_assets_are_kept_for_ever_only_under_a_name_that_changes(app: Server) -> None:
    assert "immutable" in get(app, "/assets/gisapp/map.js?v=1").headers["cache-control"]
    assert "immutable" not in get(app, "/assets/leaflet/leaflet.js").headers["cache-control"]


def test_only_released_photos_are_served_and_without_metadata(app: Server) -> None:
    features = orjson.loads(get(app, "/opendata/reports.geojson").content)["features"]
    cards = [get(app, f"/live/reports/{one['id']}.json").json() for one in features[:60]]
    shown = [photo for card in cards for photo in card["photos"]]
    on_disk = {path.name.split(".")[0] for path in (app.data / "photos").rglob("*.jpg")}
    released = {photo["large"].split("/")[-1].removesuffix(".jpg") for photo in shown}

    assert shown
    for photo in shown[:10]:
        for size in ("small", "large"):
            picture = get(app, photo[size])
            assert picture.headers["content-type"] == "image/jpeg"
            for trace in (b"Exif", b"ns.adobe", b"GPS", "見本".encode()):
                assert trace not in picture.content
    hidden = [sha for sha in on_disk if sha not in released]
    statuses = {
        get(app, f"/photos/{sha}{size}.jpg").status_code for sha in hidden[:40] for size in ("", ".320")
    }
    assert 404 in statuses
