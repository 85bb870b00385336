"""A formula as text in one line, with raised and lowered pieces: for viewers that know no native formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, ParseError, fromstring

from tiku.render.mathematics import MathError, mathml
from tiku.render.paginate.flow import ITALIC, SUB, SUPER, Run

if TYPE_CHECKING:
    from tiku.render.paginate.flow import Runs

_SPACED = frozenset("=≠<>≤≥≈≡→←↔⇒⇔∈∉⊂⊆∼≃∝+−±×÷·∧∨∪∩↦")
_OPEN_ROOT = "√"
_RAISED = {"1": "¹", "2": "²", "3": "³"}
"""Every font has these, and they are easier to copy."""


def tree(latex: str, *, display: bool = False) -> Element:
    """`latex` as a MathML tree without namespaces. Raises MathError."""
    try:
        root = fromstring(mathml(latex, display=display))  # noqa: S314 - our own library's output, no document's
    except (ParseError, RecursionError) as error:
        raise MathError(str(error)) from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def runs(latex: str, style: int) -> Runs:
    """`latex` as runs; its source where it cannot be parsed."""
    try:
        out: list[Run] = []
        _visit(tree(latex), style, out)
    except (MathError, RecursionError):
        return (Run(latex, style),)
    joined: list[Run] = []
    for piece in out:
        run = piece
        if run.style & SUPER and run.text in _RAISED:
            run = run._replace(text=_RAISED[run.text], style=run.style & ~SUPER)
        if joined and joined[-1][1:] == run[1:]:
            joined[-1] = run._replace(text=joined[-1].text + run.text)
        else:
            joined.append(run)
    return tuple(joined)


def _plain(element: Element) -> str:
    return "".join(element.itertext()).strip()


def _visit(element: Element, style: int, out: list[Run]) -> None:
    kind, children = element.tag, list(element)
    if kind == "mi":
        name = _plain(element)
        italic = ITALIC if len(name) == 1 and element.get("mathvariant") != "normal" and name.isalpha() else 0
        out.append(Run(name, style | italic))
    elif kind == "mo":
        sign = _plain(element)
        spaced = sign in _SPACED and not style & (SUB | SUPER) and out
        out.append(Run(f" {sign} " if spaced else f"{sign} " if sign == "," else sign, style))
    elif kind in {"mn", "mtext", "ms"}:
        out.append(Run(_plain(element).replace("\xa0", " "), style))
    elif kind == "mspace":
        out.append(Run(" ", style))
    elif kind in {"msup", "mover"} and len(children) == 2:
        _visit(children[0], style, out)
        _visit(children[1], (style & ~SUB) | SUPER, out)
    elif kind in {"msub", "munder"} and len(children) == 2:
        _visit(children[0], style, out)
        _visit(children[1], (style & ~SUPER) | SUB, out)
    elif kind in {"msubsup", "munderover"} and len(children) == 3:
        _visit(children[0], style, out)
        _visit(children[1], (style & ~SUPER) | SUB, out)
        _visit(children[2], (style & ~SUB) | SUPER, out)
    elif kind == "mfrac" and len(children) == 2:
        for index, child in enumerate(children):
            if index:
                out.append(Run("/", style))
            _grouped(child, style, out)
    elif kind == "msqrt":
        out.append(Run(_OPEN_ROOT, style))
        wrapper = Element("mrow")
        wrapper.extend(children)
        _grouped(wrapper, style, out)
    elif kind == "mroot" and len(children) == 2:
        _visit(children[1], style | SUPER, out)
        out.append(Run(_OPEN_ROOT, style))
        _grouped(children[0], style, out)
    elif kind == "mtr":
        for index, child in enumerate(children):
            if index:
                out.append(Run(", ", style))
            _visit(child, style, out)
    elif kind == "mtable":
        for index, child in enumerate(children):
            if index:
                out.append(Run("; ", style))
            _visit(child, style, out)
    elif kind in {"annotation", "annotation-xml", "mphantom"}:
        return
    else:
        for child in children:
            _visit(child, style, out)


def _grouped(element: Element, style: int, out: list[Run]) -> None:
    """One operand: in brackets when it is more than a symbol."""
    inner: list[Run] = []
    _visit(element, style, inner)
    many = len("".join(run.text for run in inner).strip()) > 1 and not _plain(element).isalnum()
    out += [Run("(", style), *inner, Run(")", style)] if many else inner
