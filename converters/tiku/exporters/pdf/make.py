"""One PDF from beginning to end."""

from __future__ import annotations

import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiku.errors import SetupError, UsageError
from tiku.exporters.pdf import child as renderers
from tiku.exporters.pdf import glyphs, styles
from tiku.exporters.pdf import theme as themes
from tiku.exporters.pdf.book import Binder, Look
from tiku.exporters.pdf.schemes import ASSET
from tiku.plugins import need
from tiku.render import fonts

if TYPE_CHECKING:
    from collections.abc import Callable

    from tiku.exporters import ExportOptions
    from tiku.exporters.pdf.book import Book
    from tiku.exporters.pdf.child import Child
    from tiku.exporters.pdf.styles import Sheet
    from tiku.model import Bank
    from tiku.problems import Problem

SECONDS = 90.0
"""Time that one run of the renderer may take before it counts as a runaway: a hundred times what it needs."""
SECONDS_FOR_PIECE = 4.0
LONG = 150
"""A book of more questions is rendered in chunks: its memory must not grow with it, and chunks run in parallel."""


class Meter:
    """Passes on how much of a book is done: never less than before, whichever thread tells it."""

    def __init__(self, hear: Callable[[float], None] | None) -> None:
        self._hear = hear
        self._most = -1.0
        self._lock = threading.Lock()

    def __call__(self, done: float) -> None:
        """Pass on that `done` of the book, from 0 to 1, is done."""
        if self._hear is None:
            return
        with self._lock:
            if done > self._most:
                self._most = done
                self._hear(done)


@dataclass(slots=True)
class Work:
    """What the steps of one run share."""

    book: Book
    sheet: Sheet
    folder: Path
    shared: dict[str, Any]
    """What every renderer must know of the book."""
    tell: Meter
    """Hears how much of the book is done, from 0 to 1."""
    missing: set[int] = field(default_factory=set)

    def seconds(self, pieces: int) -> float:
        """How long a job of `pieces` questions and answers may take."""
        return SECONDS + SECONDS_FOR_PIECE * pieces


@dataclass(frozen=True, slots=True)
class Laid:
    """A rendered book: where it lies, how many pages of front matter it begins with, where each anchor is.

    The sample of the stamps is the page after the front matter.
    """

    file: Path
    front: int
    places: dict[str, tuple[int, float, float, float, float]]
    clean: bool = False
    """Whether its tag tree was cleaned already."""


def make(bank: Bank, path: Path, options: ExportOptions) -> list[Problem]:
    """Write `bank` to `path`; see `PdfExporter.export`."""
    theme = themes.load(options.theme)
    own = _own_css(str(options.settings.get("css", "")))
    look_before_rendering(bank)
    # pikepdf loads while WeasyPrint works.
    loading = threading.Thread(target=_load_pikepdf, daemon=True)
    tell = Meter(options.progress)
    tell(0.0)
    with renderers.take() as child, tempfile.TemporaryDirectory(prefix="tiku-pdf-") as name:
        folder = Path(name)
        table, problems = glyphs.missing(bank)
        page = str(options.settings.get("page", "A4"))
        sheet = styles.sheet(theme, bank.language, page, own=own, asset=ASSET)
        look = Look(
            options.answers, page, narrow=not sheet.gutter, ticks=int(options.settings.get("ticks", 3)),
            urls=bool(options.settings.get("urls", True)),
        )  # fmt: skip
        book = Binder(bank, theme, look, table).bind()
        variant = str(options.settings.get("variant", "pdf/ua-1"))
        work = Work(book, sheet, folder, share(book, sheet, folder, variant), tell)
        tell(0.05)
        thumbs = bool(options.settings.get("thumbs", False))
        if len(bank.questions) > LONG:
            from tiku.exporters.pdf import long

            long.make(work, child, path, options.time, thumbs=thumbs)
        else:
            loading.start()
            try:
                laid = render(work, child)
            finally:
                loading.join()  # an interpreter that ends under a thread that loads a library crashes
            finish = need("pdf", "tiku.exporters.pdf.finish", "pdf")
            finish.finish(laid, path, book, sheet, options.time, thumbs=thumbs)
        renderers.give(child)
    tell(1.0)
    missed = {chr(point) for point in work.missing}
    return problems + book.problems + (glyphs.where(bank, missed) if missed else [])


def render(work: Work, child: Child) -> Laid:
    """The whole book in one run."""
    book = work.book
    target = work.folder / "raw.pdf"
    parts = [
        ("body", 1, "\n".join(piece.html for piece in book.body)),
        *([("back", 2, book.back)] if book.back else []),
        ("front", 0, "\n".join([*book.front, book.sample])),
    ]
    answer = child.ask(
        {
            "book": work.shared,
            "target": str(target),
            "pages": {},
            "first": 1,
            "documents": [{"html": book.page(html), "place": place} for _, place, html in parts],
        },
        work.seconds(len(book.body)),
        lambda done: work.tell(0.05 + 0.85 * done),
    )
    work.missing.update(answer["missing"])
    counts = {name: count for (name, _, _), count in zip(parts, answer["counts"], strict=True)}
    counts["front"] -= 1  # the sample
    starts = {"body": counts["front"], "back": counts["front"] + counts["body"]}
    places = {
        anchor: (int(place[0]) + starts[name], *place[1:])
        for (name, _, _), found in zip(parts, answer["anchors"], strict=True)
        if name in starts
        for anchor, place in found.items()
    }
    return Laid(target, counts["front"], places)


def share(book: Book, sheet: Sheet, folder: Path, variant: str) -> dict[str, Any]:
    """Put the book's files into `folder`; return what every renderer must know."""
    for name, data in book.assets.items():
        folder.joinpath(name).write_bytes(data)
    for name, file in sheet.files.items():
        folder.joinpath(name).symlink_to(file)
    return {"folder": str(folder), "assets": [*book.assets, *sheet.files], "css": sheet.css, "variant": variant}


def _load_pikepdf() -> None:
    import contextlib

    with contextlib.suppress(ImportError):  # said where it is used
        import pikepdf  # noqa: F401


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
