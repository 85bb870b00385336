"""Exporters: a bank in, one file out. An exporter never imports another; what two share lives in ``render/``.

An exporter is an object with the attributes of :class:`Exporter`; built-ins are named in the table below, strangers in
the entry-point group ``tiku.exporters``. Listing names imports nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol

from tiku.errors import UsageError
from tiku.plugins import Registry, suggest
from tiku.render.options import Answers, Option

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from tiku.identity import Identity
    from tiku.model import Bank
    from tiku.problems import Problem

__all__ = [
    "EXPORTERS",
    "SUFFIXES",
    "Answers",
    "ExportOptions",
    "Exporter",
    "Option",
    "names_notes",
    "options_for",
    "prepare",
]

EXPORTERS = Registry(
    "exporter",
    "tiku.exporters",
    {
        "pdf": "tiku.exporters.pdf:exporter",
        "epub": "tiku.exporters.epub:exporter",
        "apkg": "tiku.exporters.apkg:exporter",
        "anki-csv": "tiku.exporters.anki_csv:exporter",
        "pptx": "tiku.exporters.pptx:exporter",
        "slides": "tiku.exporters.slides:exporter",
        "json": "tiku.exporters.bank_json:exporter",
        "md": "tiku.exporters.markdown:exporter",
    },
)
SUFFIXES = {
    ".pdf": "pdf", ".epub": "epub", ".apkg": "apkg", ".pptx": "pptx", ".html": "slides", ".json": "json", ".md": "md",
    ".csv": "anki-csv",
}  # fmt: skip
"""Which built-in exporter a path's suffix names; an exporter's own ``suffix`` is what it gives a file."""


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """What an exporter may know besides the bank."""

    answers: Answers
    """One of the exporter's own ``answers``."""
    time: int = 315_532_800
    """The only time an output may carry: seconds since 1970, UTC. The default is 1980-01-01, the first a zip knows."""
    theme: str = ""
    """A theme's name or path; empty is the exporter's default."""
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """A typed value for each of the exporter's options."""
    identity: Identity | None = None
    """Under which name each question is known, for exporters that need it; None: nothing is known yet."""
    progress: Callable[[float], None] | None = None
    """Hears from exporters that take long how much is done, from 0 to 1, never less than before; from any thread."""


class Exporter(Protocol):
    """What an exporter plug-in offers."""

    name: str
    suffix: str
    """What follows the source's stem in the file name: ``.pdf``, ``.slides.html``."""
    summary: str
    """One line: what it makes."""
    keeps: str
    """One line: what of the model it keeps, and what it cannot."""
    answers: tuple[Answers, ...]
    """The places for answers it knows, its default first."""
    options: tuple[Option, ...]

    def export(self, bank: Bank, path: Path, options: ExportOptions) -> list[Problem]:
        """Write `bank` to `path` (a temporary file: the caller renames it); return what could not be shown.

        Raises ExportError when this bank cannot be written, SetupError when a library or font is missing.
        """


def options_for(
    exporter: Exporter, *, answers: str = "", time: int, theme: str = "", settings: Mapping[str, Any] | None = None
) -> ExportOptions:
    """Checked and typed options for `exporter`. Raises UsageError for an answer place or a key it does not know."""
    places = [str(place) for place in exporter.answers]
    if answers and answers not in places:
        raise UsageError(f"'{exporter.name}' cannot place answers '{answers}' (it knows: {', '.join(places)})")
    known = {option.name: option for option in exporter.options}
    values: dict[str, Any] = {option.name: option.default for option in exporter.options}
    for key, value in (settings or {}).items():
        if key not in known:
            hint = suggest(key, list(known)) if known else " (it has none)"
            raise UsageError(f"'{exporter.name}' has no option '{key}'{hint}")
        values[key] = known[key].parse(value)
    place = Answers(answers) if answers else exporter.answers[0]
    return ExportOptions(place, max(time, 315_532_800), theme, MappingProxyType(values))


def names_notes(exporter: Exporter) -> bool:
    """Whether a learner's history hangs on the names that `exporter` gives to questions."""
    return bool(getattr(exporter, "uses_identity", False))


def prepare(formats: Iterable[str]) -> None:
    """Let exporters begin what takes long and depends on no bank: it goes on while a source is read."""
    for name in dict.fromkeys(formats):
        getattr(EXPORTERS.load(name), "prepare", lambda: None)()
