"""Note types of other programs' decks, kept as they are, so that their notes update under Anki's default options.

Were such a note given one of our note types, Anki would hold it for a conflict, or (when told to merge) leave the
history to a card that shows nothing.
"""

from __future__ import annotations

import re
from typing import Any

PREFIX = "foreign"
_REPLACEMENT = re.compile(r"\{\{(?![#^/!])(?:[\w-]+:)*([^{}:]+)\}\}")


def form_of(kind: int, cards: list[int]) -> str:
    """What `Known.form` says of a note of the note type `kind` that has these cards."""
    return f"{PREFIX}:{kind}:{','.join(map(str, sorted(cards) or [0]))}"


def parse(form: str) -> tuple[int, tuple[int, ...]] | None:
    """Note type and cards, of a `form` that is foreign."""
    name, _, rest = form.partition(":")
    kind, _, cards = rest.partition(":")
    if name != PREFIX or not re.fullmatch(r"\d{1,19}", kind) or not re.fullmatch(r"\d{1,3}(,\d{1,3})*", cards):
        return None
    return int(kind), tuple(int(each) for each in cards.split(","))


def places(model: dict[str, Any]) -> tuple[int, int]:
    """Which fields of a note type are its front and its back, by its first card.

    `model` is the note type's JSON in schema 11. A note type of one field has both in it.
    """
    names = [str(each.get("name", "")) for each in model["flds"]]
    first = model["tmpls"][0]
    asked = _fields(str(first.get("qfmt", "")), names)
    told = [each for each in _fields(str(first.get("afmt", "")), names) if each not in asked]
    front = asked[0] if asked else 0
    others = [each for each in range(len(names)) if each != front]
    return front, told[0] if told else others[0] if others else front


def _fields(template: str, names: list[str]) -> list[int]:
    found = [found[1].strip() for found in _REPLACEMENT.finditer(template)]
    return list(dict.fromkeys(names.index(name) for name in found if name in names))


def usable(model: Any) -> bool:
    """Whether `model` is a note type that notes can be written for: its fields and templates are there, no cloze."""
    return (
        isinstance(model, dict)
        and model.get("type") == 0
        and isinstance(model.get("flds"), list)
        and isinstance(model.get("tmpls"), list)
        and all(isinstance(each, dict) for each in (*model["flds"], *model["tmpls"]))
        and bool(model["flds"] and model["tmpls"])
    )
