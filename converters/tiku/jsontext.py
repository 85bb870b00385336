"""JSON with an indent of one space, as ``json.dumps(value, ensure_ascii=False, indent=1)`` writes it, to the byte.

The standard library writes indented JSON in Python, item by item; this does so in runs, in a third of the time. What
it is quick at are pandoc's nodes: ``{"t": "Str", "c": "word"}``.
"""

from __future__ import annotations

import json
from itertools import pairwise
from json.encoder import encode_basestring as _quoted
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_DEEPEST = 120
_BREAKS = tuple("\n" + " " * depth for depth in range(_DEEPEST + 3))
"""The break before a line, by the depth of what stands in it."""
_NODE = ["t", "c"]
_WORDS = tuple((f'{{{inner}"t": "Str",{inner}"c": ', f"{outer}}}") for outer, inner in pairwise(_BREAKS))
"""What stands around a word in a node, by the depth of the node."""
_SPACES = tuple(f'{{{inner}"t": "Space"{outer}}}' for outer, inner in pairwise(_BREAKS))
_CONSTANTS = {None: "null", True: "true", False: "false"}


def text(value: Any, default: Callable[[Any], Any]) -> str:
    """`value` as JSON; `default` turns what JSON does not know into what it does, one level at a time."""
    out: list[str] = []
    _write(value, 0, out.append, default)
    return "".join(out)


def _write(value: Any, depth: int, add: Callable[[str], Any], default: Callable[[Any], Any]) -> None:
    kind = type(value)
    if kind is str:
        add(_quoted(value))
    elif kind is dict or kind is list or kind is tuple:
        if not value:
            add("{}" if kind is dict else "[]")
        elif depth > _DEEPEST:  # hardly ever
            written = json.dumps(value, ensure_ascii=False, indent=1, default=default)
            add(written.replace("\n", "\n" + " " * depth))
        elif kind is dict:
            _object(value, depth, add, default)
        else:
            _array(value, depth, add, default)
    elif value is None or kind is bool:
        add(_CONSTANTS[value])
    elif isinstance(value, str | int | float):
        add(json.dumps(value, ensure_ascii=False))
    else:
        _write(default(value), depth, add, default)


def _object(value: dict[str, Any], depth: int, add: Callable[[str], Any], default: Callable[[Any], Any]) -> None:
    between = _BREAKS[depth + 1]
    before = "{" + between
    for key, item in value.items():
        if type(item) is str:
            add(f"{before}{_quoted(key)}: {_quoted(item)}")
        else:
            add(f"{before}{_quoted(key)}: ")
            _write(item, depth + 1, add, default)
        before = "," + between
    add(_BREAKS[depth] + "}")


def _array(value: Any, depth: int, add: Callable[[str], Any], default: Callable[[Any], Any]) -> None:
    below = depth + 1
    start, end = _WORDS[below]
    between = _BREAKS[below]
    before = "[" + between
    for item in value:
        if type(item) is dict:
            name = item.get("t")
            if name == "Str" and type(word := item.get("c")) is str and [*item] == _NODE:
                add(f"{before}{start}{_quoted(word)}{end}")
            elif name == "Space" and len(item) == 1:
                add(before + _SPACES[below])
            else:
                add(before)
                _write(item, below, add, default)
        else:
            add(before)
            _write(item, below, add, default)
        before = "," + between
    add(_BREAKS[depth] + "]")
