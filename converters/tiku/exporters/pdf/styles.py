"""The style sheet of one book: the theme's, after what only this book knows: its fonts, its page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tiku.errors import UsageError
from tiku.plugins import suggest
from tiku.render import fonts
from tiku.render.locales import direction

if TYPE_CHECKING:
    from pathlib import Path

    from tiku.exporters.pdf.theme import Theme

EDGE = 6.0
"""Millimetres around a sheet of cards."""
STAMPS = ("folio", "range", "reference", "thumb")
_SIDE = re.compile(r"(@(?:top|bottom)-)(left|right)")
MM = 72 / 25.4
"""Points in a millimetre."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """The CSS, and the page it is for: in points, margins as CSS orders them (top, right, bottom, left)."""

    css: str
    width: float
    height: float
    margins: tuple[float, float, float, float]
    gutter: float
    stamps: dict[str, Any]
    """How the stamps look: the theme's tables ``folio``, ``range``, ``reference``, ``thumb``, as this page has them."""
    cards: tuple[int, int]
    """Columns and rows of cards on a sheet of paper; (0, 0) for a book of pages. `width` and `height` are a card's."""
    paper: tuple[float, float]
    """Width and height of the paper; `offset` is where the first card's upper left corner is on it."""
    offset: tuple[float, float]
    files: dict[str, Path]
    """Font files that are not installed and must be served to the renderer, by name."""


def sheet(theme: Theme, language: str, page: str, *, own: str, asset: str) -> Sheet:
    """The sheet for a book in `language` on `page`; `own` is the user's CSS, `asset` the scheme of served files.

    Raises UsageError when the theme has no such page, or says it wrongly.
    """
    pages: dict[str, Any] = theme.settings.get("pages", {})
    if page not in pages:
        raise UsageError(f"this theme has no page '{page}'{suggest(page, list(pages))}")
    try:
        size = pages[page]
        width, height, gutter, kind = (float(size[key]) for key in ("width", "height", "gutter", "type"))
        top, right, bottom, left = (float(value) for value in size["margin"])
    except (KeyError, TypeError, ValueError) as error:
        raise UsageError(f"the theme's page '{page}' is not told in full: {error}") from error
    paper, offset, cards = (width, height), (0.0, 0.0), _cards(theme)
    if cards != (0, 0):
        # A printer cannot print to the edge of the paper: the cards keep away from it.
        offset = (EDGE, EDGE)
        width, height = (width - 2 * EDGE) / cards[0], (height - 2 * EDGE) / cards[1]
    lines = [
        f"@page {{ size: {width}mm {height}mm; margin: {top}mm {right}mm {bottom}mm {left}mm }}",
        f"html {{ font-size: {kind}pt }}",
        ":root { " + " ".join(f"--{style}: {_families(language, style)};" for style in ("serif", "sans", "mono"))
        + f" --gutter: {gutter}mm; --page-width: {width}mm; --page-height: {height}mm; }}",
    ]  # fmt: skip
    files: dict[str, Path] = {}
    for family, path in fonts.packaged().items():
        if family not in fonts.families() and family in fonts.stack(language) + fonts.stack(language, "sans"):
            files[path.name] = path
            lines.append(f'@font-face {{ font-family: "{family}"; src: url("{asset}{path.name}") }}')
    css = "\n".join([*lines, _mirrored(theme.css) if direction(language) == "rtl" else theme.css, own])
    stamps = {name: {**theme.settings.get(name, {}), **size.get(name, {})} for name in STAMPS}
    margins = (top * MM, right * MM, bottom * MM, left * MM)
    return Sheet(
        css, width * MM, height * MM, margins, gutter * MM, stamps, cards,
        (paper[0] * MM, paper[1] * MM), (offset[0] * MM, offset[1] * MM), files,
    )  # fmt: skip


def _mirrored(css: str) -> str:
    """`css` with what stands at the left of a page's margin at its right: running heads know no ``start`` and ``end``."""
    return _SIDE.sub(lambda found: found[1] + {"left": "right", "right": "left"}[found[2]], css)


def _cards(theme: Theme) -> tuple[int, int]:
    """Columns and rows of cards, (0, 0) when the theme makes none."""
    table = theme.settings.get("cards", {})
    try:
        columns, rows = int(table.get("columns", 0)), int(table.get("rows", 0))
    except (TypeError, ValueError) as error:
        raise UsageError(f"the theme's cards are not told in whole numbers: {error}") from error
    return (columns, rows) if columns > 0 and rows > 0 else (0, 0)


def _families(language: str, style: str) -> str:
    generic = {"serif": "serif", "sans": "sans-serif", "mono": "monospace"}[style]
    return ", ".join([*(f'"{name}"' for name in fonts.stack(language, style)), generic])
