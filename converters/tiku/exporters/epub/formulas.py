"""Formulas: MathML, or pictures of them for readers that have none; either way their LaTeX is what is read out."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from tiku.errors import SetupError
from tiku.exporters.epub import raster
from tiku.render.html import text
from tiku.render.mathematics import MathError, mathml, picture

if TYPE_CHECKING:
    from tiku.exporters.epub.pictures import Pictures
    from tiku.render.html import Formula
    from tiku.render.mathematics import Picture

WAYS = ("mathml", "svg", "png")
_TOKENS = frozenset({"mi", "mn", "mo", "mtext", "ms", "mspace"})
_FONT_SIZE = 16.0
"""Of `mathematics.picture`."""
_EM = 1.1 / _FONT_SIZE
"""Ems of the text around for a unit of the drawing: the letters of the formula font are smaller than most."""
_BOX = re.compile(r'<svg [^>]*viewBox="[^" ]+ ([^" ]+) [^" ]+ ([^" ]+)"')
_NO_GLYPH = re.compile(r'<symbol id="[^"]*_0"')
_XLINK = "http://www.w3.org/1999/xlink"


def formula_for(way: str, pictures: Pictures) -> Formula:
    """The function that writes formulas the way asked for; pictures go into `pictures`."""
    if way == "mathml":
        return _mathml

    def draw(latex: str, display: bool) -> str:
        drawn = picture(latex, display=display)
        if _NO_GLYPH.search(drawn.svg):
            raise MathError("the formula font lacks a character of it")
        mime, suffix, content = _file(drawn, way)
        href = pictures.add_formula(mime, suffix, content)
        # Sizes in em follow the reader's own; the depth puts the picture on the baseline.
        top, height = (float(each) for each in _BOX.findall(drawn.svg)[0])
        size = f"height:{height * _EM:.3f}em;vertical-align:{-(top + height) * _EM:.3f}em"
        return f'<img class="math" src="{href}" alt="{text(latex.strip())}" style="{size}" />'

    return draw


@lru_cache(maxsize=4096)
def _mathml(latex: str, display: bool) -> str:
    """MathML for `latex` that its schema accepts; raises MathError for what would be refused."""
    out = mathml(latex, display=display)
    for element in ET.fromstring(out).iter():  # noqa: S314 - our own text
        if element.tag.rpartition("}")[2] in _TOKENS and len(element):
            raise MathError("what comes of it is no valid MathML")
    return out


def _file(drawn: Picture, way: str) -> tuple[str, str, bytes]:
    if way == "png":
        try:
            return "image/png", "png", raster.png(drawn.svg, _FONT_SIZE)
        except SetupError:
            raise
        except (ValueError, KeyError, ET.ParseError) as error:
            raise MathError(str(error)) from error
    # White paper below: a black formula on a reader's black page would not be seen. Links as old readers know them.
    svg = re.sub(
        r'(<svg [^>]*viewBox="([^" ]+) ([^" ]+) ([^" ]+) ([^" ]+)"[^>]*)>',
        rf'\1 xmlns:xlink="{_XLINK}"><rect x="\2" y="\3" width="\4" height="\5" fill="white" />',
        drawn.svg,
        count=1,
    )
    return "image/svg+xml", "svg", svg.replace("<use href=", "<use xlink:href=").encode("utf-8", "replace")
