"""Pictures on the network: fetched only by leave, only over the web, only pictures. The server is on this machine."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

import tiku
from tiku.network import fetch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 32


class Handler(BaseHTTPRequestHandler):
    """A picture, a page, a way to a file, and a way to the picture."""

    asked: list[str] = []  # noqa: RUF012 - shared on purpose: what was asked of the server

    def do_GET(self) -> None:
        self.asked.append(self.path)
        target = {"/to-file": "file:///etc/hostname", "/to-picture": "/a.png"}.get(self.path)
        self.send_response(302 if target else 200 if self.path in {"/a.png", "/page"} else 404)
        if target:
            self.send_header("Location", target)
        self.end_headers()
        if not target:
            self.wfile.write(PNG if self.path == "/a.png" else b"<html>no picture</html>")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    Handler.asked.clear()
    with HTTPServer(("127.0.0.1", 0), Handler) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        running.shutdown()
        thread.join()


def document(folder: Path, url: str) -> Path:
    path = folder / "a.md"
    path.write_text(f"### 1. What is it?\n\n**Answer:** See ![it]({url}) so.\n", encoding="utf-8")
    return path


def test_nothing_is_asked_without_leave(server: str, tmp_path: Path) -> None:
    found = tiku.read(document(tmp_path, f"{server}/a.png"))
    assert Handler.asked == []
    assert [problem.code for problem in found.problems] == ["Q402"]


@pytest.mark.parametrize("path", ["/a.png", "/to-picture"])
def test_a_picture_comes_by_leave(server: str, path: str, tmp_path: Path) -> None:
    found = tiku.read(document(tmp_path, server + path), allow_net=True)
    assert [media.data for media in found.bank.media] == [PNG]


@pytest.mark.parametrize(("path", "code"), [("/page", "Q403"), ("/to-file", "Q402"), ("/none", "Q402")])
def test_what_is_no_picture_is_refused(server: str, path: str, code: str, tmp_path: Path) -> None:
    found = tiku.read(document(tmp_path, server + path), allow_net=True)
    assert not found.bank.media
    assert [problem.code for problem in found.problems] == [code]


@pytest.mark.parametrize("url", ["file:///etc/hostname", "ftp://127.0.0.1/x", "data:image/png;base64,AA=="])
def test_only_the_web_is_fetched(url: str) -> None:
    assert fetch(url) == b""
