"""Where documents come from: files, folders, standard input; and their pictures on the network, if the user allows it."""

from __future__ import annotations

import contextlib
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

from tiku.errors import DocumentError

if TYPE_CHECKING:
    from http.client import HTTPMessage
    from typing import IO

MAX_SOURCE_BYTES = 200_000_000
MAX_PICTURE_BYTES = 50_000_000
TIMEOUT = 20.0
"""Seconds to wait for a picture on the network."""


def read_bytes(source: str) -> bytes:
    """What `source`, a path or ``-``, holds. Raises DocumentError when it cannot be read, or is no plain file."""
    if source == "-":
        data = sys.stdin.buffer.read(MAX_SOURCE_BYTES + 1)
        if len(data) > MAX_SOURCE_BYTES:
            raise DocumentError(f"larger than {MAX_SOURCE_BYTES // 1_000_000} MB", file=source)
        return data
    path = Path(source)
    try:
        if not path.is_file():
            raise DocumentError("no such file" if not path.exists() else "not a plain file", file=source)
        if path.stat().st_size > MAX_SOURCE_BYTES:
            raise DocumentError(f"larger than {MAX_SOURCE_BYTES // 1_000_000} MB", file=source)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise DocumentError(f"cannot be read: {getattr(error, 'strerror', None) or error}", file=source) from error


class _WebOnly(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to another web address: not to a file, not to another scheme."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        if not newurl.lower().startswith(("http://", "https://")):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(url: str) -> bytes:
    """The picture at a web address; empty when it cannot be had. Only called when the user gave --allow-net."""
    if not url.lower().startswith(("http://", "https://")):
        return b""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler, urllib.request.HTTPHandler, urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler, urllib.request.HTTPErrorProcessor, _WebOnly,
    ):  # fmt: skip
        opener.add_handler(handler())
    with contextlib.suppress(OSError, ValueError, urllib.error.URLError):
        request = urllib.request.Request(url, headers={"User-Agent": "tiku"})  # noqa: S310 - the scheme is checked above
        with opener.open(request, timeout=TIMEOUT) as answer:
            data: bytes = answer.read(MAX_PICTURE_BYTES + 1)
            return data if len(data) <= MAX_PICTURE_BYTES else b""
    return b""
