"""Decisions about a question that all outputs share: what its heading says, how its key is told in words."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from tiku.markup import plain_text
from tiku.model import Kind
from tiku.render.locales import primary, terms

if TYPE_CHECKING:
    from tiku.model import Bank, Blocks, Part, Question, Section

_NOT_WORDS = re.compile(r"[\W_]+")


def folded(nodes: object) -> str:
    """The letters and digits of `nodes`, NFKC and case folded: to see whether two texts say the same."""
    return folded_text(plain_text(nodes))


@lru_cache(maxsize=128)
def folded_text(text: str) -> str:
    """The letters and digits of `text`, NFKC and case folded."""
    return _NOT_WORDS.sub("", unicodedata.normalize("NFKC", text).casefold())


def shown_prompt(question: Question) -> Blocks:
    """The prompt, but nothing where it only repeats the title."""
    if (
        question.title
        and question.prompt
        and len(question.prompt) == 1
        and folded(question.title) == folded(question.prompt)
    ):
        return ()
    return question.prompt


def name_of(question: Question, language: str) -> str:
    """A short plain name for bookmarks and lists: number and title, else the beginning of the prompt."""
    said = " ".join(plain_text(question.title).split()) or " ".join(plain_text(question.prompt).split())
    if len(said) > 120:
        said = said[:119].rstrip() + "…"
    return f"{numbered(question)}{said}".strip() or terms(language)["question"]


def numbered(question: Question) -> str:
    """The number as shown before a title: ``7. ``, ``三、``, ``① ``; empty without one."""
    number = question.number
    if not number:
        return ""
    if all("一" <= char <= "鿿" or char == "〇" for char in number):
        return f"{number}、"
    return f"{number} " if unicodedata.category(number[-1]) == "No" else f"{number}. "


def section_name(section: Section, language: str) -> str:
    """The section's heading as plain text, or the word for 'Questions'."""
    return " ".join(plain_text(section.title).split()) or terms(language)["untitled"]


def key_text(question: Question, language: str) -> str:
    """The correct choices in words for people: ``B``, ``A、C``; empty when none is known."""
    return ("、" if primary(language) in {"zh", "ja"} else ", ").join(question.correct)


def part_label(part: Part, language: str) -> str:
    """The label of a further part: as typed, else our word for its role."""
    return part.label or terms(language).get(part.role, terms(language)["other"])


def kind_label(question: Question, language: str) -> str:
    """The kind of a question in words; empty for open questions, which need none."""
    return "" if question.kind is Kind.OPEN else terms(language)[str(question.kind).replace("-", "_")]


def count_label(count: int, language: str) -> str:
    """``15 questions`` in `language`."""
    return terms(language)["count_one" if count == 1 else "count_many"].format(count=count)


def is_chaptered(bank: Bank) -> bool:
    """Whether the bank has chapters at all."""
    return any(section.title for section in bank.sections)
