"""Three hundred made-up reports over two fiscal years: who reported what, where and by which channel."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

import numpy as np
import shapely

from gisapp.sample.careers import DONE, JST, Step, career
from gisapp.sample.chance import pick, stream
from gisapp.sample.photos import PhotoPlan
from gisapp.sample.plane import lon_lat_of, metres_of
from gisapp.sample.spots import area_of, roadside
from gisapp.sample.town import Town
from gisapp.sample.voices import answers, saying

REPORTS, DUPLICATES, RECENT = 300, 9, 38
CATEGORIES = {
    "road_damage": 34,
    "illegal_dumping": 15,
    "street_light": 15,
    "other": 11,
    "river_channel": 10,
    "park_playground": 8,
    "water_leak": 7,
}
CHANNELS = {"web": 48, "phone": 19, "line": 13, "patrol": 12, "counter": 8}
PHOTO_CHANCE = {"web": 0.76, "phone": 0.04, "line": 0.93, "patrol": 0.97, "counter": 0.2}
SOURCES = {
    "web": {"exif": 4, "gps": 3, "map_tap": 4},
    "line": {"gps": 3, "map_tap": 2},
    "phone": {"address": 3, "landmark": 1},
    "counter": {"address": 2, "staff": 2},
    "patrol": {"gps": 3, "staff": 1},
}
OFFICE = ("phone", "counter", "patrol")
DUMPED_TOGETHER, DUMPED_ALONG_M = 0.75, 160.0
PEOPLE = (
    "見本 太郎",
    "見本 花子",
    "見本 次郎",
    "例示 一子",
    "例示 三郎",
    "試験 四季",
    "架空 五月",
    "架空 六郎",
)
OPEN_WAYS: tuple[tuple[str, ...], ...] = (
    (),
    ("triaged",),
    ("triaged", "info_requested"),
    ("triaged", "investigating"),
    ("triaged", "scheduled"),
    ("triaged", "in_progress"),
    ("referred",),
    ("triaged", *DONE, "reopened"),
)
CLOSED_WAYS: tuple[tuple[str, ...], ...] = (
    ("triaged", "investigating", "no_action"),
    ("out_of_scope",),
    ("rejected",),
    ("triaged", *DONE),
    ("triaged", "info_requested", "closed_no_reply"),
    ("referred", "referred_closed"),
    ("triaged", *DONE, "archived"),
    ("triaged", "withdrawn"),
)
_NAMES = uuid5(NAMESPACE_URL, "https://mihon.example.jp/reports")


@dataclass(frozen=True)
class SampleReport:
    """One report as it came in (received_at in UTC), its photos still to be drawn, and what followed."""

    uuid: UUID
    category: str
    lon: float
    lat: float
    geom_source: str
    body: str
    answers: dict[str, str]
    contact: dict[str, str] | None
    channel: str
    received_at: datetime
    photos: tuple[PhotoPlan, ...]
    history: tuple[Step, ...]


def write_reports(town: Town, today: date) -> tuple[SampleReport, ...]:
    """All reports, oldest first; everything in them happened before `today` began in Japan."""
    rng = stream(town.seed, "reports")
    until = datetime.combine(today, time(), JST).astimezone(UTC)
    days = _days(rng, today)
    reports = []
    for number, received in enumerate(days):
        reports.append(_report(rng, town, number, received, until, _forced(number, len(days))))
    _add_duplicates(rng, town, reports, until)
    return tuple(sorted(reports, key=lambda report: (report.received_at, report.uuid.hex)))


def fiscal_start(today: date) -> date:
    """1 April before the year that holds `today`: where the two fiscal years begin."""
    year = today.year if (today.month, today.day) >= (4, 1) else today.year - 1
    return date(year - 1, 4, 1)


def _days(rng: np.random.Generator, today: date) -> list[datetime]:
    """Moments of arrival: more in the rainy season and typhoon months, more lately, some in the last days."""
    start = fiscal_start(today)
    span = (today - start).days
    day = np.array([start + timedelta(days=k) for k in range(span)])
    busy = np.array(
        [1.7 if d.month in (6, 7, 9) else 0.8 if d.month in (1, 2) else 1.0 for d in day]
    ) * np.linspace(0.7, 1.3, span)
    chosen = np.sort(rng.choice(span, REPORTS - DUPLICATES - RECENT, p=busy / busy.sum()))
    recent = np.sort(span - 1 - (rng.exponential(8.0, RECENT).astype(int) % min(span, 40)))
    return [_moment(rng, day[k]) for k in sorted([*chosen.tolist(), *recent.tolist()])]


def _moment(rng: np.random.Generator, day: date) -> datetime:
    minute = int(np.clip(rng.normal(13.5, 3.8), 6.5, 22.5) * 60)
    return datetime.combine(day, time(minute // 60, minute % 60, int(rng.integers(60))), JST).astimezone(UTC)


def _forced(number: int, count: int) -> tuple[str, ...] | None:
    """Ways given to a few reports so that every state occurs: open ones late, closed ones early."""
    from_end = count - 1 - number
    if from_end < 3 * len(OPEN_WAYS):
        return OPEN_WAYS[from_end // 3] if from_end % 3 == 0 else None
    return CLOSED_WAYS[number // 2] if number % 2 == 0 and number // 2 < len(CLOSED_WAYS) else None


def _report(
    rng: np.random.Generator,
    town: Town,
    number: int,
    received: datetime,
    until: datetime,
    way: tuple[str, ...] | None,
) -> SampleReport:
    category, channel = (pick(rng, list(table), list(table.values())) for table in (CATEGORIES, CHANNELS))
    local = received.astimezone(JST)
    if local.weekday() >= 5 and channel in OFFICE:  # the offices are shut
        channel = "web"
    if channel in OFFICE:
        received = local.replace(hour=9 + local.minute % 8).astimezone(UTC)
    x, y, names = _place(rng, town, category)
    source = pick(rng, list(SOURCES[channel]), list(SOURCES[channel].values()))
    uuid = uuid5(_NAMES, f"{town.seed}/{number}")
    lon, lat = lon_lat_of(x, y)
    topic = "mirror" if category == "street_light" and rng.random() < 0.3 else category
    photos = _photos(rng, topic, channel, source, (x, y), received)
    body = saying(rng, topic, channel, names, False)
    return SampleReport(
        uuid,
        category,
        lon,
        lat,
        source,
        body,
        answers(rng, category, body),
        _contact(rng, channel),
        channel,
        received,
        photos,
        career(rng, received, until, way),
    )


def _contact(rng: np.random.Generator, channel: str) -> dict[str, str] | None:
    """An obviously made-up person, or nobody."""
    if channel == "patrol" or rng.random() < 0.4:
        return None
    n = int(rng.integers(len(PEOPLE)))
    return {
        "name": PEOPLE[n],
        "phone": f"000-0000-{1000 + n}",
        "email": f"mihon{n + 1}@example.jp" if channel != "phone" else "",
    }


def _place(rng: np.random.Generator, town: Town, category: str) -> tuple[float, float, dict[str, str]]:
    """Where such a thing is found, in the town's metres, and the names a person there would use."""
    names = {"river": town.rivers[0].name, "park": "中央公園"}
    if category == "river_channel":
        river = pick(rng, town.rivers, (5, 2, 2))
        names["river"] = river.name
        at = river.line.interpolate(float(rng.uniform(0.06, 0.94)), normalized=True)
        x, y = (
            at.x + float(rng.normal(0, river.half_m * 0.7)),
            at.y + float(rng.normal(0, river.half_m * 0.7)),
        )
    elif category == "park_playground":
        park = pick(rng, [f for f in town.facilities if f.is_park()])
        names["park"] = park.name
        x, y = park.x + float(rng.normal(0, 12)), park.y + float(rng.normal(0, 12))
    else:
        x, y = _on_road(rng, town, category)
    section = town.sections[
        int(np.argmin(shapely.distance([s.line for s in town.sections], shapely.Point(x, y))))
    ]
    return x, y, {**names, "area": area_of(town.areas, x, y).name, "road": section.name}


def _on_road(rng: np.random.Generator, town: Town, category: str) -> tuple[float, float]:
    hills = rng.random() < (
        0.55 if category == "illegal_dumping" else 0.08 if category == "road_damage" else 0.0
    )
    chosen = [k for k, s in enumerate(town.sections) if (s.settlement < 0) == hills and s.manager != "私道"]
    weights = [town.sections[k].line.length for k in chosen]
    mask = np.zeros(len(town.sections), dtype=bool)
    mask[pick(rng, chosen, weights)] = True
    side = roadside(town.sections, mask, 9.0)
    spot = side.beside(int(rng.integers(len(side.xy))), float(rng.uniform(-3.5, 3.5)))
    return _dumping_ground(town, *spot) if category == "illegal_dumping" and hills else spot


def _dumping_ground(town: Town, x: float, y: float) -> tuple[float, float]:
    """Most of what is thrown away in the hills lies along one road: a crowd that a round has to find.

    Which and where is read off the spot itself, so that no other draw of the sample changes.
    """
    if x * 13.0 % 1.0 > DUMPED_TOGETHER:
        return x, y
    hills = [one for one in town.sections if one.settlement < 0 and one.manager != "私道"]
    road = max(hills, key=lambda one: one.line.length).line
    at = road.interpolate(road.length / 2 + (x * 7.0 % 1.0 - 0.5) * DUMPED_ALONG_M)
    return at.x + (y * 7.0 % 1.0 - 0.5) * 7.0, at.y + (y * 13.0 % 1.0 - 0.5) * 7.0


def _photos(
    rng: np.random.Generator,
    category: str,
    channel: str,
    source: str,
    place: tuple[float, float],
    received: datetime,
) -> tuple[PhotoPlan, ...]:
    if source != "exif" and rng.random() > PHOTO_CHANCE[channel]:
        return ()
    count = pick(rng, (1, 2, 3), (70, 22, 8))
    # LINE strips the position from photos; the other channels keep it when the phone wrote it.
    located = source == "exif" or (channel != "line" and rng.random() < 0.5)
    plans = []
    for n in range(count):
        x, y = (c + float(rng.normal(0, 4)) for c in place)
        taken = received - timedelta(minutes=int(rng.integers(3, 60)) + 2 * (count - n))
        plans.append(
            PhotoPlan(
                category,
                int(rng.integers(2**31)),
                taken,
                lon_lat_of(x, y) if located else None,
                pick(rng, (1, 6, 3, 8), (70, 20, 5, 5)),
            )
        )
    return tuple(plans)


def _add_duplicates(
    rng: np.random.Generator, town: Town, reports: list[SampleReport], until: datetime
) -> None:
    """People who report what another one has reported a few days before."""
    first = [r for r in reports if r.channel == "web" and until - r.received_at > timedelta(days=12)]
    for number in range(DUPLICATES):
        original = first[int(len(first) * (number + 0.5) / DUPLICATES)]
        received = original.received_at + timedelta(days=1 + number % 4, minutes=int(rng.integers(10, 200)))
        x, y = (c + float(rng.uniform(-4, 4)) for c in metres_of(original.lon, original.lat))
        area = area_of(town.areas, x, y).name
        names = {"area": area, "road": "道路", "river": town.rivers[0].name, "park": "公園"}
        lon, lat = lon_lat_of(x, y)
        topic = "mirror" if "ミラー" in original.body else original.category
        body = saying(rng, topic, "web", names, True)
        way = ("triaged", "duplicate") if number % 2 else ("duplicate",)
        reports.append(
            replace(
                original,
                uuid=uuid5(_NAMES, f"{town.seed}/again/{number}"),
                lon=lon,
                lat=lat,
                geom_source="map_tap",
                body=body,
                answers=answers(rng, original.category, body),
                contact=_contact(rng, "web"),
                received_at=received,
                photos=_photos(rng, topic, "web", "map_tap", (x, y), received)[:1],
                history=career(rng, received, until, way, original.uuid),
            )
        )
