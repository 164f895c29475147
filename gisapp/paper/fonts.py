"""The letters on paper: Noto Sans JP, embedded in every sheet, so that it prints alike everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

REGULAR, BOLD = "NotoSansJP-Regular", "NotoSansJP-Bold"
_FOLDER = "@expo-google-fonts/noto-sans-jp"
_FILES = {
    REGULAR: f"{_FOLDER}/400Regular/NotoSansJP_400Regular.ttf",
    BOLD: f"{_FOLDER}/700Bold/NotoSansJP_700Bold.ttf",
}
_NEVER_FIRST = "、。，．）」』】〉》！？ー々"  # 行頭禁則: these hang beyond the edge
_NEVER_LAST = "（「『【〈《"  # 行末禁則: these go to the next line with what they open
MISSING = "〓"  # printers' mark for a letter that the fount does not have


class FontsMissing(Exception):
    """The font files that set-up puts under the assets folder are not there, or cannot be read."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path}: expected a TrueType font; run `npm ci` in the app's folder")
        self.path = path


def use_fonts(assets: Path) -> None:
    """Make REGULAR and BOLD known to reportlab, once in a process.

    assets is the folder of the front-end libraries (settings.assets). Raises FontsMissing.
    """
    for name, file in _FILES.items():
        if name not in pdfmetrics.getRegisteredFontNames():
            try:
                pdfmetrics.registerFont(TTFont(name, assets / file))
            except (OSError, TTFError) as error:
                raise FontsMissing(assets / file) from error


def printable(text: str, font: str = REGULAR) -> str:
    """A text on one line, with 〓 for each letter that the font does not have. The font must be in use."""
    glyphs = pdfmetrics.getFont(font).face.charToGlyph
    words = " ".join(text.split())
    return "".join(letter if ord(letter) in glyphs else MISSING for letter in words)


def width_pt(text: str, font: str, size_pt: float) -> float:
    """How wide a text is in points."""
    return float(pdfmetrics.stringWidth(text, font, size_pt))


def lines_of(text: str, font: str, size_pt: float, room_pt: float) -> list[str]:
    """A text broken into lines of at most room_pt; Japanese may break after any letter."""
    lines, line = [], ""
    for piece in _pieces(printable(text, font), font, size_pt, room_pt):
        if line and piece not in _NEVER_FIRST and width_pt(line + piece, font, size_pt) > room_pt:
            kept = line.rstrip(_NEVER_LAST) or line
            lines.append(kept)
            line = line[len(kept) :]
        line += piece
    return [*lines, line] if line or not lines else lines


def _pieces(text: str, font: str, size_pt: float, room_pt: float) -> Iterator[str]:
    """What stays together at the end of a line: a number, a date or a Latin word that fits; else one letter."""
    for piece in re.findall(r"[!-~]+|.", text):
        yield from [piece] if width_pt(piece, font, size_pt) <= room_pt else piece


def shortened(text: str, font: str, size_pt: float, room_pt: float) -> str:
    """A text cut with … to fit a width."""
    whole = lines_of(text, font, size_pt, room_pt)
    if len(whole) == 1:
        return whole[0]
    return lines_of(text, font, size_pt, room_pt - width_pt("…", font, size_pt))[0] + "…"


def widest_pt(texts: Iterable[str], font: str, size_pt: float) -> float:
    """The width of the widest text in points; 0 for none."""
    return max((width_pt(text, font, size_pt) for text in texts), default=0.0)
