"""Content as HTML for the fields of Anki notes, with all that Anki would read as its own markup made harmless.

Anki gives meaning to ``[sound:…]``, ``[latex]``, ``[$]``, ``[anki:…]``, to ``{{…}}`` in templates and clozes, to ``}}``
and ``::`` inside a cloze, and (through MathJax) to ``\\(`` and ``\\[``. U+001F parts the fields of a note.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

from tiku.markup import safe_link, scheme
from tiku.render import sanitise
from tiku.render.html import HtmlWriter, text
from tiku.render.mathematics import LONGEST, MathError

if TYPE_CHECKING:
    from collections.abc import Callable

_ANKI_TAG = re.compile(r"\[(?=\s*(?:sound:|/?latex\]|/?\$\$?\]|anki:|/anki))", re.IGNORECASE)
_OPENER = re.compile(r"\\(?=[()\[\]]|$)")
_TAGS = re.compile(r"(<[^>]*>)")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_OPEN, _CLOSE = "\ufdd0", "\ufdd1"  # noncharacters: no document means anything by them
_MARK = re.compile(f"{_OPEN}(\\d+){_CLOSE}")
_MATH_PAIR = re.compile(r"\\(.)", re.DOTALL)
_BLANK = re.compile(r"_{2,}|＿+|[（(][\u3000\u00a0_＿]+[）)]")
# MathJax macros that can link, load, style or hide one of these behind another name: none sets a formula.
_ACTIVE_MATH = re.compile(
    r"\\(?:href|url|require|style|class|cssId|data|csname|includegraphics|bbox|mmlToken|texttip|mathtip|toggle|unicode)"
    r"(?![A-Za-z])"
)


def neutral(html: str) -> str:
    """`html`, NFC, without control characters, with what Anki itself would interpret written as entities."""
    if not html:
        return ""
    html = unicodedata.normalize("NFC", _CONTROL.sub("", html))
    if "[" in html:
        html = _ANKI_TAG.sub("&#91;", html)
    while "{{" in html:
        html = html.replace("{{", "{&#123;")
    return html


def prose(value: str) -> str:
    """`value` escaped for HTML, such that MathJax finds no formula in it."""
    return _OPENER.sub(r"\\<span></span>", text(value)) if "\\" in value else text(value)


def formula(latex: str, display: bool) -> str:
    r"""`latex` between MathJax's delimiters ``\(…\)`` or ``\[…\]``.

    Raises MathError for what MathJax would not find the end of, or what could do more than set a formula.
    """
    source = latex.strip()
    if not source:
        raise MathError("empty")
    if len(source) > LONGEST:
        raise MathError(f"longer than {LONGEST} characters")
    if found := _ACTIVE_MATH.search(source):
        raise MathError(f"{found[0]} is not allowed")
    if not _balanced(source):
        raise MathError("its braces do not match")
    source = _MATH_PAIR.sub(lambda pair: "$" if pair[1] in "()" else "$$" if pair[1] in "[]" else pair[0], source)
    if source.endswith("\\") and (len(source) - len(source.rstrip("\\"))) % 2:
        source += " "
    left, right = (r"\[", r"\]") if display else (r"\(", r"\)")
    return f"{left}{text(source)}{right}"


def _balanced(latex: str) -> bool:
    depth = 0
    for sign in re.sub(r"\\.", "", latex, flags=re.DOTALL):
        depth += (sign == "{") - (sign == "}")
        if depth < 0:
            return False
    return depth == 0


class FieldWriter(HtmlWriter):
    """Writes one question's parts. `picture_name` maps a picture of the bank to its file in Anki's media folder."""

    def __init__(self, picture_name: Callable[[str], str], **settings: Any) -> None:
        super().__init__(formula=formula, picture=self._picture, shift=2, **settings)
        self._picture_name = picture_name
        self._blanks: int | None = None

    def field(self, nodes: Any) -> str:
        """Blocks as the text of a field, footnotes below."""
        if not nodes:
            return ""
        body = self.blocks(nodes)
        notes = self.footnotes()
        return neutral(f"{body}\n{notes}" if notes else body)

    def short(self, nodes: Any) -> str:
        """Inlines as the text of a field."""
        return neutral(self.inlines(nodes))

    def blanks(self, nodes: Any) -> tuple[str, int]:
        """Blocks as the text of a field, with a mark in the place of each blank, and how many there are.

        `fill` puts the clozes where the marks are.
        """
        self._blanks = 0
        try:
            return self.field(nodes), self._blanks
        finally:
            self._blanks = None

    def inlines(self, nodes: Any) -> str:
        """Inlines; words and spaces, which most are, without a call each of `inline`."""
        out = []
        for node in nodes:
            kind = node["t"]
            out.append(self._string(node["c"]) if kind == "Str" else " " if kind == "Space" else self.inline(node))
        return "".join(out)

    def inline(self, node: Any) -> str:
        """One inline; a Str with Anki's own signs made harmless."""
        if node["t"] == "Str":
            return self._string(node["c"])
        return super().inline(node)

    def _string(self, value: str) -> str:
        if self._blanks is None:
            return prose(value)
        out, end = [], 0
        for found in _BLANK.finditer(value):
            out += [prose(value[end : found.start()]), f"{_OPEN}{self._blanks}{_CLOSE}"]
            self._blanks += 1
            end = found.end()
        return "".join(out) + prose(value[end:])

    def inline_rawinline(self, content: Any) -> str:
        """Raw HTML, sanitised."""
        return self._raw(content[1]) if content[0].startswith("html") else prose(content[1])

    def block_rawblock(self, content: Any) -> str:
        """Raw HTML, sanitised; other raw formats as their text."""
        return self._raw(content[1]) if content[0].startswith("html") else super().block_rawblock(content)

    @staticmethod
    def _raw(html: str) -> str:
        pieces = _TAGS.split(sanitise.xhtml(html))
        for index in range(0, len(pieces), 2):  # the odd ones are tags
            pieces[index] = _OPENER.sub(r"\\<span></span>", pieces[index])
        return "".join(pieces)

    def inline_link(self, content: Any) -> str:
        """A link to the web; any other leads nowhere inside Anki and stays as its text."""
        _, inlines, (url, _title) = content
        if not scheme(url) or not safe_link(url):
            return f"<span>{self.inlines(inlines)}</span>"
        return super().inline_link(content)

    def inline_note(self, content: Any) -> str:
        """A footnote's call, without links: the sides of a card have no ids of their own."""
        self._count += 1
        call = self._count
        self.notes.append(f"<li>{self.blocks(content)}</li>")
        return f"<sup>[{call}]</sup>"

    def footnotes(self) -> str:
        """The footnotes since the last call, under a rule."""
        return super().footnotes().replace(' class="footnotes" role="doc-endnotes"', ' class="tk-footnotes"')

    def block_table(self, content: Any) -> str:
        """A table that scrolls by itself where it is wider than the screen."""
        return f'<div class="tk-scroll">{super().block_table(content)}</div>'

    def _picture(self, name: str, alt: str, title: str) -> str:
        stored = self._picture_name(name)
        if not stored:
            self.complain("Q401", f"the picture '{name[:60]}' is not in the bank")
            return f"<span>{prose(alt or name)}</span>"
        extra = f' title="{text(title)}"' if title else ""
        return f'<img src="{text(stored)}" alt="{text(alt)}"{extra} />'


def fill(html: str, clozes: list[str]) -> str:
    """`html` with each mark of `FieldWriter.blanks` replaced by its cloze."""
    return _MARK.sub(lambda found: clozes[int(found[1])] if int(found[1]) < len(clozes) else "", html)


def cloze(number: int, html: str) -> str:
    """The text of a field, `html`, as cloze `number`, in which no ``}}`` ends it and no ``::`` begins a hint."""
    safe = html
    while "}}" in safe:  # a blank changes nothing in a formula, and survives a user's editing, as an entity would not
        safe = safe.replace("}}", "} }")
    if safe.endswith("}"):
        safe += " "
    safe = safe.replace("::", ":&#58;")
    if safe.endswith(":"):
        safe = safe[:-1] + "&#58;"
    return f"{{{{c{number}::{safe}}}}}"
