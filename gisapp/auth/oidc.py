"""Single sign-on by OpenID Connect: code flow with PKCE, state and nonce, spoken by Authlib.

The provider says who somebody is; what they may do here is said by sign_in.toml. The outcome is a session of
ours like any other. Nothing of the provider's is trusted before its signature, issuer, audience, time and nonce fit.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from gisapp.auth.errors import ProviderAway, ProviderRefused
from gisapp.settings import LOCAL, Settings

log = logging.getLogger("gisapp.auth.oidc")
PATIENCE_S = 10
KEPT_S = 3600  # how long the provider's own description and keys are believed
LEEWAY_S = 60  # between its clock and ours
SIGNED_WITH = ["RS256", "PS256", "ES256"]
WANTED = ("authorization_endpoint", "token_endpoint", "jwks_uri")
LARGEST = 1_000_000


@dataclass(frozen=True, slots=True)
class Handshake:
    """What one browser was sent to the provider with; it comes back in a signed cookie of that browser."""

    state: str
    nonce: str
    verifier: str
    back: str

    @classmethod
    def new(cls, back: str) -> Handshake:
        return cls(token_urlsafe(24), token_urlsafe(24), token_urlsafe(48), back)


@dataclass(frozen=True, slots=True)
class Named:
    """Whom the provider has named: its word for them, what it says of them, and its proof for signing out."""

    subject: str
    claims: Mapping[str, Any]
    id_token: str


class Provider:
    """One provider of single sign-on, and this app's place there."""

    def __init__(self, issuer: str, client: str, secret: str) -> None:
        self._issuer, self._client, self._secret = issuer, client, secret
        self._lock = threading.Lock()
        self._known: tuple[float, dict[str, Any], KeySet] | None = None

    @classmethod
    def of(cls, settings: Settings) -> Provider | None:
        """The provider that the settings name, or None."""
        if not settings.oidc_issuer:
            return None
        return cls(settings.oidc_issuer, settings.oidc_client, settings.oidc_secret)

    def way(self, handshake: Handshake, callback: str) -> str:
        """Where to send the browser. Raises ProviderAway."""
        described, _ = self._described()
        with self._client_for(callback) as client:
            address, _ = client.create_authorization_url(
                described["authorization_endpoint"],
                state=handshake.state,
                nonce=handshake.nonce,
                code_verifier=handshake.verifier,
            )
        return str(address)

    def answered(self, given: Mapping[str, str], handshake: Handshake, callback: str) -> Named:
        """Who came back with these parameters in the address. Raises ProviderAway, ProviderRefused."""
        described, _ = self._described()
        if (
            given.get("state") != handshake.state
            or given.get("iss", described["issuer"]) != described["issuer"]
        ):
            raise ProviderRefused("state")
        if "code" not in given:
            raise ProviderRefused(given.get("error", "no code")[:60])
        token = self._token(described, given["code"], handshake, callback)
        claims = self._checked(token.get("id_token"), handshake.nonce)
        return Named(
            f"{described['issuer']} {claims['sub']}",
            {**self._more(described, token, str(claims["sub"])), **claims},
            str(token["id_token"]),
        )

    def way_out(self, id_token: str, back: str) -> str | None:
        """Where the browser ends the provider's own session, or None where it offers no such place."""
        try:
            described, _ = self._described()
        except ProviderAway:
            return None
        place = described.get("end_session_endpoint")
        if not place:
            return None
        asked = urlencode(
            {"id_token_hint": id_token, "client_id": self._client, "post_logout_redirect_uri": back}
        )
        return f"{place}{'&' if '?' in place else '?'}{asked}"

    def _client_for(self, callback: str) -> OAuth2Session:
        return OAuth2Session(
            self._client,
            self._secret or None,
            scope="openid profile email",
            redirect_uri=callback,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic" if self._secret else "none",
        )

    def _token(
        self, described: Mapping[str, Any], code: str, handshake: Handshake, callback: str
    ) -> dict[str, Any]:
        try:
            with self._client_for(callback) as client:
                found = client.fetch_token(
                    described["token_endpoint"],
                    code=code,
                    grant_type="authorization_code",
                    code_verifier=handshake.verifier,
                    timeout=PATIENCE_S,
                    allow_redirects=False,
                )
        except (AuthlibBaseError, KeyError) as error:  # the provider says no to this code
            log.warning("the provider refused a code: %s", error)
            raise ProviderRefused("code") from error
        except (requests.RequestException, ValueError) as error:
            raise self._away(error) from error
        return dict(found)

    def _checked(self, id_token: object, nonce: str) -> dict[str, Any]:
        """The claims of an ID token that is the provider's, for us, of now and for this very sign-in."""
        if not isinstance(id_token, str) or len(id_token) > LARGEST:
            raise ProviderRefused("id_token")
        described, keys = self._described()
        try:
            try:
                claims = jwt.decode(id_token, keys, algorithms=SIGNED_WITH).claims
            except InvalidKeyIdError:  # it may have got a new key since we asked
                described, keys = self._described(anew=True)
                claims = jwt.decode(id_token, keys, algorithms=SIGNED_WITH).claims
            jwt.JWTClaimsRegistry(
                leeway=LEEWAY_S,
                iss={"essential": True, "value": described["issuer"]},
                aud={"essential": True, "value": self._client},
                exp={"essential": True},
                iat={"essential": True},
                sub={"essential": True},
                nonce={"essential": True, "value": nonce},
                azp={"value": self._client},
            ).validate(claims)
        except (JoseError, ValueError) as error:
            log.warning("an ID token was refused: %s", error)
            raise ProviderRefused("id_token") from error
        return dict(claims)

    def _more(self, described: Mapping[str, Any], token: Mapping[str, Any], subject: str) -> dict[str, Any]:
        """What the provider tells only when asked: some keep groups out of the ID token."""
        place, bearer = described.get("userinfo_endpoint"), token.get("access_token")
        if not place or not bearer:
            return {}
        try:
            found = _fetched(place, {"Authorization": f"Bearer {bearer}"})
        except (requests.RequestException, ValueError) as error:
            raise self._away(error) from error
        return found if found.get("sub") == subject else {}

    def _described(self, anew: bool = False) -> tuple[dict[str, Any], KeySet]:
        """The provider's description of itself and its keys, kept for an hour. Raises ProviderAway."""
        with self._lock:
            if self._known is None or anew or time.monotonic() > self._known[0]:
                try:
                    self._known = (time.monotonic() + KEPT_S, *self._fetch())
                except (requests.RequestException, ValueError, KeyError, JoseError) as error:
                    raise self._away(error) from error
            return self._known[1], self._known[2]

    def _fetch(self) -> tuple[dict[str, Any], KeySet]:
        described = _fetched(f"{self._issuer}/.well-known/openid-configuration")
        if str(described["issuer"]).rstrip("/") != self._issuer:
            raise ValueError(f"it calls itself {described['issuer']!r}")
        for name in WANTED:
            _safe(described[name])
        offered = _fetched(described["jwks_uri"])["keys"]
        ours = [key for key in offered if key.get("kty") in {"RSA", "EC"} and key.get("use", "sig") == "sig"]
        return described, KeySet.import_key_set({"keys": ours})

    def _away(self, error: Exception) -> ProviderAway:
        log.error("the provider %s cannot be used: %s", self._issuer, error)
        return ProviderAway(urlsplit(self._issuer).netloc)


def _fetched(address: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A JSON object from an address. Raises requests' errors, or ValueError for anything else."""
    answer = requests.get(
        _safe(address), headers=dict(headers or {}), timeout=PATIENCE_S, allow_redirects=False
    )
    if answer.status_code != 200 or len(answer.content) > LARGEST:
        raise ValueError(f"{address} answered {answer.status_code}")
    found = answer.json()
    if not isinstance(found, dict):
        raise ValueError(f"{address} answered with something that is no object")
    return found


def _safe(address: str) -> str:
    """The address, if what is said there cannot be listened to: https, or this machine itself."""
    parts = urlsplit(address)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOCAL):
        raise ValueError(f"{address!r}: expected https")
    return address
