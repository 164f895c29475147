"""Turns an error into the sentence a person reads: what happened, and what to do."""

from __future__ import annotations

from gisapp.words import UnknownSentence, say
from layers.errors import CatalogueError, Fault, ImportRefused, LayersError, UnreadableFile
from reports_store.errors import ReportsError

FAULTS_SHOWN = 40


def explain(error: ReportsError | LayersError) -> str:
    """The sentence of an error. One that has no sentence yet says that the fault is ours, with its code."""
    values = error.fields if isinstance(error, ReportsError) else vars(error)
    try:
        return say(
            f"errors.{error.code}", **{name: value for name, value in values.items() if name != "code"}
        )
    except UnknownSentence:
        return say("errors.unforeseen", code=error.code)


def explain_faults(error: ImportRefused | UnreadableFile | CatalogueError) -> list[str]:
    """Every fault of a file, one line each, weightiest first; a long list says how many more there are."""
    ranked = sorted(error.faults, key=lambda fault: ("refuse", "repair", "note").index(fault.grade))
    lines = [explain_fault(fault) for fault in ranked[:FAULTS_SHOWN]]
    more = len(ranked) - len(lines)
    return [*lines, say("errors.more_faults", n=more)] if more > 0 else lines


def explain_fault(fault: Fault) -> str:
    """One fault: its grade, its row if it has one, what was found and what was expected."""
    where = say("faults.row", row=fault.row) if fault.row is not None else ""
    text = say(
        f"faults.{fault.code}",
        row=fault.row,
        column=fault.column or "",
        found=fault.found,
        expected=fault.expected,
    )
    return f"{say(f'faults.grade.{fault.grade}')}{where}{text}"
