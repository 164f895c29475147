"""A provider of single sign-on on loopback: OpenID Connect's code flow with PKCE, RS256, and signing out.

It keeps to the book (a code is good once, for one redirect address, with the right verifier and secret), and it
can be told to break it, one rule at a time.
"""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "machi-chizu", "a secret of the town hall"
KEY, STRANGERS_KEY = (RSAKey.generate_key(2048, {"kid": name}) for name in ("ours", "ours"))


@dataclass
class Provider:
    """What the provider knows: who sits before it, what it will say of them, and what it was asked."""

    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    broken: dict[str, Any] = field(default_factory=dict)  # claims of the ID token, written over
    key: RSAKey = field(default_factory=lambda: KEY)
    asked: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    signed_out: list[str] = field(default_factory=list)

    def id_token(self, nonce: str) -> str:
        now = int(time.time())
        said = {"iss": self.url, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        return jwt.encode({"alg": "RS256", "kid": "ours"}, {**said, **self.claims, **self.broken}, self.key)


@contextmanager
def provider() -> Iterator[Provider]:
    """The provider on a free port, until the block ends."""
    told = Provider()

    class Desk(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            if parts.path == "/.well-known/openid-configuration":
                ends = {
                    f"{one}_endpoint": f"{told.url}/{one}" for one in ("authorization", "token", "userinfo")
                }
                self._json({"issuer": told.url, "jwks_uri": f"{told.url}/jwks",
                            "end_session_endpoint": f"{told.url}/out", **ends})  # fmt: skip
            elif parts.path == "/jwks":
                self._json({"keys": [KEY.as_dict(private=False)]})
            elif parts.path == "/authorization":
                told.asked.append(asked)
                code = token_urlsafe(16)
                told.codes[code] = asked
                self._go(asked["redirect_uri"], {"code": code, "state": asked["state"], "iss": told.url})
            elif parts.path == "/userinfo":
                self._json(told.claims)
            elif parts.path == "/out":
                told.signed_out.append(asked["id_token_hint"])
                self._go(asked["post_logout_redirect_uri"], {})
            else:
                self._json({}, 404)

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            given = {name: values[0] for name, values in parse_qs(body).items()}
            asked = told.codes.pop(given.get("code", ""), None)
            whole = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
            digest = sha256(given.get("code_verifier", "").encode()).digest()
            challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
            fits = (
                asked is not None
                and self.headers.get("authorization") == f"Basic {whole}"
                and (asked["code_challenge"], asked["code_challenge_method"]) == (challenge, "S256")
                and asked["redirect_uri"] == given.get("redirect_uri")
            )
            if not fits or asked is None:
                self._json({"error": "invalid_grant"}, 400)
                return
            token = told.id_token(asked["nonce"])
            self._json({"access_token": token_urlsafe(16), "token_type": "Bearer", "id_token": token})

        def _json(self, said: dict[str, Any], status: int = 200) -> None:
            body = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _go(self, address: str, extra: dict[str, str]) -> None:
            self.send_response(302)
            self.send_header("Location", f"{address}?{urlencode(extra)}" if extra else address)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    told.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
