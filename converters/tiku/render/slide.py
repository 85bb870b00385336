"""One slide: where things stand on it, in which sizes, and what it holds.

Lengths are points on a slide 960 x 540 (13.333 x 7.5 inches); HTML takes them as CSS pixels.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tiku.render.paginate import titles
from tiku.render.paginate.flow import Paragraph
from tiku.render.paginate.measure import leading

if TYPE_CHECKING:
    from tiku.render.paginate.flow import Item, Runs

QUESTION_SIZES = (36.0, 32.0, 28.0, 26.0, 24.0, 22.0, 20.0)
BODY_SIZES = (26.0, 24.0, 22.0, 20.0)
COVER_SIZES = (48.0, 44.0, 40.0, 36.0, 32.0, 28.0, 24.0, 20.0)
TITLE_SIZES = (30.0, 28.0, 26.0, 24.0, 22.0, 20.0)
FOOTER_SIZE = 14.0
FOOTER_FULL = 0.95
"""How much of a box in the footer its text may take, as measured."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in points."""

    left: float
    top: float
    width: float
    height: float


def footer_width(words: str) -> float:
    """The width that `words` need in the footer, in points."""
    return titles.width(words) * FOOTER_SIZE / FOOTER_FULL if words else 0.0


def footer_places(width: float, link: str, progress: str) -> tuple[float, float, float, float]:
    """Where in a footer `width` points wide the start ends, the link begins and ends, and the progress begins.

    On narrow slides the start has what the others leave.
    """
    gap = max(width * 0.02, FOOTER_SIZE)
    progress_from = width - max(width * 0.12, footer_width(progress))
    link_width = max(width * 0.26, footer_width(link))
    link_from = max(0.0, min(width * 0.6, progress_from - gap - link_width))
    return max(0.0, link_from - gap), link_from, min(link_from + link_width, progress_from - gap), progress_from


@dataclass(frozen=True, slots=True)
class Geometry:
    """Where things stand on a slide."""

    width: float = 960.0
    height: float = 540.0
    title: Box = Box(52, 26, 856, 76)
    body: Box = Box(52, 112, 856, 378)
    footer: Box = Box(52, 504, 856, 20)
    cover: Box = Box(80, 150, 800, 130)
    """The title of the title slide and of section slides."""
    subtitle: Box = Box(80, 312, 800, 140)


@dataclass(slots=True)
class Slide:
    """One slide."""

    name: str
    """Unique in the deck: what links name."""
    kind: str
    """``title``, ``contents``, ``section``, ``text``, ``question``, ``answer``."""
    title: Runs
    title_size: float
    items: list[Item] = field(default_factory=list)
    size: float = 20.0
    """Of its body text."""
    limit: float = 0.62
    """How much of the body a picture may take: Setter's."""
    height: float = 0.0
    """Of its body, as measured."""
    centred: bool = False
    """Whether the body stands in the middle of its box."""
    notes: list[Item] = field(default_factory=list)
    """What the speaker sees."""
    left: str = ""
    """In the footer: the section and the tags."""
    progress: str = ""
    """In the footer: ``12/150``."""
    link: tuple[str, str] = ("", "")
    """In the footer: words, and the slide they lead to."""
    hidden_from: int = -1
    """The first item that is shown only at a further step; -1 when all are shown at once."""

    @property
    def is_short(self) -> bool:
        """Whether it holds a line or two of text and nothing else."""
        plain = all(isinstance(item, Paragraph) and not item.path and item.role == "body" for item in self.items)
        return plain and self.height <= 3 * leading(self.size)
