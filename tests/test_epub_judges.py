"""What EPUBCheck and DAISY Ace say of our books: nothing, at any level."""

from __future__ import annotations

import shutil
import zipfile
from typing import TYPE_CHECKING

import pytest

import banks
import epub_judges
from test_epub_book import LAYOUTS, export

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Need = Callable[..., None]
    Judge = Callable[[Path], list[str]]
    AceJudge = Callable[[Path, Path], list[str]]

pytestmark = pytest.mark.tools


@pytest.fixture
def epubcheck(need: Need) -> Judge:
    need("java", "py:epubcheck")
    return epub_judges.epubcheck


@pytest.fixture
def ace(need: Need) -> AceJudge:
    need("node", str(epub_judges.ACE), *([] if shutil.which("chromium") else ["chromium"]))
    return epub_judges.ace


@pytest.mark.parametrize("layout", LAYOUTS)
def test_epubcheck_has_nothing_to_say(tmp_path: Path, epubcheck: Judge, layout: str) -> None:
    # Every layout once, over both sources: the showcase holds all there is to hold.
    source = banks.REAL if layout in {"links", "none"} else banks.SHOWCASE
    export(banks.bank_at(source), tmp_path / "book.epub", layout)
    assert epubcheck(tmp_path / "book.epub") == []


@pytest.mark.parametrize("layout", ["links", "popup"])
def test_ace_has_nothing_to_say(tmp_path: Path, ace: AceJudge, layout: str) -> None:
    export(banks.bank_at(banks.SHOWCASE), tmp_path / "book.epub", layout)
    assert ace(tmp_path / "book.epub", tmp_path / "report") == []


def _damaged(book: Path, change: Callable[[str, bytes], bytes]) -> None:
    whole = book.rename(book.with_suffix(".whole"))
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(book, "w") as target:
        for name in source.namelist():
            target.writestr(name, change(name, source.read(name)))


def test_the_judges_can_complain(tmp_path: Path, epubcheck: Judge, ace: AceJudge) -> None:
    book = tmp_path / "book.epub"
    export(banks.bank_at(banks.REAL), book)

    def change(name: str, data: bytes) -> bytes:
        if name.endswith("q001.xhtml"):
            return data.replace(b"<h2>", b"<h5>", 1).replace(b"</h2>", b"</h5>", 1).replace(b"<p>", b"<p align='x'>", 1)
        return data

    _damaged(book, change)
    assert any("RSC-005" in message for message in epubcheck(book))
    assert any("heading-order" in message for message in ace(book, tmp_path / "report"))
