"""From a document's blocks to sections and questions: which headings are questions, which are chapters."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tiku.markup import plain_text, trim
from tiku.readers.labels import drop, label_of
from tiku.readers.numbers import Number, number_of

if TYPE_CHECKING:
    from tiku.model import Block, Inline

_ATTRIBUTE = re.compile(r"\s*\{([#.][^{}]*)\}\s*$")


@dataclass(slots=True)
class Head:
    """A heading of the document that begins a question or a chapter."""

    line: int
    level: int
    title: list[Inline]
    """Without number and attribute."""
    number: str = ""
    id: str = ""
    body: list[Block] = field(default_factory=list)
    question: bool = False


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a document was taken for."""

    preface: list[Block]
    heads: list[Head]
    dialect: str
    evidence: tuple[str, ...]


def recognise(blocks: list[Block], lines: dict[int, int]) -> Recognition:
    """Split `blocks` at the headings that are questions or chapters.

    The question level is the shallowest heading level with a run of numbers; `lines` gives the line of each heading.
    """
    counts: dict[int, int] = {}
    for block in blocks:
        if block["t"] == "Header" and label_of(block) is None and number_of(plain_text(block["c"][2])):
            counts[block["c"][0]] = counts.get(block["c"][0], 0) + 1
    level = next((level for level in sorted(counts) if counts[level] >= max(1, sum(counts.values()) // 4)), 0)
    evidence = tuple(f"headings of level {each}: {count} begin with a number" for each, count in sorted(counts.items()))
    preface: list[Block] = []
    heads: list[Head] = []
    body = preface
    for block in blocks:
        if block["t"] == "Header" and (block["c"][0] < level or (block["c"][0] == level and label_of(block) is None)):
            head = _head(block, lines.get(id(block), 0))
            if block["c"][0] == level and head.number:
                head.question = True
            elif block["c"][0] == level and heads and heads[-1].question:
                body.append(block)  # a heading beside the questions, without a number: part of the answer
                continue
            heads.append(head)
            body = head.body
        else:
            body.append(block)
    return Recognition(preface, heads, "numbered-headings" if level else "", evidence)


def _head(block: dict[str, Any], line: int) -> Head:
    title = list(block["c"][2])
    identifier = ""
    text = plain_text(title)
    if found := _ATTRIBUTE.search(text):
        words = found[1].split()
        identifier = next((word[1:] for word in words if word.startswith("#")), "")
        title = _without_end(title, len(text) - found.start())
    number: Number | None = number_of(plain_text(title))
    if number:
        title = drop(title, number.length)
    return Head(line, block["c"][0], trim(title), number.text if number else "", identifier)


def _without_end(inlines: list[Any], count: int) -> list[Any]:
    out = list(inlines)
    while out and count > 0:
        text = plain_text([out[-1]]) or " "
        if len(text) <= count:
            count -= len(text)
            out.pop()
        elif out[-1]["t"] == "Str":
            out[-1] = {"t": "Str", "c": text[: len(text) - count]}
            count = 0
        else:
            break
    return trim(out)
