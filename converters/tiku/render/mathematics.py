"""LaTeX formulas: as MathML, and as vector pictures with their baseline."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

LONGEST = 5_000
"""Longer formulas are refused: nobody typesets them, and a macro bomb looks like this."""


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
    """`latex` as a ``<math>`` element, with the LaTeX itself as its ``alttext``.

    Raises MathError.
    """
    from html import escape

    source = _source(latex)
    try:
        from latex2mathml.converter import convert

        out: str = convert(source, display="block" if display else "inline")
    except Exception as error:
        raise MathError(_reason(error)) from error
    return out.replace("<math ", f'<math alttext="{escape(source)}" ', 1)


@lru_cache(maxsize=4096)
def picture(latex: str, *, display: bool) -> Picture:
    """`latex` as a vector picture.

    Raises MathError.
    """
    source = _source(latex)
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
    source = latex.strip()
    if len(source) > LONGEST:
        raise MathError(f"longer than {LONGEST} characters")
    if not source:
        raise MathError("empty")
    return source


def _reason(error: Exception) -> str:
    words = re.sub(r"\s+", " ", str(error))[:80]
    return f"{type(error).__name__} {words}".strip()
