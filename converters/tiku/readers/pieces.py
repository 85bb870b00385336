"""Large Markdown in pieces, so that pandoc's memory does not grow with the document.

A text is cut before headings that stand at the left edge outside code: nothing but a reference definition or a footnote
reaches across such a line, and those are given to every piece.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tiku import pandoc

if TYPE_CHECKING:
    from tiku.model import Block

LARGE = 3_000_000
"""A text of so many characters is still read whole."""
PIECE = 1_500_000
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"#{1,6}[ \t]")
_DEFINITION = re.compile(r" {0,3}\[[^\]\n]{1,200}\]:[ \t]*\S")
MAX_DEFINITIONS = 200_000
"""With more characters of definitions than this, the text is read whole after all."""


def parse(text: str, source_format: str) -> tuple[list[Block], list[str]]:
    """The blocks of a Markdown `text`, and pandoc's warnings. Raises DocumentError when it cannot be parsed.

    How deep nodes are nested is for `lines.take` to see.
    """
    if len(text) <= LARGE:
        return pandoc.read(text, source_format, look=False)
    pieces, definitions = cut(text)
    if len(definitions) > MAX_DEFINITIONS or len(pieces) == 1:
        return pandoc.read(text, source_format, look=False)
    blocks: list[Block] = []
    warnings: list[str] = []
    for piece in pieces:
        more, said = pandoc.read(f"{piece}\n\n{definitions}", source_format, look=False)
        blocks += more
        warnings += [each for each in said if each not in warnings]
    return blocks, warnings


def cut(text: str) -> tuple[list[str], str]:
    """`text` in pieces of about PIECE characters, and its definitions of links and footnotes."""
    pieces: list[list[str]] = [[]]
    definitions: list[str] = []
    size = 0
    fence = ""
    for line in text.split("\n"):
        if found := _FENCE.match(line):
            if not fence:
                fence = found[1]
            elif found[1][0] == fence[0] and len(found[1]) >= len(fence) and not line[found.end() :].strip():
                fence = ""
        elif not fence:
            if size >= PIECE and _HEADING.match(line):
                pieces.append([])
                size = 0
            elif _DEFINITION.match(line):
                definitions.append(line)
        pieces[-1].append(line)
        size += len(line) + 1
    return ["\n".join(piece) for piece in pieces], "\n\n".join(definitions)
