"""Fonts inside the book: for each character used, the first of the language's fonts that has it, cut down to these."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tiku.exporters.epub.glyphs import has
from tiku.exporters.epub.package import File
from tiku.plugins import need
from tiku.render import fonts

if TYPE_CHECKING:
    from collections.abc import Iterable

_MARKUP = re.compile(r"<[^>]*>")
_REFERENCES = {"&amp;": "&", "&lt;": "<", "&gt;": ">", "&quot;": '"', "&#x27;": "'"}
_COLOURED = ("CBDT", "COLR", "SVG ", "sbix")
_RESTRICTED = 0x0002
"""OS/2 fsType: must not be embedded (https://learn.microsoft.com/typography/opentype/spec/os2#fstype)."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """The fonts of a book."""

    files: tuple[File, ...]
    css: str
    missing: str
    """Characters that no font has which may be embedded."""


def characters(pages: Iterable[str]) -> set[str]:
    """Every character a reader sees on `pages`, which are XHTML; variation selectors are none."""
    found: set[str] = set()
    for page in pages:
        words = _MARKUP.sub("", page)
        for reference, character in _REFERENCES.items():
            if reference in words:
                words = words.replace(reference, character)
        found |= set(words)
    return {each for each in found if each.isprintable() and not each.isspace() and not "\ufe00" <= each <= "\ufe0f"}


def embed(used: set[str], language: str) -> Embedded:
    """Subsets of the fonts that `language` is set in, which together have all of `used`, as far as there are any.

    Raises SetupError without fontTools.
    """
    library: Any = need("epub", "fontTools.ttLib", "epub")
    left = set(used)
    files: list[File] = []
    rules: list[str] = []
    # The space belongs to every font: without one, words are set in two.
    for name in fonts.stack(language, "serif"):
        face = fonts.font_face(name)
        if face is None or face.variable or not left:
            continue
        mine = {each for each in left if has(face, each)}
        content = _subset(library, face, mine | {" ", "\u00a0"}) if mine else None
        if content is None:
            continue
        left -= mine
        number = len(files) + 1
        suffix = "otf" if content[:4] == b"OTTO" else "ttf"
        files.append(File(f"font{number}", f"fonts/book{number}.{suffix}", f"font/{suffix}", content))
        rules.append(f'@font-face {{ font-family: "Book {number}"; src: url(fonts/book{number}.{suffix}); }}')
    if not files:
        return Embedded((), "", "".join(sorted(left)))
    names = ", ".join(f'"Book {number}"' for number in range(1, len(files) + 1))
    rules.append(f"body {{ font-family: {names}, serif; }}")
    rules.append(f"pre, code, kbd, samp {{ font-family: monospace, {names}; }}")
    return Embedded(tuple(files), "\n".join(["", *rules, ""]), "".join(sorted(left)))


def _subset(library: Any, face: fonts.Face, wanted: set[str]) -> bytes | None:
    """`face` with only the glyphs for `wanted`; None when it must not, or cannot, be embedded."""
    from fontTools.subset import Options, Subsetter

    # Glyphs by number, the time as it is in the file: the same bytes every time.
    with library.TTFont(face.file, fontNumber=face.index, lazy=True, recalcTimestamp=False) as font:
        if any(table in font for table in _COLOURED) or font["OS/2"].fsType & _RESTRICTED:
            return None
        options = Options()
        options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]  # with its copyright and licence
        options.layout_features = ["*"]
        options.hinting = False
        options.notdef_outline = True
        options.recalc_timestamp = False
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=[ord(each) for each in wanted])
        subsetter.subset(font)
        out = io.BytesIO()
        font.save(out)
    return out.getvalue()
