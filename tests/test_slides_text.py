"""All text of a bank is in its decks, in order; and the check notices when it is not."""

from __future__ import annotations

import itertools
import random
import re
import zipfile
from typing import TYPE_CHECKING, Any

import lxml.html
import pytest
from lxml import etree

import tiku
from banks import REAL, SHOWCASE, bank_at, numbered
from banks import bank as bank_of
from slides_reading import A, html_slides, missing, pptx_slides, slide_parts
from tiku.model import Bank, Question, Section

if TYPE_CHECKING:
    from pathlib import Path

READERS = {"pptx": pptx_slides, "slides": html_slides}
SUFFIX = {"pptx": ".pptx", "slides": ".slides.html"}


def deck(bank: Bank, folder: Path, kind: str, **settings: Any) -> Path:
    target = folder / f"deck{SUFFIX[kind]}"
    problems = tiku.write(bank, target, format=kind, time=1_700_000_000, **settings)
    assert [str(problem) for problem in problems] == []
    return target


@pytest.mark.parametrize("kind", ["pptx", "slides"])
@pytest.mark.parametrize("source", [REAL, SHOWCASE], ids=["real", "showcase"])
@pytest.mark.parametrize("answers", ["hidden", "inline"])
def test_all_text_is_there_in_order(kind: str, source: Path, answers: str, tmp_path: Path) -> None:
    bank = bank_at(source)
    slides = READERS[kind](deck(bank, tmp_path, kind, answers=answers))
    assert missing(bank, slides) == []
    assert all(slide.title.strip() for slide in slides)


@pytest.mark.parametrize("kind", ["pptx", "slides"])
def test_same_bytes_twice(kind: str, tmp_path: Path) -> None:
    bank = bank_at(SHOWCASE)
    first = deck(bank, tmp_path, kind).read_bytes()
    assert deck(bank, tmp_path, kind).read_bytes() == first


@pytest.mark.parametrize("kind", ["pptx", "slides"])
def test_no_answers_and_answers_at_the_end(kind: str, tmp_path: Path) -> None:
    bank = bank_of(numbered(3))
    none = READERS[kind](deck(bank, tmp_path, kind, answers="none"))
    assert not any("Because" in slide.body for slide in none)
    end = READERS[kind](deck(bank, tmp_path, kind, answers="end"))
    said = "".join(slide.body for slide in end)
    assert said.index("T00003Q") < said.index("T00001A") < said.index("T00003A")


@pytest.mark.parametrize("kind", ["pptx", "slides"])
def test_explanations_as_notes(kind: str, tmp_path: Path) -> None:
    bank = bank_of(numbered(2))
    slides = READERS[kind](deck(bank, tmp_path, kind, settings={"explanation": "note"}))
    assert "T00002E" not in "".join(slide.body for slide in slides)
    assert "T00002E" in "".join(slide.notes for slide in slides)


@pytest.mark.parametrize("kind", ["pptx", "slides"])
@pytest.mark.parametrize("seed", range(6))
def test_tables_of_any_spans_lose_no_text_and_have_whole_rows(kind: str, seed: int, tmp_path: Path) -> None:
    bank = Bank(
        language="en",
        sections=(
            Section(questions=tuple(Question(id=f"q{n}", prompt=(spanned(100 * seed + n),)) for n in range(20))),
        ),
    )
    path = deck(bank, tmp_path, kind)
    assert missing(bank, READERS[kind](path)) == []
    tables = TABLES[kind](path)
    assert len(tables) > 10
    for columns, rows in tables:
        assert rows == [columns] * len(rows)


def spanned(seed: int) -> dict[str, Any]:
    """A table whose spans overlap, reach beyond it and leave holes."""
    chance = random.Random(seed)
    empty = ["", [], []]
    spans = (1, 1, 1, 2, 3, 40)

    def cell() -> list[Any]:
        words = [{"t": "Str", "c": f"{chance.randint(0, 999)}"}]
        return [empty, {"t": "AlignDefault"}, chance.choice(spans), chance.choice(spans), [{"t": "Plain", "c": words}]]

    def rows(least: int, most: int) -> list[Any]:
        return [[empty, [cell() for _ in range(chance.randint(0, 4))]] for _ in range(chance.randint(least, most))]

    specs = [[{"t": "AlignDefault"}, {"t": "ColWidthDefault"}] for _ in range(chance.randint(1, 4))]
    bodies = [[empty, 1, rows(0, 2), rows(1, 20)] for _ in range(2)]
    return {"t": "Table", "c": [empty, [None, []], specs, [empty, rows(0, 3)], bodies, [empty, rows(0, 2)]]}


def pptx_tables(path: Path) -> list[tuple[int, list[int]]]:
    """Of each table the number of its columns, and of the cells in each row; spans agree with what they cover."""
    out = []
    with zipfile.ZipFile(path) as package:
        for part in slide_parts(package):
            for table in etree.fromstring(package.read(part)).iter(A + "tbl"):
                rows = [row.findall(A + "tc") for row in table.findall(A + "tr")]
                # LibreOffice shows no table with a column in which no cell begins.
                assert all(any(not cell.get("hMerge") for cell in column) for column in zip(*rows, strict=True))
                for index, row in enumerate(rows):
                    for column, cell in enumerate(row):
                        if cell.get("vMerge") or cell.get("hMerge"):
                            continue
                        down, across = int(cell.get("rowSpan", 1)), int(cell.get("gridSpan", 1))
                        for below, beside in itertools.product(range(down), range(across)):
                            covered = rows[index + below][column + beside]
                            assert covered.get("vMerge", "0") == str(int(below > 0))
                            assert covered.get("hMerge", "0") == str(int(beside > 0))
                out.append((len(table.findall(f"{A}tblGrid/{A}gridCol")), [len(row) for row in rows]))
    return out


def html_tables(path: Path) -> list[tuple[int, list[int]]]:
    """The same of HTML; each part of a table by itself, as browsers end spans with it."""
    out = []
    for table in lxml.html.fromstring(path.read_bytes()).iter("table"):
        for part in table.xpath("thead | tbody"):
            rows = part.findall("tr")
            counts = [0] * len(rows)
            for index, row in enumerate(rows):
                for cell in row:
                    for below in range(int(cell.get("rowspan", 1))):
                        counts[index + below] += int(cell.get("colspan", 1))
            out.append((len(table.findall("colgroup/col")), counts))
    return out


TABLES = {"pptx": pptx_tables, "slides": html_tables}


UNANSWERED = """---
language: en
---

### 1. First

**Question:** Why?

**Explanation:** T00001E explains it.

### 2. Second

**Question:** Why?

**Answer:** T00002A.
"""


@pytest.mark.parametrize("kind", ["pptx", "slides"])
@pytest.mark.parametrize("answers", ["hidden", "inline", "end"])
def test_a_question_without_an_answer_leads_to_its_explanation(kind: str, answers: str, tmp_path: Path) -> None:
    slides = READERS[kind](deck(bank_of(UNANSWERED), tmp_path, kind, answers=answers))
    names = [slide.name for slide in slides]
    question = next(slide for slide in slides if "Why?" in slide.body)
    assert "Explanation" in question.foot
    (link,) = question.links
    explanation = slides[names.index(link.removeprefix("#/").removeprefix("#"))]
    assert "T00001E" in explanation.body


@pytest.mark.parametrize("kind", ["pptx", "slides"])
@pytest.mark.parametrize("answers", ["hidden", "inline", "end"])
def test_an_explanation_in_the_notes_is_not_lost_without_an_answer(kind: str, answers: str, tmp_path: Path) -> None:
    bank = bank_of(UNANSWERED)
    slides = READERS[kind](deck(bank, tmp_path, kind, answers=answers, settings={"explanation": "note"}))
    question = next(slide for slide in slides if "Why?" in slide.body)
    assert "T00001E" in question.notes
    assert question.links == []


# -- the check itself can fail ------------------------------------------------------------------------------------


def _damage_pptx(path: Path, target: Path, number: int, pattern: str, new: str) -> None:
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(target, "w") as out:
        wanted = slide_parts(old)[number]
        for name in old.namelist():
            data = old.read(name)
            if name == wanted:
                changed = re.sub(pattern, new, data.decode(), count=1)
                assert changed != data.decode()
                data = changed.encode()
            out.writestr(name, data)


def test_a_cut_character_is_noticed_in_pptx(tmp_path: Path) -> None:
    bank = bank_at(REAL)
    path = deck(bank, tmp_path, "pptx")
    slides = pptx_slides(path)
    number = next(place for place, slide in enumerate(slides) if "多模态融合策略" in slide.body)
    _damage_pptx(path, tmp_path / "cut.pptx", number, "多模态融合策略", "多模态融合策")
    assert missing(bank, pptx_slides(tmp_path / "cut.pptx"))


def test_a_dropped_question_and_swapped_answers_are_noticed() -> None:
    whole = bank_of(numbered(4))
    first, second, *rest = whole.sections[0].questions
    from dataclasses import replace

    import slides_reading

    def pages(bank: Bank) -> list[slides_reading.SlideRead]:
        return [
            slides_reading.SlideRead(
                "x", body="".join(text for group in slides_reading.expected(bank) for text in group)
            )
        ]

    def with_questions(*questions: object) -> Bank:
        return replace(whole, sections=(replace(whole.sections[0], questions=tuple(questions)),))  # type: ignore[arg-type]

    titles = [slides_reading.SlideRead("t", title="".join(f"Title {n}" for n in range(1, 5)))]
    assert missing(whole, pages(whole) + titles) == []
    assert missing(whole, pages(with_questions(first, *rest)) + titles)
    swapped = (replace(first, answer=second.answer), replace(second, answer=first.answer))
    assert missing(whole, pages(with_questions(*swapped, *rest)) + titles)
