"""Right-to-left lines: which text each of their glyphs stands for.

WeasyPrint draws glyphs from left to right whatever the direction, as programs that take out text expect, but it gives a
cluster's text to the cluster's leftmost glyph, be it a vowel sign or half a ligature. So glyphs get their texts here,
before WeasyPrint draws them. (``ActualText`` would not do: Poppler, MuPDF and PDFium turn it round.)
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

RIGHT_TO_LEFT = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff]")
_LAST_GLYPH = 0xFFFF
"""Pango's numbers above it are no glyphs: nothing, or a character without one."""


def install() -> None:
    """Have WeasyPrint call this module for each line it draws."""
    from weasyprint.draw import text as drawing

    original = drawing.draw_first_line

    def draw_first_line(stream: Any, textbox: Any, *rest: Any) -> Any:
        if RIGHT_TO_LEFT.search(textbox.text):
            _name_glyphs(stream, textbox.pango_layout)
        return original(stream, textbox, *rest)

    drawing.draw_first_line = draw_first_line


def _name_glyphs(stream: Any, layout: Any) -> None:
    """Tell the fonts of `stream` what the right-to-left glyphs of the first line of `layout` stand for."""
    from weasyprint.text.ffi import ffi

    text = layout.text.encode()
    run = layout.get_first_line()[0].runs[0]
    while run != ffi.NULL:
        item, glyphs = run.data.item, run.data.glyphs
        run = run.next
        if item.analysis.level % 2 == 0:
            continue
        known = stream.add_font(item.analysis.font)[0].to_unicode
        count = glyphs.num_glyphs
        codes = [glyphs.glyphs[place].glyph for place in range(count)]
        starts = [glyphs.log_clusters[place] for place in range(count)]
        for cluster, words in clusters(codes, starts, text[item.offset : item.offset + item.length]):
            for code, own in shared(cluster, words):
                if code <= _LAST_GLYPH and own:
                    known.setdefault(code, own)


def clusters(codes: list[int], starts: list[int], text: bytes) -> Iterator[tuple[list[int], str]]:
    """The clusters of a right-to-left run: the glyphs of each in the order of the text, and its text.

    `codes` are the glyphs from left to right, `starts` says for each where its cluster begins in the UTF-8 `text`.
    """
    end = len(text)
    cluster: list[int] = []
    for place, code in enumerate(codes):
        cluster.insert(0, code)
        if place + 1 == len(codes) or starts[place + 1] != starts[place]:
            yield cluster, text[starts[place] : end].decode()
            cluster, end = [], starts[place]


def shared(codes: list[int], text: str) -> Iterator[tuple[int, str]]:
    """`text` shared among the glyphs `codes` of one cluster: letters for the first, signs for those that follow.

    A ligature gets the one character that Unicode has for it. If there is none, its letters stand from left to right as
    they are drawn: programs turn the whole line round (Poppler, MuPDF and PDFium do), and these letters with it.
    """
    letters = "".join(character for character in text if not unicodedata.category(character).startswith(("M", "C")))
    signs = [character for character in text if unicodedata.category(character).startswith("M")]
    if len(codes) == 1 or not letters:
        yield codes[0], _drawn(text)
        return
    others = codes[1:]
    if len(letters) > 1 and len(others) == len(letters) - 1 + len(signs):
        yield from zip(codes, [*letters, *signs], strict=True)
        return
    yield codes[0], _drawn(letters)
    for place, code in enumerate(others):
        last = place + 1 == len(others)
        yield code, "".join(signs[place:] if last else signs[place : place + 1])


def _drawn(letters: str) -> str:
    return _ligatures().get(letters, letters[::-1])


@cache
def _ligatures() -> dict[str, str]:
    """The Arabic presentation forms of several letters, by their letters."""
    forms: dict[str, str] = {}
    for point in [*range(0xFEF5, 0xFEFD), *range(0xFBEA, 0xFD3E), *range(0xFDF0, 0xFDFC)]:
        letters = unicodedata.normalize("NFKC", chr(point))
        if len(letters) > 1 and " " not in letters:
            forms.setdefault(letters, chr(point))
    return forms
