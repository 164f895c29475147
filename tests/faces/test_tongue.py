"""The language of an answer: asked for, chosen before, or preferred by the browser; threads speak it too."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.concurrency import iterate_in_threadpool, run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from gisapp.web.errors import refusal
from gisapp.web.tongue import Tongue
from gisapp.words import html_lang, language, say, sentences


async def page(request: Request) -> Response:
    return HTMLResponse(say("page.report"))


async def threaded(request: Request) -> Response:
    return JSONResponse([language(), await run_in_threadpool(language), await run_in_threadpool(html_lang)])


async def streamed(request: Request) -> Response:
    return StreamingResponse(iterate_in_threadpool(language() for _ in range(3)))


async def picture(request: Request) -> Response:
    return PlainTextResponse("no words", headers={"Cache-Control": "public, max-age=31536000, immutable"})


async def nothing(request: Request) -> Response:
    return refusal(404, "not_found")


@pytest.fixture
def browser() -> TestClient:
    named = (page, threaded, streamed, picture, nothing)
    app = Starlette(routes=[Route(f"/{one.__name__}", one) for one in named], middleware=[Middleware(Tongue)])
    return TestClient(app, headers={"Accept-Language": ""})


def test_a_page_is_japanese_unless_something_else_is_wanted(browser: TestClient) -> None:
    assert browser.get("/page").text == sentences("ja")["page.report"]
    assert browser.get("/page", headers={"Accept-Language": "vi-VN"}).text == sentences("vi")["page.report"]
    assert browser.get("/page?lang=ko").text == sentences("ko")["page.report"]


def test_a_choice_by_address_is_remembered_for_a_year(browser: TestClient) -> None:
    chosen = browser.get("/page?lang=pt")

    assert "Max-Age=31536000" in chosen.headers["set-cookie"]
    assert "SameSite=Lax" in chosen.headers["set-cookie"]
    assert browser.get("/page", headers={"Accept-Language": "en"}).text == sentences("pt")["page.report"]


def test_an_unknown_language_is_not_remembered(browser: TestClient) -> None:
    answer = browser.get("/page?lang=xx;Domain=evil.example")
    assert "set-cookie" not in answer.headers
    assert answer.text == sentences("ja")["page.report"]


def test_a_programs_request_chooses_for_itself_alone(browser: TestClient) -> None:
    assert browser.get("/threaded?lang=en").json()[0] == "en"
    assert browser.get("/page").text == sentences("ja")["page.report"]


def test_threads_and_streams_of_a_request_speak_its_language(browser: TestClient) -> None:
    assert browser.get("/threaded?lang=ja-easy").json() == ["ja-easy", "ja-easy", "ja"]
    assert browser.get("/streamed?lang=zh").text == "zhzhzh"
    assert language() == "ja"


def test_answers_with_words_are_kept_apart_by_language_and_others_are_not(browser: TestClient) -> None:
    varies = browser.get("/page").headers["vary"]
    assert "Accept-Language" in varies
    assert "Cookie" in varies
    assert "vary" not in browser.get("/picture").headers


@pytest.mark.parametrize(
    ("lang", "tag"), [("ja-easy", "ja"), ("zh", "zh-Hans"), ("pt", "pt-BR"), ("en", "en")]
)
def test_a_refusal_is_in_the_language_and_names_it(browser: TestClient, lang: str, tag: str) -> None:
    answer = browser.get(f"/nothing?lang={lang}")
    assert f'<html lang="{tag}">' in answer.text
    assert sentences(lang)["web.not_found.title"] in answer.text
