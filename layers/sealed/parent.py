"""Starts the process that opens a file, and turns whatever becomes of it into an answer or a fault."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from layers.errors import Fault, Grade, UnreadableFile

log = logging.getLogger("layers.sealed")
TIMEOUT_S = 300
_HOUSE = Path(__file__).resolve().parents[2]
_KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR", "SYSTEMROOT", "LD_LIBRARY_PATH")
# Nothing of this is needed when only the one driver of the file's format is there; it is the second wall.
_NO_WAY_OUT = {
    "PROJ_NETWORK": "OFF",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": "{none}",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "GDAL_DRIVER_PATH": "disable",
    "GDAL_VRT_ENABLE_PYTHON": "NO",
    "GDAL_VRT_ENABLE_RAWRASTERBAND": "NO",
    "GDAL_PAM_ENABLED": "NO",
    "GML_DOWNLOAD_SCHEMA": "NO",
    "GML_SKIP_RESOLVE_ELEMS": "ALL",
    "LIBKML_RESOLVE_STYLE": "NO",
    "OGR_SQLITE_LOAD_EXTENSIONS": "",
    "http_proxy": "http://127.0.0.1:9",  # the port that discards: whoever still asks gets no answer
    "https_proxy": "http://127.0.0.1:9",
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


def opened(
    task: str, format: str, request: Mapping[str, Any], drivers_off: Iterable[str] = (), **settings: str
) -> dict[str, Any]:
    """What the task of layers.sealed.child answers for a request (plain values only).

    format is named in the fault when the process ends without an answer; drivers_off are kept from it, settings are
    GDAL's. Raises UnreadableFile.
    """
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment |= _NO_WAY_OUT | {"PYTHONPATH": str(_HOUSE), "OGR_SKIP": ",".join(drivers_off)} | settings
    command = [sys.executable, "-m", "layers.sealed.child", task]
    try:
        done = subprocess.run(
            command, input=json.dumps(request).encode(), capture_output=True, env=environment,
            timeout=TIMEOUT_S, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise UnreadableFile([_refusal("decoder_slow", format, f"{TIMEOUT_S} s")]) from None
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        log.warning(
            "opening as %s ended with %s: %s",
            format,
            done.returncode,
            done.stderr[-2000:].decode(errors="replace"),
        )
        raise UnreadableFile([_refusal("decoder_failed", format, "")]) from None
    if "refused" in answer:
        raise UnreadableFile([Fault(grade=Grade.REFUSE, **fault) for fault in answer["refused"]])
    return dict(answer)


def _refusal(code: str, found: str, expected: str) -> Fault:
    return Fault(code, Grade.REFUSE, None, None, found, expected)
