"""The words of a kind of report in the language of whoever reads: names, hints, warnings, questions, choices.

They stand in words/<language>/categories.toml; what a language lacks there is shown in Japanese.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypedDict

from markupsafe import Markup

from gisapp.words import bare, language, own_sentences, ruby, say
from reports_store import Category, Question


class QuestionWords(TypedDict):
    """choices: (the Japanese text that is stored, the text shown), in the order of the categories file."""

    id: str
    ask: str
    choices: list[tuple[str, str]]


class CategoryWords(TypedDict):
    name: str
    hint: str
    danger: str
    questions: list[QuestionWords]


def category_words(category: Category) -> CategoryWords:
    """The words of a category as plain text; danger is empty where there is none."""
    return _worded(category, bare)


def category_words_ruby(category: Category) -> CategoryWords:
    """The same as Markup for a page of HTML, with readings where the language has them."""
    return _worded(category, ruby)


def category_words_written(category: Category) -> CategoryWords:
    """The same as the files have it, with {漢字|かんじ}, for a script that sets the readings itself."""
    return _worded(category, str)


def category_name(category: Category) -> str:
    """The name of a category."""
    return bare(_found(category.code, "name") or category.name(language()))


def answer_words(category: Category, question: str, answer: str) -> str:
    """A stored answer as it is read; a free answer, or one of a question that is no longer asked, stays as it is."""
    return bare(_found(category.code, "questions", question, "choices", answer) or answer)


def ask_words(category: Category, question: str) -> str:
    """A question by its id; "answer" where the question is no longer asked."""
    asked = {one.id: one.ask_ja for one in category.questions}
    words = _found(category.code, "questions", question, "ask") or asked.get(question)
    return bare(words) if words else say("report.answer_given")


def told_answers(
    answers: Mapping[str, str], code: str, categories: Mapping[str, Category]
) -> tuple[tuple[str, str], ...]:
    """The questions that were answered, and the answers, in words.

    A report may have become of another kind since: an answer that its kind does not know is told with the
    question of the kind that offers it.
    """
    told = []
    for question, answer in answers.items():
        if not answer:
            continue
        category = _asked_by(question, answer, code, categories)
        if category is None:
            told.append((say("report.answer_given"), answer))
        else:
            told.append((ask_words(category, question), answer_words(category, question, answer)))
    return tuple(told)


def _asked_by(question: str, answer: str, code: str, categories: Mapping[str, Category]) -> Category | None:
    """The kind whose question was answered: the report's own if it fits, one that offers the answer, its own at last."""
    own = [categories[code]] if code in categories else []
    for category in (*own, *categories.values()):
        if any(one.id == question and _offers(one, answer, category in own) for one in category.questions):
            return category
    return next((one for one in own if any(each.id == question for each in one.questions)), None)


def _offers(question: Question, answer: str, own: bool) -> bool:
    return answer in question.choices_ja or (own and not question.choices_ja)


def _worded(category: Category, shown: Callable[[str], str | Markup]) -> CategoryWords:
    code = category.code
    return {
        "name": shown(_found(code, "name") or category.name(language())),
        "hint": shown(_found(code, "hint") or category.hint_ja),
        "danger": shown(_found(code, "danger") or category.danger_ja or "") if category.danger_ja else "",
        "questions": [_question(code, question, shown) for question in category.questions],
    }


def _question(code: str, question: Question, shown: Callable[[str], str | Markup]) -> QuestionWords:
    where = (code, "questions", question.id)
    return {
        "id": question.id,
        "ask": shown(_found(*where, "ask") or question.ask_ja),
        "choices": [
            (choice, shown(_found(*where, "choices", choice) or choice)) for choice in question.choices_ja
        ],
    }


def _found(*path: str) -> str | None:
    # own words only: a category that a language does not know is shown in Japanese, not in English
    return own_sentences(language()).get(".".join(("categories", *path)))
