"""When two spellings of a Japanese place name are the same name, and how a name is looked up."""

from __future__ import annotations

import re
import unicodedata

_BLANKS = re.compile(r"\s+")
_GA = "ケヶがガゕヵ"
# 関ケ原, 関ヶ原, 関が原 and 関ガ原 are one town; but ながい is not なけい: the letter counts only before a
# kanji.
_GA_BEFORE_KANJI = re.compile(f"(?<=.)[{_GA}](?=[\u4e00-\u9fff\u3400-\u4dbf々])")
_TO_HIRAGANA = {code: code - 0x60 for code in range(ord("ァ"), ord("ヶ") + 1)}
_SEARCH_GA = str.maketrans(dict.fromkeys("がゖゕ", "け"))


def same_name(first: str, second: str) -> bool:
    """Whether two spellings name one place: widths, blanks and the ケ of 関ケ原 aside."""
    return _spelling(first) == _spelling(second)


def search_key(text: str) -> str:
    """The form in which names are compared while somebody types: one script, one width, one case, no blanks.

    Folds more than same_name, because half a name may have been typed: every が counts as ケ.
    """
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_TO_HIRAGANA)
    return _BLANKS.sub("", plain.translate(_SEARCH_GA))


def _spelling(name: str) -> str:
    plain = _BLANKS.sub("", unicodedata.normalize("NFKC", name))
    return _GA_BEFORE_KANJI.sub("ケ", plain)
