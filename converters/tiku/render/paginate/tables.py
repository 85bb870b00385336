"""The widths of table columns, and tables turned into lists where they have too many."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiku.render.paginate.flow import BOLD, Container, Item, Paragraph, Place, Run

if TYPE_CHECKING:
    from collections.abc import Callable

    from tiku.render.paginate.flow import Cell, Runs, Table
    from tiku.render.paginate.metrics import Line

PAD_X, PAD_Y = 7.0, 4.0
"""Inside a cell, in points."""
LONGEST_WORD = 14.0
"""Words wider than this may be broken in a cell, em."""
SHORT = 12.0
"""Cells no wider than this, in em, stand in a row when a table is turned into text."""
MOST_LEADS = 3
"""So many cells that reach down from rows above are said again in a row."""
_BELOW = Container("plain", 0, 1.0)
"""Around what stands below the first cell of a row; between two of them there is always a first cell."""


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


def turned(table: Table, colon: str, line: Callable[[Paragraph], Line]) -> list[Item]:
    """`table` as text: each row begins with its first cell in bold, and its other cells follow below, set in.

    Each cell stands after the heads of its columns. Short ones stand in a row, long ones one under another.
    """
    heads: dict[int, list[Cell]] = {}
    for cell in (cell for row in table.head for cell in row if cell.paragraphs):
        for column in range(cell.column, cell.column + cell.across):
            heads.setdefault(column, []).append(cell)
    cells = [cell for row in table.rows for cell in row]
    named = {id(cell): _unique(heads, cell) for cell in cells}
    comma = Run("；" if colon == "：" else "; ")  # where it must be cut, paginate cuts after one
    between = comma if all(_short(cell, line) for cell in cells) else Run("\n")
    seen = {id(head) for cell in cells if cell.paragraphs for head in named[id(cell)]}
    out: list[Item] = []
    if unseen := [cell for row in table.head for cell in row if cell.paragraphs and id(cell) not in seen]:
        out.append(_paragraph(table, unseen, _joined([_runs(cell) for cell in unseen], comma), keep=True))
    reaching: list[tuple[int, Cell]] = []  # with the first row they do not reach
    for index, row in enumerate(table.rows):
        reaching = [(until, cell) for until, cell in reaching if until > index]
        lead, rest = _led(row, [cell for _, cell in reaching])
        reaching += [(index + cell.down, cell) for cell in row if cell.down > 1 and _short(cell, line)]
        if not lead and not rest:
            continue
        said = _joined([_said(cell, named[id(cell)], colon) for cell in lead], comma)
        out.append(_paragraph(table, lead, _bold(said or (Run(f"{index + 1}."),)), keep=bool(rest)))
        if rest:
            below = _paragraph(table, rest, _joined([_said(cell, named[id(cell)], colon) for cell in rest], between))
            below.path, below.role = (*table.path, Place(_BELOW, 0)), "row"
            out.append(below)
    return out


def _led(row: tuple[Cell, ...], reaching: list[Cell]) -> tuple[list[Cell], list[Cell]]:
    """The cells that tell which row it is, and the others: without any of the first, the row is told by its number."""
    own = [cell for cell in row if cell.paragraphs]
    if not own:
        return [], []
    before = sorted((cell for cell in reaching if cell.column < own[0].column), key=lambda cell: cell.column)
    if not before and own[0] is not row[0]:
        return [], own
    many = next((place for place, cell in enumerate(own) if cell.down == 1 or place == MOST_LEADS), 0) + 1
    return [*before[:MOST_LEADS], *own[:many]], own[many:]


def _unique(heads: dict[int, list[Cell]], cell: Cell) -> list[Cell]:
    """The heads above `cell`, each once."""
    found = {
        id(head): head for column in range(cell.column, cell.column + cell.across) for head in heads.get(column, ())
    }
    return list(found.values())


def _short(cell: Cell, line: Callable[[Paragraph], Line]) -> bool:
    return len(cell.paragraphs) < 2 and all(
        line(each).width <= SHORT and "\n" not in each.text for each in cell.paragraphs
    )


def _said(cell: Cell, heads: list[Cell], colon: str) -> Runs:
    """The text of `cell` after its heads, in bold."""
    if not heads:
        return _runs(cell)
    return (*_bold(_joined([_runs(head) for head in heads], Run(" "))), Run(f"{colon} ", BOLD), *_runs(cell))


def _paragraph(table: Table, cells: list[Cell], runs: Runs, *, keep: bool = False) -> Paragraph:
    turned = [paragraph.rtl for cell in cells for paragraph in cell.paragraphs]
    return Paragraph(path=table.path, runs=runs, rtl=sum(turned) * 2 > len(turned), keep=keep)


def _runs(cell: Cell) -> Runs:
    return _joined([paragraph.runs for paragraph in cell.paragraphs], Run("\n"))


def _joined(texts: list[Runs], between: Run) -> Runs:
    out: list[Run] = []
    for index, runs in enumerate(texts):
        out += [between, *runs] if index else runs
    return tuple(out)


def _bold(runs: Runs) -> Runs:
    return tuple(run._replace(style=run.style | BOLD) for run in runs)
