"""What a reader of a PDF sees: its text without page furniture, its bookmarks, its links."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tiku.model import Bank, Question

INLINE = frozenset(
    "Str Emph Underline Strong Strikeout Superscript Subscript SmallCaps Quoted Cite Code Space SoftBreak LineBreak "
    "Math RawInline Link Image Note Span".split()
)
_MARKER = re.compile(r"\d+[.)]|[a-z][.)]|[ivxl]+[.)]|[◦•▪‣]")
_NOT_WORDS = re.compile(r"[\W_]+")


def folded(text: str) -> str:
    """The letters and digits of `text`, compatibility forms and case levelled."""
    return _NOT_WORDS.sub("", unicodedata.normalize("NFKC", text).casefold())


def body_text(path: Path, *, margin: float = 64) -> str:
    """The folded text of all pages but cover and contents; `margin` points at top and bottom are left out."""
    import pymupdf

    out = []
    with pymupdf.open(path) as document:
        labels = [page.get_label() for page in document]
        for page, label in zip(document, labels, strict=True):
            if label.isdigit():
                area = pymupdf.Rect(0, margin, page.rect.width, page.rect.height - margin)
                lines = page.get_text(clip=area).splitlines()
                # WeasyPrint paints the markers of lists after all text of the page.
                out.extend(line for line in lines if not _MARKER.fullmatch(line.strip()))
    return folded("".join(out))


def pieces(question: Question) -> Iterator[str]:
    """The folded texts of a question that stand in one stretch each, in the order of the page.

    Formulas, pictures, code and footnote calls end a stretch; footnotes stand after all the rest.
    """
    notes: list[Any] = []
    parts: list[Any] = [[{"t": "Plain", "c": list(question.title)}], question.prompt]
    parts.extend(choice.content for choice in question.choices)
    parts.extend(part.content for part in question.parts if part.role == "hint")
    after = [part.content for part in question.parts if part.role != "hint"]
    for part in [*parts, question.answer, question.explanation, *after, notes]:
        for inlines in _lines(part):
            yield from _stretches(inlines, notes)


def _lines(blocks: Any) -> Iterator[list[Any]]:
    """The lists of inlines in `blocks`; those of footnotes are left to their call."""
    if isinstance(blocks, list | tuple):
        if blocks and all(isinstance(each, dict) and each.get("t") in INLINE for each in blocks):
            yield list(blocks)
            return
        for each in blocks:
            yield from _lines(each)
    elif isinstance(blocks, dict):
        yield from _lines(blocks.get("c", ()))


def _stretches(inlines: list[Any], notes: list[Any]) -> Iterator[str]:
    words: list[str] = []
    for node in _flat(inlines):
        if node["t"] == "Str":
            words.append(node["c"])
        elif node["t"] not in {"Space", "SoftBreak"}:
            if node["t"] == "Note":
                notes.extend(node["c"])
            yield folded("".join(words))
            words = []
            if node["t"] == "Link":  # its address may be printed after it
                yield from _stretches(node["c"][1], notes)
    yield folded("".join(words))


def _flat(inlines: list[Any]) -> Iterator[Any]:
    """The nodes of `inlines`, those inside emphasis, quotation marks and spans in their place."""
    for node in inlines:
        if node["t"] in {"Strong", "Emph", "Underline", "Strikeout", "SmallCaps"}:
            yield from _flat(node["c"])
        elif node["t"] in {"Quoted", "Span"}:
            yield from _flat(node["c"][1])
        else:
            yield node


def lost(bank: Bank, text: str, *, between: bool = True) -> list[str]:
    """Pieces of `bank` that do not stand in `text` in the model's order; `between` is whether order matters."""
    missing = []
    place = 0
    for question in bank.questions:
        for piece in pieces(question):
            if not piece:
                continue
            found = text.find(piece, place if between else 0)
            if found < 0:
                missing.append(f"{question.number}: {piece[:60]}")
            elif between:
                place = found
    return missing


def bookmarks(path: Path) -> list[tuple[int, str, int]]:
    """(level, title, page) of each bookmark."""
    import pymupdf

    with pymupdf.open(path) as document:
        return [(level, title, page) for level, title, page in document.get_toc()]


def tagged_text(path: Path) -> str:
    """The folded text of the body as the tag tree orders it, every line in its logical order.

    This is how a screen reader reads; where things stand on a page does not matter. Labels of list items are left out.
    """
    import pikepdf

    out: list[str] = []
    with pikepdf.open(path) as pdf:
        body = next(place for place, page in enumerate(pdf.pages) if page.label.isdigit())
        marks = {page.obj.objgen: _marked(page) for page in list(pdf.pages)[body:]}
        stack = [pdf.Root.StructTreeRoot.K[0]]
        while stack:
            item = stack.pop()
            if isinstance(item, str):
                out.append(item)
            elif item.get("/S") != "/Lbl":
                page = marks.get(item.Pg.objgen, {}) if "/Pg" in item else {}
                for kid in reversed(list(item.get("/K", ()))):
                    if not isinstance(kid, pikepdf.Dictionary):
                        stack.append(page.get(int(kid), ""))
                    elif "/S" in kid:
                        stack.append(kid)
    return folded("".join(out))


_CODE = re.compile(r"<([0-9a-f]{4})> <([0-9a-f]*)>")


def _marked(page: Any) -> dict[int, str]:
    """The text of each marked content of `page`, by its number."""
    import pikepdf

    maps = {
        name: {
            code: bytes.fromhex(words).decode("utf-16-be")
            for code, words in _CODE.findall(font.ToUnicode.read_bytes().decode("latin-1"))
        }
        for name, font in (page.obj.Resources.get("/Font") or {}).items()
    }
    found: dict[int, list[str]] = {}
    opened: list[int | None] = []
    font: dict[str, str] = {}
    for operands, operator in pikepdf.parse_content_stream(page):
        match str(operator):
            case "BDC" | "BMC":
                has = len(operands) > 1 and isinstance(operands[1], pikepdf.Dictionary) and "/MCID" in operands[1]
                opened.append(int(operands[1].MCID) if has else None)
            case "EMC":
                opened.pop()
            case "Tf":
                font = maps[str(operands[0])]
            case "TJ" | "Tj":
                mark = next((each for each in reversed(opened) if each is not None), None)
                shown = operands[0] if str(operator) == "TJ" else operands
                codes = "".join(bytes(each).hex() for each in shown if isinstance(each, pikepdf.String))
                if mark is not None:
                    units = found.setdefault(mark, [])
                    units += [font.get(codes[at : at + 4], "\ufffd") for at in range(0, len(codes), 4)]
    return {mark: _logical(units) for mark, units in found.items()}


def _logical(units: list[str]) -> str:
    """A line drawn from left to right as it is read: each of `units` is the text of a glyph."""
    if not any(_side(unit) == "R" for unit in units):
        return "".join(units)
    line: list[str] = []
    ltr: list[str] = []
    waiting: list[str] = []
    for unit in reversed(units):
        side = _side(unit)
        if side == "R":
            unit = unit[::-1]  # noqa: PLW2901 - the letters of a ligature are turned with the line
        if side == "L":
            ltr[:0] = [unit, *waiting]
            waiting = []
        elif side == "R" or not ltr:
            line += [*ltr, *waiting, unit]
            ltr, waiting = [], []
        else:
            waiting.insert(0, unit)  # between two Latin words, or after the last one: the next letter tells
    # What waits stands in the order of the line that is read from the right.
    return "".join([*line, *ltr, *waiting])


def _side(unit: str) -> str:
    """``R`` for right-to-left letters, ``L`` for other letters and for digits, nothing for what has no direction."""
    kinds = {unicodedata.bidirectional(character) for character in unit}
    return "R" if kinds & {"R", "AL"} else "L" if kinds & {"L", "EN", "AN"} else ""


def words(question: Question) -> Iterator[str]:
    """The words of a question, each folded: what is found in a text wherever lines break."""
    for part in [question.title, question.prompt, question.answer, question.explanation]:
        for inlines in _lines(list(part) if part and part[0]["t"] not in INLINE else [{"t": "Plain", "c": list(part)}]):
            yield from (folded(node["c"]) for node in _flat(inlines) if node["t"] == "Str")


def contents_at_left(path: Path) -> int:
    """How many lines of contents there are in a right-to-left book. Asserts that each names the page it leads to."""
    import pymupdf

    lines: set[tuple[str, float]] = set()
    with pymupdf.open(path) as document:
        labels = [page.get_label() for page in document]
        for page, label in zip(document, labels, strict=True):
            links = [link for link in page.get_links() if link["kind"] == pymupdf.LINK_GOTO and not label.isdigit()]
            words = page.get_text("words")
            edge = min((word[0] for word in words if word[4].isdigit()), default=0) + 14
            numbers = [word for word in words if word[4].isdigit() and word[0] < edge]
            for link in links:  # the number stands on the last line of its entry: the first one not above the link
                low = link["from"].y1
                number = min((each for each in numbers if each[3] > low - 4), key=lambda each: each[3])
                said, meant = number[4], labels[link["page"]]
                assert said == meant, (label, said, meant)
                lines.add((label, number[3]))
    return len(lines)
