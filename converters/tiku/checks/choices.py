"""Choice questions: whether one is right, and whether the right one is among them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tiku.checks.tools import complain
from tiku.markup import plain_text
from tiku.render.view import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tiku.problems import Problem
    from tiku.readers import Reading

_LETTERS = re.compile(r"\s*([A-Z](?:[\s,，、]*[A-Z])*)(?![A-Za-z'])")


def keys(reading: Reading) -> Iterator[Problem]:
    """Q205: choices of which none is correct; Q206: an answer that names a choice that is not there."""
    for question in reading.bank.questions:
        if not question.choices or question.correct:
            continue
        labels = {choice.label for choice in question.choices}
        found = _LETTERS.match(plain_text(question.answer))
        named = set(re.findall("[A-Z]", found[1])) if found else set()
        if named - labels:
            wrong = ", ".join(sorted(named - labels))
            yield complain(
                "Q206", f"the answer names {wrong}, which is not among {', '.join(sorted(labels))}", question
            )
        elif question.answered or any(other.correct for other in reading.bank.questions):
            yield complain("Q205", f"no choice of '{name_of(question, 'en')}' is told to be correct", question)
