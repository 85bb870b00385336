"""Formulas as EPUB takes them: MathML that keeps to its schema."""

from __future__ import annotations

from functools import lru_cache
from xml.etree import ElementTree as ET

from tiku.render.mathematics import MathError, mathml

# https://www.w3.org/TR/MathML3/chapter3.html#presm.reqarg
_ARGUMENTS = {
    "mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3,
}  # fmt: skip
_TOKENS = frozenset({"mi", "mn", "mo", "mtext", "ms", "mspace"})
_ONLY = {"mtable": {"mtr", "mlabeledtr"}, "mtr": {"mtd"}}


@lru_cache(maxsize=4096)
def formula(latex: str, display: bool) -> str:
    """MathML for `latex` that a schema accepts; raises MathError for what would be refused."""
    out = mathml(latex, display=display)
    try:
        root = ET.fromstring(out)  # noqa: S314 - our own text
    except ET.ParseError as error:
        raise MathError("no well-formed MathML comes of it") from error
    for element in root.iter():
        name = element.tag.rpartition("}")[2]
        names = [child.tag.rpartition("}")[2] for child in element]
        wrong = (
            (name in _ARGUMENTS and len(names) != _ARGUMENTS[name])
            or (name in _TOKENS and names)
            or (name in _ONLY and not set(names) <= _ONLY[name])
        )
        if wrong:
            raise MathError(f"its MathML is not valid ({name} with {len(names)} parts)")
    return out
