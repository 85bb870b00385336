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
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiku.plugins import need
from tiku.render.archive import BUFFER, Archive

if TYPE_CHECKING:
    from collections.abc import Iterable

_XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
_DC = "http://purl.org/dc/elements/1.1/"
_OPF = "http://www.idpf.org/2007/opf"
_COMPRESSED = (".png", ".jpg", ".gif")
"""Files that hold compressed data: to compress them again takes long and gains nothing."""


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
    _writer(epub)(str(path), book, options, package, modified).write()


@cache
def _writer(epub: Any) -> Any:
    """The subclass of ebooklib's writer, made here because ebooklib is imported only when it is needed."""

    class Writer(epub.EpubWriter):  # type: ignore[misc]
        def __init__(self, name: str, book: Any, options: dict[str, Any], package: Package, when: dt.datetime) -> None:
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
            with Path(self.file_name).open("wb", BUFFER) as file, _Archive(file, self.when) as self.out:
                self.out.put("mimetype", "application/epub+zip", deflate=False)
                self._write_container()
                self._write_opf()
                self._write_items()

    return Writer


class _Archive(Archive):
    """What ebooklib takes for a `zipfile.ZipFile`."""

    def writestr(self, name: str, data: bytes | str) -> None:
        self.put(name, data, deflate=not name.endswith(_COMPRESSED))


def refining(target: str, key: str, value: str) -> Meta:
    """A ``meta`` that says `key` of the metadata element with the id `target`."""
    return Meta(value, attributes=(("refines", f"#{target}"), ("property", key)))


def properties(pairs: Iterable[tuple[str, str]]) -> tuple[Meta, ...]:
    """``meta`` elements for (property, value) pairs."""
    return tuple(Meta(value, attributes=(("property", key),)) for key, value in pairs)
