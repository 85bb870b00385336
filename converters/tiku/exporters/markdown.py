"""Normalised Markdown: the one way of writing that reads back to the same model (the dialect ``tiku``).

The front matter says ``tiku: 1``. A section is a heading with ``{.section}``, a question one with ``{#id}``, so no heading
inside an answer can be taken for either; choices are a task list under their label, a part with a label of its own names
its role in a comment, and ``<!-- -->`` in text that looks like a label says that it is none. Pictures are data: links
at the end of the file. The words themselves are written by pandoc's GitHub writer.
"""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from typing import TYPE_CHECKING, Any

from tiku import pandoc
from tiku.exporters import Answers, ExportOptions, Option
from tiku.markup import plain_text, string
from tiku.model import Kind
from tiku.problems import Problem
from tiku.readers.labels import label_of, role_of
from tiku.readers.numbers import number_of
from tiku.readers.parts import kind_of
from tiku.render.locales import label_colon, terms
from tiku.render.view import kind_label

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tiku.model import Bank, Block, Choice, Inline, Part, Question, Section

FORMAT = "gfm-yaml_metadata_block-superscript"
_MARK = "\ufdd0{}\ufdd1"
_COMMENT = {"t": "RawInline", "c": ["html", "<!-- -->"]}
_IMAGE = re.compile(r"!\[(?P<alt>(?:\\.|[^\]\\])*)\]\(tiku:(?P<label>media-\d+)\)")
_STARTS = re.compile(r"(\d{0,9})([-+*#>=~|.)])")
_EMPHASIS = frozenset({"Strong", "Emph", "Strikeout"})


class MarkdownExporter:
    """Writes Markdown that people can go on editing."""

    name = "md"
    suffix = ".md"
    summary = "normalised Markdown, to edit and to read back"
    keeps = "everything; reads back to the same model"
    answers = (Answers.INLINE,)
    options: tuple[Option, ...] = ()

    def export(self, bank: Bank, path: Path, options: ExportOptions) -> list[Problem]:  # noqa: ARG002 - the protocol
        """Write `bank` as Markdown."""
        writer = _Writer(bank)
        path.write_text(writer.text(), encoding="utf-8", newline="\n")
        return writer.problems


class _Writer:
    """Builds the whole document as pandoc's AST; what pandoc must not escape is a token until it has written."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.terms = terms(bank.language)
        self.colon = label_colon(bank.language)
        self.tokens: list[str] = []
        self.definitions: dict[tuple[str, str], str] = {}
        self.media = {media.name: media for media in bank.media}
        self.problems: list[Problem] = []

    def text(self) -> str:
        """The document."""
        blocks: list[Block] = self._content(self.bank.description)
        for index, section in enumerate(self.bank.sections):
            blocks += self._section(section, 2, first=index == 0)
        body = pandoc.write(blocks, FORMAT, "--wrap=preserve") if blocks else ""
        for index, token in enumerate(self.tokens):
            body = body.replace(_MARK.format(index), token)
        body = _IMAGE.sub(r"![\g<alt>][\g<label>]", body)
        links = "".join(f"[{label}]: {self._data(name)}{title}\n" for (name, title), label in self.definitions.items())
        return f"{self._front_matter()}\n{body}" + (f"\n{links}" if links else "")

    def _front_matter(self) -> str:
        bank = self.bank
        rows: dict[str, Any] = {"tiku": 1, "title": bank.title, "language": bank.language}
        rows |= {"author": list(bank.authors)} if bank.authors else {}
        rows |= {"date": bank.date} if bank.date else {}
        lines = [f"{key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in rows.items()]
        return "---\n" + "".join(lines) + "---\n"

    def _token(self, text: str) -> Inline:
        self.tokens.append(text)
        return {"t": "Str", "c": _MARK.format(len(self.tokens) - 1)}

    def _data(self, name: str) -> str:
        media = self.media[name]
        return f"data:{media.mime};base64,{base64.b64encode(media.data).decode('ascii')}"

    # -- structure ------------------------------------------------------------------------------------------------

    def _section(self, section: Section, level: int, *, first: bool = False) -> list[Block]:
        blocks: list[Block] = []
        if section.title or section.intro or not first:
            blocks.append(self._heading(level, section.title, "{.section}"))
        if level > 5 and section.sections:
            line = section.location.line
            self.problems.append(Problem("Q302", "sections this deep become one level", section.location.file, line))
        blocks += self._content(section.intro)
        for question in section.questions:
            blocks += self._question(question, min(level + 1, 6))
        for child in section.sections:
            blocks += self._section(child, min(level + 1, 6))
        return blocks

    def _heading(self, level: int, title: Iterable[Inline], attribute: str) -> Block:
        inlines = self._inlines(title)
        space = [{"t": "Space"}] if inlines else []
        return {"t": "Header", "c": [level, ["", [], []], [*inlines, *space, self._token(attribute)]]}

    def _question(self, question: Question, level: int) -> list[Block]:
        title = plain_text(question.title)
        found = number_of(f"{question.number}. {title}") if question.number else number_of(title)
        if question.number and found and found.text == question.number and found.length == len(question.number) + 2:
            blocks = [self._heading(level, (*string(f"{question.number}. "), *question.title), f"{{#{question.id}}}")]
        elif not question.number and not found:
            blocks = [self._heading(level, question.title, f"{{#{question.id}}}")]
        else:
            number = json.dumps(question.number, ensure_ascii=False)
            blocks = [self._heading(level, question.title, f"{{#{question.id} number={number}}}")]
        blocks += self._labelled("prompt", question.prompt)
        if question.choices:
            blocks += self._labelled("choices", ())
            blocks.append({"t": "BulletList", "c": [self._choice(choice) for choice in question.choices]})
        if question.kind is not Kind.OPEN:
            blocks += self._value("kind", _kind_word(question, self.bank.language))
        if question.difficulty:
            blocks += self._value("difficulty", question.difficulty)
        if question.tags:
            blocks += self._value("tags", ", ".join(question.tags))
        for part in question.parts:
            blocks += self._part(part)
        blocks += self._labelled("answer", question.answer)
        blocks += self._labelled("explanation", question.explanation)
        return blocks

    def _choice(self, choice: Choice) -> list[Block]:
        content = list(choice.content)
        label: list[Inline] = [{"t": "Str", "c": "☒" if choice.correct else "☐"}, {"t": "Space"}]
        label.append(self._token(f"{choice.label}."))
        first: list[Inline] = []
        if content and content[0]["t"] in {"Plain", "Para"}:
            first = [{"t": "Space"}, *self._inlines(content.pop(0)["c"])]
        return [{"t": "Plain", "c": [*label, *first]}, *self._content(content)]

    def _part(self, part: Part) -> list[Block]:
        label = part.label or self.terms.get(part.role, self.terms["other"])
        marked = role_of(label) != part.role or not part.label
        comment = f"<!-- part: {part.role}{'' if part.label else ' unlabelled'} -->" if marked else ""
        return self._labelled(part.role, part.content, label, comment)

    def _value(self, role: str, value: str) -> list[Block]:
        return self._labelled(role, ({"t": "Para", "c": list(string(value))},))

    def _labelled(self, role: str, content: Iterable[Block], label: str = "", comment: str = "") -> list[Block]:
        """A label, the first paragraph of its content run in, and the rest."""
        blocks = self._content(content)
        if not blocks and role not in {"choices", "hint", "reference", "other"}:
            return []
        words = label or {"kind": _KIND_LABEL.get(self.bank.language[:2], "Type")}.get(role) or self.terms[role]
        line: list[Inline] = [{"t": "Strong", "c": [self._token(f"{words}{self.colon}")]}]
        if comment:
            line += [{"t": "Space"}, self._token(comment)]
        if blocks and blocks[0]["t"] == "Para":
            line += [{"t": "Space"}, *blocks.pop(0)["c"]]
        return [{"t": "Para", "c": line}, *blocks]

    # -- content --------------------------------------------------------------------------------------------------

    def _content(self, blocks: Iterable[Block]) -> list[Block]:
        out = []
        for block in blocks:
            new = self._prepared(block)
            if new["t"] in {"Para", "Plain"} and label_of(block) is not None:
                new = {**new, "c": [*new["c"][:1], _COMMENT, *new["c"][1:]]}
            out.append(new)
        return out

    def _prepared(self, node: Any) -> Any:
        """A copy in which emphasis closes beside letters, and pictures are tokens."""
        if isinstance(node, list):
            items = [self._prepared(item) for item in node]
            return self._escaped(_guarded(items))
        if not isinstance(node, dict):
            return node
        if node.get("t") == "Str" and "\\" in node["c"]:
            # pandoc 3.9 loses a quotation mark after a backslash: the backslashes are written by us
            return {"t": "Str", "c": node["c"].replace("\\", self._token("\\\\")["c"])}
        if node.get("t") == "Image":
            _, alt, (name, title) = node["c"]
            if name not in self.media:
                return node
            words = json.dumps(title, ensure_ascii=False)
            label = self.definitions.setdefault(
                (name, f" {words}" if title else ""), f"media-{len(self.definitions) + 1}"
            )
            return {"t": "Image", "c": [["", [], []], self._prepared(alt), [f"tiku:{label}", ""]]}
        return {**node, "c": self._prepared(node["c"])} if "c" in node else node

    def _escaped(self, items: list[Any]) -> list[Any]:
        """Inlines in which a line does not begin like a list, a heading or a quotation: pandoc escapes only the first."""
        out: list[Any] = []
        for item in items:
            after_break = bool(out) and isinstance(out[-1], dict) and out[-1].get("t") in {"SoftBreak", "LineBreak"}
            if (
                after_break
                and isinstance(item, dict)
                and item.get("t") == "Str"
                and (found := _STARTS.match(item["c"]))
            ):
                out.append(self._token(f"{found[1]}\\{found[2]}"))
                item = {"t": "Str", "c": item["c"][found.end() :]}  # noqa: PLW2901 - the rest of it
            out.append(item)
        return out

    def _inlines(self, inlines: Iterable[Inline]) -> list[Inline]:
        done: list[Inline] = self._prepared(list(inlines))
        return done


_KIND_LABEL = {
    "zh": "题型",
    "ja": "形式",
    "ko": "유형",
    "ru": "Тип",
    "es": "Tipo",
    "pt": "Tipo",
    "de": "Typ",
    "ar": "النوع",
    "fa": "نوع",
}


def _kind_word(question: Question, language: str) -> str:
    """The kind in the bank's language, if it reads back as that kind."""
    word = kind_label(question, language)
    return word if kind_of(word) is question.kind else str(question.kind)


def _edge(node: Any, index: int) -> str:
    text = plain_text([node])
    return text[index] if text else ""


def _guarded(items: list[Any]) -> list[Any]:
    """Inlines with a comment where emphasis that ends in punctuation touches a letter: there CommonMark would not close it."""
    out: list[Any] = []
    for index, item in enumerate(items):
        emphasis = isinstance(item, dict) and item.get("t") in _EMPHASIS
        if emphasis and index and _touches(items[index - 1], -1, item, 0):
            out.append(_COMMENT)
        out.append(item)
        if emphasis and index + 1 < len(items) and _touches(items[index + 1], 0, item, -1):
            out.append(_COMMENT)
    return out


def _touches(neighbour: Any, side: int, emphasis: Any, edge: int) -> bool:
    if not isinstance(neighbour, dict) or neighbour.get("t") in {"Space", "SoftBreak", "LineBreak"}:
        return False
    beside, inside = _edge(neighbour, side), _edge(emphasis, edge)
    return bool(inside) and unicodedata.category(inside)[0] in "PSZ" and bool(beside) and beside.isalnum()


exporter = MarkdownExporter()
