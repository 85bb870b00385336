"""Pictures on the network: only imported when the user gave --allow-net."""

from __future__ import annotations

import contextlib
import urllib.error
import urllib.request
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from http.client import HTTPMessage
    from typing import IO

MAX_PICTURE_BYTES = 50_000_000
TIMEOUT = 20.0
"""Seconds to wait for a picture."""


class _WebOnly(urllib.request.HTTPRedirectHandler):
    """Follows a redirect only to another web address: not to a file, not to another scheme."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> urllib.request.Request | None:
        if not newurl.lower().startswith(("http://", "https://")):
            return None
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def fetch(url: str) -> bytes:
    """The picture at a web address; empty when it cannot be had."""
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
