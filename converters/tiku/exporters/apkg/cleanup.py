"""A package of tombstones: the notes of removed questions, emptied, so that Anki offers them for deletion.

An import never deletes. A tombstone has the removed question's name and no card that shows anything; after its import
Anki's own Tools > Empty Cards lists the note. It is a package of its own, as a new learner has no use for it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tiku.exporters.apkg.collection import Collection
from tiku.exporters.apkg.container import pack
from tiku.model import Question
from tiku.render.anki.fields import neutral, prose
from tiku.render.anki.notes import Note, content_hash, deck_name
from tiku.render.anki.notetypes import Form, field_names, note_types

if TYPE_CHECKING:
    from pathlib import Path

    from tiku.identity import Identity, Known
    from tiku.model import Bank


def buried(identity: Identity) -> list[Known]:
    """The removed questions whose notes a learner may have, with the time at which their tombstones were set."""
    out = []
    for known in (*identity.removed, *identity.gone):
        if known.form in set(Form) and not known.foreign:
            fields, _ = _fields(known)
            content = content_hash(fields, ())
            modified = known.modified if known.content == content else max(identity.now, known.modified + 1)
            out.append(replace(known, content=content, modified=modified, gone=True))
    return out


def bury(bank: Bank, path: Path, identity: Identity, time: int) -> int:
    """Write the tombstones of all that `bank` no longer has to `path`; return how many. With none, nothing is written.

    `identity` remembers them: should a question come back, its note is above its tombstone.
    """
    stones = buried(identity)
    if not stones:
        return 0
    with Collection(path, time, deck_name(bank.title) or "tiku", "") as collection:
        for known in stones:
            fields, form = _fields(known)
            kind = note_types()[form].id
            collection.add(
                Note(
                    Question(known.guid),
                    known.guid,
                    known.created,
                    known.modified,
                    kind,
                    fields,
                    (),
                    collection.root,
                    (),
                )
            )
        pack(path, collection.finish(), {}, time)
    names = {each.guid: each for each in stones}
    identity.removed = tuple(names.get(each.guid, each) for each in identity.removed)
    identity.gone = tuple(names.get(each.guid, each) for each in identity.gone)
    return len(stones)


def _fields(known: Known) -> tuple[tuple[str, ...], Form]:
    values = {"Key": neutral(prose(known.key or known.guid)), "Title": neutral(prose(known.label)), "Removed": "1"}
    return tuple(values.get(name, "") for name in field_names()), Form(known.form)
