"""Hazard classes: what the codes of published hazard maps mean, in metres, hours and words a resident understands.

Depths, durations and collapse zones follow 水害ハザードマップ作成の手引き（国土交通省）and the code lists of
国土数値情報 A31, A31a, A31b (2019 and later) and A33. The older A31 (2012) has other depth codes (11 and up): they
are not read as ranks.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import NamedTuple


class DepthRank(NamedTuple):
    """Metres of water from lower_m up to, but not including, upper_m (None: no limit)."""

    lower_m: float
    upper_m: float | None
    text: str
    plain: str


class DurationRank(NamedTuple):
    """Hours under water from lower_h up to, but not including, upper_h (None: no limit)."""

    lower_h: float
    upper_h: float | None
    text: str
    plain: str


DEPTH_RANKS: Mapping[int, DepthRank] = {
    1: DepthRank(0.0, 0.5, "0.5m未満", "1階の床の下まで水につかるおそれ"),
    2: DepthRank(0.5, 3.0, "0.5m以上3.0m未満", "1階の天井まで水につかるおそれ"),
    3: DepthRank(3.0, 5.0, "3.0m以上5.0m未満", "2階の天井まで水につかるおそれ"),
    4: DepthRank(5.0, 10.0, "5.0m以上10.0m未満", "3階から4階まで水につかるおそれ"),
    5: DepthRank(10.0, 20.0, "10.0m以上20.0m未満", "5階より上まで水につかるおそれ"),
    6: DepthRank(20.0, None, "20.0m以上", "7階より上まで水につかるおそれ"),
}

DURATION_RANKS: Mapping[int, DurationRank] = {
    1: DurationRank(0, 12, "12時間未満", "半日ほど水が引かないおそれ"),
    2: DurationRank(12, 24, "12時間以上1日未満", "1日ほど水が引かないおそれ"),
    3: DurationRank(24, 72, "1日以上3日未満", "3日ほど水が引かないおそれ"),
    4: DurationRank(72, 168, "3日以上1週間未満", "1週間ほど水が引かないおそれ"),
    5: DurationRank(168, 336, "1週間以上2週間未満", "2週間ほど水が引かないおそれ"),
    6: DurationRank(336, 672, "2週間以上4週間未満", "4週間ほど水が引かないおそれ"),
    7: DurationRank(672, None, "4週間以上", "4週間より長く水が引かないおそれ"),
}

COLLAPSE: Mapping[int, str] = {1: "氾濫流", 2: "河岸侵食", 3: "どちらも"}
COLLAPSE_WORDS: Mapping[str, str] = {
    "氾濫流": "川からあふれた水の勢いで、木造の家が流されたり壊れたりするおそれ",
    "河岸侵食": "川岸が削られ、家が土台ごと流されるおそれ",
    "どちらも": "水の勢いや川岸が削られることで、家が流されたり壊れたりするおそれ",
}

SCENARIOS = ("計画規模", "想定最大規模")

LANDSLIDE_PHENOMENA: Mapping[int, str] = {1: "急傾斜地の崩壊", 2: "土石流", 3: "地滑り"}
LANDSLIDE_ZONES: Mapping[int, str] = {
    1: "警戒区域",
    2: "特別警戒区域",
    3: "警戒区域（指定前）",
    4: "特別警戒区域（指定前）",
}

_METRES = r"(\d+(?:\.\d+)?)m?"
_RANGE = re.compile(
    rf"{_METRES}(?:(?:以上|超)[~〜]?|[~〜\-−ー]|から){_METRES}(?:未満|以下|まで)?(?:の?区域)?"
)
_BELOW = re.compile(rf"[~〜]?{_METRES}(?:未満|以下|まで)(?:の?区域)?")
_ABOVE = re.compile(rf"{_METRES}(?:以上|超|を超える|より深い)[~〜]?(?:の?区域)?")


def depth_rank(code: object) -> int | None:
    """The depth rank 1 to 6 that a code states, given as a number or a text; None for anything else."""
    return _code(code, DEPTH_RANKS)


def duration_rank(code: object) -> int | None:
    """The duration rank 1 to 7 that a code of 浸水継続時間 states; None for anything else."""
    return _code(code, DURATION_RANKS)


def collapse(code: object) -> str | None:
    """The kind of 家屋倒壊等氾濫想定区域 that a code or its name states; None for anything else."""
    found = _code(code, COLLAPSE)
    if found is not None:
        return COLLAPSE[found]
    name = (
        str(code or "").strip().replace("河岸浸食", "河岸侵食")
    )  # the code list and the law write it differently
    return name if name in COLLAPSE_WORDS else None


def landslide_phenomenon(code: object) -> str | None:
    """The phenomenon that a code of A33_001 states; None for anything else."""
    found = _code(code, LANDSLIDE_PHENOMENA)
    return None if found is None else LANDSLIDE_PHENOMENA[found]


def landslide_zone(code: object) -> str | None:
    """The zone that a code of A33_002 states; None for anything else."""
    found = _code(code, LANDSLIDE_ZONES)
    return None if found is None else LANDSLIDE_ZONES[found]


def rank_of_depth_m(lower_m: float) -> int:
    """The depth rank in which a depth in metres lies; a negative depth is no depth: ValueError."""
    if not lower_m >= 0:
        raise ValueError(f"depth {lower_m!r} m: expected 0 or more")
    return max(rank for rank, depth in DEPTH_RANKS.items() if depth.lower_m <= lower_m)


def rank_of_range_m(lower_m: float, upper_m: float | None) -> int:
    """The depth rank of a class of depths: the deepest one it reaches, so that it never reads too shallow.

    upper_m is the limit the class stays below; None for a class without one, which has at least its lower_m.
    """
    at_least = rank_of_depth_m(lower_m)
    if upper_m is None or upper_m <= lower_m:
        return at_least
    reached = [rank for rank, depth in DEPTH_RANKS.items() if depth.lower_m < upper_m]
    return max(at_least, *reached)


def depth_range_m(text: object) -> tuple[float, float | None] | None:
    """The metres that a depth class in words means: 「0.3m以上 ～ 0.5m未満」 is (0.3, 0.5), 「5m以上」 (5.0, None).

    None if the text is not such a class. Seen in 国土数値情報 A40 and A49 and in towns' own files.
    """
    plain = re.sub(r"[\s,]", "", unicodedata.normalize("NFKC", str(text or ""))).casefold()
    if found := _BELOW.fullmatch(plain):
        return (0.0, float(found.group(1)))
    if found := _ABOVE.fullmatch(plain):
        return (float(found.group(1)), None)
    if (found := _RANGE.fullmatch(plain)) and float(found.group(1)) < float(found.group(2)):
        return (float(found.group(1)), float(found.group(2)))
    return None


def depth_of(row: Mapping[str, object]) -> tuple[float, float | None] | None:
    """The metres of water a zone states: by its limits in metres, else in words, else by its rank; None if by none."""
    lower, upper = _metres(row.get("depth_lower_m")), _metres(row.get("depth_upper_m"))
    if lower is not None or upper is not None:
        return (lower or 0.0, upper)
    if (stated := depth_range_m(row.get("depth"))) is not None:
        return stated
    rank = depth_rank(row.get("depth_rank"))
    return None if rank is None else (DEPTH_RANKS[rank].lower_m, DEPTH_RANKS[rank].upper_m)


def rank_of(row: Mapping[str, object]) -> int | None:
    """The depth rank of a zone, stated or worked out from its metres; None if it states no depth."""
    rank, depth = depth_rank(row.get("depth_rank")), depth_of(row)
    if rank is not None or depth is None:
        return rank
    return rank_of_range_m(*depth)


def depth_words(row: Mapping[str, object]) -> str:
    """The depth of a zone with what it means for a house: 「0.5m以上3.0m未満：1階の天井まで…」; empty if unknown."""
    depth, rank = depth_of(row), rank_of(row)
    if depth is None or rank is None:
        return ""
    lower_m, upper_m = depth
    waist = upper_m is not None and 0.5 < upper_m <= 1.0
    plain = "1階の床の上、大人の腰の高さまで水につかるおそれ" if waist else DEPTH_RANKS[rank].plain
    return f"{_span(lower_m, upper_m)}：{plain}"


def duration_said(row: Mapping[str, object]) -> str:
    """How long a zone stays under water, with what it means; empty if it does not say."""
    rank = duration_rank(row.get("duration_rank"))
    return "" if rank is None else f"{DURATION_RANKS[rank].text}：{DURATION_RANKS[rank].plain}"


def _span(lower_m: float, upper_m: float | None) -> str:
    least = f"{lower_m:.2f}".removesuffix("0") + "m以上" if lower_m > 0 or upper_m is None else ""
    return least + (f"{upper_m:.2f}".removesuffix("0") + "m未満" if upper_m is not None else "")


def _metres(value: object) -> float | None:
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if number and value >= 0 else None  # type: ignore[arg-type, operator]


def _code(code: object, known: Mapping[int, object]) -> int | None:
    """A published code as the number it is: 3, 3.0, "3", "３" and "03" are one code; True is none."""
    if code is None or isinstance(code, bool):
        return None
    plain = unicodedata.normalize("NFKC", str(code)).strip()
    found = re.fullmatch(r"0*(\d+)(?:\.0+)?", plain)
    return int(found.group(1)) if found and int(found.group(1)) in known else None
