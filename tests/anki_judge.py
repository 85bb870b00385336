"""The real Anki engine as a judge: collections made, decks imported, cards studied and read back."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass(frozen=True)
class Imported:
    """How many notes an import added, updated, found unchanged, and could not reconcile."""

    new: int
    updated: int
    same: int
    conflicting: int


class Anki:
    """One collection. Needs the package `anki`: a missing judge fails the test, it does not skip it."""

    def __init__(self, folder: Path) -> None:
        from anki.collection import Collection

        folder.mkdir(parents=True, exist_ok=True)
        self.collection: Any = Collection(str(folder / "collection.anki2"))

    def close(self) -> None:
        self.collection.close()

    def take(self, deck: Path, *, merge: bool = False) -> Imported:
        """Import with the dialog's default options, but for "merge note types"."""
        from anki.collection import ImportAnkiPackageOptions, ImportAnkiPackageRequest

        options = ImportAnkiPackageOptions(merge_notetypes=merge)
        log = self.collection.import_anki_package(ImportAnkiPackageRequest(package_path=str(deck), options=options)).log
        return Imported(len(log.new), len(log.updated), len(log.duplicate), len(log.conflicting))

    def notes(self) -> list[Any]:
        """All notes, in the order of their first card."""
        ids = self.collection.db.list("select nid from cards group by nid order by min(due), nid")
        return [self.collection.get_note(each) for each in ids]

    def sides(self, note: Any, card: int = 0) -> tuple[str, str]:
        """Both sides of a card of `note`, as HTML."""
        shown = note.cards()[card].render_output()
        return shown.question_text, shown.answer_text

    def study(self) -> dict[int, Any]:
        """Answer every card once; return what is known of each then, by card id."""
        from anki.scheduler.v3 import CardAnswer

        col = self.collection
        for deck in col.decks.all_names_and_ids():
            config = col.decks.config_dict_for_deck_id(deck.id)
            config["new"]["perDay"] = 9999
            col.decks.update_config(config)
        for deck in col.decks.all_names_and_ids():
            col.decks.select(deck.id)
            for _ in range(10_000):
                queued = col.sched.get_queued_cards(fetch_limit=1).cards
                if not queued:
                    break
                first = queued[0]
                card = col.get_card(first.card.id)
                card.start_timer()
                answer = col.sched.build_answer(card=card, states=first.states, rating=CardAnswer.EASY)
                col.sched.answer_card(answer)
        return self.histories()

    def histories(self) -> dict[int, Any]:
        """What is scheduled for each card that was studied, by card id."""
        rows = self.collection.db.all(
            "select c.id, c.nid, c.ord, c.due, c.ivl, c.queue, c.reps, count(r.id) from cards c "
            "join revlog r on r.cid = c.id group by c.id"
        )
        return {row[0]: tuple(row[1:]) for row in rows}

    def check(self) -> str:
        """What Anki's own Check Database says; empty when all is well. PRAGMA integrity_check is part of it."""
        from anki.errors import DBError

        try:
            said, fine = self.collection.fix_integrity()
        except DBError as error:
            return str(error)
        # Anki dates reviews made in the second of the import anew: its own business, not the package's.
        own = ("Added last review time", "Database rebuilt")
        return "" if fine else "\n".join(line for line in said.splitlines() if not line.startswith(own))

    def empty_cards(self) -> list[int]:
        """The notes that Tools > Empty Cards would delete."""
        return [each.note_id for each in self.collection.get_empty_cards().notes if each.will_delete_note]


@contextlib.contextmanager
def anki(folder: Path) -> Iterator[Anki]:
    """A collection in `folder`, closed at the end."""
    judge = Anki(folder)
    try:
        yield judge
    finally:
        judge.close()


def text(html: str) -> str:
    """What a reader reads of a side, pictures by their alternative text, without white space."""
    import html as entities
    import re

    html = re.sub(r'<img[^>]*? alt="([^"]*)"[^>]*>', r"\1", html)
    html = re.sub(r"(?s)<style.*?</style>|<[^>]*>", "", html)
    return re.sub(r"\s+", "", entities.unescape(html))
