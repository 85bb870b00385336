"""LaTeX to Office MathML, by way of MathML (ECMA-376 part 1, 22.1)."""

# ruff: noqa: E501 - markup is easier to check in one piece

from __future__ import annotations

from typing import TYPE_CHECKING

from tiku.exporters.pptx.xml import text
from tiku.render.mathematics import MathError
from tiku.render.paginate.linear import flat, tree

if TYPE_CHECKING:
    from collections.abc import Sequence
    from xml.etree.ElementTree import Element

_BIG = frozenset("∑∏∐∫∬∭∮⋂⋃⋁⋀⨁⨂⨀⨄⨆")
_FENCES = {"(": ")", "[": "]", "{": "}", "|": "|", "‖": "‖", "⟨": "⟩", "⌊": "⌋", "⌈": "⌉"}
_ACCENTS = {"^": "\u0302", "ˆ": "\u0302", "~": "\u0303", "˜": "\u0303", "˙": "\u0307", "¨": "\u0308", "→": "\u20d7", "ˇ": "\u030c",
            "⃗": "\u20d7", "´": "\u0301", "`": "\u0300"}  # fmt: skip
_BARS = frozenset("¯‾_―─")
_STYLES = {"normal": "p", "bold": "b", "italic": "i", "bold-italic": "bi"}
_SCRIPTS = {"double-struck": "double-struck", "script": "script", "fraktur": "fraktur", "sans-serif": "sans-serif",
            "monospace": "monospace"}  # fmt: skip


class Converter:
    """Converts formulas.

    Size and colour come from the list style of their shape: PowerPoint writes DrawingML properties into math runs, but
    the schema has no place for them.
    """

    def display(self, latex: str) -> str:
        """`latex` as an oMathPara, centred. Raises MathError."""
        return f'<m:oMathPara><m:oMathParaPr><m:jc m:val="center"/></m:oMathParaPr>{self.inline(latex, display=True)}</m:oMathPara>'

    def inline(self, latex: str, *, display: bool = False) -> str:
        """`latex` as an oMath. Raises MathError."""
        try:
            return f"<m:oMath>{self.row(list(tree(latex, display=display)))}</m:oMath>"
        except RecursionError as error:
            raise MathError("nested too deeply") from error

    def row(self, elements: Sequence[Element]) -> str:
        """Elements side by side; a sum takes what follows it as its operand, brackets become delimiters."""
        elements = flat(elements)
        out: list[str] = []
        index = 0
        while index < len(elements):
            element = elements[index]
            if (end := _fence(elements, index)) is not None:
                out.append(self.delimited(elements[index:end]))
                index = end
                continue
            if (nary := self.nary(element, elements[index + 1 :])) is not None:
                out.append(nary)
                return "".join(out)
            out.append(self.one(element))
            index += 1
        return "".join(out)

    def run(self, value: str, style: str = "", script: str = "") -> str:
        """A run of letters."""
        if not value:
            return ""
        inner = (f'<m:scr m:val="{script}"/>' if script else "") + (f'<m:sty m:val="{style}"/>' if style else "")
        properties = f"<m:rPr>{inner}</m:rPr>" if inner else ""
        return f'<m:r>{properties}<m:t xml:space="preserve">{text(value)}</m:t></m:r>'

    def one(self, element: Element) -> str:
        """One MathML element."""
        kind, children = element.tag, list(element)
        words = "".join(element.itertext()).strip() if not children else ""
        if kind == "mi":
            variant = element.get("mathvariant", "")
            style = _STYLES.get(variant, "p" if len(words) > 1 else "")
            return self.run(words, style, _SCRIPTS.get(variant, ""))
        if kind in {"mo", "mn"}:
            return self.run(words, "p" if kind == "mn" else "")
        if kind in {"mtext", "ms"}:
            return self.run("".join(element.itertext()).replace("\xa0", " "), "p")
        if kind == "mspace":
            return self.run(" ", "p")
        if kind == "mfrac" and len(children) == 2:
            none = element.get("linethickness") in {"0", "0px", "0em"}
            properties = '<m:fPr><m:type m:val="noBar"/></m:fPr>' if none else ""
            return f"<m:f>{properties}{self.box('num', children[0])}{self.box('den', children[1])}</m:f>"
        if kind == "msup" and len(children) == 2:
            return f"<m:sSup>{self.box('e', children[0])}{self.box('sup', children[1])}</m:sSup>"
        if kind == "msub" and len(children) == 2:
            return f"<m:sSub>{self.box('e', children[0])}{self.box('sub', children[1])}</m:sSub>"
        if kind == "msubsup" and len(children) == 3:
            return f"<m:sSubSup>{self.box('e', children[0])}{self.box('sub', children[1])}{self.box('sup', children[2])}</m:sSubSup>"
        if kind == "msqrt":
            return f'<m:rad><m:radPr><m:degHide m:val="1"/></m:radPr><m:deg/><m:e>{self.row(children)}</m:e></m:rad>'
        if kind == "mroot" and len(children) == 2:
            return f"<m:rad>{self.box('deg', children[1])}{self.box('e', children[0])}</m:rad>"
        if kind in {"munder", "mover", "munderover"}:
            return self.stacked(kind, children)
        if kind == "mtable":
            return self.matrix(children)
        if kind == "menclose":
            return f"<m:borderBox><m:e>{self.row(children)}</m:e></m:borderBox>"
        if kind == "mphantom":
            return f'<m:phant><m:phantPr><m:show m:val="0"/></m:phantPr><m:e>{self.row(children)}</m:e></m:phant>'
        if kind in {"annotation", "annotation-xml"}:
            return ""
        return self.row(children) if children else self.run(words)

    def box(self, name: str, element: Element) -> str:
        """An operand, such as ``<m:e>`` or ``<m:num>``."""
        return f"<m:{name}>{self.row([element])}</m:{name}>"

    def stacked(self, kind: str, children: list[Element]) -> str:
        """Something above or below something: an accent, a bar, a limit."""
        base = children[0] if children else None
        if base is None or len(children) != (3 if kind == "munderover" else 2):
            return self.row(children)
        if kind == "munderover":
            below = f"<m:limLow>{self.box('e', base)}{self.box('lim', children[1])}</m:limLow>"
            return f"<m:limUpp><m:e>{below}</m:e>{self.box('lim', children[2])}</m:limUpp>"
        mark = "".join(children[1].itertext()).strip()
        if mark in _BARS:
            side = "top" if kind == "mover" else "bot"
            return f'<m:bar><m:barPr><m:pos m:val="{side}"/></m:barPr>{self.box("e", base)}</m:bar>'
        if kind == "mover" and mark in _ACCENTS:
            return f'<m:acc><m:accPr><m:chr m:val="{_ACCENTS[mark]}"/></m:accPr>{self.box("e", base)}</m:acc>'
        name = "limUpp" if kind == "mover" else "limLow"
        return f"<m:{name}>{self.box('e', base)}{self.box('lim', children[1])}</m:{name}>"

    def matrix(self, rows: list[Element]) -> str:
        """A table."""
        cells = [
            [f"<m:e>{self.row(list(cell))}</m:e>" for cell in row] for row in rows if row.tag in {"mtr", "mlabeledtr"}
        ]
        widest = max((len(row) for row in cells), default=1)
        columns = f'<m:mcs><m:mc><m:mcPr><m:count m:val="{widest}"/><m:mcJc m:val="center"/></m:mcPr></m:mc></m:mcs>'
        lines = "".join("<m:mr>" + "".join(row) + "<m:e/>" * (widest - len(row)) + "</m:mr>" for row in cells)
        return f"<m:m><m:mPr>{columns}</m:mPr>{lines}</m:m>" if cells else ""

    def nary(self, element: Element, following: Sequence[Element]) -> str | None:
        """A sum, product or integral with its limits and what it runs over; None when `element` is none."""
        children = list(element)
        base = children[0] if children else element
        sign = "".join(base.itertext()).strip()
        if sign not in _BIG or (children and list(base)):
            return None
        kind = element.tag
        below = above = None
        if kind in {"munderover", "msubsup"} and len(children) == 3:
            below, above = children[1], children[2]
        elif kind in {"munder", "msub"} and len(children) == 2:
            below = children[1]
        elif kind in {"mover", "msup"} and len(children) == 2:
            above = children[1]
        elif kind != "mo":
            return None
        place = "undOvr" if kind.startswith(("munder", "mover")) else "subSup"
        hides = ("" if below is not None else '<m:subHide m:val="1"/>') + (
            "" if above is not None else '<m:supHide m:val="1"/>'
        )
        low = self.row([below]) if below is not None else ""
        high = self.row([above]) if above is not None else ""
        return (
            f'<m:nary><m:naryPr><m:chr m:val="{text(sign)}"/><m:limLoc m:val="{place}"/>{hides}</m:naryPr>'
            f"<m:sub>{low}</m:sub><m:sup>{high}</m:sup><m:e>{self.row(following)}</m:e></m:nary>"
        )

    def delimited(self, elements: Sequence[Element]) -> str:
        """Elements between a pair of brackets that grow with them."""
        first, last = (_sign(elements[0]), _sign(elements[-1]))
        return (
            f'<m:d><m:dPr><m:begChr m:val="{text(first)}"/><m:endChr m:val="{text(last)}"/></m:dPr>'
            f"<m:e>{self.row(elements[1:-1])}</m:e></m:d>"
        )


def _sign(element: Element) -> str:
    return (element.text or "").strip() if element.tag == "mo" else ""


def _fence(elements: Sequence[Element], start: int) -> int | None:
    """Where the pair of brackets that opens at `start` is over; None when none opens or it does not close."""
    opening = _sign(elements[start])
    closing = _FENCES.get(opening)
    if closing is None:
        return None
    depth = 0
    for index in range(start, len(elements)):
        sign = _sign(elements[index])
        if sign == closing and index > start and (opening != closing or depth == 1):
            depth -= 1
            if depth == 0:
                return index + 1
        elif sign == opening:
            depth += 1
    return None
