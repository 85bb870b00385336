"""The finishing pass: what WeasyPrint cannot do, done on its PDF with pikepdf.

Page furniture becomes artifacts, the tag tree loses its empty and needless elements, links between parts lead to pages,
numbers are stamped, bookmarks and page labels are written. Measured faults and their remedies: WeasyPrint issues 1836
(furniture), 2482 (lists, needless spans).
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pikepdf
from pikepdf import Array, Dictionary, Name, String

from tiku.exporters.pdf import cards, links, stamps, tags

if TYPE_CHECKING:
    from pathlib import Path

    from tiku.exporters.pdf.book import Book, Entry
    from tiku.exporters.pdf.make import Laid
    from tiku.exporters.pdf.styles import Sheet


def finish(laid: Laid, target: Path, book: Book, sheet: Sheet, time: int, *, thumbs: bool) -> None:
    """Turn what the renderer made into the book at `target`; `thumbs` asks for a tab at each chapter."""
    with pikepdf.open(laid.file) as pdf:
        complete(pdf, laid, target, book, sheet, time, thumbs=thumbs)


def complete(
    pdf: pikepdf.Pdf, laid: Laid, target: Path, book: Book, sheet: Sheet, time: int, *, thumbs: bool
) -> None:  # fmt: skip
    """As `finish`, with the file open already."""
    sample = stamps.take_sample(pdf, laid.front, book.stamped)
    if not laid.clean:
        tags.clean(pdf)
    if sheet.cards != (0, 0):
        laid = cards.impose(pdf, laid, book, sheet, sample)
    names = {entry.anchor: entry.name for entry in book.entries}
    links.connect(pdf, laid.places, names)
    if sheet.cards == (0, 0):
        stamps.furnish(pdf, book, sheet, laid, sample, thumbs=thumbs)
    outline(pdf, book.entries, laid.places)
    pdf.Root.PageLabels = Dictionary(Nums=Array([0, Dictionary(S=Name.r), laid.front, Dictionary(S=Name.D)]))
    describe(pdf, book, time)
    pdf.save(target, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.generate, compress_streams=True)


def describe(pdf: pikepdf.Pdf, book: Book, time: int) -> None:
    """Language, how to open, and the dates."""
    pdf.Root.Lang = String(book.language)
    pdf.Root.ViewerPreferences = Dictionary(DisplayDocTitle=True)
    if book.direction == "rtl":
        pdf.Root.ViewerPreferences.Direction = Name.R2L
    pdf.Root.PageMode = Name.UseOutlines
    moment = dt.datetime.fromtimestamp(time, dt.UTC)
    pdf.docinfo["/CreationDate"] = String(moment.strftime("D:%Y%m%d%H%M%SZ"))
    with pdf.open_metadata(set_pikepdf_as_editor=False, update_docinfo=False) as metadata:
        metadata["xmp:CreateDate"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def outline(pdf: pikepdf.Pdf, entries: list[Entry], places: dict[str, Any]) -> None:
    """Write bookmarks: one for each entry, nested by level."""
    with pdf.open_outline() as tree:
        tree.root.clear()
        open_items: list[tuple[int, Any]] = []
        for entry in entries:
            if entry.anchor not in places:
                continue
            page, x, y, *_ = places[entry.anchor]
            item = pikepdf.OutlineItem(entry.name, page, "XYZ", left=x, top=y)
            while open_items and open_items[-1][0] >= entry.level:
                open_items.pop()
            (open_items[-1][1].children if open_items else tree.root).append(item)
            if entry.section:
                item.is_closed = entry.level > 1
                open_items.append((entry.level, item))
