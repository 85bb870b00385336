"""A bank as Anki notes: which note type, which fields, tags and deck each question gets."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from tiku.identity import guid_as
from tiku.markup import plain_text
from tiku.model import Kind
from tiku.render import svg, view
from tiku.render.anki.fields import FieldWriter, cloze, fill, neutral, prose
from tiku.render.anki.foreign import parse, places
from tiku.render.anki.notetypes import Form, field_names, note_types
from tiku.render.locales import direction, tag, terms
from tiku.sketches import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tiku.identity import Identity, Known
    from tiku.model import Bank, Media, Part, Question, Section
    from tiku.problems import Problem

LONGEST_TYPED = 60
"""An answer longer than this is not typed in."""
_LANGUAGE = re.compile(r"[A-Za-z0-9-]{2,35}")
# 第1章, 第二部分、, 3.2, IV., 一、 before a heading's words
_NUMBERING = re.compile(
    r"^\s*(?:第\s*[\d一二三四五六七八九十百零〇]+\s*[章节節部分篇回讲講课課编編卷单元單元]+|"
    r"(?:chapter|part|section|unit|lesson|module|kapitel|chapitre|cap[ií]tulo|глава|الفصل|الباب|القسم)\s+(?:\d+(?:\.\d+)*|[ivxlc]+)\b|"
    r"\d+(?:\.\d+)*(?=[\s.、:：)）])|[ivxlc]+[.)](?=\s)|[一二三四五六七八九十]+(?=[、.．]))[\s.、:：)）—–-]*",
    re.IGNORECASE,
)
_FORMULA = "=+-@"
"""Signs that begin a formula in a spreadsheet, which decks and tags may end up in."""
_TAG_BREAK = re.compile(r"[\s\x00-\x1f\x7f\"'`*?\\<>&]+")


@dataclass(frozen=True, slots=True)
class NoteOptions:
    """What a user may choose about notes."""

    deck: str = ""
    """Name of the deck; empty is the bank's title. ``::`` makes sub-decks."""
    subdecks: bool = True
    reversed: bool = False
    typed: bool = False
    blanks: str = "together"
    source: bool = False


@dataclass(frozen=True, slots=True)
class Note:
    """One note, ready to be stored."""

    question: Question
    guid: str
    id: int
    """Milliseconds since 1970 at which the question was first seen: what Anki takes as the note's id."""
    modified: int
    """Seconds since 1970 at which the content last changed."""
    kind: int
    """The id of its note type."""
    fields: tuple[str, ...]
    tags: tuple[str, ...]
    deck: str
    cards: tuple[int, ...]
    """Which of the note type's templates (for a cloze: which numbers) make a card."""


@dataclass(frozen=True, slots=True)
class _Place:
    """What the sections that a question stands in are called."""

    path: tuple[Section, ...]
    deck: str
    tag: str
    """Empty where there is nothing to make one of."""
    shown: str
    """As the text of a field."""


class NoteMaker:
    """Makes the notes of one bank; `problems` fills on the way.

    `identity` says under which name each question is known, and hears what became of it.
    """

    def __init__(self, bank: Bank, identity: Identity, options: NoteOptions) -> None:
        self.bank = bank
        self.identity = identity
        self.options = options
        self.words = terms(bank.language)
        cleaned = {each.name: svg.harmless(each) for each in bank.media}
        self.media: dict[str, Media] = {media_name(each): each for each in cleaned.values()}
        self._stored = {name: media_name(each) for name, each in cleaned.items()}
        found = tag(bank.language)
        self._language = found if _LANGUAGE.fullmatch(found) else "und"
        self._root = deck_name(options.deck, parts=True) or deck_name(bank.title) or "tiku"
        self.problems: list[Problem] = []
        self._places: dict[tuple[int, ...], _Place] = {}

    def notes(self) -> Iterator[Note]:
        """The notes in document order. Raises ExportError when two questions bear one name."""
        for path, question in self.bank.walk():
            yield self.note(path, question)

    def note(self, path: tuple[Section, ...], question: Question) -> Note:
        """The note of one question that stands in the sections of `path`."""
        known = self.identity.of(question)
        if (other := parse(known.form)) and str(other[0]) in self.identity.kinds:
            return self._foreign(path, question, known, *other)
        form = Form(known.form) if known.form in set(Form) else natural_form(question)
        writer = FieldWriter(lambda name: self._stored.get(name, ""), file=question.location.file)
        writer.line = question.location.line
        content = self._fields(path, question, form, writer)
        content["Key"] = neutral(prose(known.key or guid_as(known, str(form))))
        cards: tuple[int, ...] = (0,)
        if form is Form.CLOZE:
            cards = tuple(sorted({int(n) - 1 for n in re.findall(r"\{\{c(\d+)::", content["Cloze"])})) or (0,)
        elif form is Form.OPEN and content.get("Reversed"):
            cards = (0, 1)
        fields = tuple(content.get(name, "") for name in field_names())
        tags, deck = self._tags(path, question), self._place(path).deck
        self.problems += writer.problems
        settled = self.identity.settle(question, form=str(form), content=content_hash(fields, tags), deck=deck)
        kind = note_types()[form].id
        return Note(question, settled.guid, settled.created, settled.modified, kind, fields, tags, deck, cards)

    def _foreign(
        self, path: tuple[Section, ...], question: Question, known: Known, kind: int, cards: tuple[int, ...]
    ) -> Note:
        """The note of a question that a learner has from another program: in that program's note type."""
        model = json.loads(self.identity.kinds[str(kind)])
        writer = FieldWriter(lambda name: self._stored.get(name, ""), file=question.location.file)
        writer.line = question.location.line
        sides = two_sides(self._fields(path, question, Form.OPEN, writer))
        fields = list(known.rest) + [""] * (len(model["flds"]) - len(known.rest))
        for place, side in zip(places(model), sides, strict=True):
            fields[place] = f"{fields[place]}<hr>{side}" if fields[place] in sides and fields[place] else side
        self.problems += writer.problems
        tags, deck = self._tags(path, question), self._place(path).deck
        content = content_hash(tuple(fields), tags)
        settled = self.identity.settle(question, form=known.form, content=content, deck=deck)
        return Note(question, settled.guid, settled.created, settled.modified, kind, tuple(fields), tags, deck, cards)

    # -- fields -------------------------------------------------------------------------------------------------------

    def _fields(self, path: tuple[Section, ...], question: Question, form: Form, writer: FieldWriter) -> dict[str, str]:
        words, language = self.words, self.bank.language
        title = writer.short(question.title)
        prompt = writer.field(view.shown_prompt(question))
        if not title and not prompt:
            title = prose(view.name_of(question, language))
        out = {
            "Number": neutral(escape(question.number)),
            "Title": title,
            "Prompt": prompt,
            "Choices": self._choices(question, writer),
            "Answer": self._answer(question, writer),
            "Explanation": writer.field(question.explanation),
            "Hint": self._parts(question, writer, "hint"),
            "Reference": self._parts(question, writer, "reference"),
            "Extra": self._extra(question, writer),
            "Section": self._place(path).shown,
            "Source": neutral(prose(self.bank.title)) if self.options.source else "",
            "Kind": neutral(prose(view.kind_label(question, language))),
            "Difficulty": neutral(prose(question.difficulty)),
            "Topics": neutral(prose(" · ".join(question.tags))),
            "Language": self._language,
            "Direction": direction(language),
        }
        labels = {"Answer": "answer", "Explanation": "explanation", "Hint": "hint", "Reference": "reference"}
        out |= {f"{name}Label": prose(words[word]) for name, word in labels.items() if out[name]}
        typed = self._typed(question) if self.options.typed and form is not Form.CHOICE else ""
        out["Typed"] = typed
        if self.options.reversed and form is Form.OPEN and not question.choices:
            out["Reversed"] = out["Answer"]
        if form is Form.CLOZE:
            out["Cloze"], whole = self._cloze(question, out, writer)
            if whole:  # the answer stands in its blanks already
                out["AnswerLabel"] = ""
        return out

    def _choices(self, question: Question, writer: FieldWriter) -> str:
        if not question.choices:
            return ""
        rows = []
        for choice in question.choices:
            right = ' class="tk-right"' if choice.correct else ""
            letter = neutral(prose(choice.label))
            body = writer.field(choice.content)
            rows.append(f'<li{right}><span class="tk-letter">{letter}</span><div class="tk-choice">{body}</div></li>')
        return '<ol class="tk-choices">' + "".join(rows) + "</ol>"

    def _answer(self, question: Question, writer: FieldWriter) -> str:
        key = view.key_text(question, self.bank.language)
        told = writer.field(question.answer)
        if key and fold(plain_text(question.answer)).startswith(fold(key)):
            key = ""  # the answer says it itself
        shown = f'<p class="tk-key">{neutral(prose(key))}</p>' if key else ""
        return f"{shown}\n{told}" if shown and told else shown or told

    def _parts(self, question: Question, writer: FieldWriter, role: str) -> str:
        return "\n".join(writer.field(part.content) for part in question.parts if part.role == role and part.content)

    def _extra(self, question: Question, writer: FieldWriter) -> str:
        return "\n".join(
            self._labelled(part, writer) for part in question.parts if part.role not in {"hint", "reference"}
        )

    def _labelled(self, part: Part, writer: FieldWriter) -> str:
        label = neutral(prose(view.part_label(part, self.bank.language)))
        return f'<div class="tk-label">{label}</div>\n{writer.field(part.content)}'

    @staticmethod
    def _typed(question: Question) -> str:
        said = unicodedata.normalize("NFC", plain_text(question.answer, notes=False)).strip()
        if question.choices or not said or "\n" in said or len(said) > LONGEST_TYPED:
            return ""
        return neutral(prose(said))

    def _cloze(self, question: Question, fields: dict[str, str], writer: FieldWriter) -> tuple[str, bool]:
        """The text with its blanks, and whether they hold the whole answer."""
        text, count = writer.blanks(view.shown_prompt(question))
        if answers := blank_answers(question, count, writer):
            each = self.options.blanks == "each"
            return fill(text, [cloze(number if each else 1, answer) for number, answer in enumerate(answers, 1)]), True
        # No blank, or other than as many answers: the answer as a whole is what is hidden.
        body = "\n".join(part for part in (fields["Prompt"] or fields["Title"], fields["Choices"]) if part)
        return f"{body}\n<div>{cloze(1, fields['Answer'] or '…')}</div>", True

    # -- where it goes ------------------------------------------------------------------------------------------------

    def _tags(self, path: tuple[Section, ...], question: Question) -> tuple[str, ...]:
        names = {tag_name(each) for each in question.tags} | {self._place(path).tag}
        return tuple(sorted(names - {""}))

    def _place(self, path: tuple[Section, ...]) -> _Place:
        # By identity: to compare sections is to compare all that is in them.
        key = tuple(map(id, path))
        if key not in self._places:
            headings = [self._heading(each) for each in path]
            decks = [self._root, *map(deck_name, headings)] if self.options.subdecks else [self._root]
            language = self.bank.language
            self._places[key] = _Place(
                path,
                "::".join(filter(None, decks)),
                "::".join(filter(None, map(tag_name, headings))),
                neutral(" › ".join(prose(view.section_name(each, language)) for each in path if each.title)),
            )
        return self._places[key]

    @staticmethod
    def _heading(section: Section) -> str:
        words = " ".join(plain_text(section.title, notes=False).split())
        return _NUMBERING.sub("", words) or words

    @property
    def root(self) -> str:
        """The name of the deck that holds all others."""
        return self._root


def two_sides(fields: dict[str, str]) -> tuple[str, str]:
    """Front and back, for a note type that has no more; the front does not tell the right choice."""
    field = dict.fromkeys(field_names(), "") | fields
    title = f"<b>{field['Title']}</b>" if field["Title"] else ""
    front = [title, field["Prompt"], field["Choices"].replace(' class="tk-right"', "")]
    back = [field["Hint"], field["Answer"], field["Explanation"], field["Extra"], field["Reference"]]
    return "<br>".join(part for part in front if part), "<hr>".join(part for part in back if part)


def natural_form(question: Question) -> Form:
    """The note type that suits a question seen for the first time."""
    if question.choices:
        return Form.CHOICE
    return Form.CLOZE if question.kind is Kind.FILL_IN and question.answer else Form.OPEN


def blank_answers(question: Question, blanks: int, writer: FieldWriter) -> list[str]:
    """One piece of HTML for each of `blanks`, when the answer has exactly that many pieces; else none."""
    answer = question.answer
    if not blanks or not answer:
        return []
    if len(answer) == 1 and answer[0]["t"] in {"OrderedList", "BulletList"}:
        items = answer[0]["c"] if answer[0]["t"] == "BulletList" else answer[0]["c"][1]
        inlines = [item[0]["c"] for item in items if len(item) == 1 and item[0]["t"] in {"Plain", "Para"}]
        return [writer.short(each) for each in inlines] if len(inlines) == len(items) == blanks else []
    if not all(block["t"] in {"Para", "Plain"} for block in answer):
        return []
    if len(answer) == blanks:
        return [writer.short(block["c"]) for block in answer]
    if len(answer) == 1 and all(node["t"] in {"Str", "Space", "SoftBreak", "LineBreak"} for node in answer[0]["c"]):
        said = plain_text(answer)
        for parter in (r"[\n]", r"[;；؛]", r"[、|/]", r"[,，،]", r"\s+"):
            pieces = [piece.strip() for piece in re.split(parter, said) if piece.strip()]
            if len(pieces) == blanks:
                return [neutral(prose(piece)) for piece in pieces]
    return []


def content_hash(fields: tuple[str, ...], tags: tuple[str, ...]) -> str:
    """Sixteen hex digits that change whenever anything in a note that a user sees does."""
    return hashlib.sha256("\x1f".join((*fields, *tags)).encode("utf-8", "replace")).hexdigest()[:16]


def media_name(media: Media) -> str:
    """The file name of a picture in Anki's media folder: told by its content, so that a new picture has a new name."""
    suffix = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif", "image/webp": "webp"}.get(media.mime, "svg")
    return f"tiku-{hashlib.sha256(media.data).hexdigest()[:16]}.{suffix}"


def deck_name(name: str, *, parts: bool = False) -> str:
    """`name` as (with `parts`: as a path of) deck names: one line, no ``::`` of its own, not too long."""
    if parts:
        return "::".join(piece for each in name.split("::") if (piece := deck_name(each)))
    words = " ".join(unicodedata.normalize("NFC", re.sub('[\x00-\x1f\x7f"]', " ", name)).split())
    while "::" in words:
        words = words.replace("::", ":")
    return words.lstrip(_FORMULA + ": ").rstrip(": ")[:100].strip()


def tag_name(name: str) -> str:
    """`name` as one tag: no blanks, no characters that Anki's search or tag field takes for its own."""
    words = _TAG_BREAK.sub("_", unicodedata.normalize("NFC", name)).strip("_")
    return re.sub(":{2,}", ":", words).strip(":").lstrip(_FORMULA)[:100]
