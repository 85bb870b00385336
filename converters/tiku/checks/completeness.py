"""Is all of it there? Missing answers and explanations, texts that stop in mid-sentence."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from tiku.markup import plain_text
from tiku.problems import Problem
from tiku.render.view import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tiku.model import Block, Blocks, Question
    from tiku.readers import Reading

USUAL = 0.6
"""What at least this share of the questions has, the others lack."""
SENTENCE = 12
"""A shorter last line is a heading, a term or a value, not a sentence."""


def _complain(code: str, message: str, question: Question) -> Problem:
    return Problem(code, message, question.location.file, question.location.line)


def missing_answers(reading: Reading) -> Iterator[Problem]:
    """Q102: no answer, though others have one (a bank of questions alone is no fault)."""
    questions = reading.bank.questions
    if any(question.answered for question in questions):
        for question in questions:
            if not question.answered:
                yield _complain("Q102", f"question '{name_of(question, 'en')}' has no answer", question)


def missing_explanations(reading: Reading) -> Iterator[Problem]:
    """Q103: no explanation, though most others have one."""
    questions = reading.bank.questions
    with_one = sum(bool(question.explanation) for question in questions)
    if with_one >= USUAL * len(questions):
        for question in questions:
            if not question.explanation:
                yield _complain("Q103", f"question '{name_of(question, 'en')}' has no explanation", question)


def cut_off(reading: Reading) -> Iterator[Problem]:
    """Q101: the last sentence of a part has no end, though sentences of this document have one."""
    endings = [
        (question, last, ended(plain_text(last)))
        for question in reading.bank.questions
        for blocks in (question.prompt, question.answer, question.explanation)
        if (last := last_text(blocks)) is not None and len(plain_text(last)) >= SENTENCE
    ]
    if sum(end for _, _, end in endings) < 0.8 * len(endings):
        return
    for question, last, end in endings:
        if not end:
            tail = " ".join(plain_text(last).split())[-24:]
            line = reading.lines.get(id(last), 0) or question.location.line
            message = f"question {question.number or name_of(question, 'en')} is cut off: its text ends '…{tail}'"
            yield Problem("Q101", message, question.location.file, line)


def last_text(blocks: Blocks | Sequence[Block]) -> Block | None:
    """The last paragraph of `blocks`, also inside a list or a quotation; None when they end with something else."""
    while blocks:
        last = blocks[-1]
        if last["t"] in {"Para", "Plain"}:
            inlines = last["c"]
            return None if inlines and inlines[-1]["t"] in {"Math", "Image", "Code", "Link", "Note"} else last
        if last["t"] in {"BulletList", "OrderedList"}:
            items = last["c"] if last["t"] == "BulletList" else last["c"][1]
            blocks = items[-1] if items else ()
        elif last["t"] == "BlockQuote":
            blocks = last["c"]
        else:
            return None
    return None


def ended(text: str) -> bool:
    """Whether `text` ends like a sentence: with punctuation, perhaps inside quotation marks or brackets."""
    text = text.rstrip()
    return not text or unicodedata.category(text[-1])[0] in "PS"
