"""The bank as units, in the order a reader meets them: first everything asked, then what is told elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tiku.exporters.epub.layout import Heading, Unit
from tiku.exporters.epub.metadata import plain
from tiku.exporters.epub.questions import Sides
from tiku.render.html import text
from tiku.render.view import is_chaptered, name_of, section_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tiku.exporters.epub.content import ContentWriter
    from tiku.model import Bank, Question, Section

ELSEWHERE = frozenset({"links", "end", "chapter"})
"""Layouts whose answers stand in another place than their questions."""


@dataclass(slots=True)
class Units:
    """What `collect` found."""

    asked: list[Unit] = field(default_factory=list)
    told: list[Unit] = field(default_factory=list)
    """What stands in files of its own, behind the questions."""
    notes: dict[str, str] = field(default_factory=dict)
    """Pop-up notes by the id of the question: they stand at the end of its file."""


def collect(bank: Bank, writer: ContentWriter, layout: str) -> Units:
    """All of `bank` but its description, written for `layout`."""
    return _Collector(bank, writer, layout).collect()


class _Collector:
    def __init__(self, bank: Bank, writer: ContentWriter, layout: str) -> None:
        self.bank = bank
        self.writer = writer
        self.layout = layout
        self.words = writer.words
        questions = bank.questions
        self.numbers = {each.id: each.number or str(place) for place, each in enumerate(questions, 1)}
        self.sides = Sides(writer, self.numbers)
        self.answered = any(question.answered for question in questions)
        self.chaptered = is_chaptered(bank)
        self.found = Units()
        self._headings = 0

    def collect(self) -> Units:
        found = self.found
        answers = self._heading(text(self.words["answers"]), self.words["answers"])
        for section in self.bank.sections:
            top = self._section_heading(section)
            told: list[Unit] = []
            found.asked += self._section(section, (top,), told)
            if not told:
                continue
            if self.layout == "chapter":
                below = (top, self._heading(answers.html, answers.label))
                found.asked += [replace(unit, path=below) for unit in told]
            else:
                path: tuple[Heading, ...] = (answers,)
                if self.chaptered:
                    path = (answers, self._heading(top.html, top.label, top.language))
                found.told += [replace(unit, path=path) for unit in told]
        return found

    # -- headings -------------------------------------------------------------------------------------------------

    def _heading(self, html: str, label: str, language: str = "") -> Heading:
        self._headings += 1
        return Heading(f"s{self._headings}", html, label, language)

    def _section_heading(self, section: Section) -> Heading:
        name = plain(section_name(section, self.writer.language)) or self.words["untitled"]
        html = self.writer.line_of(section.title) or text(name)
        return self._heading(html, name, self.writer.tongues.of_block(section.title))

    # -- sections and questions -----------------------------------------------------------------------------------

    def _section(self, section: Section, path: tuple[Heading, ...], told: list[Unit]) -> Iterator[Unit]:
        self.writer.file, self.writer.line, self.writer.around = section.location.file, section.location.line, ""
        intro = self.writer.part(section.intro, level=min(len(path), 6), prefix=f"{path[-1].id}-")
        intro += self.writer.footnotes()
        if intro or not (section.questions or section.sections):
            yield Unit(path, intro, counts=False)
        for question in section.questions:
            yield self._question(question, path, told)
        for below in section.sections:
            yield from self._section(below, (*path, self._section_heading(below)) if below.title else path, told)

    def _question(self, question: Question, path: tuple[Heading, ...], told: list[Unit]) -> Unit:
        sides = self.sides
        level = min(len(path) + 1, 6)
        sides.begin(question)
        asked_id, number = sides.asked_id(question), self.numbers[question.id]
        out = [sides.asked(question, level), self._answer(question, level, told)]
        html = (
            f'<article class="question" id="{asked_id}">\n' + "\n".join(each for each in out if each) + "\n</article>"
        )
        label = plain(name_of(question, self.writer.language)) or f"{self.words['question']} {number}"
        return Unit(path, html, asked_id, label=label, number=number, line=question.location.line)

    def _answer(self, question: Question, level: int, told: list[Unit]) -> str:
        """What stands below `question` in its own file: its answer, or the way to it."""
        sides, layout = self.sides, self.layout
        if layout == "none":
            return ""
        elsewhere = layout in ELSEWHERE
        below = self._answer_level() + 1 if elsewhere else level + 1
        answer = sides.told(question, below, titled=layout == "inline", apart=elsewhere or layout == "popup")
        if not answer:
            return f'<p class="about">{text(self.words["no_answer"])}</p>' if self.answered else ""
        number, told_id = self.numbers[question.id], sides.told_id(question)
        if layout == "inline":
            return answer
        if layout == "details":
            summary = text(f"{self.words['answer']} {number}")
            return f"<details>\n<summary>{summary}</summary>\n{answer}\n</details>"
        back = sides.to_question(question)
        if layout == "popup":
            # Readers that do not pop notes up show them at the end of the file: there each must say whose it is.
            name = text(f"{self.words['answer']} {number}")
            self.found.notes[sides.asked_id(question)] = (
                f'<aside epub:type="footnote" role="doc-footnote" id="{told_id}">\n<p class="key">{name}</p>\n'
                f"{answer}\n{back}\n</aside>"
            )
            return sides.to_answer(question, ' epub:type="noteref" role="doc-noteref"')
        head = sides.heading(below - 1)
        html = f'<article class="told" id="{told_id}">\n{head}\n{answer}\n{back}\n</article>'
        told.append(Unit((), html, told_id, number=number, line=question.location.line))
        return sides.to_answer(question)

    def _answer_level(self) -> int:
        """The heading level of a question above its answer."""
        return 3 if self.layout == "chapter" or self.chaptered else 2
