"""Under which name a question is known across builds, and when its content last changed.

A learner's history hangs on the name (in Anki: the note's GUID), so a question keeps its name when it is renumbered,
moved, retitled or reworded, and never takes over another's.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tiku.errors import ExportError
from tiku.markup import plain_text

if TYPE_CHECKING:
    from tiku.model import Bank, Question

_HASHED = re.compile(r"q-[0-9a-f]{12}(?:-[0-9a-f]{6})?(?:-\d+)?")


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of one question."""

    guid: str
    """Its name for ever."""
    key: str = ""
    """The id in its source, where it has one."""
    created: int = 0
    """Milliseconds since 1970 at which it was first seen; unique in its bank."""
    modified: int = 0
    """Seconds since 1970 at which its output last changed."""
    content: str = ""
    """Hash of its output; empty until there was one."""
    form: str = ""
    """The note type it has; empty until there was one."""
    deck: str = ""
    """The deck it was last put in; empty until there was one."""


@dataclass(slots=True)
class Identity:
    """The names of one bank's questions during one build.

    Exporters ask `of` for a question's name and tell `settle` what became of it.
    """

    names: dict[str, Known]
    """What was known of each question before this build, by the question's id; new ones have no `content` yet."""
    now: int
    """Seconds since 1970 that a new or changed note carries."""
    settled: dict[str, Known] = field(default_factory=dict)
    """What is known of each question after this build."""

    def of(self, question: Question) -> Known:
        """What is known of `question`."""
        return self.names[question.id]

    def settle(self, question: Question, *, form: str, content: str, deck: str) -> Known:
        """Remember what `question` became: its note type, the hash of its output and its deck.

        The answer's `modified` is the old one where the output is the old one, else now, and always above the old one.
        """
        old = self.names[question.id]
        modified = old.modified
        if old.content != content:
            modified = max(self.now, old.modified + 1 if old.content else 0)
        new = replace(old, form=form, content=content, deck=deck, modified=modified)
        self.settled[question.id] = new
        return new


def fresh(bank: Bank, now: int) -> Identity:
    """Names for a bank of which nothing is known: by explicit id, else by content; `now` in seconds since 1970.

    Raises ExportError when two questions bear one name.
    """
    namespace = fold(bank.title)
    names: dict[str, Known] = {}
    taken: dict[str, Question] = {}
    for index, question in enumerate(bank.questions):
        key = explicit_id(question)
        guid = guid_for(namespace, key, question)
        if key and guid in taken:
            raise ExportError(
                f"the id '{key}' is given to two questions", file=question.location.file, line=question.location.line
            )
        count = 1
        while guid in taken:
            count += 1
            guid = guid_for(namespace, key, question, count)
        taken[guid] = question
        names[question.id] = Known(guid, key, created=now * 1000 + index)
    return Identity(names, now)


def explicit_id(question: Question) -> str:
    """The id that the source gives `question`; empty where the reader made one up from its text."""
    return "" if _HASHED.fullmatch(question.id) else question.id


def guid_for(namespace: str, key: str, question: Question, count: int = 1) -> str:
    """A name for a question seen for the first time: by its explicit id, else by all it says."""
    said = f"id\0{key}" if key else "text\0" + "\0".join(texts(question))
    salt = f"\0{count}" if count > 1 else ""
    return "tk" + hashlib.sha256(f"{namespace}\0{said}{salt}".encode("utf-8", "replace")).hexdigest()[:18]


def texts(question: Question) -> tuple[str, str, str]:
    """Title, prompt with choices, answer with key and explanation, folded."""
    choices = [plain_text(choice.content) for choice in question.choices]
    return (
        fold(plain_text(question.title)),
        fold("\n".join([plain_text(question.prompt), *choices])),
        fold("\n".join([*question.correct, plain_text(question.answer), plain_text(question.explanation)])),
    )


def fold(text: str) -> str:
    """The letters, digits and signs of `text`, NFKC and case folded, without white space."""
    import unicodedata

    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text).casefold())
