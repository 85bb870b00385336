"""An EPUB as a reader sees it, and what is wrong with it as a book of a bank. Knows nothing of how it was written."""

from __future__ import annotations

import re
import zipfile
from dataclasses import dataclass, field
from posixpath import dirname, join, normpath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

from tiku.markup import plain_text, walk
from tiku.render.locales import terms
from tiku.render.view import shown_prompt

if TYPE_CHECKING:
    from pathlib import Path

    from tiku.model import Bank, Question

X = "{http://www.w3.org/1999/xhtml}"
OPS = "{http://www.idpf.org/2007/ops}"
OPF = "{http://www.idpf.org/2007/opf}"
DC = "{http://purl.org/dc/elements/1.1/}"
NCX = "{http://www.daisy.org/z3986/2005/ncx/}"
MATHML = "{http://www.w3.org/1998/Math/MathML}"
_UNDESCRIBED = {
    terms(language)["image"] for language in ("en", "zh", "zh-TW", "ja", "ko", "ru", "es", "fr", "de", "ar", "fa")
}
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass
class Book:
    """What `read` found."""

    files: dict[str, bytes]
    opf: ET.Element
    folder: str
    spine: list[str] = field(default_factory=list)
    """Paths in reading order."""
    pages: dict[str, ET.Element] = field(default_factory=dict)
    """Every XHTML file by its path."""

    def metadata(self, name: str) -> list[str]:
        """The values of a Dublin Core element, or of a meta property when `name` has a colon."""
        if ":" in name:
            return [(meta.text or "") for meta in self.opf.iter(f"{OPF}meta") if meta.get("property") == name]
        return [(each.text or "") for each in self.opf.iter(DC + name)]

    def find(self, path: str, href: str) -> ET.Element | None:
        """The element that `href`, in the file `path`, leads to; the root of a file without fragment."""
        target, _, fragment = href.partition("#")
        where = normpath(join(dirname(path), unquote(target))) if target else path
        page = self.pages.get(where)
        if page is None or not fragment:
            return page
        name = unquote(fragment)
        return next((each for each in page.iter() if each.get("id") == name), None)

    def path_of(self, path: str, href: str) -> str:
        return normpath(join(dirname(path), unquote(href.partition("#")[0]))) if href.partition("#")[0] else path

    def by_class(self, name: str) -> list[tuple[str, ET.Element]]:
        """(path, element) of every article of a class, in reading order."""
        return [
            (path, each)
            for path in self.spine
            for each in self.pages[path].iter(f"{X}article")
            if name in (each.get("class") or "").split()
        ]

    def nav(self, kind: str = "toc") -> ET.Element:
        path = next(
            join(self.folder, item.get("href", ""))
            for item in self.opf.iter(f"{OPF}item")
            if "nav" in item.get("properties", "").split()
        )
        return next(each for each in self.pages[path].iter(f"{X}nav") if each.get(f"{OPS}type") == kind)


def read(path: Path) -> Book:
    """The EPUB at `path`."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    container = ET.fromstring(files["META-INF/container.xml"])
    root = next(each for each in container.iter() if each.tag.endswith("rootfile")).get("full-path", "")
    opf = ET.fromstring(files[root])
    book = Book(files, opf, dirname(root))
    items = {item.get("id"): item for item in opf.iter(f"{OPF}item")}
    for item in items.values():
        where = join(book.folder, item.get("href", ""))
        if item.get("media-type") == "application/xhtml+xml":
            book.pages[where] = ET.fromstring(files[where])
    for ref in opf.iter(f"{OPF}itemref"):
        book.spine.append(join(book.folder, items[ref.get("idref")].get("href", "")))
    return book


def seen(element: ET.Element | None) -> str:
    """The text of `element`: a formula's LaTeX, a picture's description; footnotes' calls and backlinks left out."""
    if element is None:
        return ""
    if element.tag == f"{MATHML}math":
        return element.get("alttext", "") + (element.tail or "")
    if element.get("role") in {"doc-noteref", "doc-backlink"}:
        return element.tail or ""
    out = [element.text or ""]
    if element.tag == f"{X}img" and element.get("alt") not in _UNDESCRIBED:
        out.append(element.get("alt", ""))
    # pandoc's text of a figure has the caption first
    children = (
        sorted(element, key=lambda each: each.tag != f"{X}figcaption") if element.tag == f"{X}figure" else element
    )
    out += [seen(child) for child in children]
    return "".join([*out, element.tail or ""])


def squeezed(text: str) -> str:
    """`text` without white space and control characters."""
    return re.sub(r"[\s\x00-\x1f\ufffe\uffff]+", "", text)


def parts_of(question: Question, *, told: bool) -> list[str]:
    """What must be read, in order, on one side of `question`."""

    def words(nodes: Any) -> str:
        math = [node for node in walk(nodes) if node["t"] == "Math"]
        text = plain_text(nodes, notes=False)
        for node in math:
            text = text.replace(node["c"][1], node["c"][1].strip())
        return squeezed(text)

    if told:
        found = [words(question.answer), words(question.explanation)]
        found += [words(part.content) for part in question.parts if part.role != "hint"]
    else:
        found = [squeezed(question.number), words(question.title), words(shown_prompt(question))]
        for choice in question.choices:
            found += [squeezed(choice.label), words(choice.content)]
        found += [words(part.content) for part in question.parts if part.role == "hint"]
    return [each for each in found if each]


def faults(book: Book, bank: Bank, *, layout: str) -> list[str]:
    """What is wrong with `book` as a book of `bank`: text that is missing or strange, order, links, navigation."""
    found: list[str] = []
    asked = book.by_class("question")
    questions = bank.questions
    if len(asked) != len(questions):
        found.append(f"{len(asked)} questions, not {len(questions)}")
    told = {each.get("id", ""): (path, each) for path, each in book.by_class("told")}
    order = []
    for question, (path, article) in zip(questions, asked, strict=False):
        name = f"question {question.number or question.id}"
        wanted = parts_of(question, told=False)
        answer = parts_of(question, told=True)
        if layout in {"inline", "details"}:
            wanted += answer
        found += _compare(name, squeezed(seen(article)), wanted, question, bank)
        if layout not in {"links", "chapter", "end", "popup"} or not (answer or question.correct):
            continue
        links = [each for each in article.iter(f"{X}a") if each.get("href", "").partition("#")[2].startswith("a-")]
        links = [each for each in links if "-fn" not in each.get("href", "")]
        if len(links) != 1:
            found.append(f"{name}: {len(links)} links to its answer")
            continue
        target = book.find(path, links[0].get("href", ""))
        where = book.path_of(path, links[0].get("href", ""))
        if target is None:
            found.append(f"{name}: the link to its answer leads nowhere")
            continue
        order.append((book.spine.index(where), target))
        titled = [squeezed(plain_text(question.title))] if layout != "popup" and question.title else []
        found += _compare(f"answer of {name}", squeezed(seen(target)), titled + answer, question, bank)
        back = [
            each
            for each in target.iter(f"{X}a")
            if each.get("role") == "doc-backlink" and "fnref" not in each.get("href", "")
        ]
        landed = book.find(where, back[0].get("href", "")) if back else None
        if landed is not article:
            found.append(f"{name}: its answer does not lead back to it")
    if layout in {"links", "chapter", "end"} and len(told) != len(order):
        found.append(f"{len(told)} answers, not {len(order)}")
    return found + _links(book) + _navigation(book, asked)


def _compare(name: str, text: str, wanted: list[str], question: Question, bank: Bank) -> list[str]:
    place, rest = 0, ""
    for part in wanted:
        at = text.find(part, place)
        if at < 0:
            return [f"{name}: '{part[:40]}' is missing or damaged"]
        rest += text[place:at]
        place = at + len(part)
    rest += text[place:]
    if any(node["t"] in {"RawBlock", "RawInline", "Note"} for node in walk(_nodes(question))):
        return []
    # What is left may only be words of the locale, labels, tags, marks and numbers.
    words = {squeezed(word) for word in terms(bank.language).values()}
    words |= {squeezed(part.label) for part in question.parts} | {squeezed(tag) for tag in question.tags}
    words |= {squeezed(question.difficulty), squeezed(question.number)} | {squeezed(each) for each in question.correct}
    words |= {squeezed(plain_text(choice.content)) for choice in question.choices if choice.correct}
    words |= {squeezed(plain_text(question.title))}
    for word in sorted(filter(None, words), key=len, reverse=True):
        rest = rest.replace(word, "")
    strange = re.sub(r"[\d\W_]", "", rest)
    return [f"{name}: strange text '{strange[:40]}'"] if strange else []


def _nodes(question: Question) -> list[Any]:
    return [
        question.title, question.prompt, question.answer, question.explanation,
        [choice.content for choice in question.choices], [part.content for part in question.parts],
    ]  # fmt: skip


def _links(book: Book) -> list[str]:
    """Links inside the book that lead nowhere, and ids that stand twice in a file."""
    found = []
    for path, page in book.pages.items():
        ids = [each.get("id") for each in page.iter() if each.get("id")]
        found += [f"{path}: id '{name}' twice" for name in {each for each in ids if ids.count(each) > 1}] if len(
            set(ids)
        ) < len(ids) else []  # fmt: skip
        for link in page.iter(f"{X}a"):
            href = link.get("href", "")
            if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", href):
                continue
            if book.find(path, href) is None:
                found.append(f"{path}: dead link '{href}'")
    return found


def _navigation(book: Book, asked: list[tuple[str, ET.Element]]) -> list[str]:
    """Whether the contents lead to every question, in order, and the NCX to the same places."""
    nav_path = next(path for path, page in book.pages.items() if any(True for _ in page.iter(f"{X}nav")))
    hrefs = [link.get("href", "") for link in book.nav().iter(f"{X}a")]
    landed = [book.find(nav_path, href) for href in hrefs]
    listed = [each for each in landed if each is not None and each.tag == f"{X}article"]
    found = [] if listed == [each for _, each in asked] else ["the contents do not list the questions in order"]
    old = next(ET.fromstring(data) for name, data in book.files.items() if name.endswith(".ncx"))
    if [each.get("src") for each in old.iter(f"{NCX}content")] != hrefs:
        found.append("the NCX leads to other places than the contents")
    return found
