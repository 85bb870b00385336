"""The cover, drawn: title, authors, how many questions, which language; as SVG, and as PNG for what shows no SVG."""

from __future__ import annotations

import threading
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, TypeAlias

from tiku.exporters.epub import flat
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
_STEPS = 63
"""Of the edges of letters, from the ground's colour to theirs: all that 256 colours leave room for."""
_GROUND_INDEX, _FOOT_INDEX, _RULE_INDEX = _STEPS, 3 * _STEPS + 1, 4 * _STEPS + 2
"""In the palette: on either side of a ground are the steps to the two colours of letters on it."""
_Line: TypeAlias = tuple[str, int, int, str]
"""Text, baseline, size, colour."""


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


def _rows(cover: Cover) -> Iterable[_Line]:
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

    def tags(colour: str, few: Iterable[_Line]) -> str:
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
    *above, count, tongue = _rows(cover)
    upper = _zone(tuple(above), 0, _GROUND_INDEX, cover.language, cover.direction)
    lower = _lower((count, tongue), cover.language, cover.direction)
    return flat.png(WIDTH, HEIGHT, _palette(), (*upper, *_ruled(), *lower))


@lru_cache(maxsize=16)
def _lower(lines: tuple[_Line, ...], language: str, direction: str) -> tuple[flat.Piece, ...]:
    """What is below the rule: of many covers made in one process it is often the same."""
    return _zone(lines, 1184, _FOOT_INDEX, language, direction)


@cache
def _ruled() -> tuple[flat.Piece, ...]:
    rows = [b"\0" + bytes([each] * 100 + [_RULE_INDEX] * 1001 + [each] * 99) for each in (_GROUND_INDEX, _FOOT_INDEX)]
    return tuple(piece for row in rows for piece in flat.alike(row, 4))


def _zone(lines: tuple[_Line, ...], top: int, ground: int, language: str, direction: str) -> tuple[flat.Piece, ...]:
    """The rows above or below the rule, from `top` on: `lines` on the colour `ground`."""
    image_module: Any = need("epub", "PIL.Image", "epub")
    from PIL import ImageDraw

    height = (1176 if top == 0 else HEIGHT) - top
    placed: list[tuple[_Run, int, int]] = []
    for line, baseline, size, colour in lines:
        ink = ground + (_STEPS if colour == _TITLE else -_STEPS)
        runs = _set(line, size, language, bold=ink == _GROUND_INDEX + _STEPS)
        placed += [(run, baseline - top, ink) for run in _placed(runs[::-1] if direction == "rtl" else runs, size)]
    rows = [run.rows(base) for run, base, _ in placed]
    written = sorted((max(0, first), min(height, last)) for first, last in rows)
    begin, end = min(written, default=(0, 0))[0], max((last for _, last in written), default=0)
    # An index into the palette for each pixel, behind a column of zeros: the filter types of the rows. Only rows with
    # something on them are drawn: most of a cover is empty.
    image = image_module.new("L", (WIDTH + 1, max(0, end - begin)), ground)
    draw = ImageDraw.Draw(image)
    for run, base, ink in placed:
        draw.text((run.x, base - begin), run.text, font=run.font, fill=ink, anchor="ls")
    image.paste(0, (0, 0, 1, image.height))
    even = b"\0" + bytes([ground]) * WIDTH
    out: list[flat.Piece] = []
    place = 0
    for first, last in [*written, (height, height)]:
        start, stop = max(place, first), max(place, last)
        out += flat.alike(even, start - place)
        if stop > start:
            out.append(flat.piece(image.crop((0, start - begin, WIDTH + 1, stop - begin)).tobytes()))
        place = max(start, stop)
    return tuple(out)


@cache
def _palette() -> bytes:
    """From the colour of small letters over the ground's to that of the title; the same for the foot; the rule's."""
    out = bytearray()
    for ground in (_GROUND, _FOOT):
        for step in range(-_STEPS, _STEPS + 1):
            ends = zip(bytes.fromhex(ground[1:]), bytes.fromhex((_SMALL if step < 0 else _TITLE)[1:]), strict=True)
            out += bytes(round(one + (two - one) * abs(step) / _STEPS) for one, two in ends)
    return bytes(out) + bytes.fromhex(_RULE[1:])


class _Fonts(threading.local):
    """Fonts that were used last, of this thread alone: opening one takes longer than writing a line with it."""

    def __init__(self) -> None:
        self.load = lru_cache(maxsize=16)(self._load)

    @staticmethod
    def _load(file: str, size: float, index: int) -> Any:
        from PIL import ImageFont

        return ImageFont.truetype(file, size, index=index) if file else ImageFont.load_default(size)


_fonts = _Fonts()


def _set(line: str, size: int, language: str, *, bold: bool) -> list[tuple[Any, str]]:
    """`line` as runs of characters, each with a font that has them; what no font has is left out."""
    return [
        (_fonts.load(str(face.file) if face else "", size, face.index if face else 0), run)
        for face, run in _runs(line, language, bold=bold)
    ]


@dataclass(frozen=True, slots=True)
class _Run:
    """Characters of one font, and where they begin."""

    font: Any
    text: str
    x: float

    def rows(self, baseline: int) -> tuple[int, int]:
        """From which to before which row there is something of it."""
        _, top, _, bottom = self.font.getbbox(self.text, anchor="ls")
        return int(baseline + top) - 2, int(baseline + bottom) + 2


def _placed(runs: list[tuple[Any, str]], size: int) -> Iterable[_Run]:
    """`runs` side by side in the middle, smaller where they are too wide."""
    lengths = [font.getlength(run) for font, run in runs]
    total = sum(lengths)
    squeeze = min(1.0, 1080 / total) if total else 1.0
    place = _CENTRE - total * squeeze / 2 + 1
    for (font, run), length in zip(runs, lengths, strict=True):
        drawn = font.font_variant(size=size * squeeze) if squeeze < 1 else font
        yield _Run(drawn, run, place)
        place += length if drawn is font else drawn.getlength(run)


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
