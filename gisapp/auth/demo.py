"""The accounts of the sample town: for trying things out on the machine itself, and nowhere else."""

from __future__ import annotations

from datetime import datetime

from gisapp.auth.accounts import Accounts
from gisapp.person import Person, Role

DEMO_PASSWORD = "mihon-demo-2026"
_EDITOR = frozenset({Role.STAFF, Role.EDITOR})
# One person of every role at least; the logins are romaji of the office.
DEMO = (
    Person("madoguchi", "総合窓口の受付", "総合窓口", frozenset({Role.CLERK})),
    Person("doboku", "建設課の職員", "建設課", _EDITOR),
    Person("kacho", "建設課の課長", "建設課", frozenset({Role.HEAD})),
    Person("genba", "建設課の現場担当", "建設課", frozenset({Role.FIELD})),
    Person("kankyo", "環境課の職員", "環境課", _EDITOR),
    Person("toshi", "都市計画課の職員", "都市計画課", frozenset({Role.STAFF})),
    Person("kiki", "危機管理課の職員", "危機管理課", _EDITOR),
    Person("honbu", "災害対策本部の職員", "危機管理課", frozenset({Role.HQ})),
    Person("opendata", "オープンデータの担当", "総務課", frozenset({Role.EDITOR})),
    Person("etsuran", "閲覧だけの職員", "総務課", frozenset({Role.READER})),
    Person("admin", "情報システムの管理者", "総務課", frozenset({Role.STAFF, Role.ADMIN})),
)


def plant_accounts(accounts: Accounts, at: datetime) -> None:
    """Make the demo accounts."""
    accounts.add_demo(DEMO, DEMO_PASSWORD, at)
