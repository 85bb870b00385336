"""A formula as text in one line that says the same: for viewers that know no native formulas, and for speaker notes.

What two dimensions say by place, one says by brackets: a fraction beside a factor, a root of more than one sign, an
exponent in an exponent.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import Enum, IntEnum, auto
from typing import TYPE_CHECKING, NamedTuple
from xml.etree.ElementTree import Element, ParseError, fromstring

from tiku.render.mathematics import MathError, mathml
from tiku.render.paginate.flow import ITALIC, SUB, SUPER, Run

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tiku.render.paginate.flow import Runs

_SPACED = frozenset("=≠<>≤≥≈≡→←↔⇒⇔∈∉⊂⊆∼≃∝+−±∓×÷·∧∨∪∩↦")
_PREFIXED = frozenset("+−±∓")
"""Signs that may also stand before their only operand."""
_AFTER_BLANK = frozenset(",;")
_DIVIDING = frozenset("/∕÷:∶")
_OPENING, _CLOSING = frozenset("([{⟨⌊⌈"), frozenset(")]}⟩⌋⌉")
_BARS = frozenset("|‖∥")
_BIG = frozenset("∑∏∐∫∬∭∮⋂⋃⋁⋀⨁⨂⨀⨄⨆")
_ORDINARY = frozenset("∂∇∞∅∀∃∄¬∠…⋯⋮⋱%°")
"""Signs that stand for something: no operators."""
_STROKE = "⧸"
"""What ``\\not`` puts before the sign that it denies."""
_RAISED = {"1": "¹", "2": "²", "3": "³", "∘": "°", "°": "°"}
"""Every font has these, and they are easier to copy."""
_ROOTS = {"2": "√", "3": "∛", "4": "∜"}
_OVER = {
    "^": ("\u0302", "hat"), "ˆ": ("\u0302", "hat"), "~": ("\u0303", "tilde"), "˜": ("\u0303", "tilde"),
    "¯": ("\u0304", "bar"), "‾": ("\u0304", "bar"), "―": ("\u0304", "bar"), "_": ("\u0304", "bar"),
    "─": ("\u0304", "bar"), "˘": ("\u0306", "breve"), "˙": ("\u0307", "dot"), "¨": ("\u0308", "ddot"),
    "⃛": ("\u20db", "dddot"), "˚": ("\u030a", "ring"), "ˇ": ("\u030c", "check"), "´": ("\u0301", "acute"),
    "`": ("\u0300", "grave"), "→": ("\u20d7", "vec"), "⃗": ("\u20d7", "vec"), "←": ("\u20d6", "vecleft"),
    "⏞": ("", "overbrace"),
}  # fmt: skip
"""Accents: the mark that a single letter takes, and the word before anything longer."""
_UNDER = {"―": ("\u0332", "underline"), "_": ("\u0332", "underline"), "⏟": ("", "underbrace")}
_GROUPS = frozenset({"mrow", "mstyle", "mpadded", "semantics", "math"})


class _Kind(Enum):
    """What a piece is to its neighbours."""

    OPERAND = auto()
    NAME = auto()
    """A function or a word: blanks keep it from what stands beside it."""
    OPERATOR = auto()
    OPEN = auto()
    CLOSE = auto()
    AFTER = auto()
    """A sign after its operand, such as a factorial's."""
    BLANK = auto()
    TEXT = auto()
    """Words with blanks of their own, and wide blanks: neither a factor nor an operator."""


class _Rank(IntEnum):
    """How firmly a piece holds together, loosest first."""

    SUM = auto()
    QUOTIENT = auto()
    PRODUCT = auto()
    POWER = auto()
    ATOM = auto()


@dataclass(slots=True)
class _Piece:
    """A part of a formula as runs."""

    runs: list[Run]
    kind: _Kind = _Kind.OPERAND
    rank: _Rank = _Rank.ATOM
    sign: str = ""
    """Of an operator or bracket, its scripts left out."""
    open_ended: bool = False
    """Whether it ends with a script written out, which what follows would seem to be a part of."""

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


class _Way(NamedTuple):
    """How to write."""

    style: int
    written: bool
    """Whether scripts are written out with ``^`` and ``_``, not raised and lowered."""
    close: bool = False
    """Whether signs have no blanks around them: in scripts."""


def tree(latex: str, *, display: bool = False) -> Element:
    """`latex` as a MathML tree without namespaces. Raises MathError."""
    try:
        root = fromstring(mathml(latex, display=display))  # noqa: S314 - our own library's output, no document's
    except (ParseError, RecursionError) as error:
        raise MathError(str(error)) from error
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def runs(latex: str, style: int, *, written: bool = False) -> Runs:
    """`latex` as runs; its source where it cannot be parsed.

    With `written`, scripts are neither raised nor lowered but written out: for places whose text is also read without
    its looks.
    """
    try:
        found = _row([tree(latex)], _Way(style, written)).runs
    except (MathError, RecursionError):
        return (Run(latex, style),)
    joined: list[Run] = []
    for run in found:
        if joined and joined[-1][1:] == run[1:]:
            joined[-1] = run._replace(text=joined[-1].text + run.text)
        elif run.text:
            joined.append(run)
    return tuple(joined)


def flat(elements: Iterable[Element]) -> list[Element]:
    """Groups that mean nothing by themselves taken apart."""
    out: list[Element] = []
    for element in elements:
        if element.tag in _GROUPS:
            out += flat(element)
        else:
            out.append(element)
    return out


# -- rows ---------------------------------------------------------------------------------------------------------


def _row(elements: Iterable[Element], way: _Way) -> _Piece:
    """Elements side by side as one piece."""
    pieces = [piece for piece in _pieces(flat(elements), way) if piece.runs]
    _pair_bars(pieces)
    for index, piece in enumerate(pieces):
        if piece.rank < _Rank.PRODUCT and piece.kind is _Kind.OPERAND and _is_factor(pieces, index):
            _bracket(piece, way)
    if len(pieces) == 1:
        return pieces[0]
    out: list[Run] = []
    before: _Piece | None = None
    for piece in pieces:
        if before and _parted(before, piece):
            _blank(out, way)
        _add(out, piece, before, way)
        before = piece
    named = bool(pieces) and all(piece.kind in {_Kind.NAME, _Kind.BLANK} for piece in pieces)
    kind = _Kind.NAME if named else _Kind.OPERAND
    return _Piece(out, kind, _rank(pieces), open_ended=bool(pieces) and pieces[-1].open_ended)


def _pieces(elements: Sequence[Element], way: _Way) -> Iterator[_Piece]:
    index = 0
    denied = False
    while index < len(elements):
        element = elements[index]
        word = _word(elements[index:])
        if word:
            yield _Piece([Run(word, way.style)], _Kind.NAME)
            index += len(word)
            continue
        if index + 2 < len(elements) and _is_binomial(elements[index : index + 3]):
            yield _chosen(elements[index + 1], elements[index + 2], way)
            index += 3
            continue
        index += 1
        if element.tag == "mtext" and _plain(element) == _STROKE:
            denied = True
            continue
        piece = _one(element, way)
        if denied and piece.runs:
            sign = unicodedata.normalize("NFC", piece.runs[0].text + "\u0338")
            piece.runs[0] = piece.runs[0]._replace(text=sign)
            denied = False
        yield piece


def _pair_bars(pieces: Sequence[_Piece]) -> None:
    """Tell bars that open from those that close; one without another is an operator, or stands after its operand."""
    for sign in {piece.sign for piece in pieces} & _BARS:
        unknown = [piece for piece in pieces if piece.sign == sign and piece.kind is _Kind.OPERATOR]
        if len(unknown) % 2 == 0:
            for index, piece in enumerate(unknown):
                piece.kind = _Kind.CLOSE if index % 2 else _Kind.OPEN
    depth = 0
    for piece in pieces:
        depth += (piece.kind is _Kind.OPEN) - (piece.kind is _Kind.CLOSE)
        if depth < 0 and piece.sign in _BARS:
            piece.kind = _Kind.AFTER
            depth = 0


def _is_factor(pieces: Sequence[_Piece], index: int) -> bool:
    """Whether something beside the piece at `index` would be taken for a part of it."""
    before = next((piece for piece in reversed(pieces[:index]) if piece.kind is not _Kind.BLANK), None)
    after = next((piece for piece in pieces[index + 1 :] if piece.kind is not _Kind.BLANK), None)
    touching = {_Kind.OPERAND, _Kind.NAME, _Kind.AFTER}
    return any(
        piece is not None and (piece.kind in {*touching, bracket} or piece.sign in _DIVIDING)
        for piece, bracket in ((before, _Kind.CLOSE), (after, _Kind.OPEN))
    )


def _parted(before: _Piece, piece: _Piece) -> bool:
    """Whether a blank keeps `piece` from the one before it."""
    operand = {_Kind.OPERAND, _Kind.NAME}
    if before.open_ended:
        return piece.kind in {*operand, _Kind.OPEN}
    if piece.kind is _Kind.NAME:
        return before.kind in {*operand, _Kind.CLOSE, _Kind.AFTER}
    return before.kind is _Kind.NAME and piece.kind in operand and not piece.text.startswith("(")


def _add(out: list[Run], piece: _Piece, before: _Piece | None, way: _Way) -> None:
    """Append `piece`, with the blanks that its sign wants."""
    sign = piece.sign if piece.kind is _Kind.OPERATOR and not way.close else ""
    operand = before is not None and before.kind not in {_Kind.OPEN, _Kind.OPERATOR, _Kind.TEXT}
    spaced = sign in _SPACED and (operand if sign in _PREFIXED else before is not None)
    if spaced:
        _blank(out, way)
    out += piece.runs
    if spaced or sign in _AFTER_BLANK:
        _blank(out, way)


def _blank(out: list[Run], way: _Way) -> None:
    if out and not out[-1].text.endswith(" "):
        out.append(Run(" ", way.style))


def _rank(pieces: Sequence[_Piece]) -> _Rank:
    """How firmly pieces in a row hold together."""
    depth = 0
    closed = [0]
    """The depths after each piece."""
    for piece in pieces:
        depth += (piece.kind is _Kind.OPEN) - (piece.kind is _Kind.CLOSE)
        closed.append(depth)
    kinds = [piece.kind for piece, at in zip(pieces, closed, strict=False) if at == 0]
    if depth or min(closed) < 0 or _Kind.OPERATOR in kinds or _Kind.TEXT in kinds:
        return _Rank.SUM
    if kinds == [_Kind.OPEN]:
        return pieces[-1].rank
    if set(kinds) <= {_Kind.NAME, _Kind.BLANK}:
        return _Rank.ATOM
    if _Kind.AFTER in kinds and kinds.count(_Kind.AFTER) == len(kinds) - 1:
        return _Rank.ATOM if pieces[-1].sign in _BARS else _Rank.POWER
    return _Rank.PRODUCT


def _bracket(piece: _Piece, way: _Way) -> None:
    """Put `piece` in brackets."""
    piece.runs = [Run("(", way.style), *piece.runs, Run(")", way.style)]
    piece.rank, piece.open_ended = _Rank.ATOM, False


def _held(elements: Iterable[Element], way: _Way, least: _Rank) -> list[Run]:
    """Elements as runs, in brackets where they hold together less than `least`."""
    piece = _row(elements, way)
    if piece.rank < least:
        _bracket(piece, way)
    return piece.runs


# -- elements -----------------------------------------------------------------------------------------------------


def _plain(element: Element) -> str:
    return "".join(element.itertext()).strip()


def _one(element: Element, way: _Way) -> _Piece:
    """One element."""
    kind, children = element.tag, list(element)
    if kind in {"mi", "mn", "mtext", "ms", "mo", "mspace"}:
        return _leaf(element, way)
    if kind in {"msup", "mover"} and len(children) == 2:
        piece = _row(children[:1], way)
        return _accented(piece, children[1], _OVER, way) or _scripted(piece, None, children[1], way)
    if kind in {"msub", "munder"} and len(children) == 2:
        piece = _row(children[:1], way)
        return _accented(piece, children[1], _UNDER, way) or _scripted(piece, children[1], None, way)
    if kind in {"msubsup", "munderover"} and len(children) == 3:
        return _scripted(_row(children[:1], way), children[1], children[2], way)
    if kind == "mfrac" and len(children) == 2:
        return _fraction(element, way)
    if kind == "msqrt":
        return _rooted(_ROOTS["2"], children, way)
    if kind == "mroot" and len(children) == 2:
        return _root(children[0], children[1], way)
    if kind == "mtable":
        return _Piece(_between([_table_row(row, way) for row in children], "; ", way), rank=_Rank.SUM)
    if kind in {"annotation", "annotation-xml", "mphantom"}:
        return _Piece([])
    return _row(children, way)


def _leaf(element: Element, way: _Way) -> _Piece:
    kind = element.tag
    if kind == "mspace":
        return _space(element.get("width", ""), way)
    words = _plain(element)
    if not words:
        return _Piece([])
    if kind == "mo":
        return _Piece([Run(words, way.style)], _sign_kind(words, element.get("form", "")), sign=words)
    if kind == "mtext":
        words = "".join(element.itertext()).replace("\xa0", " ")
        return _Piece([Run(words, way.style)], _Kind.OPERAND if words == words.strip() else _Kind.TEXT)
    if kind == "mi" and len(words) > 1 and words.isalpha():
        return _Piece([Run(words, way.style)], _Kind.NAME)
    slanted = kind == "mi" and words.isalpha() and element.get("mathvariant") != "normal"
    return _Piece([Run(words, way.style | (ITALIC if slanted else 0))])


def _space(width: str, way: _Way) -> _Piece:
    if not width or width.startswith(("-", "negative", "0em")):
        return _Piece([])
    wide = width.endswith("em") and width[:1].isdigit() and not width.startswith("0")
    return _Piece([Run(" ", way.style)], _Kind.TEXT if wide else _Kind.BLANK)


def _sign_kind(sign: str, form: str) -> _Kind:
    if sign in _BIG or (len(sign) > 1 and sign.isalpha()):
        return _Kind.NAME
    if sign in _OPENING or (sign in _BARS and form == "prefix"):
        return _Kind.OPEN
    if sign in _CLOSING or (sign in _BARS and form == "postfix"):
        return _Kind.CLOSE
    if sign == "!":
        return _Kind.AFTER
    letter = len(sign) == 1 and unicodedata.category(sign)[0] in "LN"
    return _Kind.OPERAND if sign in _ORDINARY or letter else _Kind.OPERATOR


def _word(elements: Sequence[Element]) -> str:
    """The upright letters, two at least, that `elements` begin with."""
    letters = ""
    for element in elements:
        letter = _plain(element) if element.tag == "mi" and element.get("mathvariant") == "normal" else ""
        if len(letter) != 1 or not letter.isalpha():
            break
        letters += letter
    return letters if len(letters) > 1 else ""


def _is_binomial(elements: Sequence[Element]) -> bool:
    first, middle, last = elements
    return _plain(first) == "(" and _is_barless(middle) and _base_sign(last) == ")"


def _is_barless(element: Element) -> bool:
    return element.tag == "mfrac" and len(element) == 2 and element.get("linethickness") in {"0", "0px", "0em"}


def _base_sign(element: Element) -> str:
    """The sign that `element` is, its scripts left out."""
    if element.tag in {"msub", "msup", "msubsup"} and len(element):
        element = element[0]
    return _plain(element) if element.tag == "mo" else ""


def _chosen(fraction: Element, closing: Element, way: _Way) -> _Piece:
    """A binomial coefficient, with the scripts of its closing bracket."""
    end = _one(closing, way)
    inner = _between([_row([child], way).runs for child in fraction], ", ", way)
    return _Piece([Run("C(", way.style), *inner, *end.runs], _Kind.NAME, end.rank, open_ended=end.open_ended)


def _between(parts: Sequence[list[Run]], sign: str, way: _Way) -> list[Run]:
    """Parts with `sign` between them."""
    out: list[Run] = []
    for index, part in enumerate(parts):
        out += [Run(sign, way.style), *part] if index else part
    return out


def _table_row(row: Element, way: _Way) -> list[Run]:
    """The cells of a row; one that begins with an operator goes on with the cell before it."""
    out: list[Run] = []
    for cell in row:
        runs = _row([*cell], way).runs
        goes_on = bool(runs) and runs[0].text[:1] in _SPACED - _PREFIXED
        if out and runs:
            out.append(Run(" " if goes_on else ", ", way.style))
        if goes_on and len(runs[0].text) == 1 and len(runs) > 1:
            out += [runs[0], Run(" ", way.style), *runs[1:]]
        else:
            out += runs
    return out


def _fraction(element: Element, way: _Way) -> _Piece:
    above, below = element
    if _is_barless(element):
        return _Piece(_between([_row([above], way).runs, _row([below], way).runs], "; ", way), rank=_Rank.SUM)
    parts = [_held([child], way, _Rank.POWER) for child in (above, below)]
    return _Piece(_between(parts, "/", way), rank=_Rank.QUOTIENT)


def _root(radicand: Element, index: Element, way: _Way) -> _Piece:
    """A root; raised, another index would seem to be the exponent of what stands before it."""
    if sign := _ROOTS.get(_plain(index)):
        return _rooted(sign, [radicand], way)
    inner = _between([_row([index], way).runs, _row([radicand], way).runs], ", ", way)
    return _Piece([Run("root(", way.style), *inner, Run(")", way.style)], _Kind.NAME)


def _rooted(sign: str, radicand: Sequence[Element], way: _Way) -> _Piece:
    inner = _held(radicand, way, _Rank.ATOM)
    return _Piece([Run(sign, way.style), *inner], open_ended=inner[-1:] != [Run(")", way.style)])


def _accented(piece: _Piece, over: Element, accents: dict[str, tuple[str, str]], way: _Way) -> _Piece | None:
    """A letter with its accent, or the accent as a word before more than a letter; None when `over` is none."""
    signs = flat([over])
    known = accents.get(_plain(signs[0])) if len(signs) == 1 and signs[0].tag == "mo" else None
    if known is None or piece.kind is _Kind.OPERATOR or not piece.runs:
        return None
    mark, word = known
    if mark and len(piece.text) == 1 and piece.text.isalnum():
        letter = piece.runs[0]
        return _Piece([letter._replace(text=letter.text + mark)])
    return _Piece([Run(f"{word}(", way.style), *piece.runs, Run(")", way.style)], _Kind.NAME)


def _scripted(piece: _Piece, below: Element | None, above: Element | None, way: _Way) -> _Piece:
    """Something with what is lowered and raised beside it."""
    if piece.rank < _Rank.ATOM:
        _bracket(piece, way)
    raised = flat([above]) if above is not None else []
    while raised and set(_plain(raised[0])) == {"′"}:
        piece.runs.append(Run(_plain(raised.pop(0)), way.style))
    for elements, style, sign in ((flat([below]) if below is not None else [], SUB, "_"), (raised, SUPER, "^")):
        if elements:
            _add_script(piece, elements, style, sign, way)
            piece.rank = _Rank.POWER
    return piece


def _add_script(piece: _Piece, elements: Sequence[Element], style: int, sign: str, way: _Way) -> None:
    whole = "".join(_plain(element) for element in elements)
    if style == SUPER and whole in _RAISED:
        piece.runs.append(Run(_RAISED[whole], way.style))
        piece.open_ended = False
    elif way.written:
        inner = _held(elements, _Way(way.style, written=True, close=True), _Rank.ATOM)
        piece.runs += [Run(sign, way.style), *inner]
        piece.open_ended = piece.runs[-1].text != ")"
    else:
        other = way.style & ~(SUB | SUPER) | style
        piece.runs += _row(elements, _Way(other, written=True, close=True)).runs
