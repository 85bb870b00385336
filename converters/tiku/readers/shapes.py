"""Shapes: where in a document's blocks the heads of its questions may be. One generator for each shape.

Each takes the blocks of a document and gives the same content as a flat list of blocks and heads: what stands between
two heads is the body of the first. Nothing is judged here (see ``evidence.py``), but what cannot be a head is left alone:
a label, a link to another place of the document, a lone choice.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, TypeAlias

from tiku.markup import plain_text, trim
from tiku.readers.choices import choice_label, choices_of
from tiku.readers.heads import Head, head_of
from tiku.readers.labels import answer_like, label_of, role_of, start_of
from tiku.readers.numbers import number_of

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Iterator, Mapping

    from tiku.model import Block, Inline
    from tiku.readers.dialects import Dialect
    from tiku.readers.labels import Label
    from tiku.readers.lines import Lines

Flow: TypeAlias = "list[Head | Block]"
LONGEST = 1500
"""A longer text is no head of a question."""


KEYED = frozenset({"answer", "explanation", "hint", "choices", "prompt"})
"""Labels of these roles show that a question stands before them."""
_Parted: TypeAlias = "tuple[list[Inline], list[Inline]]"


class Document:
    """The blocks of a document with what is known about where they stood."""

    def __init__(self, blocks: list[Block], lines: Lines, typed: Mapping[int, str]) -> None:
        self.blocks = blocks
        self.lines = lines
        self.typed = typed
        """The number typed before a list item, by the item's line."""
        # Every reading of the document asks the same of its blocks, so it is remembered, by ``id(block)``: with the
        # block itself, for the id of one that is gone would pass to another.
        self._labels: dict[int, tuple[Label | None, Block]] = {}
        self._choices: dict[int, tuple[bool, Block]] = {}
        self._heads: dict[int, tuple[Head, Block]] = {}
        self._traits: dict[int, tuple[str, Block]] = {}
        self._bold: dict[int, tuple[_Parted | None, Block]] = {}

    def part(self, blocks: list[Block]) -> Document:
        """Some blocks of this document as a document of their own."""
        part = Document(blocks, self.lines, self.typed)
        part._labels, part._choices, part._heads = self._labels, self._choices, self._heads
        part._traits, part._bold = self._traits, self._bold
        return part

    def label(self, block: Block) -> Label | None:
        """The label with which `block` begins."""
        found = self._labels.get(id(block))
        if found is None:
            found = self._labels[id(block)] = (label_of(block), block)
        return found[0]

    def trait(self, block: Block) -> str:
        """What `block` tells of its question: a role of KEYED, ``folded``, ``text`` (there may be choices), or nothing."""
        found = self._traits.get(id(block))
        if found is None:
            found = self._traits[id(block)] = (self._trait(block), block)
        return found[0]

    def _trait(self, block: Block) -> str:
        if (label := self.label(block)) is not None:
            return label.role if label.role in KEYED else ""
        if summary_of(block) is not None:
            return "folded"
        return "text" if block["t"] in {"BulletList", "OrderedList", "Para", "Plain"} else ""

    def bold_start(self, block: Block) -> _Parted | None:
        """The bold beginning of a paragraph and the rest; decoration (emoji) after it belongs to it."""
        found = self._bold.get(id(block))
        if found is None:
            found = self._bold[id(block)] = (_bold_start(block["c"]), block)
        return found[0]

    def has_choices(self, block: Block) -> bool:
        """Whether `block` holds choices."""
        found = self._choices.get(id(block))
        if found is None:
            found = self._choices[id(block)] = (choices_of(block) is not None, block)
        return found[0]

    def headings(self, pattern: re.Pattern[str] | None) -> dict[int, Head]:
        """The headings that are no labels, by ``id(block)``, with their numbers as `pattern` or, without one, we know."""
        return {
            id(block): self._head(block) if pattern is None else self._head_by(block, pattern)
            for block in self.blocks
            if block["t"] == "Header" and self.label(block) is None
        }

    def _head(self, block: Block) -> Head:
        found = self._heads.get(id(block))
        if found is None:
            found = self._heads[id(block)] = (self._head_by(block, None), block)
        return found[0]

    def _head_by(self, block: Block, pattern: re.Pattern[str] | None) -> Head:
        return head_of(block["c"][2], self.line(block), block["c"][0], pattern=pattern)

    def line(self, block: Block | None) -> int:
        """The line on which `block` begins, or that of the first text inside it; 0 when unknown."""
        if found := self.lines.get(id(block)):
            return found
        stack: list[Any] = [block] if block is not None else []
        while stack:
            node = stack.pop()
            if isinstance(node, dict):
                if found := self.lines.get(id(node)):
                    return found
                stack.append(node.get("c"))
            elif isinstance(node, list):
                stack.extend(reversed(node))
        return 0


def candidates(document: Document, dialect: Dialect) -> Iterator[tuple[str, Flow]]:
    """Every way in which `dialect` can read `document`: what was varied (``level 3``), and the flow."""
    yield from _SHAPES[dialect.shape](document, dialect)


def _is_toc(inlines: list[Inline]) -> bool:
    """Whether a text is only a link to another place of the document."""
    links = [node for node in inlines if node["t"] == "Link"]
    if not links or not any(node["c"][2][0].startswith("#") for node in links):
        return False
    outside = "".join(plain_text([node]) for node in inlines if node["t"] != "Link")
    return sum(char.isalnum() for char in outside) <= 4


def _may_be(inlines: list[Inline]) -> bool:
    text = start_of(inlines, LONGEST + 1)
    return bool(text.strip()) and len(text) <= LONGEST and not _is_toc(inlines) and not role_of(text)


# -- headings -------------------------------------------------------------------------------------------------------------


def _headings(document: Document, dialect: Dialect) -> Iterator[tuple[str, Flow]]:
    heads = document.headings(dialect.pattern)
    first, last = dialect.levels
    for level in range(first, last + 1):
        chosen = {
            key
            for key, head in heads.items()
            if head.level == level and _fits(head, dialect) and not _is_toc(head.title)
        }
        if not chosen:
            continue
        if dialect.numbered:
            chosen |= _strays(heads, chosen, level)
        yield f"level {level}", _heading_flow(document, heads, chosen, level, dialect)


def _fits(head: Head, dialect: Dialect) -> bool:
    if dialect.pattern is not None:
        return bool(head.style)
    if dialect.numbered:
        return bool(head.style) and head.style != "bare"
    return bool(head.text)


def _strays(heads: dict[int, Head], chosen: set[int], level: int) -> set[int]:
    """Numbered headings of a neighbouring level that fill a gap in the run: ``154. ####`` among ``###``."""
    run = [(key, head) for key, head in heads.items() if head.style and abs(head.level - level) <= 2]
    found = set()
    for before, here, after in zip(run, run[1:], run[2:], strict=False):
        fills = before[1].value + 1 == here[1].value == after[1].value - 1
        if here[0] not in chosen and before[0] in chosen and after[0] in chosen and fills:
            found.add(here[0])
    return found


def _heading_flow(document: Document, heads: dict[int, Head], chosen: set[int], level: int, dialect: Dialect) -> Flow:
    flow: Flow = []
    blocks = document.blocks
    index = 0
    while index < len(blocks):
        block = blocks[index]
        index += 1
        head = heads.get(id(block))
        if head is None or (head.level > level and id(block) not in chosen):
            flow.append(block)
        elif id(block) in chosen:
            # Without numbers, what looks like one is part of the title.
            title = block["c"][2]
            head = _copy(head) if dialect.numbered else head_of(title, head.line, head.level, numbered=False)
            following = blocks[index] if index < len(blocks) else None
            if (
                not head.text
                and following is not None
                and following["t"] == "Header"
                and document.label(following) is None
            ):
                pair = head_of(following["c"][2], 0, numbered=False)
                if following["c"][0] >= head.level and id(following) not in chosen:
                    head.title, head.text = pair.title, pair.text
                    head.id = head.id or pair.id
                    index += 1
            flow.append(head)
        else:
            flow.append(_chapter(head, block))
    return flow


def _copy(head: Head) -> Head:
    return Head(
        head.line, head.level, head.title, head.number, head.value, head.style, head.id, head.attributes, head.classes,
        head.difficulty, head.text,
    )  # fmt: skip


def _chapter(head: Head, block: Block) -> Head:
    whole = head_of(block["c"][2], head.line, head.level, numbered=False)
    whole.question = False
    return whole


# -- lists ----------------------------------------------------------------------------------------------------------------


def _list_headings(document: Document, dialect: Dialect) -> Iterator[tuple[str, Flow]]:
    def below(blocks: list[Block]) -> Flow:
        flow: Flow = []
        for block in blocks:
            if block["t"] != "OrderedList" or not any(item and item[0]["t"] == "Header" for item in block["c"][1]):
                flow.append(block)
                continue
            start = block["c"][0][0]
            for offset, item in enumerate(block["c"][1]):
                if item and item[0]["t"] == "Header" and label_of(item[0]) is None:
                    head = head_of(item[0]["c"][2], document.line(item[0]), 7, numbered=False, pattern=dialect.pattern)
                    head.number = document.typed.get(head.line, str(start + offset))
                    head.value, head.style = start + offset if not head.number.isdigit() else int(head.number), "plain"
                    flow.append(head)
                    flow += below(item[1:])
                else:
                    flow.append({"t": "OrderedList", "c": [[start + offset, *block["c"][0][1:]], [item]]})
        return flow

    flow = below(document.blocks)
    if any(isinstance(item, Head) for item in flow):
        yield "", flow


def _list_items(document: Document, dialect: Dialect) -> Iterator[tuple[str, Flow]]:
    flow: Flow = []
    starts = [block["c"][0][0] if block["t"] == "OrderedList" else 0 for block in document.blocks]
    upcoming = _upcoming(starts)
    last = 0
    for index, block in enumerate(document.blocks):
        if block["t"] != "OrderedList":
            # `17.text` without a space is no list item, but it fills the gap between 16 and 18
            if block["t"] == "Para" and last and upcoming[index] == last + 2:
                head = head_of(block["c"], document.line(block), 7)
                if head.style and head.value == last + 1 and _may_be(head.title):
                    head.stem = True
                    flow.append(head)
                    last += 1
                    continue
            flow.append(block)
            continue
        start = block["c"][0][0]
        last = start + len(block["c"][1]) - 1
        for offset, item in enumerate(block["c"][1]):
            first = item[0] if item else None
            if first is None or first["t"] not in {"Para", "Plain"} or not _may_be(first["c"]):
                flow.append({"t": "OrderedList", "c": [[start + offset, *block["c"][0][1:]], [item]]})
                continue
            inlines, rest = _first_line(first["c"])
            head = head_of(inlines, document.line(first), 7, numbered=False, pattern=dialect.pattern)
            head.number = document.typed.get(head.line, str(start + offset))
            head.value, head.style, head.stem = (
                int(head.number) if head.number.isdigit() else start + offset,
                "plain",
                True,
            )
            flow.append(head)
            flow += ([{"t": "Para", "c": rest}] if rest else []) + item[1:]
    yield "", flow


def _upcoming(starts: list[int]) -> list[int]:
    """For each place, the next number that is not 0 after it."""
    out, following = [], 0
    for start in reversed(starts):
        out.append(following)
        following = start or following
    return out[::-1]


def _first_line(inlines: list[Inline]) -> tuple[list[Inline], list[Inline]]:
    """A stem, and the choices or labelled lines that follow it in the same paragraph."""
    for index, node in enumerate(inlines):
        if node["t"] in {"SoftBreak", "LineBreak"}:
            rest = inlines[index + 1 :]
            start = start_of(rest, 60)
            if choice_label(start) == "A" or label_of({"t": "Para", "c": rest}) is not None:
                return trim(inlines[:index]), rest
    return inlines, []


def _bullets(document: Document, dialect: Dialect) -> Iterator[tuple[str, Flow]]:
    flow: Flow = []
    for block in document.blocks:
        if block["t"] != "BulletList" or _is_contents(block):
            flow.append(block)
            continue
        for item in block["c"]:
            first = item[0] if item else None
            if first is None or first["t"] not in {"Para", "Plain"} or not _may_be(first["c"]) or _boxed(first["c"]):
                flow.append({"t": "BulletList", "c": [item]})
                continue
            head = head_of(first["c"], document.line(first), 7, numbered=dialect.numbered, pattern=dialect.pattern)
            flow.append(head)
            flow += item[1:]
    yield "", flow


def _boxed(inlines: list[Inline]) -> bool:
    text = start_of(inlines, 12)
    return text[:1] in {"☐", "☒"} or bool(choice_label(text))


def _is_contents(block: Block) -> bool:
    """Whether a list is a table of contents: nearly all of its items only link into the document."""
    items = block["c"]
    toc = sum(bool(item) and item[0]["t"] in {"Para", "Plain"} and _is_toc(item[0]["c"]) for item in items)
    return toc >= 0.8 * len(items)


# -- details, bold paragraphs, numbered paragraphs, labels, directives ------------------------------------------------------


def summary_of(block: Block) -> tuple[list[Block], list[Block]] | None:
    """The summary and the content of a folded block; None for other blocks."""
    if block["t"] != "Div" or "details" not in block["c"][0][1]:
        return None
    inner = block["c"][1]
    if inner and inner[0]["t"] == "Div" and "summary" in inner[0]["c"][0][1]:
        return inner[0]["c"][1], inner[1:]
    return [], inner


def _details(document: Document, dialect: Dialect) -> Iterator[tuple[str, Flow]]:
    flow: Flow = []
    for block in document.blocks:
        parts = summary_of(block)
        first = parts[0][0] if parts and parts[0] else None
        if parts is None or first is None or first["t"] not in {"Para", "Plain", "Header"}:
            flow.append(block)
            continue
        inlines = first["c"][2] if first["t"] == "Header" else first["c"]
        if not _may_be(inlines) or answer_like(plain_text(inlines)):
            flow.append(block)
            continue
        head = head_of(inlines, document.line(first) or document.line(block), 7, pattern=dialect.pattern)
        flow.append(head)
        flow += parts[0][1:] + parts[1]
    yield "", flow


def _bold(document: Document, dialect: Dialect) -> Iterator[tuple[str, Flow]]:
    flow: Flow = []
    for block in document.blocks:
        split = document.bold_start(block) if block["t"] == "Para" else None
        if split is None or document.label(block) is not None or not _may_be(split[0]):
            flow.append(block)
            continue
        head = head_of(split[0], document.line(block), 7, pattern=dialect.pattern)
        if split[1] and (head.style not in {"word", "plain", "ordinal", "bracket"} or not head.text):
            flow.append(block)  # a bold beginning is a term or a remark, unless it has a number
            continue
        flow.append(head)
        if split[1]:
            flow.append({"t": "Para", "c": split[1]})
    yield "", flow


_BOLD_FIRST = frozenset({"Strong", "Space", "SoftBreak", "LineBreak"})


def _bold_start(inlines: list[Inline]) -> _Parted | None:
    if not inlines or inlines[0]["t"] not in _BOLD_FIRST:
        return None
    nodes = trim(inlines)
    strong: list[Inline] = []
    index = 0
    while index < len(nodes) and nodes[index]["t"] in {"Strong", "Space"}:
        strong += nodes[index]["c"] if nodes[index]["t"] == "Strong" else [nodes[index]]
        index += 1
    if not any(node["t"] == "Strong" for node in nodes[:index]):
        return None
    rest = nodes[index:]
    if not any(char.isalnum() for char in plain_text(rest)):
        return trim(strong) + [node for node in rest if node["t"] == "Str"], []
    return trim(strong), trim(rest)


def _paragraphs(document: Document, dialect: Dialect) -> Iterator[tuple[str, Flow]]:
    groups: list[tuple[Block, list[list[Inline]]]] = []
    styles: Counter[str] = Counter()
    for block in document.blocks:
        pieces = _numbered_lines(block, dialect) if block["t"] == "Para" and not _bold_question(document, block) else []
        groups.append((block, pieces))
        for piece in pieces:
            if found := _style(piece, dialect):
                styles[found] += 1
    for style in sorted(styles):
        flow: Flow = []
        for block, pieces in groups:
            if not any(_style(piece, dialect) == style for piece in pieces):
                flow.append(block)
                continue
            line = document.line(block)
            waiting: list[Inline] = []
            for piece in pieces:
                breaks = sum(node["t"] in {"SoftBreak", "LineBreak"} for node in piece)
                if _style(piece, dialect) == style:
                    if waiting:
                        flow.append({"t": "Para", "c": trim(waiting)})
                    waiting = []
                    stem, rest = _first_line(piece)
                    head = head_of(stem, line, 7, pattern=dialect.pattern)
                    head.stem = True
                    flow.append(head)
                    if rest:
                        flow.append({"t": "Para", "c": rest})
                else:
                    waiting += ([{"t": "SoftBreak"}] if waiting else []) + piece
                line += breaks + 1
            if waiting:
                flow.append({"t": "Para", "c": trim(waiting)})
        yield f"style {style}", flow


def _bold_question(document: Document, block: Block) -> bool:
    """Whether a paragraph begins with a bold text that is more than a number: the business of the shape `bold`."""
    split = document.bold_start(block)
    return split is not None and (document.label(block) is not None or bool(head_of(split[0], 0).text))


def _style(piece: list[Inline], dialect: Dialect) -> str:
    text = start_of(piece, 40)
    if dialect.pattern is not None:
        return "word" if dialect.pattern.match(text) else ""
    found = number_of(text)
    return found.style if found and found.style != "bare" else ""


def _numbered_lines(block: Block, dialect: Dialect) -> list[list[Inline]]:
    """The lines of a paragraph, joined so that each piece begins with a number (but perhaps the first)."""
    pieces: list[list[Inline]] = [[]]
    for node in block["c"]:
        pieces[-1].append(node)
        if node["t"] in {"SoftBreak", "LineBreak"}:
            pieces.append([])
    joined: list[list[Inline]] = []
    for piece in pieces:
        if joined and not _style(piece, dialect):
            joined[-1] += piece
        else:
            joined.append(piece)
    return [
        piece[:-1] if piece and piece[-1]["t"] in {"SoftBreak", "LineBreak"} else piece
        for piece in joined
        if trim(piece)
    ]


def _labels(document: Document, _dialect: Dialect) -> Iterator[tuple[str, Flow]]:
    flow: Flow = []
    for block in document.blocks:
        label = document.label(block)
        if label is None or label.role != "prompt":
            flow.append(block)
            continue
        level = block["c"][0] if block["t"] == "Header" else 7
        head = Head(document.line(block), level, [])
        found = number_of(start_of(block["c"] if block["t"] != "Header" else block["c"][2], 40))
        if found:
            head.number, head.value, head.style = found.text, found.value, found.style
        head.text = plain_text(list(label.rest))
        flow += [head, block]
    yield "", flow


def _divisions(document: Document, dialect: Dialect) -> Iterator[tuple[str, Flow]]:
    flow: Flow = []
    for block in document.blocks:
        classes = block["c"][0][1] if block["t"] == "Div" else []
        if not dialect.classes & set(classes):
            flow.append(block)
            continue
        (identifier, _, pairs), inner = block["c"]
        first = inner[0] if inner else None
        named = dict(pairs)
        title = first["c"] if first is not None and first["t"] in {"Para", "Plain"} else []
        head = head_of(title, document.line(block), 7, numbered=False)
        head.id = identifier or named.get("id", "") or named.get("links", "")
        head.attributes = {key: value for key, value in named.items() if isinstance(value, str)}
        head.classes = tuple(classes)
        head.answers = bool({"an", "answer", "solution"} & set(classes))
        head.asked = not head.answers
        flow.append(head)
        flow += inner[1:] if title else inner
    yield "", flow


_SHAPES: dict[str, Callable[[Document, Dialect], Iterator[tuple[str, Any]]]] = {
    "heading": _headings, "list-heading": _list_headings, "list-item": _list_items, "bullet": _bullets,
    "details": _details, "bold": _bold, "paragraph": _paragraphs, "label": _labels, "division": _divisions,
}  # fmt: skip
