"""One PDF from beginning to end."""

from __future__ import annotations

import tempfile
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiku.errors import SetupError, UsageError
from tiku.exporters.pdf import glyphs, styles
from tiku.exporters.pdf import theme as themes
from tiku.exporters.pdf.book import Binder
from tiku.exporters.pdf.child import Child
from tiku.exporters.pdf.content import ASSET
from tiku.plugins import need
from tiku.render import fonts

if TYPE_CHECKING:
    from tiku.exporters import ExportOptions
    from tiku.exporters.pdf.book import Book
    from tiku.exporters.pdf.styles import Sheet
    from tiku.model import Bank
    from tiku.problems import Problem

SECONDS = 90.0
"""Time that a small book may take before it counts as a runaway: a hundred times what it needs."""
SECONDS_FOR_QUESTION = 4.0


def make(bank: Bank, path: Path, options: ExportOptions) -> list[Problem]:
    """Write `bank` to `path`; see `PdfExporter.export`."""
    theme = themes.load(options.theme)
    own = _own_css(str(options.settings.get("css", "")))
    look_before_rendering(bank)
    with Child() as child, tempfile.TemporaryDirectory(prefix="tiku-pdf-") as name:
        folder = Path(name)
        table, problems = glyphs.missing(bank)
        book = Binder(bank, theme, options.answers, table).bind()
        sheet = styles.sheet(theme, bank.language, str(options.settings.get("page", "A4")), own=own, asset=ASSET)
        job = _job(book, sheet, folder, str(options.settings.get("variant", "pdf/ua-1")))
        seconds = SECONDS + SECONDS_FOR_QUESTION * len(bank.questions)
        answer: dict[str, Any] = {}
        import threading

        # pikepdf loads while WeasyPrint works.
        loading = threading.Thread(target=need, args=("pdf", "pikepdf", "pdf"), daemon=True)
        loading.start()
        answer = child.ask(job, seconds)
        loading.join()
        finish = need("pdf", "tiku.exporters.pdf.finish", "pdf")
        finish.finish(Path(job["target"]), path, book, sheet, theme.settings, answer, options.time)
    missed = {chr(point) for point in answer["missing"]}
    return problems + book.problems + (glyphs.where(bank, missed) if missed else [])


def _job(book: Book, sheet: Sheet, folder: Path, variant: str) -> dict[str, Any]:
    names = dict(book.assets)
    for name, data in names.items():
        folder.joinpath(name).write_bytes(data)
    for name, file in sheet.files.items():
        folder.joinpath(name).symlink_to(file)
    sample = f'<div class="sample">{escape(book.stamped)}</div>'
    body = "\n".join(piece.html for piece in book.body)
    return {
        "folder": str(folder),
        "assets": [*names, *sheet.files],
        "css": sheet.css,
        "variant": variant,
        "target": str(folder / "raw.pdf"),
        "documents": [
            {"html": book.page(body), "numbered": True, "place": 1},
            {"html": book.page(book.front + sample), "numbered": False, "place": 0},
        ],
    }


def _own_css(file: str) -> str:
    if not file:
        return ""
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UsageError(f"style sheet '{file}' cannot be read: {error}") from error


def look_before_rendering(bank: Bank) -> None:
    """Raise SetupError when what the text needs is missing: without a CJK font Pango ends the whole process."""
    if not fonts.faces() and not fonts.packaged():
        raise SetupError("'pdf' finds no font: install fontconfig and a font, then run 'tiku doctor'")
    if fonts.group(bank.language) in fonts.SCRIPTS_THAT_CRASH and not fonts.has_font_for(bank.language):
        raise SetupError(
            f"'pdf' finds no font for '{bank.language}': install one (Debian: apt-get install fonts-noto-cjk),"
            " or pip install 'tiku[fonts]'"
        )
