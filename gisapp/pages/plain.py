"""Text that a person or a file supplied, shown as it is: Streamlit would read it as Markdown."""

from __future__ import annotations

import re

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")


def plain(text: object) -> str:
    """The text with every ASCII punctuation mark escaped, so that no link, image, colour or formula comes of it."""
    return _PUNCTUATION.sub(r"\\\1", str(text)).replace("\n", "  \n")
