"""The bank as the pages of a book: which pieces there are, in which order, and what leads where.

A piece is HTML that no page number depends on; page numbers of other places stand in it as marks (`page_mark`) that
the renderer fills. Anchors are short names of ours: ``q7``, its answer ``a7``, the section ``s2``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from tiku.exporters import Answers
from tiku.exporters.pdf.content import PdfWriter
from tiku.exporters.pdf.glyphs import UNPRINTABLE
from tiku.exporters.pdf.schemes import LINK
from tiku.exporters.pdf.spacing import open_gaps
from tiku.markup import plain_text, walk
from tiku.model import Kind
from tiku.render import fonts, view
from tiku.render.locales import direction, tag, terms

if TYPE_CHECKING:
    from jinja2 import Environment

    from tiku.exporters.pdf.theme import Theme
    from tiku.model import Bank, Blocks, Inlines, Question, Section
    from tiku.problems import Problem

MARK = "\x00"
"""Stands on both sides of an anchor whose page number is wanted. No content can hold it: it is no XML character."""


ALWAYS = "0123456789ivxlcdm–-.()"
"""Characters that every sample holds: numbers of pages, ranges."""


CONTENTS_LINES = 400
"""Longer contents are laid out in parts, so that memory does not grow with the book."""
LONGEST_HEADING = 160
"""Characters of a prompt that may stand as a heading."""
LONGEST_COVER = 260
"""Characters of a description that the cover has room for; a longer one gets pages of its own."""
LONGEST_WORD = 24
LONGEST_NAME = 120
"""Characters of a question's name in contents and bookmarks."""


def page_mark(anchor: str) -> str:
    """Where the number of the page with `anchor` goes."""
    return f"{MARK}{anchor}{MARK}"


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of the body: a heading, a question, an answer."""

    html: str
    opens: bool = False
    """Whether a chapter begins here: a good place to cut a long book."""
    section: str = ""
    """The heading, where it is one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One bookmark, and one line of the contents."""

    level: int
    number: str
    title: str
    anchor: str
    section: bool = False

    @property
    def name(self) -> str:
        """Number and title, as bookmarks show them."""
        return f"{self.number}. {self.title}".strip() if self.number else self.title


@dataclass(slots=True)
class Book:
    """Everything the renderer and the finishing pass need."""

    title: str
    language: str
    direction: str
    body: list[Piece] = field(default_factory=list)
    back: str = ""
    """What follows the body and names its pages: the index of topics."""
    front: list[str] = field(default_factory=list)
    """Cover and contents; those of a long book are in several parts."""
    entries: list[Entry] = field(default_factory=list)
    spans: list[tuple[str, str]] = field(default_factory=list)
    """(anchor, number as typed) of each thing that the running head counts, in order."""
    references: dict[str, str] = field(default_factory=dict)
    """Anchor of a place where a page's number is stamped -> anchor whose page it is."""
    assets: dict[str, bytes] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    head: str = ""

    @property
    def stamped(self) -> str:
        """Every character that may be stamped on the pages, each once."""
        wanted = "".join(number for _, number in self.spans)
        return "".join(dict.fromkeys(each for each in ALWAYS + wanted if each.isalnum() or each in ALWAYS))

    @property
    def sample(self) -> str:
        """The page that stamps take their glyphs from."""
        return f'<div class="sample" dir="ltr">{escape(self.stamped)}</div>'

    def page(self, content: str) -> str:
        """A whole HTML document with `content` as its body."""
        return self.head + content + "\n</body></html>"

    def chunks(self, size: int) -> list[str]:
        """The body in parts of about `size` questions, cut where a chapter opens if one opens near."""
        parts: list[str] = []
        current: list[str] = []
        count = 0
        section = ""
        for piece in self.body:
            if current and (count >= size * 1.5 or (piece.opens and count >= size / 2)):
                parts.append("\n".join(current))
                current = [] if piece.opens else [f'<div class="resumed" data-section="{escape(section)}"></div>']
                count = 0
            current.append(piece.html)
            count += 1
            section = piece.section or section
        parts.append("\n".join(current))
        return parts


@dataclass(frozen=True, slots=True)
class Shown:
    """One question as the templates see it: all HTML, all labels in the bank's language."""

    anchor: str
    number: str
    name: str
    title: Markup
    level: int
    prompt: Markup
    choices: list[tuple[str, Markup, bool]]
    key: str
    answer: Markup
    explanation: Markup
    hints: list[tuple[str, Markup]]
    """Labelled parts that help before the answer is read."""
    parts: list[tuple[str, Markup]]
    """All others."""
    notes: Markup
    tags: tuple[str, ...]
    difficulty: str
    kind: str
    open: bool
    """Whether it wants an answer in words."""


def extent(html: str) -> int:
    """How much room the text in `html` takes, roughly, in letters; a hanzi is as wide as two."""
    return sum(2 if character > "\u2e80" else 1 for character in Markup(html).striptags())  # noqa: S704 - it is read only


def labelled(label: str, html: str, kind: str = "label") -> Markup:
    """`html` with `label` at the beginning of its first line, or on a line of its own that the next one is drawn over.

    The label is in the flow of the text (the style moves it into the margin): what is positioned is painted last, and
    programs that take text out of a PDF in the order of painting would give all labels after all text.
    """
    long = " long" if extent(label) > 13 else ""
    span = Markup('<span class="{}{}">{}</span> ').format(kind, long, label)
    if html.startswith("<p>") and not html.startswith('<p><span class="display">'):  # a formula stands on its own line
        return Markup("<p>") + span + Markup(html[3:])  # noqa: S704 - the writer escapes
    if not html.startswith("<") or html.startswith(("<span", "<code", "<strong", "<em", "<img", "<a ", "<sup", "<sub")):
        return span + Markup(html)  # noqa: S704
    alone = Markup('<p class="alone{}">{}</p>').format(long, span)
    return alone + Markup(html)  # noqa: S704


def _name_of(question: Question) -> str:
    """The title; else what the prompt says before its code; else the code."""
    words = [block for block in question.prompt if block["t"] not in {"CodeBlock", "Table", "RawBlock"}]
    candidates = (question.title, words[:1], words, question.prompt)
    return next((name for nodes in candidates if (name := " ".join(plain_text(nodes).split()))), "")


def _headed(question: Question) -> tuple[Inlines, Blocks]:
    """What stands as the heading, and what below it: the first line of the prompt where there is no title."""
    prompt = view.shown_prompt(question)
    if question.title or not prompt or prompt[0]["t"] not in {"Para", "Plain"}:
        return question.title, prompt
    first = prompt[0]["c"]
    plain = all(node["t"] not in {"Image", "Note"} for node in walk(first))
    if len(plain_text(first)) > LONGEST_HEADING or not plain:
        return (), prompt
    return tuple(first), prompt[1:]


def _shortened(name: str) -> str:
    """`name`, cut between words where it has any, when it is too long for a bookmark."""
    if len(name) <= LONGEST_NAME:
        return name
    cut = name[: LONGEST_NAME - 1]
    head, space, tail = cut.rpartition(" ")
    return (head if space and len(tail) < LONGEST_WORD else cut).rstrip() + "…"


@dataclass(frozen=True, slots=True)
class Look:
    """What the user chose, as far as the pages show it."""

    answers: Answers = Answers.INLINE
    page: str = "A4"
    narrow: bool = False
    """Whether the page has no gutter: numbers and labels run in."""
    ticks: int = 3
    """Boxes to tick beside each question, one for each time it is learnt."""
    urls: bool = True
    """Whether the address of a link is printed after its text."""


class Binder:
    """Makes a `Book` of a bank, with the templates of a theme."""

    def __init__(self, bank: Bank, theme: Theme, look: Look, table: dict[int, str]) -> None:
        self.bank = bank
        self.table = {**UNPRINTABLE, **table}
        """What to write for characters that no font has, or that are none."""
        answers = look.answers
        if answers is Answers.INLINE:
            answers = Answers(theme.settings.get("answers", answers))
        self.answers = Answers.END if answers is Answers.HIDDEN else answers
        self.cards = bool(theme.settings.get("cards"))
        """Whether each question is a card: no headings, no answers elsewhere."""
        self.group = fonts.group(bank.language)
        self.templates: Environment = theme.templates
        self.terms = terms(bank.language)
        self.writer = PdfWriter(bank, urls=look.urls)
        self.book = Book(
            title=bank.title or self.terms["questions"], language=tag(bank.language), direction=direction(bank.language)
        )
        self._shared: dict[str, Any] = {
            "t": self.terms,
            "answers": str(self.answers),
            "book": self.book,
            "bank": bank,
            "link": lambda anchor: f"{LINK}{anchor}",
            "page": lambda anchor: Markup(page_mark(anchor)),  # noqa: S704 - our own marks
            "reference": self._reference,
            "settings": theme.settings,
            "labelled": labelled,
            "extent": extent,
            "look": look,
        }
        self._templates: dict[str, Any] = {}
        self._count = 0
        self._sections = 0
        self._topics: dict[str, list[tuple[str, str]]] = {}

    def bind(self) -> Book:
        """The whole book."""
        book = self.book
        book.head = self._render("head.html")
        later: list[Shown] = []
        for section in self.bank.sections:
            self._section(section, 1, later)
            if self.answers is Answers.CHAPTER:
                self._answers(later, 2 if section.title else 1)
                later = []
        if self.answers is Answers.END:
            self._answers(later, 1)
        if self._topics and not self.cards:
            self._sections += 1
            anchor = f"s{self._sections}"
            topics = sorted(self._topics.items())
            book.back = self._render("topics.html", anchor=anchor, topics=topics)
            book.entries.append(Entry(1, "", self.terms["topics"], anchor, section=True))
        self.writer.file, self.writer.line, self.writer.shift = "", 0, 1
        description = self._html(self.bank.description) + Markup(self.writer.footnotes())  # noqa: S704
        count = view.count_label(self._count, self.bank.language)
        long = len(plain_text(self.bank.description)) > LONGEST_COVER or len(self.bank.description) > 3
        cover = self._render("cover.html", description="" if long else description, count=count)
        book.front = [cover + (self._render("preface.html", description=description) if long else "")]
        for start in range(0, len(book.entries), CONTENTS_LINES):
            lines = book.entries[start : start + CONTENTS_LINES]
            html = self._render("contents.html", entries=lines, first=start == 0)
            if start:
                book.front.append(html)
            else:
                book.front[0] += html
        book.assets = self.writer.assets
        book.problems = self.writer.problems
        return book

    def _render(self, template: str, **values: Any) -> str:
        if template not in self._templates:
            self._templates[template] = self.templates.get_template(template)
        html: str = self._templates[template].render(self._shared | values)
        html = html.translate(self.table)
        return open_gaps(html, self.group) if self.group in {"sc", "tc", "hk", "jp"} else html

    def _html(self, blocks: Blocks) -> Markup:
        return Markup(self.writer.blocks(blocks))  # noqa: S704 - the writer escapes

    def _reference(self, term: str, anchor: str) -> Markup:
        """The words of `term` with room for the number of the page of `anchor`, which is stamped there."""
        before, _, after = self.terms[term].partition("{page}")
        place = f"r{len(self.book.references) + 1}"
        self.book.references[place] = anchor
        return Markup('{}<span class="pageref" id="{}"></span>{}').format(before, place, after)

    def _heading(self, section: Section, level: int) -> str:
        self.writer.file, self.writer.line = section.location.file, section.location.line
        self.writer.shift = min(level + 1, 5)
        self._sections += 1
        anchor = f"s{self._sections}"
        name = view.section_name(section, self.bank.language)
        if section.title:
            self.book.entries.append(Entry(level, "", name, anchor, section=True))
        html = self._render(
            "section.html",
            anchor=anchor,
            level=min(level + 1, 5),
            depth=level,
            title=Markup(self.writer.inlines(section.title)),  # noqa: S704 - the writer escapes
            intro=self._html(section.intro),
            notes=Markup(self.writer.footnotes()),  # noqa: S704
        )
        self.book.body.append(Piece(html, opens=level == 1 and bool(section.title), section=name))
        return name

    def _section(self, section: Section, level: int, later: list[Shown]) -> None:
        if (section.title or section.intro) and not self.cards:
            self._heading(section, level)
        deeper = level + 1 if section.title else level
        for question in section.questions:
            shown = self._question(question, deeper)
            later.append(shown)
            if self.cards:
                name = view.section_name(section, self.bank.language) if section.title else ""
                html = self._render("card.html", q=shown, section=name)
            else:
                html = self._render("question.html", q=shown)
            self.book.body.append(Piece(html))
        for child in section.sections:
            self._section(child, deeper, later)

    def _question(self, question: Question, level: int) -> Shown:
        self._count += 1
        anchor = f"q{self._count}"
        writer = self.writer
        writer.file, writer.line, writer.shift = question.location.file, question.location.line, min(level + 1, 5)
        language = self.bank.language
        name = _name_of(question)
        title, prompt = _headed(question)
        shown = Shown(
            anchor=str(self._count),
            number=question.number,
            name=_shortened(name) or self.terms["question"],
            title=Markup(writer.inlines(title)),  # noqa: S704 - the writer escapes
            level=min(level + 1, 6),
            prompt=self._html(prompt),
            choices=[(choice.label, self._html(choice.content), choice.correct) for choice in question.choices],
            key=view.key_text(question, language),
            hints=self._parts(question, hints=True),
            answer=self._html(question.answer),
            explanation=self._html(question.explanation),
            parts=self._parts(question, hints=False),
            notes=Markup(writer.footnotes()),  # noqa: S704 - the writer escapes
            tags=question.tags,
            difficulty=question.difficulty,
            kind=view.kind_label(question, language),
            open=question.kind in {Kind.OPEN, Kind.FILL_IN},
        )
        for topic in question.tags:
            self._topics.setdefault(topic, []).append((anchor, question.number or str(self._count)))
        self.book.entries.append(Entry(level, question.number, shown.name, anchor))
        self.book.spans.append((anchor, question.number or str(self._count)))
        return shown

    def _parts(self, question: Question, *, hints: bool) -> list[tuple[str, Markup]]:
        language = self.bank.language
        wanted = [part for part in question.parts if (part.role == "hint") == hints]
        return [(view.part_label(part, language), self._html(part.content)) for part in wanted]

    def _answers(self, shown: list[Shown], level: int) -> None:
        if not shown or self.cards:
            return
        self._sections += 1
        anchor = f"s{self._sections}"
        name = self.terms["answers"]
        self.book.entries.append(Entry(level, "", name, anchor, section=True))
        keyed = [each for each in shown if each.key]
        width = 5
        rows = [keyed[start : start + width] for start in range(0, len(keyed), width)]
        html = self._render("answers.html", anchor=anchor, level=min(level + 1, 5), depth=level, rows=rows)
        self.book.body.append(Piece(html, opens=level == 1, section=name))
        for each in shown:
            self.book.body.append(Piece(self._render("answer.html", q=each)))
            self.book.spans.append((f"a{each.anchor}", each.number or each.anchor))
