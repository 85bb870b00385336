"""The widths of table columns, and tables turned into lists where they have too many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiku.render.paginate.flow import BOLD, Item, Paragraph, Run

if TYPE_CHECKING:
    from collections.abc import Callable

    from tiku.render.paginate.flow import Cell, Runs, Table
    from tiku.render.paginate.metrics import Line

PAD_X, PAD_Y = 7.0, 4.0
"""Inside a cell, in points."""
LONGEST_WORD = 14.0
"""Words wider than this may be broken in a cell, em."""


def _needs(table: Table, line: Callable[[Paragraph], Line]) -> tuple[list[float], list[float]]:
    """The least and the natural width of each column, in em; those of the whole table for each of its parts."""
    if table.needs is not None:
        return table.needs
    least, natural = [1.0] * table.columns, [1.5] * table.columns
    for row in (*table.head, *table.rows):
        for cell in row:
            if cell.across > 1:
                continue
            for paragraph in cell.paragraphs:
                measured = line(paragraph)
                natural[cell.column] = max(natural[cell.column], min(measured.width, 200.0))
                if measured.width > least[cell.column]:
                    word = measured.width if measured.width <= 4 else measured.longest_word
                    least[cell.column] = max(least[cell.column], min(word, LONGEST_WORD))
    table.needs = least, natural
    return table.needs


def column_widths(table: Table, room: float, size: float, line: Callable[[Paragraph], Line]) -> list[float]:
    """The width of each column in points, together at most `room`."""
    least, natural = _needs(table, line)
    frame = 2 * PAD_X + 0.2 * size
    minimum = [each * size + frame for each in least]
    wanted = [max(low, each * size + frame) for low, each in zip(minimum, natural, strict=True)]
    if sum(wanted) <= room:
        # A table that nearly fills the slide fills it; a small one stays compact.
        stretch = room / sum(wanted) if sum(wanted) > 0.5 * room else 1.5
        return [each * stretch for each in wanted]
    if sum(minimum) >= room:
        return [each * room / sum(minimum) for each in minimum]
    share = (room - sum(minimum)) / (sum(wanted) - sum(minimum))
    return [low + (high - low) * share for low, high in zip(minimum, wanted, strict=True)]


def too_wide(table: Table, room: float, size: float, line: Callable[[Paragraph], Line]) -> bool:
    """Whether words must be broken even at the smallest size."""
    least, _ = _needs(table, line)
    return sum(each * size + 2 * PAD_X + 0.2 * size for each in least) > room


def turned(table: Table, colon: str) -> list[Item]:
    """`table` as text: for each row its cells, one under another, each after the head of its column."""
    heads: dict[int, Runs] = {}
    for row in table.head:
        for cell in row:
            for column in range(cell.column, cell.column + cell.across):
                heads[column] = (*heads.get(column, ()), *_runs(cell))
    out: list[Item] = []
    for row in table.rows:
        for index, cell in enumerate(row):
            head = heads.get(cell.column, ())
            runs = _runs(cell)
            if not runs:
                continue
            if head:
                runs = (*(run._replace(style=run.style | BOLD) for run in head), Run(f"{colon} ", BOLD), *runs)
            first = cell.paragraphs[0]
            out.append(Paragraph(path=table.path, runs=runs, rtl=first.rtl, keep=index == 0 and len(row) > 1))
    return out


def _runs(cell: Cell) -> Runs:
    out: list[Run] = []
    for index, paragraph in enumerate(cell.paragraphs):
        if index:
            out.append(Run("\n"))
        out += paragraph.runs
    return tuple(out)
