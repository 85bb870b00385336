"""The frozen note types, as data: `notetypes.toml`, its templates and its style sheet.

Why frozen: Anki's importer compares the fields and templates of a note type with those a user has; when one was added,
moved or lost, it updates none of that user's notes (unless they tick "merge note types").
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files

_INCLUDE = re.compile(r"^@([\w.]+)\n", re.MULTILINE)


class Form(StrEnum):
    """Which note type a question takes. A question keeps the one it first had, whatever becomes of its kind."""

    OPEN = "open"
    CHOICE = "choice"
    CLOZE = "cloze"


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a note type."""

    name: str
    id: int
    shown: bool
    """Whether it is open in Anki's editor."""


@dataclass(frozen=True, slots=True)
class Template:
    """One card of a note type."""

    name: str
    id: int
    front: str
    back: str


@dataclass(frozen=True, slots=True)
class NoteType:
    """A note type as Anki knows it."""

    form: Form
    id: int
    name: str
    cloze: bool
    fields: tuple[Field, ...]
    templates: tuple[Template, ...]
    css: str
    modified: int
    """Seconds since 1970."""


@cache
def note_types() -> dict[Form, NoteType]:
    """All note types by form."""
    data = tomllib.loads(_file("notetypes.toml"))
    fields = tuple(Field(each["name"], each["id"], each.get("shown", False)) for each in data["fields"])
    css = _file("card.css")
    return {
        form: NoteType(
            form,
            entry["id"],
            entry["name"],
            entry.get("cloze", False),
            fields,
            tuple(
                Template(each["name"], each["id"], _template(each["front"]), _template(each["back"]))
                for each in entry["templates"]
            ),
            css,
            data["modified"],
        )
        for form in Form
        for entry in [data["types"][form]]
    }


@cache
def field_names() -> tuple[str, ...]:
    """The names of the fields, in order; all note types have the same."""
    return tuple(field.name for field in note_types()[Form.OPEN].fields)


def _file(name: str) -> str:
    return files("tiku").joinpath("render", "anki", name).read_text(encoding="utf-8")


def _template(name: str) -> str:
    """A template with the lines ``@NAME`` replaced by the file they name."""
    return _INCLUDE.sub(lambda found: _file(found[1]), _file(name)).strip("\n")
