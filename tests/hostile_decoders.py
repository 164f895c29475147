"""Decoders as an attacker would wish them, given to the photo process by name in place of ours."""

from __future__ import annotations

import os
import resource
import socket
import sys
import time
from dataclasses import replace
from io import BytesIO
from pathlib import Path

from reports_store.photo_work import Derived, derived
from tests.photo_makers import GPS, photo_bytes


def hangs(data: bytes) -> Derived:
    time.sleep(3600)
    return derived(data)


def spins(data: bytes) -> Derived:
    while True:
        pass


def aborts(data: bytes) -> Derived:
    os.abort()


def swallows_memory(data: bytes) -> Derived:
    held = bytearray(3_000_000_000)
    return derived(data[: len(held)])


def talks_without_end(data: bytes) -> Derived:
    return replace(derived(data), large=b"\xff" * (200 << 20))


def shouts_into_the_answer(data: bytes) -> Derived:
    sys.stdout.write("not an answer\n")
    sys.stdout.flush()
    return derived(data)


def hands_out_the_photo_itself(data: bytes) -> Derived:
    return replace(derived(data), large=photo_bytes(gps=GPS))


def hangs_a_page_on_the_picture(data: bytes) -> Derived:
    work = derived(data)
    return replace(work, small=work.small + b"<script>alert(1)</script>")


def speaks_of_another_photo(data: bytes) -> Derived:
    return replace(derived(data), original_sha256="0" * 64)


def crashes_on_grey(data: bytes) -> Derived:
    """Ours, but for one photo in the middle of others."""
    from PIL import Image

    with Image.open(BytesIO(data)) as image:
        if image.mode == "L":
            os.abort()
    return derived(data)


def tries_to_get_out(data: bytes) -> Derived:
    """Writes a file beside the photos, and calls a server; says in the picture's size whether either worked."""
    wrote = called = 0
    try:
        (Path("/tmp") / f"escaped-{os.getppid()}").write_bytes(b"here")
        wrote = 1
    except OSError:
        (Path("/tmp") / f"escaped-{os.getppid()}").unlink(missing_ok=True)
    port = int.from_bytes(data[-2:], "big")
    try:
        with socket.create_connection(("127.0.0.1", port), 2):
            called = 1
    except OSError:
        pass
    bound = resource.getrlimit(resource.RLIMIT_AS)[0] > 0
    return replace(derived(data), width=10 + wrote, height=10 + called + (0 if bound else 100))
