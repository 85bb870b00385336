"""Choice questions: whether one is right, and whether the right one is among them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tiku.checks.tools import complain
from tiku.render.view import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tiku.checks.texts import Looked
    from tiku.problems import Problem

_LETTERS = re.compile(r"\s*([A-Z](?:[\s,，、]*[A-Z])*)(?![A-Za-z'])")


def keys(looked: Looked) -> Iterator[Problem]:
    """Q205: choices of which none is correct; Q206: an answer that names a choice that is not there."""
    keyed = any(question.correct for question in looked.questions)
    for question, texts in looked:
        if not question.choices or question.correct:
            continue
        labels = {choice.label for choice in question.choices}
        found = _LETTERS.match(texts.answer)
        named = set(re.findall("[A-Z]", found[1])) if found else set()
        if named - labels:
            wrong = ", ".join(sorted(named - labels))
            yield complain(
                "Q206", f"the answer names {wrong}, which is not among {', '.join(sorted(labels))}", question
            )
        elif question.answered or keyed:
            yield complain("Q205", f"no choice of '{name_of(question, 'en')}' is told to be correct", question)
