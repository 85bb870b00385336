"""Items onto slides: the size stepped down to the floor, then split, then balanced."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tiku.render.paginate.flow import Code, Formula, Item, Paragraph, Picture, Table
from tiku.render.paginate.measure import SMALL_FLOOR, Setter
from tiku.render.paginate.tables import too_wide, turned

if TYPE_CHECKING:
    from collections.abc import Sequence

MANY = 12
"""Of longer texts only the last two slides are balanced: nobody sees more, and hostile ones take long enough."""
WHOLE = 0.85
"""So much of a slide a row of a table turned into text may take before it is cut; its first cell stands above it."""
LARGEST = 0.78
"""How much of a slide a picture may get: beside it stands what it belongs to."""
SQUEEZED = 0.42
"""How little of a slide a picture gets, so that its text stays with it."""


@dataclass(slots=True)
class Fitted:
    """Items on slides."""

    size: float
    """Of the body text, in points."""
    pages: list[list[Item]]
    limit: float
    """How much of a page a picture may take: Setter's."""
    overfull: list[Item] = field(default_factory=list)
    """What fits no slide."""


def fit(items: Sequence[Item], sizes: Sequence[float], setter: Setter, *, colon: str = ":") -> Fitted:
    """Set `items` on as few slides as they need, in the largest of `sizes` (large to small) that needs no more."""
    items = _prepared(items, setter, sizes[-1], colon)
    page = setter.page
    floor = sizes[-1]
    for size in sizes:
        if _total(items, size, setter, page) <= page:
            return Fitted(size, [list(items)], setter.limit, [item for item in items if not setter.fits(item, size)])
    if any(isinstance(item, Picture) for item in items):
        small = Setter(setter.width, page, setter.objects, SQUEEZED)
        if _total(items, floor, small, page) <= page:
            return Fitted(floor, [list(items)], small.limit, [item for item in items if not small.fits(item, floor)])
    whole = Setter(setter.width, page, setter.objects, LARGEST)
    least = len(_pages(items, floor, whole, page))
    chosen = floor
    for size in sizes if least <= MANY else ():
        tried = _pages(items, size, whole, page, enough=least)
        if len(tried) <= least and not _overflows(tried, size, whole, page):
            chosen = size
            break
    pages = _pages(items, chosen, whole, page)
    if 1 < least <= MANY:
        pages = _balanced(items, chosen, whole, least, pages)
    elif least > MANY and not _parted(items, pages[-2:]):
        pages[-2:] = _even([*pages[-2], *pages[-1]], chosen, whole, 2) or pages[-2:]
    return Fitted(chosen, pages, whole.limit, [item for each in pages for item in each if not whole.fits(item, chosen)])


def _prepared(items: Sequence[Item], setter: Setter, floor: float, colon: str) -> list[Item]:
    """Tables that are too wide, or have a row too tall for a slide, turned into text."""
    out: list[Item] = []
    for item in items:
        if isinstance(item, Table):
            wide = too_wide(item, setter.room(item, floor), SMALL_FLOOR, setter.line)
            if wide or setter.least_part(item, floor) > 0.8 * setter.page:
                out += turned(item, colon, setter.line)
                continue
        out.append(item)
    return out


def _total(items: Sequence[Item], size: float, setter: Setter, enough: float) -> float:
    used = 0.0
    for index, item in enumerate(items):
        used += setter.height(item, size) + (setter.gap(item, size) if index else 0.0)
        if used > enough:
            break
    return used


def _balanced(
    items: Sequence[Item], size: float, setter: Setter, least: int, pages: list[list[Item]]
) -> list[list[Item]]:
    """The same number of pages, the fullest as low as can be."""
    low, high = setter.page * 0.35, setter.page
    for _ in range(5):
        middle = (low + high) / 2
        tried = _pages(items, size, setter, middle, enough=least)
        if len(tried) <= least and not _overflows(tried, size, setter, middle):
            high, pages = middle, tried
        else:
            low = middle
    return _even(items, size, setter, least) or pages


def _parted(items: Sequence[Item], pages: list[list[Item]]) -> bool:
    """Whether something on `pages` is only a part of one of `items`."""
    whole = {id(item) for item in items}
    return any(id(item) not in whole for page in pages for item in page)


def _even(items: Sequence[Item], size: float, setter: Setter, least: int) -> list[list[Item]] | None:
    """Whole items on `least` pages of like height; None when that needs more, or something must be cut."""
    heights = [setter.height(item, size) + setter.gap(item, size) for item in items]
    if max(heights) > setter.page:
        return None
    rest = sum(heights)
    pages: list[list[Item]] = []
    index = 0
    for left in range(least, 0, -1):
        target = rest / left
        page: list[Item] = []
        used = 0.0
        while index < len(items):
            belongs = bool(page) and page[-1].keep
            if page and left > 1 and not belongs and used + heights[index] / 2 > target:
                break
            page.append(items[index])
            used += heights[index]
            index += 1
        whole = used - (setter.gap(page[0], size) if page else 0.0)
        if not page or whole > setter.page:
            return None
        pages.append(page)
        rest -= used
    return pages


def _overflows(pages: list[list[Item]], size: float, setter: Setter, cap: float) -> bool:
    """Whether something that cannot be cut is taller than a page."""
    return any(len(page) == 1 and setter.height(page[0], size) > cap + 0.5 for page in pages)


def _pages(items: Sequence[Item], size: float, setter: Setter, cap: float, enough: int = 1_000_000) -> list[list[Item]]:
    """`items` on pages `cap` high, filled one after another; it stops soon after `enough` pages."""
    queue = deque((item, setter.height(item, size)) for item in items)
    pages: list[list[Item]] = [[]]
    used = 0.0
    while queue and len(pages) <= enough:
        item, height = queue[0]
        gap = setter.gap(item, size) if pages[-1] else 0.0
        if used + gap + _with_next(queue, size, setter, cap) <= cap + 0.01:
            queue.popleft()
            pages[-1].append(item)
            used += gap + height
            continue
        room = cap - used - gap
        # An item that fits a slide moves there whole, unless that leaves this one nearly empty.
        splits = not _held(item, height, setter) and (
            height > cap or (room > 0.55 * cap and height > 0.45 * cap and isinstance(item, Paragraph | Code | Table))
        )
        parts = setter.cut(item, size, room) if splits and (room > 0.25 * cap or not pages[-1]) else None
        if parts is None:
            if not pages[-1]:  # it fits nowhere, or must be parted from what it belongs to
                queue.popleft()
                pages[-1].append(item)
                used += height
                if height <= cap:
                    continue
            if queue:
                pages.append([])
                used = 0.0
            continue
        head, tail = parts
        pages[-1].append(head)
        queue[0] = (tail, setter.height(tail, size))
        pages.append([])
        used = 0.0
    return pages


def _with_next(queue: deque[tuple[Item, float]], size: float, setter: Setter, cap: float) -> float:
    """The height of the first item and of what must stand on its slide with it."""
    need = queue[0][1]
    for index in range(1, min(len(queue), 4)):
        if not queue[index - 1][0].keep:
            break
        item, height = queue[index]
        # others can be cut
        whole = height < 0.5 * cap or isinstance(item, Picture | Formula) or _held(item, height, setter)
        need += setter.gap(item, size) + (height if whole else 0.3 * cap)
    return need


def _held(item: Item, height: float, setter: Setter) -> bool:
    """Whether `item` is not cut, although it could be."""
    return isinstance(item, Paragraph) and item.role == "row" and height <= WHOLE * setter.page
