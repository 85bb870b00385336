"""The shape of a slide deck, shared by PPTX and HTML: which slides there are, what stands on each, in which size."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tiku.markup import plain_text
from tiku.model import Kind
from tiku.render import view
from tiku.render.locales import direction, label_colon, primary, terms
from tiku.render.options import Answers
from tiku.render.paginate import titles
from tiku.render.paginate.builder import Builder
from tiku.render.paginate.flow import BOLD, Item, Paragraph, Place, Run, Runs
from tiku.render.paginate.measure import Setter
from tiku.render.paginate.pages import Fitted, fit
from tiku.render.slide import (
    BODY_SIZES,
    COVER_SIZES,
    FOOTER_FULL,
    FOOTER_SIZE,
    QUESTION_SIZES,
    TITLE_SIZES,
    Geometry,
    Slide,
    footer_places,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tiku.model import Bank, Block, Question, Section
    from tiku.problems import Problem
    from tiku.render.slide import Box

LONGEST_TAIL = " (99/99)"
"""What a title must leave room for, lest it be shortened where its text needs several slides."""
LONGEST_CONTENTS = 60
"""A bank without chapters lists its questions only when they are no more than this."""
BETWEEN = "  ·  "
"""What parts the labels in a footer."""
LEAST_NAME = 8.0
"""Em of a section's name in the footer, below which it says nothing."""
SHORT_ANSWER = 24.0
"""An answer joins its question (or its explanation) on one slide when both are at least this large."""


class Deck:
    """The slides of `bank`, made one after another as they are asked for: a large bank needs little memory.

    `user` is the exporter's name. `explanation` is ``slide`` or ``note``, the speaker's; `stepwise` lets a short answer
    stand on its question's slide, to be shown at a further step. `problems` is complete when the last slide was made.
    """

    def __init__(
        self,
        bank: Bank,
        answers: Answers,
        user: str,
        *,
        explanation: str = "slide",
        stepwise: bool = False,
        geometry: Geometry | None = None,
    ) -> None:
        self.bank = bank
        self.answers = answers
        self.explanation = explanation
        self.stepwise = stepwise and answers is Answers.HIDDEN
        self.geometry = geometry or Geometry()
        self.language = bank.language
        self.terms = terms(bank.language)
        self.colon = label_colon(bank.language)
        self.builder = Builder(bank, user)
        self.setter = Setter(self.geometry.body.width, self.geometry.body.height, self.builder.objects)
        self.rtl = direction(bank.language) == "rtl"
        self.count = len(bank.questions)
        self._numbers = {question.id: number for number, question in enumerate(bank.questions, 1)}
        self.problems: list[Problem] = self.builder.problems
        self.names = {f"q{number}" for number in range(1, self.count + 1)}
        """The first slide of each question and section: what links inside the deck may lead to."""
        self.names |= {f"s{number}" for number in range(1, len(self._section_numbers) + 1)}

    # -- the whole ------------------------------------------------------------------------------------------------

    def slides(self) -> Iterator[Slide]:
        """Every slide in order."""
        yield from self._cover()
        if self.bank.description:
            yield from self._text("intro", (Run(self.terms["introduction"]),), self.builder.flow(self.bank.description))
        yield from self._contents()
        for section in self.bank.sections:
            yield from self._section(section, 1)
        if self.answers is Answers.END:
            yield self._divider("answers", (Run(self.terms["answers"]),), "")
            for path, question in self.bank.walk():
                yield from self._answer_slides(path, question)

    def _cover(self) -> Iterator[Slide]:
        title = (Run(self.bank.title or self.terms["questions"]),)
        below = [Run(view.count_label(self.count, self.language))]
        comma = "、" if primary(self.language) in {"zh", "ja"} else ", "
        for extra in (comma.join(self.bank.authors), self.bank.date):
            if extra:
                below += [Run("\n"), Run(" ".join(extra.split()))]
        runs, size = self._title(title, self.geometry.cover, COVER_SIZES)
        items: list[Item] = [Paragraph(runs=tuple(below), align="center")]
        fitted = fit(items, (22.0, 20.0), Setter(self.geometry.subtitle.width, self.geometry.subtitle.height, {}))
        yield Slide("cover", "title", runs, size, fitted.pages[0], fitted.size, centred=True)
        yield from self._long_title("cover-title", title)
        if len(fitted.pages) > 1:
            yield from self._text("cover-more", title, [Paragraph(runs=tuple(below))])

    def _contents(self) -> Iterator[Slide]:
        sections = self._section_numbers
        rows: list[Item] = []
        room = self.geometry.body.width / BODY_SIZES[0]  # what is cut off here stands in full on its slide
        if sections:
            for number, (section, depth, total) in enumerate(sections, 1):
                spare = 6.0 + 1.2 * min(depth - 1, 4)
                name = titles.one_line(view.section_name(section, self.language), room - spare, BOLD)
                runs = (Run(name, BOLD if depth == 1 else 0, f"#s{number}"), Run(f"  {total}", tone="quiet"))
                box = self.builder.container("plain", 1.2 * min(depth - 1, 4))
                rows.append(Paragraph(path=(Place(box, 0),), runs=runs, rtl=self.rtl or self.builder.turned(name)))
        elif self.count <= LONGEST_CONTENTS:
            for number, question in enumerate(self.bank.questions, 1):
                name = titles.one_line(view.name_of(question, self.language), room - 1.0, BOLD)
                rows.append(Paragraph(runs=(Run(name, 0, f"#q{number}"),), rtl=self.rtl or self.builder.turned(name)))
        if rows:
            yield from self._text("contents", (Run(self.terms["contents"]),), rows, kind="contents")

    @property
    def _section_numbers(self) -> list[tuple[Section, int, int]]:
        """Every titled section in order, with its depth and the number of its questions."""
        out: list[tuple[Section, int, int]] = []

        def visit(section: Section, depth: int) -> int:
            if section.title:
                place = len(out)
                out.append((section, depth, 0))
            total = len(section.questions) + sum(visit(child, depth + 1) for child in section.sections)
            if section.title:
                out[place] = (section, depth, total)
            return total

        for section in self.bank.sections:
            visit(section, 1)
        return out

    _sections_made = 0

    def _section(self, section: Section, depth: int) -> Iterator[Slide]:
        self.builder.file, self.builder.line = section.location.file, section.location.line
        if section.title:
            self._sections_made += 1
            total = sum(1 for _ in replace(self.bank, sections=(section,)).walk())
            words = view.count_label(total, self.language) if total else ""
            title = self.builder.title(section.title)
            yield self._divider(f"s{self._sections_made}", title, words)
            yield from self._long_title(f"s{self._sections_made}-title", title)
        if section.intro:
            title = self.builder.title(section.title) or (Run(self.terms["introduction"]),)
            yield from self._text(f"s{self._sections_made}-intro", title, self.builder.flow(section.intro))
        for question in section.questions:
            yield from self._question(section, question)
        for child in section.sections:
            yield from self._section(child, depth + 1)

    def _divider(self, name: str, title: Runs, words: str) -> Slide:
        runs, size = self._title(title, self.geometry.cover, COVER_SIZES)
        items: list[Item] = [Paragraph(runs=(Run(words),), align="center")] if words else []
        return Slide(name, "section", runs, size, items, 22.0, centred=True)

    def _long_title(self, name: str, title: Runs) -> Iterator[Slide]:
        """The whole of a title that is too long for a title slide."""
        if not self._size(title, self.geometry.cover, COVER_SIZES):
            yield from self._text(name, title, [Paragraph(runs=title, rtl=self.rtl)])

    def _text(self, name: str, title: Runs, items: list[Item], kind: str = "text") -> Iterator[Slide]:
        fitted = fit(items, BODY_SIZES, self.setter, colon=self.colon)
        yield from self._made(name, kind, title, fitted)

    # -- questions ------------------------------------------------------------------------------------------------

    def _question(self, section: Section, question: Question) -> Iterator[Slide]:
        self.builder.file, self.builder.line = question.location.file, question.location.line
        number = self._numbers[question.id]
        title, items = self._asked(question)
        left = self._left(section, question)
        asked = len(items)
        shown = self.answers in {Answers.INLINE, Answers.HIDDEN}
        answer, rest, notes = self._answered(question) if self.answers is not Answers.NONE else ([], [], [])
        fitted: Fitted | None = None
        together = False
        if self.answers is Answers.INLINE and answer:
            fitted = fit([*items, *answer], BODY_SIZES, self.setter, colon=self.colon)
            together = True
        elif self.stepwise and answer:
            tried = fit([*items, *answer], QUESTION_SIZES[2:], self.setter, colon=self.colon)
            if len(tried.pages) == 1 and tried.size >= SHORT_ANSWER:
                fitted, together = tried, True
        if fitted is None:
            fitted = fit(items, QUESTION_SIZES, self.setter, colon=self.colon)
        link = self._way_on(number, [] if together else answer, rest)
        slides = list(self._made(f"q{number}", "question", title, fitted))
        for slide in slides:
            slide.left, slide.progress, slide.link = left, f"{number}/{self.count}", link
            slide.centred = len(slides) == 1
            if slide.centred and slide.is_short:
                for item in slide.items:
                    if isinstance(item, Paragraph):
                        item.align = "center"
        if together and self.stepwise and len(slides) == 1:
            slides[0].hidden_from = asked
        if notes and (together or not (answer or rest)):
            slides[0].notes = notes
        yield from slides
        if shown:
            remaining = rest if together else [*answer, *rest]
            if remaining:
                yield from self._answers_made(question, section, number, [] if together else answer, rest, notes)

    def _way_on(self, number: int, answer: list[Item], rest: list[Item]) -> tuple[str, str]:
        """The link from a question to the slide of what follows it, called by what stands there first."""
        if answer:
            return self.terms["see_answer"], f"a{number}"
        if rest and isinstance(label := rest[0], Paragraph):
            return label.text, f"a{number}"
        return "", ""

    def _answer_slides(self, path: tuple[Section, ...], question: Question) -> Iterator[Slide]:
        self.builder.file, self.builder.line = question.location.file, question.location.line
        answer, rest, notes = self._answered(question)
        if answer or rest:
            yield from self._answers_made(question, path[-1], self._numbers[question.id], answer, rest, notes)

    def _answers_made(
        self, question: Question, section: Section, number: int, answer: list[Item], rest: list[Item], notes: list[Item]
    ) -> Iterator[Slide]:
        """Slides of the answer and what follows it: together when both are short, else each on its own."""
        title = self._heading(question)
        groups: list[Fitted] = []
        if answer and rest:
            both = fit([*answer, *rest], BODY_SIZES, self.setter, colon=self.colon)
            if len(both.pages) == 1 and both.size >= SHORT_ANSWER:
                groups = [both]
        if not groups:
            groups = [fit(part, BODY_SIZES, self.setter, colon=self.colon) for part in (answer, rest) if part]
        slides: list[Slide] = []
        for index, group in enumerate(groups):
            name = f"a{number}" if index == 0 else f"e{number}"
            slides += self._made(name, "answer", title, group)
        left = self._left(section, question)
        for slide in slides:
            slide.left, slide.progress = left, f"{number}/{self.count}"
            slide.link = (self.terms["back_to_question"], f"q{number}")
        if notes and slides:
            slides[0].notes = notes
        yield from slides

    def _asked(self, question: Question) -> tuple[Runs, list[Item]]:
        """The title and the body of the question's slide."""
        prompt = view.shown_prompt(question)
        whole = self.builder.title(question.title)
        heading = self._heading(question)
        items = self.builder.flow(prompt)
        size = self._size((*heading, Run(LONGEST_TAIL)), self.geometry.title, TITLE_SIZES)
        if whole and (not size or not items):
            # The title is the question, or too long for a title: it stands in the body, whole.
            lead = Paragraph(runs=whole, rtl=self.builder.turned(plain_text(question.title)), keep=bool(items))
            items = [lead, *items]
            heading = self._generic(question)
        elif not whole:
            heading = self._generic(question)
        if question.choices:
            items += self.builder.choices(
                (choice.label, self.builder.flow(choice.content), False) for choice in question.choices
            )
        for part in question.parts:
            if part.role == "hint":
                items += self.builder.labelled(view.part_label(part, self.language) + self.colon, part.content)
        if left := self._labels(question)[1]:
            items.append(Paragraph(runs=(Run(left),), role="note", scale=0.85, rtl=self.rtl))
        return heading, items

    def _answered(self, question: Question) -> tuple[list[Item], list[Item], list[Item]]:
        """The answer; the explanation and further parts; what goes to the notes."""
        colon = self.colon
        answer: list[Item] = []
        correct = [choice for choice in question.choices if choice.correct]
        if correct:
            word = self.terms["correct_answer"] + colon
            answer.append(Paragraph(runs=(Run(word, BOLD, tone="label"),), role="label", keep=True, rtl=self.rtl))
            answer += self.builder.choices(
                (choice.label, self.builder.flow(choice.content), True) for choice in correct
            )
        if question.answer:
            answer += self._headed(self.terms["answer"], question.answer)
        rest: list[Item] = []
        notes: list[Item] = []
        if question.explanation:
            if self.explanation == "note":
                notes = self._headed(self.terms["explanation"], question.explanation)
            else:
                rest += self._headed(self.terms["explanation"], question.explanation)
        for part in question.parts:
            if part.role != "hint":
                rest += self._headed(view.part_label(part, self.language), part.content)
        return answer, rest, notes

    def _headed(self, label: str, blocks: Iterable[Block]) -> list[Item]:
        """`blocks` under a label of their own."""
        items = self.builder.flow(blocks)
        return (
            [Paragraph(runs=(Run(label, BOLD, tone="label"),), role="label", keep=True, rtl=self.rtl), *items]
            if items
            else []
        )

    def _heading(self, question: Question) -> Runs:
        title = self.builder.title(question.title)
        if not title:
            return self._generic(question)
        return (Run(view.numbered(question)), *title) if question.number else title

    def _generic(self, question: Question) -> Runs:
        number = question.number or str(self._numbers[question.id])
        return (Run(f"{self.terms['question']} {number}"),)

    def _labels(self, question: Question) -> tuple[str, str]:
        """Kind, difficulty and tags as the footer shows them; and those that it has no room for."""
        kind = view.kind_label(question, self.language) if question.kind is not Kind.OPEN else ""
        first = BETWEEN.join(each for each in (kind, question.difficulty) if each)
        tags = BETWEEN.join(f"#{tag}" for tag in question.tags)
        both = BETWEEN.join(each for each in (first, tags) if each)
        for said, left in ((both, ""), (first, tags)):
            if titles.width(said) <= self._footer_room:
                return said, left
        return "", both

    @property
    def _footer_room(self) -> float:
        """What stands beside the way to the answer or back, in em."""
        room, *_ = footer_places(
            self.geometry.footer.width, self.terms["back_to_question"], f"{self.count}/{self.count}"
        )
        return room * FOOTER_FULL / FOOTER_SIZE

    def _left(self, section: Section, question: Question) -> str:
        said, _ = self._labels(question)
        room = self._footer_room - titles.width(said + BETWEEN)
        name = " ".join(plain_text(section.title).split())
        if titles.width(name) > room:  # it stands in full on a slide of its own
            name = titles.one_line(name, room) if room >= LEAST_NAME else ""
        return BETWEEN.join(each for each in (name, said) if each)

    # -- making slides --------------------------------------------------------------------------------------------

    def _made(self, name: str, kind: str, title: Runs, fitted: Fitted) -> Iterator[Slide]:
        for item in fitted.overfull:
            what, where = type(item).__name__.lower(), "".join(run.text for run in title)
            self.builder.complain("Q310", f"'{where}': a {what} too large for a slide, even at the smallest size")
        total = len(fitted.pages)
        setter = Setter(self.setter.width, self.setter.page, self.builder.objects, fitted.limit)
        for index, items in enumerate(fitted.pages):
            part = f" ({index + 1}/{total})" if total > 1 else ""
            runs, size = self._title(title, self.geometry.title, TITLE_SIZES, tail=part)
            height = sum(
                setter.height(item, fitted.size) + (setter.gap(item, fitted.size) if place else 0)
                for place, item in enumerate(items)
            )
            here = name if index == 0 else f"{name}-{index + 1}"
            yield Slide(here, kind, runs, size, items, fitted.size, fitted.limit, height)

    def _size(self, title: Runs, box: Box, sizes: tuple[float, ...]) -> float:
        return titles.largest(title, box.width, box.height, sizes, self.builder.objects)

    def _title(self, title: Runs, box: Box, sizes: tuple[float, ...], *, tail: str = "") -> tuple[Runs, float]:
        """`title` with `tail` in the largest size that fits `box`; shortened when none does."""
        whole = (*title, Run(tail)) if tail else title
        if size := self._size(whole, box, sizes):
            return whole, size
        return titles.shortened(title, box.width, box.height, sizes[-1], self.builder.objects, tail=tail), sizes[-1]
