"""Who is told of news by mail: of one report, an area, an association, a kind of report or a place.

A target is told as JSON, by kind:
  report       {"report": "R8-000123"}
  area         {"polygon": [[lon, lat], …]}  at least three corners, or {"box": [west, south, east, north]}
  association  {"association": its name}
  category     {"category": its code}
  place        {"lon": …, "lat": …, "within_m": …}
Places are compared with where residents see a report, never with where it is.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from reports_store.cells import check_box
from reports_store.errors import InvalidFilter, InvalidValue, UnknownSubscription
from reports_store.finding import NEAR_LIMIT_M
from reports_store.ground import ShownPlace, distance_m
from reports_store.plaintext import LINE_LIMIT, check_text, check_time
from reports_store.report import Report, Visibility
from reports_store.rows import from_micros, maybe_moment, to_micros
from reports_store.schema import report as report_table
from reports_store.schema import subscription
from reports_store.vocabulary import SubscriptionKind

PATIENCE = timedelta(days=3)
TARGET_LIMIT = 8000
_CORNERS = 200


@dataclass(frozen=True)
class NewSubscription:
    """A wish to be told. It counts only after confirm_subscription: the address may be another person's."""

    kind: SubscriptionKind
    target: str
    email: str
    lang: str
    token_hash: bytes
    at: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "kind", _kind(self.kind))
        object.__setattr__(self, "target", canonical_target(self.kind, self.target))
        check_text("email", self.email, LINE_LIMIT)
        check_text("lang", self.lang, 35)
        check_time("at", self.at)
        check_token(self.token_hash)


@dataclass(frozen=True)
class Subscription:
    id: int
    kind: SubscriptionKind
    target: str
    email: str
    lang: str
    token_hash: bytes
    at: datetime
    confirmed_at: datetime | None


def _kind(value: str) -> SubscriptionKind:
    if value not in list(SubscriptionKind):
        raise InvalidValue("kind", repr(value)[:60], ", ".join(SubscriptionKind))
    return SubscriptionKind(value)


def check_token(token_hash: bytes) -> bytes:
    if not isinstance(token_hash, bytes) or len(token_hash) != 32:
        raise InvalidValue("token_hash", type(token_hash).__name__, "32 bytes")
    return token_hash


def canonical_target(kind: SubscriptionKind, target: str) -> str:
    """The target in one way of writing, so that the same wish is the same text. Raises InvalidValue."""
    check_text("target", target, TARGET_LIMIT)
    try:
        told = json.loads(target)
        _CHECKS[kind](told)
    except (ValueError, KeyError, TypeError, InvalidFilter):
        raise InvalidValue("target", target[:60], f"a {kind} as JSON") from None
    return json.dumps(told, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _one_name(told: Mapping[str, Any], field: str) -> None:
    if set(told) != {field} or not isinstance(told[field], str) or not told[field]:
        raise ValueError
    check_text(field, told[field], LINE_LIMIT)


def _check_area(told: Mapping[str, Any]) -> None:
    if set(told) == {"box"}:
        west, south, east, north = told["box"]
        check_box((west, south, east, north))
    elif set(told) != {"polygon"} or not 3 <= len(told["polygon"]) <= _CORNERS:
        raise ValueError
    else:
        for lon, lat in told["polygon"]:
            _check_degrees(lon, lat)


def _check_place(told: Mapping[str, Any]) -> None:
    if set(told) != {"lon", "lat", "within_m"} or not 0 < told["within_m"] <= NEAR_LIMIT_M:
        raise ValueError
    _check_degrees(told["lon"], told["lat"])


def _check_degrees(lon: float, lat: float) -> None:
    if not (math.isfinite(lon) and math.isfinite(lat) and -180 <= lon <= 180 and -90 <= lat <= 90):
        raise ValueError


_CHECKS: Mapping[SubscriptionKind, Callable[[Any], None]] = {
    SubscriptionKind.REPORT: lambda told: _one_name(told, "report"),
    SubscriptionKind.ASSOCIATION: lambda told: _one_name(told, "association"),
    SubscriptionKind.CATEGORY: lambda told: _one_name(told, "category"),
    SubscriptionKind.AREA: _check_area,
    SubscriptionKind.PLACE: _check_place,
}


def add_subscription(connection: sa.Connection, new: NewSubscription) -> Subscription:
    """Keep a wish; the same token again is the same wish."""
    known = _by_token(connection, new.token_hash)
    if known is not None:
        return known
    connection.execute(
        subscription.insert(),
        {
            "kind": new.kind.value,
            "target": new.target,
            "email": new.email,
            "lang": new.lang,
            "token_hash": new.token_hash,
            "at": to_micros(new.at),
            "confirmed_at": None,
        },
    )
    return confirmed_or_unknown(connection, new.token_hash)


def confirm(connection: sa.Connection, token_hash: bytes, at: datetime) -> Subscription:
    """From now on this person is told. Raises UnknownSubscription for a token that has run out."""
    connection.execute(
        subscription.update()
        .where(subscription.c.token_hash == check_token(token_hash), subscription.c.confirmed_at.is_(None))
        .where(subscription.c.at >= to_micros(check_time("at", at) - PATIENCE))
        .values(confirmed_at=to_micros(at))
    )
    found = confirmed_or_unknown(connection, token_hash)
    if found.confirmed_at is None:
        raise UnknownSubscription
    return found


def confirmed_or_unknown(connection: sa.Connection, token_hash: bytes) -> Subscription:
    found = _by_token(connection, token_hash)
    if found is None:
        raise UnknownSubscription
    return found


def end(connection: sa.Connection, token_hash: bytes) -> bool:
    """Tell this person no more of it, however often they had asked to be told. Whether there was anything."""
    found = _by_token(connection, check_token(token_hash))
    if found is None:
        return False
    connection.execute(
        subscription.delete().where(
            subscription.c.kind == found.kind.value,
            subscription.c.target == found.target,
            subscription.c.email == found.email,
        )
    )
    return True


def purge(connection: sa.Connection, at: datetime) -> int:
    """Forget the addresses of those who did not confirm within three days. How many there were."""
    late = subscription.c.at < to_micros(check_time("at", at) - PATIENCE)
    return connection.execute(
        subscription.delete().where(subscription.c.confirmed_at.is_(None), late)
    ).rowcount


def interested(connection: sa.Connection, report: Report, shown: ShownPlace | None) -> list[Subscription]:
    """Every confirmed wish that a report answers, oldest first. shown is where residents see the report.

    Only those who follow the report itself are told of one that is not public.
    """
    confirmed = sa.select(subscription).where(subscription.c.confirmed_at.is_not(None))
    numbers = [report.public_id]
    if report.visibility is Visibility.PUBLIC:
        merged = sa.select(report_table.c.public_id).where(report_table.c.duplicate_of == report.public_id)
        numbers += connection.execute(merged).scalars()
    targets = [canonical_target(SubscriptionKind.REPORT, json.dumps({"report": each})) for each in numbers]
    wanted = sa.and_(_OF_A_REPORT, subscription.c.target.in_(targets))
    if report.visibility is Visibility.PUBLIC:
        wanted = sa.or_(wanted, sa.not_(_OF_A_REPORT))
    rows = [
        _subscription(row) for row in connection.execute(confirmed.where(wanted).order_by(subscription.c.id))
    ]
    return [each for each in rows if _matches(each, report, shown)]


_OF_A_REPORT = subscription.c.kind == SubscriptionKind.REPORT.value


def _matches(wish: Subscription, report: Report, shown: ShownPlace | None) -> bool:
    told = json.loads(wish.target)
    match wish.kind:
        case SubscriptionKind.REPORT:
            return True  # the database has compared the numbers
        case SubscriptionKind.CATEGORY:
            return bool(told["category"] == report.category)
        case SubscriptionKind.ASSOCIATION:
            return report.area is not None and bool(told["association"] == report.area.name)
        case SubscriptionKind.PLACE:
            return shown is not None and distance_m(told["lon"], told["lat"], shown.lon, shown.lat) <= float(
                told["within_m"]
            )
        case _:
            return shown is not None and _in_area(told, shown.lon, shown.lat)


def _in_area(told: Mapping[str, Any], lon: float, lat: float) -> bool:
    if "box" in told:
        west, south, east, north = told["box"]
        return bool(west <= lon <= east and south <= lat <= north)
    corners = told["polygon"]
    inside = False
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        if (y0 > lat) != (y1 > lat) and lon < x0 + (lat - y0) * (x1 - x0) / (y1 - y0):
            inside = not inside
    return inside


def _by_token(connection: sa.Connection, token_hash: bytes) -> Subscription | None:
    found = sa.select(subscription).where(subscription.c.token_hash == token_hash)
    row = connection.execute(found).one_or_none()
    return None if row is None else _subscription(row)


def _subscription(row: sa.Row[Any]) -> Subscription:
    return Subscription(
        id=row.id,
        kind=SubscriptionKind(row.kind),
        target=row.target,
        email=row.email,
        lang=row.lang,
        token_hash=row.token_hash,
        at=from_micros(row.at),
        confirmed_at=maybe_moment(row.confirmed_at),
    )
