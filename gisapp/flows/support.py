"""「同じところで困っている」: one more person stands behind a public report."""

from __future__ import annotations

import hashlib
import hmac
from datetime import datetime

from reports_store import Categories, ReportStore
from reports_store.privacy import public
from reports_store.report import canonical_uuid


def support(
    public_id: str, uuid: str, reports: ReportStore, categories: Categories, secret: bytes, now: datetime
) -> int:
    """Count a device or a report behind a public report, once; returns how many there are now.

    Raises UnknownReport, NotPublic, InvalidValue for what is not a UUID.
    """
    supporter = hmac.digest(secret, b"support:" + canonical_uuid("uuid", uuid).encode(), hashlib.sha256)
    found = reports.get(public_id)
    public(found, categories[found.category])
    return reports.support(found.id, supporter, now)
