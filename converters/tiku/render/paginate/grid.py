"""Where the cells of a table stand: whatever spans a model gives them, none lies on another and none is lost."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tiku.render.paginate.flow import Cell

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tiku.render.paginate.flow import Rows

MOST_COLUMNS = 100
"""Tables with more are turned into text, which needs no empty cells; a hostile one would get millions of them."""


class Spot(NamedTuple):
    """Where a cell stands in its row, and how far it reaches."""

    column: int
    down: int
    across: int


def spots(rows: Sequence[Sequence[tuple[int, int]]], width: int) -> list[list[Spot]]:
    """The places of the cells in `rows`, each given as the rows and columns it spans.

    A cell takes the first free column of its row. It reaches no further than to the next cell from above, to the last
    row, and to the `width` of the table.
    """
    free: dict[int, int] = {}  # by column, the first row that no cell from above reaches
    out: list[list[Spot]] = []
    for index, row in enumerate(rows):
        column = 0
        here: list[Spot] = []
        for down, across in row:
            while free.get(column, 0) > index:
                column += 1
            stop = column + 1
            while stop < min(column + across, width) and free.get(stop, 0) <= index:
                stop += 1
            below = min(index + down, len(rows))
            free.update(dict.fromkeys(range(column, stop), below))
            here.append(Spot(column, below - index, stop - column))
            column = stop
        out.append(here)
    return out


def filled(rows: Rows, columns: int, *, head: bool = False) -> Rows:
    """`rows` with an empty cell wherever none stands and none reaches: so any writer may set one cell after another."""
    free = [0] * columns
    out: list[tuple[Cell, ...]] = []
    for index, row in enumerate(rows):
        for cell in row:
            free[cell.column : cell.column + cell.across] = [index + cell.down] * cell.across
        empty = [Cell((), column, head=head) for column in range(columns) if free[column] <= index]
        out.append(_in_order([*row, *empty]))
    return tuple(out)


def parted(rows: Rows, at: int) -> tuple[Rows, Rows]:
    """`rows` before the row `at`, and the rest.

    A cell that reaches over the border ends there and stands again on top of the rest, as heads do: each part can be
    read by itself.
    """
    above: list[tuple[Cell, ...]] = []
    again: list[Cell] = []
    for index, row in enumerate(rows[:at]):
        above.append(tuple(cell._replace(down=min(cell.down, at - index)) for cell in row))
        again += [cell._replace(down=index + cell.down - at) for cell in row if index + cell.down > at]
    return tuple(above), (_in_order([*rows[at], *again]), *rows[at + 1 :])


def closed(rows: Rows) -> set[int]:
    """The rows before which `rows` can be parted without parting a cell."""
    found: set[int] = set()
    reach = 0
    for index, row in enumerate(rows):
        if reach <= index:
            found.add(index)
        reach = max([reach, *(index + cell.down for cell in row)])
    return found


def _in_order(cells: list[Cell]) -> tuple[Cell, ...]:
    return tuple(sorted(cells, key=lambda cell: cell.column))
