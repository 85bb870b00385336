"""Twenty generations of a bank that people edit, each imported into one collection of the real Anki."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from anki_judge import Anki, anki
from test_identity_fuzz import Author, Item, bank_of
from tiku import ledger
from tiku.exporters import options_for
from tiku.exporters.apkg import exporter
from tiku.identity import Memory, identify
from tiku.render.anki.notetypes import field_names

if TYPE_CHECKING:
    from pathlib import Path

TITLE, ANSWER = field_names().index("Title"), field_names().index("Answer")
DAY = 86_400


def build(items: list[Item], memory: Memory | None, now: int, target: Path) -> Memory:
    bank = bank_of(items)
    identity = identify(bank, memory, now)
    exporter.export(bank, target, replace(options_for(exporter, time=now), identity=identity))
    return identity.memory()


def fold(html: str) -> str:
    import html as entities

    return re.sub(r"\s+|<[^>]*>", "", entities.unescape(html))


def shown(judge: Anki) -> dict[str, tuple[int, str, str]]:
    """Each note's id, title and answer, by its GUID."""
    rows = judge.collection.db.all("select guid, id, flds from notes")
    split = [(guid, number, text.split("\x1f")) for guid, number, text in rows]
    return {guid: (number, fold(fields[TITLE]), fold(fields[ANSWER])) for guid, number, fields in split}


@pytest.mark.tools
@pytest.mark.parametrize("seed", range(6))
def test_every_note_stays_with_its_question(seed: int, tmp_path: Path) -> None:
    """Odd seeds remember by the deck alone, even ones by a ledger, read back from its text each time."""
    author = Author(seed, chinese=seed % 3 != 0)
    items = [author.new() for _ in range(200)]
    deck = tmp_path / "deck.apkg"
    home: dict[int, int] = {}  # uid -> note id
    due = carried = 0
    wrong: list[str] = []
    memory: Memory | None = None
    with anki(tmp_path / "collection") as judge:
        for generation in range(20):
            if generation and seed % 2:
                memory = exporter.remember(deck)
            memory = build(items, memory, 1_700_000_000 + generation * DAY, deck)
            text = ledger.dumps(memory)
            memory = ledger.loads(text)
            judge.take(deck)
            notes = shown(judge)
            owner = {note: uid for uid, note in home.items()}
            names = [known.guid for known in memory.known if not known.gone]
            for item, guid in zip(items, names, strict=True):
                note, title, answer = notes[guid]
                assert title == fold(item.title), "an update did not arrive"
                assert answer == fold("".join(item.answer)), "an update did not arrive"
                if owner.get(note, item.uid) != item.uid:
                    wrong.append(f"generation {generation}: the note of {owner[note]} went to {item.uid}")
                if item.uid in home:
                    due += 1
                    carried += home[item.uid] == note
                home[item.uid] = note
            items = author.generation(items)
        assert judge.check() == ""
    assert wrong == []
    assert carried / due >= 0.999
