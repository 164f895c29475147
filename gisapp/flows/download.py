"""Fetches a published file: only when an operator asks, only from the table of addresses, never half a file."""

from __future__ import annotations

import http.client
import shutil
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from layers.limits import MAX_BYTES

TIMEOUT_S = 60
BLOCK = 1 << 20
NOT_PUBLISHED = frozenset({404, 410})
Told = Callable[[str, int], None]


class NotPublished(Exception):
    """There is no file at the address: the ministry publishes none for this prefecture, or has moved it."""


class FetchFailed(Exception):
    """The file could not be fetched; why names what stopped it."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def download(url: str, target: Path, told: Told) -> None:
    """Put the file of an address at target, whole or not at all; told is given the address and the bytes so far.

    Redirections are followed on the same host only. Raises NotPublished or FetchFailed.
    """
    beside = target.with_name(f"{target.name}.part")
    request = urllib.request.Request(url, headers={"User-Agent": "gisapp"})
    try:
        with _opener(url).open(request, timeout=TIMEOUT_S) as answer, beside.open("wb") as file:
            _copied(answer, file.write, url, told)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in NOT_PUBLISHED:
            raise NotPublished(url) from None
        raise FetchFailed(f"HTTP {error.code}") from None
    except (urllib.error.URLError, http.client.HTTPException, OSError) as error:
        raise FetchFailed(str(getattr(error, "reason", error))) from None
    else:
        shutil.move(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def _copied(answer: http.client.HTTPResponse, write: Callable[[bytes], int], url: str, told: Told) -> None:
    promised, taken = answer.headers.get("Content-Length"), 0
    while block := answer.read(BLOCK):
        taken += write(block)
        if taken > MAX_BYTES:
            raise FetchFailed(f"> {MAX_BYTES} bytes")
        told(url, taken)
    if promised is not None and taken != int(promised):
        raise FetchFailed(f"{taken} of {promised} bytes")


def _opener(url: str) -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_SameHost(urlsplit(url).netloc))


class _SameHost(urllib.request.HTTPRedirectHandler):
    def __init__(self, host: str) -> None:
        self.host = host

    def redirect_request(self, req, fp, code, msg, headers, newurl):  # type: ignore[no-untyped-def]
        if urlsplit(newurl).netloc != self.host:
            raise FetchFailed(f"redirected to {urlsplit(newurl).netloc}")
        return super().redirect_request(req, fp, code, msg, headers, newurl)
