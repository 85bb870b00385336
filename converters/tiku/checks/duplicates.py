"""Questions that ask the same."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from tiku.checks.tools import complain
from tiku.render.view import folded_text, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tiku.checks.texts import Looked
    from tiku.problems import Problem

ALIKE = 0.85
"""Jaccard similarity of the sets of three letters from which two questions ask the same."""
RARE = 6
"""So many of a question's rarest triples are looked up: two questions this alike share one of them."""
CROWD = 50
"""A triple in more questions than this tells nothing."""


def near_duplicates(looked: Looked) -> Iterator[Problem]:
    """Q204: title and prompt are the same as those of an earlier question, or nearly."""
    questions = looked.questions
    texts = [folded_text(each.title) + folded_text(each.prompt) for each in looked.texts]
    triples = [{text[i : i + 3] for i in range(len(text) - 2)} if len(text) >= 8 else set() for text in texts]
    counts: Counter[str] = Counter()
    for each in triples:
        counts.update(each)
    index: dict[str, list[int]] = defaultdict(list)
    exact: dict[str, int] = {}
    for place, question in enumerate(questions):
        own = triples[place]
        if not own:
            continue
        rare = sorted(sorted(own), key=counts.__getitem__)[:RARE]
        others = {exact[texts[place]]} if texts[place] in exact else set()
        others |= {other for triple in rare if len(index[triple]) <= CROWD for other in index[triple]}
        best = max(others, key=lambda other: (_alike(own, triples[other]), -other), default=None)
        if best is not None and _alike(own, triples[best]) >= ALIKE:
            first = questions[best]
            yield complain(
                "Q204", f"'{name_of(question, 'en')}' asks nearly the same as line {first.location.line}", question
            )
        for triple in rare:
            index[triple].append(place)
        exact.setdefault(texts[place], place)


def _alike(one: set[str], other: set[str]) -> float:
    return len(one & other) / len(one | other)
