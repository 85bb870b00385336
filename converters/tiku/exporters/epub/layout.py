"""What stands in which file: 20 to 50 questions a file, whole chapters where they are small, at most 250 KB of XHTML.

Long files make readers lag, thousands of small ones make them slow to open; old readers choke on files over 300 KB.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_BYTES = 250_000
MOST = 40
"""Questions a file at most: 41 are two files of 20 and 21."""
LEAST = 20
"""A file takes further whole chapters until it has this many."""
_FRAME = 2_000
"""Bytes kept free for the page around the content, and for headings repeated."""


@dataclass(frozen=True, slots=True)
class Heading:
    """The heading of a section."""

    id: str
    html: str
    label: str
    """As plain text, for the navigation."""
    language: str = ""
    """Its language when it is not the book's."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What is not cut: a question, its answer, or a section's introduction."""

    path: tuple[Heading, ...]
    """The sections it stands in, outermost first; never empty."""
    html: str
    id: str = ""
    """The id in `html` that links lead to."""
    label: str = ""
    """Its entry in the navigation; empty for none."""
    number: str = ""
    line: int = 0
    """Where its question stands in the source."""
    counts: bool = True
    """Whether it counts as a question of its file."""


@dataclass(slots=True)
class Page:
    """One XHTML file of the book."""

    name: str
    units: list[Unit] = field(default_factory=list)
    size: int = 0
    count: int = 0
    continued: int = 0
    """How many headings of its first unit's path began in an earlier file."""


def paginate(units: Iterable[Unit], prefix: str) -> list[Page]:
    """`units` on pages named ``PREFIX001.xhtml`` and so on, in order, each unit on one page."""
    chapters: list[list[Unit]] = []
    for unit in units:
        if not chapters or chapters[-1][0].path[0] is not unit.path[0]:
            chapters.append([])
        chapters[-1].append(unit)
    pages: list[Page] = []
    for chapter in chapters:
        count = sum(unit.counts for unit in chapter)
        share = ceil(count / max(1, ceil(count / MOST)))
        if (
            not pages
            or pages[-1].count + min(count, share) > MOST
            or pages[-1].count >= LEAST
            or _named(pages[-1], chapter)
        ):
            pages.append(Page(f"{prefix}{len(pages) + 1:03}.xhtml"))
        page, begun = pages[-1], 0
        known: tuple[Heading, ...] = ()
        for unit in chapter:
            size = len(unit.html.encode("utf-8", "replace"))
            full = page.size + size + _FRAME > MAX_BYTES and page.units
            if full or (begun >= share and unit.counts):
                page = Page(f"{prefix}{len(pages) + 1:03}.xhtml", continued=common(known, unit.path))
                pages.append(page)
                begun = 0
            page.units.append(unit)
            page.size += size
            page.count += unit.counts
            begun += unit.counts
            known = unit.path
    return pages


def _named(page: Page, chapter: list[Unit]) -> bool:
    """Whether `page` has a chapter of the same name: two landmarks of one name in a file cannot be told apart."""
    return any(unit.path[0].label == chapter[0].path[0].label for unit in page.units)


def common(one: tuple[Heading, ...], other: tuple[Heading, ...]) -> int:
    """How many headings, from the outermost on, two paths share."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if left is not right:
            break
        count += 1
    return count
