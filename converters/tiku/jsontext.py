"""JSON for people and for git: a line for each value, with an indent of one space; but a block of pandoc's is one line.

So are inlines. A paragraph that changes is then one line that changes.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring as _quoted
from typing import TYPE_CHECKING, Any

from tiku.markup import BLOCKS

if TYPE_CHECKING:
    from collections.abc import Callable

_node = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
"""A node as one line. It is the standard library's encoder in C, which an indent would turn off."""


def text(value: Any, default: Callable[[Any], Any]) -> str:
    """`value` as JSON; `default` turns what JSON does not know into what it does, one level at a time.

    A dictionary with a key ``t`` is a node.
    """
    out: list[str] = []
    _write(value, "\n", out.append, default)
    return "".join(out)


def _write(value: Any, line: str, add: Callable[[str], Any], default: Callable[[Any], Any]) -> None:
    """`line` is the break before what stands at the depth of `value`."""
    kind = type(value)
    if kind is str:
        add(_quoted(value))
    elif kind is dict:
        if "t" in value or not value:
            add(_node(value))
            return
        before = "{" + line + " "
        for key, item in value.items():
            add(f"{before}{_quoted(key)}: ")
            _write(item, line + " ", add, default)
            before = "," + line + " "
        add(line + "}")
    elif kind is list or kind is tuple:
        if not value or _is_inline(value[0]):
            add(_node(value))
            return
        before = "[" + line + " "
        for item in value:
            add(before)
            _write(item, line + " ", add, default)
            before = "," + line + " "
        add(line + "]")
    elif value is None or isinstance(value, str | int | float):
        add(_node(value))
    else:
        _write(default(value), line, add, default)


def _is_inline(item: Any) -> bool:
    kind = item.get("t") if type(item) is dict else None
    return type(kind) is str and kind not in BLOCKS
