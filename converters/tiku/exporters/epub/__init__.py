"""EPUB 3 books that every reader opens: one entry a question, answers where the reader wants them.

``book`` leads; ``content`` writes XHTML, ``layout`` decides what stands in which file, ``navigation`` and ``metadata``
describe the book, ``package`` alone knows ebooklib.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiku.exporters import Answers, ExportOptions, Option

if TYPE_CHECKING:
    from pathlib import Path

    from tiku.model import Bank
    from tiku.problems import Problem


class EpubExporter:
    """Writes an EPUB 3.3 package."""

    name = "epub"
    suffix = ".epub"
    summary = "an e-book for phones, tablets and e-readers"
    keeps = "everything; raw HTML as far as it is harmless, WebP pictures as PNG"
    answers = (Answers.HIDDEN, Answers.INLINE, Answers.CHAPTER, Answers.END, Answers.NONE)
    options = (
        Option(
            "answers",
            "how hidden answers are reached: by links, as pop-up notes, or folded below the question",
            "links",
            ("links", "popup", "details"),
        ),
        Option(
            "math",
            "formulas as MathML, or as pictures (SVG or PNG) for readers without it, such as Kindle and Kobo",
            "mathml",
            ("mathml", "svg", "png"),
        ),
        Option(
            "fonts",
            "embed a subset of fonts that has every character, or rely on the reader's",
            "none",
            ("none", "embed"),
        ),
        Option("vertical", "Japanese or Chinese in vertical lines, pages turned to the left", default=False),
        Option("css", "a style sheet of yours, added to the book's", file=True),
        Option("conforms", "the accessibility standard the book is claimed to meet; only after a review by a person"),
        Option("certifier", "who has reviewed the book for that claim"),
    )
    tools = ("ebooklib", "ziamath", "pillow", "fonttools", "fonts")

    def export(self, bank: Bank, path: Path, options: ExportOptions) -> list[Problem]:
        """Write `bank` as an EPUB.

        Raises UsageError for options that contradict each other, SetupError when a library is missing.
        """
        from tiku.exporters.epub.book import write

        return write(bank, path, options)


exporter = EpubExporter()
