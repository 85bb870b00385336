"""The contents of the book: EPUB 3's navigation document, EPUB 2's NCX for old readers, and the landmarks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tiku.exporters.epub.layout import common
from tiku.exporters.epub.pages import fill
from tiku.render.html import text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tiku.exporters.epub.layout import Heading, Page


@dataclass(slots=True)
class Entry:
    """A line of the contents."""

    label: str
    href: str
    language: str = ""
    below: list[Entry] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Landmark:
    """A place that readers offer by itself."""

    type: str
    """EPUB 3's word, of the Structural Semantics Vocabulary."""
    guide: str
    """EPUB 2's word for the guide; empty for none."""
    label: str
    href: str


def entries(pages: Iterable[Page]) -> list[Entry]:
    """The contents of `pages`: a line for each section, and below it for each unit that has a label."""
    top: list[Entry] = []
    path: tuple[Heading, ...] = ()
    open_: list[Entry] = []
    for page in pages:
        for unit in page.units:
            shared = common(path, unit.path)
            del open_[shared:]
            for heading in unit.path[shared:]:
                entry = Entry(heading.label, f"{page.name}#{heading.id}", heading.language)
                (open_[-1].below if open_ else top).append(entry)
                open_.append(entry)
            path = unit.path
            if unit.label:
                open_[-1].below.append(Entry(unit.label, f"{page.name}#{unit.id}"))
    return top


def by_page(pages: list[Page], name: Callable[[str], str]) -> list[Entry]:
    """The contents of a book without chapters: a line for each page, which tells the numbers on it, and its units."""
    out: list[Entry] = []
    for page in pages:
        lines = [Entry(unit.label, f"{page.name}#{unit.id}") for unit in page.units if unit.label]
        numbers = [unit.number for unit in page.units if unit.number]
        out.append(Entry(name(f"{numbers[0]}–{numbers[-1]}" if numbers else ""), page.name, below=lines))
    return out


def depth(found: list[Entry]) -> int:
    """How many levels the contents have."""
    return 1 + max((depth(entry.below) for entry in found), default=0) if found else 0


def contents(found: list[Entry], marks: Iterable[Landmark], words: Any) -> str:
    """The body of the navigation document."""
    listed = "\n".join(
        f'<li><a epub:type="{mark.type}" href="{text(mark.href)}">{text(mark.label)}</a></li>' for mark in marks
    )
    return (
        f'<nav epub:type="toc" role="doc-toc" id="toc" aria-labelledby="toc-title">\n'
        f'<h1 id="toc-title">{text(words["contents"])}</h1>\n{_list(found)}\n</nav>\n'
        f'<nav epub:type="landmarks" aria-labelledby="landmarks-title" hidden="hidden">\n'
        f'<h2 id="landmarks-title">{text(words["landmarks"])}</h2>\n<ol>\n{listed}\n</ol>\n</nav>'
    )


def _list(found: list[Entry]) -> str:
    lines = []
    for entry in found:
        tongue = f' lang="{entry.language}" xml:lang="{entry.language}"' if entry.language else ""
        below = f"\n{_list(entry.below)}\n" if entry.below else ""
        lines.append(f'<li><a href="{text(entry.href)}"{tongue}>{_label(entry.label)}</a>{below}</li>')
    return "<ol>\n" + "\n".join(lines) + "\n</ol>"


def _label(label: str) -> str:
    return text(" ".join(label.split())) or "–"


def ncx(found: list[Entry], *, title: str, language: str, identifier: str) -> str:
    """The NCX file: https://idpf.org/epub/20/spec/OPF_2.0_latest.htm#Section2.4.1."""
    count = 0

    def points(below: list[Entry]) -> str:
        nonlocal count
        out = []
        for entry in below:
            count += 1
            out.append(
                f'<navPoint id="n{count}" playOrder="{count}"><navLabel><text>{_label(entry.label)}</text></navLabel>'
                f'<content src="{text(entry.href)}" />{points(entry.below)}</navPoint>'
            )
        return "\n".join(out)

    body = points(found)
    return fill(
        "toc.ncx", language=text(language), identifier=text(identifier), depth=str(depth(found)), title=_label(title),
        points=body,
    )  # fmt: skip
