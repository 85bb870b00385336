"""From a bank to a package: notes, one after the other, into the database; database and pictures into a zip."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tiku import ledger
from tiku.exporters.apkg.collection import Collection
from tiku.exporters.apkg.container import pack
from tiku.identity import Memory, identify
from tiku.problems import Problem
from tiku.render.anki.fields import FieldWriter, neutral, prose
from tiku.render.anki.notes import NoteMaker, NoteOptions

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from tiku.exporters import ExportOptions
    from tiku.model import Bank


LARGE = 200_000_000
"""Bytes of a collection from which AnkiWeb's limit is near: https://docs.ankiweb.net/syncing.html."""


def export(bank: Bank, path: Path, options: ExportOptions) -> list[Problem]:
    """Write `bank` to the file `path`; return what could not be shown."""
    settings = dict(options.settings)
    kind = settings.pop("format", "legacy")
    identity = options.identity or identify(bank, None, options.time)
    maker = NoteMaker(bank, identity, NoteOptions(**settings))
    with Collection(path, options.time, maker.root, describe(bank)) as collection:
        for text in identity.kinds.values():
            collection.learn(json.loads(text))
        for note in maker.notes():
            collection.add(note)
        collection.extra = {"tiku": remembered(identity.memory())}
        database = collection.finish()
        if (size := len(database) if isinstance(database, bytes) else database.stat().st_size) > LARGE:
            text = f"the collection has {size // 1_000_000} MB; AnkiWeb takes 250 MB in all, so it may not synchronise"
            maker.problems.append(Problem("Q302", text))
        pack(path, database, maker.media, options.time, latest=kind == "latest")
    return maker.problems


def remembered(memory: Memory) -> dict[str, Any]:
    """What the notes themselves do not tell, so that the package can serve as the memory of the next build."""
    gone = Memory(known=tuple(each for each in memory.known if each.gone))
    return {"namespace": memory.namespace, "gone": [json.loads(line) for line in ledger.lines(gone)]}


def describe(bank: Bank) -> str:
    """The deck's description, as HTML: what the bank says of itself, and its authors."""
    writer = FieldWriter(lambda _: "")
    authors = f"<p>{neutral(prose(', '.join(bank.authors)))}</p>" if bank.authors else ""
    return writer.field(bank.description) + authors
