"""Helpers over pandoc's AST, shared by readers and exporters: build, walk, change, validate, read as text.

A node is ``{"t": type, "c": content}``; an attribute is ``[id, [class, ...], [[key, value], ...]]``. The shapes follow
pandoc-types 1.23 (https://hackage.haskell.org/package/pandoc-types/docs/Text-Pandoc-Definition.html).
"""

from __future__ import annotations

import contextlib
import re
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from tiku.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tiku.model import Block, Inline, Inlines

API_VERSION = [1, 23, 1]
"""The version of pandoc-types that the nodes follow."""

MAX_DEPTH = 50
"""Deepest nesting of nodes that is taken: far above any document, and what every exporter's recursion can bear."""
MAX_SPAN = 1000
"""Most rows or columns that a table's cell may span."""

_LISTS = (list, tuple)
SAFE_SCHEMES = frozenset({"http", "https", "mailto", "tel", "ftp", "geo", "magnet", "doi"})
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.\-]*):")
_BLANKS = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]+")


# -- building ---------------------------------------------------------------------------------------------------------


def string(text: str) -> Inlines:
    """`text` as inlines: words and spaces."""
    nodes: list[Inline] = []
    for index, word in enumerate(text.split(" ")):
        if index:
            nodes.append({"t": "Space"})
        if word:
            nodes.append({"t": "Str", "c": word})
    return tuple(nodes)


def para(inlines: Iterable[Inline]) -> Block:
    """A paragraph."""
    return {"t": "Para", "c": list(inlines)}


def attr(identifier: str = "", classes: Iterable[str] = (), **pairs: str) -> list[Any]:
    """An attribute triple."""
    return [identifier, list(classes), [[key, value] for key, value in pairs.items()]]


# -- walking ----------------------------------------------------------------------------------------------------------


def walk(nodes: Any) -> Iterator[dict[str, Any]]:
    """Every node in `nodes` (blocks, inlines, or anything that holds them), in document order, parents first."""
    stack = [nodes]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            if "t" in item:
                yield item
            item = item.get("c")
        if isinstance(item, _LISTS):
            stack.extend(reversed(item))


def nodes_of(kind: str, nodes: Any) -> list[dict[str, Any]]:
    """Every node of `kind` in `nodes`, in document order, as `walk` finds it; for kinds whose content is a list."""
    found: list[dict[str, Any]] = []
    _gather(kind, nodes, found)
    return found


def _gather(kind: str, nodes: Any, found: list[dict[str, Any]]) -> None:
    for item in nodes:
        content = item.get("c") if item.__class__ is dict else item
        if content.__class__ is list or content.__class__ is tuple:
            if content is not item and item.get("t") == kind:
                found.append(item)
            _gather(kind, content, found)


def edit(nodes: list[Any], change: Callable[[dict[str, Any]], list[dict[str, Any]] | None]) -> None:
    """Replace each node below `nodes` by ``change(node)``, in place, children first.

    `change` returns the nodes that take the place of its argument, or None to keep it. Nodes that are kept stay the
    same objects.
    """
    new: list[Any] = []
    for item in nodes:
        if isinstance(item, dict) and isinstance(item.get("c"), list):
            edit(item["c"], change)
        elif isinstance(item, list):
            edit(item, change)
        changed = change(item) if isinstance(item, dict) and "t" in item else None
        new.extend([item] if changed is None else changed)
    nodes[:] = new


_BLANK = frozenset({"Space", "SoftBreak", "LineBreak"})


def trim(inlines: Iterable[Inline]) -> list[Inline]:
    """`inlines` without the spaces and breaks at both ends."""
    nodes = list(inlines)
    begin, end = 0, len(nodes)
    while begin < end and nodes[begin]["t"] in _BLANK:
        begin += 1
    while begin < end and nodes[end - 1]["t"] in _BLANK:
        end -= 1
    return nodes[begin:end] if end - begin < len(nodes) else nodes


# -- reading as text --------------------------------------------------------------------------------------------------

_BLANKS_OF = {"Space": " ", "SoftBreak": "\n", "LineBreak": "\n", "HorizontalRule": "\n"}
_VERBATIM = frozenset({"Code", "CodeBlock", "Math"})
_ENDING = frozenset({"Para", "Plain", "Header", "CodeBlock", "RawBlock", "LineBlock"})


def plain_text(nodes: Any, *, notes: bool = True, raw: bool = False) -> str:
    """What a reader reads: the text of `nodes`, a line for each block, LaTeX for math, the alt text for images.

    `notes` includes footnotes where they are called; `raw` includes raw HTML as it is written.
    """
    if nodes.__class__ is not tuple:
        return _read(nodes if isinstance(nodes, _LISTS) else [nodes], notes, raw)
    kept = _KEPT.get() if nodes else None
    if kept is None:
        return _read(nodes, notes, raw)
    key = id(nodes), notes, raw
    found = kept.get(key)
    if found is None:
        found = _read(nodes, notes, raw), nodes
        if len(kept) < _MOST:
            kept[key] = found
    return found[0]


_KEPT: ContextVar[dict[tuple[int, bool, bool], tuple[str, object]] | None] = ContextVar("texts", default=None)
"""Texts with what they are the text of: the id of what is gone would pass to another."""
_MOST = 2000
"""So many texts are kept: those of a small document, of which reading them again would be the larger part."""


@contextlib.contextmanager
def keeping_texts() -> Iterator[None]:
    """Within it, `plain_text` reads each tuple once: tuples are the model's content, which nobody changes.

    The steps from a source to its outputs ask for the same few texts, a title's half a dozen times.
    """
    token = _KEPT.set({})
    try:
        yield
    finally:
        _KEPT.reset(token)


def _read(nodes: Any, notes: bool, raw: bool) -> str:
    out: list[str] = []
    _collect(nodes, out, notes, raw)
    return "".join(out).strip("\n")


def _collect(nodes: Any, out: list[str], notes: bool, raw: bool) -> None:
    # Nearly all nodes are words and spaces, and every text is read many times: these come first, by the quickest asking.
    add = out.append
    for item in nodes:
        if item.__class__ is dict or isinstance(item, dict):
            kind = item.get("t")
            if kind == "Str":
                add(item["c"])
                continue
            if kind in _BLANKS_OF:
                add(_BLANKS_OF[kind])
                continue
            content = item.get("c")
            if kind in _VERBATIM:
                add(content[1])  # type: ignore[index]
            elif kind in {"RawInline", "RawBlock"}:
                if raw:
                    add(content[1])  # type: ignore[index]
            elif kind == "Note" and not notes:
                continue
            elif kind == "Quoted":
                single = content[0]["t"] == "SingleQuote"  # type: ignore[index]
                add("‘" if single else "“")
                _collect(content[1], out, notes, raw)  # type: ignore[index]
                add("’" if single else "”")
            elif isinstance(content, list):
                _collect(content, out, notes, raw)
            if kind in _ENDING:
                add("\n")
        elif isinstance(item, _LISTS):
            _collect(item, out, notes, raw)


# -- links ------------------------------------------------------------------------------------------------------------


def scheme(url: str) -> str:
    """The scheme of `url` in lower case, or the empty string for a relative one.

    Browsers ignore control characters and blanks inside a scheme (`java\\tscript:`), so they are removed first
    (https://url.spec.whatwg.org/#concept-basic-url-parser).
    """
    found = _SCHEME.match(_BLANKS.sub("", url))
    return found[1].lower() if found else ""


def safe_link(url: str) -> bool:
    """Whether a link to `url` may stand in an output: a relative one, or one with a scheme that runs nothing."""
    return scheme(url) in SAFE_SCHEMES | {""}


# -- validating what comes from a file -------------------------------------------------------------------------------

# The content of each node: "s" text, a key of _NUMBERS a whole number, "I" inlines, "B" blocks, "A" attribute,
# "E:..." one of these names as {"t": name}, [x] a list of x, a tuple: exactly these in a list, None: no content.
_ALIGN = "E:AlignLeft,AlignRight,AlignCenter,AlignDefault"
_CELL = ("A", _ALIGN, "span", "span", "B")
_ROW = ("A", [_CELL])
_CITATION = {
    "citationId": "s", "citationPrefix": "I", "citationSuffix": "I", "citationNoteNum": "n", "citationHash": "n",
    "citationMode": "E:AuthorInText,SuppressAuthor,NormalCitation",
}  # fmt: skip
_INLINE: dict[str, Any] = {
    "Str": "s", "Emph": "I", "Underline": "I", "Strong": "I", "Strikeout": "I", "Superscript": "I", "Subscript": "I",
    "SmallCaps": "I", "Quoted": ("E:SingleQuote,DoubleQuote", "I"), "Cite": ([_CITATION], "I"), "Code": ("A", "s"),
    "Space": None, "SoftBreak": None, "LineBreak": None, "Math": ("E:DisplayMath,InlineMath", "s"),
    "RawInline": ("s", "s"), "Link": ("A", "I", ("s", "s")), "Image": ("A", "I", ("s", "s")), "Note": "B",
    "Span": ("A", "I"),
}  # fmt: skip
_STYLE = "E:DefaultStyle,Example,Decimal,LowerRoman,UpperRoman,LowerAlpha,UpperAlpha"
_DELIMITER = "E:DefaultDelim,Period,OneParen,TwoParens"
_CAPTION = ("?I", "B")
_BLOCK: dict[str, Any] = {
    "Plain": "I", "Para": "I", "LineBlock": ["I"], "CodeBlock": ("A", "s"), "RawBlock": ("s", "s"), "BlockQuote": "B",
    "OrderedList": (("n", _STYLE, _DELIMITER), ["B"]), "BulletList": ["B"], "DefinitionList": [("I", ["B"])],
    "Header": ("level", "A", "I"), "HorizontalRule": None, "Figure": ("A", _CAPTION, "B"), "Div": ("A", "B"),
    "Table": ("A", _CAPTION, [(_ALIGN, "width")], ("A", [_ROW]), [("A", "count", [_ROW], [_ROW])], ("A", [_ROW])),
}  # fmt: skip
BLOCKS = frozenset(_BLOCK)
"""The types of blocks; other nodes are inlines."""
_NUMBERS = {"n": (-(10**9), 10**9), "level": (1, 10**9), "count": (0, 10**9), "span": (1, MAX_SPAN)}


def validate(nodes: Any, *, inline: bool = False) -> None:
    """Check that `nodes` are blocks (or inlines) of pandoc's AST.

    Raises DocumentError that names the first node that is not, or that is nested deeper than MAX_DEPTH.
    """
    _check(nodes, "I" if inline else "B", 0)


def check_depth(nodes: Any) -> None:
    """Raise DocumentError when `nodes`, well formed but perhaps hostile, are nested deeper than MAX_DEPTH."""
    stack = [(nodes, 0)]
    while stack:
        item, depth = stack.pop()
        if isinstance(item, dict):
            if "c" in item and depth >= MAX_DEPTH:
                raise DocumentError(f"content is nested deeper than {MAX_DEPTH} levels")
            stack.append((item.get("c"), depth + 1))
        elif item and isinstance(item, list | tuple):
            stack.extend((child, depth) for child in item if isinstance(child, dict | list))


def _fail(value: Any, wanted: str) -> None:
    if isinstance(value, dict):
        kind = value.get("t")
        found = f"an object of type {kind[:40]!r}" if isinstance(kind, str) else "an object"
    else:  # a list may be too deep to be printed
        found = "a list" if isinstance(value, list) else repr(value)[:60]
    raise DocumentError(f"not a node of pandoc's AST: {found} where {wanted} should be")


def _check(value: Any, shape: Any, depth: int) -> None:
    if isinstance(shape, dict):
        if not isinstance(value, dict) or value.keys() != shape.keys():
            _fail(value, "a citation")
        for key, each in shape.items():
            _check(value[key], each, depth)
    elif isinstance(shape, list | tuple):
        if not isinstance(value, list) or (isinstance(shape, tuple) and len(value) != len(shape)):
            _fail(value, "a list" if isinstance(shape, list) else f"a list of {len(shape)}")
        shapes = shape if isinstance(shape, tuple) else shape * len(value)
        for item, each in zip(value, shapes, strict=True):
            _check(item, each, depth)
    elif shape == "s":
        if not isinstance(value, str):
            _fail(value, "text")
    elif shape in _NUMBERS:
        least, most = _NUMBERS[shape]
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            _fail(value, "a whole number" if shape == "n" else f"a whole number from {least} to {most}")
    elif shape == "?I" and value is None:
        return
    elif shape in {"I", "B", "?I"}:
        _check_nodes(value, "a block" if shape == "B" else "an inline", _BLOCK if shape == "B" else _INLINE, depth)
    elif shape == "A":
        _check(value, ("s", ["s"], [("s", "s")]), depth)
    elif shape == "width":
        kind = value.get("t") if isinstance(value, dict) else None
        if kind != "ColWidthDefault" and not (kind == "ColWidth" and _is_number(value.get("c"))):
            _fail(value, "a column width")
    elif not isinstance(value, dict) or value.get("t") not in shape[2:].split(","):
        _fail(value, shape[2:])


def _check_nodes(value: Any, wanted: str, table: dict[str, Any], depth: int) -> None:
    if not isinstance(value, list | tuple):
        _fail(value, "a list")
    for node in value:
        kind: Any = node.get("t") if isinstance(node, dict) else None
        if not isinstance(kind, str) or kind not in table or not node.keys() <= {"t", "c"}:
            _fail(node, wanted)
        if table[kind] is not None:
            if depth >= MAX_DEPTH:
                raise DocumentError(f"content is nested deeper than {MAX_DEPTH} levels")
            _check(node.get("c"), table[kind], depth + 1)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 10**9
