"""The words of every language: none is missing, none has lost a field, and the readings are whole."""

from __future__ import annotations

import re
import shutil
import string
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gisapp.flows.category_words import answer_words, category_words, category_words_ruby
from gisapp.words import (
    FOLDER,
    LANGUAGES,
    RUBY,
    bare,
    html_lang,
    language,
    language_of,
    language_with,
    own_sentences,
    ruby,
    say,
    say_ruby,
    section,
    sentences,
    speaking,
)
from reports_store import Categories
from tests.conftest import ROOT

FOREIGN = [lang for lang in LANGUAGES if lang != "ja"]
WHOLE = ("ja-easy", "en")
# Files that a language owes which does not translate the town hall's own screens.
OF_RESIDENTS = ("door", "door_js", "track", "mail", "public_map", "report", "page", "map", "errors", "web")
# Sentences in those files that only the town hall or an operator meets.
OF_THE_HALL = re.compile(
    r"^(?:errors\.(?:more_faults|accept_repairs|not_your_layer|unknown_draft|faults_changed|category_faults"
    r"|catalogue_error|unreadable_file|import_refused|unknown_(?:layer|kind|feature|version)|not_the_owner"
    r"|malformed_change|version_moved|shelf_unwritable|bad_code|not_in_file|other_name|layer_of_other_kind"
    r"|schema_too_new|unsupported_store|nothing_sent|file_over_limit|not_signed_in|transition_refused"
    r"|reason_required|evidence_required|actor_refused|duplicate_refused|change_refused|not_merged"
    r"|referral_required|not_allowed|why_required|nothing_to_split|petition_refused|unknown_petition)"
    r"|map\.(?:draft_|versions_|points_|edit).*|page\.(?:layers|edit|history|batch|counter)"
    r"|web\.(?:other_host|fonts_missing|not_yours|sign_in)\..*|mail\.(?:list|state)\..*)$"
)
OF_THE_DESK = re.compile(r"^desk(?:_\w+)?\.")
KANJI = re.compile(r"[\u3400-\u9fff々]")
KANA = re.compile(r"[\u3041-\u30fa\u30fc-\u30ff\uff66-\uff9f]")
READING = re.compile(r"^[\u3041-\u3096ー・]+$")
# What has to be typed, or is written in a file, in Japanese.
PROPER = re.compile(r"日本語|やさしい日本語|言語|住所|役場|本町1丁目|本町128番地5|大字見本123番地|見本小学校")
CATEGORIES = Categories.load()


def owed(lang: str) -> dict[str, str]:
    """The Japanese sentences that a language has to have of its own, by key."""
    every = {key: text for key, text in own_sentences("ja").items() if not key.startswith("language.")}
    if lang in WHOLE:
        # やさしい日本語 is for residents; the desk's pages are the town hall's own.
        return {key: text for key, text in every.items() if lang == "en" or not OF_THE_DESK.match(key)}
    return {
        key: text
        for key, text in every.items()
        if key.split(".")[0] in OF_RESIDENTS and not OF_THE_HALL.match(key)
    }


def fields(text: str) -> list[str]:
    return sorted(name for _, name, _, _ in string.Formatter().parse(bare(text)) if name is not None)


def of_sentences(lang: str) -> Iterator[tuple[str, str]]:
    """A language's own sentences with their keys."""
    return ((key, text) for key, text in own_sentences(lang).items() if not key.startswith("language."))


@pytest.mark.parametrize("lang", FOREIGN)
def test_a_language_has_every_sentence_that_it_owes(lang: str) -> None:
    assert sorted(key for key in owed(lang) if key not in own_sentences(lang)) == []


@pytest.mark.parametrize("lang", FOREIGN)
def test_a_language_has_no_sentence_that_nobody_asks_for(lang: str) -> None:
    known = own_sentences("ja")
    stray = [key for key, _ in of_sentences(lang) if key not in known and not key.startswith("categories.")]
    assert stray == []


@pytest.mark.parametrize("lang", FOREIGN)
def test_a_translation_has_the_fields_of_the_japanese_sentence(lang: str) -> None:
    japanese = own_sentences("ja")
    changed = [
        (key, fields(japanese[key]), fields(text))
        for key, text in of_sentences(lang)
        if key in japanese and set(fields(text)) != set(fields(japanese[key]))
    ]
    assert changed == []


@pytest.mark.parametrize("lang", ["en", "ko", "vi", "pt", "zh"])
def test_no_japanese_is_left_in_a_translation(lang: str) -> None:
    japanese = KANA if lang == "zh" else re.compile(f"{KANA.pattern}|{KANJI.pattern}")
    left = [(key, text) for key, text in of_sentences(lang) if japanese.search(PROPER.sub("", text))]
    assert left == []


def test_every_kanji_of_easy_japanese_has_its_reading() -> None:
    plain = [(key, text) for key, text in of_sentences("ja-easy") if KANJI.search(RUBY.sub("", text))]
    assert plain == []


def test_every_reading_is_in_hiragana_over_kanji() -> None:
    wrong = [
        (key, base, reading)
        for key, text in of_sentences("ja-easy")
        for base, reading in RUBY.findall(text)
        if not READING.match(reading) or not KANJI.search(base)
    ]
    assert wrong == []


@pytest.mark.parametrize("lang", [lang for lang in LANGUAGES if lang != "ja-easy"])
def test_only_easy_japanese_carries_readings(lang: str) -> None:
    assert [key for key, text in of_sentences(lang) if RUBY.search(text)] == []


@pytest.mark.parametrize("lang", FOREIGN)
def test_a_sentence_is_never_empty_unless_the_japanese_one_is(lang: str) -> None:
    japanese = own_sentences("ja")
    assert [key for key, text in of_sentences(lang) if not text.strip() and japanese.get(key, "x")] == []


@pytest.mark.parametrize("lang", FOREIGN)
def test_every_kind_of_report_has_its_words(lang: str) -> None:
    own = own_sentences(lang)
    wanted = []
    for code, category in CATEGORIES.items():
        wanted += [f"categories.{code}.name", f"categories.{code}.hint"]
        wanted += [f"categories.{code}.danger"] if category.danger_ja else []
        for question in category.questions:
            start = f"categories.{code}.questions.{question.id}"
            wanted += [f"{start}.ask", *(f"{start}.choices.{one}" for one in question.choices_ja)]
    assert [key for key in wanted if key not in own] == []
    assert [key for key in own if key.startswith("categories.") and key not in wanted] == []


def test_a_choice_is_shown_in_the_readers_language_and_kept_in_japanese() -> None:
    road = CATEGORIES["road_damage"]

    with speaking("en"):
        words = category_words(road)
        answer = answer_words(road, "what", "穴")

    assert words["name"].isascii()
    assert words["questions"][0]["choices"][0] == ("穴", answer)
    assert answer.isascii()
    assert category_words(road)["questions"][0]["choices"][0] == ("穴", "穴")


def test_a_category_that_a_language_does_not_know_is_shown_in_japanese(tmp_path: Path) -> None:
    own = tmp_path / "categories.toml"
    shipped = (ROOT / "reports_store" / "categories.toml").read_text()
    own.write_text(
        shipped.replace("[street_light", "[bear_sighting").replace("[[street_light", "[[bear_sighting")
    )
    bear = Categories.load(own)["bear_sighting"]

    with speaking("ko"):
        words = category_words(bear)

    assert words["hint"] == bear.hint_ja
    assert words["questions"][0]["choices"] == [(one, one) for one in bear.questions[0].choices_ja]


def test_readings_stand_over_the_kanji_on_a_page_and_nowhere_else() -> None:
    with speaking("ja-easy"):
        told, shown = say("page.report"), say_ruby("page.report")
        named = category_words_ruby(CATEGORIES["road_damage"])["name"]

    assert "<ruby>" in shown
    assert "<rt>" in named
    assert "|" not in told + shown
    assert "{" not in told + shown
    assert not any("|" in text for text in section("page", "ja-easy").values())


def test_what_a_person_wrote_is_escaped_and_never_read_as_ruby_or_field() -> None:
    planted = "<b>{穴|あな}{0.__class__}</b>"

    with speaking("ja-easy"):
        told, shown = say("map.search_none", text=planted), say_ruby("map.search_none", text=planted)

    assert planted in told
    assert "&lt;b&gt;{穴|あな}{0.__class__}&lt;/b&gt;" in shown
    assert ruby("<i>{穴|あな}</i>") == "&lt;i&gt;<ruby>穴<rp>（</rp><rt>あな</rt><rp>）</rp></ruby>&lt;/i&gt;"
    assert bare("{穴|あな}が{n}つ") == "穴が{n}つ"


def test_a_language_is_spoken_until_the_block_ends() -> None:
    with speaking("en"):
        inside = say("page.report")
        with speaking("ko"):
            assert language() == "ko"
        assert language() == "en"
    assert say("page.report") == sentences("ja")["page.report"] != inside
    with speaking("ja-easy"):
        assert html_lang() == "ja"
    with speaking("no-such-language"):
        assert language() == "ja"


@pytest.mark.parametrize(
    ("asked", "cookie", "accepted", "spoken"),
    [
        ("vi", "ko", "en", "vi"),
        (None, "ko", "en", "ko"),
        ("xx", "ko", "en", "ko"),
        (None, None, "pt-BR,pt;q=0.9,en;q=0.8", "pt"),
        (None, None, "fr-FR,en;q=0.2,zh-TW;q=0.7", "zh"),
        (None, None, "en;q=0,ko;q=0.1", "ko"),
        (None, None, "fr,*;q=0.5", "ja"),
        (None, None, ";;;q=,,q=x,en;q=nonsense", "ja"),
        (None, "../ja", None, "ja"),
        (None, None, "JA-jp", "ja"),
    ],
)
def test_the_language_is_what_was_asked_then_chosen_then_preferred(
    asked: str | None, cookie: str | None, accepted: str | None, spoken: str
) -> None:
    assert language_of(asked, cookie, accepted) == spoken


def test_a_new_language_is_one_folder(tmp_path: Path) -> None:
    shutil.copytree(FOLDER, tmp_path / "gisapp" / "words", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "gisapp" / "__init__.py").write_text("")
    new = tmp_path / "gisapp" / "words" / "id"
    new.mkdir()
    (new / "language.toml").write_text('name = "Bahasa Indonesia"\nhtml = "id"\nborrows = "en"\norder = 8\n')
    (new / "page.toml").write_text('report = "Laporkan masalah"\n')
    asking = (
        "from gisapp.words import LANGUAGES, language_of, say, speaking\n"
        "print(list(LANGUAGES.items())[-1])\n"
        "with speaking(language_of(None, None, 'id-ID')):\n"
        "    print(say('page.report'), '|', say('page.lookup'))\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", asking], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines() == [
        "('id', 'Bahasa Indonesia')",
        f"Laporkan masalah | {sentences('en')['page.lookup']}",
    ]


def test_the_languages_are_offered_by_their_own_names() -> None:
    assert dict(LANGUAGES) == {
        "ja": "日本語",
        "ja-easy": "やさしい日本語",
        "en": "English",
        "zh": "中文",
        "ko": "한국어",
        "vi": "Tiếng Việt",
        "pt": "Português",
    }


def test_the_glossary_names_its_terms_in_every_language() -> None:
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in (FOLDER / "GLOSSARY.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("|")
    ]
    assert rows[0] == list(LANGUAGES)
    assert len(rows) > 30
    assert [row for row in rows if len(row) != len(LANGUAGES) or not all(row)] == []


def test_a_sheet_of_paper_is_in_a_language_that_our_fonts_can_write() -> None:
    with speaking("ko"):
        assert language_with("paper") == "en"
        assert language_with("report") == "ko"
    with speaking("ja-easy"):
        assert language_with("paper") == "ja-easy"


SCREENS = ROOT / "gisapp" / "web"
ASKED = re.compile(r"""\bsay(?:_ruby)?\(\s*["']([a-z_]+\.[a-z_.0-9]+)["']""")


def residents_files(*endings: str) -> list[Path]:
    folders = (SCREENS / "templates", SCREENS / "static" / "door", SCREENS / "static" / "publicmap")
    return [path for folder in folders for path in folder.rglob("*") if path.suffix in endings]


def test_the_residents_pages_write_no_sentence_of_their_own() -> None:
    """What is left of a template without its fields, tags and attributes is signs, not words."""
    pages = residents_files(".html")
    assert len(pages) > 8
    left = {}
    for path in pages:
        text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", "", path.read_text(encoding="utf-8"), flags=re.S)
        text = re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.S)
        text = re.sub(r'<[^>]*>|[a-z-]+="[^"]*"', " ", text)
        words = re.findall(r"\w{2,}", text)
        left[path.name] = [word for word in words if word not in {"Language", "Atom", "px"}]
    assert {name: words for name, words in left.items() if words} == {}


def test_the_residents_scripts_write_no_japanese_of_their_own() -> None:
    scripts = residents_files(".js")
    assert len(scripts) > 8
    code = {
        path.name: re.sub(r"/\*.*?\*/|(?<![:\"'])//[^\n]*", "", path.read_text(encoding="utf-8"), flags=re.S)
        for path in scripts
    }
    assert [name for name, text in code.items() if KANA.search(text) or KANJI.search(text)] == []


def test_every_sentence_that_a_template_asks_for_exists() -> None:
    asked = {
        key for path in residents_files(".html") for key in ASKED.findall(path.read_text(encoding="utf-8"))
    }
    assert len(asked) > 50
    assert sorted(key for key in asked if key not in sentences("ja") and not key.endswith(("_", "."))) == []


def test_every_sentence_that_the_form_in_steps_asks_for_exists() -> None:
    known = section("door_js", "ja")
    asked = {
        key
        for path in (SCREENS / "static" / "door").glob("*.js")
        for key in re.findall(r"""\bsay\(\s*["']([a-z_.]+)["']""", path.read_text(encoding="utf-8"))
    }
    assert len(asked) > 30
    assert sorted(key for key in asked if key not in known) == []
