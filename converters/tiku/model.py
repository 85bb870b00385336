"""The canonical model: what a document of questions holds, whatever it was written in.

Rich content is pandoc's AST: the JSON block and inline nodes of https://hackage.haskell.org/package/pandoc-types
(``{"t": "Para", "c": [...]}``), so that tables, code, math, images and links survive. Every part exists and may be
empty. This module imports nothing else of tiku.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator

Block: TypeAlias = dict[str, Any]
"""One pandoc block node."""
Inline: TypeAlias = dict[str, Any]
"""One pandoc inline node."""
Blocks: TypeAlias = tuple[Block, ...]
Inlines: TypeAlias = tuple[Inline, ...]


class Kind(StrEnum):
    """How a question wants to be answered."""

    OPEN = "open"
    SINGLE = "single-choice"
    MULTIPLE = "multiple-choice"
    TRUE_FALSE = "true-false"
    FILL_IN = "fill-in"


@dataclass(frozen=True, slots=True)
class Location:
    """Where something stood in its source."""

    file: str = ""
    """The file as the user named it; ``-`` for standard input."""
    line: int = 0
    """1-based line in that file; 0 when the source has no lines."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the answers offered."""

    label: str
    """As typed, without its bracket or dot: ``A``, ``甲``, ``1``. Choices without one get ``A``, ``B``, …"""
    content: Blocks
    correct: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A labelled part that is neither prompt, answer nor explanation: a hint, a reference, a note."""

    role: str
    """The standard name where we know one (``hint``, ``reference``), else ``other``."""
    label: str
    """The label as typed, without its colon."""
    content: Blocks = ()


@dataclass(frozen=True, slots=True)
class Media:
    """A picture or sound that the content refers to by ``name``."""

    name: str
    """``<first 16 hex digits of its SHA-256>.<suffix>``: the target of Image nodes."""
    mime: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Question:
    """One question with all its parts."""

    id: str
    """Stable across edits of other questions; unique in its bank."""
    number: str = ""
    """As typed: ``7``, ``07``, ``三``; empty where none was typed."""
    title: Inlines = ()
    prompt: Blocks = ()
    """The question itself; empty where the title says it."""
    choices: tuple[Choice, ...] = ()
    answer: Blocks = ()
    explanation: Blocks = ()
    parts: tuple[Part, ...] = ()
    tags: tuple[str, ...] = ()
    difficulty: str = ""
    """As typed: ``★☆☆``, ``medium``."""
    kind: Kind = Kind.OPEN
    location: Location = Location()

    @property
    def correct(self) -> tuple[str, ...]:
        """The labels of the correct choices, in order."""
        return tuple(choice.label for choice in self.choices if choice.correct)

    @property
    def answered(self) -> bool:
        """Whether an answer is told: as text or as a correct choice."""
        return bool(self.answer or self.correct)


@dataclass(frozen=True, slots=True)
class Section:
    """A chapter: its own questions first, then the sections below it."""

    title: Inlines = ()
    """Empty for questions that stand under no heading."""
    intro: Blocks = ()
    """Text between the heading and its first question."""
    questions: tuple[Question, ...] = ()
    sections: tuple[Section, ...] = ()
    location: Location = Location()


@dataclass(frozen=True, slots=True)
class Bank:
    """A whole document of questions."""

    title: str = ""
    language: str = "und"
    """BCP 47 tag of the main language; ``und`` when unknown."""
    authors: tuple[str, ...] = ()
    date: str = ""
    """The document's own date, ISO 8601 (``2026-11-23``); empty when it states none."""
    description: Blocks = ()
    """Text before the first section and question."""
    sections: tuple[Section, ...] = ()
    media: tuple[Media, ...] = ()
    """Sorted by name; every one is referred to."""

    def walk(self) -> Iterator[tuple[tuple[Section, ...], Question]]:
        """Every question in document order, with the sections it stands in, outermost first."""

        def below(section: Section, path: tuple[Section, ...]) -> Iterator[tuple[tuple[Section, ...], Question]]:
            here = (*path, section)
            for question in section.questions:
                yield here, question
            for child in section.sections:
                yield from below(child, here)

        for section in self.sections:
            yield from below(section, ())

    @property
    def questions(self) -> tuple[Question, ...]:
        """Every question in document order."""
        return tuple(question for _, question in self.walk())
