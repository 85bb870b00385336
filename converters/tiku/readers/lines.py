"""Which line every heading, paragraph and list item of a Markdown text begins on, carried through pandoc.

pandoc's `sourcepos` costs up to three times the time and ten times the output. Instead markdown-it-py's block parser,
which follows the same CommonMark rules, finds where text begins, and a mark is put there: two noncharacters round the
line number, and a space, which is text to every parser and changes no structure. `take` reads the marks off the AST.
The same knowledge of what is text and what is code serves the repair of Chinese emphasis.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt

from tiku.errors import DocumentError

if TYPE_CHECKING:
    from markdown_it.token import Token

    from tiku.model import Block

OPEN, CLOSE = "\ufdd0", "\ufdd1"
"""Noncharacters: decode.py removes them from sources, so none can be in the text."""
GAP = "\ufdd2"
"""Marks a space that the repair put in: `take` removes both."""
MAX_NESTING = 100

_TASK = re.compile(r"\[[ xX]\][ \t]+")
# What must stay first in its paragraph: footnote definitions, alerts, lines that our mark would change.
_KEEP_FIRST = re.compile(r"\[\^[^\]]+\]:|\[![A-Za-z]+\]|\[[^\]]+\]:|\||$")
_LEFT = "“‘（《【〈「『〔［｛(<[{\"'"
_RIGHT = "。，、；：？！…—”’）》】〉」』〕］｝.,;:?!)>]}\"'%％"
_WORD = r"[^\s\W_]"
# `**答案：**内容`: for CommonMark a closing run after punctuation must not touch a letter, so it stays literal
# (https://spec.commonmark.org/0.31.2/#right-flanking-delimiter-run). A marked space makes it close.
_CLOSING = re.compile(rf"\*\*[^*\n]{{0,200}}[{re.escape(_RIGHT)}]\*\*(?={_WORD})")
_OPENING = re.compile(rf"(?<={_WORD})\*\*(?=[{re.escape(_LEFT)}][^*\n]{{0,200}}\*\*)")
_CODE_SPAN = re.compile(r"(`{1,3}[^`\n]{1,400}`{1,3})")


def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable("table")
    return parser.disable(["inline", "text_join"])


def tokens_of(text: str, file: str) -> list[Token]:
    """markdown-it's block tokens of `text`. Raises DocumentError when it is nested deeper than MAX_NESTING."""
    tokens = _parser().parse(text)
    for token in tokens:
        if token.level >= MAX_NESTING - 1:
            line = token.map[0] + 1 if token.map else 0
            raise DocumentError(f"nested deeper than {MAX_NESTING} levels", file=file, line=line)
    return tokens


def mark(text: str, tokens: list[Token], origin: list[int] | None = None) -> tuple[str, dict[int, str]]:
    """`text` with a line mark before each heading's and paragraph's text, and the numbers typed before list items.

    `tokens` are the block tokens of `text`; `origin` gives, for each of its lines, the index of the line it came from.
    The mapping is from the line of an item to its number as typed (``07``). Emphasis that CommonMark cannot close
    beside Chinese punctuation is repaired on the way.
    """
    lines = text.split("\n")
    source = origin if origin is not None else range(len(lines))
    typed: dict[int, str] = {}
    cell = False
    for token in tokens:
        if token.type in {"th_open", "td_open", "th_close", "td_close"}:
            cell = token.nesting == 1
        if token.type == "list_item_open" and token.info and token.map:
            typed[source[token.map[0]] + 1] = token.info
        if token.type == "inline" and token.map:
            begin, end = token.map
            end = max(end, begin + 1)
            for index in range(begin, min(end, len(lines))):
                lines[index] = repair(lines[index])
            if cell:
                continue
            head = token.content.split("\n", 1)[0]
            if _KEEP_FIRST.match(head):
                continue
            place = lines[begin].find(repair(head))
            if place < 0:  # definitions were cut off before the text: its first line lies further down
                continue
            task = _TASK.match(head)
            place += task.end() if task else 0
            lines[begin] = f"{lines[begin][:place]}{OPEN}{source[begin] + 1}{CLOSE} {lines[begin][place:]}"
    return "\n".join(lines), typed


def repair(line: str) -> str:
    """`line` with a marked space where emphasis beside Chinese punctuation would stay literal."""
    if "**" not in line:
        return line
    pieces = _CODE_SPAN.split(line)
    for index in range(0, len(pieces), 2):  # the odd ones are code spans
        piece = _CLOSING.sub(rf"\g<0> {GAP}", pieces[index])
        pieces[index] = _OPENING.sub(rf"{GAP} \g<0>", piece)
    return "".join(pieces)


# -- reading the marks off the AST --------------------------------------------------------------------------------------

_INLINES = frozenset(
    "Str Emph Underline Strong Strikeout Superscript Subscript SmallCaps Quoted Cite Code Space SoftBreak LineBreak Math "
    "RawInline Link Image Note Span".split()
)
_MARK = re.compile(f"{OPEN}(\\d+){CLOSE}")


def take(blocks: list[Block]) -> dict[int, int]:
    """Remove all marks from `blocks`, in place; return the line of each block that bore one, by ``id(block)``."""
    found: dict[int, int] = {}
    stack: list[Any] = list(blocks)
    while stack:
        node = stack.pop()
        if isinstance(node, list):
            if node and isinstance(node[0], dict) and node[0].get("t") in _INLINES:
                _clean(node)
            stack.extend(node)
            continue
        if not isinstance(node, dict):
            continue
        content = node.get("c")
        if not isinstance(content, list):
            continue
        kind = node.get("t")
        inlines = content if kind in {"Para", "Plain"} else content[2] if kind == "Header" else None
        if inlines and (line := _take_line(inlines)):
            found[id(node)] = line
        stack.append(content)
    return found


def _take_line(inlines: list[Any]) -> int:
    """Remove the mark at the start of `inlines`; return its line or 0."""
    for index, node in enumerate(inlines[:3]):  # a task box may stand before it
        if node["t"] == "Str" and OPEN in node["c"]:
            found = _MARK.search(node["c"])
            node["c"] = _MARK.sub("", node["c"])
            if not node["c"]:
                del inlines[index]
                if index < len(inlines) and inlines[index]["t"] in {"Space", "SoftBreak"}:
                    del inlines[index]
            return int(found[1]) if found else 0
    return 0


def wide(text: str) -> bool:
    """Whether a character is full-width Chinese or Japanese: a line break beside it is no space."""
    return bool(text) and ("\u2e80" <= text <= "\u9fff" or "\uf900" <= text <= "\ufaff" or "\uff00" <= text <= "\uffee"
                           or "\U00020000" <= text <= "\U0003ffff" or text in "“”‘’…—")  # fmt: skip


def _clean(nodes: list[Any]) -> None:
    """In a list of inlines: drop the repair's marked spaces and stray marks; join the words that were parted."""
    for index in range(len(nodes) - 1, -1, -1):
        node = nodes[index]
        kind = node.get("t")
        if kind in {"Code", "Math"}:
            node["c"][1] = node["c"][1].replace(" " + GAP, "").replace(GAP + " ", "")
        elif kind == "Str" and (GAP in node["c"] or CLOSE in node["c"]):
            text = node["c"]
            if text.startswith(GAP) and index and nodes[index - 1]["t"] in {"Space", "SoftBreak"}:
                nodes[index - 1] = {"t": "Str", "c": ""}
            if text.endswith(GAP) and index + 1 < len(nodes) and nodes[index + 1]["t"] == "Space":
                nodes[index + 1] = {"t": "Str", "c": ""}
            node["c"] = text.replace(GAP, "")
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
