"""Turns an error into the sentence a person reads: what happened, and what to do."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

from gisapp.flows.publish import FORMULA_STARTS
from gisapp.words import UnknownSentence, say, sentences
from layers.errors import CatalogueError, Fault, Grade, ImportRefused, LayersError, UnreadableFile
from reports_store import Status
from reports_store.errors import DuplicateRefused, ReportsError, TransitionRefused

FAULTS_SHOWN = 40
GRADES = (Grade.REFUSE, Grade.REPAIR, Grade.NOTE)
_LONG = re.compile(r"-?\d+\.\d{7,}")
_COLUMNS = ("grade", "row", "column", "found", "expected", "text")


def explain(error: ReportsError | LayersError) -> str:
    """The sentence of an error. One that has no sentence yet says that the fault is ours, with its code."""
    values = _said(error) if isinstance(error, ReportsError) else vars(error)
    try:
        return say(
            f"errors.{error.code}", **{name: _told(value) for name, value in values.items() if name != "code"}
        )
    except UnknownSentence:
        return say("errors.unforeseen", code=error.code)


def _told(value: object) -> object:
    """A state, or several, by the names they have on screen; anything else as it is."""
    if isinstance(value, Status):
        return say(f"report.status.{value}")
    if isinstance(value, tuple) and value and all(isinstance(one, Status) for one in value):
        return "、".join(say(f"report.status.{one}") for one in value)
    return value


def _said(error: ReportsError) -> dict[str, object]:
    """The values of an error as a person reads them: states and reasons by their names on screen."""
    values = dict(error.fields)
    if isinstance(error, TransitionRefused):
        values["allowed"] = "、".join(say(f"report.status.{each}") for each in error.allowed)
    if isinstance(error, DuplicateRefused):
        values["why"] = sentences().get(f"desk_life.not_duplicate.{error.why}", error.why)
    return values


def explain_faults(error: ImportRefused | UnreadableFile | CatalogueError) -> list[str]:
    """The faults of a file for the command line, by grade; where repairs wait for a yes, how to give it."""
    lines = grouped(error.faults)
    waiting = isinstance(error, ImportRefused) and any(one.grade is Grade.REPAIR for one in error.faults)
    return [*lines, say("errors.accept_repairs")] if waiting else lines


def grouped(faults: Iterable[Fault], limit: int = FAULTS_SHOWN) -> list[str]:
    """Faults under a line for each grade, the weightiest first; a long list says how many more there are."""
    by_grade = {grade: [fault for fault in faults if fault.grade is grade] for grade in GRADES}
    lines, left = [], limit
    for grade, group in by_grade.items():
        if group and left:
            lines.append(say("faults.group", grade=say(f"faults.grade.{grade}"), n=len(group)))
            lines += [f"  {fault_text(fault)}" for fault in group[:left]]
            left -= len(group[:left])
    more = sum(map(len, by_grade.values())) - (limit - left)
    return [*lines, say("errors.more_faults", n=more)] if more > 0 else lines


def explain_fault(fault: Fault) -> str:
    """One fault on a line of its own: its grade, then the rest."""
    return f"{say(f'faults.grade.{fault.grade}')}{fault_text(fault)}"


def fault_text(fault: Fault) -> str:
    """One fault: its row if it has one, what was found and what was expected."""
    where = say("faults.row", row=fault.row) if fault.row is not None else ""
    return f"{where}{fault_sentence(fault)}"


def fault_sentence(fault: Fault) -> str:
    """What is wrong and what to do, without grade and row."""
    return say(
        f"faults.{fault.code}",
        row=fault.row,
        column=fault.column or "",
        found=in_words(fault.found),
        expected=in_words(fault.expected),
    )


def in_words(text: str) -> str:
    """A format's or a library's own word in Japanese, with the place it names; any other text as it is."""
    term, bracket, place = text.partition("[")
    if bracket and (known := _term(term)):
        return f"{known}：{_LONG.sub(_short, place.rstrip(']')).replace(' ', ', ')}"
    return ", ".join(_term(one) or one for one in text.split(", "))


def reader_title(reader: str) -> str:
    """A reader's name as its format is called."""
    return sentences().get(f"imports.readers.{reader}", reader)


def faults_csv(faults: Iterable[Fault]) -> bytes:
    """All faults as a table to send to whoever made the file: UTF-8 with BOM so that Excel opens it, CRLF."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow([say(f"faults.columns.{name}") for name in _COLUMNS])
    for fault in faults:
        grade = say(f"faults.grade.{fault.grade}")
        values = (grade, fault.row, fault.column, fault.found, fault.expected, fault_sentence(fault))
        table.writerow([_harmless(value) for value in values])
    return b"\xef\xbb\xbf" + text.getvalue().encode(errors="replace")


def _short(number: re.Match[str]) -> str:
    return f"{float(number.group()):.6f}"  # to the decimetre


def _term(text: str) -> str | None:
    return sentences().get(f"faults.term.{text}")


def _harmless(value: object) -> object:
    # what a file holds must not run as a formula in a spreadsheet
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
