"""The note types in a collection, as schema 11's JSON, whether they stand there so or in schema 18's tables.

Schema 18 keeps their settings as protobuf messages; the numbers of the fields are seen in collections that Anki wrote.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3


def models(connection: sqlite3.Connection) -> dict[int, dict[str, Any]]:
    """All note types by id. Raises ValueError for a message that is cut off."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "notetypes" not in tables:
        data = json.loads(connection.execute("SELECT models FROM col").fetchone()[0])
        return {int(number): {**model, "id": int(number)} for number, model in data.items() if isinstance(model, dict)}
    return {
        number: _model(connection, number, name, modified, _message(config))
        for number, name, modified, config in connection.execute("SELECT id, name, mtime_secs, config FROM notetypes")
    }


def _model(
    connection: sqlite3.Connection, number: int, name: str, modified: int, config: dict[int, Any]
) -> dict[str, Any]:
    fields = connection.execute("SELECT ord, name, config FROM fields WHERE ntid = ? ORDER BY ord", (number,))
    templates = connection.execute("SELECT ord, name, config FROM templates WHERE ntid = ? ORDER BY ord", (number,))
    return {
        "id": number, "name": name, "type": config.get(1, 0), "mod": modified, "usn": -1, "sortf": config.get(2, 0),
        "did": None,
        "flds": [_field(place, each, _message(data)) for place, each, data in fields],
        "tmpls": [_template(place, each, _message(data)) for place, each, data in templates],
        "css": _text(config, 3), "latexPre": _text(config, 5), "latexPost": _text(config, 6),
        "latexsvg": bool(config.get(7, 0)), "req": [],
    }  # fmt: skip


def _field(place: int, name: str, config: dict[int, Any]) -> dict[str, Any]:
    return {
        "name": name, "ord": place, "sticky": bool(config.get(1)), "rtl": bool(config.get(2)),
        "font": _text(config, 3) or "Arial", "size": config.get(4, 20), "description": _text(config, 5),
        "plainText": bool(config.get(6)), "collapsed": bool(config.get(7)), "excludeFromSearch": bool(config.get(8)),
        "id": _signed(config.get(9)), "tag": None, "preventDeletion": False,
    }  # fmt: skip


def _template(place: int, name: str, config: dict[int, Any]) -> dict[str, Any]:
    return {
        "name": name, "ord": place, "qfmt": _text(config, 1), "afmt": _text(config, 2), "bqfmt": _text(config, 3),
        "bafmt": _text(config, 4), "did": None, "bfont": "", "bsize": 0, "id": _signed(config.get(8)),
    }  # fmt: skip


def _text(config: dict[int, Any], number: int) -> str:
    value = config.get(number, b"")
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def _signed(value: Any) -> int | None:
    """An id as JSON has it: 64 bits with a sign."""
    return (value - (1 << 64) if value >> 63 else value) if isinstance(value, int) else None


def _message(data: bytes) -> dict[int, Any]:
    """The last value of each field: numbers and bytes (https://protobuf.dev/programming-guides/encoding/)."""
    out: dict[int, Any] = {}
    place = 0

    def number() -> int:
        nonlocal place
        value = shift = 0
        while True:
            if place >= len(data) or shift > 63:
                raise ValueError("a note type is cut off")
            byte = data[place]
            place += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                return value

    while place < len(data):
        tag = number()
        wire = tag & 7
        if wire == 0:
            out[tag >> 3] = number()
            continue
        size = number() if wire == 2 else 8 if wire == 1 else 4
        out[tag >> 3] = data[place : place + size]
        place += size
    return out
