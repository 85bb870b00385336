"""Anki decks (.apkg): a database that sqlite3 of the standard library makes, in a zip archive."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiku.exporters import Answers, ExportOptions, Option
from tiku.render.options import NOTE_OPTIONS

if TYPE_CHECKING:
    from pathlib import Path

    from tiku.identity import Identity, Memory
    from tiku.model import Bank
    from tiku.problems import Problem


class ApkgExporter:
    """Writes a deck that can be imported again and again without loss of a learner's history."""

    name = "apkg"
    suffix = ".apkg"
    summary = "an Anki deck, one note a question"
    keeps = "everything; formulas are set by Anki's MathJax"
    answers = (Answers.HIDDEN,)
    uses_identity = True
    options: tuple[Option, ...] = (
        Option("format", "legacy opens everywhere; latest needs Anki 2.1.50", "legacy", ("legacy", "latest")),
        *NOTE_OPTIONS,
    )  # fmt: skip
    tools = ("zstandard",)

    def export(self, bank: Bank, path: Path, options: ExportOptions) -> list[Problem]:
        """Write `bank` as an Anki package.

        Raises ExportError when two questions bear one name.
        """
        from tiku.exporters.apkg.package import export

        return export(bank, path, options)

    def remember(self, path: Path) -> Memory:
        """What the package at `path`, of ours or not, knows of its questions.

        Raises DocumentError when it cannot be read.
        """
        from tiku.exporters.apkg.earlier import remember

        return remember(path)

    def buried(self, identity: Identity) -> bool:
        """Whether there are removed questions to bury."""
        from tiku.exporters.apkg.cleanup import buried

        return bool(buried(identity))

    def bury(self, bank: Bank, path: Path, options: ExportOptions) -> int:
        """Write a package to `path` that lets Anki delete the notes of removed questions; return how many there are."""
        from tiku.exporters.apkg.cleanup import bury

        return bury(bank, path, options.identity, options.time) if options.identity else 0


exporter = ApkgExporter()
