"""Dialects: the ways of writing numbered questions, as data files; a user's own is a file of the same form.

A dialect names a *shape* (see ``shapes.py``) and narrows it:

    summary = "…"          one line for people
    shape = "heading"      heading, list-heading, list-item, bullet, details, bold, paragraph, label, division
    numbered = true        whether its questions begin with a number
    levels = [2, 4]        (headings) the first and last level looked at
    pattern = "Card (?P<number>\\d+): (?P<title>.*)"   (optional) what a question's first line looks like
    classes = ["qu"]       (division) the directives that are questions
    prior = 0.0            evidence to start with, from -0.5 to 0.5
    [labels]               further labels: answer = ["Musterantwort"], …
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from tiku import sources
from tiku.errors import DocumentError, UsageError
from tiku.plugins import suggest

if TYPE_CHECKING:
    from collections.abc import Mapping

SHAPES = (
    "heading", "list-heading", "list-item", "bullet", "details", "bold", "paragraph", "label", "division",
)  # fmt: skip
_KEYS = ("summary", "shape", "numbered", "levels", "pattern", "classes", "prior", "labels")


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way of writing questions."""

    name: str
    summary: str
    shape: str
    numbered: bool
    levels: tuple[int, int] = (1, 6)
    pattern: re.Pattern[str] | None = None
    classes: frozenset[str] = frozenset()
    prior: float = 0.0
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def parse(name: str, text: str) -> Dialect:
    """The dialect that a TOML `text` describes. Raises UsageError for what it does not know."""
    try:
        data: dict[str, Any] = tomllib.loads(text)
        if unknown := sorted(set(data) - set(_KEYS)):
            raise UsageError(f"dialect '{name}': unknown key '{unknown[0]}'{suggest(unknown[0], list(_KEYS))}")
        shape = str(data.get("shape", ""))
        if shape not in SHAPES:
            raise UsageError(f"dialect '{name}': unknown shape '{shape}'{suggest(shape, list(SHAPES))}")
        first, last = data.get("levels", [1, 6])
        pattern = re.compile(data["pattern"]) if data.get("pattern") else None
        labels = {str(role): tuple(map(str, words)) for role, words in data.get("labels", {}).items()}
        return Dialect(
            name, str(data.get("summary", "")), shape, bool(data.get("numbered", pattern is not None)),
            (int(first), int(last)), pattern, frozenset(data.get("classes", [])), float(data.get("prior", 0.0)), labels,
        )  # fmt: skip
    except (tomllib.TOMLDecodeError, re.error, ValueError, TypeError) as error:
        raise UsageError(f"dialect '{name}': {error}") from error


@cache
def builtin() -> tuple[Dialect, ...]:
    """The dialects that come with tiku, by name."""
    folder = files("tiku.readers").joinpath("dialects")
    found = [entry for entry in folder.iterdir() if entry.name.endswith(".toml")]
    return tuple(
        parse(entry.name.removesuffix(".toml"), entry.read_text(encoding="utf-8"))
        for entry in sorted(found, key=lambda entry: entry.name)
    )


def named(name: str) -> Dialect:
    """The dialect called `name`, or the one in the file of that path. Raises UsageError when there is none."""
    if name.endswith(".toml"):
        try:
            return parse(PurePath(name).stem, sources.read_bytes(name).decode("utf-8"))
        except (DocumentError, UnicodeDecodeError) as error:
            why = getattr(error, "message", error)
            raise UsageError(f"dialect file '{name}' cannot be read: {why}") from error
    for dialect in builtin():
        if dialect.name == name:
            return dialect
    names = [dialect.name for dialect in builtin()]
    raise UsageError(f"unknown dialect '{name}'{suggest(name, names)}")
