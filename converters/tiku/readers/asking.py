"""Does a text ask something? The words are in ``questions.toml``."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

_DECORATION = re.compile(r"^[\W_]+", re.UNICODE)
_MARKS = "*★☆⭐🌟👶🚀👍🔥🟢🟡🔴✅❓\ufe0f\u200d"
_TRAILING = re.compile(rf"[\s{_MARKS}]+$|\s*[(（\[][^()（）\[\]]{{0,20}}[)）\]]\s*$")
_CLOSING = frozenset(_MARKS + ")）]")
"""How a text ends that has something of the kind to be taken off."""


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files("tiku.readers").joinpath("questions.toml").read_text(encoding="utf-8"))


@cache
def _words() -> tuple[frozenset[str], tuple[str, ...], re.Pattern[str], tuple[str, ...]]:
    """First words, first characters of scripts without spaces, words inside, ends."""
    first: set[str] = set()
    heads: list[str] = []
    inside: list[str] = []
    last: list[str] = []
    for language, words in _table().items():
        if language == "cue":
            continue
        (heads.extend if language in {"zh", "ja", "ko"} else first.update)(words["first"])
        inside += words["inside"]
        last += words["last"]
    return frozenset(first), tuple(heads), re.compile("|".join(map(re.escape, inside))), tuple(dict.fromkeys(last))


@cache
def _cues() -> tuple[str, ...]:
    return tuple(_table()["cue"]["inside"])


def is_cue(text: str) -> bool:
    """Whether a title or file name says that its document holds questions."""
    folded = text.casefold()
    return any(word in folded for word in _cues())


@lru_cache(maxsize=4096)
def asks(text: str) -> bool:
    """Whether `text` reads like a question or a task."""
    first, heads, inside, last = _words()
    folded = text.casefold().strip()
    bare = _TRAILING.sub("", folded) if folded[-1:] in _CLOSING else folded
    if folded.endswith(last) or bare.endswith(last) or "?" in folded or "？" in folded or "؟" in folded:
        return True
    start = _DECORATION.sub("", folded)
    word = start.split(maxsplit=1)[0].rstrip(",:") if start.split() else ""
    return word in first or start.startswith(heads) or inside.search(folded) is not None
