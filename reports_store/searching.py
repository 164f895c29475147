"""What is kept of a report so that the desk finds it by any word of it, also one in the middle of a sentence.

Japanese has no spaces to cut words at, so every two neighbouring letters are a key. They are kept with a mark
between all letters: "側溝" as "·側·溝·". Three signs of that are then two neighbouring letters or a single one,
which is just what a trigram index holds: words of two letters, and of one, are found through it as well.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence

import sqlalchemy as sa

from reports_store.schema import event, report, report_text

MARK = "\x1f"
_UNSEEN = re.compile(r"[\x00-\x1f\x7f\u200b-\u200f\ufeff\ufe00-\ufe0f\U000e0100-\U000e01ef]+")
# A line break within a sentence is no end of a word where words have no spaces anyway.
_BREAK_IN_SENTENCE = re.compile(r"(?<=[^\x00-\x7f]) (?=[^\x00-\x7f])")
_AT_ONCE = 500


def folded(text: str) -> str:
    """Full-width and half-width letters, capitals and small ones made alike. For searching only, never shown."""
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return _BREAK_IN_SENTENCE.sub("", _UNSEEN.sub("", plain))


def marked(text: str) -> str:
    return MARK + MARK.join(text) + MARK


def pieces(words: str) -> list[str]:
    """What has to occur in report_text.words for each word that is searched for, in marked letters."""
    wanted = (folded(each) for each in words.split())
    return [marked(each) if len(each) == 1 else MARK.join(each) for each in wanted if each]


def grams(piece: str) -> list[str]:
    """The keys of the index that a piece needs: its neighbouring letters, or its only one."""
    first = 0 if piece.startswith(MARK) else 1
    signs = piece if not first else MARK + piece
    return list(dict.fromkeys(signs[n : n + 3] for n in range(first, len(signs) - 2, 2)))


def keep(connection: sa.Connection, ids: Sequence[int]) -> None:
    """Write anew what is searched of these reports: number, words, area, replies and internal notes."""
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        connection.execute(report_text.delete().where(report_text.c.report_id.in_(some)))
        if rows := _rows(connection, some):
            connection.execute(report_text.insert(), rows)


def _rows(connection: sa.Connection, ids: Sequence[int]) -> list[dict[str, object]]:
    said: dict[int, list[str]] = defaultdict(list)
    messages = sa.select(event.c.report_id, event.c.public_message, event.c.internal_message).where(
        event.c.report_id.in_(ids), sa.or_(event.c.public_message != "", event.c.internal_message != "")
    )
    for number, public, internal in connection.execute(messages.order_by(event.c.id)):
        said[number] += [public, internal]
    columns = sa.select(report.c.id, report.c.public_id, report.c.body, report.c.area_name)
    return [
        {"report_id": row.id, "words": words([row.public_id, row.body, row.area_name or "", *said[row.id]])}
        for row in connection.execute(columns.where(report.c.id.in_(ids)))
    ]


def words(texts: Iterable[str]) -> str:
    # Joined by two marks: no search reaches from one text into the next.
    return MARK.join(marked(folded(each)) for each in texts if each)
