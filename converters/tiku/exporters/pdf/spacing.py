"""Space in lines of Chinese and Japanese, as the eye wants it, that no copied text shows.

Between Chinese or Japanese and Latin text stands a sixteenth of an em.

Pango knows no ``text-autospace``. A hair space (U+200A) is written between the scripts instead: fonts have no glyph for
it, so Pango draws a space and kerns it back to 1/16 em. In the finished page that space becomes plain kerning, below
the tenth of an em from which programs that take text out of a PDF see a space.

Of two marks that follow each other, as in ``）（``, the first is set on three fifths of an em: half of its square is
blank. A half would be right, but there Poppler sees the beginning of a new line.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

HAIR = "\u200a"
JOINER = "\u034f"
"""What a glyph without a text of its own is read as: COMBINING GRAPHEME JOINER, which no program shows."""
_WIDTH = 62.5
"""Of a hair space, in thousandths of an em (HarfBuzz's fallback)."""
_TAG = re.compile(r"(<[^>]*>)")
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u3040-\u30ff\U00020000-\U0003ffff"
_HAN_LATIN = re.compile(f"(?<=[{_HAN}])(?=[A-Za-z0-9\u00c0-\u024f\u0370-\u03ff\u0400-\u04ff])")
_LATIN_HAN = re.compile(f"(?<=[A-Za-z0-9\u00c0-\u024f\u0370-\u03ff\u0400-\u04ff%])(?=[{_HAN}])")
_ENDS_HAN = re.compile(f"[{_HAN}]$")
_ENDS_LATIN = re.compile("[A-Za-z0-9%]$")
_INLINE = re.compile(r"</?(?:strong|em|a|code|span|u|b|i|del|mark)\b")
_VERBATIM = ("<pre", "<code", "<title")
_TOKEN = re.compile(rb"/(\S+) [\d.]+ Tf|\[([^\]]*)\] TJ")
_KERNED = re.compile(rb"([0-9a-f]*)>(\d+)<")


_OPENING = "（《「『【〔〖“‘"
_CLOSING = "）》」』】〕〗”’"
_STOPS = {"sc": "，。、；：", "jp": "，。、"}
"""Stops that fill only the left half of their square; in Taiwan and Hong Kong they stand in its middle."""


@cache
def _squeezed(group: str) -> re.Pattern[str]:
    """The marks whose blank half goes, for a group of languages (see `fonts.group`)."""
    stops = _STOPS.get(group, "")
    closing = _CLOSING + stops
    return re.compile(f"[{closing}](?=[{closing}{_OPENING}])|[{_OPENING}](?=[{_OPENING}])")


def open_gaps(html: str, group: str) -> str:
    """`html` with a hair space wherever the scripts meet, and marks that follow each other closed up; code left alone.

    `group` is the group of languages of the text: ``sc``, ``tc``, ``hk``, ``jp``.
    """
    squeezed = _squeezed(group)
    out: list[str] = []
    verbatim = 0
    before = ""
    for piece in _TAG.split(html):
        if piece.startswith("<"):
            if piece.startswith(_VERBATIM):
                verbatim += 1
            elif piece.startswith(("</pre", "</code", "</title")):
                verbatim = max(0, verbatim - 1)
            if not _INLINE.match(piece):
                before = ""
            out.append(piece)
        elif verbatim or not piece:
            before = piece or before
            out.append(piece)
        else:
            text = _LATIN_HAN.sub(HAIR, _HAN_LATIN.sub(HAIR, piece))
            if before and (
                (_ENDS_HAN.search(before) and _ENDS_LATIN.match(piece[0]))
                or (_ENDS_LATIN.search(before) and _ENDS_HAN.match(piece[0]))
            ):
                text = HAIR + text
            before = piece
            out.append(squeezed.sub(r'<span class="squeezed">\g<0></span>', text))
    return "".join(out)


def close_gaps(content: bytes, spaces: dict[bytes, tuple[bytes, float]]) -> bytes:
    """A page's `content` with its hair spaces turned into kerning.

    `spaces` tells, for each font by its resource name, the glyph of the space and its width.
    """
    font: list[tuple[bytes, float] | None] = [None]

    def change(found: re.Match[bytes]) -> bytes:
        if found[1] is not None:
            font[0] = spaces.get(found[1])
            return found[0]
        if font[0] is None:
            return found[0]
        glyph, width = font[0]

        def kern(piece: re.Match[bytes]) -> bytes:
            gap = width - int(piece[2])
            if abs(gap - _WIDTH) > 1.6 or len(piece[1]) % 4 or piece[1][-4:] != glyph:
                return piece[0]
            return piece[1][:-4] + f">{-gap:g}<".encode()

        return b"[" + _KERNED.sub(kern, found[2]) + b"] TJ"

    return _TOKEN.sub(change, content)


def space_of(font: Any) -> tuple[bytes, float] | None:
    """The glyph of the space in a composite font, as four hexadecimal digits, and its width.

    A ToUnicode map that says hair space for it, or nothing for some glyph, is corrected.
    """
    if "/ToUnicode" not in font or "/DescendantFonts" not in font:
        return None
    table: bytes = font.ToUnicode.read_bytes()
    if b"<200a>" in table or b" <>" in table:
        # Both spaces are one glyph, and the map holds one text for it: the first that was drawn. A glyph that only adds
        # to the one before it (the dots of an Arabic letter) has no text of its own, but must have some.
        table = table.replace(b" <200a>", b" <0020>").replace(b" <>", b" <034f>")
        font.ToUnicode.write(table)
    found = re.search(rb"<([0-9a-f]{4})> <0020>", table)
    if not found:
        return None
    from tiku.exporters.pdf.stamps import widths_of

    width = widths_of(font).get(int(found[1], 16))
    return None if width is None else (found[1], width)
