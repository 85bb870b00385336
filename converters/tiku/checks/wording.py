"""Words: placeholders instead of answers, Markdown that did not parse, cards nobody can learn, transcripts of chats."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from tiku.checks.tools import complain, contents
from tiku.markup import plain_text, walk
from tiku.problems import Problem
from tiku.readers.labels import key
from tiku.render.view import name_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tiku.checks.texts import Looked

LONG_CARD = 4_000
"""So many characters of answer and explanation are more than anybody learns at once."""
# a pair of runs with text between them; `*args, **kwargs` is none
_STARS = re.compile(r"\*\*(?=[^\s*])[^*\n]{1,200}\*\*")
_LITERAL = {"Space": " ", "Strong": "", "Emph": "", "Span": "", "Link": ""}


@cache
def _words() -> dict[str, list[str]]:
    data = tomllib.loads(files("tiku.checks").joinpath("words.toml").read_text(encoding="utf-8"))
    return {name: list(words) for name, words in data.items()}


@cache
def dangling() -> frozenset[str]:
    """Words no sentence ends with: ``of``, ``the``, ``和``."""
    return frozenset(_words()["dangling"])


def placeholders(looked: Looked) -> Iterator[Problem]:
    """Q109: an answer that only says that there will be one."""
    waiting = frozenset(key(word) for word in _words()["placeholder"]) - {""}
    for question, texts in looked:
        for text in (texts.answer, texts.explanation):
            if len(text) <= 60 and (key(text) in waiting or text.strip() in {"...", "…", "……"}):
                yield complain(
                    "Q109", f"question '{name_of(question, 'en')}' has a placeholder: '{text.strip()}'", question
                )


def literal_emphasis(looked: Looked) -> Iterator[Problem]:
    """Q208: `**` left in the text: emphasis that did not parse."""
    for question, texts in looked:
        if not any("**" in text for text in (texts.title, texts.prompt, texts.answer, texts.explanation, texts.rest)):
            continue
        for blocks in (*contents(question), question.title):
            if not any(node["t"] == "Str" and "**" in node["c"] for node in walk(blocks)):
                continue
            text = "".join(node["c"] if node["t"] == "Str" else _LITERAL.get(node["t"], "\n") for node in walk(blocks))
            if found := _STARS.search(text):
                yield complain("Q208", f"emphasis that did not parse: '{found[0][:60]}'", question)
                break


def empty_titles(looked: Looked) -> Iterator[Problem]:
    """Q210: a question that asks nothing."""
    for question in looked.questions:
        if not question.title and not question.prompt:
            yield complain(
                "Q210", f"question {question.number or '(without number)'} has neither title nor prompt", question
            )


def long_cards(looked: Looked) -> Iterator[Problem]:
    """Q211: an answer that is too long for a card."""
    for question, texts in looked:
        size = len(texts.answer) + len(texts.explanation)
        if size > LONG_CARD:
            yield complain("Q211", f"the answer has {size} characters: too long for one card", question)


def transcripts(looked: Looked) -> Iterator[Problem]:
    """Q003: the document looks like a conversation with a chat program."""
    marks = _words()["transcript"]
    found = 0
    for question, texts in looked:
        start = texts.answer[:200].casefold()
        if any(mark in start for mark in marks):
            start = plain_text(question.answer[:2])[:200].casefold()
            found += any(mark in start for mark in marks)
    if found and found >= 0.1 * len(looked.questions):
        file = looked.questions[0].location.file
        yield Problem("Q003", f"{found} answer(s) talk like a chat program: look whether they are answers", file)
