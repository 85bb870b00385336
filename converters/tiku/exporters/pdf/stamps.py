"""What only the finished book knows, written on its pages: their numbers, the questions on them, where answers are.

The last page of the front matter is a sample: WeasyPrint has set there, in one line, every character that stamps need.
Its glyphs and its font are taken, the page is dropped.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pikepdf import Array

from tiku.errors import UsageError
from tiku.exporters.pdf.styles import MM

if TYPE_CHECKING:
    import pikepdf

    from tiku.exporters.pdf.book import Book
    from tiku.exporters.pdf.make import Laid
    from tiku.exporters.pdf.styles import Sheet

_TOKEN = re.compile(rb"/(\S+) [\d.]+ Tf|<([0-9a-f]+)>")


@dataclass(frozen=True, slots=True)
class Glyph:
    """How one character is drawn."""

    font: int
    """Which of the sample's fonts has it."""
    code: str
    """Four hexadecimal digits."""
    width: float
    """Advance in thousandths of the size."""


@dataclass(frozen=True, slots=True)
class Sample:
    """The fonts and glyphs that stamps are written with."""

    fonts: list[Any]
    """Font objects; their resource names are TikuStamp0, TikuStamp1, …"""
    glyphs: dict[str, Glyph]

    def width(self, text: str) -> float:
        """Advance of `text` at size 1."""
        return sum(self.glyphs[character].width for character in text if character in self.glyphs) / 1000

    def show(self, text: str, size: float) -> bytes:
        """Operators that show `text` from the current point; characters that are no part of the sample are left out."""
        out: list[str] = []
        current = -1
        for character in text:
            glyph = self.glyphs.get(character)
            if glyph is None:
                continue
            if glyph.font != current:
                current = glyph.font
                out.append(f"/TikuStamp{current} {size:g} Tf")
            out.append(f"<{glyph.code}> Tj")
        return " ".join(out).encode()


def take_sample(pdf: pikepdf.Pdf, index: int, text: str) -> Sample:
    """Read the sample, which holds `text`, from the page `index`, and drop that page and its tags."""
    page = pdf.pages[index]
    content = page.Contents.read_bytes()
    resources = page.obj.Resources.Font
    names: list[str] = []
    shown: list[tuple[int, str]] = []
    for name, codes in _TOKEN.findall(content):
        if name:
            key = "/" + name.decode()
            if key not in names:
                names.append(key)
            current = names.index(key)
        else:
            shown += [(current, codes[place : place + 4].decode()) for place in range(0, len(codes), 4)]
    fonts = [resources[name] for name in names]
    widths = [widths_of(font) for font in fonts]
    glyphs: dict[str, Glyph] = {}
    if len(shown) == len(text):
        for character, (font, code) in zip(text, shown, strict=True):
            glyphs[character] = Glyph(font, code, widths[font].get(int(code, 16), 500.0))
    _drop(pdf, page)
    del pdf.pages[index]
    return Sample(fonts, glyphs)


def widths_of(font: Any) -> dict[int, float]:
    """The /W array of a composite font: ``first [w w w]`` or ``first last w`` (ISO 32000-1, 9.7.4.3)."""
    found: dict[int, float] = {}
    items = list(font.DescendantFonts[0].W)
    place = 0
    while place < len(items) - 1:
        first, second = int(items[place]), items[place + 1]
        if isinstance(second, Array):
            found.update({first + offset: float(width) for offset, width in enumerate(second)})
            place += 2
        else:
            found.update(dict.fromkeys(range(first, int(second) + 1), float(items[place + 2])))
            place += 3
    return found


def _drop(pdf: pikepdf.Pdf, page: pikepdf.Page) -> None:
    """Take the tags of `page` out of the tree."""
    root = pdf.Root.StructTreeRoot
    document = root.K[0] if isinstance(root.K, Array) else root.K
    document.K = Array([kid for kid in document.K if kid.get("/Pg") is None or kid.Pg.objgen != page.obj.objgen])
    numbers = list(root.ParentTree.Nums)
    key = int(page.obj.StructParents)
    for place in range(len(numbers) - 2, -1, -2):
        if int(numbers[place]) == key:
            del numbers[place : place + 2]
    root.ParentTree.Nums = Array(numbers)


def write(
    sample: Sample, text: str, x: float, y: float, size: float, colour: str, *, align: str = "left", tag: bytes = b""
) -> bytes:
    """PDF operators that show `text` at (`x`, `y`); `align` says which side of the text `x` is.

    `tag` is what opens the marked content; an artifact unless told.
    """
    width = sample.width(text) * size
    left = x - {"left": 0.0, "right": width, "middle": width / 2}[align]
    red, green, blue = colour_of(colour)
    opening = tag or b"/Artifact <</Type /Pagination>> BDC"
    start = f"\nBT {red:.3f} {green:.3f} {blue:.3f} rg 1 0 0 1 {left:.2f} {y:.2f} Tm ".encode()
    return opening + start + sample.show(text, size) + b" ET\nEMC\n"


def colour_of(text: str) -> tuple[float, ...]:
    """``#rrggbb`` as three numbers from 0 to 1. Raises UsageError for anything else: themes write it."""
    found = re.fullmatch(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})", text)
    if not found:
        raise UsageError(f"the theme's colour '{text}' is not written as #rrggbb")
    return tuple(int(part, 16) / 255 for part in found.groups())


def furnish(pdf: pikepdf.Pdf, book: Book, sheet: Sheet, laid: Laid, sample: Sample, *, thumbs: bool) -> None:
    """Stamp the number and the range of questions on every page but the cover, and where answers are."""
    if not sample.glyphs:
        return
    ranges = _ranges(book, laid.places, len(pdf.pages), laid.front)
    marks = _references(book, sheet, laid, sample)
    tabs = _tabs(book, sheet, laid, len(pdf.pages), sample) if thumbs else {}
    for index, page in enumerate(pdf.pages):
        if index == 0:
            continue
        number = str(index - laid.front + 1) if index >= laid.front else roman(index + 1)
        content = marks.get(index, b"") + _place(sample, number, "folio", sheet, book.direction)
        if ranges[index]:
            content += _place(sample, ranges[index], "range", sheet, book.direction)
        _add(pdf, page, content + tabs.get(index, b""), sample)


def _references(book: Book, sheet: Sheet, laid: Laid, sample: Sample) -> dict[int, bytes]:
    """For each page what is stamped where it names another page."""
    marks: dict[int, bytes] = {}
    how = sheet.stamps["reference"]
    for place, anchor in book.references.items():
        if place in laid.places and anchor in laid.places:
            index, left, top, right, bottom = laid.places[place]
            number = str(laid.places[anchor][0] - laid.front + 1)
            middle, low = (left + right) / 2, min(top, bottom)
            content = write(sample, number, middle, low, float(how["size"]), str(how["colour"]), align="middle")
            marks[index] = marks.get(index, b"") + content
    return marks


def _tabs(book: Book, sheet: Sheet, laid: Laid, pages: int, sample: Sample) -> dict[int, bytes]:
    """For each page the tab of its chapter: at the outer edge, lower from chapter to chapter."""
    chapters = [
        laid.places[entry.anchor][0]
        for entry in book.entries
        if entry.section and entry.level == 1 and entry.anchor in laid.places
    ]
    how = sheet.stamps["thumb"]
    width, size = float(how["width"]) * MM, float(how["size"])
    top, _, bottom, _ = sheet.margins
    room = sheet.height - top - bottom
    height = min(float(how["height"]) * MM, room / max(1, len(chapters)))
    step = min(height * 1.25, room / max(1, len(chapters)))
    tabs: dict[int, bytes] = {}
    for order, start in enumerate(chapters):
        end = chapters[order + 1] if order + 1 < len(chapters) else pages
        left = 0.0 if book.direction == "rtl" else sheet.width - width
        low = sheet.height - top - order * step - height
        red, green, blue = colour_of(str(how["colour"]))
        box = (
            b"/Artifact <</Type /Pagination>> BDC\n"
            + f"{red:.3f} {green:.3f} {blue:.3f} rg {left:.2f} {low:.2f} {width:.2f} {height:.2f} re f\nEMC\n".encode()
        )
        label = write(
            sample, str(order + 1), left + width / 2, low + height / 2 - size * 0.36, size, "#ffffff", align="middle"
        )
        tabs |= dict.fromkeys(range(start, max(end, start + 1)), box + label)
    return tabs


def _add(pdf: pikepdf.Pdf, page: pikepdf.Page, content: bytes, sample: Sample) -> None:
    lend(page.obj.Resources, sample)
    page.contents_add(pdf.make_stream(content))


def lend(resources: Any, sample: Sample) -> None:
    """Make the sample's fonts known in the `resources` of a page."""
    for number, font in enumerate(sample.fonts):
        resources.Font[f"/TikuStamp{number}"] = font


def _place(sample: Sample, text: str, name: str, sheet: Sheet, direction: str) -> bytes:
    how = sheet.stamps[name]
    edge, _, side = str(how["place"]).partition(" ")
    size, inset = float(how["size"]), float(how["inset"]) * MM
    y = inset if edge == "bottom" else sheet.height - inset - size * 0.7
    _, right, _, left = sheet.margins
    if direction == "rtl":
        side = {"start": "end", "end": "start"}.get(side, side)
    x, align = {
        "left": (left, "left"), "right": (sheet.width - right, "right"),
        "start": (left, "left"), "middle": (sheet.width / 2, "middle"), "end": (sheet.width - right, "right"),
    }.get(side, (sheet.width / 2, "middle"))  # fmt: skip
    return write(sample, text, x, y, size, str(how["colour"]), align=align)


def _ranges(book: Book, places: dict[str, Any], pages: int, front: int) -> list[str]:
    """For each page the first and the last question on it, as typed: ``3–5``."""
    starts = [(places[anchor][0], number) for anchor, number in book.spans if anchor in places]
    order = [page for page, _ in starts]
    found = [""] * pages
    for index in range(front, pages):
        last = bisect_right(order, index) - 1
        if last < 0:
            continue
        first = bisect_right(order, index - 1)  # the first that begins here; the one before it may reach in
        if first > last:
            found[index] = starts[last][1]
        else:
            found[index] = starts[first][1] if first == last else f"{starts[first][1]}–{starts[last][1]}"
    return found


def roman(number: int) -> str:
    """`number` in small Roman numerals."""
    out = ""
    for value, letters in (
        (1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l"), (40, "xl"), (10, "x"),
        (9, "ix"), (5, "v"), (4, "iv"), (1, "i"),
    ):  # fmt: skip
        out += letters * (number // value)
        number %= value
    return out
