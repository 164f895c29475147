"""Who may read a report for an hour: a sealed cookie that the 照会番号 opens, and limits on guessing it."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from starlette.requests import Request
from starlette.responses import Response

from gisapp.flows.sealed import mark_of, sealed, unsealed
from gisapp.web.shell import is_https

log = logging.getLogger("gisapp.track")
COOKIE = "gisapp_track"
PATH = "/track/"
LASTS = timedelta(minutes=60)  # from the last time it was used
WRONG_CODES = parse("10 per hour")
ALARM = parse("100 per hour")  # wrong codes of all together: somebody is guessing
_PURPOSE, _FORM = "track", "track-form"


@dataclass(frozen=True, slots=True)
class Pass:
    """Leave to follow one report from one browser."""

    report_id: int
    nonce: str

    @classmethod
    def new(cls, report_id: int) -> Pass:
        return cls(report_id, secrets.token_urlsafe(12))

    @classmethod
    def of(cls, request: Request, secret: bytes, at: datetime) -> Pass | None:
        """The pass a request carries; None for none, an ended one, or one that we did not make."""
        text = unsealed(secret, _PURPOSE, request.cookies.get(COOKIE, ""))
        if text is None:
            return None
        number, nonce, until = text.split(".")
        return cls(int(number), nonce) if at.timestamp() < int(until) else None

    def token(self, secret: bytes) -> str:
        """What every form of this browser and report carries."""
        return sealed(secret, _FORM, f"{self.report_id}.{self.nonce}").partition(".")[0]

    def fits(self, token: str, secret: bytes) -> bool:
        """Whether a form was made for this browser and report."""
        return secrets.compare_digest(token.encode("utf-8", "replace"), self.token(secret).encode())

    def onto(self, answer: Response, request: Request, secret: bytes, at: datetime) -> Response:
        """Put the pass on an answer, good for another hour."""
        until = int((at + LASTS).timestamp())
        answer.set_cookie(
            COOKIE,
            sealed(secret, _PURPOSE, f"{self.report_id}.{self.nonce}.{until}"),
            max_age=int(LASTS.total_seconds()),
            path=PATH,
            httponly=True,
            samesite="lax",
            secure=is_https(request.scope),
        )
        return answer


def taken_back(answer: Response) -> Response:
    """The same answer, and the browser forgets its pass."""
    answer.delete_cookie(COOKIE, path=PATH)
    return answer


class Brake:
    """Counts what was tried, by address or by report, in this process's memory."""

    def __init__(self) -> None:
        self._limiter = FixedWindowRateLimiter(MemoryStorage())

    def free(self, limit: RateLimitItem, *who: str) -> bool:
        """Whether one more try would be within the limit."""
        return self._limiter.test(limit, *who)

    def hit(self, limit: RateLimitItem, *who: str, cost: int = 1) -> bool:
        """Count a try; False once there were too many."""
        return self._limiter.hit(limit, *who, cost=cost)

    def wrong_code(self, address: str, secret: bytes) -> None:
        """Count a 照会番号 that leads nowhere; many of them from everywhere are an alarm for the operator."""
        self._limiter.hit(WRONG_CODES, "code", address)
        if not self._limiter.hit(ALARM, "code"):
            mark = mark_of(secret, "address", address).hex()[:12]
            log.warning("alarm: more than %d wrong codes within an hour, now from %s", ALARM.amount, mark)
