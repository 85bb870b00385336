"""HTML slides: one file with everything in it, shown by reveal.js, printable, readable on a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiku.exporters import Answers, ExportOptions
from tiku.render.options import DECK_OPTIONS

if TYPE_CHECKING:
    from pathlib import Path

    from tiku.model import Bank
    from tiku.problems import Problem


class SlidesExporter:
    """Writes a reveal.js deck."""

    name = "slides"
    suffix = ".slides.html"
    summary = "HTML slides in one file, answers at a further step"
    keeps = "everything; raw HTML as its text"
    answers = (Answers.HIDDEN, Answers.INLINE, Answers.END, Answers.NONE)
    options = DECK_OPTIONS
    tools = ("ziamath",)

    def export(self, bank: Bank, path: Path, options: ExportOptions) -> list[Problem]:
        """Write `bank`; the theme is ``light``, ``dark``, or empty for what the viewer's system prefers."""
        from tiku.exporters.slides.writer import write

        return write(bank, path, options)


exporter = SlidesExporter()
