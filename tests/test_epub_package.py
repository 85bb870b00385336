"""One test for each fault of ebooklib 0.20 that ``exporters/epub/package.py`` works round.

When one of the tests named ``test_ebooklib_still…`` fails, ebooklib has mended the fault and the work-round can go.
"""

from __future__ import annotations

import sys
import time
import zipfile
from typing import TYPE_CHECKING

import pytest
from ebooklib import epub

from tiku.errors import SetupError
from tiku.exporters.epub import package
from tiku.exporters.epub.package import File, Meta, Package

if TYPE_CHECKING:
    from pathlib import Path

NAV = b'<html xmlns="http://www.w3.org/1999/xhtml"><body/></html>'


def made(*files: File, metadata: tuple[Meta, ...] = (), **changes: object) -> Package:
    fields = {
        "identifier": "urn:uuid:1", "language": "zh-CN", "direction": "ltr", "progression": "ltr",
        "metadata": (Meta("题", "title"), Meta("zh-CN", "language"), *metadata), "files": files, "guide": (),
    }  # fmt: skip
    return Package(**(fields | changes))


def written(found: Package, path: Path, when: int = 1_700_000_000) -> zipfile.ZipFile:
    package.write(found, path, when)
    return zipfile.ZipFile(path)


def page(name: str, content: bytes, **more: object) -> File:
    return File(name, f"{name}.xhtml", "application/xhtml+xml", content, **{"spine": True, **more})


HARD = (
    b'<?xml version="1.0" encoding="utf-8"?>\n<html xmlns="http://www.w3.org/1999/xhtml" class="a">'
    b'<head><title>t</title></head><body class="b">bare <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1">'
    b'<linearGradient id="g"/></svg></body></html>'
)


def test_pages_are_kept_to_the_byte(tmp_path: Path) -> None:
    with written(made(page("q", HARD)), tmp_path / "b.epub") as archive:
        assert archive.read("EPUB/q.xhtml") == HARD


def test_ebooklib_still_damages_pages() -> None:
    """Its page items lose the body's attributes, the text before its first element, the case of SVG's names."""
    book = epub.EpubBook()
    item = epub.EpubHtml(uid="q", file_name="q.xhtml", content=HARD)
    book.add_item(item)
    out = item.get_content()
    assert b"viewBox" not in out
    assert b"bare" not in out
    assert b'class="b"' not in out


def test_properties_are_written(tmp_path: Path) -> None:
    with written(made(page("q", HARD, properties=("mathml", "svg"))), tmp_path / "b.epub") as archive:
        assert b'properties="mathml svg"' in archive.read("EPUB/content.opf")


def test_entries_carry_the_time_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for zone in ("UTC", "Asia/Kathmandu"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        with written(made(page("q", HARD)), tmp_path / f"{zone[:3]}.epub") as archive:
            assert {info.date_time for info in archive.infolist()} == {(2023, 11, 14, 22, 13, 20)}
            assert b"2023-11-14T22:13:20Z" in archive.read("EPUB/content.opf")
            first = archive.infolist()[0]
            assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
    monkeypatch.undo()
    time.tzset()
    assert (tmp_path / "UTC.epub").read_bytes() == (tmp_path / "Asi.epub").read_bytes()


def test_ebooklib_still_writes_the_clock(tmp_path: Path) -> None:
    book = epub.EpubBook()
    book.add_item(epub.EpubItem("q", "q.xhtml", "application/xhtml+xml", b"x"))
    epub.EpubWriter(str(tmp_path / "b.epub"), book).write()
    with zipfile.ZipFile(tmp_path / "b.epub") as archive:
        assert archive.infolist()[0].date_time[0] >= 2025


@pytest.mark.parametrize(("when", "year"), [(315_532_800, 1980), (10**11, 2107)])
def test_times_a_zip_cannot_carry_are_clamped(tmp_path: Path, when: int, year: int) -> None:
    with written(made(page("q", HARD)), tmp_path / "b.epub", min(when, 10**11)) as archive:
        assert archive.infolist()[0].date_time[0] == year


def test_there_is_no_random_identifier(tmp_path: Path) -> None:
    with written(made(page("q", HARD)), tmp_path / "b.epub") as archive:
        opf = archive.read("EPUB/content.opf").decode()
    assert opf.count("<dc:identifier") == 1
    assert ">urn:uuid:1<" in opf
    assert epub.EpubBook().uid != epub.EpubBook().uid


def test_the_package_says_its_language_and_direction(tmp_path: Path) -> None:
    found = made(page("q", HARD), language="ar", direction="rtl", progression="rtl")
    with written(found, tmp_path / "b.epub") as archive:
        opf = archive.read("EPUB/content.opf").decode()
    assert 'xml:lang="ar"' in opf
    assert 'dir="rtl"' in opf
    assert 'page-progression-direction="rtl"' in opf


def test_metadata_that_xml_refuses_is_an_error(tmp_path: Path) -> None:
    """ebooklib logs it, or not even that, and writes a book without its title."""
    with pytest.raises(ValueError, match="metadata"):
        package.write(made(page("q", HARD), metadata=(Meta("\x01", "creator"),)), tmp_path / "b.epub", 10**9)


def test_the_spine_is_not_searched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """ebooklib looks for items given by id one by one: four times the time for twice the files."""
    monkeypatch.setattr(epub.EpubBook, "get_item_with_id", lambda *_: pytest.fail("searched"))
    found = made(*(page(f"q{n}", HARD) for n in range(3)), page("nav", NAV, spine=False, properties=("nav",)))
    with written(found, tmp_path / "b.epub") as archive:
        opf = archive.read("EPUB/content.opf").decode()
    assert [opf.index(f'idref="q{n}"') for n in range(3)] == sorted(opf.index(f'idref="q{n}"') for n in range(3))
    assert 'idref="nav"' not in opf


def test_navigation_and_ncx_are_ours(tmp_path: Path) -> None:
    """ebooklib's count of levels is 0, and any element with epub:type and id is a page to it."""
    ncx = File("ncx", "toc.ncx", "application/x-dtbncx+xml", b"<ncx/>")
    with written(made(page("nav", NAV, properties=("nav",)), ncx), tmp_path / "b.epub") as archive:
        assert archive.read("EPUB/nav.xhtml") == NAV
        assert archive.read("EPUB/toc.ncx") == b"<ncx/>"
        assert b'toc="ncx"' in archive.read("EPUB/content.opf")


def test_a_missing_ebooklib_names_its_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ebooklib.epub", None)
    with pytest.raises(SetupError, match=r"tiku\[epub\]"):
        package.write(made(page("q", HARD)), tmp_path / "b.epub", 10**9)


def test_a_full_disk_is_an_error(tmp_path: Path) -> None:
    """epub.write_epub only warns, and returns False."""
    with pytest.raises(OSError, match=r"none"):
        package.write(made(page("q", HARD)), tmp_path / "none" / "b.epub", 0)
