"""Characters that no installed font can draw: found before rendering, shown by their number, and complained of."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from tiku.markup import plain_text
from tiku.problems import Problem
from tiku.render import fonts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tiku.model import Bank, Location, Question

UNPRINTABLE: dict[int, None] = dict.fromkeys(
    [*range(1, 9), 11, 12, *range(14, 32), *range(0x7F, 0xA0), *range(0xFDD0, 0xFDF0)]
    + [plane + last for plane in range(0, 0x110000, 0x10000) for last in (0xFFFE, 0xFFFF)]
)
"""What may stand in no page: control characters and code points that are no characters; a table for str.translate.

NUL is not in it: page marks are made of it (see `book.page_mark`), and no content keeps one.
"""
_NEED_NO_GLYPH = frozenset({"Cc", "Cf", "Zs", "Zl", "Zp", "Cs"})


def drawable(character: str) -> bool:
    """Whether some font has `character`, or it needs none: blanks, format characters, variation selectors.

    A private-use character has no meaning but in the font it was made for, so whatever a font draws for it is wrong.
    """
    category = unicodedata.category(character)
    if ord(character) in UNPRINTABLE:
        return True
    if category in _NEED_NO_GLYPH or 0xFE00 <= ord(character) <= 0xFE0F or 0xE0100 <= ord(character) <= 0xE01EF:
        return True
    return category != "Co" and fonts.covers(character)


def missing(bank: Bank) -> tuple[dict[int, str], list[Problem]]:
    """What to write for each character that cannot be drawn, and a problem for each with its question."""
    table: dict[int, str] = {}
    problems: list[Problem] = []
    known: dict[str, bool] = {}
    for text, location in _texts(bank):
        said: list[str] = []
        for character in dict.fromkeys(text):
            if character not in known:
                known[character] = character.isascii() or drawable(character)
            if not known[character]:
                table[ord(character)] = f"[U+{ord(character):04X}]"
                said.append(character)
        problems += complaints(said, location)
    return table, problems


def complaints(characters: Iterable[str], location: Location) -> list[Problem]:
    """A problem for each of `characters`, which stand at `location`."""
    return [
        Problem(
            "Q301",
            f"no font has a glyph for '{character}' (U+{ord(character):04X}, {unicodedata.name(character, 'no name')});"
            " its number is shown",
            location.file,
            location.line,
        )
        for character in characters
    ]


def where(bank: Bank, characters: set[str]) -> list[Problem]:
    """A problem for each of `characters` and each place it stands in: for what only the renderer found out."""
    found: list[Problem] = []
    for text, location in _texts(bank):
        found += complaints([character for character in dict.fromkeys(text) if character in characters], location)
    return found


def _texts(bank: Bank) -> Iterator[tuple[str, Location]]:
    """Every text of the bank with its place."""
    from tiku.model import Location

    file = next((question.location.file for question in bank.questions), "")
    yield bank.title + " ".join(bank.authors) + plain_text(bank.description, raw=True), Location(file, 1)
    seen: set[int] = set()
    for path, question in bank.walk():
        for section in path:
            if id(section) not in seen:
                seen.add(id(section))
                yield plain_text(section.title) + plain_text(section.intro, raw=True), section.location
        yield _text_of(question), question.location


def _text_of(question: Question) -> str:
    parts = [question.title, question.prompt, question.answer, question.explanation]
    parts += [choice.content for choice in question.choices] + [part.content for part in question.parts]
    labels = [part.label for part in question.parts] + [choice.label for choice in question.choices]
    return "".join(
        [*(plain_text(part, raw=True) for part in parts), *labels, *question.tags, question.difficulty, question.number]
    )
