"""LaTeX formulas: as MathML, and as vector pictures with their baseline."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

LONGEST = 5_000
"""Longer formulas are refused: nobody typesets them, and a macro bomb looks like this."""
DEEPEST = 80
"""Deeper formulas are refused, as those who lay them out recurse."""

# https://www.w3.org/TR/mathml-core/ and what of MathML 3 the library writes; none of them loads or runs anything.
_ELEMENTS = frozenset(
    "math mrow mi mn mo ms mspace mtext mfrac msqrt mroot mstyle merror mpadded mphantom menclose msub msup msubsup "
    "munder mover munderover mmultiscripts mprescripts none mtable mtr mtd".split()
)
_ATTRIBUTES = frozenset(
    "xmlns display mathvariant mathcolor mathbackground mathsize dir displaystyle scriptlevel form fence separator "
    "lspace rspace stretchy symmetric maxsize minsize largeop movablelimits accent accentunder width height depth "
    "voffset linethickness notation columnalign columnlines columnspacing rowalign rowlines rowspacing frame side "
    "linebreak".split()
)
_PARTS = {
    "mfrac": 2, "mroot": 2, "msub": 2, "msup": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3,
}  # fmt: skip
_VALUE = re.compile(r"[\w#%.,:/() +-]{1,80}")
_SPELT_OUT = re.compile(r"\\[A-Za-z]|&$")
"""A command the library does not know, a cell of an environment it does not know."""
_ALIGNED = re.compile(r"\\(begin|end)\{(?:aligned|align|alignat|alignedat|flalign|eqnarray|split)\*?\}")
_COLUMNS = re.compile(r"(\\begin\{(?:alignat|alignedat)\*?\})\s*\{\d+\}")
_GATHERED = re.compile(r"\\begin\{(?:gather|gathered|multline)\*?\}")
_GATHERED_END = re.compile(r"\\end\{(?:gather|gathered|multline)\*?\}")
_DROPPED = re.compile(
    r"\\(?:begin|end)\{(?:equation|displaymath|math)\*?\}|\\label\{[^{}]*\}|\\(?:nonumber|notag)(?![A-Za-z])"
)
_REFERENCE = re.compile(r"&#[xX]([0-9A-Fa-f]{1,5});")
_NOT_XML = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


class MathError(ValueError):
    """The LaTeX cannot be set; the message says why."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A formula as SVG, sizes in em of the surrounding text."""

    svg: str
    width: float
    height: float
    depth: float
    """How far it reaches below the baseline."""


@lru_cache(maxsize=4096)
def mathml(latex: str, *, display: bool) -> str:
    """`latex` as a ``<math>`` element with the LaTeX as its ``alttext``: well-formed XML in which nothing runs.

    Raises MathError, also for commands and environments that the library would only spell out.
    """
    from xml.etree.ElementTree import tostring

    source = _source(latex)
    try:
        # Not the library's own `convert`: it writes `\text{<script>}` and `\href{javascript:…}` out as they are.
        from latex2mathml.converter import convert_to_element

        math: Any = convert_to_element(_known_environments(source), display="block" if display else "inline")
    except Exception as error:
        raise MathError(_reason(error)) from error
    _tame(math)
    math.set("alttext", source)
    return tostring(math, encoding="unicode")


def _known_environments(source: str) -> str:
    """`source` with amsmath's environments as the few that the library knows."""
    source = _DROPPED.sub("", _COLUMNS.sub(r"\1", source))
    source = _GATHERED.sub(r"\\begin{array}{c}", _GATHERED_END.sub(r"\\end{array}", source))
    return _ALIGNED.sub(r"\\\1{align*}", source).replace("{dcases}", "{cases}")


def _tame(math: Any) -> None:
    """Turn the library's ``&#x…;`` into characters; drop attributes and refuse elements that are no plain MathML."""
    stack = [(math, 0)]
    while stack:
        element, depth = stack.pop()
        if element.tag not in _ELEMENTS or depth > DEEPEST:
            deep = f"nested deeper than {DEEPEST} levels"
            raise MathError(deep if depth > DEEPEST else f"unknown element {element.tag}")
        if element.tag in _PARTS and len(element) != _PARTS[element.tag]:
            raise MathError(f"{element.tag} with {len(element)} part(s)")
        if element.text:
            if element.tag in {"mi", "mo"} and _SPELT_OUT.match(element.text):
                raise MathError(f"'{element.text[:40]}' cannot be set")
            element.text = _NOT_XML.sub("", _REFERENCE.sub(lambda found: chr(int(found[1], 16)), element.text))
        for name, value in list(element.attrib.items()):
            if name not in _ATTRIBUTES or not _VALUE.fullmatch(value):
                del element.attrib[name]
        stack.extend((child, depth + 1) for child in element)


@lru_cache(maxsize=4096)
def picture(latex: str, *, display: bool) -> Picture:
    """`latex` as a vector picture.

    Raises MathError for what `mathml` refuses, too, so that a formula fares alike in all outputs.
    """
    mathml(latex, display=display)
    source = _known_environments(_source(latex))
    size = 16.0
    try:
        formula: Any = _ziamath().Latex(source, size=size, inline=not display)
        svg = formula.svg()
        width, height = formula.getsize()
        below = -formula.getyofst()
    except Exception as error:
        raise MathError(_reason(error)) from error
    return Picture(svg, width / size, height / size, max(0.0, below / size))


@cache
def _ziamath() -> Any:
    """The library, imported without its deprecation warnings: they are of no use to our users."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import ziamath
    return ziamath


def _source(latex: str) -> str:
    source = _NOT_XML.sub("", latex).strip()
    if len(source) > LONGEST:
        raise MathError(f"longer than {LONGEST} characters")
    if not source:
        raise MathError("empty")
    return source


def _reason(error: Exception) -> str:
    words = re.sub(r"\s+", " ", str(error))[:80]
    return f"{type(error).__name__} {words}".strip()
