"""Content as HTML that WeasyPrint lays out well: formulas and pictures by name, links that lead somewhere."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from tiku.exporters.pdf.bidi import RIGHT_TO_LEFT
from tiku.exporters.pdf.schemes import ASSET
from tiku.markup import plain_text, scheme
from tiku.render import mathematics
from tiku.render.html import HtmlWriter, text
from tiku.render.locales import direction, terms

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tiku.model import Bank, Inline

WIDE, WIDEST = 6, 12
"""From how many columns on a table is set smaller, and smallest."""
LONGEST_ADDRESS = 60
"""Longer addresses are not printed: nobody types them."""
_SUFFIXES = {
    "image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp",
}  # fmt: skip


class PdfWriter(HtmlWriter):
    """Writes content; `assets` fills with the files the HTML names, by their names."""

    def __init__(self, bank: Bank, *, urls: bool = False) -> None:
        super().__init__(formula=self._formula, picture=self._picture, link=self._link)
        self.urls = urls
        self.assets: dict[str, bytes] = {}
        self._media = {media.name: media for media in bank.media}
        self._image = terms(bank.language)["image"]
        self._turned = direction(bank.language) == "rtl"

    def _formula(self, latex: str, display: bool) -> str:
        drawn = mathematics.picture(latex, display=display)
        name = f"math-{hashlib.sha256(f'{display}{latex}'.encode()).hexdigest()[:16]}.svg"
        self.assets[name] = drawn.svg.encode()
        size = f"width:{drawn.width:.3f}em;height:{drawn.height:.3f}em;vertical-align:{-drawn.depth:.3f}em"
        image = f'<img class="math" src="{ASSET}{name}" alt="{text(latex.strip())}" style="{size}" />'
        return f'<span class="display">{image}</span>' if display else image

    def _picture(self, name: str, alt: str, title: str) -> str:
        media = self._media.get(name)
        if media is None:
            self.complain("Q401", f"picture '{name[:60]}' is not in the bank")
            return f"<span>{text(alt or title)}</span>"
        # The name comes from the document: it may hold anything, a path included.
        safe = f"media-{hashlib.sha256(media.data).hexdigest()[:16]}.{_SUFFIXES.get(media.mime, 'bin')}"
        self.assets[safe] = media.data
        return f'<img src="{ASSET}{safe}" alt="{text(alt or title or self._image)}" />'

    def inlines(self, nodes: Iterable[Inline]) -> str:
        """Inlines as HTML; in a right-to-left book, what reads from left to right is kept together.

        WeasyPrint orders the boxes of a line by the direction of the paragraph alone (it has no bidirectional
        algorithm across boxes), so that ``a and b`` with two pieces of code would stand as ``b and a``.
        """
        if not self._turned:
            return super().inlines(nodes)
        line = list(nodes)
        out: list[str] = []
        done = 0
        for start, end in left_to_right(line):
            inner = super().inlines(line[start:end])
            out += [super().inlines(line[done:start]), f'<span dir="ltr">{inner}</span>']
            done = end
        return "".join([*out, super().inlines(line[done:])])

    @staticmethod
    def _link(url: str) -> str:
        # A relative link, or one to a heading of the source, leads nowhere from a PDF: its text stays.
        return url if scheme(url) else ""

    def block_table(self, content: Any) -> str:
        """A table; one of many columns is set smaller, so that it stays on the page."""
        html = super().block_table(content)
        columns = len(content[2])
        if columns <= WIDE:
            return html
        return html.replace("<table>", f'<table class="wide{" widest" if columns > WIDEST else ""}">', 1)

    def inline_link(self, content: Any) -> str:
        """A link, and its address where the text is not that already: paper has nothing to click on."""
        html = super().inline_link(content)
        url = content[2][0]
        if not self.urls or not html.startswith("<a ") or scheme(url) not in {"http", "https"}:
            return html
        shown = unquote(url).removeprefix("https://").removeprefix("http://").removeprefix("www.").rstrip("/")
        if shown in plain_text(content[1]) or len(shown) > LONGEST_ADDRESS:
            return html
        return f'{html}<span class="address" dir="ltr"> ({text(shown)})</span>'


def left_to_right(line: list[Inline]) -> list[tuple[int, int]]:
    """Where in `line` several boxes follow each other that read from left to right: (start, end) of each such stretch.

    A stretch begins and ends with a letter or with code; a line without any right-to-left letter is one stretch.
    """
    kinds = [_kind(node) for node in line]
    if "R" not in kinds:
        stretches = [(0, len(line))] if "L" in kinds else []
    else:
        stretches = []
        start = end = -1
        for place, kind in enumerate([*kinds, "R"]):
            if kind == "R":
                stretches += [(start, end)] if start >= 0 else []
                start = -1
            elif kind == "L":
                start, end = (place if start < 0 else start), place + 1
    boxes = {"Str", "Space", "SoftBreak"}
    return [
        (start, end)
        for start, end in stretches
        if end - start > 1 and any(n["t"] not in boxes for n in line[start:end])
    ]


def _kind(node: Inline) -> str:
    """``R`` for what holds a right-to-left letter, ``L`` for other letters and for code, else nothing."""
    words = plain_text([node])
    if RIGHT_TO_LEFT.search(words):
        return "R"
    return "L" if node["t"] == "Code" or any(character.isalpha() for character in words) else ""
