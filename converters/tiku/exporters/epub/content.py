"""pandoc's AST as XHTML that EPUBCheck and Ace have nothing to say about, on top of the shared HTML writer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from tiku.exporters.epub import languages, raw
from tiku.markup import plain_text, scheme, walk
from tiku.render.html import Formula, HtmlWriter, default_formula, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tiku.exporters.epub.anchors import Anchors
    from tiku.exporters.epub.pictures import Pictures
    from tiku.model import Block, Inline

_HOST = re.compile(r"\w[\w.\-]*")


class ContentWriter(HtmlWriter):
    """Writes the content of one book.

    `level` is that of the heading above the content: headings in it follow without a gap. `words` are the locale's.
    """

    def __init__(
        self, pictures: Pictures, anchors: Anchors, language: str, words: Any, formula: Formula | None = None
    ) -> None:
        super().__init__(formula=formula or default_formula, picture=self._picture, link=self._link)
        self.pictures = pictures
        self.anchors = anchors
        self.language = language
        self.words = words
        self.level = 1
        self._last = 1
        self._mark = languages.marker(language)
        self._in_link = False
        self._heading = False
        self.undescribed = 0
        """How many pictures came without a text alternative."""

    # -- parts of a question ------------------------------------------------------------------------------------

    def part(self, nodes: Iterable[Block], *, level: int, prefix: str) -> str:
        """`nodes` under a heading of `level`; ids inside begin with `prefix`. Its footnotes stay in `notes`."""
        self.level = self._last = level
        self.prefix = prefix
        return "\n".join(out for node in nodes if (out := self._top(node)))

    def _top(self, node: Block) -> str:
        kind = node["t"]
        if kind in {"Para", "Plain"}:
            inner = self.inlines(node["c"])
            foreign = languages.of_block(node["c"], self.language)
            return f"<p{self.tongue(foreign)}>{inner}</p>" if inner else ""
        return self.block(node)

    def line_of(self, nodes: Iterable[Inline]) -> str:
        """`nodes` as a heading's content; its footnotes stand in brackets: headings are shown in the contents, too."""
        self._heading = True
        try:
            return self.inlines(nodes).strip()
        finally:
            self._heading = False

    @staticmethod
    def tongue(language: str) -> str:
        """The attributes that say `language`; nothing for the empty string."""
        return f' lang="{language}" xml:lang="{language}"' if language else ""

    # -- blocks ---------------------------------------------------------------------------------------------------

    def block_header(self, content: Any) -> str:
        """A heading, at most one level below the last one: a gap would read as something missing."""
        level = min(6, max(self.level + 1, min(self.level + content[0], self._last + 1)))
        self._last = level
        return f"<h{level}>{self.inlines(content[2])}</h{level}>"

    def block_rawblock(self, content: Any) -> str:
        """Raw HTML, sanitised and put in order."""
        if content[0] in {"html", "html5", "html4"}:
            return raw.xhtml(content[1], inline=False, link=self._link)
        return super().block_rawblock(content)

    def inline_rawinline(self, content: Any) -> str:
        """Raw HTML, sanitised and put in order."""
        if content[0].startswith("html"):
            return raw.xhtml(content[1], inline=True, link=lambda url: "" if self._in_link else self._link(url))
        return text(content[1])

    def block_table(self, content: Any) -> str:
        """A table that scrolls by itself when it is too wide."""
        return f'<div class="wide" tabindex="0">\n{super().block_table(content)}\n</div>'

    def block_definitionlist(self, content: Any) -> str:
        """Terms and their definitions: HTML wants at least one of each."""
        return super().block_definitionlist([[term, found or [[]]] for term, found in content]) if content else ""

    def block_bulletlist(self, content: Any) -> str:
        """A list without numbers; nothing for an empty one."""
        return super().block_bulletlist(content) if content else ""

    def block_orderedlist(self, content: Any) -> str:
        """A numbered list; nothing for an empty one."""
        return super().block_orderedlist(content) if content[1] else ""

    # -- inlines --------------------------------------------------------------------------------------------------

    def inline(self, node: Inline) -> str:
        """One inline, with runs in other scripts marked as such."""
        if node["t"] == "Str":
            return self._mark(text(node["c"]))
        return super().inline(node)

    def inline_math(self, content: Any) -> str:
        """A formula; a displayed one scrolls by itself when it is too wide."""
        out = super().inline_math(content)
        return f'<span class="formula" tabindex="0">{out}</span>' if content[0]["t"] == "DisplayMath" else out

    def inline_link(self, content: Any) -> str:
        """A link; HTML knows none inside another."""
        if self._in_link:
            return f"<span>{self.inlines(content[1])}</span>"
        self._in_link = True
        try:
            return super().inline_link(content)
        finally:
            self._in_link = False

    def inline_note(self, content: Any) -> str:
        """A footnote's call; in a link or a heading, the note itself in brackets."""
        if self._in_link or self._heading:
            return f" ({text(' '.join(plain_text(content).split()))})"
        self._count += 1
        number, name = self._count, f"{self.prefix}fn"
        self._last = 6
        body = self.blocks(content)
        back = text(self.words["back_to_text"])
        self.notes.append(
            f'<li id="{name}{number}">{body} '
            f'<a href="#{name}ref{number}" role="doc-backlink" aria-label="{back}">↩︎</a></li>'
        )
        return (
            f'<sup><a href="#{name}{number}" id="{name}ref{number}" epub:type="noteref" role="doc-noteref">'
            f"{number}</a></sup>"
        )

    def footnotes(self) -> str:
        """The footnotes collected since the last call, or the empty string."""
        if not self.notes:
            return ""
        start = self._count - len(self.notes) + 1
        items, self.notes = "\n".join(self.notes), []
        return f'<ol class="footnotes" start="{start}">\n{items}\n</ol>'

    def _pairs(self, pairs: Any) -> str:  # type: ignore[override]
        found = dict(pairs)
        language, side = found.get("lang", ""), found.get("dir", "")
        out = self.tongue(language) if languages.well_formed(language) else ""
        return out + (f' dir="{side}"' if side in {"ltr", "rtl"} else "")

    # -- links and pictures ---------------------------------------------------------------------------------------

    def _link(self, url: str) -> str:
        """The target to write for `url`: a place in this book, an address that is in order, or nothing."""
        kind = scheme(url)
        if kind in {"http", "https", "ftp"}:
            return self._address(url, kind)
        if kind in {"mailto", "tel"}:
            return quote(url, safe="%:@?=&,;+-._~/!$'()*")
        if url.startswith("#") and (found := self.anchors.find(unquote(url[1:]))):
            return found
        if url:
            self.complain("Q304", f"the link to '{url[:60]}' leads to nothing in the book; its text is kept")
        return ""

    def _address(self, url: str, kind: str) -> str:
        rest = re.sub(r"[\x00-\x20\x7f]+", "", url)[len(kind) + 1 :].lstrip("/\\")
        try:
            parts = urlsplit(f"{kind}://{rest}")
            host = parts.hostname or ""
            fine = _HOST.fullmatch(host) is not None and (parts.port or 0) < 65536
        except ValueError:
            fine = False
        if not fine:
            self.complain("Q304", f"the link to '{url[:60]}' is no web address; its text is kept")
            return ""
        tail = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", rest)
        return f"{kind}://" + re.sub(
            r'[<>"\\^`{|}\[\]\ud800-\udfff]', lambda found: quote(found[0], errors="replace"), tail
        )

    def _picture(self, name: str, alt: str, title: str) -> str:
        href = self.pictures.take(name, self)
        said = alt.strip() or title.strip()
        if not href:
            return f'<span class="picture">[{text(said or self.words["image"])}]</span>'
        if not said:
            self.undescribed += 1
            said = self.words["image"]
        extra = f' title="{text(title)}"' if title and title != alt else ""
        return f'<img src="{href}" alt="{text(said)}"{extra} />'


def has_pictures(nodes: Any) -> bool:
    """Whether any picture stands in `nodes`."""
    return any(node["t"] == "Image" for node in walk(nodes))
