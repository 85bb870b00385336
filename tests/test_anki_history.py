"""Learners keep their history, whatever an author does to the source: asked of the real Anki.

Each case: build, import, study every card, edit the source, build again, import again under Anki's default options.
Then the very note that holds a question's history must show that question's new text, no other's, and nothing stale
remains.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from anki_judge import Anki, anki, text
from banks import REAL
from tiku.batch.run import each_result
from tiku.keeping import Keeping
from tiku.orders import Order, Output, Result

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FIRST, SECOND, THIRD = "1700000000", "1700100000", "1700200000"


@dataclass
class Item:
    """A question as its author thinks of it; `uid` is who it is."""

    uid: int
    number: int
    title: str
    question: str
    answer: str
    note: str = ""


@dataclass
class Document:
    """The source: its items, and all else an author can change."""

    items: list[Item]
    title: str = "GPT"
    name: str = "bank"
    labels: tuple[str, str, str] = ("题目：", "答案：", "解析：")
    sections: tuple[tuple[str, int], ...] = ()
    """Section headings, each before the item at that place."""

    def text(self) -> str:
        out = [f"---\ntitle: {self.title}\n---\n"]
        heads = {place: heading for heading, place in self.sections}
        for place, item in enumerate(self.items):
            if place in heads:
                out.append(f"## {heads[place]}\n")
            asked, answered, explained = self.labels
            out.append(
                f"### {item.number}. {item.title}\n\n**{asked}** {item.question}\n\n**{answered}**\n\n{item.answer}\n"
            )
            if item.note:
                out.append(f"**{explained}**\n\n{item.note}\n")
        return "\n".join(out)


def original() -> Document:
    """The sample's questions, taken apart."""
    items = []
    for block in re.split(r"(?m)^### ", REAL.read_text(encoding="utf-8"))[1:]:
        head, _, body = block.partition("\n")
        number, _, title = head.partition(". ")
        parts = re.split(r"\*\*(?:题目|答案|解析)：\*\*", body)
        note = parts[3].strip() if len(parts) > 3 else ""
        items.append(
            Item(int(number), int(number), title.strip(), parts[1].strip(), parts[2].strip(), note)
        )  # fmt: skip
    for item in items:
        item.note = re.sub(r"(?m)^---\s*$", "", item.note).strip()
        item.answer = re.sub(r"(?m)^---\s*$", "", item.answer).strip()
    return Document(items)


def renumber(document: Document) -> None:
    for number, item in enumerate(document.items, 1):
        item.number = number


def unchanged(document: Document) -> None: ...


def answer_wording(document: Document) -> None:
    document.items[2].answer = document.items[2].answer.replace("GPT-4", "新模型 GPT-4", 2)


def typo_in_question(document: Document) -> None:
    document.items[4].question = document.items[4].question.replace("？", "呢？")


def rename_title(document: Document) -> None:
    document.items[3].title = "一个完全不同的标题"


def renumber_all(document: Document) -> None:
    for item in document.items:
        item.number += 100


def reorder(document: Document) -> None:
    document.items.reverse()


def insert_at_four(document: Document) -> None:
    document.items.insert(3, Item(99, 0, "新的问题", "蒸馏是什么意思？", "把大模型的知识教给小模型，使它更小更快。"))
    renumber(document)


def remove_seven(document: Document) -> None:
    del document.items[6]
    renumber(document)


def title_move_renumber(document: Document) -> None:
    document.items[1].title = "换一个说法"
    document.items.insert(9, document.items.pop(1))
    renumber(document)


def title_question_move_renumber(document: Document) -> None:
    item = document.items.pop(1)
    item.title, item.question = "换一个说法", "这里问的是同一件事，只是换了问法，对吗？"
    document.items.insert(9, item)
    renumber(document)


def swap_two_titles(document: Document) -> None:
    one, two = document.items[4], document.items[5]
    one.title, two.title = two.title, one.title


def everything(document: Document) -> None:
    answer_wording(document)
    typo_in_question(document)
    rename_title(document)
    remove_seven(document)
    insert_at_four(document)
    swap_two_titles(document)
    renumber_all(document)


def near_copy(document: Document) -> None:
    item = document.items[8]
    copy = Item(
        98, 0, item.title.replace("GPT-4", "GPT-3"), item.question.replace("GPT-4", "GPT-3"), item.answer, item.note
    )
    document.items.insert(9, copy)
    renumber(document)


def twin_title(document: Document) -> None:
    document.items.insert(
        2, Item(97, 0, document.items[2].title, "词表有多大？", "词表的大小取决于分词的方法，通常为五万左右。")
    )
    renumber(document)


def split_one(document: Document) -> None:
    """The first piece keeps three quarters of the answer, the other becomes a question of its own."""
    item = document.items[2]
    lines = item.answer.splitlines()
    cut = len(lines) * 3 // 4
    item.answer = "\n".join(lines[:cut])
    document.items.insert(3, Item(96, 0, "拆出来的问题", "余下的部分是什么？", "\n".join(lines[cut:])))
    renumber(document)


def split_renamed(document: Document) -> None:
    """Both pieces have new titles and questions; the larger one is the old question."""
    split_one(document)
    document.items[2].title, document.items[2].question = "拆开的前一半", "前面的几点是什么？"


def merge_two(document: Document) -> None:
    one, two = document.items[2], document.items.pop(3)
    one.answer += "\n\n" + two.answer.splitlines()[0]
    renumber(document)


def move_to_section(document: Document) -> None:
    item = document.items.pop(0)
    document.items.insert(10, item)


def rename_section(document: Document) -> None:
    document.sections = (("另一个名字", 0), ("应用", 8))


def rename_file(document: Document) -> None:
    document.name = "renamed"


def change_deck_title(document: Document) -> None:
    document.title = "大语言模型"


def translate_labels(document: Document) -> None:
    document.labels = ("Question:", "Answer:", "Explanation:")


def edit_every_answer(document: Document) -> None:
    for item in document.items:
        item.answer += "\n\n以上就是全部要点。"


def swap_answers(document: Document) -> None:
    one, two = document.items[4], document.items[5]
    one.answer, two.answer = two.answer, one.answer


EDITS: list[Callable[[Document], None]] = [
    unchanged, answer_wording, typo_in_question, rename_title, renumber_all, reorder, insert_at_four, remove_seven,
    title_move_renumber, title_question_move_renumber, swap_two_titles, everything, near_copy, twin_title,
    split_one, split_renamed, merge_two, move_to_section, rename_section, rename_file, change_deck_title,
    translate_labels, edit_every_answer, swap_answers,
]  # fmt: skip
SECTIONED = {move_to_section, rename_section}


def made(document: Document, folder: Path, *, ledger: bool, target: str = "deck.apkg", **wishes: Any) -> Result:
    """The document, built as `tiku build` (with a ledger) or `tiku convert` (without) does; the deck's result."""
    source = folder / f"{document.name}.md"
    source.write_text(document.text(), encoding="utf-8")
    order = Order(str(source), (Output("apkg", folder / target),), keeping=Keeping(write=ledger, **wishes))
    results = list(each_result([order]))
    for result in results:
        assert result.error is None, result.error
    return next(result for result in results if result.target)


def seen(judge: Anki) -> dict[int, str]:
    """What each note shows on its back, folded, by its id."""
    return {note.id: text(judge.sides(note)[1]) for note in judge.notes()}


def fold(value: str) -> str:
    return re.sub(r"[\W_]+", "", value)


def faults(document: Document, owners: dict[int, int], judge: Anki) -> list[str]:
    """What went wrong with the histories that `owners` (note id -> uid) had."""
    shown = {note: fold(back) for note, back in seen(judge).items()}
    found = []
    living = {item.uid: item for item in document.items}
    for note, uid in owners.items():
        if note not in shown:
            found.append(f"the note of {uid} is gone")
        elif uid in living:
            item = living[uid]
            wanted = [item.title, item.question, re.sub(r"(?m)^\s*(?:[-*]|\d+\.)\s", "", item.answer), item.note]
            if not all(fold(part) in shown[note] for part in wanted):
                found.append(f"the note of {uid} does not show it")
    extra = len(shown) - len(owners) - sum(item.uid not in owners.values() for item in document.items)
    if extra:
        found.append(f"{extra} stale duplicates")
    return found


def studied(folder: Path, document: Document, judge: Anki, *, ledger: bool) -> tuple[dict[int, int], dict[int, Any]]:
    """The first build, imported and studied: which note is whose, and what is scheduled."""
    made(document, folder, ledger=ledger)
    judge.take(folder / "deck.apkg")
    notes = judge.notes()
    assert len(notes) == len(document.items)
    owners = {}
    for note in notes:
        owners[note.id] = next(item.uid for item in document.items if item.number == int(note["Number"]))
    history = judge.study()
    assert len(history) == len(document.items)
    return owners, history


@pytest.mark.tools
@pytest.mark.parametrize("ledger", [True, False], ids=["ledger", "deck"])
@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.__name__)
def test_history_is_kept(
    edit: Callable[[Document], None], ledger: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = original()
    if edit in SECTIONED:
        document.sections = (("基础", 0), ("应用", 8))
    monkeypatch.setenv("SOURCE_DATE_EPOCH", FIRST)
    with anki(tmp_path / "collection") as judge:
        owners, history = studied(tmp_path, document, judge, ledger=ledger)
        old = tmp_path / f"{document.name}.md"
        edit(document)
        if old.name != f"{document.name}.md":
            old.unlink()
        monkeypatch.setenv("SOURCE_DATE_EPOCH", SECOND)
        made(document, tmp_path, ledger=ledger)
        second = judge.take(tmp_path / "deck.apkg")
        assert second.conflicting == 0
        assert faults(document, owners, judge) == []
        assert judge.histories() == history
        if edit is unchanged:
            assert (second.new, second.updated) == (0, 0)
        assert judge.take(tmp_path / "deck.apkg").updated == 0
        assert judge.check() == ""


@pytest.mark.tools
@pytest.mark.parametrize("ledger", [True, False], ids=["ledger", "deck"])
def test_a_question_deleted_and_brought_back_has_its_history(
    ledger: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = original()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", FIRST)
    with anki(tmp_path / "collection") as judge:
        owners, history = studied(tmp_path, document, judge, ledger=ledger)
        item = document.items.pop(4)
        monkeypatch.setenv("SOURCE_DATE_EPOCH", SECOND)
        made(document, tmp_path, ledger=ledger)
        judge.take(tmp_path / "deck.apkg")
        item.answer += "\n\n另有一点要补充。"
        document.items.insert(4, item)
        monkeypatch.setenv("SOURCE_DATE_EPOCH", THIRD)
        made(document, tmp_path, ledger=ledger)
        judge.take(tmp_path / "deck.apkg")
        assert faults(document, owners, judge) == []
        assert judge.histories() == history


@pytest.mark.tools
def test_an_unchanged_deck_leaves_a_learners_own_work_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = original()
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    with anki(tmp_path / "collection") as judge:
        made(document, tmp_path, ledger=True)
        judge.take(tmp_path / "deck.apkg")
        note = judge.notes()[0]
        note["Explanation"] += " MINE"
        note.tags = [*note.tags, "mine"]
        judge.collection.update_note(note)
        kind = note.note_type()
        kind["css"] += "\n.mine {}"
        judge.collection.models.update_dict(kind)
        made(document, tmp_path, ledger=True)
        again = judge.take(tmp_path / "deck.apkg")
        assert (again.new, again.updated) == (0, 0)
        note.load()
        assert note["Explanation"].endswith("MINE")
        assert "mine" in note.tags
        assert ".mine" in note.note_type()["css"]


@pytest.mark.tools
def test_a_change_arrives_even_on_the_day_of_the_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without SOURCE_DATE_EPOCH, and with a source whose own date never changes."""
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    document = original()
    with anki(tmp_path / "collection") as judge:
        made(document, tmp_path, ledger=False)
        judge.take(tmp_path / "deck.apkg")
        answer_wording(document)
        made(document, tmp_path, ledger=False)
        assert judge.take(tmp_path / "deck.apkg").updated == 1


@pytest.mark.tools
def test_removed_questions_can_be_found_and_buried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = original()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", FIRST)
    with anki(tmp_path / "collection") as judge:
        studied(tmp_path, document, judge, ledger=True)
        lost = [document.items.pop(4), document.items.pop(8)]
        monkeypatch.setenv("SOURCE_DATE_EPOCH", SECOND)
        result = made(document, tmp_path, ledger=True, tombstones=True)
        assert "2 removed" in result.remarks[0]
        search = next(each for each in result.remarks if "browser: " in each).partition("browser: ")[2]
        found = judge.collection.find_notes(search)
        assert {judge.collection.get_note(each)["Title"] for each in found} == {item.title for item in lost}
        judge.take(tmp_path / "deck.apkg")
        assert judge.empty_cards() == []
        judge.take(tmp_path / "deck-cleanup.apkg")
        assert sorted(judge.empty_cards()) == sorted(found)
        # One comes back: its note is above its tombstone.
        document.items.insert(4, lost[0])
        monkeypatch.setenv("SOURCE_DATE_EPOCH", SECOND)
        made(document, tmp_path, ledger=True)
        judge.take(tmp_path / "deck.apkg")
        assert len(judge.empty_cards()) == 1
        assert judge.check() == ""


@pytest.mark.tools
def test_the_fault_finder_notices_lost_and_misplaced_histories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = original()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", FIRST)
    with anki(tmp_path / "collection") as judge:
        owners, _ = studied(tmp_path, document, judge, ledger=True)
        swapped = dict(zip(owners, [*list(owners.values())[1:], next(iter(owners.values()))], strict=True))
        assert len(faults(document, swapped, judge)) == len(owners)
        document.items.append(Item(50, 50, "x", "y", "z"))
        assert faults(document, owners, judge) == ["-1 stale duplicates"]
