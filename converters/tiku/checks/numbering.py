"""Numbers: gaps, repeats, disorder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiku.checks.tools import complain
from tiku.readers.numbers import value_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tiku.checks.texts import Looked
    from tiku.model import Question
    from tiku.problems import Problem


def numbers(looked: Looked) -> Iterator[Problem]:
    """Q201 to Q203: a number left out, given twice, or out of order, inside a run (a run may start again at 1)."""
    seen: dict[int, Question] = {}
    last = 0
    for question in looked.questions:
        if not question.number or not any(char.isalnum() for char in question.number):
            continue
        value = value_of(question.number)
        if value == 1 and last:
            seen, last = {}, 0  # the numbers of the next chapter
        if value in seen:
            first = seen[value].location.line
            yield complain("Q202", f"number {question.number} was given already (line {first})", question)
        elif last and value < last:
            yield complain("Q203", f"number {question.number} comes after {last}", question)
        elif last and value > last + 1:
            missing = str(last + 1) if value == last + 2 else f"{last + 1} to {value - 1}"
            yield complain("Q201", f"number {missing} is missing before {question.number}", question)
        seen.setdefault(value, question)
        last = max(last, value)
