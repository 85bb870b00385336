"""Decks of this build, asked of the real Anki: every question, both sides, twice, and nothing that runs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

import tiku
from anki_judge import anki, text
from banks import REAL, SHOWCASE, bank, bank_at, numbered
from tiku.exporters.apkg import collection
from tiku.markup import plain_text
from tiku.render.anki.notetypes import note_types

if TYPE_CHECKING:
    from pathlib import Path

    from anki_judge import Anki
    from tiku.model import Bank

EPOCH = 1_700_000_000


def made(bank: Bank, path: Path, **settings: object) -> Path:
    tiku.write(bank, path, format="apkg", time=EPOCH, settings=settings)
    return path


@pytest.mark.parametrize("without", [("BATCH", 3), ("SMALL", 0)])
@pytest.mark.parametrize("settings", [{}, {"reversed": "true", "typed": "true"}])
def test_a_database_in_a_file_has_the_bytes_of_one_in_memory(
    settings: dict[str, Any], without: tuple[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bank = bank_at(SHOWCASE)
    inside = made(bank, tmp_path / "memory.apkg", **settings).read_bytes()
    monkeypatch.setattr(collection, *without)
    opened: list[str] = []
    empty = collection._empty
    monkeypatch.setattr(collection, "_empty", lambda place: opened.append(place) or empty(place))
    assert made(bank, tmp_path / "file.apkg", **settings).read_bytes() == inside
    assert [place.startswith(str(tmp_path)) for place in opened] == [True]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file.apkg", "memory.apkg"]


def letters(value: str) -> str:
    return re.sub(r"[\W_]+", "", value)


def differences(bank: Bank, judge: Anki) -> list[str]:
    """What of `bank` a learner does not see where it belongs, question by question."""
    found: list[str] = []
    notes = judge.notes()
    if len(notes) != len(bank.questions):
        found.append(f"{len(bank.questions)} questions, {len(notes)} notes")
    for question, note in zip(bank.questions, notes, strict=False):
        front, back = (letters(text(side)) for side in judge.sides(note))
        cloze = bool(note["Cloze"])
        shown = {"title": question.title, "prompt": () if cloze else question.prompt}
        told = {"answer": question.answer, "explanation": question.explanation}
        for name, nodes in shown.items():
            if letters(plain_text(nodes, notes=False)) not in front:
                found.append(f"{question.number}: {name} not on the front")
        for name, nodes in {**shown, **told}.items():
            if letters(plain_text(nodes, notes=False)) not in back:
                found.append(f"{question.number}: {name} not on the back")
        answer = letters(plain_text(question.explanation, notes=False))
        if answer and answer in front:
            found.append(f"{question.number}: the explanation is on the front")
        found += [
            f"{question.number}: choice {choice.label} is missing"
            for choice in question.choices
            if letters(plain_text(choice.content)) not in front
        ]
    return found


@pytest.fixture
def judge(tmp_path: Path) -> Anki:
    with anki(tmp_path / "collection") as opened:
        yield opened


@pytest.mark.tools
@pytest.mark.parametrize("source", [REAL, SHOWCASE], ids=lambda path: path.stem)
@pytest.mark.parametrize("form", ["legacy", "latest"])
def test_anki_shows_every_question_and_a_second_import_changes_nothing(
    source: Path, form: str, judge: Anki, tmp_path: Path
) -> None:
    questions = bank_at(source)
    deck = made(questions, tmp_path / "deck.apkg", format=form)
    first = judge.take(deck)
    assert (first.new, first.updated, first.conflicting) == (len(questions.questions), 0, 0)
    second = judge.take(deck)
    assert (second.new, second.updated, second.same) == (0, 0, len(questions.questions))
    assert judge.check() == ""
    assert judge.empty_cards() == []
    assert differences(questions, judge) == []
    assert judge.collection.media.check().missing == []


@pytest.mark.tools
def test_the_cut_off_question_is_whole_up_to_its_cut(judge: Anki, tmp_path: Path) -> None:
    judge.take(made(bank_at(REAL), tmp_path / "deck.apkg"))
    assert text(judge.sides(judge.notes()[-1])[1]).endswith("以提高数据的质")


def test_two_builds_give_the_same_bytes_anywhere(tmp_path: Path) -> None:
    code = "import sys, tiku; tiku.write(tiku.read(sys.argv[1]).bank, sys.argv[2], format='apkg', time=1700000000)"
    decks = []
    for index, (zone, seed) in enumerate((("UTC", "0"), ("Asia/Tokyo", "1"))):
        decks.append(tmp_path / f"{index}.apkg")
        environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": seed, "LC_ALL": "C"}
        subprocess.run([sys.executable, "-c", code, SHOWCASE, decks[-1]], env=environment, check=True)
    assert decks[0].read_bytes() == decks[1].read_bytes()


# -- the checker above can fail ----------------------------------------------------------------


def swapped(bank: Bank) -> Bank:
    section = bank.sections[0]
    one, two, *rest = section.questions
    pair = (replace(one, answer=two.answer), replace(two, answer=one.answer))
    return replace(bank, sections=(replace(section, questions=(*pair, *rest)), *bank.sections[1:]))


def dropped(bank: Bank) -> Bank:
    section = bank.sections[0]
    return replace(bank, sections=(replace(section, questions=section.questions[1:]), *bank.sections[1:]))


def cut(bank: Bank) -> Bank:
    section = bank.sections[0]
    one, *rest = section.questions
    last = one.answer[-1]
    shorter = {**last, "c": [*last["c"][:-1], {"t": "Str", "c": last["c"][-1]["c"][:-2]}]}
    return replace(
        bank, sections=(replace(section, questions=(replace(one, answer=(*one.answer[:-1], shorter)), *rest)),)
    )


@pytest.mark.tools
@pytest.mark.parametrize("damage", [dropped, swapped, cut], ids=lambda function: function.__name__)
def test_the_checker_notices_damage(damage: Any, judge: Anki, tmp_path: Path) -> None:
    questions = bank(numbered(5))
    judge.take(made(damage(questions), tmp_path / "deck.apkg"))
    assert differences(questions, judge)


# -- what a document may bring -----------------------------------------------------------------

HOSTILE = r"""
### 1. A \[sound:x.mp3\] and \[latex\]x\[/latex\] and \[\$\]y\[/\$\]

**Question:** Is \\(a\\) math? {{FrontSide}} {{c1::no}} <script>alert(1)</script><b onclick="x()">bold</b>
[link](javascript:alert(1)) `\(code\)` [sound:y.mp3] [anki:tts lang=en]z[/anki:tts]

**Answer:** $a<b$ and $\href{javascript:alert(1)}{x}$ and $}{$ and $\text{\(y\)}$

**Explanation:** <img src="http://example.com/x.png" onerror="x()"> <iframe src="http://example.com"></iframe> end
"""


@pytest.mark.tools
def test_anki_reads_nothing_of_its_own_in_a_text(judge: Anki, tmp_path: Path) -> None:
    judge.take(made(bank(HOSTILE), tmp_path / "deck.apkg"))
    note = judge.notes()[0]
    card = note.cards()[0]
    shown = card.render_output()
    assert shown.question_av_tags == []
    assert shown.answer_av_tags == []
    both = shown.question_text + shown.answer_text
    for bad in (
        "<script",
        "onclick",
        "onerror",
        'javascript:alert(1)"',
        "<iframe",
        'http://example.com/x.png" ',
        "[latex]",
    ):
        assert bad not in both, bad
    assert "[sound:x.mp3]" in text(shown.question_text)
    assert "{{FrontSide}}" in text(shown.question_text)
    assert re.search(r"\\\(a", shown.question_text) is None
    assert r"\(a&lt;b\)" in shown.answer_text
    assert r"\href" in text(shown.answer_text)
    assert 'href="javascript' not in both


def test_hostile_links_in_formulas_are_shown_as_source_and_reported() -> None:
    from tiku.render.anki.fields import FieldWriter

    writer = FieldWriter(lambda _: "")
    nodes = [{"t": "Para", "c": [{"t": "Math", "c": [{"t": "InlineMath"}, r"\href{javascript:x}{y}"]}]}]
    assert "<code" in writer.field(nodes)
    assert [problem.code for problem in writer.problems] == ["Q303"]


@pytest.mark.tools
def test_separators_and_control_characters_cannot_break_an_import(judge: Anki, tmp_path: Path) -> None:
    nodes = ({"t": "Para", "c": [{"t": "Str", "c": "a\x1fb\x00c\x07d\ufdd00\ufdd1"}]},)
    one = bank(numbered(1))
    section = one.sections[0]
    question = replace(section.questions[0], prompt=nodes, tags=("two words", "a::b", "\x1f", 'x"y'), number="\x1f9")
    odd = replace(one, title='A::B \x1f "C"', sections=(replace(section, questions=(question,)),))
    assert judge.take(made(odd, tmp_path / "deck.apkg")).new == 1
    assert "abcd" in text(judge.sides(judge.notes()[0])[0])
    assert judge.notes()[0].tags == ["a:b", "two_words", "x_y"]
    assert judge.check() == ""


@pytest.mark.tools
def test_a_question_without_any_text_still_makes_a_card(judge: Anki, tmp_path: Path) -> None:
    one = bank(numbered(1))
    section = one.sections[0]
    bare = replace(section.questions[0], title=(), prompt=(), number="")
    judge.take(made(replace(one, sections=(replace(section, questions=(bare,)),)), tmp_path / "deck.apkg"))
    assert judge.empty_cards() == []
    assert text(judge.sides(judge.notes()[0])[0])


def test_a_name_given_twice_is_an_error(tmp_path: Path) -> None:
    from tiku.errors import ExportError

    one = bank(numbered(1))
    section = one.sections[0]
    question = replace(section.questions[0], id="mine")
    twice = replace(one, sections=(replace(section, questions=(question, question)),))
    with pytest.raises(ExportError, match="'mine' is given to two questions"):
        made(twice, tmp_path / "deck.apkg")


def test_a_package_holds_what_old_readers_look_for(tmp_path: Path) -> None:
    deck = made(bank_at(SHOWCASE), tmp_path / "deck.apkg")
    with zipfile.ZipFile(deck) as archive:
        names = archive.namelist()
        assert names[0] == "collection.anki2"
        assert set(json.loads(archive.read("media"))) == set(names) - {"collection.anki2", "media"}


@pytest.mark.parametrize("settings", [{}, {"reversed": True, "typed": True, "blanks": "each", "subdecks": False}])
def test_the_database_is_sound_and_every_row_hangs_together(settings: dict[str, Any], tmp_path: Path) -> None:
    import sqlite3

    deck = made(bank_at(SHOWCASE), tmp_path / "deck.apkg", **settings)
    with zipfile.ZipFile(deck) as archive:
        archive.extract("collection.anki2", tmp_path)
    database = sqlite3.connect(tmp_path / "collection.anki2")
    one = lambda query: database.execute(query).fetchone()[0]  # noqa: E731 - said once, used thrice
    assert one("PRAGMA integrity_check") == "ok"
    assert one("SELECT count(*) FROM notes") == 11
    assert one("SELECT count(*) FROM cards WHERE nid NOT IN (SELECT id FROM notes)") == 0
    decks = json.loads(one("SELECT decks FROM col"))
    assert {str(row[0]) for row in database.execute("SELECT did FROM cards")} <= set(decks)
    database.close()


@pytest.mark.tools
def test_options_give_cards_without_touching_the_note_types(judge: Anki, tmp_path: Path) -> None:
    questions = bank_at(SHOWCASE)
    judge.take(made(questions, tmp_path / "one.apkg"))
    before = judge.collection.card_count()
    more = made(questions, tmp_path / "two.apkg", reversed=True, typed=True)
    taken = judge.take(more)
    assert (taken.new, taken.conflicting) == (0, 0)
    with anki(tmp_path / "fresh") as other:
        other.take(more)
        assert other.collection.card_count() > before
        assert other.empty_cards() == []
        note = next(note for note in other.notes() if len(note.cards()) == 2)
        assert letters(plain_text(questions.questions[0].answer, notes=False)) in letters(text(other.sides(note, 1)[0]))


@pytest.mark.tools
def test_a_changed_picture_arrives_under_a_new_name(
    judge: Anki, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="9"><rect width="{0}" height="9"/></svg>'
    source, deck = tmp_path / "bank.md", tmp_path / "deck.apkg"
    source.write_text("### 1. A\n\n**Question:** See ![it](p.svg)\n\n**Answer:** Yes.\n", encoding="utf-8")
    stored = set()
    for time, size in ((EPOCH, 10), (EPOCH + 100, 20)):
        (tmp_path / "p.svg").write_text(svg.format(size), encoding="utf-8")
        monkeypatch.setenv("SOURCE_DATE_EPOCH", str(time))
        tiku.write(bank_at(source), deck)
        taken = judge.take(deck)
        stored |= set(re.findall(r'src="(tiku-[0-9a-f]{16}\.svg)"', judge.sides(judge.notes()[0])[0]))
    assert (taken.new, taken.updated) == (0, 1)
    assert len(stored) == 2
    assert judge.collection.media.check().missing == []


# -- note types, frozen ------------------------------------------------------------------------


def test_the_note_types_are_what_they_were() -> None:
    from pathlib import Path as File

    frozen = json.loads((File(__file__).parent / "frozen" / "notetypes.json").read_text(encoding="utf-8"))
    now = {
        str(form): {
            "id": kind.id,
            "name": kind.name,
            "cloze": kind.cloze,
            "fields": [[field.name, field.id] for field in kind.fields],
            "templates": [[template.name, template.id] for template in kind.templates],
        }
        for form, kind in note_types().items()
    }
    assert now == frozen, "users' notes would never be updated again: make a new note type instead"


def test_a_new_look_has_a_new_time() -> None:
    """Anki takes new templates and styling only from a note type that says it is newer."""
    import hashlib
    from pathlib import Path as File

    said = json.loads((File(__file__).parent / "frozen" / "look.json").read_text(encoding="utf-8"))
    kinds = note_types().values()
    text = "\0".join(each.css + "".join(card.front + card.back for card in each.templates) for each in kinds)
    now = {"modified": next(iter(kinds)).modified, "look": hashlib.sha256(text.encode()).hexdigest()[:16]}
    assert now == said, "raise `modified` in notetypes.toml, and write both here"
