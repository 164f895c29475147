"""Taking a report in at the residents' door: who sends, may they, what they gave, and then the receipt."""

from __future__ import annotations

from dataclasses import dataclass, replace

from starlette.requests import Request

from gisapp.flows.sealed import age_of, is_work
from gisapp.flows.submit import Receipt, accept, submit
from gisapp.flows.suspicion import ADDRESS, DEVICE, EMAIL, not_blocked, suspicion
from gisapp.rules import rules_of
from gisapp.town import Town
from gisapp.web.abuse import Quota, Sender, TooMany, sender_of
from gisapp.web.report.given import Given, draft_of
from reports_store import ReportStore
from reports_store.errors import UnknownReport


@dataclass(frozen=True, slots=True)
class Door:
    """The door of one town and what it has counted."""

    town: Town
    quota: Quota

    def sender(self, request: Request) -> Sender:
        return sender_of(request, self.town.settings.trusted_proxy)

    def take(self, given: Given, sender: Sender) -> Receipt:
        """Keep a report and answer with its receipt; the same one for the same report sent again.

        Raises Faults, TooMany, Blocked and the other ReportsErrors; then nothing was kept.
        """
        town, mode, now = self.town, self.town.mode, self.town.now()
        worked = self.has_worked(given)
        marks = {DEVICE: sender.device, ADDRESS: sender.address, EMAIL: _email(given)}
        reason = not_blocked(marks, town.reports, town.secret, mode, now)
        draft = draft_of(given, town.categories, town.layers, town.profile)
        try:
            self.quota.check_report(sender, mode, worked=worked)
            self.quota.check_place(draft.place.lon, draft.place.lat, mode)
        except TooMany:
            if not is_known(draft.uuid, town.reports):  # one that was taken in is told its number again
                raise
        suspect = suspicion(town.secret, given.token, given.trap, now) or reason
        draft = replace(draft, suspect=suspect)
        if given.photos_came:
            receipt = accept(draft, town.reports, town.photos, rules_of(town))
        else:
            receipt = submit(draft, town.reports, rules_of(town))
        if receipt.new:
            self.quota.count_report(sender, draft.place.lon, draft.place.lat, mode, worked=worked)
        return receipt

    def has_worked(self, given: Given) -> bool:
        """Whether the browser has done the small proof of work over a token of ours."""
        town = self.town
        return age_of(town.secret, given.token, town.now()) is not None and is_work(given.token, given.work)


def is_known(uuid: str, reports: ReportStore) -> bool:
    """Whether a report of this uuid was taken in before."""
    try:
        reports.by_uuid(uuid)
    except UnknownReport:
        return False
    return True


def _email(given: Given) -> str:
    return str(given.contact.get("email") or "").strip().lower()
