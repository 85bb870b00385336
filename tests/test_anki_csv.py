"""Notes as CSV: what Anki's own text importer makes of them, and what a spreadsheet must not."""

from __future__ import annotations

import csv
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

import tiku
from anki_judge import Anki, anki, text
from banks import SHOWCASE, bank, bank_at, numbered
from tiku.exporters.anki_csv import FORMULA

if TYPE_CHECKING:
    from pathlib import Path

    from tiku.model import Bank

EPOCH = 1_700_000_000


def made(bank: Bank, path: Path, **settings: object) -> Path:
    tiku.write(bank, path, format="anki-csv", time=EPOCH, settings=settings)
    return path


def taken(judge: Anki, path: Path) -> dict[str, int]:
    from anki.collection import ImportCsvRequest

    metadata = judge.collection.get_csv_metadata(str(path), None)
    log: Any = judge.collection.import_csv(ImportCsvRequest(path=str(path), metadata=metadata)).log
    return {name: len(getattr(log, name)) for name in ("new", "updated", "duplicate", "missing_notetype")}


@pytest.mark.tools
@pytest.mark.parametrize("separator", ["comma", "tab", "semicolon"])
def test_csv_and_deck_are_the_same_notes(separator: str, tmp_path: Path) -> None:
    questions = bank_at(SHOWCASE)
    tiku.write(questions, tmp_path / "deck.apkg", time=EPOCH)
    table = made(questions, tmp_path / "deck.anki.csv", separator=separator)
    with anki(tmp_path / "collection") as judge:
        judge.take(tmp_path / "deck.apkg")
        assert taken(judge, table) == {"new": 0, "updated": 0, "duplicate": 11, "missing_notetype": 0}
        section = questions.sections[0]
        title = ({"t": "Str", "c": "changed"},)
        changed = replace(section, questions=(replace(section.questions[0], title=title), *section.questions[1:]))
        made(replace(questions, sections=(changed, *questions.sections[1:])), table, separator=separator)
        assert taken(judge, table)["updated"] == 1
        assert judge.notes()[0]["Title"] == "changed"


@pytest.mark.tools
def test_two_sides_need_no_note_type_of_ours(tmp_path: Path) -> None:
    questions = bank_at(SHOWCASE)
    table = made(questions, tmp_path / "deck.anki.csv", columns="sides")
    with anki(tmp_path / "collection") as judge:
        assert taken(judge, table)["new"] == 11
        assert taken(judge, table)["new"] == 0
        note = judge.notes()[2]
        front, back = (text(side) for side in judge.sides(note))
        assert "损失震荡甚至发散" in front
        assert "步长太大时" in back
        assert "tk-right" not in note["Front"]
        assert len(judge.collection.decks.all_names_and_ids()) == 5


def test_no_cell_is_a_formula(tmp_path: Path) -> None:
    section = bank(numbered(1)).sections[0]
    odd = "=HYPERLINK(1)"
    nodes = ({"t": "Str", "c": odd},)
    question = replace(section.questions[0], number="-1", title=nodes, tags=("@x", "+y", "=z"))
    questions = replace(
        bank(numbered(1)), title="=cmd", sections=(replace(section, title=nodes, questions=(question,)),)
    )
    for columns in ("fields", "sides"):
        table = made(questions, tmp_path / "x.anki.csv", columns=columns)
        rows = [line for line in table.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        for row in csv.reader(rows):
            assert [cell for cell in row if cell.startswith(FORMULA)] == []
    assert "&#61;HYPERLINK(1)" in table.read_text(encoding="utf-8") or "<b>=HYPER" in table.read_text(encoding="utf-8")


def test_two_builds_give_the_same_bytes(tmp_path: Path) -> None:
    questions = bank_at(SHOWCASE)
    one = made(questions, tmp_path / "1.anki.csv").read_bytes()
    assert one == made(questions, tmp_path / "2.anki.csv").read_bytes()
