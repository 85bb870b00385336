"""What the rules share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiku.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tiku.model import Blocks, Question


def complain(code: str, message: str, question: Question, line: int = 0) -> Problem:
    """A problem of `question`, at its own line unless another is given."""
    return Problem(code, message, question.location.file, line or question.location.line)


def contents(question: Question) -> Iterator[Blocks]:
    """Every stretch of blocks of a question, in reading order."""
    yield question.prompt
    for choice in question.choices:
        yield choice.content
    yield question.answer
    yield question.explanation
    for part in question.parts:
        yield part.content
