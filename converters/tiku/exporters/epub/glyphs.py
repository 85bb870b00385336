"""Which characters a font has, from fontconfig's list of them."""

from __future__ import annotations

from bisect import bisect_right
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tiku.render.fonts import Face


def has(face: Face, character: str) -> bool:
    """Whether `face` has a glyph for `character`."""
    starts, ends = _runs(face.charset)
    place = bisect_right(starts, ord(character)) - 1
    return place >= 0 and ord(character) <= ends[place]


@cache
def _runs(charset: str) -> tuple[list[int], list[int]]:
    runs = sorted(
        (int(first, 16), int(last or first, 16)) for first, _, last in (run.partition("-") for run in charset.split())
    )
    return [first for first, _ in runs], [last for _, last in runs]
