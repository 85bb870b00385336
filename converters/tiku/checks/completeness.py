"""Is all of it there? Missing answers and explanations, texts that stop in mid-sentence."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from tiku.checks import wording
from tiku.checks.tools import complain
from tiku.markup import plain_text
from tiku.render.view import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tiku.checks.texts import Looked
    from tiku.model import Block, Blocks
    from tiku.problems import Problem

USUAL = 0.6
"""What at least this share of the questions has, the others lack."""
SOME = 0.25
"""Where fewer have an answer, the document is a list of questions."""
SENTENCE = 12
"""A shorter last line is a heading, a term or a value, not a sentence."""


def missing_answers(looked: Looked) -> Iterator[Problem]:
    """Q102: no answer, though others have one (a bank of questions alone is no fault)."""
    questions = looked.questions
    if sum(question.answered for question in questions) >= SOME * len(questions):
        for question in questions:
            if not question.answered:
                yield complain("Q102", f"question '{name_of(question, 'en')}' has no answer", question)


def missing_explanations(looked: Looked) -> Iterator[Problem]:
    """Q103: no explanation, though most others have one."""
    questions = looked.questions
    with_one = sum(bool(question.explanation) for question in questions)
    if with_one >= USUAL * len(questions):
        for question in questions:
            if not question.explanation:
                yield complain("Q103", f"question '{name_of(question, 'en')}' has no explanation", question)


def cut_off(looked: Looked) -> Iterator[Problem]:
    """Q101: the last sentence of a part has no end, though those of this document have one; or it ends with 'of the'.

    Many texts without an end are a way of writing: then only a last word that cannot be one tells.
    """
    endings = [
        (question, last, plain_text(last["c"]))
        for question in looked.questions
        for blocks in (question.prompt, question.answer, question.explanation)
        if (last := last_text(blocks)) is not None
    ]
    sentences = [text for _, _, text in endings if len(text) >= SENTENCE]
    open_ended = sum(not ended(text) for text in sentences)
    usual = open_ended <= max(2, 0.03 * len(sentences)) and open_ended < 0.2 * len(sentences)
    for question, last, text in endings:
        if ended(text) or not ((usual and len(text) >= SENTENCE) or hangs(text)):
            continue
        tail = " ".join(text.split())[-24:]
        line = looked.lines.get(id(last), 0) or question.location.line
        message = f"question {question.number or name_of(question, 'en')} is cut off: its text ends '…{tail}'"
        yield complain("Q101", message, question, line)
    for question, texts in looked:
        if not question.prompt and hangs(texts.title):
            yield complain(
                "Q101", f"question {question.number or '?'} is cut off: its title ends '…{texts.title[-24:]}'", question
            )


def hangs(text: str) -> bool:
    """Whether `text` ends with a word that needs another one after it."""
    words = text.casefold().split()
    if not words:
        return False
    last = words[-1].strip("*_`")
    return (len(words) > 2 and last in wording.dangling()) or any(
        text.endswith(word) for word in wording.dangling() if not word.isascii() and len(text) > 12
    )


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
