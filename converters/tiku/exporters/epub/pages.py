"""XHTML files from pages of units, on the skeleton ``data/page.xhtml``."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

from tiku.exporters.epub.layout import common
from tiku.render.html import text

if TYPE_CHECKING:
    from tiku.exporters.epub.layout import Heading, Page


@cache
def data(name: str) -> str:
    """The text of a file in ``data/``."""
    return files("tiku.exporters.epub").joinpath("data", name).read_text(encoding="utf-8")


@cache
def _skeleton(name: str) -> Template:
    return Template(data(name))


def fill(name: str, /, **values: str) -> str:
    """The skeleton ``data/NAME`` with its places filled; `values` are markup, not text."""
    return _skeleton(name).substitute(values)


class PageWriter:
    """Puts content into the frame that all files of a book share."""

    def __init__(self, language: str, direction: str, words: Any) -> None:
        self.language = language
        self.direction = direction
        self.words = words

    def frame(self, title: str, body: str, *, kind: str = "") -> str:
        """A whole file: `title` is plain text, `body` markup, `kind` a class of the body."""
        return fill(
            "page.xhtml", language=text(self.language), direction=self.direction, title=text(title) or "-",
            kind=f' class="{kind}"' if kind else "", body=body,
        )  # fmt: skip

    def page(self, page: Page, *, kind: str, notes: str = "") -> str:
        """The file of `page`, with a heading for every section that begins or goes on in it, and `notes` at its end."""
        out: list[str] = []
        path: tuple[Heading, ...] = ()
        again = page.continued
        for unit in page.units:
            shared = common(path, unit.path)
            if path and not shared:
                out.append("</section>")
            for depth, heading in enumerate(unit.path[shared:], shared):
                out.append(self._heading(heading, depth, again=depth < again))
            again, path = 0, unit.path
            out.append(unit.html)
        out += ["</section>", notes]
        first = page.units[0]
        return self.frame(self._title(first.path, page), "\n".join(out), kind=kind)

    def _title(self, path: tuple[Heading, ...], page: Page) -> str:
        numbers = [unit.number for unit in page.units if unit.number]
        span = f" {numbers[0]}–{numbers[-1]}" if len(numbers) > 1 else ""
        return path[0].label + (span if page.continued else "")

    def _heading(self, heading: Heading, depth: int, *, again: bool) -> str:
        level = min(depth + 1, 6)
        name = f"{heading.id}-more" if again else heading.id
        more = f' <span class="more">({text(self.words["continued"])})</span>' if again else ""
        tongue = f' lang="{heading.language}" xml:lang="{heading.language}"' if heading.language else ""
        line = f'<h{level} id="{name}"{tongue}>{heading.html}{more}</h{level}>'
        if depth:
            return line
        return f'<section epub:type="chapter" role="doc-chapter" aria-labelledby="{name}">\n{line}'
