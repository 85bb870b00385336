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
    for node in inlines:
        if node["t"] == "Str":
            words.append(node["c"])
        elif node["t"] in {"Strong", "Emph", "Underline", "Strikeout", "SmallCaps"}:
            words.extend(_stretches(node["c"], notes))
        elif node["t"] not in {"Space", "SoftBreak"}:
            if node["t"] == "Note":
                notes.extend(node["c"])
            yield folded("".join(words))
            words = []
    yield folded("".join(words))


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
