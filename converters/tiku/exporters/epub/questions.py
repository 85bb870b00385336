"""What a reader sees of one question: the side that asks, and the side that tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiku.exporters.epub.anchors import MARK, xml_id
from tiku.render.html import text
from tiku.render.locales import label_colon
from tiku.render.view import key_text, kind_label, numbered, part_label, shown_prompt

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tiku.exporters.epub.content import ContentWriter
    from tiku.model import Choice, Question

ASKING = frozenset({"hint"})
"""Roles of further parts that belong to the question: the others would give the answer away."""


class Sides:
    """Writes the sides of questions with one `ContentWriter`. `numbers` are what links call the questions."""

    def __init__(self, writer: ContentWriter, numbers: dict[str, str]) -> None:
        self.writer = writer
        self.words = writer.words
        self.language = writer.language
        self.colon = label_colon(writer.language)
        self.numbers = numbers
        self._name = ("", "")

    # -- ids and links --------------------------------------------------------------------------------------------

    @staticmethod
    def asked_id(question: Question) -> str:
        """The id of the side that asks."""
        return xml_id("q-", question.id)

    @staticmethod
    def told_id(question: Question) -> str:
        """The id of the side that tells."""
        return xml_id("a-", question.id)

    def to_answer(self, question: Question, extra: str = "") -> str:
        """The link from a question to its answer."""
        label = text(f"{self.words['see_answer']} {self.numbers[question.id]}".strip())
        return f'<p class="jump"><a href="{MARK}{self.told_id(question)}"{extra}>{label}</a></p>'

    def to_question(self, question: Question) -> str:
        """The link from an answer back to its question."""
        label = text(f"{self.words['back_to_question']} {self.numbers[question.id]}".strip())
        return f'<p class="back"><a href="{MARK}{self.asked_id(question)}" role="doc-backlink">{label}</a></p>'

    # -- the two sides --------------------------------------------------------------------------------------------

    def begin(self, question: Question) -> None:
        """Turn to `question`: what follows is about it."""
        self.writer.line = question.location.line
        self.writer.file = question.location.file
        self.writer.around = self.writer.tongues.of_block((question.title, question.prompt))
        self._name = self._name_of(question)

    def heading(self, level: int) -> str:
        """Number and title of the question turned to; the word 'Question' for one that has neither."""
        name, tongue = self._name
        return f"<h{level}{tongue}>{name}</h{level}>"

    def _name_of(self, question: Question) -> tuple[str, str]:
        number = numbered(question)
        title = self.writer.line_of(question.title)
        name = f"{text(number)}{title}".strip()
        if not title:
            name = text(f"{self.words['question']} {self.numbers[question.id]}".strip())
        return name, self.writer.tongue_of(question.title) if title else ""

    def asked(self, question: Question, level: int) -> str:
        """Heading, prompt, choices and hints of `question`; `level` is its heading's."""
        prefix = self.asked_id(question) + "-"
        self.writer.prefix = prefix
        out = [
            self.heading(level),
            self._about(question),
            self.writer.part(shown_prompt(question), level=level, prefix=prefix),
            self._choices(question.choices),
        ]
        out += self._parts(question, level + 1, prefix, asking=True)
        out.append(self.writer.footnotes())
        return "\n".join(each for each in out if each)

    def told(self, question: Question, level: int, *, titled: bool, apart: bool) -> str:
        """Key, answer, explanation and further parts; empty when there is nothing to tell.

        `level` is that of the labels; `titled` puts one before the answer, too; `apart` repeats the correct choices,
        which stand elsewhere.
        """
        prefix = self.told_id(question) + "-"
        out: list[str] = []
        if key := key_text(question, self.language):
            out.append(f'<p class="key">{text(self.words["correct_answer"] + self.colon)}{self._gap}{text(key)}</p>')
            if apart:
                self.writer.prefix = prefix
                out.append(self._choices(choice for choice in question.choices if choice.correct))
        # Without a label above it, the answer stands directly below the question's own heading.
        out.append(self.writer.part(question.answer, level=level if titled else level - 1, prefix=prefix))
        if titled and any(out):
            out.insert(0, self._label(self.words["answer"], level))
        if question.explanation:
            out.append(self._label(self.words["explanation"], level))
            out.append(self.writer.part(question.explanation, level=level, prefix=prefix))
        out += self._parts(question, level, prefix, asking=False)
        out.append(self.writer.footnotes())
        return "\n".join(each for each in out if each)

    @property
    def _gap(self) -> str:
        return "" if self.colon == "：" else " "

    @staticmethod
    def _label(label: str, level: int) -> str:
        level = min(level, 6)
        return f'<h{level} class="label">{text(label) or "–"}</h{level}>'

    def _parts(self, question: Question, level: int, prefix: str, *, asking: bool) -> list[str]:
        out: list[str] = []
        for part in question.parts:
            if (part.role in ASKING) == asking and part.content:
                out.append(self._label(part_label(part, self.language), level))
                out.append(self.writer.part(part.content, level=min(level, 6), prefix=prefix))
        return out

    def _about(self, question: Question) -> str:
        """Kind, difficulty and tags in one line."""
        words, between = self.words, ", "
        facts = [kind_label(question, self.language)]
        if self.colon == "：":
            between = "、"
        if question.difficulty:
            facts.append(f"{words['difficulty']}{self.colon}{self._gap}{question.difficulty}")
        if question.tags:
            facts.append(f"{words['tags']}{self.colon}{self._gap}{between.join(question.tags)}")
        said = " · ".join(fact for fact in facts if fact)
        return f'<p class="about">{text(said)}</p>' if said else ""

    def _choices(self, choices: Iterable[Choice]) -> str:
        items = [f"<li>{self._choice(choice)}</li>" for choice in choices]
        return '<ul class="choices" role="list">\n' + "\n".join(items) + "\n</ul>" if items else ""

    def _choice(self, choice: Choice) -> str:
        mark = f'<span class="mark">{text(choice.label)}.</span> '
        blocks = list(choice.content)
        if blocks and blocks[0]["t"] in {"Para", "Plain"}:
            first = blocks.pop(0)["c"]
            tongue = self.writer.tongue_of(first)
            line = f"<p>{mark}<span{tongue}>{self.writer.inlines(first)}</span></p>" if tongue else (
                f"<p>{mark}{self.writer.inlines(first)}</p>"
            )  # fmt: skip
        else:
            line = f"<p>{mark}</p>"
        rest = self.writer.blocks(blocks)
        return f"{line}\n{rest}" if rest else line
