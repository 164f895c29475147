"""The desk's figures as one table for a spreadsheet: every line with how many it is made of."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from gisapp.flows.category_words import category_name
from gisapp.flows.desk.figures import AGES_D, Figures, Line, Waiting
from gisapp.flows.publish import FORMULA_STARTS
from gisapp.words import say
from reports_store import Categories

BOM = b"\xef\xbb\xbf"  # so that Excel opens it as UTF-8
HEADS = (
    "part", "name", "received", "open_now", "late", "closed", "answered_n", "answered_low", "answered", "answered_high",
    "done_n", "done_low", "done", "done_high", "open_at_end",
)  # fmt: skip
Row = Sequence[object]


def figures_csv(found: Figures, categories: Categories) -> bytes:
    """All figures as CSV. What is too few to say, and what a line does not have, is an empty cell."""
    return table_csv([[say(f"desk_figures.csv.{name}") for name in HEADS], *_rows(found, categories)])


def table_csv(rows: Sequence[Row]) -> bytes:
    """Rows as CSV with a byte-order mark and CRLF; a text that a spreadsheet would run gets an apostrophe before it."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows([[_cell(one) for one in row] for row in rows])
    return BOM + text.getvalue().encode()


def label(part: str, key: str, categories: Categories) -> str:
    """The name of a line: of a category, of a way in, or the text itself; a word of its own for none."""
    if part == "channel":
        return say(f"public_map.channel.{key}")
    if part == "category" and key in categories:
        return category_name(categories[key])
    return key or say("desk_figures.none_of_it")


def age_label(number: int) -> str:
    """The name of a class of AGES_D."""
    if number == 0:
        return say("desk_figures.age.first", days=AGES_D[0])
    if number == len(AGES_D):
        return say("desk_figures.age.last", days=AGES_D[-1])
    return say("desk_figures.age.between", since=AGES_D[number - 1] + 1, until=AGES_D[number])


def _rows(found: Figures, categories: Categories) -> Iterator[Row]:
    ends = {one.month: one.open_at_end for one in found.backlog}
    yield [say("desk_figures.part.whole"), say("desk_figures.part.whole"), *_line(found.whole), ""]
    for part, lines in found.by.items():
        for line in lines:
            name = label(part, line.key, categories)
            yield [say(f"desk_figures.part.{part}"), name, *_line(line), ends.get(line.key, "")]
    for channel, n in found.channels:
        name = label("channel", channel, categories)
        yield [say("desk_figures.part.channel"), name, n, *[""] * (len(HEADS) - 3)]
    for number, n in enumerate(found.ages):
        yield [say("desk_figures.part.age"), age_label(number), "", n, *[""] * (len(HEADS) - 4)]


def _line(line: Line) -> Row:
    counts = (line.received, line.open_now, line.late, line.closed)
    return [*counts, *_waiting(line.answered), *_waiting(line.done)]


def _waiting(found: Waiting) -> Row:
    days = (found.low_d, found.median_d, found.high_d)
    return [found.n, *("" if one is None else f"{one:.1f}" for one in days)]


def _cell(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA_STARTS) else value
