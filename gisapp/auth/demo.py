"""The accounts of the sample town: for trying things out on the machine itself, and nowhere else."""

from __future__ import annotations

from datetime import datetime

from gisapp.auth.accounts import Accounts
from gisapp.person import Person, Role

DEMO_PASSWORD = "mihon-demo-2026"
_EDITOR = frozenset({Role.STAFF, Role.EDITOR})
DEMO = (
    Person("kankyo", "環境課の職員", "環境課", _EDITOR),
    Person("kiki", "危機管理課の職員", "危機管理課", _EDITOR),
    Person("doboku", "建設課の職員", "建設課", _EDITOR),
    Person("madoguchi", "総合窓口の職員", "総合窓口", frozenset({Role.STAFF})),
    Person("admin", "情報システムの管理者", "総務課", frozenset({Role.STAFF, Role.ADMIN})),
)


def plant_accounts(accounts: Accounts, at: datetime) -> None:
    """Make the demo accounts."""
    for person in DEMO:
        accounts.add(person, DEMO_PASSWORD, at, demo=True)
