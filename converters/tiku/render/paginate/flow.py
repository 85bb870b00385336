"""Rich content as a flow of items that can be measured, split and set: what a paginator takes and gives back.

Nested blocks become a flat row of items; each knows the lists and quotations it stands in (`path`), so that a writer
can set it by its indent (PPTX) or build the nesting again (HTML).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

if TYPE_CHECKING:
    from tiku.render.paginate.metrics import Line

BOLD, ITALIC, CODE, STRIKE, UNDERLINE, SUPER, SUB, SMALLCAPS = (1 << bit for bit in range(8))
"""The bits of Run.style."""

OBJECT = "\ufffc"
"""What stands for a formula in the text of a paragraph."""
_ROMAN_VALUES = (1000, 900, 500, 400, 100, 90, 50, 40, 10, 9, 5, 4, 1)
_ROMAN_LETTERS = ("m", "cm", "d", "cd", "c", "xc", "l", "xl", "x", "ix", "v", "iv", "i")


class Run(NamedTuple):
    """A piece of text set in one way. ``\\n`` in its text is a line break."""

    text: str
    style: int = 0
    link: str = ""
    latex: str = ""
    """A formula: its `text` is OBJECT, this its source."""
    tone: str = ""
    """One of highlight.CLASSES, for code; ``label`` and ``mark`` for words of our own."""
    language: str = ""
    """BCP 47, where it is not that of the deck."""


Runs: TypeAlias = tuple[Run, ...]


class Container(NamedTuple):
    """A list or quotation around an item; equal only to itself within one flow, by `serial`."""

    kind: str
    """``bullet``, ``number``, ``choice``, ``quote``, ``plain`` (indented only)."""
    serial: int
    indent: float
    """In em of the body text."""
    start: int = 1
    style: str = ""
    """pandoc's number style: Decimal, LowerAlpha, …"""
    delimiter: str = ""
    """pandoc's delimiter: Period, OneParen, TwoParens."""


class Place(NamedTuple):
    """One step of a path: the container and the number of the item in it, from 0."""

    container: Container
    number: int
    """From 0."""

    @property
    def marker(self) -> str:
        """What stands before the item, as text; empty where nothing does."""
        box = self.container
        if box.kind == "bullet":
            return "•"
        if box.kind != "number":
            return ""
        count = box.start + self.number
        said = str(count)
        if box.style in {"LowerAlpha", "UpperAlpha"} and count > 0:
            said = "abcdefghijklmnopqrstuvwxyz"[(count - 1) % 26] * ((count - 1) // 26 + 1)
        elif box.style in {"LowerRoman", "UpperRoman"} and 0 < count < 4000:
            said = _roman(count)
        said = said.upper() if box.style.startswith("Upper") else said
        return {"OneParen": f"{said})", "TwoParens": f"({said})"}.get(box.delimiter, f"{said}.")


def _roman(number: int) -> str:
    """`number` in small Roman numerals."""
    out = ""
    for value, letters in zip(_ROMAN_VALUES, _ROMAN_LETTERS, strict=True):
        out += letters * (number // value)
        number %= value
    return out


@dataclass(slots=True, eq=False)
class Item:
    """Anything in the flow."""

    path: tuple[Place, ...] = ()
    first: bool = False
    """Whether it carries the marker of the innermost list item."""
    keep: bool = False
    """Whether it must not be parted from what follows: a label, a heading, a caption above."""
    known: dict[tuple[float, float, float], float] = field(default_factory=dict, repr=False)
    """Its height as measured: by size, width and the limit of pictures."""

    @property
    def indent(self) -> float:
        """How far it stands in from the start side, in em of the body text."""
        return sum(place.container.indent for place in self.path)


@dataclass(slots=True, eq=False)
class Paragraph(Item):
    """Text."""

    runs: Runs = ()
    role: str = "body"
    """``body``, ``heading``, ``label``, ``caption``, ``note``, ``choice``, ``row`` (of a table turned into text)."""
    correct: bool = False
    """A choice that is to be marked as correct."""
    align: str = ""
    """``start``, ``center``, ``end``; empty is the default."""
    rtl: bool = False
    continued: bool = False
    """Whether it is the rest of a paragraph that began on the slide before."""
    scale: float = 1.0
    """Its size as a share of the body's."""
    line: Line | None = field(default=None, repr=False)
    """Its measured text, once somebody asked."""

    @property
    def text(self) -> str:
        """Its text, formulas as OBJECT."""
        return "".join(run.text for run in self.runs)


@dataclass(slots=True, eq=False)
class Code(Item):
    """Lines of code, each a row of runs with their tones."""

    lines: tuple[Runs, ...] = ()
    language: str = ""
    longest: float = 0.0
    """Of its lines, those on other slides too, in em: all parts are set in one size."""
    measured: list[Line] | None = field(default=None, repr=False)


class Cell(NamedTuple):
    """A table cell; what a span covers has no cells of its own."""

    paragraphs: tuple[Paragraph, ...]
    column: int
    down: int = 1
    across: int = 1
    head: bool = False


Rows: TypeAlias = tuple[tuple[Cell, ...], ...]
"""Rows of cells that cover a table without gaps and without reaching beyond it: see grid.py."""


@dataclass(slots=True, eq=False)
class Table(Item):
    """A table: `head` is repeated on each slide it covers."""

    columns: int = 0
    head: Rows = ()
    rows: Rows = ()
    needs: tuple[list[float], list[float]] | None = field(default=None, repr=False)
    """Least and natural widths of its columns in em, once measured: parts on other slides have the same columns, or
    their rows would not be as tall as they were when the table was cut."""
    widths: tuple[float, ...] = ()
    """Of the columns, in points; set when it is measured."""
    heights: tuple[float, ...] = ()
    """Of the rows, the head's first, in points; set when it is measured."""


@dataclass(slots=True, eq=False)
class Picture(Item):
    """A picture of the bank."""

    name: str = ""
    alt: str = ""
    title: str = ""
    link: str = ""
    width: float = 0.0
    """Its natural width in points."""
    height: float = 0.0


@dataclass(slots=True, eq=False)
class Formula(Item):
    """A displayed formula."""

    latex: str = ""
    width: float = 0.0
    """In em."""
    height: float = 0.0


@dataclass(slots=True, eq=False)
class Rule(Item):
    """A line across."""
