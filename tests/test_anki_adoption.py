"""Moving to tiku without losing anything: decks of other programs, decks out of Anki, decks of earlier builds."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from anki_judge import Anki, anki, text
from banks import REAL
from test_anki_history import fold, made, original
from tiku.batch.run import each_result
from tiku.keeping import Keeping
from tiku.orders import Order, Output, Result

FROZEN = Path(__file__).parent / "frozen"
GENANKI = FROZEN / "genanki-0.13.1.apkg"
"""Made by genanki 0.13.1 from the sample: two fields, GUIDs by content."""


def converted(folder: Path, deck: Path) -> Result:
    shutil.copy(REAL, folder / "source.md")
    order = Order(
        str(folder / "source.md"), (Output("apkg", folder / "new.apkg"),), keeping=Keeping(from_deck=str(deck))
    )
    results = list(each_result([order]))
    assert [result.error for result in results if result.error] == []
    return results[-1]


def exported(judge: Anki, target: Path, *, legacy: bool) -> Path:
    from anki.collection import ExportAnkiPackageOptions

    options = ExportAnkiPackageOptions(with_scheduling=True, with_media=True, legacy=legacy, with_deck_configs=False)
    judge.collection.export_anki_package(out_path=str(target), options=options, limit=None)
    return target


def assert_all_adopted(judge: Anki, history: dict[int, Any]) -> None:
    items = original().items
    notes = judge.notes()
    assert len(notes) == len(items)
    backs = [fold(text(judge.sides(note)[1])) for note in notes]
    for item in items:
        assert sum(fold(item.title) in back and fold(item.note) in back for back in backs) == 1
    assert judge.histories() == history
    assert judge.empty_cards() == []


@pytest.mark.tools
def test_a_deck_made_by_genanki_is_adopted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    with anki(tmp_path / "collection") as judge:
        assert judge.take(GENANKI).new == 15
        history = judge.study()
        result = converted(tmp_path, GENANKI)
        assert result.remarks[0] == "15 updated, 0 new, 0 removed, 0 ambiguous"
        first = judge.take(tmp_path / "new.apkg")
        assert (first.new, first.updated, first.conflicting) == (0, 15, 0)
        assert_all_adopted(judge, history)
        assert judge.check() == ""
        # From then on the deck goes on as one of ours does.
        source = tmp_path / "source.md"
        source.write_text(source.read_text(encoding="utf-8").replace("数据增强", "数据扩充"), encoding="utf-8")
        order = Order(str(source), (Output("apkg", tmp_path / "new.apkg"),))
        assert [each.error for each in each_result([order]) if each.error] == []
        third = judge.take(tmp_path / "new.apkg")
        assert third.new == third.conflicting == 0
        assert third.updated >= 1


@pytest.mark.tools
@pytest.mark.parametrize("legacy", [True, False], ids=["legacy", "latest"])
def test_a_deck_exported_from_anki_is_adopted(legacy: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    with anki(tmp_path / "collection") as judge:
        kind = judge.collection.models.by_name("Basic")
        for item in original().items:
            note = judge.collection.new_note(kind)
            note["Front"] = f"{item.title}<br>{item.question}"
            note["Back"] = item.answer.replace("\n", "<br>")
            judge.collection.add_note(note, 1)
        history = judge.study()
        old = exported(judge, tmp_path / "old.apkg", legacy=legacy)
        assert converted(tmp_path, old).remarks[0] == "15 updated, 0 new, 0 removed, 0 ambiguous"
        assert judge.take(tmp_path / "new.apkg").new == 0
        assert_all_adopted(judge, history)


@pytest.mark.tools
@pytest.mark.parametrize("legacy", [True, False], ids=["legacy", "latest"])
def test_a_deck_of_ours_that_went_through_anki_still_tells_who_is_who(
    legacy: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    document = original()
    with anki(tmp_path / "collection") as judge:
        made(document, tmp_path, ledger=False)
        judge.take(tmp_path / "deck.apkg")
        history = judge.study()
        old = exported(judge, tmp_path / "old.apkg", legacy=legacy)
        (tmp_path / "deck.apkg").unlink()
        document.title = "another title, so that nothing but the deck can help"
        document.items[3].answer += "\n\n还有一点。"
        document.items[5].title = "新的标题"
        result = made(document, tmp_path, ledger=False, from_deck=str(old))
        assert result.remarks[0] == "2 updated, 0 new, 0 removed, 0 ambiguous"
        taken = judge.take(tmp_path / "deck.apkg")
        assert (taken.new, taken.updated, taken.conflicting) == (0, 2, 0)
        assert judge.histories() == history


@pytest.mark.tools
@pytest.mark.parametrize("deck", sorted(FROZEN.glob("tiku-*.apkg")), ids=lambda path: path.stem)
def test_decks_of_released_builds_still_update(deck: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    with anki(tmp_path / "collection") as judge:
        assert judge.take(deck).new == 15
        history = judge.study()
        shutil.copy(deck, tmp_path / "deck.apkg")
        document = original()
        document.name = "gpt-2-to-gpt-4"
        document.items[3].answer += "\n\n还有一点。"
        made(document, tmp_path, ledger=False)
        taken = judge.take(tmp_path / "deck.apkg")
        assert (taken.new, taken.conflicting) == (0, 0)
        assert taken.updated >= 1
        assert judge.histories() == history


def test_there_is_a_frozen_deck_to_update() -> None:
    assert list(FROZEN.glob("tiku-*.apkg"))


@pytest.mark.parametrize("damage", ["empty", "text", "zip", "cut", "view"])
def test_a_damaged_deck_is_an_error_or_is_passed_over(damage: str, tmp_path: Path) -> None:
    import zipfile

    from tiku.errors import DocumentError
    from tiku.exporters.apkg import exporter

    bad = tmp_path / "bad.apkg"
    if damage == "zip":
        with zipfile.ZipFile(bad, "w") as archive:
            archive.writestr("collection.anki2", b"no database")
    elif damage == "view":  # a database that would compute for ever
        import sqlite3

        with sqlite3.connect(tmp_path / "view") as database:
            database.execute("CREATE TABLE col (conf, decks, models)")
            database.execute("INSERT INTO col VALUES ('{}', '{}', '{}')")
            endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)"
            database.execute(f"CREATE VIEW cards AS {endless} SELECT i AS nid, 0 AS ord, 0 AS due, 0 AS did FROM n")
        database.close()
        with zipfile.ZipFile(bad, "w") as archive:
            archive.write(tmp_path / "view", "collection.anki2")
    else:
        bad.write_bytes({"empty": b"", "text": b"hello", "cut": GENANKI.read_bytes()[:900]}[damage])
    with pytest.raises(DocumentError, match="cannot be read as an Anki package"):
        exporter.remember(bad)
    document = original()
    shutil.copy(bad, tmp_path / "deck.apkg")
    source = tmp_path / "bank.md"
    source.write_text(document.text(), encoding="utf-8")
    results = list(each_result([Order(str(source), (Output("apkg", tmp_path / "deck.apkg"),))]))
    assert [problem.code for result in results for problem in result.problems if problem.code == "Q503"] == ["Q503"]
    assert len(exporter.remember(tmp_path / "deck.apkg").known) == 15
