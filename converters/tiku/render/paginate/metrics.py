"""How wide text is and where its lines end, whatever fonts the viewer has.

Widths are the widest of the likely fonts (``widths.txt``, measured with fontTools by ``scripts/widths.py``), and lines
are only thought to end where every renderer may end one. So the lines counted here are never fewer than those drawn: a
renderer with narrower glyphs or with more places to break gets at least as far with each line.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib.resources import files
from itertools import accumulate
from typing import TYPE_CHECKING

from tiku.render.paginate.flow import BOLD, CODE, SMALLCAPS, SUB, SUPER

if TYPE_CHECKING:
    from tiku.render.paginate.flow import Runs

MONO = 0.61
"""Width of a letter in a typewriter font, em: DejaVu Sans Mono 0.602, Liberation Mono 0.600, Menlo 0.602."""
GAP = 0.25
"""What LibreOffice and PowerPoint may set between ideographs and Latin text, em."""
RAISED = 0.75
"""Size of superscripts and subscripts; writers set them no larger."""

_IDEOGRAPH = (
    "\u2e80-\u2fdf\u3003-\u3007\u3021-\u3029\u3040-\u312f\u31a0-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_HANGUL = "\u1100-\u11ff\u3130-\u318f\uac00-\ud7ff"
_WIDE = rf"{_IDEOGRAPH}{_HANGUL}\u3000-\u3002\u3008-\u3020\u3030-\u303f\uff01-\uff60"
# LibreOffice sets the gap even where a blank stands already.
_BORDER = re.compile(rf"(?<=[{_WIDE}])(?= *[!-~\u00a1-\u1fff\ufffc])|(?<=[!-~\u00a1-\u1fff\ufffc])(?= *[{_WIDE}])")
_ADDRESS = re.compile(r"[^\w\s]/")
_BLANK = re.compile(r"\s")
_BREAKS_AROUND = re.compile(f"[{_IDEOGRAPH}]")
# Forbidden at the start and at the end of a line, by any of UAX 14, JIS X 4051 and GB/T 15834; and quotation marks,
# which renderers take for opening or closing ones by their language.
_NOT_BEFORE = frozenset(
    "、。，．・：；？！゛゜´｀¨＾￣＿ヽヾゝゞ々〻ー―‐／＼〜～‖｜…‥’”）〕］｝〉》」』】〗〙〛°′″℃¢％‰"
    "ぁぃぅぇぉっゃゅょゎゕゖァィゥェォッャュョヮヵヶㇰㇱㇲㇳㇴㇵㇶㇷㇸㇹㇺㇻㇼㇽㇾㇿ‘“—·•　゠–‼⁇⁈⁉｡､･ｰ｣"
)
_NOT_AFTER = frozenset("‘“’”（〔［｛〈《「『【〖〘〚￥＄£￡—…‥·｢")


class _Widths(dict[str, float]):
    """Width of a character in em; what the table lacks is judged by its class."""

    def __missing__(self, char: str) -> float:
        if char == "\n":
            width = 0.0
        elif char == "\t":
            width = 2.5
        elif unicodedata.category(char) in {"Mn", "Me", "Cf"}:
            width = 0.0
        else:
            width = 1.0
        self[char] = width
        return width


@cache
def _tables() -> tuple[_Widths, _Widths, _Widths]:
    regular, bold, mono = _Widths(), _Widths(), _Widths()
    for row in files("tiku.render.paginate").joinpath("widths.txt").read_text(encoding="ascii").splitlines():
        if row.startswith("#"):
            continue
        first, last, normal, strong = row.split()
        for code in range(int(first, 16), int(last, 16) + 1):
            char = chr(code)
            regular[char], bold[char] = int(normal) / 100, int(strong) / 100
            mono[char] = max(MONO, regular[char]) if code >= 0x530 and regular[char] else MONO
    return regular, bold, mono


class Way(Enum):
    """Where lines are thought to end."""

    SURE = "where every renderer may end one"
    HYPHENS = "where browsers do: at hyphens too, but not at slashes, nor before an address"
    EAGER = "wherever some renderer may"


@dataclass(slots=True)
class Line:
    """The text of one paragraph, ready to be broken into lines of any width."""

    text: str
    ends: list[float]
    """ends[i] is where character i begins, in em; one more than there are characters."""
    tall: tuple[tuple[int, float], ...] = ()
    """Positions of formulas and their heights in em."""
    breaks: list[int] | None = None
    """Where a line may end, in any renderer; found when first asked for."""
    eager: list[int] | None = None
    """Where a line may end in some renderer."""
    hyphens: list[int] | None = None
    """Where a line may end in browsers."""
    glued: tuple[tuple[int, int], ...] = ()
    """First and last position of links, and of addresses with the ideographs before them.

    LibreOffice moves these whole to the next line where it can, and sets one that is longer than a line on lines of its
    own.
    """

    def allowed(self, way: Way) -> list[int]:
        """`breaks`, `hyphens` or `eager`."""
        text = self.text
        if way is Way.EAGER:
            if self.eager is None:
                self.eager = [at for at in range(1, len(text)) if _may_break(text, at)]
            return self.eager
        if way is Way.HYPHENS:
            if self.hyphens is None:
                self.hyphens = [at for at in range(1, len(text)) if _browsers_break(text, at)]
            return self.hyphens
        if self.breaks is None:
            inside = {at for first, last in self.glued for at in range(first + 1, last)}
            self.breaks = [at for at in range(1, len(text)) if can_break(text, at) and at not in inside]
        return self.breaks

    def rest(self, at: int, tall: tuple[tuple[int, float], ...]) -> Line:
        """The line from character `at` on; `tall` are its formulas."""
        breaks, eager, hyphens = (
            None if places is None else [place - at for place in places[bisect_right(places, at) :]]
            for places in (self.breaks, self.eager, self.hyphens)
        )
        glued = tuple((max(0, first - at), last - at) for first, last in self.glued if last > at)
        return Line(self.text[at:], self.ends[at:], tall, breaks, eager, hyphens, glued)

    @property
    def width(self) -> float:
        """Of the longest line when none is broken, in em."""
        widest, start = 0.0, 0
        for part in self.text.split("\n"):
            widest = max(widest, self.ends[start + len(part)] - self.ends[start])
            start += len(part) + 1
        return widest

    @property
    def longest_word(self) -> float:
        """Of the widest piece that no renderer need break, in em."""
        widest, start, text, ends = 0.0, 0, self.text, self.ends
        for position in (*self.allowed(Way.SURE), len(text)):
            widest = max(widest, ends[position] - ends[start])
            start = position
        return widest


def measure(runs: Runs, objects: dict[str, tuple[float, float]] | None = None) -> Line:
    """The text of `runs` with its widths. `objects` gives width and height in em for each LaTeX source."""
    tables = _tables()
    widths: list[float] = []
    parts: list[str] = []
    tall: list[tuple[int, float]] = []
    glued: list[tuple[int, int]] = []
    for run in runs:
        text, style = run.text, run.style
        if run.link:
            glued.append((len(widths), len(widths) + len(text)))
        parts.append(text)
        if run.latex:
            width, height = (objects or {}).get(run.latex, (len(run.latex) * 0.6, 1.0))
            tall.append((len(widths), height))
            widths.append(width)
            continue
        table = tables[2 if style & CODE else 1 if style & BOLD else 0]
        row = list(map(table.__getitem__, text))
        if style & (SUPER | SUB):
            row = [RAISED * each for each in row]
        elif style & SMALLCAPS:
            row = [1.2 * each for each in row]
        widths += row
    text = "".join(parts)
    if not text.isascii():
        for border in _BORDER.finditer(text):
            widths[border.start() - 1] += GAP
        glued += _addresses(text)
    return Line(text, list(accumulate(widths, initial=0.0)), tuple(tall), glued=tuple(glued))


def _addresses(text: str) -> list[tuple[int, int]]:
    """First and last position of the pieces between blanks in which an address follows ideographs.

    LibreOffice ends no line in such a piece when a slash after a sign ("://") would fall on the line's end, unless the
    line has no blank.
    """
    out: list[tuple[int, int]] = []
    start = end = 0
    found = _ADDRESS.search(text)
    while found:
        while blank := _BLANK.search(text, end):
            if blank.start() > found.start():
                break
            start = end = blank.end()
        end = blank.start() if blank else len(text)
        if start and not text[start : found.start()].isascii():
            out.append((start, end))
        found = _ADDRESS.search(text, end)
    return out


def can_break(text: str, position: int) -> bool:
    """Whether every renderer may end a line before the character at `position`."""
    before, after = text[position - 1], text[position]
    if before == "\n":
        return True
    if before in " \u3000\t":
        return after not in " \u3000\t"
    if after in " \u3000\t":
        return False
    if before < "\u2000" and after < "\u2000":
        return False
    if before in _NOT_AFTER or after in _NOT_BEFORE:
        return False
    if not ((after.isalnum() or after in _NOT_AFTER) and (before.isalnum() or before in _NOT_BEFORE)):
        return False
    # LibreOffice does not end a line between a full-width comma and a Latin word.
    return bool(_BREAKS_AROUND.match(after) or (before not in _NOT_BEFORE and _BREAKS_AROUND.match(before)))


_EAGER = frozenset("-/?&=.,;:!_%@#|)]}>\u00ad\u200b")


def _may_break(text: str, position: int) -> bool:
    """Whether some renderer might end a line there."""
    before, after = text[position - 1], text[position]
    return can_break(text, position) or before in _EAGER or (not before.isascii() and after not in " \t")


_BREAKS_BEFORE_LATIN = re.compile(f"[{_IDEOGRAPH}{_HANGUL}]")


def _browsers_break(text: str, position: int) -> bool:
    """Whether a browser ends a line there."""
    before, after = text[position - 1], text[position]
    if can_break(text, position):
        return True
    if after in " \t" or after in _NOT_BEFORE or before in _NOT_AFTER:
        return False
    if before in "-?":
        return after.isalnum()
    return bool(_BREAKS_BEFORE_LATIN.match(before) or _BREAKS_BEFORE_LATIN.match(after))


def lines(line: Line, width: float, way: Way = Way.SURE, enough: int = 1_000_000) -> tuple[list[int], bool]:
    """Where the lines of `line` end when they are `width` em wide: a position after the last character of each.

    A word wider than a line is broken anywhere; the second value says whether that was so. It stops soon after `enough`
    lines.
    """
    text, ends = line.text, line.ends
    out: list[int] = []
    total = len(text)
    if "\n" not in text:
        if ends[total] - ends[0] <= width:
            return [total], False
        return out, _set(line, 0, total, width, out, way, enough)
    start, forced = 0, False
    for part in text.split("\n"):
        stop = start + len(part)
        if ends[stop] - ends[start] <= width:
            out.append(stop)
        else:
            forced |= _set(line, start, stop, width, out, way, enough)
        if len(out) > enough:
            break
        start = stop + 1
    return out, forced


def _set(line: Line, start: int, stop: int, width: float, out: list[int], way: Way, enough: int) -> bool:
    """Break one part of `line`: what is glued and wider than a line stands on lines of its own."""
    forced = False
    for first, last in sorted(line.glued) if way is Way.SURE else ():
        first, last = max(first, start), min(last, stop)  # noqa: PLW2901 - what lies in this part
        if last > first and line.ends[last] - line.ends[first] > width:
            if first > start:
                _break(line, start, first, width, out, way, enough)
            _break(line, first, last, width, out, way, enough)
            start, forced = last, True
    return (_break(line, start, stop, width, out, way, enough) if start < stop else False) or forced


_NEAR = 12
"""How many characters back a place to break is looked for before all places are: ideographs have one at hand."""


def _break(line: Line, start: int, stop: int, width: float, out: list[int], way: Way, enough: int) -> bool:
    text, ends = line.text, line.ends
    forced = False
    while len(out) <= enough:
        reach = bisect_right(ends, ends[start] + width, start + 1, stop + 1) - 1
        # Blanks at the end of a line hang over it.
        while reach < stop and text[reach] == " ":
            reach += 1
        if reach >= stop:
            out.append(stop)
            return forced
        cut = reach
        quick = way is Way.SURE and not line.glued
        least = max(start, reach - _NEAR) if quick else start
        if quick:
            while cut > least and not can_break(text, cut):
                cut -= 1
        if cut == least or not quick:
            places = line.allowed(way)
            found = bisect_right(places, reach) - 1
            cut = places[found] if found >= 0 and places[found] > start else start
        if cut == start:
            cut, forced = max(reach, start + 1), True
        out.append(cut)
        start = cut
    return forced


def count(line: Line, width: float, enough: int = 1_000_000) -> int:
    """How many lines `line` needs at most, `width` em wide; any number above `enough` when it needs more than that."""
    found, forced = lines(line, width, enough=enough)
    if not forced:
        return len(found)
    # Where a word must be broken, one renderer breaks it at a hyphen or slash and another in the middle: neither way is
    # always the longer one.
    return max(len(found), *(len(lines(line, width, way, enough)[0]) for way in (Way.HYPHENS, Way.EAGER))) + 1
