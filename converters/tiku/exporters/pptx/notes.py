"""Speaker notes."""

# ruff: noqa: E501 - markup is easier to check in one piece

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tiku.exporters.pptx.text import TextWriter
from tiku.exporters.pptx.xml import DECLARATION, NAMESPACES
from tiku.render.paginate import linear
from tiku.render.paginate.flow import CODE, OBJECT, Code, Formula, Item, Paragraph, Picture, Run, Table
from tiku.render.paginate.measure import Setter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tiku.render.paginate.flow import Cell

SIZE = 12.0
_TREE = (
    '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr><a:xfrm><a:off x="0" y="0"/>'
    '<a:ext cx="0" cy="0"/><a:chOff x="0" y="0"/><a:chExt cx="0" cy="0"/></a:xfrm></p:grpSpPr>'
)


def notes_slide(items: list[Item], language: str, objects: dict[str, tuple[float, float]]) -> str:
    """The notes page that holds `items` as text: formulas in notes have made files unreadable, so they are linear."""
    writer = TextWriter(language, Setter(400.0, 10_000.0, objects), 1.0, lambda _kind, _target: "", lambda _name: "")
    paragraphs = [Paragraph(path=item.path, runs=tuple(_said(item.runs)), rtl=item.rtl) for item in as_text(items)]
    body = writer.paragraphs(paragraphs, SIZE)
    return (
        f"{DECLARATION}<p:notes {NAMESPACES}><p:cSld><p:spTree>{_TREE}"
        '<p:sp><p:nvSpPr><p:cNvPr id="2" name="Slide Image Placeholder 1"/><p:cNvSpPr><a:spLocks noGrp="1" noRot="1" noChangeAspect="1"/>'
        '</p:cNvSpPr><p:nvPr><p:ph type="sldImg"/></p:nvPr></p:nvSpPr><p:spPr/></p:sp>'
        '<p:sp><p:nvSpPr><p:cNvPr id="3" name="Notes Placeholder 2"/><p:cNvSpPr><a:spLocks noGrp="1"/></p:cNvSpPr><p:nvPr>'
        f'<p:ph type="body" idx="1"/></p:nvPr></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/><a:lstStyle/>{body}</p:txBody></p:sp>'
        "</p:spTree></p:cSld><p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr></p:notes>"
    )


def as_text(items: list[Item]) -> Iterator[Paragraph]:
    """Items as paragraphs, as far as text can say them; numbers and bullets are text, since notes are also read plain."""
    for item in items:
        if isinstance(item, Paragraph):
            marker = item.path[-1].marker if item.path and item.first else ""
            yield replace(item, runs=(Run(f"{marker} "), *item.runs)) if marker else item
        elif isinstance(item, Code):
            for row in item.lines:
                yield Paragraph(path=item.path, runs=row or (Run(" ", CODE),))
        elif isinstance(item, Formula):
            yield Paragraph(path=item.path, runs=(Run(OBJECT, latex=item.latex),))
        elif isinstance(item, Picture):
            yield Paragraph(path=item.path, runs=(Run(f"[{item.alt or item.name}]"),))
        elif isinstance(item, Table):
            for cells in (*item.head, *item.rows):
                yield Paragraph(path=item.path, runs=_row(cells, item.columns))


def _said(runs: Iterable[Run]) -> Iterator[Run]:
    """`runs` without links, their formulas as text."""
    for run in runs:
        if run.latex:
            yield from linear.runs(run.latex, run.style, written=True)
        else:
            yield run._replace(link="")


def _row(cells: Iterable[Cell], columns: int) -> tuple[Run, ...]:
    """A row of a table in one line, each cell in its column."""
    found = {cell.column: cell for cell in cells}
    out: list[Run] = []
    for column in range(columns):
        out += [Run("  |  ")] if column else []
        for index, paragraph in enumerate(found[column].paragraphs if column in found else ()):
            out += [Run(" ")] if index else []
            out += [run._replace(text=run.text.replace("\n", " ")) for run in paragraph.runs]
    return tuple(out)
