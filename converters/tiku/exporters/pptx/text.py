"""Paragraphs and runs as DrawingML text (ECMA-376 part 1, 21.1.2)."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from tiku.exporters.pptx import emoji
from tiku.exporters.pptx.omml import Converter
from tiku.exporters.pptx.xml import MATH_NAMESPACES, emu, text
from tiku.markup import scheme
from tiku.render.mathematics import MathError
from tiku.render.paginate import linear, metrics
from tiku.render.paginate.builder import MARKER_EM
from tiku.render.paginate.flow import BOLD, CODE, ITALIC, SMALLCAPS, STRIKE, SUB, SUPER, UNDERLINE, Paragraph
from tiku.render.paginate.measure import Setter, code_leading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tiku.render.paginate.flow import Code, Run

COLOURS = {
    "kw": "8A1F6B", "st": "1F6B3A", "nu": "9A4A00", "cm": "5F6B7A", "fn": "1D4F9C", "bi": "0B6A78",
}  # fmt: skip
"""For highlight.CLASSES, on a light ground: each at least 4.5:1 against F3F5F8."""
_NUMBERS = {
    "Decimal": "arabic", "LowerAlpha": "alphaLc", "UpperAlpha": "alphaUc", "LowerRoman": "romanLc", "UpperRoman": "romanUc",
}  # fmt: skip
_DELIMITERS = {"OneParen": "ParenR", "TwoParens": "ParenBoth"}
_EXTERNAL = frozenset({"http", "https", "mailto", "tel", "ftp"})
MONO = "Consolas"
_MONO_FACE = (
    f'<a:latin typeface="{MONO}" panose="020B0609020204030204" pitchFamily="49" charset="0"/>'
    f'<a:cs typeface="{MONO}" panose="020B0609020204030204" pitchFamily="49" charset="0"/>'
)
_RTL = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_ONE_WAY = re.compile(rf"[{_RTL}](?:[{_RTL}]|\W)*|[^{_RTL}]+")
"""Text that runs in one direction."""
_FROM_RIGHT = re.compile(f"[{_RTL}]")
_IDEOGRAPH = "\u2e80-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(
    rf"[（〔［｛〈《「『【‘“]*[{_IDEOGRAPH}][、。，．・：；？！…’”）〕］｝〉》」』】]*|\S+?(?=[\s{_IDEOGRAPH}]|$)\s*|\s+"
)
"""What a line may end after."""
QUIET = "quiet"
"""A paler shade of the text's own colour, in any theme."""
INK = "ink"
"""Dark whatever the theme: for text on our own light ground."""


def solid(colour: str) -> str:
    """A fill: a name of the theme's scheme, QUIET or INK."""
    if colour == QUIET:
        inner = '<a:schemeClr val="tx1"><a:lumMod val="65000"/><a:lumOff val="35000"/></a:schemeClr>'
    elif colour == INK:
        inner = '<a:srgbClr val="1B2430"/>'
    else:
        inner = f'<a:schemeClr val="{colour}"/>'
    return f"<a:solidFill>{inner}</a:solidFill>"


def _link_pieces(run: Run, room: float) -> list[str]:
    """The text of a link, cut where LibreOffice would otherwise draw parts of it one over another.

    It takes each run for a field, draws the parts of a field that run in different directions in one place, and sets the
    lines of a field that is longer than a line, `room` in em, too close.
    """
    words = _WORD.findall(run.text) if metrics.measure((run,)).width > room else [run.text]
    return [piece for word in words for piece in ([word] if word.isascii() else _ONE_WAY.findall(word))]


class TextWriter:
    """Writes text for one slide; `relate` gives the id of a relationship for ``(kind, target)``."""

    def __init__(
        self,
        language: str,
        setter: Setter,
        factor: float,
        relate: Callable[[str, str], str],
        anchors: Callable[[str], str],
        *,
        own: bool = True,
        rtl: bool = False,
    ) -> None:
        self.own = own
        """Whether the template is ours, its colours known."""
        self.rtl = rtl
        """Whether the deck runs from right to left."""
        self.language = language
        self.setter = setter
        self.factor = factor
        """Points of this deck in a point of the layout."""
        self.relate = relate
        self.anchors = anchors
        """The slide that a link inside the document leads to, or the empty string."""
        self._sequence: tuple[int, int, int] = (0, 0, 0)

    # -- paragraphs -----------------------------------------------------------------------------------------------

    def paragraphs(self, items: Sequence[Paragraph], size: float) -> str:
        """Paragraphs one under another in one shape."""
        self._sequence = (0, 0, 0)
        out = []
        for index, item in enumerate(items):
            gap = self.setter.gap(item, size) if index else 0.0
            out.append(self.paragraph(item, size, gap))
        return "".join(out)

    def paragraph(self, item: Paragraph, size: float, gap: float, room: float = 0.0) -> str:
        """One paragraph with the gap above it; it is `room` wide, in points, or as wide as the body."""
        text_size = self.setter.text_size(item, size)
        step = self.setter.step(item, text_size)
        spacing = f'<a:lnSpc><a:spcPts val="{round(step * self.factor * 100)}"/></a:lnSpc>'
        before = f'<a:spcBef><a:spcPts val="{round(gap * self.factor * 100)}"/></a:spcBef><a:spcAft><a:spcPts val="0"/></a:spcAft>'
        margin, hanging, bullet = self._list(item, size)
        attributes = f'marL="{emu(margin * self.factor)}" indent="{emu(-hanging * self.factor)}"'
        level = min(len([place for place in item.path if place.container.kind in {"bullet", "number"}]) - 1, 8)
        if level > 0:
            attributes += f' lvl="{level}"'
        attributes += self._align(item)
        if item.role == "choice" and item.rtl and not any(_FROM_RIGHT.search(run.text) for run in item.runs):
            # From left to right at the right edge: else the label "A." before mere signs, such as {}, would read ".A".
            attributes = f'marL="0" marR="{emu(margin * self.factor)}" indent="0" algn="r" rtl="0"'
        colour = "accent1" if item.role == "label" else QUIET if item.role in {"caption", "note"} else ""
        if item.correct:
            colour = "accent3" if self.own else "accent1"
        elif any(place.container.kind == "quote" for place in item.path):
            colour = colour or QUIET
        style = BOLD if item.correct else 0
        runs = item.runs
        if item.role == "choice" and item.rtl and runs:
            # A tab does not hang in a paragraph from right to left.
            runs = (runs[0]._replace(text=runs[0].text.replace("\t", " ")), *runs[1:])
        inner = self.runs(runs, text_size, colour=colour, style=style, room=room or self.setter.room(item, size))
        end = f'<a:endParaRPr lang="{self.language}" sz="{self._size(text_size)}"/>'
        return f"<a:p><a:pPr {attributes}>{spacing}{before}{bullet}</a:pPr>{inner}{end}</a:p>"

    def _align(self, item: Paragraph) -> str:
        if item.align == "inherit":
            return ""
        side = {"center": "ctr", "end": "l" if item.rtl else "r"}.get(item.align, "r" if item.rtl else "l")
        return f' algn="{side}"' + (' rtl="1"' if item.rtl else ' rtl="0"')

    def _list(self, item: Paragraph, size: float) -> tuple[float, float, str]:
        """Margin, hanging indent (both points) and bullet."""
        margin = item.indent * size
        if not item.path or not item.first:
            return margin, 0.0, "<a:buNone/>"
        box, number_in = item.path[-1]
        hanging = (box.indent or MARKER_EM) * size  # lists too deep to be set further in need their markers' room too
        if box.kind == "bullet":
            return margin, hanging, '<a:buFont typeface="Arial"/><a:buChar char="•"/>'
        if box.kind == "number":
            number = box.start + number_in
            serial, start, last = self._sequence
            if serial != box.serial or number != last + 1:
                serial, start = box.serial, number
            self._sequence = (serial, start, number)
            kind = _NUMBERS.get(box.style, "arabic") + _DELIMITERS.get(box.delimiter, "Period")
            return (
                margin,
                hanging,
                f'<a:buFont typeface="+mj-lt"/><a:buAutoNum type="{kind}" startAt="{max(1, min(start, 32767))}"/>',
            )
        if box.kind == "choice":
            return margin, 0.0 if item.rtl else hanging, "<a:buNone/>"
        return margin, 0.0, "<a:buNone/>"

    def code(self, item: Code, size: float) -> str:
        """The lines of a piece of code."""
        text_size = self.setter.code_size(item, size)
        step = round(code_leading(text_size) * self.factor * 100)
        properties = (
            f'<a:pPr marL="0" indent="0" algn="l" rtl="0"><a:lnSpc><a:spcPts val="{step}"/></a:lnSpc><a:spcBef><a:spcPts val="0"/>'
            '</a:spcBef><a:spcAft><a:spcPts val="0"/></a:spcAft><a:buNone/></a:pPr>'
        )
        end = f'<a:endParaRPr lang="{self.language}" sz="{self._size(text_size)}"/>'
        return "".join(f"<a:p>{properties}{self.runs(row, text_size, colour=INK)}{end}</a:p>" for row in item.lines)

    # -- runs -----------------------------------------------------------------------------------------------------

    def runs(
        self, runs: Sequence[Run], size: float, *, colour: str = "", style: int = 0, room: float = math.inf
    ) -> str:
        """Runs in a row. `colour` is a name of the theme's scheme, `style` is added to each; lines are `room` wide."""
        return "".join(self._run(run._replace(style=run.style | style), size, colour, room) for run in runs)

    def _size(self, size: float) -> int:
        return round(size * self.factor * 100)

    def _run(self, run: Run, size: float, colour: str, room: float) -> str:
        if run.latex:
            return self._formula(run, size, colour)
        if not run.text.isascii() and len(parts := emoji.split(run.text)) > 1:
            return "".join(
                self._emoji(piece, size, colour) if index % 2 else self._run(piece, size, colour, room)
                for index, piece in enumerate(run._replace(text=part) for part in parts)
                if piece.text
            )
        properties = self._properties(run, size, colour)
        lines = (
            _link_pieces(run._replace(text=line), room / size) if run.link else [line] for line in run.text.split("\n")
        )
        return f"<a:br><a:rPr {properties}</a:rPr></a:br>".join(
            "".join(f"<a:r><a:rPr {properties}</a:rPr><a:t>{text(part)}</a:t></a:r>" for part in parts if part)
            for parts in lines
        )

    def _emoji(self, run: Run, size: float, colour: str) -> str:
        face = f'<a:latin typeface="{emoji.FACE}"/><a:ea typeface="{emoji.FACE}"/><a:cs typeface="{emoji.FACE}"/>'
        return f"<a:r><a:rPr {self._properties(run, size, colour, face)}</a:rPr><a:t>{text(run.text)}</a:t></a:r>"

    def _properties(self, run: Run, size: float, colour: str, face: str = "") -> str:
        """The attributes and content of an ``a:rPr``, without its closing tag."""
        style = run.style
        out = [f'lang="{self.language}" sz="{self._size(size)}"']
        if style & BOLD:
            out.append(' b="1"')
        if style & ITALIC:
            out.append(' i="1"')
        if style & UNDERLINE:
            out.append(' u="sng"')
        if style & STRIKE:
            out.append(' strike="sngStrike"')
        if style & SMALLCAPS:
            out.append(' cap="small"')
        if style & SUPER:
            out.append(' baseline="30000"')
        elif style & SUB:
            out.append(' baseline="-25000"')
        out.append(' dirty="0">')
        if run.tone in COLOURS:
            out.append(f'<a:solidFill><a:srgbClr val="{COLOURS[run.tone]}"/></a:solidFill>')
        elif run.tone == "label" and not colour:
            out.append('<a:solidFill><a:schemeClr val="accent1"/></a:solidFill>')
        elif run.tone == "quiet":
            out.append(solid(QUIET))
        elif colour:
            out.append(solid(colour))
        if face or style & CODE:
            out.append(face or _MONO_FACE)
        if run.link:
            out.append(self.link(run.link))
        return "".join(out)

    def link(self, target: str) -> str:
        """An ``a:hlinkClick`` to a slide (``#name``) or to the world; nothing where neither is meant."""
        if target.startswith("#"):
            name = self.anchors(target[1:])
            return (
                f'<a:hlinkClick r:id="{self.relate("slide", name)}" action="ppaction://hlinksldjump"/>' if name else ""
            )
        if scheme(target) not in _EXTERNAL or len(target) > 2000:
            return ""
        return f'<a:hlinkClick r:id="{self.relate("hyperlink", target)}"/>'

    def _formula(self, run: Run, size: float, colour: str) -> str:
        plain = "".join(self._run(piece, size, colour, math.inf) for piece in linear.runs(run.latex, run.style))
        try:
            native = Converter().inline(run.latex)
        except MathError:
            return plain
        return (
            f'<mc:AlternateContent {MATH_NAMESPACES}><mc:Choice Requires="m14"><m14:m>{native}</m14:m></mc:Choice>'
            f"<mc:Fallback>{plain}</mc:Fallback></mc:AlternateContent>"
        )
