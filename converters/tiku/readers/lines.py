"""Which line every heading, paragraph and list item of a Markdown text begins on, carried through pandoc.

pandoc's `sourcepos` costs up to three times the time and ten times the output. Instead a scanner of lines that knows what
is code puts a mark where text may begin: two noncharacters round the line number, and a space, which is text to every
parser and changes no structure (a line that might be structure is left alone). `take` reads the marks off the AST,
wherever they came to stand. The same knowledge of what is text and what is code serves the repair of Chinese emphasis.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tiku.errors import DocumentError
from tiku.markup import MAX_DEPTH

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from markdown_it.token import Token

    from tiku.model import Block

OPEN, CLOSE = "\ufdd0", "\ufdd1"
"""Noncharacters: decode.py removes them from sources, so none can be in the text."""
GAP = "\ufdd2"
"""Marks a space that the repair put in: `take` removes both."""
MAX_NESTING = 100

# Containers before a line's own text: quotation marks and list markers.
_PREFIX = re.compile(r"[ \t]*(?:>[ \t]?[ \t]*)*((?:(?:[-*+]|\d{1,9}[.)])[ \t]+(?:>[ \t]?)*)*)")
_LAST_MARKER = re.compile(r"(?:([-*+])|(\d{1,9})[.)])[ \t]+(?:>[ \t]?)*$")
_TASK = re.compile(r"\[[ xX]\][ \t]+")
_HEADING = re.compile(r"#{1,6}[ \t]+(?=\S)")
_FENCE = re.compile(r"(`{3,}|~{3,})(.*)$")
# What may be structure, or must stay first in its paragraph: tables, definitions, footnotes, alerts, rules, HTML, math.
_LEAVE = re.compile(
    r"$|[|=$~:+]|<(?!(?:b|strong|i|em|a|code|span|font|u|s|kbd|sub|sup|img|small|big|mark|del)\b)"
    r"|#|[-*_][ \t]*[-*_][ \t]*[-*_ \t]*$"
    r"|\[[^\]]*\]:|!?\[![A-Za-z]|\[\^|`{3}|[-*+](?:[ \t]|$)|\d{1,9}[.)](?:[ \t]|$)|>"
)
_LEFT = "“‘（《【〈「『〔［｛(<[{\"'"
_RIGHT = "。，、；：？！…—”’）》】〉」』〕］｝.,;:?!)>]}\"'%％"
# `**答案：**内容`: for CommonMark a closing run after punctuation must not touch a letter, so it stays literal
# (https://spec.commonmark.org/0.31.2/#right-flanking-delimiter-run). A marked space makes it close.
_TORN = re.compile(rf"\*\*(?:(?<=[{re.escape(_RIGHT)}]\*\*)[^\W_]|(?<=[^\W_]\*\*)[{re.escape(_LEFT)}])")
_CODE_SPAN = re.compile(r"(`{1,3}[^`\n]{1,400}`{1,3})")


class Lines(dict[int, int]):
    """The line on which each block begins, by ``id(block)``.

    The blocks are held: the id of one that is gone would pass to another.
    """

    def __init__(self) -> None:
        super().__init__()
        self._held: list[object] = []

    def note(self, block: Block, line: int) -> None:
        """Remember that `block` begins on `line`."""
        self[id(block)] = line
        self._held.append(block)

    def take_over(self, other: Mapping[int, int]) -> None:
        """Remember the lines of another document too."""
        self.update(other)
        self._held.append(other)


def tokens_of(text: str, file: str) -> list[Token]:
    """markdown-it's block tokens of `text`. Raises DocumentError when it is nested deeper than MAX_NESTING."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable("table").disable(["inline", "text_join"])
    tokens = parser.parse(text)
    for token in tokens:
        if token.level >= MAX_NESTING - 1:
            line = token.map[0] + 1 if token.map else 0
            raise DocumentError(f"nested deeper than {MAX_NESTING} levels", file=file, line=line)
    return tokens


def mark(text: str, file: str, origin: Sequence[int] | None = None) -> tuple[str, dict[int, str], int]:
    """`text` with a line mark where a heading's, paragraph's or list item's text begins, and the numbers typed.

    `origin` gives, for each line of `text`, the index of the line it came from. The mapping is from the line of a list
    item to its number as typed (``07``); the number at the end is the line of a code fence that is never closed, or 0.
    Emphasis that CommonMark cannot close beside Chinese punctuation is repaired.
    Raises DocumentError for a line nested deeper than MAX_NESTING.
    """
    lines = text.split("\n")
    typed: dict[int, str] = {}
    fence, opened, inside = "", 0, 0
    fresh = True
    for index, line in enumerate(lines):
        if not line:
            fresh = fresh or not fence
            continue
        prefix = _PREFIX.match(line) if line[0] in " \t>-*+" or line[0].isdecimal() else None
        start = prefix.end() if prefix else 0
        rest = line[start:]
        if fence and inside >= 4 and line[:1] not in " \t>":
            fence = ""  # it stood in a list item, and this line is left of the item: the item has ended, and the fence with it
        if (rest[:1] in "`~" or fence) and (found := _FENCE.match(rest.lstrip())):
            if not fence:
                if found[1][0] == "~" or "`" not in found[2]:
                    fence, inside = found[1], start
                    opened = (origin[index] if origin is not None else index) + 1
            elif found[1][0] == fence[0] and len(found[1]) >= len(fence) and not found[2].strip():
                fence = ""
            fresh = True
            continue
        if fence:
            continue
        if not rest:
            fresh = True
            continue
        if (
            start > 2 * MAX_NESTING
            and line[:start].count(">") + start // 4 > MAX_NESTING
            and not line[:start].isspace()
        ):
            number = (origin[index] if origin is not None else index) + 1
            raise DocumentError(f"nested deeper than {MAX_NESTING} levels", file=file, line=number)
        heading = _HEADING.match(rest) if rest[0] == "#" else None
        marker = prefix[1] if prefix else ""
        if "**" in rest:
            rest = repair(rest)
        if heading:
            place = heading.end()
        elif fresh or marker:
            task = _TASK.match(rest) if marker else None
            place = task.end() if task else 0
            place = -1 if _LEAVE.match(rest, place) else place
        else:
            place = -1
        if place >= 0:
            source_line = (origin[index] if origin is not None else index) + 1
            lines[index] = f"{line[:start]}{rest[:place]}{OPEN}{source_line}{CLOSE} {rest[place:]}"
            if marker and (last := _LAST_MARKER.search(marker)) and last[2]:
                typed[source_line] = last[2]
        else:
            lines[index] = line[:start] + rest
        fresh = bool(heading)
    return "\n".join(lines), typed, opened if fence else 0


def repair(line: str) -> str:
    """`line` with a marked space where emphasis beside Chinese punctuation would stay literal.

    The runs of asterisks are paired in order; a line with an odd number of them is left alone.
    """
    if not _TORN.search(line):
        return line
    spans = _CODE_SPAN.split(line)
    pieces = [piece for span in spans[::2] for piece in span.split("**")]
    if (len(pieces) - len(spans[::2])) % 2:
        return line
    out: list[str] = []
    inside = False
    for place, span in enumerate(spans):
        if place % 2:
            out.append(span)
            continue
        parts = span.split("**")
        for index, part in enumerate(parts):
            out.append(part)
            if index + 1 == len(parts):
                break
            after = parts[index + 1]
            if inside:
                out.append("**")
                if part[-1:] and part[-1] in _RIGHT and after[:1].isalnum():
                    out.append(f" {GAP}")
            else:
                if part[-1:].isalnum() and after[:1] and after[0] in _LEFT:
                    out.append(f"{GAP} ")
                out.append("**")
            inside = not inside
    return "".join(out)


# -- reading the marks off the AST --------------------------------------------------------------------------------------

_WITH_LINE = frozenset({"Para", "Plain", "Header"})
_VERBATIM = frozenset({"Code", "CodeBlock", "Math", "RawInline", "RawBlock"})
_BLANK = frozenset({"Space", "SoftBreak"})
_MARKS = re.compile(f"{OPEN}(\\d+){CLOSE} ?")
_GAPS = re.compile(f" {GAP}|{GAP} ")


def take(blocks: list[Block]) -> Lines:
    """Remove all marks from `blocks`, in place; return the line of each block that bore one.

    Raises DocumentError for nodes nested deeper than markup.MAX_DEPTH: this walk sees every one of them.
    """
    found = Lines()
    level: list[list[Any]] = [blocks]
    depth = 0
    while level:  # one depth of nodes after the other
        below: list[list[Any]] = []
        for nodes in level:  # grows by the lists in its lists
            signs = False
            for node in nodes:
                if node.__class__ is list:
                    level.append(node)
                if node.__class__ is not dict:
                    continue
                content = node.get("c")
                if content.__class__ is str:
                    signs = signs or GAP in content or CLOSE in content
                elif content.__class__ is list:
                    kind = node["t"]
                    if kind in _VERBATIM:
                        if OPEN in content[1] or GAP in content[1]:
                            content[1] = _GAPS.sub("", _MARKS.sub("", content[1]))
                        continue
                    if kind in _WITH_LINE and (line := _take_line(content[2] if kind == "Header" else content)):
                        found.note(node, line)
                    below.append(content)
            if signs and _is_marked(nodes):
                _clean(nodes)
        level = below
        depth += 1
        if depth > MAX_DEPTH:
            raise DocumentError(f"content is nested deeper than {MAX_DEPTH} levels")
    return found


def _take_line(inlines: list[Any]) -> int:
    """Remove the mark at the start of `inlines`; return its line or 0."""
    text = inlines[0].get("c") if inlines else ""
    if text.__class__ is str and (found := _MARKS.fullmatch(text)):  # nearly always: the space after it parts it
        del inlines[: 2 if len(inlines) > 1 and inlines[1]["t"] in _BLANK else 1]
        return int(found[1])
    for index, node in enumerate(inlines[:3]):  # a task box may stand before it
        if node["t"] == "Str" and OPEN in node["c"]:
            found = _MARKS.search(node["c"])
            node["c"] = _MARKS.sub("", node["c"])
            if not node["c"]:
                del inlines[index]
                if index < len(inlines) and inlines[index]["t"] in _BLANK:
                    del inlines[index]
            return int(found[1]) if found else 0
    return 0


def wide(text: str) -> bool:
    """Whether a character is full-width Chinese or Japanese: a line break beside it is no space."""
    return bool(text) and ("\u2e80" <= text <= "\u9fff" or "\uf900" <= text <= "\ufaff" or "\uff00" <= text <= "\uffee"
                           or "\U00020000" <= text <= "\U0003ffff" or text in "“”‘’…—")  # fmt: skip


def _is_marked(nodes: list[Any]) -> bool:
    """Whether a list of inlines holds one of the repair's spaces, or a mark where none begins a line of text."""
    for index, node in enumerate(nodes):
        text = node.get("c")
        if text.__class__ is str and (GAP in text or (CLOSE in text and index > 2)):
            return True
    return False


def _clean(nodes: list[Any]) -> None:
    """In a list of inlines: drop the repair's marked spaces and stray marks; join the words that were parted."""
    for index in range(len(nodes) - 1, -1, -1):
        node = nodes[index]
        if node.get("t") != "Str":
            continue
        text = node["c"]
        if text.startswith(GAP) and index and nodes[index - 1]["t"] in {"Space", "SoftBreak"}:
            nodes[index - 1] = {"t": "Str", "c": ""}
        if text.endswith(GAP) and index + 1 < len(nodes) and nodes[index + 1]["t"] == "Space":
            nodes[index + 1] = {"t": "Str", "c": ""}
        text = text.replace(GAP, "")
        if index > 2 and CLOSE in text:  # a mark in the middle of a paragraph: its line began one for the scanner only
            text = _MARKS.sub("", text)
            if not text and index + 1 < len(nodes) and nodes[index + 1]["t"] == "Space":
                nodes[index + 1] = {"t": "Str", "c": ""}
        node["c"] = text
    merged: list[Any] = []
    for node in nodes:
        if node.get("t") == "Str":
            if node["c"] == "":
                continue
            if merged and merged[-1].get("t") == "Str":
                merged[-1] = {"t": "Str", "c": merged[-1]["c"] + node["c"]}
                continue
        merged.append(node)
    nodes[:] = merged
