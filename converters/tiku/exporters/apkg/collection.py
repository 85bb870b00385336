"""The database of a package: Anki's collection, schema 11.

A small one is made in memory, a larger one in a file, so that memory does not grow with it. Either way its bytes are
the same. Rows and JSON keys follow what Anki itself exports with "support older Anki versions".
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
import sqlite3
from functools import cache
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Self

from tiku.render.anki.notetypes import field_names, note_types

if TYPE_CHECKING:
    from types import TracebackType

    from tiku.render.anki.notes import Note
    from tiku.render.anki.notetypes import NoteType

BATCH = 1000
SMALL = 200 if hasattr(sqlite3.Connection, "serialize") else 0
"""Notes up to which a database is made in memory, where this SQLite can tell the bytes of one."""
_TAGS = re.compile(r"<[^>]*>")
# The header of a database file counts its changes and names the library that wrote it: neither is our content.
# https://www.sqlite.org/fileformat2.html#the_database_header
_HEADER = ((24, b"\x00\x00\x00\x01"), (92, b"\x00\x00\x00\x01"), (96, b"\x00\x2d\xe6\x00"))


class Collection:
    """One database being written; a context manager, at whose end it is gone.

    `target` is the file it is made for: where it has to be a file itself, it lies in the same folder. `time` is in
    seconds since 1970; `root` is the deck that holds all others, `description` its HTML.
    """

    def __init__(self, target: Path, time: int, root: str, description: str) -> None:
        self.target = target
        self.time = time
        self.root = root
        self.description = description
        self.extra: dict[str, Any] = {}
        """Goes into the collection's settings, where Anki leaves it alone and `earlier.py` finds it."""
        self._decks: dict[str, int] = {}
        self._models = dict(_our_models())
        self._sort = {number: field_names().index("Number") for number in self._models}
        self._notes: list[tuple[Any, ...]] = []
        self._cards: list[tuple[Any, ...]] = []
        self._later: list[tuple[Any, ...]] = []
        self._has_later = False
        self._position = 0
        self._folder: TemporaryDirectory[str] | None = None
        self._database: sqlite3.Connection | None = None

    def __enter__(self) -> Self:
        self._deck(self.root)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._database:
            self._database.close()
        if self._folder:
            self._folder.cleanup()

    def finish(self) -> bytes | Path:
        """The database, whole: its bytes, or the file that holds them until the collection is left."""
        database = self._flush(small=self._position <= SMALL)
        if self._has_later:
            database.execute("INSERT INTO cards SELECT * FROM later ORDER BY rowid")
        database.execute("INSERT INTO col VALUES (1, ?, ?, ?, 11, 0, 0, 0, ?, ?, ?, ?, '{}')", self._head())
        database.execute("COMMIT")
        database.executescript(_sql("indexes.sql"))
        if not self._folder:
            content = bytearray(database.serialize())
            for place, value in _HEADER:
                content[place : place + len(value)] = value
            return bytes(content)
        database.close()
        path = self._file()
        with path.open("r+b") as file:
            for place, value in _HEADER:
                file.seek(place)
                file.write(value)
        return path

    def _file(self) -> Path:
        # Beside the output: it fits there if the output does, and a small /tmp in memory does not matter.
        if not self._folder:
            self._folder = TemporaryDirectory(prefix=f".{self.target.name[:60]}.", dir=self.target.parent)
        return Path(self._folder.name) / "collection"

    def add(self, note: Note) -> None:
        """Store one note and its cards; new cards come up in the order of the calls."""
        deck = self._deck(note.deck)
        sort = _TAGS.sub("", note.fields[self._sort[note.kind]])
        tags = f" {' '.join(note.tags)} " if note.tags else ""
        number = int(sort) if sort.isascii() and sort.isdigit() and len(sort) < 18 else sort
        self._notes.append(
            (note.id, note.guid, note.kind, note.modified, -1, tags, "\x1f".join(note.fields),
             number, _checksum(note.fields[0]), 0, "")
        )  # fmt: skip
        self._position += 1
        for ordinal in note.cards:
            # The first card has its note's id; the others get theirs when all first ones have come.
            first = ordinal == note.cards[0]
            (self._cards if first else self._later).append(
                (note.id if first else None, note.id, deck, ordinal, note.modified, -1, 0, 0, self._position,
                 0, 0, 0, 0, 0, 0, 0, 0, "{}")
            )  # fmt: skip
        if len(self._notes) >= BATCH:
            self._flush(small=False)

    def learn(self, model: dict[str, Any]) -> None:
        """Take in a note type of another program, as it is: its time too, so that no learner's copy changes."""
        self._models[model["id"]] = _json(model)
        place = model.get("sortf", 0)
        self._sort[model["id"]] = place if isinstance(place, int) and 0 <= place < len(model["flds"]) else 0

    def _flush(self, *, small: bool) -> sqlite3.Connection:
        """Store what has come, in the database there is, else in a new one."""
        if self._database is None:
            self._database = _empty(":memory:" if small else str(self._file()))
        database = self._database
        database.executemany("INSERT INTO notes VALUES (?,?,?,?,?,?,?,?,?,?,?)", self._notes)
        database.executemany("INSERT INTO cards VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", self._cards)
        if self._later:
            database.execute("CREATE TEMP TABLE IF NOT EXISTS later AS SELECT * FROM cards WHERE 0")
            database.executemany("INSERT INTO later VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", self._later)
            self._has_later = True
        self._notes.clear()
        self._cards.clear()
        self._later.clear()
        return database

    def _deck(self, name: str) -> int:
        """The id of the deck called `name`; its parents come to be with it. Anki goes by the name alone."""
        if name not in self._decks:
            if "::" in name:
                self._deck(name.rpartition("::")[0])
            number = 1_400_000_000_000 + int(hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:9], 16)
            while number in self._decks.values():
                number += 1
            self._decks[name] = number
        return self._decks[name]

    def _head(self) -> tuple[Any, ...]:
        """The one row of ``col`` but for its constants."""
        decks = {"1": _deck_json(1, "Default", "", 0)}
        for name, number in self._decks.items():
            decks[str(number)] = _deck_json(number, name, self.description if name == self.root else "", self.time)
        models = ",".join(f'"{number}":{model}' for number, model in self._models.items())
        conf = {"curDeck": self._decks[self.root], "activeDecks": [self._decks[self.root]], "curModel": None,
                "nextPos": self._position + 1, "estTimes": True, "dueCounts": True, "sortType": "noteFld",
                "sortBackwards": False, "addToCur": True, "timeLim": 0, "newSpread": 0, "collapseTime": 1200,
                "schedVer": 2, "sched2021": True, "dayLearnFirst": False, "creationOffset": 0,
                **self.extra}  # fmt: skip
        day = self.time - self.time % 86_400
        millis = self.time * 1000
        return day, millis, millis, _json(conf), f"{{{models}}}", _json(decks), _preset()


_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _empty(place: str) -> sqlite3.Connection:
    """A new collection in the file `place` or in memory, in a transaction."""
    database = sqlite3.connect(place, isolation_level=None)
    if place == ":memory:":
        database.deserialize(_image())
    else:
        _lay_out(database)
    database.execute("BEGIN")
    return database


def _lay_out(database: sqlite3.Connection) -> None:
    # The file is ours alone and thrown away on failure: no journal, no waiting for the disk.
    database.executescript(
        "PRAGMA page_size = 4096; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA encoding = 'UTF-8';"
    )
    database.executescript(_sql("schema.sql"))


@cache
def _image() -> bytes:
    """A collection with its tables and nothing in them: a tenth of the time of creating these."""
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
        _lay_out(database)
        return database.serialize()


@cache
def _sql(name: str) -> str:
    return files("tiku").joinpath("exporters", "apkg", name).read_text(encoding="utf-8")


def _checksum(first: str) -> int:
    """What Anki finds duplicates of first fields by: the first 32 bits of the SHA-1 of their text."""
    return int(hashlib.sha1(_TAGS.sub("", first).encode("utf-8", "replace")).hexdigest()[:8], 16)  # noqa: S324


@cache
def _our_models() -> dict[int, str]:
    """Our note types as JSON, by their ids."""
    return {each.id: _json(_type_json(each)) for each in note_types().values()}


def _type_json(kind: NoteType) -> dict[str, Any]:
    return {
        "id": kind.id, "name": kind.name, "type": int(kind.cloze), "mod": kind.modified, "usn": -1,
        "sortf": field_names().index("Number"), "did": None,
        "tmpls": [
            {"name": each.name, "ord": ordinal, "qfmt": each.front, "afmt": each.back, "bqfmt": "", "bafmt": "",
             "did": None, "bfont": "", "bsize": 0, "id": each.id}
            for ordinal, each in enumerate(kind.templates)
        ],
        "flds": [
            {"name": each.name, "ord": ordinal, "sticky": False, "rtl": False, "font": "Arial", "size": 20,
             "description": "", "plainText": False, "collapsed": not each.shown, "excludeFromSearch": False,
             "id": each.id, "tag": None, "preventDeletion": False}
            for ordinal, each in enumerate(kind.fields)
        ],
        "css": kind.css, "latexPre": "\\documentclass[12pt]{article}\n\\begin{document}\n",
        "latexPost": "\\end{document}", "latexsvg": False, "req": [],
    }  # fmt: skip


def _deck_json(number: int, name: str, description: str, time: int) -> dict[str, Any]:
    return {
        "id": number, "name": name, "mod": time, "usn": -1 if time else 0, "desc": description, "dyn": 0, "conf": 1,
        "collapsed": False, "browserCollapsed": True, "extendNew": 0, "extendRev": 0,
        "lrnToday": [0, 0], "revToday": [0, 0], "newToday": [0, 0], "timeToday": [0, 0],
    }  # fmt: skip


_PRESET = {
    "id": 1, "name": "Default", "mod": 0, "usn": 0, "maxTaken": 60, "autoplay": True, "timer": 0, "replayq": True,
    "dyn": False,
    "new": {"bury": False, "delays": [1.0, 10.0], "initialFactor": 2500, "ints": [1, 4, 0], "order": 1, "perDay": 20},
    "rev": {"bury": False, "ease4": 1.3, "ivlFct": 1.0, "maxIvl": 36500, "perDay": 200, "hardFactor": 1.2},
    "lapse": {"delays": [10.0], "leechAction": 1, "leechFails": 8, "minInt": 1, "mult": 0.0},
}  # fmt: skip


@cache
def _preset() -> str:
    return _json({"1": _PRESET})
