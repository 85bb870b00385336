"""The command line's side of identity: what is said, what is written beside a source, what makes CI fail."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from banks import REAL, bank_at
from tiku import keeping, ledger
from tiku.cli import main_group
from tiku.exporters.apkg import exporter

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    path = tmp_path / "bank.md"
    path.write_bytes(REAL.read_bytes())
    return path


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(main_group, arguments)
    got = getattr(result.exception, "exit_code", result.exit_code)
    assert got == code, (result.output, result.exception)
    return result


def edit(source: Path, old: str, new: str) -> None:
    text = source.read_text(encoding="utf-8")
    assert old in text
    source.write_text(text.replace(old, new), encoding="utf-8")


def names(deck: Path) -> dict[str, str]:
    return {known.label.split(". ", 1)[-1]: known.guid for known in exporter.remember(deck).known if not known.gone}


def test_convert_says_what_the_import_will_do_and_writes_no_ledger(source: Path) -> None:
    assert "updated" not in run("convert", "bank.md", "-o", "bank.apkg").stderr
    edit(source, "GPT-4在文本分类方面的挑战", "文本分类的挑战")
    cut = source.read_text(encoding="utf-8")
    source.write_text(
        cut[: cut.index("### 15.")] + "### 16. 新\n\n**题目：** 新问题？\n\n**答案：** 新答案。\n", encoding="utf-8"
    )
    said = run("convert", "bank.md", "-o", "bank.apkg").stderr
    assert "1 updated, 1 new, 1 removed, 0 ambiguous" in said
    assert "removed: 15. GPT-2到GPT-4在训练时间上的优化" in said
    assert '"note:tiku *" ("Key:tk' in said
    assert sorted(path.name for path in source.parent.iterdir()) == ["bank.apkg", "bank.md"]


def test_a_second_convert_writes_the_same_bytes(source: Path) -> None:
    run("convert", "bank.md", "-o", "bank.apkg")
    edit(source, "GPT-4在文本分类方面的挑战", "文本分类的挑战")
    run("convert", "bank.md", "-o", "bank.apkg")
    once = (source.parent / "bank.apkg").read_bytes()
    run("convert", "bank.md", "-o", "bank.apkg")
    assert (source.parent / "bank.apkg").read_bytes() == once


def test_another_bank_at_the_same_place_inherits_nothing(source: Path) -> None:
    ours = "### 1. Rome {#q1}\n\n**Question:** Who founded the city of Rome?\n\n**Answer:** Romulus, they say.\n"
    source.write_text(ours, encoding="utf-8")
    run("convert", "bank.md", "-o", "out.apkg", "--title", "History")
    before = names(source.parent / "out.apkg")
    theirs = (
        "### 1. Cells {#q1}\n\n**Question:** What makes energy inside a cell?\n\n**Answer:** The mitochondria do.\n"
    )
    source.write_text(theirs, encoding="utf-8")
    said = run("convert", "bank.md", "-o", "out.apkg", "--title", "Biology").stderr
    assert "updated" not in said
    assert not set(names(source.parent / "out.apkg").values()) & set(before.values())


def test_every_kind_of_question_is_known_again(source: Path) -> None:
    source.write_text(
        "### 1. A\n\n**Question:** The sum of two and two is ____ .\n\n**Answer:** four\n\n"
        "### 2. B\n\n**Question:** Which one is it of all these?\n\n- A. this\n- B. that\n\n**Answer:** B\n\n"
        "### 3. C\n\n**Question:** The earth is round.\n\n**Answer:** True\n\n"
        "### 4. D\n\n**Question:** Why $a<b$[^1] and ![no](none.png)?\n\n**Answer:** As `x` says.\n\n[^1]: A note.\n",
        encoding="utf-8",
    )
    run("convert", "bank.md", "-o", "bank.apkg")
    once = (source.parent / "bank.apkg").read_bytes()
    assert "0 updated, 0 new, 0 removed, 0 ambiguous" in run("convert", "bank.md", "-o", "bank.apkg").stderr
    assert (source.parent / "bank.apkg").read_bytes() == once
    known = exporter.remember(source.parent / "bank.apkg").known
    assert [each.form for each in known] == ["cloze", "choice", "open", "open"]
    assert [each.key for each in known] == [""] * 4
    states = run("ids", "plan", "bank.md").stdout.splitlines()
    assert states[-1] == "0 updated, 0 new, 0 removed, 0 ambiguous, 4 unchanged"
    assert not [line for line in states if "alike" in line]


def test_build_keeps_a_ledger_that_survives_the_loss_of_the_outputs(source: Path) -> None:
    folder = source.parent
    (folder / "tiku.toml").write_text('[build]\nformats = ["apkg"]\n[[bank]]\nsource = "bank.md"\n', encoding="utf-8")
    run("build")
    before = names(folder / "outputs" / "bank.apkg")
    ledger = folder / "bank.tiku-ids.jsonl"
    assert len(ledger.read_text(encoding="utf-8").splitlines()) == 16
    (folder / "outputs" / "bank.apkg").unlink()
    edit(source, "### 1. ", "### 1. 标题改了：")
    run("build")
    after = names(folder / "outputs" / "bank.apkg")
    assert sorted(after.values()) == sorted(before.values())


def test_a_renamed_source_takes_its_ledger_along(source: Path) -> None:
    folder = source.parent
    run("convert", "bank.md", "-o", "one.apkg", "--ledger")
    source.rename(folder / "other.md")
    edit(folder / "other.md", "### 1. ", "### 1. 标题改了：")
    run("convert", "other.md", "-o", "two.apkg", "--ledger")
    assert sorted(names(folder / "one.apkg").values()) == sorted(names(folder / "two.apkg").values())
    assert sorted(path.name for path in folder.glob("*.jsonl")) == ["other.tiku-ids.jsonl"]


def test_a_folder_of_many_sources_is_listed_once_for_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # For each ledger another look for its source: a thousand documents took minutes.
    for number in range(50):
        (tmp_path / f"bank.{number}.md").write_text("x", encoding="utf-8")
        (tmp_path / f"bank.{number}{ledger.SUFFIX}").write_text("damaged, and not to be read", encoding="utf-8")
    (tmp_path / "new.md").write_bytes(REAL.read_bytes())
    listed: list[object] = []
    listing = os.listdir
    monkeypatch.setattr(os, "listdir", lambda path: listed.append(path) or listing(path))
    monkeypatch.setattr(ledger, "loads", lambda *_: pytest.fail("the ledger of another source was read"))
    found = keeping.recall(bank_at(REAL), str(tmp_path / "new.md"), [], keeping.Keeping(write=True), 1_700_000_000)
    assert listed == [tmp_path]
    assert found.replaces is None


def test_frozen_fails_when_the_ledger_would_change(source: Path) -> None:
    run("convert", "bank.md", "-o", "bank.apkg", "--ledger", "--frozen", code=1)
    assert not (source.parent / "bank.apkg").exists()
    run("convert", "bank.md", "-o", "bank.apkg", "--ledger")
    ledger = source.parent / "bank.tiku-ids.jsonl"
    before = ledger.read_bytes()
    run("convert", "bank.md", "-o", "bank.apkg", "--frozen")
    edit(source, "GPT-4在文本分类方面的挑战", "文本分类的挑战")
    said = run("convert", "bank.md", "-o", "bank.apkg", "--frozen", code=1)
    assert "--frozen: the ledger would change (1 updated" in said.stderr
    assert ledger.read_bytes() == before


def test_a_damaged_ledger_stops_the_build_with_its_line(source: Path) -> None:
    run("convert", "bank.md", "-o", "bank.apkg", "--ledger")
    ledger = source.parent / "bank.tiku-ids.jsonl"
    ledger.write_text(ledger.read_text(encoding="utf-8").replace('"guid"', "guid", 1), encoding="utf-8")
    assert "bank.tiku-ids.jsonl:2: " in run("convert", "bank.md", "-o", "bank.apkg", code=1).stderr


def test_plan_tells_all_states_and_writes_nothing(source: Path) -> None:
    run("convert", "bank.md", "-o", "bank.apkg")
    edit(source, "GPT-4在文本分类方面的挑战", "文本分类的挑战")
    text = source.read_text(encoding="utf-8")
    source.write_text(
        text[: text.index("### 15.")] + "### 16. 新\n\n**题目：** 新？\n\n**答案：** 新答。\n", encoding="utf-8"
    )
    files = {path: path.read_bytes() for path in source.parent.iterdir()}
    said = run("ids", "plan", "bank.md").stdout
    states = [line.split()[0] for line in said.splitlines()]
    assert states.count("kept") == 13
    assert [states.count(name) for name in ("changed", "new", "removed")] == [1, 1, 1]
    assert said.splitlines()[-2] == "1 updated, 1 new, 1 removed, 0 ambiguous, 13 unchanged"
    assert {path: path.read_bytes() for path in source.parent.iterdir()} == files


def test_ids_are_written_after_a_diff_and_keep_every_name(source: Path) -> None:
    run("convert", "bank.md", "-o", "bank.apkg")
    before = source.read_bytes()
    shown = run("ids", "add", "bank.md")
    assert "+### 1. GPT-2和GPT-4在模型架构上的主要区别 {#tk" in shown.stdout
    assert source.read_bytes() == before
    run("ids", "add", "bank.md", "--yes")
    assert source.read_text(encoding="utf-8").count("{#tk") == 15
    assert "every question has an id already" in run("ids", "add", "bank.md").stderr
    old = names(source.parent / "bank.apkg")
    (source.parent / "bank.apkg").unlink()
    run("convert", "bank.md", "-o", "bank.apkg", "--title", "another title")
    assert names(source.parent / "bank.apkg") == old


def test_ids_fit_every_way_of_writing_questions(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    source = tmp_path / "list.md"
    source.write_bytes(
        b"1. **What is a list?**\r\n\r\n   An ordered thing.\r\n\r\n"
        b"2. **What is a set?**\r\n\r\n   A thing without order.\r\n"
    )
    run("ids", "add", "list.md", "--yes")
    text = source.read_bytes()
    assert text.count(b"{#tk") in {0, 2}  # all, or the lines are named and left alone
    assert b"\r\n" in text
    assert text.replace(b"\r\n", b"").count(b"\n") == 0


def test_an_id_given_twice_is_reported_and_loses_no_history(source: Path) -> None:
    text = (
        "### 1. A {#same}\n\n**Question:** Why x?\n\n**Answer:** For x.\n\n### 2. B {#same}\n\n**Question:** Why y?\n\n"
    )
    source.write_text(text + "**Answer:** For a reason that is long enough.\n", encoding="utf-8")
    assert "bank.md:7: Q502 the id 'same'" in run("convert", "bank.md", "-o", "bank.apkg").stderr
    before = names(source.parent / "bank.apkg")
    source.write_text(text + "**Answer:** For another reason that is long enough.\n", encoding="utf-8")
    run("convert", "bank.md", "-o", "bank.apkg")
    assert names(source.parent / "bank.apkg") == before


def test_the_word_anki_stands_for_the_format_in_options(source: Path) -> None:
    import zipfile

    run("convert", "bank.md", "-o", "bank.apkg", "--set", "anki.format=latest")
    assert "collection.anki21b" in zipfile.ZipFile(source.parent / "bank.apkg").namelist()


@pytest.mark.parametrize(
    "written",
    ["### 1. A title {#mine}\n", "### 1. A title <!-- id: mine -->\n", "### 1. A title\n\n<!-- id: mine -->\n"],
)
def test_an_id_in_the_source_is_the_key_of_its_note(written: str, source: Path) -> None:
    source.write_text(f"{written}\n**Question:** What is it?\n\n**Answer:** This.\n", encoding="utf-8")
    run("convert", "bank.md", "-o", "one.apkg", "--title", "T")
    source.write_text(
        f"{written.replace('1. A', '7. Another')}\n**Question:** What else?\n\n**Answer:** That.\n", encoding="utf-8"
    )
    run("convert", "bank.md", "-o", "two.apkg", "--title", "T")
    one, two = (exporter.remember(source.parent / name).known for name in ("one.apkg", "two.apkg"))
    assert [each.key for each in (*one, *two)] == ["mine", "mine"]
    assert one[0].guid == two[0].guid


def test_a_ledger_stays_while_its_source_has_any_form(source: Path) -> None:
    """The same questions as JSON under another name took the ledger of the Markdown they came from away."""
    run("convert", "bank.md", "-o", "one.apkg", "--ledger")
    kept = (source.parent / "bank.tiku-ids.jsonl").read_bytes()
    run("convert", "bank.md", "-o", "other.json")
    run("convert", "other.json", "-o", "two.apkg", "--ledger")
    assert (source.parent / "bank.tiku-ids.jsonl").read_bytes() == kept
    assert sorted(names(source.parent / "one.apkg").values()) == sorted(names(source.parent / "two.apkg").values())


def test_an_id_given_twice_leaves_the_ledger_as_it_is(source: Path) -> None:
    source.write_text(
        "### 1. A {#same}\n\n**Answer:** For x.\n\n### 2. B {#same}\n\n**Answer:** For y.\n", encoding="utf-8"
    )
    run("convert", "bank.md", "-o", "bank.apkg", "--ledger")
    run("convert", "bank.md", "-o", "bank.apkg", "--ledger", "--frozen")
