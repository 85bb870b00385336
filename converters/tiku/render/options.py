"""What a user can choose: where answers stand, exporters' own options, and those that two exporters share."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tiku.errors import UsageError
from tiku.plugins import suggest


class Answers(StrEnum):
    """Where the answers stand."""

    INLINE = "inline"
    """Right after their question."""
    CHAPTER = "chapter"
    """At the end of each chapter."""
    END = "end"
    """At the end of the whole."""
    HIDDEN = "hidden"
    """Behind a click or a turn."""
    NONE = "none"
    """Left out."""


@dataclass(frozen=True, slots=True)
class Option:
    """An exporter's own option, set with ``--set FORMAT.KEY=VALUE``."""

    name: str
    summary: str
    default: str | int | bool = ""
    """Its type is the type of the values."""
    choices: tuple[str, ...] = ()
    """The values allowed, where they are few."""
    file: bool = False
    """Whether the value is the path of a file: what it holds is then part of what an output is made of."""
    least: int | None = None
    """The smallest whole number allowed."""
    most: int | None = None
    """The largest whole number allowed."""

    @property
    def range(self) -> str:
        """Which whole numbers are allowed, for people; empty where all are."""
        if self.least is None:
            return "" if self.most is None else f"up to {self.most}"
        return f"from {self.least}" if self.most is None else f"from {self.least} to {self.most}"

    def parse(self, value: Any) -> str | int | bool:
        """`value`, text or already typed, as this option's type. Raises UsageError when it is none."""
        text = str(value).strip()
        if isinstance(self.default, bool):
            words = {
                "true": True,
                "yes": True,
                "on": True,
                "1": True,
                "false": False,
                "no": False,
                "off": False,
                "0": False,
            }
            if text.lower() not in words:
                raise UsageError(f"option '{self.name}' is true or false, not '{text}'")
            return words[text.lower()]
        if isinstance(self.default, int):
            return self._number(text)
        if self.choices and text not in self.choices:
            raise UsageError(f"option '{self.name}' cannot be '{text}'{suggest(text, list(self.choices))}")
        return text

    def _number(self, text: str) -> int:
        cause: ValueError | None = None
        try:
            number = int(text)
            if (self.least is None or number >= self.least) and (self.most is None or number <= self.most):
                return number
        except ValueError as error:
            cause = error
        words = f"a whole number {self.range}".rstrip()
        raise UsageError(f"option '{self.name}' is {words}, not '{text[:40]}'") from cause


DECK_OPTIONS = (
    Option("explanation", "where explanations stand: on slides, or in the speaker notes", "slide", ("slide", "note")),
)
"""Of both kinds of slide deck."""
NOTE_OPTIONS = (
    Option("deck", "name of the deck, '::' makes sub-decks; empty is the bank's title"),
    Option("subdecks", "a sub-deck for each section", default=True),
    Option("reversed", "a second card from the answer to the question, for open questions", default=False),
    Option("typed", "short answers are typed in", default=False),
    Option("blanks", "blanks of a question on one card, or each on its own", "together", ("together", "each")),
    Option("source", "the bank's title at the foot of each card", default=False),
)
"""Of Anki notes, in a package or as text."""
