"""PowerPoint decks: editable text, native tables and formulas, nothing off the slide."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiku.exporters import Answers, ExportOptions
from tiku.render.options import DECK_OPTIONS

if TYPE_CHECKING:
    from pathlib import Path

    from tiku.model import Bank
    from tiku.problems import Problem


class PptxExporter:
    """Writes Office Open XML presentations (ECMA-376)."""

    name = "pptx"
    suffix = ".pptx"
    summary = "a PowerPoint deck: a question slide, then its answer"
    keeps = "everything as editable text, tables, formulas and pictures; raw HTML as its text"
    answers = (Answers.HIDDEN, Answers.INLINE, Answers.END, Answers.NONE)
    options = DECK_OPTIONS
    tools = ("ziamath", "pillow", "resvg-py")

    def export(self, bank: Bank, path: Path, options: ExportOptions) -> list[Problem]:
        """Write `bank`; the theme may be the path of a .pptx file whose layouts are used."""
        from tiku.exporters.pptx.writer import write

        return write(bank, path, options)


exporter = PptxExporter()
