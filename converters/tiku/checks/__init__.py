"""What is wrong with a bank: every rule a function over the questions and their texts, every complaint a Problem.

The rules' codes, severities and remedies are in ``rules.toml``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiku.checks import choices, completeness, duplicates, links, numbering, wording
from tiku.checks.texts import Looked

if TYPE_CHECKING:
    from tiku.problems import Problem
    from tiku.readers import Reading

RULES = (
    completeness.missing_answers, completeness.missing_explanations, completeness.cut_off, numbering.numbers,
    duplicates.near_duplicates, choices.keys, wording.placeholders, wording.literal_emphasis, wording.empty_titles,
    wording.long_cards, wording.transcripts, links.dead_links,
)  # fmt: skip


def check(reading: Reading) -> list[Problem]:
    """All that is wrong with a document: what its reader complained of and what the rules find, by line."""
    found = list(reading.problems)
    looked = Looked(reading)
    for rule in RULES:
        found.extend(rule(looked))
    return sorted(found, key=lambda problem: (problem.file, problem.line, problem.code))
