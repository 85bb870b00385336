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
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tiku import ledger
from tiku.errors import DocumentError
from tiku.exporters.apkg.models import models
from tiku.identity import Known, Memory, Prints
from tiku.plugins import need
from tiku.render.anki.foreign import form_of, places, usable
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
# No pattern here can run over what it has read before: fields come from strangers and may be long.
_OURS = re.compile(
    r'<span class="tk-letter">[^<]{0,200}</span>|<p class="tk-key">[^<]{0,500}</p>|<sup>\[\d{1,5}\]</sup>'
)
_FOOTNOTES = '<ol class="tk-footnotes"'
_PICTURE = re.compile(r'<img\b[^<>]*?\balt="([^"<>]*)"[^<>]*>')
_BREAK = re.compile(r"(?i)<br\b[^<>]*>|</(?:p|div|li|tr|h[1-6]|pre|td|th)>")
_TAG = re.compile(r"<[^<>]*>")
_FORMULA = re.compile(r"\\[()\[\]]")


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
                _only_tables(connection)
                connection.create_collation("unicase", lambda one, two: (one > two) - (one < two))
                return _read(connection)
        except (zipfile.BadZipFile, sqlite3.Error, OSError, EOFError, ValueError, KeyError, RuntimeError) as error:
            words = " ".join(str(error).split())[:100] or type(error).__name__
            raise DocumentError(f"cannot be read as an Anki package: {words}", file=str(path)) from error


def _only_tables(connection: sqlite3.Connection) -> None:
    """Raises ValueError when what should be a table is a view, which could compute for ever."""
    for name, kind in connection.execute("SELECT name, type FROM sqlite_master WHERE type IN ('view', 'trigger')"):
        raise ValueError(f"there is a {kind} in it: {name[:40]}")


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
    kinds = {
        number: model for number, model in models(connection).items() if number not in _CARD_TYPES and usable(model)
    }
    cards: dict[int, list[tuple[int, int, int]]] = {}
    for note, ordinal, due, deck in connection.execute("SELECT nid, ord, due, did FROM cards"):
        cards.setdefault(note, []).append((ordinal, due if isinstance(due, int) else 0, deck))
    found = []
    rows = connection.execute("SELECT id, guid, mid, mod, tags, flds FROM notes ORDER BY id")
    for number, guid, kind, modified, tags, text in rows:
        if not (isinstance(guid, str) and isinstance(text, str) and isinstance(number, int) and guid):
            continue
        fields = text.split("\x1f")
        shown = sorted(cards.get(number, [(0, 0, 0)]))
        content = content_hash(tuple(fields), tuple(sorted(str(tags or "").split())))
        if kind in _CARD_TYPES and len(fields) == len(field_names()):
            known = _ours(guid, fields, str(_CARD_TYPES[kind]))
        elif kind in kinds and len(fields) == len(kinds[kind]["flds"]):
            known = _foreign(guid, fields, kinds[kind], [card[0] for card in shown])
        else:  # a cloze of another program: under one name with a plain note, Anki would refuse the whole import
            continue
        deck = decks.get(shown[0][2], "")
        known = replace(known, created=number, modified=int(modified or 0), content=content, deck=deck)
        found.append((shown[0][1], number, known))
    found.sort(key=lambda item: item[:2])
    living = [known for _, _, known in found]
    here = {each.guid for each in living}
    gone = [each for each in _gone(ours.get("gone")) if each.guid not in here]
    used = {each.form.split(":")[1] for each in living if each.foreign}
    texts = {
        str(number): json.dumps(model, ensure_ascii=False) for number, model in kinds.items() if str(number) in used
    }
    return Memory(namespace if isinstance(namespace, str) else "", (*_in_order(living), *gone), texts)


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


def _ours(guid: str, fields: list[str], form: str) -> Known:
    value = dict(zip(field_names(), fields, strict=True))
    key = plain(value["Key"])
    prints = Prints(
        _print(value["Title"]),
        _print(value["Prompt"], value["Choices"]),
        _print(value["Answer"], value["Explanation"]),
    )
    label = _label(value["Number"], value["Title"] or value["Prompt"])
    return Known(guid, "" if key == guid else key, form=form, number=plain(value["Number"]), label=label, prints=prints)


def _foreign(guid: str, fields: list[str], model: dict[str, Any], cards: list[int]) -> Known:
    front, back = places(model)
    prints = Prints(prompt=_print(fields[front]), answer=_print(*fields))
    # Other fields stay what they are, unless they are parts of the question, which the back will tell.
    rest = tuple("" if place in {front, back} or len(plain(each)) > 40 else each for place, each in enumerate(fields))
    return Known(
        guid,
        form=form_of(int(model["id"]), cards),
        label=_label("", fields[front]),
        prints=prints,
        foreign=True,
        rest=rest,
    )


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


def _print(*fields: str) -> Fingerprint:
    return Fingerprint("".join(fold(plain(field)) for field in fields))


def _label(number: str, title: str) -> str:
    words = " ".join(plain(title).split())
    start = f"{plain(number)}. " if number else ""
    return start + (words if len(words) <= 80 else words[:79] + "…")


def plain(field: str) -> str:
    """What a reader reads of a field: as `markup.plain_text` tells it of the content that the field was made from."""
    text = _FORMULA.sub("", field.partition(_FOOTNOTES)[0])
    for opening, closing in (("<style", "</style>"), ("<script", "</script>"), ("<!--", "-->")):
        text = _without(text, opening, closing)
    text = _PICTURE.sub(r"\1", _OURS.sub("", text))
    return html.unescape(_TAG.sub("", _BREAK.sub("\n", text)))


def _without(text: str, opening: str, closing: str) -> str:
    """`text` without what stands between the two marks, to its end where the second is missing."""
    if opening not in text:
        return text
    out, place = [], 0
    while (start := text.find(opening, place)) >= 0:
        out.append(text[place:start])
        end = text.find(closing, start)
        if end < 0:
            return "".join(out)
        place = end + len(closing)
    return "".join(out) + text[place:]
