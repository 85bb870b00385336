"""What a person would read in a deck, slide by slide: from PPTX and from HTML, without the writers' code."""

from __future__ import annotations

import posixpath
import re
import unicodedata
import zipfile
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

from lxml import etree

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tiku.model import Bank

A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
P = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
R = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"


@dataclass
class SlideRead:
    """One slide: what it says and where its links lead."""

    name: str
    title: str = ""
    body: str = ""
    notes: str = ""
    foot: str = ""
    links: list[str] = field(default_factory=list)


def folded(text: str) -> str:
    """Without blanks, in compatibility form: what no renderer changes."""
    return re.sub(r"[\s\u200b\ufeff\u202a-\u202e\u2066-\u2069]+", "", unicodedata.normalize("NFKC", text))


# -- PPTX -----------------------------------------------------------------------------------------------------------


def relationships(package: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Relationships of a part: id to kind and target, targets inside as part names."""
    folder, name = posixpath.split(part)
    path = f"{folder}/_rels/{name}.rels"
    if path not in package.namelist():
        return {}
    out = {}
    for element in etree.fromstring(package.read(path)):
        target = element.get("Target")
        if element.get("TargetMode") != "External":
            target = posixpath.normpath(posixpath.join(folder, target))
        out[element.get("Id")] = (element.get("Type").rpartition("/")[2], target)
    return out


def slide_parts(package: zipfile.ZipFile) -> list[str]:
    """The slides' part names in the order they are shown."""
    root = etree.fromstring(package.read("ppt/presentation.xml"))
    rels = relationships(package, "ppt/presentation.xml")
    return [rels[item.get(R + "id")][1] for item in root.iter(P + "sldId")]


def text_of(element: Any) -> str:
    """The text of a shape; formulas left out."""
    lines = []
    for paragraph in element.iter(A + "p"):
        words = []
        for node in paragraph.iter(A + "t", A + "br"):
            if any(each.tag == MC + "AlternateContent" for each in node.iterancestors()):
                continue
            words.append("\n" if node.tag == A + "br" else node.text or "")
        lines.append("".join(words))
    return "\n".join(lines)


def pptx_slides(path: Path) -> list[SlideRead]:
    """The slides of a PPTX file in order."""
    out = []
    with zipfile.ZipFile(path) as package:
        for part in slide_parts(package):
            rels = relationships(package, part)
            slide = SlideRead(part)
            tree = etree.fromstring(package.read(part)).find(f"{P}cSld/{P}spTree")
            for shape in tree:
                holder = shape.find(f"{P}nvSpPr/{P}nvPr/{P}ph")
                name = next((each.get("name", "") for each in shape.iter(P + "cNvPr")), "")
                kind = holder.get("type", "body") if holder is not None else ""
                said = text_of(shape)
                if kind in {"title", "ctrTitle"}:
                    slide.title += said
                elif kind in {"ftr", "sldNum"} or name.startswith(("Link", "Footer", "Progress")):
                    slide.foot += said + "\n"
                else:
                    slide.body += said + "\n"
                slide.links += [rels[each.get(R + "id")][1] for each in shape.iter(A + "hlinkClick")]
            for kind, target in rels.values():
                if kind == "notesSlide":
                    slide.notes = text_of(etree.fromstring(package.read(target)))
            out.append(slide)
    return out


# -- HTML -----------------------------------------------------------------------------------------------------------

_VOID = {"br", "img", "hr", "meta", "col", "link", "input", "wbr"}


class _Sections(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.slides: list[SlideRead] = []
        self.stack: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        where = tag
        names = (known.get("class") or "").split()
        if tag == "section":
            self.slides.append(SlideRead(known.get("id") or ""))
        if tag in {"h1", "h2"} and "title" in names:
            where = "title"
        elif tag == "aside":
            where = "notes"
        if tag not in _VOID:
            self.stack.append(where)
        if tag in {"p", "li", "br", "h3", "td", "th", "pre"} and self.slides:
            self._add("\n")
        if tag == "a" and self.slides:
            self.slides[-1].links.append(known.get("href") or "")

    def handle_endtag(self, tag: str) -> None:
        if self.stack:
            self.stack.pop()

    def handle_data(self, data: str) -> None:
        self._add(data)

    def _add(self, data: str) -> None:
        if "section" not in self.stack or "math" in self.stack or "style" in self.stack:
            return
        slide = self.slides[-1]
        if "title" in self.stack:
            slide.title += data
        elif "footer" in self.stack:
            slide.foot += data
        elif "notes" in self.stack:
            slide.notes += data
        else:
            slide.body += data


def html_slides(path: Path) -> list[SlideRead]:
    """The slides of an HTML deck in order."""
    parser = _Sections()
    parser.feed(path.read_text(encoding="utf-8"))
    return parser.slides


# -- what the model says --------------------------------------------------------------------------------------------


def _words(inlines: Any) -> Iterator[str]:
    """The text of inlines; a zero where a formula, a picture or the call of a footnote stands."""
    for node in inlines:
        kind, content = node["t"], node.get("c")
        if kind == "Str":
            yield content
        elif kind == "Code":
            yield content[1]
        elif kind == "Quoted":
            single = content[0]["t"] == "SingleQuote"
            yield "‘" if single else "“"
            yield from _words(content[1])
            yield "’" if single else "”"
        elif kind in {"Link", "Span", "Cite"}:
            yield from _words(content[1])
        elif kind in {"Math", "Image", "Note"}:
            yield "\0"
        elif isinstance(content, list) and kind != "RawInline":
            yield from _words(content)


def leaves(blocks: Any) -> list[list[str]]:
    """The text of each paragraph and each line of code in `blocks`, footnotes last.

    What may stand in another order is one group: the cells of a table, which a wide one shows after their heads.
    """
    out: list[list[str]] = []
    notes: list[list[str]] = []

    def visit(item: Any) -> None:
        if isinstance(item, list | tuple):
            for child in item:
                visit(child)
        elif isinstance(item, dict) and "t" in item:
            kind, content = item["t"], item.get("c")
            if kind == "CodeBlock":
                out.extend([line] for line in content[1].split("\n"))
            elif kind in {"Para", "Plain"}:
                out.append(pieces(content))
                footnotes(content)
            elif kind == "Header":
                out.append(pieces(content[2]))
            elif kind == "Table":
                out.append([text for group in leaves(content) for text in group])
            else:
                visit(content)

    def pieces(inlines: Any) -> list[str]:
        return "".join(_words(inlines)).split("\0")

    def footnotes(inlines: Any) -> None:
        if isinstance(inlines, list):
            for child in inlines:
                footnotes(child)
        elif isinstance(inlines, dict):
            if inlines.get("t") == "Note":
                notes.extend(leaves(inlines["c"]))
            else:
                footnotes(inlines.get("c"))

    visit(blocks)
    groups = ([found for text in group if (found := folded(text))] for group in (*out, *notes))
    return [group for group in groups if group]


def expected(bank: Bank) -> list[list[str]]:
    """What a deck of `bank` with the answers after each question must say in its bodies, in this order of groups."""
    out = leaves(bank.description)
    for _, question in bank.walk():
        out += leaves(question.prompt)
        for choice in question.choices:
            out += [[folded(choice.label)], *leaves(choice.content)]
        out += [text for part in question.parts if part.role == "hint" for text in leaves(part.content)]
        for choice in question.choices:
            out += [[folded(choice.label)], *leaves(choice.content)] if choice.correct else []
        out += leaves(question.answer)
        out += leaves(question.explanation)
        out += [text for part in question.parts if part.role != "hint" for text in leaves(part.content)]
    return out


def missing(bank: Bank, slides: list[SlideRead]) -> list[str]:
    """What of the bank is not in the bodies of `slides`, or not in its order."""
    said = folded("".join(slide.body for slide in slides))
    at = 0
    lost = []
    for group in expected(bank):
        places = {text: said.find(text, at) for text in group}
        lost += [text for text, place in places.items() if place < 0]
        at = max([at, *(place + len(text) for text, place in places.items() if place >= 0)])
    titles = folded("".join(slide.title for slide in slides))
    at = 0
    for _, question in bank.walk():
        text = folded("".join(_words(question.title)).split("\0")[0])
        found = titles.find(text, at)
        if found >= 0:
            at = found
        elif text not in said:  # a title too long for a title stands in the body
            lost.append(text)
    return lost
