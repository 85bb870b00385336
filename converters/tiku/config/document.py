"""The file itself: its data, and errors that name the table and, where it can be told, the line."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tiku.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

Place = tuple[str | int, ...]
"""The way to a table: ``("bank", 2, "set", "pdf")``, banks counted from 1."""
_HEADER = re.compile(r"^\s*\[(\[?)([^\[\]#]+)\]")
_KEY = re.compile(r"^\s*([\w.\"' -]+?)\s*=")


@dataclass(frozen=True, slots=True)
class Document:
    """A configuration."""

    path: Path
    text: str
    data: dict[str, Any]

    def error(self, place: Place, message: str, key: str = "") -> UsageError:
        """What is wrong with the table at `place`, or with its `key`."""
        where = f"{title(place)}: " if place else ""
        return UsageError(where + message, file=str(self.path), line=line_of(self.text, place, key))


def open_document(path: Path) -> Document:
    """The configuration at `path`. Raises UsageError when it is no TOML."""
    try:
        text = path.read_text(encoding="utf-8-sig")
        return Document(path, text, tomllib.loads(text))
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror or error}", file=str(path)) from error
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, a number of 5,000 digits
        raise UsageError(str(error) or "nested too deeply", file=str(path)) from error


def title(place: Place) -> str:
    """The table at `place` as people write it: ``[build]``, ``[[bank]] 2``, ``[[bank]] 2 [set.pdf]``."""
    if place[0] == "bank":
        rest = ".".join(map(str, place[2:]))
        return f"[[bank]] {place[1]}" + (f" [{rest}]" if rest else "")
    return f"[{'.'.join(map(str, place))}]"


def line_of(text: str, place: Place, key: str = "") -> int:
    """The line of `key` in the table at `place`, else of the table, else of the one around it, else 0.

    A look at the lines, which is enough for a hint: what stands in a text of several lines may mislead it.
    """
    wanted = (*place, key) if key else place
    here: Place = ()
    banks = found = depth = 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := _HEADER.match(line):
            names = _names(header[2])
            banks += bool(header[1]) and names == ("bank",)
            here = ("bank", banks, *names[1:]) if names[0] == "bank" else names
            way = here
        elif entry := _KEY.match(line):
            way = (*here, *_names(entry[1]))  # a dotted key names tables, too: set.pdf.page = "A4"
        else:
            continue
        # a line tells of what is wanted when it leads there, or beyond
        if depth < len(wanted) and way[: len(wanted)] == wanted[: len(way)] and min(len(way), len(wanted)) > depth:
            found, depth = number, min(len(way), len(wanted))
    return found


def _names(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))
