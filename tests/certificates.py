"""Certificates for servers of tests: of an authority that a test may trust, and one nobody vouches for."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Authority:
    """file is the authority's own certificate: SSL_CERT_FILE names it to whoever shall trust it."""

    file: Path
    made: trustme.CA

    def server(self, *names: str) -> ssl.SSLContext:
        """What a server of these names speaks TLS with."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.made.issue_cert(*names).configure_cert(context)
        return context


def authority(folder: Path) -> Authority:
    made = trustme.CA()
    file = folder / "authority.pem"
    made.cert_pem.write_to_path(file)
    return Authority(file, made)
