"""Source code into coloured words, by Pygments; what a class looks like is each output's business."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

# Pygments' token types, from the particular to the general, and the few classes our styles know.
_CLASSES = (
    ("Token.Comment", "cm"), ("Token.Keyword", "kw"), ("Token.Literal.String", "st"), ("Token.Literal.Number", "nu"),
    ("Token.Name.Function", "fn"), ("Token.Name.Class", "fn"), ("Token.Name.Builtin", "bi"),
    ("Token.Name.Decorator", "bi"), ("Token.Name.Tag", "kw"), ("Token.Name.Attribute", "bi"),
    ("Token.Operator.Word", "kw"), ("Token.Generic.Deleted", "nu"), ("Token.Generic.Inserted", "st"),
)  # fmt: skip
CLASSES = ("bi", "cm", "fn", "kw", "nu", "st")
"""Built-in name, comment, function or class name, keyword, number, string."""
LONGEST = 50_000
"""Longer code is not highlighted: some lexers are slow on hostile text."""


@lru_cache(maxsize=64)  # a hostile document can name any number of languages
def _lexer(language: str) -> Any:
    from pygments.lexers import get_lexer_by_name
    from pygments.util import ClassNotFound

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


@cache
def _class_of(token: Any) -> str:
    name = str(token)
    return next((value for prefix, value in _CLASSES if name == prefix or name.startswith(prefix + ".")), "")


def highlight(code: str, language: str) -> list[tuple[str, str]]:
    """`code` as pieces ``(class, text)``, class one of CLASSES or empty; the texts joined are `code`.

    A language that Pygments does not know gives one plain piece.
    """
    lexer = _lexer(language.lower()) if language and len(code) <= LONGEST else None
    if lexer is None:
        return [("", code)]
    out: list[tuple[str, str]] = []
    for token, text in lexer.get_tokens(code):
        name = _class_of(token)
        if out and out[-1][0] == name:
            out[-1] = (name, out[-1][1] + text)
        else:
            out.append((name, text))
    return out if "".join(text for _, text in out) == code else [("", code)]
