"""A reading as the rules look at it: the texts of its questions, read once for all rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tiku.markup import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tiku.model import Question
    from tiku.readers import Reading


@dataclass(frozen=True, slots=True)
class Texts:
    """What a question says, as plain text."""

    title: str
    prompt: str
    answer: str
    explanation: str
    rest: str
    """Its choices and further parts."""


class Looked:
    """What a rule looks at; iterating gives each question with its texts."""

    def __init__(self, reading: Reading) -> None:
        self.bank = reading.bank
        self.lines = reading.lines
        self.questions = reading.bank.questions
        self.texts = [_texts(question) for question in self.questions]

    def __iter__(self) -> Iterator[tuple[Question, Texts]]:
        return zip(self.questions, self.texts, strict=True)


def _texts(question: Question) -> Texts:
    rest = [choice.content for choice in question.choices] + [part.content for part in question.parts]
    return Texts(
        plain_text(question.title),
        plain_text(question.prompt),
        plain_text(question.answer),
        plain_text(question.explanation),
        plain_text(rest),
    )
