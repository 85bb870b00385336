"""Front matter: cut off before pandoc sees it, parsed by a safe loader with limits.

pandoc would abort the whole document for `title: a: b`, run Markdown over the values, and take minutes over a few
hundred bytes of YAML aliases.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from tiku.problems import Problem

_FENCE = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_KEY = r"^[\w一-鿿-]+[ \t]*:"
MAX_BYTES = 64_000
MAX_DEPTH = 10


def split(text: str, file: str) -> tuple[dict[str, Any], str, list[Problem]]:
    """The front matter of `text` as a mapping, the text with it blanked, and complaints.

    The front matter's lines become empty lines, so that line numbers stay true.
    """
    found = _FENCE.match(text)
    if not found or not re.search(_KEY, found[1], re.MULTILINE):
        return {}, text, []
    body = "\n" * found[0].count("\n") + text[found.end() :]
    try:
        return _parse(found[1]), body, []
    except ValueError as error:
        return {}, body, [Problem("Q105", f"front matter left out: {error}", file, 1)]


def _parse(text: str) -> dict[str, Any]:
    import yaml

    if len(text) > MAX_BYTES:
        raise ValueError(f"it is longer than {MAX_BYTES} characters")
    try:
        depth = 0
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise ValueError("it uses a YAML alias")  # noqa: TRY004 - a fault of the text
            depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
            if depth > MAX_DEPTH:
                raise ValueError(f"it is nested deeper than {MAX_DEPTH} levels")
        data = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f" in its line {mark.line + 1}" if mark else ""
        raise ValueError(f"{getattr(error, 'problem', None) or 'not YAML'}{place}") from error
    if not isinstance(data, dict):
        raise ValueError("it is no list of 'key: value' lines")  # noqa: TRY004 - a fault of the text
    return {str(key).casefold(): value for key, value in data.items()}


def text_of(value: Any) -> str:
    """A scalar of the front matter as one line of text."""
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.date):
        return value.isoformat()
    return " ".join(str(value).split())


def texts_of(value: Any) -> tuple[str, ...]:
    """A scalar or a list of scalars (``author: [Li, Wang]``, ``tags: a, b``) as texts."""
    items = value if isinstance(value, list) else re.split(r"[,，;；]", value) if isinstance(value, str) else [value]
    return tuple(text for item in items if (text := text_of(item)))
