"""What many kinds have in common: geometries, columns, and ways to name and draw a feature."""

from __future__ import annotations

from collections.abc import Callable

from layers.kind import Column, Row, Style

POINT, LINE, AREA = frozenset({"Point"}), frozenset({"LineString"}), frozenset({"Polygon"})

ADDRESS = Column(
    "address", "住所", aliases=("所在地", "所在地_連結表記", "住所（番地まで）", "住所（位置情報）")
)
KANA = Column("name_kana", "ふりがな", shown=False, aliases=("名称_カナ", "施設名_カナ", "フリガナ"))
COMMON_ID = Column("common_id", "共通ID", shown=False)
PHONE = Column("phone", "電話番号", aliases=("電話", "問合せ先電話番号"))
URL = Column("url", "ホームページ", shown=False, aliases=("HP", "公園HPアドレス"))
NOTE = Column("note", "備考")
# The standard datasets give days, opening and closing in columns of their own.
HOURS = (
    Column("days", "利用できる曜日", aliases=("利用可能曜日",)),
    Column("opens", "開く時刻", aliases=("開始時間", "利用開始時間")),
    Column("closes", "閉まる時刻", aliases=("終了時間", "利用終了時間")),
    Column("hours_note", "利用できる時間について", aliases=("利用可能日時特記事項", "利用可能時間特記事項")),
)


def name(title: str = "名称", *, required: bool = False, aliases: tuple[str, ...] = ()) -> Column:
    return Column("name", title, required=required, shown=False, aliases=("名称", "施設名", *aliases))


def year(name: str, title: str, *aliases: str) -> Column:
    return Column(name, title, "int", aliases=aliases)


def first(otherwise: str, *columns: str) -> Callable[[Row], str]:
    """The first of these columns that has a value, as a feature's name."""

    def title(row: Row) -> str:
        return next((str(row[column]) for column in columns if row.get(column) not in (None, "")), otherwise)

    return title


def always(key: str) -> Callable[[Row], str]:
    """One style for every feature of the kind."""
    return lambda row: key


def style_text(styles: tuple[Style, ...], key_of: Callable[[Row], str]) -> Callable[[Row], str]:
    """The words of the legend for a feature."""
    texts = {style.key: style.text_ja for style in styles}
    return lambda row: texts[key_of(row)]
