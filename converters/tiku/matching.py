"""Who is who: the questions of a bank and those an earlier build knew, matched in stages.

Explicit id; all texts equal; two of title, prompt and answer equal; alike, with a bonus for known neighbours. Where two
candidates are as good, nothing is guessed: a wrong match would give a learner's history to another question.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from tiku.identity import Match
from tiku.sketches import Fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tiku.identity import Known, Prints
    from tiku.model import Question

ENOUGH = 0.30
"""Likeness, neighbours included, from which two texts are taken for one question."""
LEAST = 0.15
"""Likeness of the texts alone below which neighbours cannot help."""
LEAST_BODY = 0.10
"""Likeness of prompt and answer below which an equal title cannot help."""
LEAD = 0.06
"""How far the best candidate must be ahead of the second."""
NEIGHBOUR = 0.11
"""Bonus for each neighbour that was matched to the candidate's neighbour."""
RETIRED = 0.10
"""What a candidate that was gone loses."""
SHORT = 12
"""A text of fewer shingles weighs less: that two answers are 'B' says little."""
COMMON = 40
"""A shingle that more candidates have does not propose any."""
PROPOSED = 12
"""How many candidates are looked at for each question."""


@dataclass(slots=True)
class Found:
    """The result: `pairs` and `doubts` by the index of the question."""

    pairs: dict[int, Match] = field(default_factory=dict)
    doubts: dict[int, tuple[Known, ...]] = field(default_factory=dict)


def match(
    questions: Sequence[Question], keys: Sequence[str], prints: Sequence[Prints], known: Sequence[Known]
) -> Found:
    """Match `questions` (with their explicit ids and fingerprints) to `known`, each at most once."""
    return _Matcher(questions, keys, prints, known).run() if known else Found()


class _Matcher:
    def __init__(
        self, questions: Sequence[Question], keys: Sequence[str], prints: Sequence[Prints], known: Sequence[Known]
    ) -> None:
        self.questions, self.keys, self.prints, self.known = questions, keys, prints, known
        self.to_old: dict[int, int] = {}
        self.to_new: dict[int, int] = {}
        self.found = Found()
        # A gone question has no neighbours any more.
        living = [index for index, each in enumerate(known) if not each.gone]
        self.before = dict(zip(living[1:], living, strict=False))
        self.after = dict(pairwise(living))
        # A title that several questions bear ("Exercise") says nothing about which one it is.
        titles = (
            *Counter(each.title.digest for each in prints).items(),
            *Counter(each.prints.title.digest for each in known).items(),
        )
        self._common_titles = {digest for digest, count in titles if count > 1}
        self._fronts: dict[int, tuple[Fingerprint, Fingerprint]] = {}

    def run(self) -> Found:
        self._by_id()
        self._by_equality()
        self._by_parts()
        self._by_likeness()
        return self.found

    def _pair(self, new: int, old: int, stage: str, likeness: float = 1.0) -> None:
        self.to_old[new], self.to_new[old] = old, new
        self.found.pairs[new] = Match(self.known[old], stage, likeness)

    def _open_new(self) -> list[int]:
        return [index for index in range(len(self.questions)) if index not in self.to_old]

    def _open_old(self) -> list[int]:
        return [index for index in range(len(self.known)) if index not in self.to_new]

    def _allowed(self, new: int, old: int) -> bool:
        """Two different ids in the source say that they are two questions."""
        key = self.known[old].key
        return not key or not self.keys[new] or key == self.keys[new]

    # -- stages -------------------------------------------------------------------------------------------------------

    def _by_id(self) -> None:
        by_key = {each.key: index for index, each in reversed(list(enumerate(self.known))) if each.key}
        by_key |= {
            each.key: index for index, each in reversed(list(enumerate(self.known))) if each.key and not each.gone
        }
        for new, key in enumerate(self.keys):
            if key and key in by_key:
                self._pair(new, by_key[key], "id")

    def _by_equality(self) -> None:
        """All texts equal; of several such ones those with the same number first, then in order, living ones first."""
        groups: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for old in self._open_old():
            if not self.known[old].foreign:
                groups[_digests(self.known[old].prints)].append(old)
        waiting: dict[tuple[str, ...], list[int]] = defaultdict(list)
        for new in self._open_new():
            if (digests := _digests(self.prints[new])) in groups:
                waiting[digests].append(new)
        for digests, news in waiting.items():
            olds = sorted(groups[digests], key=lambda index: self.known[index].gone)
            for same_number in (True, False):
                for new in [each for each in news if each not in self.to_old]:
                    for old in olds:
                        number = self.known[old].number
                        if old in self.to_new or not self._allowed(new, old):
                            continue
                        if not same_number or (number == self.questions[new].number and not self.known[old].gone):
                            self._pair(new, old, "exact")
                            break

    def _by_parts(self) -> None:
        """Two of title, prompt and answer equal, in one question on either side."""
        candidates: dict[int, set[int]] = defaultdict(set)
        for left, right in (("title", "prompt"), ("title", "answer"), ("prompt", "answer")):
            groups: dict[tuple[str, str], list[int]] = defaultdict(list)
            for old in self._open_old():
                if not self.known[old].foreign and (key := self._pair_key(self.known[old].prints, left, right)):
                    groups[key].append(old)
            for new in self._open_new():
                if key := self._pair_key(self.prints[new], left, right):
                    candidates[new].update(old for old in groups.get(key, ()) if self._allowed(new, old))
        wanted = Counter(old for olds in candidates.values() for old in olds)
        for new, olds in candidates.items():
            if len(olds) == 1 and wanted[old := next(iter(olds))] == 1:
                self._pair(new, old, "parts")

    def _pair_key(self, prints: Prints, left: str, right: str) -> tuple[str, str] | None:
        """The digests of two parts, unless what they say is too little to tell questions apart."""
        one: Fingerprint = getattr(prints, left)
        two: Fingerprint = getattr(prints, right)
        if not one and not two:
            return None
        if not one or not two:
            only = one or two
            if len(only.sketch) < SHORT or (only is one and left == "title" and one.digest in self._common_titles):
                return None
        if right == "answer" and left == "title" and len(two.sketch) < SHORT // 2:
            return None
        return one.digest, two.digest

    def _by_likeness(self) -> None:
        scores = {
            (new, old): value
            for new, olds in self._proposals().items()
            for old in olds
            if self._allowed(new, old) and (value := self._likeness(new, old)) >= LEAST
        }
        pairs = list(scores)
        while pairs:
            totals = {pair: scores[pair] + self._bonus(*pair) for pair in pairs}
            best_new, best_old = _two_best(totals, 0), _two_best(totals, 1)
            accepted = [
                (new, old)
                for (new, old), value in totals.items()
                if value >= ENOUGH and _leads(value, best_new[new]) and _leads(value, best_old[old])
            ]
            if not accepted:
                self._doubt(totals)
                return
            for new, old in accepted:
                self._pair(new, old, "alike", scores[new, old])
            pairs = [pair for pair in pairs if pair[0] not in self.to_old and pair[1] not in self.to_new]

    def _doubt(self, totals: dict[tuple[int, int], float]) -> None:
        for new in sorted({new for (new, _), value in totals.items() if value >= ENOUGH}):
            olds = sorted(
                (old for (other, old), value in totals.items() if other == new and value >= ENOUGH),
                key=lambda old: -totals[new, old],
            )
            self.found.doubts[new] = tuple(self.known[old] for old in olds[:3])

    # -- likeness -----------------------------------------------------------------------------------------------------

    def _proposals(self) -> dict[int, set[int]]:
        """Which known ones to look at for each open question: those that share rare shingles, or fit the gap."""
        olds, news = self._open_old(), self._open_new()
        out: dict[int, set[int]] = defaultdict(set)
        if not olds or not news:
            return out
        index: dict[int, list[int]] = defaultdict(list)
        for old in olds:
            for value in _values(self.known[old].prints):
                index[value].append(old)
        for new in news:
            shared: Counter[int] = Counter()
            for value in _values(self.prints[new]):
                holders = index.get(value, ())
                if len(holders) <= COMMON:
                    shared.update(holders)
            out[new].update(old for old, _ in sorted(shared.items(), key=lambda item: (-item[1], item[0]))[:PROPOSED])
            for beside, step in ((new - 1, self.after), (new + 1, self.before)):
                old = step.get(self.to_old.get(beside, -1), -1)
                if old >= 0 and old not in self.to_new:
                    out[new].add(old)
        return out

    def _likeness(self, new: int, old: int) -> float:
        known, prints = self.known[old], self.prints[new]
        if known.foreign:
            front, whole = self._sides(new)
            first = max(each.likeness(known.prints.prompt) for each in (front, prints.title, prints.prompt))
            return 0.4 * first + 0.6 * whole.likeness(known.prints.answer)
        parts = [
            (0.25 if prints.title.digest not in self._common_titles else 0.0, prints.title, known.prints.title),
            (0.25, prints.prompt, known.prints.prompt),
            (0.50, prints.answer, known.prints.answer),
        ]
        weights = [
            weight * min(1.0, max(len(one.sketch), len(two.sketch)) / SHORT) if one or two else 0.0
            for weight, one, two in parts
        ]
        values = [one.likeness(two) if weight else 0.0 for weight, (_, one, two) in zip(weights, parts, strict=True)]
        total = sum(weights)
        # A title alone does not make a question: with nothing of prompt and answer left it is a new one.
        body = sum(weight * value for weight, value in zip(weights[1:], values[1:], strict=True))
        if not total or (weights[1] + weights[2] and body < LEAST_BODY * (weights[1] + weights[2])):
            return 0.0
        value = sum(weight * each for weight, each in zip(weights, values, strict=True)) / total
        return value - (RETIRED if known.gone else 0.0)

    def _sides(self, new: int) -> tuple[Fingerprint, Fingerprint]:
        """Fingerprints of a question's front and of all of it, as another program's note would have them."""
        if new not in self._fronts:
            from tiku.identity import texts

            title, prompt, answer = texts(self.questions[new])
            self._fronts[new] = Fingerprint(title + prompt), Fingerprint(title + prompt + answer)
        return self._fronts[new]

    def _bonus(self, new: int, old: int) -> float:
        bonus = 0.0
        for beside, step in ((new - 1, self.before), (new + 1, self.after)):
            if beside in self.to_old and self.to_old[beside] == step.get(old, -1):
                bonus += NEIGHBOUR
        return bonus


def _digests(prints: Prints) -> tuple[str, ...]:
    return prints.title.digest, prints.prompt.digest, prints.answer.digest


def _values(prints: Prints) -> Iterable[int]:
    return {*prints.title.sketch, *prints.prompt.sketch, *prints.answer.sketch}


def _two_best(totals: dict[tuple[int, int], float], side: int) -> dict[int, list[float]]:
    """The two highest totals for each question (side 0) or known one (side 1)."""
    out: dict[int, list[float]] = defaultdict(list)
    for pair, value in totals.items():
        out[pair[side]] = sorted([*out[pair[side]], value], reverse=True)[:2]
    return out


def _leads(value: float, best: list[float]) -> bool:
    return value == best[0] and (len(best) == 1 or value - best[1] >= LEAD)
