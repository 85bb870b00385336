"""From recognised heads to the bank: parts of questions, nested sections, stable ids, pictures, complaints."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

from tiku.markup import para, plain_text
from tiku.model import Bank, Choice, Kind, Location, Part, Question, Section
from tiku.problems import Problem
from tiku.readers import frontmatter, language, parts
from tiku.readers.heads import stated_id
from tiku.readers.media import Collector
from tiku.readers.normal import Normal
from tiku.readers.recognise import CANONICAL
from tiku.readers.tidy import Tidier

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from tiku.model import Block, Inline
    from tiku.readers import ReadOptions
    from tiku.readers.heads import Head
    from tiku.readers.recognise import Recognition
    from tiku.readers.shapes import Document


def assemble(
    found: Recognition,
    meta: dict[str, Any],
    text: str,
    options: ReadOptions,
    document: Document,
    inside: Mapping[str, bytes] | None = None,
) -> tuple[Bank, list[Problem]]:
    """The bank of a recognised document; `text` is its source, for the language, `meta` its front matter."""
    return _Assembly(options, document, inside or {}, canonical=found.dialect == CANONICAL).bank(found, meta, text)


@dataclass(slots=True)
class _Node:
    level: int
    head: Head | None = None
    questions: list[Question] = field(default_factory=list)
    children: list[_Node] = field(default_factory=list)


class _Assembly:
    """The making of one bank."""

    def __init__(
        self, options: ReadOptions, document: Document, inside: Mapping[str, bytes], *, canonical: bool
    ) -> None:
        self.options = options
        self.document = document
        self.canonical = canonical
        self.collector = Collector(options.file, options.root, inside, options.fetch)
        self.normal = Normal(self.collector.link, self.collector.image)
        self.tidier = Tidier(options.file, document.line)
        self.ids = Ids()
        self.problems: list[Problem] = []

    def bank(self, found: Recognition, meta: dict[str, Any], text: str) -> tuple[Bank, list[Problem]]:
        """The bank, and complaints about pictures, links and what was left out."""
        options = self.options
        heads = list(found.heads)
        title = options.title or frontmatter.text_of(meta.get("title"))
        preface = list(found.preface)
        title, preface, heads = self._titled(title, preface, heads)
        root = _Node(level=0)
        stack = [root]
        for head in heads:
            if head.question:
                stack[-1].questions.append(self.question(head))
                continue
            while stack[-1].level >= head.level:
                stack.pop()
            node = _Node(head.level, head)
            stack[-1].children.append(node)
            stack.append(node)
        sections = [self._section(child) for child in root.children]
        if root.questions:
            sections.insert(0, Section(questions=tuple(root.questions)))
        stated = options.language or frontmatter.text_of(meta.get("language") or meta.get("lang"))
        if stated and not _TAG.fullmatch(stated):
            what = f"'{stated[:40]}' is no language tag such as zh-CN or en: the language is told by the text"
            self.problems.append(Problem("Q105", what, options.file, 1))
            stated = ""
        fallback = "" if self.canonical else PurePath(options.file).stem.strip("-") or "tiku"
        bank = Bank(
            title=title or fallback,
            language=stated or language.detect(text),
            authors=options.authors or frontmatter.texts_of(meta.get("author", meta.get("authors"))),
            date=_date(frontmatter.text_of(meta.get("date"))),
            description=self._content(preface, 1, preface=True),
            sections=tuple(section for section in sections if self.canonical or _holds_something(section)),
            media=tuple(self.collector.media[name] for name in sorted(self.collector.media)),
        )
        return bank, [*self.problems, *self.collector.problems, *self.tidier.problems]

    def _titled(self, title: str, preface: list[Block], heads: list[Head]) -> tuple[str, list[Block], list[Head]]:
        """The document's title: the only heading of level 1, when it stands before all questions."""
        if self.canonical:
            return title, preface, heads
        for index, block in enumerate(preface):
            if block["t"] == "Header" and block["c"][0] == 1:
                title = title or plain_text(block["c"][2])
                return title, preface[:index] + preface[index + 1 :], heads
        if not heads or heads[0].question or heads[0].level != 1:
            return title, preface, heads
        others = [index for index, head in enumerate(heads) if index and not head.question and head.level == 1]
        end = others[0] if others else len(heads)
        if any(head.question for head in heads[:end]) and not any(head.question for head in heads[end:]):
            return title or heads[0].text, [*preface, *heads[0].body], heads[1:]
        return title, preface, heads

    def _content(self, blocks: list[Block], line: int, *, preface: bool = False) -> tuple[Block, ...]:
        self.collector.line = line
        return tuple(self.tidier.tidy(blocks, line, self.normal, preface=preface and not self.canonical))

    def _line(self, inlines: list[Inline]) -> list[Inline]:
        """A title: one line, in normal form."""
        return [
            {"t": "Space"} if node["t"] in {"SoftBreak", "LineBreak"} else node for node in self.normal.inlines(inlines)
        ]

    def _section(self, node: _Node) -> Section:
        head = node.head
        line = head.line if head else 0
        return Section(
            title=tuple(self._line(head.title)) if head else (),
            intro=self._content(head.body, line, preface=True) if head else (),
            questions=tuple(node.questions),
            sections=tuple(self._section(child) for child in node.children),
            location=Location(self.options.file, line),
        )

    def question(self, head: Head) -> Question:
        """The question that `head` and its body are."""
        title = self._line(head.title)
        stem: list[Block] = [para(title)] if head.stem and title else []
        for block in stem:
            self.document.lines.note(block, head.line)
        if head.answers:
            got = parts.Parts(answer=list(head.body), kind=Kind.OPEN)
        else:
            got = parts.split(
                head.body,
                self.document,
                stem,
                canonical=self.canonical,
                asked=head.asked,
                titled=bool(head.text),
            )
        for role in ("prompt", "answer"):
            if got.labels.count(role) > 1 and not self.canonical:
                what = f"the label for the {role} stands {got.labels.count(role)} times in question {head.number or head.text[:40]}"
                self.problems.append(Problem("Q207", what, self.options.file, head.line))
        title = [] if head.stem else title
        done = [self._content(each, head.line) for each in (got.prompt, got.answer, got.explanation)]
        return Question(
            id=self.ids.take(head.id or stated_id(head.body[:2]), title, *done[:2]),
            number=head.number,
            title=tuple(title),
            prompt=done[0],
            choices=tuple(
                Choice(choice.label, self._content(list(choice.content), head.line), choice.correct)
                for choice in got.choices
            ),
            answer=done[1],
            explanation=done[2],
            parts=tuple(
                Part(part.role, part.label, self._content(list(part.content), head.line)) for part in got.parts
            ),
            tags=got.tags,
            difficulty=got.difficulty or head.difficulty,
            kind=got.kind or Kind.OPEN,
            location=Location(self.options.file, head.line),
        )


def _holds_something(section: Section) -> bool:
    return bool(section.questions or section.intro or any(_holds_something(child) for child in section.sections))


class Ids:
    """Gives each question of a bank an id: the explicit one, else a hash of what it asks."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def take(self, explicit: str, title: Sequence[Inline], prompt: Sequence[Block], answer: Sequence[Block]) -> str:
        """An id not given before; the same for the same text, whatever the number and the place of the question."""
        identifier = explicit or "q-" + digest(plain_text(title) + "\n" + plain_text(prompt))
        if identifier in self._seen:
            identifier = f"{identifier}-{digest(plain_text(answer))[:6]}"
        base, count = identifier, 2
        while identifier in self._seen:
            identifier = f"{base}-{count}"
            count += 1
        self._seen.add(identifier)
        return identifier


def digest(text: str) -> str:
    """Twelve hex digits of the SHA-256 of `text`, after NFKC, case folding and without white space."""
    folded = "".join(unicodedata.normalize("NFKC", text).casefold().split())
    return hashlib.sha256(folded.encode("utf-8", "replace")).hexdigest()[:12]


# primary subtag, script, region, variants: enough of RFC 5646 to tell a tag from the name of a language
_TAG = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{1,8})*")


def _date(text: str) -> str:
    return text[:10] if re.match(r"\d{4}-\d{2}-\d{2}", text) else ""
