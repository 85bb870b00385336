"""What stands on a slide, as shapes of its tree (ECMA-376 part 1, 19.3.1)."""

# ruff: noqa: E501 - markup is easier to check in one piece

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tiku.exporters.pptx import outline
from tiku.exporters.pptx.omml import Converter
from tiku.exporters.pptx.text import QUIET, TextWriter, solid
from tiku.exporters.pptx.xml import MATH_NAMESPACES, emu, text
from tiku.render import mathematics
from tiku.render.paginate import titles
from tiku.render.paginate.flow import UNDERLINE, Code, Formula, Item, Paragraph, Picture, Run, Table
from tiku.render.paginate.measure import CODE_PAD, FORMULA_TALLER, FORMULA_WIDER, leading
from tiku.render.paginate.tables import PAD_X, PAD_Y
from tiku.render.slide import FOOTER_FULL, FOOTER_SIZE, Box, footer_places, footer_width

if TYPE_CHECKING:
    from collections.abc import Callable

    from tiku.render.paginate.flow import Cell

_FRAME = '<a:bodyPr wrap="square" lIns="{0}" tIns="{1}" rIns="{0}" bIns="{1}" rtlCol="0"{2}><a:noAutofit/></a:bodyPr>'
_RECTANGLE = '<a:prstGeom prst="rect"><a:avLst/></a:prstGeom>'


EDGE = 8.0
"""Room at the sides of a box of text, in points: slanted letters and hanging punctuation reach over the edge of a line."""


def _frame(side: int, pad: int, anchor: str) -> str:
    return _FRAME.format(side, pad, f' anchor="{anchor}"' if anchor else "")


def _levels(size: int, levels: int) -> str:
    inner = "".join(f'<a:lvl{level}pPr><a:defRPr sz="{size}"/></a:lvl{level}pPr>' for level in range(1, levels + 1))
    return f"<a:lstStyle>{inner}</a:lstStyle>"


def _widened(box: Box, edge: float) -> Box:
    return Box(box.left - edge, box.top, box.width + 2 * edge, box.height) if edge else box


def list_style(paragraphs: str) -> str:
    """The list style of a shape: where formulas stand in its text, their size."""
    if "<m14:m>" not in paragraphs:
        return "<a:lstStyle/>"
    found = re.search(r' sz="(\d+)"', paragraphs)
    return _levels(int(found[1]) if found else 2000, 9)


class ShapeWriter:
    """Writes the shapes of one slide; their numbers rise from 2."""

    def __init__(self, writer: TextWriter, picture: Callable[[str], str]) -> None:
        self.writer = writer
        self.factor = writer.factor
        self.picture = picture
        """The content of a ``p:blipFill`` for a picture's name; empty when it cannot be shown."""
        self.number = 1
        self.out: list[str] = []

    def _next(self) -> int:
        self.number += 1
        return self.number

    def place(self, box: Box, tag: str = "a:xfrm") -> str:
        """Where a shape stands."""
        k = self.factor
        return (
            f'<{tag}><a:off x="{emu(box.left * k)}" y="{emu(box.top * k)}"/>'
            f'<a:ext cx="{max(1, emu(box.width * k))}" cy="{max(1, emu(box.height * k))}"/></{tag}>'
        )

    # -- text -----------------------------------------------------------------------------------------------------

    def placeholder(
        self, name: str, kind: str, box: Box | None, paragraphs: str, anchor: str = "t", *, edge: float = 0.0
    ) -> None:
        """A shape that takes a placeholder of its layout; `kind` is the attributes of ``p:ph``."""
        place = f"<p:spPr>{self.place(_widened(box, edge))}</p:spPr>" if box else "<p:spPr/>"
        number = self._next()
        self.out.append(
            f'<p:sp><p:nvSpPr><p:cNvPr id="{number}" name="{name} {number - 1}"/><p:cNvSpPr><a:spLocks noGrp="1"/></p:cNvSpPr>'
            f"<p:nvPr><p:ph {kind}/></p:nvPr></p:nvSpPr>{place}<p:txBody>{_frame(emu(edge * self.factor), 0, anchor)}{list_style(paragraphs)}"
            f"{paragraphs}</p:txBody></p:sp>"
        )

    def box(
        self,
        name: str,
        box: Box,
        paragraphs: str,
        *,
        pad: float = 0.0,
        edge: float = 0.0,
        look: str = "<a:noFill/>",
        anchor: str = "t",
        link: str = "",
    ) -> None:
        """A text box; `pad` is inside `box`, `edge` is added at its sides; a click on it follows `link`."""
        box = _widened(box, edge)
        side, pad = emu((pad + edge) * self.factor), emu(pad * self.factor)
        number = self._next()
        self.out.append(
            f'<p:sp><p:nvSpPr><p:cNvPr id="{number}" name="{name} {number - 1}">{link}</p:cNvPr><p:cNvSpPr txBox="1"/><p:nvPr/></p:nvSpPr>'
            f"<p:spPr>{self.place(box)}{_RECTANGLE}{look}</p:spPr><p:txBody>{_frame(side, int(pad), anchor)}"
            f"{list_style(paragraphs)}{paragraphs}</p:txBody></p:sp>"
        )

    def line_of_text(self, runs: tuple[Run, ...], size: float, *, align: str = "l", colour: str = "") -> str:
        """One paragraph of its own."""
        k = self.factor
        spacing = f'<a:lnSpc><a:spcPts val="{round(leading(size) * k * 100)}"/></a:lnSpc><a:spcBef><a:spcPts val="0"/></a:spcBef>'
        inner = self.writer.runs(runs, size, colour=colour)
        side = f' algn="{align}"' if align else ""
        side += ' rtl="1"' if self.writer.rtl else ""
        return f'<a:p><a:pPr{side}>{spacing}</a:pPr>{inner}<a:endParaRPr lang="{self.writer.language}" sz="{round(size * k * 100)}"/></a:p>'

    # -- the items of a body ------------------------------------------------------------------------------------------

    def body(self, items: list[Item], size: float, box: Box, height: float, *, centred: bool, holder: str) -> None:
        """Items one under another. The first text takes the placeholder that `holder` names, if it names one."""
        setter = self.writer.setter
        top = box.top + (max(0.0, box.height - height) / 2 if centred else 0.0)
        index = 0
        first = True
        while index < len(items):
            item = items[index]
            top += 0.0 if first else setter.gap(item, size)
            first = False
            if isinstance(item, Paragraph):
                group = [item]
                tall = setter.height(item, size)
                while index + 1 < len(items) and isinstance(following := items[index + 1], Paragraph):
                    group.append(following)
                    tall += setter.gap(following, size) + setter.height(following, size)
                    index += 1
                # A box never leaves the body's, so that a fault of the pagination shows as text outside its box.
                place = Box(box.left, top, box.width, max(10.0, min(tall, box.top + box.height - top)))
                paragraphs = self.writer.paragraphs(group, size)
                if holder:
                    self.placeholder("Content Placeholder", holder, place, paragraphs, edge=EDGE)
                    holder = ""
                else:
                    self.box("TextBox", place, paragraphs, edge=EDGE)
                top += tall
            else:
                tall = setter.height(item, size)
                indent = item.indent * size
                self._item(item, size, Box(box.left + indent, top, setter.room(item, size), tall))
                top += tall
            index += 1

    def _item(self, item: Item, size: float, box: Box) -> None:
        if isinstance(item, Code):
            look = '<a:solidFill><a:srgbClr val="F3F5F8"/></a:solidFill><a:ln w="6350"><a:solidFill><a:srgbClr val="D5DBE3"/></a:solidFill></a:ln>'
            self.box("Code", box, self.writer.code(item, size), pad=CODE_PAD, look=look)
        elif isinstance(item, Table):
            self._table(item, size, box)
        elif isinstance(item, Picture):
            self._picture(item, size, box)
        elif isinstance(item, Formula):
            self._formula(item, size, box)
        else:
            number = self._next()
            line = Box(box.left, box.top + box.height / 2, box.width, 0.5)
            self.out.append(
                f'<p:cxnSp><p:nvCxnSpPr><p:cNvPr id="{number}" name="Line {number - 1}"/><p:cNvCxnSpPr/><p:nvPr/></p:nvCxnSpPr><p:spPr>'
                f'{self.place(line)}<a:prstGeom prst="line"><a:avLst/></a:prstGeom><a:ln w="9525"><a:solidFill><a:schemeClr val="accent6"/>'
                f"</a:solidFill></a:ln></p:spPr></p:cxnSp>"
            )

    def _picture(self, item: Picture, size: float, box: Box) -> None:
        width, height = self.writer.setter.picture_size(item, size)
        place = Box(box.left + (box.width - width) / 2, box.top, width, height)
        fill = self.picture(item.name)
        number = self._next()
        alt = text(item.alt or item.title or item.name)
        name = (
            f'<p:cNvPr id="{number}" name="Picture {number - 1}" descr="{alt}">{self.writer.link(item.link)}</p:cNvPr>'
        )
        if fill:
            self.out.append(
                f'<p:pic><p:nvPicPr>{name}<p:cNvPicPr><a:picLocks noChangeAspect="1"/></p:cNvPicPr><p:nvPr/></p:nvPicPr>'
                f"{fill}<p:spPr>{self.place(place)}{_RECTANGLE}</p:spPr></p:pic>"
            )
            return
        words = self.line_of_text((Run(f"[{item.alt or item.name}]"),), 14.0, align="ctr", colour=QUIET)
        self.number -= 1
        look = f'<a:noFill/><a:ln w="9525">{solid(QUIET)}</a:ln>'
        self.box("Picture", place, words, pad=6, look=look, anchor="ctr")

    def _formula(self, item: Formula, size: float, box: Box) -> None:
        at = self.writer.setter.formula_size(item, size)
        try:
            drawn = mathematics.picture(item.latex, display=True)
            native = Converter().display(item.latex)
        except mathematics.MathError:
            return
        number, other = self._next(), self._next()
        width = min(box.width, item.width * at * FORMULA_WIDER * 1.1 + 8)
        room = Box(box.left + (box.width - width) / 2, box.top, width, item.height * at * FORMULA_TALLER + 6)
        picture = Box(box.left + (box.width - item.width * at) / 2, box.top + (box.height - item.height * at) / 2, item.width * at, item.height * at)  # fmt: skip
        alt = text(item.latex)
        self.out.append(
            f'<mc:AlternateContent {MATH_NAMESPACES}><mc:Choice Requires="m14">'
            f'<p:sp><p:nvSpPr><p:cNvPr id="{number}" name="Formula {number - 1}" descr="{alt}"/><p:cNvSpPr txBox="1"/><p:nvPr/></p:nvSpPr>'
            f"<p:spPr>{self.place(room)}{_RECTANGLE}<a:noFill/></p:spPr><p:txBody>{_frame(0, 0, 'ctr')}{_levels(round(at * self.factor * 100), 1)}"
            f'<a:p><a:pPr algn="ctr"><a:buNone/></a:pPr><m14:m>{native}</m14:m></a:p></p:txBody></p:sp></mc:Choice>'
            f'<mc:Fallback><p:sp><p:nvSpPr><p:cNvPr id="{other}" name="Formula {number - 1}" descr="{alt}"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr>'
            f'<p:spPr>{self.place(picture)}{outline.geometry(drawn)}<a:solidFill><a:schemeClr val="tx1"/></a:solidFill><a:ln><a:noFill/></a:ln>'
            "</p:spPr></p:sp></mc:Fallback></mc:AlternateContent>"
        )

    # -- tables ---------------------------------------------------------------------------------------------------

    def _table(self, item: Table, size: float, box: Box) -> None:
        self.writer.setter.set_table(item, size)
        text_size = self.writer.setter.table_size(size)
        k = self.factor
        rows = [*item.head, *item.rows]
        # Columns in which no cell begins are left out: LibreOffice shows no table that has one.
        begun = sorted({cell.column for row in rows for cell in row})
        ends = [*begun[1:], item.columns]
        grid = "".join(
            f'<a:gridCol w="{emu(sum(item.widths[start:end]) * k)}"/>' for start, end in zip(begun, ends, strict=True)
        )
        covered: dict[tuple[int, int], str] = {}
        out = []
        for index, row in enumerate(rows):
            cells = {cell.column: cell for cell in row}
            for cell in row:
                for down in range(cell.down):
                    for across in range(cell.across):
                        if down or across:
                            marks = (' vMerge="1"' if down else "") + (' hMerge="1"' if across else "")
                            covered.setdefault((index + down, cell.column + across), marks)
            line = []
            for column in begun:
                here = cells.get(column)
                room = 0.0
                if here is not None:
                    stop = column + here.across
                    room = sum(item.widths[column:stop]) - 2 * PAD_X
                    here = here._replace(across=sum(column <= each < stop for each in begun))
                marks = covered.get((index, column), "")
                line.append(self._cell(here, index, len(item.head), len(rows), text_size, marks, room))
            out.append(f'<a:tr h="{emu(item.heights[index] * k)}">{"".join(line)}</a:tr>')
        number = self._next()
        place = Box(box.left, box.top, sum(item.widths), sum(item.heights))
        head = ' firstRow="1"' if item.head else ""
        turned = ' rtl="1"' if self.writer.rtl else ""
        self.out.append(
            f'<p:graphicFrame><p:nvGraphicFramePr><p:cNvPr id="{number}" name="Table {number - 1}"/><p:cNvGraphicFramePr>'
            f'<a:graphicFrameLocks noGrp="1"/></p:cNvGraphicFramePr><p:nvPr/></p:nvGraphicFramePr>{self.place(place, "p:xfrm")}'
            '<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/table">'
            f"<a:tbl><a:tblPr{head}{turned}/><a:tblGrid>{grid}</a:tblGrid>{''.join(out)}</a:tbl></a:graphicData></a:graphic></p:graphicFrame>"
        )

    def _cell(self, cell: Cell | None, row: int, heads: int, rows: int, size: float, marks: str, room: float) -> str:
        k = self.factor
        spans = ""
        paragraphs = ""
        if cell is not None and not marks:
            spans = (f' rowSpan="{cell.down}"' if cell.down > 1 else "") + (
                f' gridSpan="{cell.across}"' if cell.across > 1 else ""
            )
            flat = [
                Paragraph(runs=item.runs, align=item.align, rtl=item.rtl, line=item.line) for item in cell.paragraphs
            ]
            paragraphs = "".join(self.writer.paragraph(item, size, 0.0, room) for item in flat)
        empty = f'<a:p><a:endParaRPr lang="{self.writer.language}" sz="{round(size * k * 100)}"/></a:p>'
        head = row < heads
        fill = '<a:solidFill><a:schemeClr val="bg2"/></a:solidFill>' if head else "<a:noFill/>"
        none = '<a:ln{0} w="0"><a:noFill/></a:ln{0}>'
        rule = '<a:ln{0} w="{1}">' + solid(QUIET) + "</a:ln{0}>"
        borders = (
            none.format("L")
            + none.format("R")
            + rule.format("T", 12700 if row == 0 else 6350)
            + rule.format("B", 12700 if head or row == rows - 1 else 6350)
        )
        x, y = emu(PAD_X * k), emu(PAD_Y * k)
        return (
            f"<a:tc{spans}{marks}><a:txBody><a:bodyPr/><a:lstStyle/>{paragraphs or empty}</a:txBody>"
            f'<a:tcPr marL="{x}" marR="{x}" marT="{y}" marB="{y}" anchor="ctr">{borders}{fill}</a:tcPr></a:tc>'
        )

    # -- the foot -------------------------------------------------------------------------------------------------

    def footer(self, box: Box, left: str, progress: str, link: tuple[str, str], *, holders: bool) -> None:
        """Section and tags at the start, progress at the end, the way to the answer or back between them.

        Where the slide is too narrow for all, what stands at the start is shortened or left out.
        """
        if self.writer.rtl:
            self._footer_from_right(box, left, progress, link)
            return
        left_to, link_from, link_to, progress_from = footer_places(box.width, link[0], progress)
        if left := _foot_line(left, left_to):
            words = self.line_of_text((Run(left),), FOOTER_SIZE, colour=QUIET)
            place = Box(box.left, box.top, left_to, box.height)
            if holders:
                self.placeholder("Footer Placeholder", 'type="ftr" sz="quarter" idx="11"', place, words, "ctr")
            else:
                self.box("Footer", place, words, anchor="ctr")
        if said := _foot_line(link[0], link_to - link_from):
            # The box is the link, not its text: LibreOffice sets the line of a linked text higher than those beside it.
            place = Box(box.left + link_from, box.top, link_to - link_from, box.height)
            words = self.line_of_text((Run(said, UNDERLINE),), FOOTER_SIZE, align="ctr", colour="hlink")
            self.box("Link", place, words, anchor="ctr", link=self.writer.link(f"#{link[1]}"))
        if progress:
            words = self.line_of_text((Run(progress),), FOOTER_SIZE, align="r", colour=QUIET)
            place = Box(box.left + progress_from, box.top, box.width - progress_from, box.height)
            kind = 'type="sldNum" sz="quarter" idx="12"'
            if holders:
                self.placeholder("Slide Number Placeholder", kind, place, words, "ctr")
            else:
                self.box("Progress", place, words, anchor="ctr")

    def _footer_from_right(self, box: Box, left: str, progress: str, link: tuple[str, str]) -> None:
        """One box: readers of PDF take words from right to left on one height for one line."""
        between = "     ·     "
        others = [Run(link[0], 0, f"#{link[1]}"), Run(progress, tone="quiet")]
        room = box.width - sum(footer_width(part.text + between) for part in others if part.text)
        runs: list[Run] = []
        for part in (Run(_foot_line(left, room), tone="quiet"), *others):
            if part.text:
                runs += [Run(between, tone="quiet"), part] if runs else [part]
        if runs:
            self.box("Footer", box, self.line_of_text(tuple(runs), FOOTER_SIZE, align="r"), anchor="ctr")


def _foot_line(words: str, room: float) -> str:
    """`words` as `room` holds them; none where it holds next to nothing of them."""
    if footer_width(words) <= room + 0.1:
        return words
    return titles.one_line(words, room * FOOTER_FULL / FOOTER_SIZE) if room >= 5 * FOOTER_SIZE else ""
