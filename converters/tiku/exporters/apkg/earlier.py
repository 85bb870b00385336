"""What an earlier package knows of its questions: ours, one exported from Anki, or another program's.

Packages come from anywhere, so they are read with limits; the database is opened read-only, and nothing in its
schema is trusted. Forms: schema 11 (``collection.anki2``, ``collection.anki21``), and schema 18 in Zstandard
(``collection.anki21b``).
"""

from __future__ import annotations

import contextlib
import html
import json
import re
import sqlite3
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tiku import ledger
from tiku.errors import DocumentError
from tiku.identity import Known, Memory, Prints
from tiku.plugins import need
from tiku.render.anki.notes import content_hash
from tiku.render.anki.notetypes import field_names, note_types
from tiku.sketches import Fingerprint, fold

if TYPE_CHECKING:
    from collections.abc import Iterator

MOST_BYTES = 4_000_000_000
"""Largest database that is unpacked."""
CHUNK = 1 << 20
_NAMES = ("collection.anki21b", "collection.anki21", "collection.anki2")
_CARD_TYPES = {kind.id: form for form, kind in note_types().items()}
_HIDDEN = re.compile(
    r"(?s)<(style|script)\b.*?</\1>|<!--.*?-->|<span class=\"tk-letter\">.*?</span>|<p class=\"tk-key\">.*?</p>"
    r"|<sup>\[\d+\]</sup>|<ol class=\"tk-footnotes\".*?</ol>"
)
_PICTURE = re.compile(r'<img\b[^>]*?\balt="([^"]*)"[^>]*>')
_BREAK = re.compile(r"(?i)<br\b[^>]*>|</(?:p|div|li|tr|h[1-6]|pre|td|th)>")
_TAG = re.compile(r"<[^>]*>")
_FORMULA = re.compile(r"\\[()\[\]]")
_CLOZE = re.compile(r"\{\{c\d+::(.*?)(?:::[^}]*)?\}\}", re.DOTALL)


def remember(path: Path) -> Memory:
    """What the package at `path` knows.

    Raises DocumentError when it is no package that can be read, SetupError when it needs Zstandard and there is none.
    """
    with TemporaryDirectory(prefix="tiku-") as folder:
        database = Path(folder) / "collection"
        try:
            _unpack(path, database)
            with contextlib.closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
                connection.execute("PRAGMA trusted_schema = OFF")
                connection.create_collation("unicase", lambda one, two: (one > two) - (one < two))
                return _read(connection)
        except (zipfile.BadZipFile, sqlite3.Error, OSError, EOFError, ValueError, KeyError, RuntimeError) as error:
            words = " ".join(str(error).split())[:100] or type(error).__name__
            raise DocumentError(f"cannot be read as an Anki package: {words}", file=str(path)) from error


def _unpack(path: Path, target: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        name = next((each for each in _NAMES if each in names), "")
        if not name:
            raise ValueError("there is no collection in it")
        with archive.open(name) as packed, target.open("wb") as out:
            source: Any = packed
            if name.endswith("b"):
                library = need("reading this Anki package", "zstandard", "anki")
                source = library.ZstdDecompressor(max_window_size=1 << 27).stream_reader(packed)
            size = 0
            try:
                while piece := source.read(CHUNK):
                    size += len(piece)
                    if size > MOST_BYTES:
                        raise ValueError("its database is too large")
                    out.write(piece)
            except Exception as error:  # the library's own kinds of error are not ours to import
                raise ValueError(str(error)) from error


def _read(connection: sqlite3.Connection) -> Memory:
    conf, decks = _head(connection)
    ours = conf.get("tiku", {}) if isinstance(conf.get("tiku", {}), dict) else {}
    namespace = ours.get("namespace", "")
    clozes = _foreign_clozes(connection)
    first: dict[int, tuple[int, int]] = {}
    for note, due, deck in connection.execute("SELECT nid, min(due), did FROM cards GROUP BY nid"):
        first[note] = (due if isinstance(due, int) else 0, deck)
    known = []
    rows = connection.execute("SELECT id, guid, mid, mod, tags, flds FROM notes ORDER BY id")
    for number, guid, kind, modified, tags, fields in rows:
        if not (isinstance(guid, str) and isinstance(fields, str) and isinstance(number, int) and guid):
            continue
        if kind in clozes:  # under one name with a plain note, Anki would refuse the whole import
            continue
        due, deck = first.get(number, (0, 0))
        made = _known(guid, number, int(modified or 0), str(tags or "").split(), fields.split("\x1f"), kind)
        known.append((due, number, made, decks.get(deck, "")))
    known.sort(key=lambda item: (item[0], item[1]))
    # A learner who has studied a card has given it another due: then the numbers tell the order better.
    living = [_at(made, deck) for _, _, made, deck in known]
    here = {each.guid for each in living}
    gone = [each for each in _gone(ours.get("gone")) if each.guid not in here]
    return Memory(namespace if isinstance(namespace, str) else "", (*_in_order(living), *gone))


def _head(connection: sqlite3.Connection) -> tuple[dict[str, Any], dict[int, str]]:
    """The collection's settings, and its decks' names by id."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    conf, decks = connection.execute("SELECT conf, decks FROM col").fetchone()
    settings = json.loads(conf) if isinstance(conf, str) and conf else {}
    if "decks" in tables:  # schema 18, where \x1f parts the names
        named = {
            int(number): str(name).replace("\x1f", "::")
            for number, name in connection.execute("SELECT id, name FROM decks")
        }
    else:
        named = {int(number): str(each.get("name", "")) for number, each in json.loads(decks).items()}
    return settings if isinstance(settings, dict) else {}, named


def _foreign_clozes(connection: sqlite3.Connection) -> set[int]:
    """The ids of the cloze note types that are not ours."""
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "notetypes" in tables:  # schema 18: a protobuf message that begins with kind = 1
        rows = connection.execute("SELECT id, config FROM notetypes")
        found = {number for number, config in rows if bytes(config or b"")[:2] == b"\x08\x01"}
    else:
        models = json.loads(connection.execute("SELECT models FROM col").fetchone()[0])
        found = {int(number) for number, model in models.items() if model.get("type") == 1}
    return found - set(_CARD_TYPES)


def _known(guid: str, number: int, modified: int, tags: list[str], fields: list[str], kind: Any) -> Known:
    names = field_names()
    if kind in _CARD_TYPES and len(fields) == len(names):
        value = dict(zip(names, fields, strict=True))
        prompt = value["Prompt"] + "<br>" + value["Choices"]
        prints = Prints(_print(value["Title"]), _print(prompt), _print(value["Answer"] + "<br>" + value["Explanation"]))
        key, label = plain(value["Key"]), _label(value["Number"], value["Title"] or value["Prompt"])
        return Known(
            guid, "" if key == guid else key, number, modified, content_hash(tuple(fields), tuple(sorted(tags))),
            str(_CARD_TYPES[kind]), "", plain(value["Number"]), label, prints,
        )  # fmt: skip
    whole = fold(plain(" ".join(fields)))
    prints = Prints(prompt=_print(fields[0]), answer=Fingerprint(whole))
    return Known(guid, "", number, modified, label=_label("", fields[0]), prints=prints, foreign=True)


def _at(known: Known, deck: str) -> Known:
    from dataclasses import replace

    return replace(known, deck=deck)


def _in_order(living: list[Known]) -> list[Known]:
    """By typed numbers where they rise in most of the bank, else as they come up in Anki."""
    numbers = [int(each.number) for each in living if each.number.isdigit()]
    if len(numbers) == len(living) and len(set(numbers)) == len(numbers):
        return sorted(living, key=lambda each: int(each.number))
    return living


def _gone(rows: Any) -> Iterator[Known]:
    for row in rows if isinstance(rows, list) else ():
        with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError):
            yield ledger.known_from(row)


def _print(field: str) -> Fingerprint:
    return Fingerprint(fold(plain(field)))


def _label(number: str, title: str) -> str:
    words = " ".join(plain(title).split())
    start = f"{plain(number)}. " if number else ""
    return start + (words if len(words) <= 80 else words[:79] + "…")


def plain(field: str) -> str:
    """What a reader reads of a field: as `markup.plain_text` tells it of the content that the field was made from."""
    text = _FORMULA.sub("", field)
    text = _PICTURE.sub(r"\1", _HIDDEN.sub("", _CLOZE.sub(r"\1", text)))
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", text)))
