"""pandoc's AST as HTML that is also well-formed XML, for every output made of HTML.

What differs between outputs comes in by the constructor: how a formula, a picture, a link inside the document is
written. Element choices follow https://html.spec.whatwg.org/multipage/; nothing here has a colour.
"""

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING, Any, TypeAlias

from tiku.markup import plain_text, safe_link, walk
from tiku.problems import Problem
from tiku.render import sanitise
from tiku.render.highlight import highlight
from tiku.render.locales import tag
from tiku.render.mathematics import MathError, mathml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tiku.model import Block, Inline

Formula: TypeAlias = "Callable[[str, bool], str]"
"""(LaTeX, whether it is displayed) -> HTML; raises MathError."""
Picture: TypeAlias = "Callable[[str, str, str], str]"
"""(media name, alt text, title) -> HTML."""

_SIMPLE = {
    "Emph": "em", "Underline": "u", "Strong": "strong", "Strikeout": "del", "Superscript": "sup", "Subscript": "sub",
    "SmallCaps": "span",
}  # fmt: skip
_LIST_STYLE = {"Decimal": "1", "LowerAlpha": "a", "UpperAlpha": "A", "LowerRoman": "i", "UpperRoman": "I"}
_ALIGN = {"AlignLeft": "start", "AlignRight": "end", "AlignCenter": "center"}
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPECIAL = re.compile("[&<>\"'\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What `text` changes: most words hold none of it, and one search tells."""
_CLASS = re.compile(r"[^\w-]")


def text(value: str) -> str:
    """`value` escaped for an element's content or a double-quoted attribute."""
    return escape(_NOT_XML.sub("", value)) if _SPECIAL.search(value) else value


def default_formula(latex: str, display: bool) -> str:
    """MathML."""
    return mathml(latex, display=display)


def default_picture(name: str, alt: str, title: str) -> str:
    """An ``img`` that names its file."""
    extra = f' title="{text(title)}"' if title else ""
    return f'<img src="{text(name)}" alt="{text(alt)}"{extra} />'


class HtmlWriter:
    """Turns blocks and inlines into HTML, one writer for one output file.

    `shift` is added to heading levels inside content (capped at 6). `notes` collects the footnotes called so far as
    HTML; the exporter prints them with `footnotes` and so empties it. `problems` fills with what could not be shown.
    """

    def __init__(
        self,
        *,
        formula: Formula = default_formula,
        picture: Picture = default_picture,
        link: Callable[[str], str] = lambda url: url,
        shift: int = 0,
        prefix: str = "",
        file: str = "",
    ) -> None:
        self.formula = formula
        self.picture = picture
        self.link = link
        self.shift = shift
        self.prefix = prefix
        """Goes before every id written, so that the footnotes of two parts do not collide."""
        self.file = file
        self.line = 0
        """The line of the question being written: for problems."""
        self.notes: list[str] = []
        self.problems: list[Problem] = []
        self._count = 0
        self._in_link = False

    # -- blocks ---------------------------------------------------------------------------------------------------

    def blocks(self, nodes: Iterable[Block]) -> str:
        """Blocks as HTML, one after the other, each on a line of its own."""
        return "\n".join(out for node in nodes if (out := self.block(node)))

    def block(self, node: Block) -> str:
        """One block as HTML."""
        kind, content = node["t"], node.get("c")
        handler: Callable[[Any], str] | None = getattr(self, f"block_{kind.lower()}", None)
        if handler is None:
            self.complain("Q302", f"a block of type {kind} is shown as text")
            return f"<p>{text(plain_text([node]))}</p>"
        return handler(content)

    def block_plain(self, content: Any) -> str:
        """Text without a paragraph of its own."""
        return self.inlines(content)

    def block_para(self, content: Any) -> str:
        """A paragraph; nothing where it is empty."""
        inner = self.inlines(content)
        return f"<p>{inner}</p>" if inner else ""

    def block_header(self, content: Any) -> str:
        """A heading inside content."""
        level = min(6, max(1, content[0] + self.shift))
        return f"<h{level}>{self.inlines(content[2])}</h{level}>"

    def block_codeblock(self, content: Any) -> str:
        """Code, highlighted by the classes of `highlight.CLASSES`."""
        (_, classes, _), code = content
        language = classes[0] if classes else ""
        inner = "".join(
            f'<span class="{name}">{text(piece)}</span>' if name else text(piece)
            for name, piece in highlight(code, language)
        )
        named = f' class="language-{_CLASS.sub("", language)}"' if language else ""
        return f'<pre dir="ltr"><code{named}>{inner}</code></pre>'

    def block_rawblock(self, content: Any) -> str:
        """Raw HTML, sanitised; other raw formats as their text."""
        if content[0] in {"html", "html5", "html4"}:
            return sanitise.xhtml(content[1])
        self.complain("Q302", f"raw {content[0]} is shown as its source")
        return f"<pre><code>{text(content[1])}</code></pre>"

    def block_blockquote(self, content: Any) -> str:
        """A quotation."""
        return f"<blockquote>\n{self.blocks(content)}\n</blockquote>"

    def block_bulletlist(self, content: Any) -> str:
        """A list without numbers."""
        return "<ul>\n" + "".join(f"<li>{self.item(item)}</li>\n" for item in content) + "</ul>"

    def block_orderedlist(self, content: Any) -> str:
        """A numbered list that starts where the source's does."""
        (start, style, _), items = content
        kind = _LIST_STYLE.get(style["t"], "1")
        attributes = (f' start="{start}"' if start != 1 else "") + (f' type="{kind}"' if kind != "1" else "")
        return f"<ol{attributes}>\n" + "".join(f"<li>{self.item(item)}</li>\n" for item in items) + "</ol>"

    def item(self, blocks: list[Block]) -> str:
        """The content of a list item."""
        return self.blocks(blocks)

    def block_definitionlist(self, content: Any) -> str:
        """Terms and their definitions."""
        rows = "".join(
            f"<dt>{self.inlines(term)}</dt>\n" + "".join(f"<dd>{self.blocks(each)}</dd>\n" for each in definitions)
            for term, definitions in content
        )
        return f"<dl>\n{rows}</dl>"

    def block_lineblock(self, content: Any) -> str:
        """Lines of verse."""
        return "<p>" + "<br />\n".join(self.inlines(line) for line in content) + "</p>"

    def block_horizontalrule(self, _content: Any) -> str:
        """A rule."""
        return "<hr />"

    def block_div(self, content: Any) -> str:
        """A division; pandoc's alerts keep their class."""
        (_, classes, pairs), blocks = content
        names = " ".join(name for each in classes if (name := _CLASS.sub("", each)))
        return f"<div{self._class(names)}{self._pairs(pairs)}>\n{self.blocks(blocks)}\n</div>"

    def block_figure(self, content: Any) -> str:
        """A figure with its caption."""
        _, (_, caption), blocks = content
        below = f"<figcaption>{self.blocks(caption)}</figcaption>" if caption else ""
        return f"<figure>\n{self.blocks(blocks)}\n{below}</figure>"

    def block_table(self, content: Any) -> str:
        """A table with head, bodies and foot."""
        _, (_, caption), columns, (_, head), bodies, (_, foot) = content
        aligns = [column[0]["t"] for column in columns]
        above = f"<caption>{self.blocks(caption)}</caption>\n" if caption else ""
        parts = []
        if any(node["t"] not in {"Plain", "Para"} for _, row in head for cell in row for node in walk(cell[4])):
            parts.append("<thead>\n" + self._rows(head, aligns, "th") + "</thead>")
        for _, heads, between, rows in bodies:
            parts.append(
                "<tbody>\n" + self._rows(between, aligns, "th") + self._rows(rows, aligns, "td", heads) + "</tbody>"
            )
        if foot:
            parts.append("<tfoot>\n" + self._rows(foot, aligns, "td") + "</tfoot>")
        return f"<table>\n{above}" + "\n".join(parts) + "\n</table>"

    def _rows(self, rows: Any, aligns: list[str], tag: str, heads: int = 0) -> str:
        out = []
        for _, cells in rows:
            line = []
            for index, (_, align, down, across, blocks) in enumerate(cells):
                side = _ALIGN.get(align["t"]) or _ALIGN.get(aligns[index] if index < len(aligns) else "")
                name = "th" if index < heads else tag
                spans = (f' rowspan="{down}"' if down > 1 else "") + (f' colspan="{across}"' if across > 1 else "")
                scope = ' scope="col"' if tag == "th" else ' scope="row"' if name == "th" else ""
                align_class = self._class(f"align-{side}" if side else "")
                line.append(f"<{name}{scope}{spans}{align_class}>{self.blocks(blocks)}</{name}>")
            out.append("<tr>" + "".join(line) + "</tr>\n")
        return "".join(out)

    # -- inlines --------------------------------------------------------------------------------------------------

    def inlines(self, nodes: Iterable[Inline]) -> str:
        """Inlines as HTML."""
        return "".join(self.inline(node) for node in nodes)

    def inline(self, node: Inline) -> str:
        """One inline as HTML."""
        kind, content = node["t"], node.get("c")
        if kind == "Str":
            return text(content)  # type: ignore[arg-type]
        if kind in _SIMPLE:
            tag = _SIMPLE[kind]
            extra = ' class="smallcaps"' if kind == "SmallCaps" else ""
            return f"<{tag}{extra}>{self.inlines(content or [])}</{tag}>"
        handler: Callable[[Any], str] | None = getattr(self, f"inline_{kind.lower()}", None)
        if handler is None:
            self.complain("Q302", f"an inline of type {kind} is shown as text")
            return text(plain_text([node]))
        return handler(content)

    def inline_space(self, _content: Any) -> str:
        """A space."""
        return " "

    def inline_softbreak(self, _content: Any) -> str:
        """A line break of the source: a space (between Chinese characters the reader has removed it)."""
        return "\n"

    def inline_linebreak(self, _content: Any) -> str:
        """A line break."""
        return "<br />\n"

    def inline_quoted(self, content: Any) -> str:
        """Quotation marks that a reader recognised as such."""
        left, right = "‘’" if content[0]["t"] == "SingleQuote" else "“”"
        return f"{left}{self.inlines(content[1])}{right}"

    def inline_cite(self, content: Any) -> str:
        """A citation, as written."""
        return self.inlines(content[1])

    def inline_code(self, content: Any) -> str:
        """Code in a line."""
        return f'<code dir="ltr">{text(content[1])}</code>'

    def inline_math(self, content: Any) -> str:
        """A formula; its LaTeX as code, and a problem, when it cannot be set."""
        display = content[0]["t"] == "DisplayMath"
        try:
            return self.formula(content[1], display)
        except MathError as error:
            self.complain("Q303", f"formula '{content[1].strip()[:60]}' shown as LaTeX: {error}")
            return f'<code class="math" dir="ltr">{text(content[1].strip())}</code>'

    def inline_rawinline(self, content: Any) -> str:
        """Raw HTML, sanitised: a lone tag leaves nothing, its text stands in nodes of its own."""
        return sanitise.xhtml(content[1], inline=True) if content[0].startswith("html") else text(content[1])

    def inline_link(self, content: Any) -> str:
        """A link, if its target may stand in an output."""
        _, inlines, (url, title) = content
        target = "" if self._in_link else self.link(url)  # a link in a link is no HTML
        if not target or not safe_link(target):
            return f"<span>{self.inlines(inlines)}</span>"
        extra = f' title="{text(title)}"' if title else ""
        self._in_link = True
        inner = self.inlines(inlines)
        self._in_link = False
        return f'<a href="{text(target)}"{extra}>{inner or text(url)}</a>'

    def inline_image(self, content: Any) -> str:
        """A picture of the bank."""
        _, alt, (name, title) = content
        return self.picture(name, plain_text(alt).replace("\n", " "), title)

    def inline_note(self, content: Any) -> str:
        """A footnote's call; its text goes to `notes`."""
        self._count += 1
        number = self._count
        outside, self._in_link = self._in_link, False
        body = self.blocks(content)
        self._in_link = outside
        note, call = f"{self.prefix}fn{number}", f"{self.prefix}fnref{number}"
        self.notes.append(f'<li id="{note}">{body} <a href="#{call}" role="doc-backlink">↩︎</a></li>')
        if self._in_link:
            return f'<sup id="{call}">{number}</sup>'
        return f'<sup><a href="#{note}" id="{call}" role="doc-noteref">{number}</a></sup>'

    def inline_span(self, content: Any) -> str:
        """A span with its class, language and direction."""
        (_, classes, pairs), inlines = content
        names = " ".join(name for each in classes if (name := _CLASS.sub("", each)))
        return f"<span{self._class(names)}{self._pairs(pairs)}>{self.inlines(inlines)}</span>"

    # -- the rest -------------------------------------------------------------------------------------------------

    def footnotes(self) -> str:
        """The footnotes collected since the last call as an ordered list, or the empty string."""
        if not self.notes:
            return ""
        start = self._count - len(self.notes) + 1
        items = "\n".join(self.notes)
        self.notes = []
        number = f' start="{start}"' if start != 1 else ""
        return f'<ol class="footnotes" role="doc-endnotes"{number}>\n{items}\n</ol>'

    def complain(self, code: str, message: str) -> None:
        """Add a problem about the question being written, once."""
        problem = Problem(code, message, self.file, self.line)
        if problem not in self.problems:
            self.problems.append(problem)

    @staticmethod
    def _class(names: str) -> str:
        return f' class="{names}"' if names else ""

    @staticmethod
    def _pairs(pairs: Any) -> str:
        return "".join(
            f' {key}="{text(value)}"'
            for key, value in pairs
            if (key == "lang" and tag(value) == value) or (key == "dir" and value in {"ltr", "rtl"})
        )
