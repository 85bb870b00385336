"""Evidence: how good an explanation of a document a reading of it is, and why, in numbers people can read.

A run of heads is judged, never a single line. For each head: does it ask something; is there an answer, a key or choices
below it; is it part of a rising run of numbers. For the document: does its title say that it holds questions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tiku.readers.asking import asks
from tiku.readers.heads import Head
from tiku.readers.shapes import KEYED

if TYPE_CHECKING:
    from tiku.model import Block
    from tiku.readers.shapes import Document, Flow

THRESHOLD = 0.42
"""A reading with less evidence than this is none: the document is prose."""
SAMPLE = 600
"""So many heads are judged; of a longer run, every n-th."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for a reading; each share is of the heads judged, 0 to 1."""

    heads: int
    asking: float
    keyed: float
    """With a label, a folded block or choices below."""
    rising: float
    """Whose number is one more than that before, or 1."""
    crowded: float
    """With two answers or two prompts below: rather a chapter."""
    cue: bool
    prior: float

    @property
    def mean(self) -> float:
        """Evidence a head, about 0 to 1."""
        many = min(1.0, self.heads / 30)
        few = {1: 0.15, 2: 0.05}.get(self.heads, -0.05 if self.asking >= 0.9 else 0.0)
        return (
            0.10 + 0.30 * self.asking + 0.35 * self.keyed + 0.20 * self.rising + 0.10 * self.cue + 0.05 * many
            + self.prior - 0.40 * self.crowded - few
        )  # fmt: skip

    def words(self) -> str:
        """One line for people."""
        shares = f"{self.asking:.0%} ask, {self.keyed:.0%} have an answer, key or choices, {self.rising:.0%} numbered in order"
        return f"{self.heads} heads; {shares}{'; the title says so' if self.cue else ''}: evidence {self.mean:.2f}"


def weigh(document: Document, flow: Flow, *, cue: bool, prior: float) -> Evidence:
    """The evidence for one reading of a document."""
    heads = [index for index, item in enumerate(flow) if isinstance(item, Head) and item.question]
    count = len(heads)
    if not count:
        return Evidence(0, 0, 0, 0, 0, cue, prior)
    rising = 0
    value = 0
    for index in heads:
        item = flow[index]
        assert isinstance(item, Head)  # noqa: S101 - for the type checker: chosen as heads above
        if item.style and (item.value == value + 1 or item.value == 1):
            rising += 1
        value = item.value
    judged = heads[:: max(1, count // SAMPLE)]
    asking = keyed = crowded = 0
    for index in judged:
        head = flow[index]
        assert isinstance(head, Head)  # noqa: S101 - as above
        body = body_at(flow, index)
        found, many, prompted = _key(document, body)
        asked = prompted or asks(head.text) or (not head.text and bool(body)) or head.style == "word" or bool(head.id)
        asking += asked
        keyed += found
        crowded += many
    size = len(judged)
    return Evidence(count, asking / size, keyed / size, rising / count, crowded / size, cue, prior)


def body_at(flow: Flow, index: int, most: int = 60) -> list[Block]:
    """The blocks after the head at `index` up to the next head, at most so many."""
    body: list[Block] = []
    for place in range(index + 1, min(len(flow), index + 1 + most)):
        item = flow[place]
        if isinstance(item, Head):
            break
        body.append(item)
    return body


def _key(document: Document, body: list[Block]) -> tuple[bool, bool, bool]:
    """Whether a body holds an answer, a key or choices; whether it holds several; whether it has a labelled prompt."""
    found = False
    answers = prompts = 0
    for block in body:
        trait = document.trait(block)
        if trait in KEYED:
            found = True
            answers += trait == "answer"
            prompts += trait == "prompt"
        elif trait == "folded":
            found = True
            answers += 1
        elif trait == "text" and not found:
            found = document.has_choices(block)
    return found, answers > 2 or prompts > 1, prompts == 1
