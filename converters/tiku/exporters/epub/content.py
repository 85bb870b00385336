"""pandoc's AST as XHTML that EPUBCheck and Ace have nothing to say about, on top of the shared HTML writer."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlsplit

from tiku.exporters.epub import languages, raw
from tiku.markup import plain_text, scheme
from tiku.render.html import Formula, HtmlWriter, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tiku.exporters.epub.anchors import Anchors
    from tiku.exporters.epub.pictures import Pictures
    from tiku.model import Block, Inline

_NO_HEAD = re.compile(r'<th scope="(?:col|row)"([^>]*)>\s*</th>')
_LABEL = re.compile(r"[^\W_](?:[\w\-]*\w)?")
_NOT_URL = re.compile(
    r'[\x00-\x20<>"\\^`{|}\[\]\x7f-\xa0\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef\ufff0-\uffff]'
)
"""What no address may hold as it is: https://url.spec.whatwg.org/#url-code-points."""


def _is_host(host: str) -> bool:
    """Whether `host` is a name or an IPv4 address that a URL parser takes."""
    labels = host.removesuffix(".").split(".")
    if labels[-1].isdigit():
        return len(labels) == 4 and all(label.isdigit() and int(label) < 256 for label in labels)
    # Names in other scripts stand as they are; who has written them in ASCII by hand, and wrongly, meant no link.
    return len(host) < 254 and all(_LABEL.fullmatch(each) and not each.lower().startswith("xn--") for each in labels)


class ContentWriter(HtmlWriter):
    """Writes the content of one book.

    `level` is that of the heading above the content: headings in it follow without a gap. `words` are the locale's.
    """

    def __init__(self, pictures: Pictures, anchors: Anchors, language: str, words: Any, formula: Formula) -> None:
        super().__init__(formula=formula, picture=self._picture, link=self._link)
        self.pictures = pictures
        self.anchors = anchors
        self.language = language
        self.words = words
        self.level = 1
        self._last = 1
        self.tongues = languages.Tongues(language)
        self._words = self.tongues.write
        self._linked = False
        self._heading = False
        self.around = ""
        """The language of the question being written, where it is not the book's."""
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
        tongue = "" if kind == "CodeBlock" else self.tongue_of(node)
        if kind in {"Para", "Plain"}:
            out = self.block_para(node["c"])
            return f"<p{tongue}{out[2:]}" if out and tongue else out
        out = self.block(node)
        return f"<div{tongue}>\n{out}\n</div>" if tongue and out else out

    def tongue_of(self, nodes: Any) -> str:
        """The attributes that say the language of `nodes`, where it is not the book's."""
        return self.tongues.attributes(nodes, around=self.around)

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
        """A heading; nothing for an empty one."""
        inner = self.inlines(content[2]).strip()
        if not inner:
            return ""
        level = self.next_level(content[0])
        return f"<h{level}>{inner}</h{level}>"

    def next_level(self, typed: int) -> int:
        """The level for a heading inside content: at most one below the last one, as a gap reads like a loss."""
        self._last = min(6, max(self.level + 1, min(self.level + typed, self._last + 1)))
        return self._last

    def block_para(self, content: Any) -> str:
        """A paragraph; one that is a picture says so, to be set by itself."""
        inner = self.inlines(content)
        alone = len(content) == 1 and content[0]["t"] == "Image"
        kind = ' class="picture"' if alone else ""
        return f"<p{kind}>{inner}</p>" if inner else ""

    def block_rawblock(self, content: Any) -> str:
        """Raw HTML, sanitised and put in order."""
        if content[0] in {"html", "html5", "html4"}:
            return raw.xhtml(content[1], inline=False, link=self._link, level=self.next_level)
        return super().block_rawblock(content)

    def inline_rawinline(self, content: Any) -> str:
        """Raw HTML, sanitised and put in order."""
        if content[0].startswith("html"):
            return raw.xhtml(content[1], inline=True, link=self._link, linked=self._linked, level=self.next_level)
        return text(content[1])

    def block_table(self, content: Any) -> str:
        """A table that scrolls by itself when it is too wide."""
        # A head without words is no head to a screen reader.
        table = _NO_HEAD.sub(r"<td\1></td>", super().block_table(content))
        return f'<div class="wide" tabindex="0">\n{table}\n</div>'

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

    def inlines(self, nodes: Iterable[Inline]) -> str:
        """Inlines, with runs in other scripts marked as such."""
        # Most nodes are words and spaces: they are not worth a call each.
        out = []
        for node in nodes:
            kind = node["t"]
            out.append(self._words(node["c"]) if kind == "Str" else " " if kind == "Space" else self.inline(node))
        return "".join(out)

    def inline_math(self, content: Any) -> str:
        """A formula; a displayed one scrolls by itself when it is too wide."""
        out = super().inline_math(content)
        return f'<span class="formula" tabindex="0">{out}</span>' if content[0]["t"] == "DisplayMath" else out

    def inline_link(self, content: Any) -> str:
        """A link; HTML knows none inside another."""
        _, inlines, (url, title) = content
        target = "" if self._linked else self._link(url)
        if not target:
            return f"<span>{self.inlines(inlines)}</span>"
        self._linked = True
        try:
            inner = self.inlines(inlines).strip()
        finally:
            self._linked = False
        extra = f' title="{text(title)}"' if title else ""
        return f'<a href="{text(target)}"{extra}>{inner or text(url)}</a>'

    def inline_note(self, content: Any) -> str:
        """A footnote's call; in a link or a heading, the note itself in brackets."""
        if self._linked or self._heading:
            return f" ({text(' '.join(plain_text(content).split()))})"
        self._count += 1
        number, name = self._count, f"{self.prefix}fn"
        self._last = 6
        back = text(self.words["back_to_text"])
        link = f' <a href="#{name}ref{number}" role="doc-backlink" aria-label="{back}">↩︎</a>'
        body = self.blocks(content)
        inside = body.endswith("</p>")
        body = f"{body.removesuffix('</p>')}{link}{'</p>' if inside else ''}"
        self.notes.append(f'<li id="{name}{number}">{body}</li>')
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
        if kind in {"mailto", "tel"} and len(url) > len(kind) + 1:
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
            fine = _is_host(host) and (parts.port or 0) < 65536
        except ValueError:
            fine = False
        if not fine:
            self.complain("Q304", f"the link to '{url[:60]}' is no web address; its text is kept")
            return ""
        before, mark, fragment = rest.partition("#")
        tail = re.sub(r"%(?![0-9A-Fa-f]{2})", "%25", before + mark + fragment.replace("#", "%23"))
        return f"{kind}://" + _NOT_URL.sub(lambda found: quote(found[0], errors="replace"), tail)

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
