"""The only module that knows ebooklib: a list of finished files in, an EPUB file out.

ebooklib 0.20 keeps the manifest, the spine and the container. What it does wrong is worked round here, each with a
test in ``tests/test_epub_package.py``, so that this module can shrink when ebooklib mends it:

- its HTML items parse what they are given as HTML, and lose or damage content: we hand over bytes;
- it looks for spine items given by id, and for the parents of NCX entries, one by one: we hand over objects, and a
  finished NCX;
- its navigation document takes any element with an ``epub:type`` and an ``id`` for a page: ours is finished, too;
- the modification time is the local one marked as UTC, and the zip entries carry the clock: both are given here;
- a book starts with a random identifier, and metadata that XML refuses disappear: the list of metadata is replaced;
- the package has no ``xml:lang`` and no ``dir``: set while its metadata are written.
"""

from __future__ import annotations

import datetime as dt
import time
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tiku.plugins import need

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_DC = "http://purl.org/dc/elements/1.1/"
_OPF = "http://www.idpf.org/2007/opf"
_COMPRESSED = (".png", ".jpg", ".gif")
"""Files that hold compressed data: to compress them again takes long and gains nothing."""
_LEVEL = 4
"""Of deflate: a fortieth larger than zlib's own choice, 6, in less than half of its time."""
_LAST_ZIP_TIME = 4_354_819_198
"""2107-12-31: the latest time a zip file can carry."""


@dataclass(frozen=True, slots=True)
class File:
    """One file of the book."""

    id: str
    """Its id in the manifest: an XML name."""
    href: str
    """Its path from the package document, ASCII, with ``/``."""
    media_type: str
    content: bytes
    properties: tuple[str, ...] = ()
    spine: bool = False
    """Whether it has a place in the reading order: that of the list."""


@dataclass(frozen=True, slots=True)
class Meta:
    """One metadata element of the package document: ``dc:NAME`` when `name` is set, else a ``meta``."""

    value: str
    name: str = ""
    attributes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Package:
    """All of a book but its path."""

    identifier: str
    language: str
    direction: str
    """``ltr`` or ``rtl``: of the metadata."""
    progression: str
    """``ltr`` or ``rtl``: where the next page is."""
    metadata: tuple[Meta, ...]
    files: tuple[File, ...]
    guide: tuple[tuple[str, str, str], ...]
    """(type, title, href) of EPUB 2's landmarks, for old readers."""


def write(package: Package, path: Path, when: int) -> None:
    """Write `package` to `path`; `when` is the time of its entries and its modification, seconds UTC.

    Raises SetupError without ebooklib, OSError when the disk refuses.
    """
    epub: Any = need("epub", "ebooklib.epub", "epub")
    book = epub.EpubBook()
    book.metadata = {}
    book.set_identifier(package.identifier)
    for meta in package.metadata:
        if meta.name:
            book.add_metadata("DC", meta.name, meta.value, dict(meta.attributes))
        else:
            book.add_metadata("OPF", "meta", meta.value, dict(meta.attributes))
    book.language = package.language
    book.direction = package.progression
    book.guide = [{"type": kind, "title": title, "href": href} for kind, title, href in package.guide]
    for file in package.files:
        item = epub.EpubItem(uid=file.id, file_name=file.href, media_type=file.media_type, content=file.content)
        item.properties = list(file.properties)
        book.add_item(item)
        if file.spine:
            book.spine.append(item)
    modified = dt.datetime.fromtimestamp(when, dt.UTC)
    options = {"mtime": modified, "raise_exceptions": True}
    _writer(epub)(str(path), book, options, package, when).write()


def _writer(epub: Any) -> Any:
    """The subclass of ebooklib's writer, made here because ebooklib is imported only when it is needed."""

    class Writer(epub.EpubWriter):  # type: ignore[misc]
        def __init__(self, name: str, book: Any, options: dict[str, Any], package: Package, when: int) -> None:
            super().__init__(name, book, options)
            self.package = package
            self.when = when

        def _write_opf_metadata(self, root: Any) -> None:
            root.set(_XML_LANG, self.package.language)
            root.set("dir", self.package.direction)
            super()._write_opf_metadata(root)
            # ebooklib logs what XML refuses and leaves the element empty; that would be a book without its title.
            texts = [element.text or "" for element in root.find("metadata")]
            if lost := [meta.value for meta in self.package.metadata if meta.value not in texts]:
                raise ValueError(f"metadata that XML does not allow: {lost[0]!r}")

        def write(self) -> None:
            with _Archive(self.file_name, self.when) as self.out:
                self.out.writestr("mimetype", "application/epub+zip", compress_type=zipfile.ZIP_STORED)
                self._write_container()
                self._write_opf()
                self._write_items()

    return Writer


class _Archive(zipfile.ZipFile):
    """A zip file whose entries all carry one given time, in UTC."""

    def __init__(self, name: str, when: int) -> None:
        super().__init__(name, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL)
        self._time = time.gmtime(min(when, _LAST_ZIP_TIME))[:6]

    def writestr(
        self, name: Any, data: Any, compress_type: int | None = None, compresslevel: int | None = None
    ) -> None:
        info = zipfile.ZipInfo(name, self._time)
        info.create_system = 3  # the same bytes on Windows
        info.external_attr = 0o644 << 16
        stored = compress_type == zipfile.ZIP_STORED or name.endswith(_COMPRESSED)
        info.compress_type = zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED
        super().writestr(info, data, compresslevel=_LEVEL if compresslevel is None else compresslevel)


def refining(target: str, key: str, value: str) -> Meta:
    """A ``meta`` that says `key` of the metadata element with the id `target`."""
    return Meta(value, attributes=(("refines", f"#{target}"), ("property", key)))


def properties(pairs: Iterable[tuple[str, str]]) -> tuple[Meta, ...]:
    """``meta`` elements for (property, value) pairs."""
    return tuple(Meta(value, attributes=(("property", key),)) for key, value in pairs)
