"""From recognised heads to the bank: parts of questions, nested sections, stable ids, pictures, complaints."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

from tiku.markup import plain_text
from tiku.model import Bank, Choice, Kind, Location, Part, Question, Section
from tiku.problems import Problem
from tiku.readers import frontmatter, language, parts
from tiku.readers.media import Collector

if TYPE_CHECKING:
    from typing import Any

    from tiku.readers import ReadOptions
    from tiku.readers.recognise import Head, Recognition


def assemble(
    found: Recognition, meta: dict[str, Any], text: str, options: ReadOptions, lines: dict[int, int]
) -> tuple[Bank, list[Problem]]:
    """The bank of a recognised document; `text` is its source, for the language, `meta` its front matter.

    `lines` gives the line of each block, by its id; blocks made here are added to it.
    """
    collector = Collector(options.file, options.root)
    ids = Ids()
    heads = list(found.heads)
    title = options.title or frontmatter.text_of(meta.get("title"))
    preface = list(found.preface)
    if heads and not heads[0].question and heads[0].level == 1 and sum(h.level == 1 for h in heads) == 1:
        first = heads.pop(0)  # the only heading of level 1 is the document's title
        title = title or plain_text(first.title)
        preface += first.body
    root = _Node(level=0)
    stack = [root]
    for head in heads:
        if head.question:
            stack[-1].questions.append(question_of(head, collector, ids, options.file, lines))
            continue
        while stack[-1].level >= head.level:
            stack.pop()
        node = _Node(head.level, head)
        stack[-1].children.append(node)
        stack.append(node)
    sections = [_section(child, collector, options.file) for child in root.children]
    if root.questions:
        sections.insert(0, Section(questions=tuple(root.questions)))
    bank = Bank(
        title=title or PurePath(options.file).stem.strip("-") or "tiku",
        language=options.language or frontmatter.text_of(meta.get("language") or meta.get("lang")) or language.detect(text),
        authors=options.authors or frontmatter.texts_of(meta.get("author", meta.get("authors"))),
        date=_date(frontmatter.text_of(meta.get("date"))),
        description=tuple(collector.take(preface, 1)),
        sections=tuple(sections),
        media=tuple(collector.media[name] for name in sorted(collector.media)),
    )  # fmt: skip
    return bank, collector.problems


@dataclass(slots=True)
class _Node:
    level: int
    head: Head | None = None
    questions: list[Question] = field(default_factory=list)
    children: list[_Node] = field(default_factory=list)


def _section(node: _Node, collector: Collector, file: str) -> Section:
    head = node.head
    line = head.line if head else 0
    return Section(
        title=tuple(head.title) if head else (),
        intro=tuple(collector.take(head.body, line)) if head else (),
        questions=tuple(node.questions),
        sections=tuple(_section(child, collector, file) for child in node.children),
        location=Location(file, line),
    )


def question_of(head: Head, collector: Collector, ids: Ids, file: str, lines: dict[int, int]) -> Question:
    """The question that `head` and its body are."""
    got = parts.split(collector.take(head.body, head.line), lines)
    key = plain_text(head.title) + "\n" + plain_text(got.prompt)
    return Question(
        id=ids.take(head.id, key, plain_text(got.answer)),
        number=head.number,
        title=tuple(head.title),
        prompt=tuple(got.prompt),
        choices=tuple(Choice(choice.label, tuple(choice.content), choice.correct) for choice in got.choices),
        answer=tuple(got.answer),
        explanation=tuple(got.explanation),
        parts=tuple(Part(part.role, part.label, tuple(part.content)) for part in got.others),
        tags=got.tags,
        difficulty=got.difficulty,
        kind=got.kind or Kind.OPEN,
        location=Location(file, head.line),
    )


class Ids:
    """Gives each question of a bank an id: the explicit one, else a hash of what it asks."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def take(self, explicit: str, asked: str, answer: str) -> str:
        """An id not given before; the same for the same text, whatever the number and the place of the question."""
        identifier = explicit or "q-" + digest(asked)
        if identifier in self._seen:
            identifier = f"{identifier}-{digest(answer)[:6]}"
        base, count = identifier, 2
        while identifier in self._seen:
            identifier = f"{base}-{count}"
            count += 1
        self._seen.add(identifier)
        return identifier


def digest(text: str) -> str:
    """Twelve hex digits of the SHA-256 of `text`, after NFKC, case folding and without white space."""
    folded = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text).casefold())
    return hashlib.sha256(folded.encode("utf-8", "replace")).hexdigest()[:12]


def _date(text: str) -> str:
    return text[:10] if re.match(r"\d{4}-\d{2}-\d{2}", text) else ""
