"""The cover, drawn: title, authors, how many questions, which language; as SVG, and as PNG for what shows no SVG."""

from __future__ import annotations

import io
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tiku.exporters.epub.glyphs import has
from tiku.exporters.epub.pages import fill
from tiku.plugins import need
from tiku.render import fonts
from tiku.render.html import text

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTH, HEIGHT = 1200, 1600
_GROUND, _FOOT, _RULE, _TITLE, _SMALL = "#1f3a4d", "#172c3b", "#e0b354", "#ffffff", "#cfdbe3"
_LINES = 6
_CENTRE = 600
_SIZES = (112, 96, 80, 68, 56)


@dataclass(frozen=True, slots=True)
class Cover:
    """What the cover says."""

    title: str
    authors: str
    count: str
    tongue: str
    """The language, in its own name or as its tag."""
    language: str
    direction: str

    @property
    def name(self) -> str:
        """All of it as one line: the text alternative."""
        return " · ".join(each for each in (self.title, self.authors, self.count, self.tongue) if each)


def width(value: str) -> float:
    """The width of `value` in em, roughly: East Asian characters fill one, others a bit more than half."""
    return sum(
        1.0 if unicodedata.east_asian_width(each) in "WF" else 0.3 if each in " ilI.,:;'" else 0.62 for each in value
    )


def lines_of(value: str, limit: float) -> list[str]:
    """`value` in lines of at most `limit` em: broken at blanks, and between East Asian characters."""
    pieces: list[str] = []
    for word in value.split():
        start = 0
        for index, each in enumerate(word):
            wide = unicodedata.east_asian_width(each) in "WF"
            # Closing marks stay with what they close.
            if index > start and wide and unicodedata.category(each)[0] != "P":
                pieces.append(word[start:index])
                start = index
        pieces.append(word[start:] + " ")
    out = [""]
    for piece in pieces:
        part = piece
        if out[-1] and width((out[-1] + part).rstrip()) > limit:
            out.append("")
        while width(part.rstrip()) > limit:  # one word wider than the cover
            cut = max(1, int(limit / 0.7))
            out[-1] += part[:cut]
            part = part[cut:]
            out.append("")
        out[-1] += part
    return [line.strip() for line in out if line.strip()]


def arranged(title: str) -> tuple[int, list[str]]:
    """The largest font size at which `title` fits, and its lines there; the last one ends in ``…`` when none fits."""
    lines: list[str] = []
    size = _SIZES[-1]
    for size in _SIZES:
        lines = lines_of(title, 1000 / size)
        if len(lines) <= (4 if size > 70 else _LINES):
            return size, lines
    return size, [*lines[: _LINES - 1], lines[_LINES - 1][:-1] + "…"]


def _rows(cover: Cover) -> Iterable[tuple[str, int, int, str]]:
    """(text, baseline, size, colour) of each line."""
    size, lines = arranged(cover.title)
    step = round(size * 1.35)
    top = 600 - step * (len(lines) - 1) // 2
    for index, line in enumerate(lines):
        yield line, top + index * step, size, _TITLE
    after = top + step * (len(lines) - 1) + 130
    for index, line in enumerate(lines_of(cover.authors, 1000 / 44)[:2]):
        yield line, after + index * 60, 44, _SMALL
    yield cover.count, 1360, 60, _TITLE
    yield cover.tongue, 1450, 40, _SMALL


def svg(cover: Cover) -> bytes:
    """The cover as SVG; its text is text."""
    rows = list(_rows(cover))

    def tags(colour: str, few: Iterable[tuple[str, int, int, str]]) -> str:
        return "\n".join(f'<text x="600" y="{y}">{text(line)}</text>' for line, y, _, each in few if each == colour)

    size = arranged(cover.title)[0]
    return fill(
        "cover.svg", language=text(cover.language), name=text(cover.name), size=str(size),
        direction=' direction="rtl"' if cover.direction == "rtl" else "",
        lines=tags(_TITLE, rows[:-2]), authors=tags(_SMALL, rows[:-2]),
        count=text(cover.count), tongue=text(cover.tongue),
    ).encode("utf-8", "replace")  # fmt: skip


def png(cover: Cover) -> bytes:
    """The cover as PNG, its text in the fonts of this machine."""
    image_module: Any = need("epub", "PIL.Image", "epub")
    from PIL import ImageDraw

    image = image_module.new("RGB", (WIDTH, HEIGHT), _GROUND)
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 1180, WIDTH, HEIGHT), fill=_FOOT)
    draw.rectangle((100, 1176, 1100, 1183), fill=_RULE)
    for line, baseline, size, colour in _rows(cover):
        _text(draw, line, baseline, size, colour, cover)
    out = io.BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _text(draw: Any, line: str, baseline: int, size: int, colour: str, cover: Cover) -> None:
    """`line` in the middle, each run of characters in a font that has them; what no font has is left out."""
    from PIL import ImageFont

    runs: list[tuple[Any, str]] = []
    for face, run in _runs(line, cover.language, bold=colour == _TITLE and size != 60):
        font = ImageFont.truetype(str(face.file), size, index=face.index) if face else ImageFont.load_default(size)
        runs.append((font, run))
    if cover.direction == "rtl":
        runs.reverse()
    total = sum(font.getlength(run) for font, run in runs)
    squeeze = min(1.0, 1080 / total) if total else 1.0
    place = _CENTRE - total * squeeze / 2
    for font, run in runs:
        drawn = font.font_variant(size=size * squeeze) if squeeze < 1 else font
        draw.text((place, baseline), run, font=drawn, fill=colour, anchor="ls")
        place += drawn.getlength(run)


def _runs(line: str, language: str, *, bold: bool) -> list[tuple[fonts.Face | None, str]]:
    """`line` cut where the font changes; None is Pillow's own font, for Latin letters on a machine without fonts."""
    names = fonts.stack(language, "sans")
    found = ((bold and fonts.font_face(name, bold=True)) or fonts.font_face(name) for name in names)
    faces = [face for face in found if face]
    out: list[tuple[fonts.Face | None, str]] = []
    for each in line:
        before = out[-1][0] if out else None
        if out and (each == " " or (before is not None and has(before, each))):
            out[-1] = (before, out[-1][1] + each)
            continue
        face = next((face for face in faces if has(face, each)), None)
        if face is None and not each.isascii():
            continue
        if out and face is before:
            out[-1] = (face, out[-1][1] + each)
        else:
            out.append((face, each))
    return out
