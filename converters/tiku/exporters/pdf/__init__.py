"""PDF study guides, by WeasyPrint and a finishing pass with pikepdf.

A run goes through these modules, in this order: ``theme`` (templates and styles), ``book`` (the bank as pages of HTML,
by ``content``), ``child`` and ``render`` (WeasyPrint, in a process of its own), ``finish`` with ``tags``, ``links``
and ``stamps`` (what WeasyPrint cannot do). Only ``render`` and its helper ``bidi`` import WeasyPrint, only ``finish`` and
its helpers pikepdf.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tiku.exporters import Answers, ExportOptions, Option

if TYPE_CHECKING:
    from tiku.model import Bank
    from tiku.problems import Problem


class PdfExporter:
    """Writes a study guide."""

    name = "pdf"
    suffix = ".pdf"
    summary = "a study guide to read and to print, tagged for screen readers"
    keeps = (
        "everything; raw HTML only its text and formatting; formulas as pictures with their LaTeX as alternative text"
    )
    answers = (Answers.INLINE, Answers.CHAPTER, Answers.END, Answers.HIDDEN, Answers.NONE)
    options: tuple[Option, ...] = (
        Option("page", "size of the page", "A4", ("A4", "Letter", "B5", "phone")),
        Option("variant", "the PDF standard to follow", "pdf/ua-1", ("pdf/ua-1", "pdf/ua-2")),
        Option("ticks", "boxes to tick beside each question, for learning it several times", 3, least=0, most=10),
        Option("urls", "print the address of a link after its text", True),
        Option("thumbs", "mark each chapter by a tab at the edge of its pages", False),
        Option("css", "a style sheet of yours, added to the theme's", file=True),
    )

    tools = ("weasyprint", "pydyf", "pikepdf", "ziamath", "fonttools", "pango", "fonts")

    def folders(self, theme: str) -> list[Path]:
        """The user's own folders that `theme` and its parents are read from. Raises UsageError as `export` does."""
        from tiku.exporters.pdf import theme as themes

        if not theme or theme in themes.names():
            return []
        return [folder for layer in themes.load(theme).layers if isinstance(folder := layer.folder, Path)]

    def prepare(self) -> None:
        """Begin what takes long and depends on no bank: call it before reading one. Raises nothing."""
        from tiku.exporters.pdf import child

        child.warm()

    def export(self, bank: Bank, path: Path, options: ExportOptions) -> list[Problem]:
        """Write `bank` as a PDF.

        Raises ExportError when the renderer fails, SetupError when a library or a font for the script is missing.
        """
        from tiku.exporters.pdf.make import make

        return make(bank, path, options)


exporter = PdfExporter()
