"""The town's buildings and grounds: where they stand, which take people in, which hazards reach them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely

from gisapp.sample.areas import Area
from gisapp.sample.chance import stream
from gisapp.sample.spots import Roadside
from gisapp.sample.water import Flood

# name, area; 避 = evacuation site, 宿 = shelter, 広 = open ground, A = has an AED, 古 = hall older than 1981
FACILITIES = (
    ("見本町役場", "本町", "A"),
    ("見本町立図書館", "本町", ""),
    ("見本消防署", "本町", "A"),
    ("本町公民館", "本町", "避宿"),
    ("中央公園", "本町", "避広"),
    ("見本小学校", "桜ヶ丘", "避宿広A"),
    ("桜ヶ丘公民館", "桜ヶ丘", ""),
    ("見本こども園", "桜ヶ丘", "宿A"),
    ("桜ヶ丘児童公園", "桜ヶ丘", "広"),
    ("見本中学校", "寺前", "避宿広A"),
    ("寺前集会所", "寺前", ""),
    ("町民体育館", "東町", "避宿A"),
    ("東町公民館", "東町", "避"),
    ("保健福祉センター", "西町", "宿A"),
    ("西町公民館", "西町", "避"),
    ("川原運動公園", "川原", "避広A"),
    ("川原公民館", "川原", ""),
    ("上見本小学校", "上見本", "避宿広A"),
    ("上見本公民館", "上見本", "避"),
    ("新田集会所", "新田", ""),
    ("新田農村公園", "新田", "広"),
    ("下見本公民館", "下見本", "避宿A"),
    ("渡場集会所", "渡場", "避古"),
    ("クリーンセンター", "渡場", ""),
    ("小見本公民館", "小見本", "避宿A"),
    ("小見本浄水場", "小見本", ""),
    ("奥沢集会所", "奥沢", "避古A"),
)
ON_HIGH_GROUND = {
    "見本町役場",
    "見本小学校",
    "見本中学校",
    "見本消防署",
    "上見本小学校",
    "小見本公民館",
    "中央公園",
}


@dataclass(frozen=True)
class Facility:
    """One public building or ground. depth_rank is 0 outside every flood zone."""

    number: int
    name: str
    area: Area
    marks: str
    x: float
    y: float
    depth_rank: int
    slide: bool

    @property
    def address(self) -> str:
        return f"岐阜県見本郡見本町大字{self.area.name}{100 + 7 * self.number}番地{1 + self.number % 9}"

    @property
    def phone(self) -> str:
        return f"0000-00-{1000 + self.number:04d}"

    def common_id(self, kind: int) -> str:
        """The 国土地理院 number: kind 1 = shelter, 2 = evacuation site; both begin alike."""
        return f"E21999{self.number:05d}{kind}01"

    def is_park(self) -> bool:
        return "公園" in self.name


def place_facilities(
    seed: int,
    side: Roadside,
    areas: tuple[Area, ...],
    zones: tuple[Flood, ...],
    slides: shapely.Geometry,
    water: shapely.Geometry,
) -> tuple[Facility, ...]:
    """Every facility beside a street of its area; schools and the town hall outside flood and slides."""
    rng = stream(seed, "facilities")
    floods = shapely.union_all([zone.area for zone in zones])
    by_name = {area.name: area for area in areas}
    found: list[Facility] = []
    for number, (name, place, marks) in enumerate(FACILITIES, 1):
        area = by_name[place]
        near = side.within(area.shape.buffer(-6))
        avoid = shapely.union_all([water, floods, slides]) if name in ON_HIGH_GROUND else water
        x, y = _free_spot(near, area.shape.buffer(-3), avoid, found, rng, 46.0 if "広" in marks else 24.0)
        here = shapely.Point(x, y)
        rank = max((zone.rank for zone in zones if zone.area.intersects(here)), default=0)
        found.append(Facility(number, name, area, marks, x, y, rank, bool(slides.intersects(here))))
    return tuple(found)


def _free_spot(
    near: Roadside,
    inside: shapely.Geometry,
    avoid: shapely.Geometry,
    taken: list[Facility],
    rng: np.random.Generator,
    off_m: float,
) -> tuple[float, float]:
    """A spot off the road, out of what is to be avoided (if any is) and clear of other facilities."""
    best, most = (0.0, 0.0), -np.inf
    for k in rng.permutation(len(near.xy))[:60].tolist():
        x, y = near.beside(k, off_m * float(rng.choice([-1, 1])))
        here = shapely.Point(x, y)
        wrong = 2.0 * (not inside.contains(here)) + avoid.intersects(here)
        room = min((float(np.hypot(x - other.x, y - other.y)) for other in taken), default=500.0)
        crowd = float(np.hypot(*(near.xy - near.xy.mean(axis=0))[k]))
        worth = min(room, 220) - 0.25 * crowd - 5000 * wrong
        if worth > most:
            best, most = (x, y), worth
    return best
