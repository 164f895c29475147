"""Which reports hold a picture, and which are about one feature of a layer."""

from __future__ import annotations

import sqlalchemy as sa

from reports_store.report import Asset, Report
from reports_store.rows import load
from reports_store.schema import photo, report

_MOST = 50  # of one picture: the same photo was sent with so many reports


def with_photo(connection: sa.Connection, sha256: str) -> list[Report]:
    """The reports that a picture came with or that its redacted copy belongs to, newest first."""
    found = (
        sa.select(photo.c.report_id)
        .where(sa.or_(photo.c.sha256 == sha256, photo.c.shown_as == sha256))
        .order_by(photo.c.report_id.desc())
        .limit(_MOST)
    )
    return load(connection, list(dict.fromkeys(connection.execute(found).scalars())))


def of_asset(connection: sa.Connection, asset: Asset, limit: int) -> list[Report]:
    """The reports about one feature, newest first."""
    found = (
        sa.select(report.c.id)
        .where(report.c.asset_layer == asset.layer, report.c.asset_id == asset.feature_id)
        .order_by(report.c.received_at.desc(), report.c.id.desc())
        .limit(limit)
    )
    return load(connection, list(connection.execute(found).scalars()))


def of_parent(connection: sa.Connection, public_id: str) -> list[Report]:
    """The reports that were split from one, in the order of their numbers."""
    found = sa.select(report.c.id).where(report.c.parent == public_id).order_by(report.c.id).limit(_MOST)
    return load(connection, list(connection.execute(found).scalars()))


def duplicates_of(connection: sa.Connection, public_id: str) -> list[Report]:
    """The reports that were merged into one, in the order of their numbers."""
    found = (
        sa.select(report.c.id).where(report.c.duplicate_of == public_id).order_by(report.c.id).limit(_MOST)
    )
    return load(connection, list(connection.execute(found).scalars()))
