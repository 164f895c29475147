"""Bad input at the residents' door: an answer in words, nothing half-written, memory bounded, the server lives on."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import orjson
import psutil
import pytest

from gisapp.web.gate import SILENCE_S
from tests.front_door import LAT, LON, declared, filled, kept, phone, reports_kept, sha, token, words
from tests.photo_makers import photo_bytes
from tests.serving import Server, command, copied, serving

JAPANESE = re.compile("[ぁ-ん]")
MULTIPART = "multipart/form-data; boundary=b"
MEGABYTE = 1 << 20


@pytest.fixture(scope="module")
def town(sample_town: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    data = copied(sample_town, tmp_path_factory.mktemp("bad") / "var")
    command(data, "town", "mode", "disaster")  # the limits are another test's matter
    with serving(data) as server:
        yield server
        assert psutil.Process(server.pid).is_running()
        log = server.log.read_text(errors="replace")
        assert "Traceback" not in log, log[-4000:]


def raw(server: Server, text: bytes, wait_s: float = 30) -> str:
    """What the server answers to bytes on the line."""
    where = urlsplit(server.url)
    with socket.create_connection((where.hostname, where.port), timeout=wait_s) as line:
        line.sendall(text)
        found = b""
        while not found.endswith(b"}") and b"</html>" not in found and (piece := line.recv(1 << 16)):
            found += piece
    return found.decode(errors="replace")


def head(server: Server, method: str, path: str, *lines: str) -> bytes:
    host = urlsplit(server.url).netloc
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {host}", *lines, "", ""]).encode()


@pytest.mark.parametrize(
    "body",
    [b"", b"x" * 999, b"--b", b"--b\r\n\r\n", b"--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n" + b"x" * 999,
     b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n", b"\x00\xff" * 500,
     b"--b\r\nContent-Disposition: form-data; name=\"body\"\r\n\r\n" + b"x" * 300_000 + b"\r\n--b--\r\n",
     b"".join(b'--b\r\nContent-Disposition: form-data; name="a%d"\r\n\r\nx\r\n' % n for n in range(200)) + b"--b--\r\n",
     b"".join(b'--b\r\nContent-Disposition: form-data; name="photo"; filename="%d"\r\n\r\nx\r\n' % n for n in range(50))
     + b"--b--\r\n"],
    ids=["empty", "noise", "cut at once", "no header", "cut in a part", "no name", "bytes", "huge field", "many fields",
         "many files"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/report/check", "/report/send"])
@pytest.mark.parametrize(
    "kind", [MULTIPART, "multipart/form-data", "application/x-www-form-urlencoded", "text/plain"]
)
def test_a_broken_form_is_answered_in_words(town: Server, path: str, kind: str, body: bytes) -> None:
    answer = httpx.post(f"{town.url}{path}", content=body, headers={"Content-Type": kind}, timeout=60)
    assert 400 <= answer.status_code < 500
    assert JAPANESE.search(answer.text)
    assert "<h1>" in answer.text


@pytest.mark.parametrize(
    "charset", ["utf-7", "undefined", "punycode", "raw_unicode_escape", "utf-16", "idna"]
)
@pytest.mark.parametrize(
    "path", ["/report/check", "/report/send", "/report/same", "/track/", "/track/note", "/track/reopen"]
)
def test_a_form_in_a_strange_charset_is_refused_in_words(town: Server, path: str, charset: str) -> None:
    """utf-7 can spell half a letter, which no text holds; others are known to Python and decode nothing."""
    field = b'--b\r\nContent-Disposition: form-data; name="%s"\r\n\r\n+2AA-\r\n'
    body = b"".join(field % name for name in (b"body", b"text", b"code", b"uuid", b"category")) + b"--b--\r\n"
    kind = {"Content-Type": f"{MULTIPART}; charset={charset}"}
    answer = httpx.post(f"{town.url}{path}", content=body, headers=kind, timeout=60)
    assert 400 <= answer.status_code < 500
    assert JAPANESE.search(answer.text)


BAD = {
    "not json": b"{", "a list": b"[]", "a word": b'"x"', "empty": b"", "nested": b"[" * 5000, "not utf-8": b"\xff\xfe",
    "half a surrogate": b'{"body": "\\ud800"}', "nan": b'{"place": {"lon": NaN}}',
}  # fmt: skip


@pytest.mark.parametrize("body", BAD.values(), ids=BAD)
def test_what_is_no_json_is_refused_in_words(town: Server, body: bytes) -> None:
    answer = httpx.post(f"{town.url}/api/reports", content=body)
    assert answer.status_code == 400
    assert JAPANESE.search(answer.json()["message"])


PLACE = {"lon": LON, "lat": LAT, "source": "gps"}
ODD = [
    ({"place": {**PLACE, "lon": 2**63}}, "place"), ({"place": {**PLACE, "lon": 1e308}}, "place"),
    ({"place": {**PLACE, "lat": "x"}}, "place"), ({"place": {**PLACE, "lat": True}}, "place"),
    ({"place": {**PLACE, "lat": "9" * 500}}, "place"), ({"place": None}, "place"), ({"place": []}, "place"),
    ({"place": {"text": "x" * 300}}, "place"), ({"place": {"text": "\0"}}, "place"), ({"place": {"lon": LON}}, "place"),
    ({"body": "あ" * 4001}, "body"), ({"body": "a\0b"}, "body"),
    ({"category": "none"}, "category"), ({"category": 1}, "category"), ({"category": "x" * 9999}, "category"),
    ({"uuid": "x"}, "uuid"), ({"uuid": 2**64}, "uuid"), ({"uuid": None}, "uuid"),
    ({"answers": {"what": "なんでも"}}, "answers.what"), ({"answers": {"what": 2**63}}, "answers.what"),
    ({"contact": {"name": "あ" * 201}}, "contact.name"), ({"contact": {"email": "a\0"}}, "contact.email"),
    ({"contact": {"phone": 2**63}}, "contact.phone"),
    ({"photos": [{"sha256": "x", "bytes": 1}]}, "photos"), ({"photos": [{"sha256": "0" * 64, "bytes": 2**63}]}, "photos"),
    ({"photos": [{"sha256": "0" * 64, "bytes": -1}]}, "photos"), ({"photos": [{"sha256": "A" * 64, "bytes": 1}]}, "photos"),
    ({"photos": [{"sha256": f"{n:064x}", "bytes": 1} for n in range(6)]}, "photos"), ({"photos": [None]}, "photos"),
    ({"photos": [{"sha256": "0" * 64, "bytes": 26 * MEGABYTE}]}, "photos"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "name"), ODD)
def test_a_value_that_cannot_be_kept_is_refused_at_its_field(
    town: Server, changed: dict[str, object], name: str
) -> None:
    before = reports_kept(town)
    answer = httpx.post(f"{town.url}/api/reports", content=_json(words(town, **changed)), timeout=60)
    assert answer.status_code == 422
    assert JAPANESE.search(answer.json()["fields"][name])
    assert reports_kept(town) == before


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


@pytest.mark.parametrize(
    "changed",
    [{"answers": [], "contact": [], "photos": {}, "lang": 5, "device_time": 5, "token": 5, "work": [], "website": {}},
     {"answers": {"none": "x", "what": ""}, "contact": {"wants_reply": "x"}, "more": {"a": [1]}},
     {"place": {"lon": "１３７．０４６３", "lat": "３５．６４４３", "source": "no such", "accuracy_m": -5}},
     {"place": {**PLACE, "accuracy_m": 2**70}}, {"work": "x" * 9999, "token": "." * 9999}],
)  # fmt: skip
def test_what_can_be_left_out_is_left_out(town: Server, changed: dict[str, object]) -> None:
    """A report is worth more than the small things that came with it."""
    sent = words(town, **changed)
    assert httpx.post(f"{town.url}/api/reports", content=_json(sent), timeout=60).status_code == 201
    assert (kept(town, sent["uuid"]).place.lon, kept(town, sent["uuid"]).place.lat) == (LON, LAT)


@pytest.mark.parametrize(
    "text",
    ["'; DROP TABLE report; --", "{{ 7*191 }}", "<script>alert(1)</script>", "=cmd|' /C calc'!A0", "\r\n[error] 偽の行 \x1b[31m",
     "‮右から", "👷𠮷葛󠄀", "%00%0a"],
)  # fmt: skip
def test_any_text_is_kept_as_it_was_typed_and_shown_as_text(town: Server, text: str) -> None:
    browser = phone(town)
    data = filled(
        browser.get("/report/"), category="other", place="見本町役場", body=text, contact__name="a" + text
    )
    if "\r\n" in text:
        data["contact.name"] = "x"
    check = browser.post("/report/check", data=data)
    assert "<script>alert" not in check.text
    assert "1337" not in check.text
    receipt = browser.post("/report/send", data=filled(check))
    assert receipt.status_code == 200
    assert kept(town, data["uuid"][0]).body == text.replace("\r\n", "\n").strip()
    assert "偽の行" not in town.log.read_text(errors="replace")


@pytest.mark.parametrize("value", ["x", "2" * 400, "nan", "-1", "１３７", "\0", "../../etc/passwd"])
def test_an_odd_hidden_field_is_no_reason_to_fail(town: Server, value: str) -> None:
    browser = phone(town)
    fresh = filled(browser.get("/report/"), category="other", place="見本町役場", body="x")
    for name in (
        "uuid",
        "token",
        "lon",
        "lat",
        "source",
        "accuracy_m",
        "choice",
        "kept",
        "category",
        "work",
        "drop",
    ):
        for path in ("/report/check", "/report/send"):
            assert browser.post(path, data={**fresh, name: value}).status_code < 500, name


def test_a_body_that_stops_arriving_is_ended_in_words(town: Server) -> None:
    """P16: it promises more than it sends. The report's own words are kept by the page that sent them."""
    report = words(town, photos=declared(b"x" * 9999))
    httpx.post(f"{town.url}/api/reports", json=report)
    photo = f"/api/reports/{report['uuid']}/photos/{sha(b'x' * 9999)}"
    slow = [
        head(town, "POST", "/api/reports", "Content-Length: 999") + b'{"uuid"',
        head(town, "PUT", photo, "Content-Length: 9999") + b"x" * 99,
        head(town, "PUT", photo, "Transfer-Encoding: chunked") + b"5\r\nxxxxx\r\n",
        head(town, "POST", "/report/check", f"Content-Type: {MULTIPART}", "Content-Length: 9999")
        + b"--b\r\n",
        head(town, "POST", "/report/send", f"Content-Type: {MULTIPART}", "Content-Length: 9999") + b"--b\r\n",
    ]
    with ThreadPoolExecutor(len(slow)) as pool:
        answers = list(pool.map(lambda one: raw(town, one, SILENCE_S + 40), slow))

    for answer in answers:
        assert answer.startswith("HTTP/1.1 408"), answer[:200]
        assert "途中で" in answer
        assert "connection: close" in answer.lower()
    assert not list((town.data / "photos" / "incoming").glob("*.part"))
    assert httpx.put(f"{town.url}{photo}", content=b"x" * 9999).status_code == 201


def test_a_line_that_is_cut_leaves_nothing_behind(town: Server) -> None:
    report = words(town, photos=declared(b"y" * MEGABYTE))
    httpx.post(f"{town.url}/api/reports", json=report)
    photo = f"/api/reports/{report['uuid']}/photos/{sha(b'y' * MEGABYTE)}"
    where = urlsplit(town.url)
    for _ in range(5):
        with socket.create_connection((where.hostname, where.port)) as line:
            line.sendall(head(town, "PUT", photo, f"Content-Length: {MEGABYTE}") + b"y" * 600_000)

    _wait_until(lambda: not list((town.data / "photos" / "incoming").glob("*.part")))
    assert httpx.get(f"{town.url}/api/reports/{report['uuid']}").json()["photos"][0]["state"] == "awaited"
    assert httpx.put(f"{town.url}{photo}", content=b"y" * MEGABYTE).status_code == 201


def _wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 30
    while not true():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_length_that_is_too_short_ends_the_body_there(town: Server) -> None:
    body = orjson.dumps(words(town))
    answer = raw(town, head(town, "POST", "/api/reports", "Content-Length: 20") + body[:20])
    assert answer.startswith("HTTP/1.1 400")
    assert JAPANESE.search(answer)


def test_a_chunked_report_and_photo_are_taken_like_any_other(town: Server) -> None:
    photo = photo_bytes()
    report = words(town, photos=declared(photo))
    body = orjson.dumps(report)
    pieces = (body[start : start + 7] for start in range(0, len(body), 7))
    assert httpx.post(f"{town.url}/api/reports", content=pieces).status_code == 201
    pieces = (photo[start : start + 999] for start in range(0, len(photo), 999))
    assert (
        httpx.put(f"{town.url}/api/reports/{report['uuid']}/photos/{sha(photo)}", content=pieces).status_code
        == 201
    )


def test_too_much_is_refused_in_words_and_memory_stays_bounded(town: Server) -> None:
    """P16: chunked bodies have no length to look at; six at once, each as large as it may be and beyond."""
    process = psutil.Process(town.pid)
    httpx.get(f"{town.url}/report/")
    before = process.memory_info().rss
    report = words(town, photos=declared(b"z"))
    httpx.post(f"{town.url}/api/reports", json=report)
    start = b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n\xff\xd8\xff'

    def endless(first: bytes, megabytes: int) -> Iterator[bytes]:
        yield first
        for _ in range(megabytes):
            yield bytes(MEGABYTE)

    def form(_: int) -> int:
        sent = endless(start, 140)
        try:
            return httpx.post(
                f"{town.url}/report/check", content=sent, headers={"Content-Type": MULTIPART}, timeout=120
            ).status_code
        except httpx.TransportError:
            return 413  # the answer was sent and the line closed while the rest was still on its way

    def photo(_: int) -> int:
        try:
            address = f"{town.url}/api/reports/{report['uuid']}/photos/{report['photos'][0]['sha256']}"
            return httpx.put(address, content=endless(b"", 30), timeout=120).status_code
        except httpx.TransportError:
            return 413

    peak = 0
    with ThreadPoolExecutor(6) as pool:
        running = [pool.submit(work, n) for n in range(3) for work in (form, photo)]
        while not all(one.done() for one in running):
            peak = max(peak, process.memory_info().rss)
            time.sleep(0.05)
    assert {one.result() for one in running} == {413}
    assert peak - before < 120 * MEGABYTE
    _wait_until(lambda: not list((town.data / "photos" / "incoming").glob("*.part")))


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/report/check"), ("DELETE", "/api/reports"), ("PATCH", "/api/reports/x"), ("POST", "/report/"),
     ("POST", "/api/door.json"), ("POST", "/api/places")],
)  # fmt: skip
def test_another_method_is_refused(town: Server, method: str, path: str) -> None:
    assert httpx.request(method, f"{town.url}{path}", content=b"x").status_code in {403, 404, 405}


def test_another_site_may_not_send_for_a_resident(town: Server) -> None:
    answer = httpx.post(
        f"{town.url}/api/reports", json=words(town), headers={"Origin": "https://evil.example"}
    )
    assert answer.status_code == 403
    assert JAPANESE.search(answer.text)
    assert (
        httpx.post(f"{town.url}/api/reports", json=words(town), headers={"Origin": town.url}).status_code
        == 201
    )


def test_the_fields_of_an_unknown_answer_are_not_kept(town: Server) -> None:
    sent = words(town, answers={"what": "穴", "amount": "袋1つほど", "x" * 5000: "y"}, token=token(town))
    assert httpx.post(f"{town.url}/api/reports", json=sent).status_code == 201
    assert kept(town, sent["uuid"]).answers == {"what": "穴"}
