"""Several documents as one bank: a folder, in natural order; questions and answers in two files are joined by their id."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from tiku import sources
from tiku.errors import DocumentError
from tiku.markup import string
from tiku.model import Bank, Location, Section
from tiku.problems import Problem
from tiku.readers import SUFFIXES, Reading
from tiku.readers.lines import Lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tiku.model import Question

_PROSE = frozenset({"readme", "license", "licence", "contributing", "changelog", "code_of_conduct", "authors"})
MAX_FILES = 20_000


def natural(path: Path) -> tuple[tuple[int, int | str], ...]:
    """A sort key under which ``2.md`` comes before ``10.md``."""
    pieces = re.split(r"(\d+)", path.as_posix().casefold())
    return tuple((0, int(piece)) if piece.isdigit() else (1, piece) for piece in pieces if piece)


def documents(folder: Path) -> list[Path]:
    """The documents in and below `folder` that a reader takes, in natural order; nothing hidden, no links out of it.

    Raises DocumentError when there are none, or too many.
    """
    found = sources.documents(folder, SUFFIXES)
    sources.note_documents(folder, found)
    if len(found) > MAX_FILES:
        raise DocumentError(f"holds more than {MAX_FILES} documents", file=str(folder))
    if not found:
        raise DocumentError(f"holds no document ({', '.join(SUFFIXES)})", file=str(folder))
    return sorted(found, key=natural)


def read(folder: Path, read_one: Callable[[Path], Reading], title: str = "") -> Reading:
    """The documents of `folder` as one bank, each read by `read_one`; a document without questions becomes a problem.

    Raises DocumentError when none of them holds questions.
    """
    readings: list[tuple[Path, Reading]] = []
    problems: list[Problem] = []
    lines = Lines()
    for path in documents(folder):
        try:
            sources.refuse_name(str(path))
            reading = read_one(path)
        except DocumentError as error:
            if path.stem.casefold() not in _PROSE:
                problems.append(
                    Problem("Q004", f"left out: {error.message[:200]}", sources.shown(str(path)), error.line)
                )
            continue
        readings.append((path, reading))
        problems += reading.problems
        lines.take_over(reading.lines)
    if not readings:
        raise DocumentError("Q001 no questions found in any of its documents", file=str(folder))
    bank = _joined(folder, readings, title)
    count = Counter(reading.dialect for _, reading in readings)
    evidence = tuple(f"{dialect}: {number} document(s)" for dialect, number in count.most_common())
    return Reading(bank, tuple(problems), count.most_common(1)[0][0], evidence, lines)


def _joined(folder: Path, readings: list[tuple[Path, Reading]], title: str) -> Bank:
    ids: set[str] = set()
    answers = _answers(readings)
    sections: list[Section] = []
    single: list[Question] = []
    for path, reading in readings:
        done = [_section(section, ids, answers) for section in reading.bank.sections]
        kept = [section for section in done if _questions(section)]
        if not kept:
            continue
        if len(kept) == 1 and len(kept[0].questions) == 1 and not kept[0].title and not kept[0].sections:
            single += kept[0].questions
            continue
        if single:
            sections.append(Section(questions=tuple(single)))
            single = []
        name = reading.bank.title
        if len(kept) == 1 and not kept[0].title:
            sections.append(replace(kept[0], title=string(name), location=Location(str(path), 1)))
        else:
            sections.append(Section(string(name), (), (), tuple(kept), Location(str(path), 1)))
    if single:
        sections.append(Section(questions=tuple(single)))
    first = readings[0][1].bank
    languages = Counter(reading.bank.language for _, reading in readings)
    media = {each.name: each for _, reading in readings for each in reading.bank.media}
    return Bank(
        title=title or folder.resolve().name or "tiku",
        language=languages.most_common(1)[0][0],
        authors=tuple(dict.fromkeys(author for _, reading in readings for author in reading.bank.authors)),
        date=max((reading.bank.date for _, reading in readings), default=first.date),
        sections=tuple(sections),
        media=tuple(media[name] for name in sorted(media)),
    )


def _questions(section: Section) -> int:
    return len(section.questions) + sum(_questions(child) for child in section.sections)


def _answers(readings: list[tuple[Path, Reading]]) -> dict[str, Question]:
    """Questions that are only the answer to one of the same id in another document."""
    asked = {q.id for _, reading in readings for q in reading.bank.questions if q.prompt or not q.answer}
    return {
        question.id: question
        for _, reading in readings
        for question in reading.bank.questions
        if question.answer and not question.prompt and question.id in asked and not question.id.startswith("q-")
    }


def _section(section: Section, ids: set[str], answers: dict[str, Question]) -> Section:
    questions = []
    for question in section.questions:
        if answers.get(question.id) is question:
            continue
        done = question
        if other := answers.get(question.id):
            done = replace(
                question,
                answer=question.answer or other.answer,
                explanation=question.explanation or other.explanation,
                choices=question.choices or other.choices,
                parts=question.parts + other.parts,
            )
        identifier, count = done.id, 2
        while identifier in ids:
            identifier = f"{done.id}-{count}"
            count += 1
        ids.add(identifier)
        questions.append(replace(done, id=identifier))
    children = tuple(_section(child, ids, answers) for child in section.sections)
    return replace(section, questions=tuple(questions), sections=children)
