"""The ways people write questions, each a document with what is to be recognised in it beside it.

The expectations are rewritten by ``TIKU_ACCEPT=1 pytest tests/test_reader_dialects.py``: then read the difference.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import tiku
from tiku.errors import DocumentError
from tiku.markup import plain_text
from tiku.render.view import section_name

if TYPE_CHECKING:
    from tiku.model import Question

FOLDER = Path(__file__).parent / "dialects"
PROSE = Path(__file__).parent / "prose"


def short(nodes: object) -> str:
    return " ".join(plain_text(nodes).split())[:60]


def line_of(question: Question, sections: list[str]) -> str:
    parts = [
        f"{question.location.line:3}",
        question.number or "-",
        str(question.kind),
        f"{len(question.choices)}:{','.join(question.correct)}",
        " / ".join(sections) or "-",
        f"T {short(question.title)}",
        f"P {short(question.prompt)}",
        f"A {short(question.answer)}",
        f"E {short(question.explanation)}",
    ]
    parts += [f"{part.role} {part.label}: {short(part.content)}" for part in question.parts]
    parts += [f"difficulty {question.difficulty}"] if question.difficulty else []
    parts += [f"tags {' '.join(question.tags)}"] if question.tags else []
    return " | ".join(parts)


def recognised(path: Path) -> str:
    reading = tiku.read(path)
    bank = reading.bank
    lines = [f"{reading.dialect} | {bank.language} | {bank.title}"]
    for sections, question in bank.walk():
        lines.append(line_of(question, [section_name(each, "en") for each in sections if each.title]))
    lines += [f"{problem.line:3} {problem.code} {problem.message}" for problem in reading.problems]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("path", sorted(FOLDER.glob("[!.]*")), ids=lambda path: path.name)
def test_dialect(path: Path) -> None:
    if path.suffix == ".expected":
        assert Path(str(path).removesuffix(".expected")).is_file()
        return
    expected = path.with_name(path.name + ".expected")
    found = recognised(path)
    if os.environ.get("TIKU_ACCEPT"):
        expected.write_text(found, encoding="utf-8")
    assert found == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", sorted(PROSE.iterdir()), ids=lambda path: path.name)
def test_prose_holds_no_questions(path: Path) -> None:
    with pytest.raises(DocumentError, match="Q001 no questions found"):
        tiku.read(path)


def test_who_names_no_dialect_is_told_which_one_might_be_meant(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("## What is Python?\n\nA language.\n", encoding="utf-8")
    with pytest.raises(DocumentError, match=r"if these are questions, say so: --dialect headings$"):
        tiku.read(path)
    assert len(tiku.read(path, dialect="headings").bank.questions) == 1
    path.write_text("Nothing here.\n", encoding="utf-8")
    with pytest.raises(DocumentError, match=r"numbered-paragraphs: none\)$"):
        tiku.read(path)
