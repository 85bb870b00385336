"""From a bank to a package: everything that is written comes together here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiku import collector
from tiku.errors import ExportError
from tiku.exporters.epub import cover, embed, front, languages, metadata, navigation, units
from tiku.exporters.epub.anchors import Anchors
from tiku.exporters.epub.content import ContentWriter
from tiku.exporters.epub.formulas import formula_for
from tiku.exporters.epub.layout import MAX_BYTES, Page, paginate
from tiku.exporters.epub.package import File, Meta, Package
from tiku.exporters.epub.package import write as write_package
from tiku.exporters.epub.pages import PageWriter, data
from tiku.exporters.epub.pictures import Pictures
from tiku.exporters.epub.settings import check, layout_of, own_css
from tiku.markup import plain_text
from tiku.render.locales import direction, terms
from tiku.render.view import is_chaptered

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tiku.exporters import ExportOptions
    from tiku.model import Bank
    from tiku.problems import Problem

_NAV_IN_BOOK = 400
"""Up to so many questions the contents are a page of the book, too; longer ones are for the reader's own menu."""
_XHTML = "application/xhtml+xml"


def write(bank: Bank, path: Path, options: ExportOptions) -> list[Problem]:
    """Write `bank` to `path`. Raises ExportError for a bank without questions, UsageError, SetupError, OSError."""
    if not bank.questions:
        raise ExportError("a bank without questions makes no book")
    book = _Book(bank, layout_of(options), options)
    with collector.stopped():
        write_package(book.package(), path, options.time)
    return book.writer.problems


class _Book:
    def __init__(self, bank: Bank, layout: str, options: ExportOptions) -> None:
        self.bank = bank
        self.layout = layout
        self.language = languages.of_book(bank)
        self.direction = direction(self.language)
        self.words = terms(self.language)
        self.title = metadata.plain(bank.title) or self.words["untitled"]
        self.nav_shown = len(bank.questions) <= _NAV_IN_BOOK
        self.pictures = Pictures(bank)
        self.anchors = Anchors(bank)
        check(options, self.language)
        self.settings = options.settings
        self.vertical = bool(self.settings.get("vertical"))
        formula = formula_for(str(self.settings.get("math", "mathml")), self.pictures)
        self.writer = ContentWriter(self.pictures, self.anchors, self.language, self.words, formula)
        self.frames = PageWriter(self.language, self.direction, self.words)

    def package(self) -> Package:
        """All files, and what is said of them."""
        preface = self.writer.part(self.bank.description, level=2, prefix="preface-") + self.writer.footnotes()
        found = units.collect(self.bank, self.writer, self.layout)
        asked, told = paginate(found.asked, "q"), paginate(found.told, "a")
        self.anchors.place((*asked, *told))
        self._report_large((*asked, *told))
        marks = self._landmarks(asked, told)
        listed = self._contents(asked, told)
        body = [self._title_page(preface), self._nav(listed, marks)]
        body += [self._file(page, found.notes, kind="") for page in asked]
        body += [self._file(page, {}, kind="apart" if self.layout == "links" else "") for page in told]
        name = metadata.identifier(self.bank, self.language)
        old = navigation.ncx(listed, title=self.title, language=self.language, identifier=name)
        return Package(
            identifier=name,
            language=self.language,
            direction=self.direction,
            progression="rtl" if self.vertical else self.direction,
            metadata=self._metadata(body),
            files=(*self._cover(body), File("ncx", "toc.ncx", "application/x-dtbncx+xml", _bytes(old))),
            guide=tuple((mark.guide, mark.label, mark.href) for mark in marks if mark.guide),
        )

    def _report_large(self, pages: Iterable[Page]) -> None:
        """Say which questions are so long that no shared-out file can be small."""
        self.writer.file = next((each.location.file for each in self.bank.questions), "")
        for page in pages:
            if page.size > MAX_BYTES and page.units:
                self.writer.line = page.units[0].line
                number = page.units[0].number or page.units[0].label
                size = f"{page.size // 1000} KB"
                self.writer.complain(
                    "Q306", f"question {number} makes a file of {size}, which old e-readers may refuse"
                )

    # -- files ----------------------------------------------------------------------------------------------------

    def _cover(self, body: list[File]) -> list[File]:
        """`body` behind its cover and before what it needs besides."""
        drawn = front.cover_of(self.bank, title=self.title, language=self.language, words=self.words)
        page = self.frames.frame(self.words["cover"], front.cover_page(drawn), kind="cover")
        return [
            self._page("cover", page),
            *body,
            *self._style(body),
            File("cover-svg", "cover.svg", "image/svg+xml", cover.svg(drawn)),
            File("cover-image", "cover.png", "image/png", cover.png(drawn), ("cover-image",)),
            *self.pictures.files,
            *self.pictures.formulas.values(),
        ]

    def _style(self, body: list[File]) -> list[File]:
        css = data("book.css") + (data("vertical.css") if self.vertical else "")
        css += own_css(str(self.settings.get("css", "")))
        fonts: tuple[File, ...] = ()
        if self.settings.get("fonts") == "embed":
            embedded = embed.embed(embed.characters(file.content.decode() for file in body), self.language)
            fonts, css = embedded.files, css + embedded.css
            if embedded.missing:
                self.writer.file, self.writer.line = "", 0
                self.writer.complain("Q301", f"no font that may be embedded has: {' '.join(embedded.missing[:40])}")
        return [File("css", "book.css", "text/css", css.encode()), *fonts]

    def _title_page(self, preface: str) -> File:
        body = front.title_page(self.bank, title=self.title, language=self.language, preface=preface, words=self.words)
        return self._page("title", self.frames.frame(self.title, body, kind="title"))

    def _nav(self, listed: list[navigation.Entry], marks: list[navigation.Landmark]) -> File:
        body = navigation.contents(listed, marks, self.words)
        page = self.frames.frame(self.words["contents"], body, kind="contents")
        return File("nav", "nav.xhtml", _XHTML, _bytes(page), ("nav",), spine=self.nav_shown)

    def _file(self, page: Page, notes: dict[str, str], *, kind: str) -> File:
        mine = "\n".join(notes[unit.id] for unit in page.units if unit.id in notes)
        return self._page(page.name.removesuffix(".xhtml"), self.frames.page(page, kind=kind, notes=mine))

    def _page(self, name: str, html: str) -> File:
        properties = ("mathml",) if "<math " in html else ()
        content = _bytes(self.anchors.resolve(html, f"{name}.xhtml"))
        return File(f"x-{name}", f"{name}.xhtml", _XHTML, content, properties, spine=True)

    # -- what is said of the book ---------------------------------------------------------------------------------

    def _contents(self, asked: list[Page], told: list[Page]) -> list[navigation.Entry]:
        if is_chaptered(self.bank) or len(asked) == 1:
            listed = navigation.entries(asked)
        else:
            listed = navigation.by_page(asked, lambda numbers: f"{self.words['questions']} {numbers}".strip())
        return listed + navigation.entries(told)

    def _landmarks(self, asked: list[Page], told: list[Page]) -> list[navigation.Landmark]:
        words, place = self.words, navigation.Landmark
        first = next((page.name for page in asked if page.count), asked[0].name)
        marks = [
            place("cover", "cover", words["cover"], "cover.xhtml"),
            place("titlepage", "title-page", words["title_page"], "title.xhtml"),
            *([place("toc", "toc", words["contents"], "nav.xhtml#toc")] if self.nav_shown else []),
            place("bodymatter", "text", words["start"], first),
        ]
        return [*marks, place("backmatter", "", words["answers"], told[0].name)] if told else marks

    def _metadata(self, body: list[File]) -> tuple[Meta, ...]:
        facts = metadata.Facts(
            pictures=bool(self.pictures.files),
            undescribed=self.writer.undescribed,
            animated=self.pictures.animated,
            formulas=any("mathml" in file.properties for file in body),
            drawn_formulas=bool(self.pictures.formulas),
            vertical=self.vertical,
            conforms=metadata.plain(str(self.settings.get("conforms", ""))),
            certifier=metadata.plain(str(self.settings.get("certifier", ""))),
        )
        description = metadata.plain(plain_text(self.bank.description, notes=False))
        return metadata.of_book(
            self.bank, title=self.title, language=self.language, description=description, facts=facts, words=self.words
        )


def _bytes(markup: str) -> bytes:
    return markup.encode("utf-8", "replace")
