"""Cards to cut out: the pages of a book in which each page is one side of a card, put together on sheets.

A sheet of fronts is followed by the sheet of their backs in mirrored columns, so that a printer that turns the paper on
its long edge puts each back behind its front. A side that needs more room goes on on a further card.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING, Any

from pikepdf import Array, Dictionary, Name

from tiku.exporters.pdf import links, stamps

if TYPE_CHECKING:
    import pikepdf

    from tiku.exporters.pdf.book import Book
    from tiku.exporters.pdf.make import Laid
    from tiku.exporters.pdf.stamps import Sample
    from tiku.exporters.pdf.styles import Sheet

_MARK = re.compile(rb"/MCID (\d+)")


@dataclass(frozen=True, slots=True)
class Card:
    """The pages that are its front and its back."""

    sides: tuple[int | None, int | None]
    label: str
    """What a further card of one question says in its corner."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a card's page went: on which sheet, how far it was moved, by how much its marks were raised."""

    sheet: int
    x: float
    y: float
    marks: int


def impose(pdf: pikepdf.Pdf, laid: Laid, book: Book, sheet: Sheet, sample: Sample) -> Laid:
    """Put all card pages of `pdf` on sheets; returns where everything is then. The file holds no other pages."""
    columns, rows = sheet.cards
    slots = _slots(pdf, laid, book)
    old = [page.obj for page in pdf.pages]
    spots: dict[int, Spot] = {}
    parents = _parents(pdf)
    numbers: list[Any] = []
    made: list[Any] = []

    def resources(card: Card) -> Any:
        page = next(page for page in card.sides if page is not None)
        return old[page].Resources.objgen

    for _, group in groupby(slots, key=resources):  # the chunks of a long book have resources of their own
        block = list(group)
        for start in range(0, len(block), columns * rows):
            some = block[start : start + columns * rows]
            for side in (0, 1):
                cells = {
                    (place // columns, place % columns if side == 0 else columns - 1 - place % columns): card
                    for place, card in enumerate(some)
                }
                if any(card.sides[side] is not None for card in some):
                    number = len(made)
                    page, owners = _sheet(pdf, sheet, cells, side, old, parents, number, spots, sample)
                    made.append(page)
                    numbers += [number, pdf.make_indirect(Array(owners))]
    del pdf.pages[:]
    for page in made:
        pdf.pages.append(page)
    _retag(pdf, old, spots, numbers, parents)
    places = {}
    for anchor, (index, left, top, right, bottom) in laid.places.items():
        spot = spots[index]
        places[anchor] = (spot.sheet, left + spot.x, top + spot.y, right + spot.x, bottom + spot.y)
    return replace(laid, front=0, places=places)


def _slots(pdf: pikepdf.Pdf, laid: Laid, book: Book) -> list[Card]:
    """Every card, in order."""
    known = [(anchor, number) for anchor, number in book.spans if anchor in laid.places]
    starts = [laid.places[anchor][0] for anchor, _ in known]
    cards: list[Card] = []
    for order, (anchor, number) in enumerate(known):
        start = starts[order]
        end = starts[order + 1] if order + 1 < len(starts) else len(pdf.pages)
        turn = laid.places[f"a{anchor[1:]}"][0] if f"a{anchor[1:]}" in laid.places else end
        fronts, backs = list(range(start, turn)), list(range(turn, end))
        for place in range(max(len(fronts), len(backs))):
            sides = (fronts[place] if place < len(fronts) else None, backs[place] if place < len(backs) else None)
            cards.append(Card(sides, f"{number}({place + 1})" if place else ""))
    return cards


def _parents(pdf: pikepdf.Pdf) -> dict[int, Any]:
    pairs = list(pdf.Root.StructTreeRoot.ParentTree.Nums)
    return {int(pairs[place]): pairs[place + 1] for place in range(0, len(pairs), 2)}


def _sheet(
    pdf: pikepdf.Pdf, sheet: Sheet, cells: dict[tuple[int, int], Card], side: int, old: list[Any],
    parents: dict[int, Any], number: int, spots: dict[int, Spot], sample: Sample,
) -> tuple[Any, list[Any]]:  # fmt: skip
    """One side of a sheet, and the owners of its marks."""
    content = bytearray(_cuts(sheet))
    owners: list[Any] = []
    annotations: list[Any] = []
    resources: Any = None
    for (row, column), card in sorted(cells.items(), key=lambda cell: cell[0]):
        x = sheet.offset[0] + column * sheet.width
        y = sheet.paper[1] - sheet.offset[1] - (row + 1) * sheet.height
        if card.label:
            low = y + sheet.height - 0.8 * sheet.margins[0]
            content += stamps.write(sample, card.label, x + sheet.margins[3], low, 6.5, "#666666")
        index = card.sides[side]
        if index is None:
            continue
        page = old[index]
        resources = page.Resources
        spots[index] = Spot(number, x, y, len(owners))
        raised = _raise(page.Contents.read_bytes(), len(owners))
        content += f"q 1 0 0 1 {x:.3f} {y:.3f} cm\n".encode() + raised + b"\nQ\n"
        owners += list(parents[int(page.StructParents)])
        for annotation in page.get("/Annots", ()):
            left, low, right, high = (float(value) for value in annotation.Rect)
            annotation.Rect = Array([round(left + x, 2), round(low + y, 2), round(right + x, 2), round(high + y, 2)])
            annotations.append(annotation)
    width, height = sheet.paper
    stamps.lend(resources, sample)
    page = Dictionary(
        Type=Name.Page, MediaBox=Array([0, 0, round(width, 3), round(height, 3)]), Resources=resources,
        Contents=pdf.make_stream(bytes(content)), StructParents=number,
    )  # fmt: skip
    if annotations:
        page.Annots = Array(annotations)
    from pikepdf import Page

    return Page(pdf.make_indirect(page)), owners


def _raise(content: bytes, by: int) -> bytes:
    """`content` with the numbers of its marks raised."""

    def change(found: re.Match[bytes]) -> bytes:
        return b"/MCID %d" % (int(found[1]) + by)

    return _MARK.sub(change, content)


def _cuts(sheet: Sheet) -> bytes:
    """Hairlines to cut along, as an artifact."""
    columns, rows = sheet.cards
    left, top = sheet.offset
    right, low = left + columns * sheet.width, sheet.paper[1] - top - rows * sheet.height
    lines = [
        f"{left + column * sheet.width:.2f} {low:.2f} m {left + column * sheet.width:.2f} {sheet.paper[1] - top:.2f} l"
        for column in range(columns + 1)
    ]
    lines += [
        f"{left:.2f} {low + row * sheet.height:.2f} m {right:.2f} {low + row * sheet.height:.2f} l"
        for row in range(rows + 1)
    ]
    drawn = "\n".join(lines)
    return f"/Artifact <</Type /Layout>> BDC\nq 0.7 G 0.4 w [3 3] 0 d\n{drawn}\nS Q\nEMC\n".encode()


def _retag(
    pdf: pikepdf.Pdf, old: list[Any], spots: dict[int, Spot], numbers: list[Any], parents: dict[int, Any]
) -> None:
    """Let the tag tree, the parent tree and the named places speak of the sheets."""
    moved = {page.objgen: spots.get(index) for index, page in enumerate(old)}
    root = pdf.Root.StructTreeRoot
    stack = [root.K[0]]
    while stack:
        element = stack.pop()
        spot = moved.get(element.Pg.objgen) if "/Pg" in element else None
        kids: list[Any] = []
        for kid in element.get("/K", ()):
            if not isinstance(kid, Dictionary):
                kids.append(int(kid) + (spot.marks if spot else 0))
                continue
            kids.append(kid)
            if kid.get("/Type") == Name.OBJR:
                there = moved.get(kid.Pg.objgen) if "/Pg" in kid else None
                if there:
                    kid.Pg = pdf.pages[there.sheet].obj
            else:
                stack.append(kid)
        if spot:
            element.Pg = pdf.pages[spot.sheet].obj
        if kids:
            element.K = Array(kids)
    for place in links.named(pdf).values():
        there = moved.get(place[0].objgen)
        if there:
            place[0] = pdf.pages[there.sheet].obj
            place[2], place[3] = round(float(place[2]) + there.x, 2), round(float(place[3]) + there.y, 2)
    pages = {int(page.StructParents) for page in old}
    key = len(pdf.pages)
    for number, owner in sorted(parents.items()):
        if number not in pages:
            numbers += [key, owner]
            key += 1
    # Annotations follow in the order of their old keys: give each its new one.
    order = sorted(number for number in parents if number not in pages)
    fresh = {number: len(pdf.pages) + place for place, number in enumerate(order)}
    for page in pdf.pages:
        for annotation in page.obj.get("/Annots", ()):
            if "/StructParent" in annotation:
                annotation.StructParent = fresh[int(annotation.StructParent)]
    root.ParentTree = pdf.make_indirect(Dictionary(Nums=Array(numbers)))
    root.ParentTreeNextKey = key
