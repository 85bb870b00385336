"""The JSON Schema of ``tiku.toml``, for editors: made from the table that the check goes by.

Draft 7, the newest that editors of TOML know. It cannot say whether a file is there, or is one of the right kind.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tiku.config.keys import BANK, BUILD, SIZE_PATTERN, TABLES, Key, Kind, shown
from tiku.exporters import EXPORTERS
from tiku.readers import READERS
from tiku.readers.labels import ROLES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tiku.exporters import Option


def text(*, plugins: bool = True) -> str:
    """The schema as JSON; with `plugins`, those that are installed here are known in it, too."""
    formats = EXPORTERS.names() if plugins else list(EXPORTERS.builtin)
    readers = READERS.names() if plugins else list(READERS.builtin)
    return json.dumps(_schema(formats, readers), ensure_ascii=False, indent=1) + "\n"


def _schema(formats: list[str], readers: list[str]) -> dict[str, Any]:
    names = {"formats": formats, "from": readers}
    settings = _table((name, {"$ref": f"#/definitions/{name}"}) for name in formats)
    build, bank = ([(key.name, _key(key, names.get(key.name, []))) for key in keys] for keys in (BUILD, BANK))
    reference = {name: {"$ref": f"#/definitions/{name}"} for name in ("set", "labels")}
    profile = {"type": "object", "additionalProperties": _table([*build, ("set", reference["set"])])}
    tables = {
        "build": _table(build),
        "bank": {"type": "array", "minItems": 1, "items": _table([*bank, *reference.items()], "source")},
        **reference,
        "profile": profile,
    }
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "tiku.toml",
        "description": "the banks of a build and what is made of each",
        **_table(((name, {"description": TABLES[name], **table}) for name, table in tables.items()), "bank"),
        "definitions": {
            "set": settings,
            "labels": _table((role, _key(Key(role, Kind.TEXTS, f"words that begin the {role}"), [])) for role in ROLES),
            **{name: _table(map(_option, EXPORTERS.load(name).options)) for name in formats},
        },
    }


def _table(properties: Iterable[tuple[str, Any]], *required: str) -> dict[str, Any]:
    table = {"type": "object", "additionalProperties": False, "properties": dict(properties)}
    return {**table, "required": list(required)} if required else table


def _key(key: Key, names: list[str]) -> dict[str, Any]:
    choices = list(key.choices) or names
    word: dict[str, Any] = {"type": "string"}
    if choices:
        # an empty text is none: so can a bank undo what [build] says
        word["enum"] = choices if key.kind is Kind.TEXTS else ["", *choices]
    some = {"minItems": 1} if key.filled else {}
    kinds: dict[Kind, dict[str, Any]] = {
        Kind.TEXT: word,
        Kind.TEXTS: {"anyOf": [word, {"type": "array", "items": word, **some}]},
        Kind.FLAG: {"type": "boolean"},
        Kind.WHOLE: {"type": "integer", "minimum": 0},
        Kind.SIZE: {"type": "string", "pattern": SIZE_PATTERN},
        Kind.STORE: {"anyOf": [{"type": "boolean"}, {"type": "string", "minLength": 1}]},
    }
    return {"description": f"{key.summary} (default: {shown(key)})", **kinds[key.kind]}


def _option(option: Option) -> tuple[str, dict[str, Any]]:
    kind = {bool: "boolean", int: "integer", str: "string"}[type(option.default)]
    choices = {"enum": list(option.choices)} if option.choices else {}
    limits = {"minimum": option.least, "maximum": option.most}
    limits = {name: limit for name, limit in limits.items() if limit is not None}
    return option.name, {"description": option.summary, "type": kind, **choices, **limits, "default": option.default}
