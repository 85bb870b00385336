"""Titles, and other text with one place of a fixed size: the largest size that fits, and what is shown when none does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiku.render.paginate import metrics
from tiku.render.paginate.flow import BOLD, Run
from tiku.render.paginate.measure import FORMULA_TALLER, leading, split_runs

if TYPE_CHECKING:
    from tiku.render.paginate.flow import Runs
    from tiku.render.paginate.metrics import Line

Sizes = dict[str, tuple[float, float]]
"""Width and height in em of formulas, by their LaTeX."""


def largest(title: Runs, width: float, height: float, sizes: tuple[float, ...], objects: Sizes) -> float:
    """The largest of `sizes` (large to small) in which `title`, bold, fits a box of points; 0 when none does."""
    line = _measured(title, objects)
    return next((size for size in sizes if _fits(line, width, height, size)), 0.0)


def shortened(title: Runs, width: float, height: float, size: float, objects: Sizes, *, tail: str = "") -> Runs:
    """As much of the beginning of `title` as a box of points holds in `size`, a sign of omission, and `tail`."""
    line = _measured((*title, Run(tail)), objects)
    room = max(1, _rows(line, size, height))
    ending = metrics.measure((Run("…" + tail, BOLD),)).width
    ends, _ = metrics.lines(line, width / size, enough=room)
    begun = ends[room - 2] if room > 1 else 0  # of the last line
    kept = max(1, begun)
    while kept < len(line.text) and line.ends[kept + 1] - line.ends[begun] < width / size - ending - 1:
        kept += 1
    kept = min(kept, sum(len(run.text) for run in title))
    while True:
        short = (*split_runs(title, kept)[0], Run("…" + tail))
        # Cut elsewhere, a word that must be broken may end elsewhere and leave the sign for a line too many.
        if kept <= 1 or metrics.count(_measured(short, objects), width / size, room) <= room:
            return short
        kept -= 1


def width(text: str, style: int = 0) -> float:
    """How wide `text` is at most, in em."""
    return metrics.measure((Run(text, style),)).width


def one_line(text: str, room: float, style: int = 0) -> str:
    """`text`, cut off with a sign of omission where it is wider than `room` em."""
    line = metrics.measure((Run(text, style),))
    if line.width <= room:
        return text
    end = next(place for place, at in enumerate(line.ends) if at > room - 1.5)
    return text[: end - 1].rstrip() + "…"


def _measured(title: Runs, objects: Sizes) -> Line:
    return metrics.measure(tuple(run._replace(style=run.style | BOLD) for run in title), objects)


def _fits(line: Line, width: float, height: float, size: float) -> bool:
    room = _rows(line, size, height)
    return room > 0 and metrics.count(line, width / size, room) <= room


def _rows(line: Line, size: float, height: float) -> int:
    """How many lines of a title fit `height`: fewer where there are formulas taller than a line."""
    taller = sorted((max(0.0, tall * size * FORMULA_TALLER - leading(size)) for _, tall in line.tall), reverse=True)
    for row in range(int(height / leading(size)), 0, -1):
        if row * leading(size) + sum(taller[:row]) <= height:
            return row
    return 0
