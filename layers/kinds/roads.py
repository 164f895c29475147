"""Roads, rivers and what belongs to them."""

from __future__ import annotations

from layers import palette
from layers.kind import Column, Kind, Style
from layers.kinds.parts import ADDRESS, AREA, LINE, NOTE, POINT, always, first, name, year

_MANAGER = Column("manager_body", "道路管理者", aliases=("管理者",))

KINDS = (
    Kind(
        "road_section", "道路", "道路・河川", LINE,
        (
            name("路線名", aliases=("道路名", "路線名称")),
            Column("manager", "道路の種類", aliases=("道路種別",)),
            _MANAGER,
            Column("width_m", "幅員", "float", unit="m", aliases=("幅員(m)", "道路幅員")),
        ),
        palette.ROADS, palette.road_key, first("", "name", "manager"), first("道路", "name", "manager"),
    ),
    Kind(
        "underpass", "アンダーパス", "道路・河川", POINT | LINE,
        (
            name(), Column("road_name", "路線名", aliases=("道路名",)), _MANAGER,
            Column("clearance_m", "通れる高さ", "float", unit="m", aliases=("桁下高", "制限高")),
            Column("flooding", "冠水のしやすさ", aliases=("冠水履歴", "冠水のおそれ")),
            Column("closing", "通行止めの基準", aliases=("通行止め基準",)),
            ADDRESS, NOTE,
        ),
        (Style("underpass", "アンダーパス（大雨のとき水がたまる道）", "#0B7285", "#063E49", 4, "4 2",
               letter="ア"),),
        always("underpass"), first("", "name"), first("アンダーパス", "name", "road_name"),
    ),
    Kind(
        "river", "河川", "道路・河川", LINE | AREA,
        (name("河川名"), Column("manager", "河川管理者", aliases=("管理者",))),
        (Style("river", "河川", "#6BAED6", "#2171B5", 3, shape="line", letter="川"),),
        always("river"), first("", "name"), first("河川", "name"),
    ),
    Kind(
        "street_light", "街路灯・防犯灯", "道路・河川", POINT,
        (
            name("管理番号", aliases=("番号", "灯具番号", "防犯灯番号")),
            Column("lamp", "あかりの種類", aliases=("灯具", "灯種", "光源")),
            Column("manager", "管理者", aliases=("管理者名",)),
            Column("association", "管理自治会", aliases=("自治会", "自治会名", "管理町内会")),
            year("installed_year", "設置年度", "設置年"), ADDRESS, NOTE,
        ),
        (Style("street_light", "街路灯・防犯灯", "#F2C200", "#6B5600", letter="灯"),),
        always("street_light"), first("", "name"), first("街路灯", "name"),
    ),
)  # fmt: skip
