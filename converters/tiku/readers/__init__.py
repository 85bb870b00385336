"""Readers: a source's bytes in, a bank with its problems out. No reader knows an exporter.

A reader is an object with ``name``, ``suffixes`` and ``read(data, options) -> Reading``; built-ins are named in the
table below, strangers in the entry-point group ``tiku.readers``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Protocol

from tiku.errors import UsageError
from tiku.plugins import Registry, suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tiku.model import Bank
    from tiku.problems import Problem

READERS = Registry(
    "reader",
    "tiku.readers",
    {
        "markdown": "tiku.readers.markdown:reader",
        "json": "tiku.readers.bank_json:reader",
        "csv": "tiku.readers.tabular:reader",
        "docx": "tiku.readers.foreign:docx",
        "odt": "tiku.readers.foreign:odt",
        "epub": "tiku.readers.foreign:epub",
        "html": "tiku.readers.foreign:html",
        "rst": "tiku.readers.foreign:rst",
        "org": "tiku.readers.foreign:org",
        "ipynb": "tiku.readers.foreign:ipynb",
        "latex": "tiku.readers.foreign:tex",
    },
)
SUFFIXES = {
    ".md": "markdown", ".markdown": "markdown", ".txt": "markdown", ".json": "json", ".csv": "csv", ".tsv": "csv",
    ".docx": "docx", ".odt": "odt", ".epub": "epub", ".html": "html", ".htm": "html", ".xhtml": "html", ".rst": "rst",
    ".org": "org", ".ipynb": "ipynb", ".tex": "latex",
}  # fmt: skip
"""Which built-in reader takes which suffix."""


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """What a reader may know besides the bytes."""

    file: str = "-"
    """The source as the user named it: for messages and locations."""
    root: Path | None = None
    """The folder from which pictures may be read; None reads none."""
    dialect: str = ""
    """The dialect to use; empty detects it."""
    title: str = ""
    language: str = ""
    authors: tuple[str, ...] = ()
    encoding: str = ""
    """The encoding of a text; empty is UTF-8, or UTF-16 with a byte order mark."""
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The user's own labels: role -> words."""
    fetch: Callable[[str], bytes] | None = None
    """Gives a picture on the network, or nothing; None fetches none."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What came out of a source."""

    bank: Bank
    problems: tuple[Problem, ...] = ()
    dialect: str = ""
    """The dialect in which the questions were recognised."""
    evidence: tuple[str, ...] = ()
    """Why: one line for each dialect considered, the winner first."""
    lines: Mapping[int, int] = field(default_factory=dict)
    """The line of a block of the bank, by ``id(block)``, where it is known: for complaints that point at it."""


class Reader(Protocol):
    """What a reader plug-in offers."""

    name: str
    suffixes: tuple[str, ...]

    def read(self, data: bytes, options: ReadOptions) -> Reading:
        """Read `data`; raises DocumentError when it cannot be read at all."""


def reader_for(name: str, file: str) -> Reader:
    """The reader called `name`, or, with an empty name, the one for the suffix of `file` (``-`` is Markdown).

    Raises UsageError for a name or suffix that no reader knows.
    """
    if not name:
        suffix = PurePath(file).suffix.lower()
        name = SUFFIXES.get(suffix, "markdown" if file == "-" or not suffix else "")
    if not name:
        for stranger in READERS.names():
            if stranger not in READERS.builtin and PurePath(file).suffix.lower() in READERS.load(stranger).suffixes:
                name = stranger
    if not name:
        wrong = PurePath(file).suffix
        raise UsageError(f"{file}: no reader for '{wrong}'{suggest(wrong, list(SUFFIXES))}; name one with --from")
    reader: Reader = READERS.load(name)
    return reader
