"""How tall an item is at a size of text, and how it is cut in two. All lengths are points."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import accumulate, zip_longest
from typing import TYPE_CHECKING

from tiku.render.paginate import metrics
from tiku.render.paginate.flow import BOLD, Code, Formula, Item, Paragraph, Picture, Rule, Run, Table
from tiku.render.paginate.grid import closed, parted
from tiku.render.paginate.metrics import Way
from tiku.render.paginate.tables import PAD_X, PAD_Y, column_widths

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tiku.render.paginate.flow import Runs
    from tiku.render.paginate.metrics import Line

FLOOR = 20.0
"""Smallest body text on a slide 540 points (7.5 inches) high."""
SMALL_FLOOR = 14.0
"""Smallest code and table text there."""
CODE_PAD = 10.0
"""Inside the box of code, on all sides."""
GAP = 0.45
"""Room above each item but the first, in em of the body text."""
FORMULA_FLOOR = 12.0
FORMULA_WIDER, FORMULA_TALLER = 1.15, 1.3
"""What other math fonts may need more than the one that was measured."""
_SENTENCE = re.compile(r"[。！？!?；;…‥][”’」』）)\]\"']*|\.[”’)\]\"']*(?=\s)|\n")
_CLAUSE = re.compile(r"[，,、：:—–]+[”’」』）)\"']*")
_JOINED = re.compile(
    "[\u0300-\u036f\u0591-\u05c7\u064b-\u065f\u0900-\u0903\u093a-\u094f\u0e31\u0e34-\u0e4e\u200d\u20d0-\u20ff"
    "\ufe00-\ufe0f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
)
_FLAGS = re.compile("[\U0001f1e6-\U0001f1ff]+$")


def leading(size: float) -> float:
    """The distance from line to line: exact, so that no fallback font can change it."""
    return float(round(size * 1.35))


def code_leading(size: float) -> float:
    """The same for code."""
    return float(round(size * 1.28))


def gap(size: float) -> float:
    """Room above text when it is not the first on its slide."""
    return float(round(size * GAP))


class Setter:
    """Measures items for a box `width` points wide on slides whose body is `page` points high.

    `objects` gives the sizes of inline formulas in em; `limit` is how much of `page` a picture may take.
    """

    def __init__(self, width: float, page: float, objects: dict[str, tuple[float, float]], limit: float = 0.62) -> None:
        self.width = width
        self.page = page
        self.objects = objects
        self.limit = limit

    def gap(self, item: Item, size: float) -> float:
        """Room above `item` when it is not the first on its slide."""
        return gap(size) + (4 if isinstance(item, Code | Table | Picture | Formula) else 0)

    def line(self, paragraph: Paragraph) -> Line:
        """The measured text of `paragraph`."""
        if paragraph.line is None:
            runs = paragraph.runs
            if paragraph.correct:  # every writer sets these in bold
                runs = tuple(run._replace(style=run.style | BOLD) for run in runs)
            paragraph.line = metrics.measure(runs, self.objects)
        return paragraph.line

    def text_size(self, paragraph: Paragraph, size: float) -> float:
        """The size of its text when the body's is `size`."""
        return size if paragraph.scale == 1.0 else max(SMALL_FLOOR, float(round(size * paragraph.scale)))

    def room(self, item: Item, size: float) -> float:
        """The width it has."""
        return max(self.width - item.indent * size, 0.3 * self.width)

    def height(self, item: Item, size: float) -> float:
        """The height of `item`, at most; for text much too tall, only that it is too tall."""
        key = (size, self.width, self.limit if isinstance(item, Picture) else 0.0)
        found = item.known.get(key)
        if found is None:
            found = item.known[key] = self._height(item, size)
        return found

    def _height(self, item: Item, size: float) -> float:
        if isinstance(item, Paragraph):
            text_size = self.text_size(item, size)
            step = self.step(item, text_size)
            width = self.room(item, size) / text_size
            return metrics.count(self.line(item), width, int(self.page / step) + 2) * step
        if isinstance(item, Code):
            text_size = self.code_size(item, size)
            return 2 * CODE_PAD + sum(self.code_lines(item, size)) * code_leading(text_size)
        if isinstance(item, Table):
            self.set_table(item, size)
            return sum(item.heights)
        if isinstance(item, Picture):
            return self.picture_size(item, size)[1]
        if isinstance(item, Formula):
            return item.height * self.formula_size(item, size) * FORMULA_TALLER + 6
        return 8.0

    def step(self, paragraph: Paragraph, text_size: float) -> float:
        """From line to line: as everywhere, or more where a formula in the text is taller."""
        tallest = max((height for _, height in self.line(paragraph).tall), default=0.0)
        return max(leading(text_size), float(round(tallest * text_size * FORMULA_TALLER)))

    # -- code -----------------------------------------------------------------------------------------------------

    def _code(self, item: Code) -> list[Line]:
        if item.measured is None:
            item.measured = [metrics.measure(runs) for runs in item.lines]
        return item.measured

    def code_size(self, item: Code, size: float) -> float:
        """The size of its text: the body's, less, so that no line need be broken, down to the floor."""
        wanted = max(SMALL_FLOOR, float(round(size * 0.8)))
        longest = max(item.longest, max((line.width for line in self._code(item)), default=0.0))
        item.longest = longest
        if longest * wanted > (room := self.room(item, size) - 2 * CODE_PAD):
            wanted = max(SMALL_FLOOR, min(wanted, float(int(room / longest))))
        return wanted

    def code_lines(self, item: Code, size: float) -> list[int]:
        """How many lines each of its lines becomes."""
        width = (self.room(item, size) - 2 * CODE_PAD) / self.code_size(item, size)
        enough = int(self.page / code_leading(SMALL_FLOOR)) + 2
        return [metrics.count(line, width, enough) for line in self._code(item)]

    # -- tables, pictures, formulas -----------------------------------------------------------------------------------

    def table_size(self, size: float) -> float:
        """The size of text in tables."""
        return max(SMALL_FLOOR, float(round(size * 0.8)))

    def set_table(self, item: Table, size: float) -> None:
        """Give `item` its widths and heights."""
        text_size = self.table_size(size)
        widths = column_widths(item, self.room(item, size), text_size, self.line)
        heights = [leading(text_size) + 2 * PAD_Y] * (len(item.head) + len(item.rows))
        for _, stop, need in self._needs(item, widths, text_size):
            # Where a cell spans rows, LibreOffice makes the last of them tall enough for all of its text.
            heights[stop - 1] = max(heights[stop - 1], need)
        item.widths, item.heights = tuple(widths), tuple(heights)

    def _needs(self, item: Table, widths: Sequence[float], text_size: float) -> Iterator[tuple[int, int, float]]:
        """For each cell its first row, the row after its last, and how much room its text needs."""
        for index, row in enumerate((*item.head, *item.rows)):
            for cell in row:
                across = widths[cell.column : cell.column + cell.across]
                width = (sum(across) - 2 * PAD_X) / text_size - 0.1
                need = 2 * PAD_Y + 1
                for paragraph in cell.paragraphs:
                    need += metrics.count(self.line(paragraph), width) * self.step(paragraph, text_size)
                yield index, index + cell.down, need

    def least_part(self, item: Table, size: float) -> float:
        """The height of the tallest part that `item` may be cut into: its head and one row.

        A cell that spans rows may have to stand in one of them.
        """
        self.set_table(item, size)
        heads = len(item.head)
        needs = self._needs(item, item.widths, self.table_size(size))
        return sum(item.heights[:heads]) + max((need for start, _, need in needs if start >= heads), default=0.0)

    def picture_size(self, item: Picture, size: float) -> tuple[float, float]:
        """Width and height: natural, or smaller so that it fits."""
        width, height = self.room(item, size), self.page * self.limit
        scale = min(1.0, width / item.width, height / item.height)
        return item.width * scale, item.height * scale

    def formula_size(self, item: Formula, size: float) -> float:
        """The size of its letters: the body's, or smaller so that it fits; below FORMULA_FLOOR nobody can read it."""
        wanted = min(
            size * 1.1,
            self.room(item, size) / (item.width * FORMULA_WIDER or 1),
            self.page * 0.9 / (item.height * FORMULA_TALLER or 1),
        )
        return max(2.0, float(int(wanted * 2)) / 2)

    def fits(self, item: Item, size: float) -> bool:
        """Whether an item that cannot be cut fits a slide of its own."""
        if isinstance(item, Formula) and self.formula_size(item, size) < FORMULA_FLOOR:
            return False
        return self.height(item, size) <= self.page + 0.5

    # -- cutting --------------------------------------------------------------------------------------------------

    def cut(self, item: Item, size: float, room: float) -> tuple[Item, Item] | None:
        """`item` as a part at most `room` high and the rest; None when it cannot be."""
        if isinstance(item, Paragraph):
            return self._cut_text(item, size, room)
        if isinstance(item, Code):
            return self._cut_code(item, size, room)
        if isinstance(item, Table):
            return self._cut_table(item, size, room)
        return None

    def _cut_text(self, item: Paragraph, size: float, room: float) -> tuple[Item, Item] | None:
        text_size = self.text_size(item, size)
        line = self.line(item)
        many = int(room / self.step(item, text_size))
        width = self.room(item, size) / text_size
        ends, forced = metrics.lines(line, width, enough=many + 1)
        if forced:  # see metrics.count
            others = (metrics.lines(line, width, way, many + 1)[0] for way in (Way.HYPHENS, Way.EAGER))
            ends = [min(places) for places in zip_longest(ends, *others, fillvalue=len(line.text))]
            many -= 1
        if many < 1 or many >= len(ends):
            return None
        at = _whole(line.text, _good_cut(line.text, ends[many - 1]))
        while at < len(line.text) and line.text[at] in " \n":
            at += 1
        if not 0 < at < len(line.text):
            return None
        before, after = split_runs(item.runs, at)
        head = replace(item, runs=before, line=None, known={})
        tall = tuple((position - at, height) for position, height in line.tall if position >= at)
        rest = line.rest(at, tall)
        tail = replace(item, runs=after, line=rest, first=False, continued=True, known={})
        return head, tail

    def _cut_code(self, item: Code, size: float, room: float) -> tuple[Item, Item] | None:
        step = code_leading(self.code_size(item, size))
        free = int((room - 2 * CODE_PAD) / step)
        used = 0
        for index, found in enumerate(self.code_lines(item, size)):
            if used + found > free:
                if index:
                    at = _code_cut(item, index)
                    return replace(item, lines=item.lines[:at], measured=None, known={}), replace(
                        item, lines=item.lines[at:], measured=None, first=False, known={}
                    )
                return self._cut_line(item, size, free)
            used += found
        return None

    def _cut_line(self, item: Code, size: float, free: int) -> tuple[Item, Item] | None:
        """Cut the first line of code, which alone is taller than a slide."""
        width = (self.room(item, size) - 2 * CODE_PAD) / self.code_size(item, size)
        line = self._code(item)[0]
        ends = metrics.lines(line, width, Way.EAGER, free + 1)[0]
        many = min(free, len(ends) - 1) - 1
        if many < 1:
            return None
        before, after = split_runs(item.lines[0], _whole(line.text, ends[many - 1]))
        return replace(item, lines=(before,), measured=None, known={}), replace(
            item, lines=(after, *item.lines[1:]), measured=None, first=False, known={}
        )

    def _cut_table(self, item: Table, size: float, room: float) -> tuple[Item, Item] | None:
        self.set_table(item, size)
        ends = list(accumulate(item.heights))[len(item.head) :]
        most = sum(end <= room for end in ends)
        if most == len(ends):
            return None
        for at in _row_cuts(item, most):
            above, below = parted(item.rows, at)
            head = replace(item, rows=above, known={})
            # Its last row may be taller now: it has to hold the whole text of the cells that were parted.
            if self.height(head, size) <= room:
                return head, replace(item, rows=below, first=False, known={})
        return None


def _row_cuts(item: Table, most: int) -> list[int]:
    """The rows to part a table before, the best first: as late as can be, if that is not early between whole cells."""
    whole = closed(item.rows)
    return sorted(range(1, most + 1), key=lambda at: (at in whole and at > most / 2, at), reverse=True)


def _good_cut(text: str, end: int) -> int:
    """The best place at or before `end` to part `text`: after a sentence, else a clause, else at `end`."""
    for pattern, least in ((_SENTENCE, 0.4), (_CLAUSE, 0.6)):
        places = [found.end() for found in pattern.finditer(text, int(end * least), end)]
        if places:
            return places[-1]
    return end


def _whole(text: str, end: int) -> int:
    """`end`, or the place before it that parts no letter from its marks and no emoji from what it is joined with."""
    at = end
    while 0 < at < len(text) and (text[at - 1] == "\u200d" or _JOINED.match(text[at])):
        at -= 1
    flags = _FLAGS.search(text, max(0, at - 50), at)
    if flags and (flags.end() - flags.start()) % 2 and at < len(text) and _FLAGS.match(text[at]):
        at -= 1
    return at or end


def _code_cut(item: Code, end: int) -> int:
    """The best line at or before `end` to part code at: a blank line, else one that is not indented."""
    texts = ["".join(run.text for run in row) for row in item.lines[: end + 1]]
    for at in range(end, end // 2, -1):
        if not texts[at - 1].strip():
            return at
    for at in range(end, end * 2 // 3, -1):
        if at < len(texts) and texts[at][:1] not in {" ", "}", ")", "]", ""}:
            return at
    return end


def split_runs(runs: Runs, at: int) -> tuple[Runs, Runs]:
    """`runs` before and from the character `at`."""
    before: list[Run] = []
    for index, run in enumerate(runs):
        if at >= len(run.text):
            before.append(run)
            at -= len(run.text)
            continue
        rest = (run._replace(text=run.text[at:]), *runs[index + 1 :])
        if at:
            before.append(run._replace(text=run.text[:at]))
        return tuple(before), rest
    return tuple(before), ()


__all__ = ["BOLD", "FLOOR", "Rule", "Setter", "code_leading", "gap", "leading", "split_runs"]
