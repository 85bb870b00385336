"""Raw HTML in Markdown becomes pandoc's AST, so that the model holds content and not markup.

Two steps. `unwrap`, before pandoc: Markdown trapped in ``<details>``, ``<div>`` and ``<p>`` is set free by blank lines
round the tags (CommonMark would take all up to the next blank line for raw HTML). `lower`, after pandoc: tags become
nodes; what is not a container of Markdown (tables, lists, definition lists) goes through pandoc's HTML reader, all
pieces of a document in one run.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tiku import pandoc
from tiku.markup import plain_text, string, trim
from tiku.problems import Problem

if TYPE_CHECKING:
    from markdown_it.token import Token

    from tiku.model import Block, Inline
    from tiku.readers.lines import Lines

_CONTAINERS = "details|summary|div|p|center|section|article|aside|main|header|footer|nav|span|font"
_CONTAINER = re.compile(rf"</?(?:{_CONTAINERS})\b[^<>]{{0,2000}}>", re.IGNORECASE)
_HOLDS = re.compile(rf"^[ \t>*+\-\d.]{{0,12}}</?(?:{_CONTAINERS})\b", re.IGNORECASE | re.MULTILINE)
_STRUCTURED = re.compile(
    r"<(?:table|ul|ol|dl|pre|h[1-6]|script|style|svg|form|iframe|object|video|audio)\b", re.IGNORECASE
)
_HARMFUL = re.compile(
    r"<(script|style|iframe|object|embed|form|input|link|meta|base|svg|math|applet|frame)\b", re.IGNORECASE
)
# tags that leave nothing when nothing stands between them, and structures that do
_EMPTY_TAGS = re.compile(
    r"</?(?:br|hr|b|i|u|small|big|strong|em|a|tt|sub|sup|ul|ol|li|table|tr|td|th|tbody|thead)\b[^<>]*>", re.IGNORECASE
)
_FILLED = re.compile(r"<(?:ul|ol|li|table)\b.*<", re.DOTALL | re.IGNORECASE)
_COMMENT = re.compile(r"\s*(?:<!--(?:(?!-->).)*-->\s*)+\Z", re.DOTALL)
_LOOSE_ROWS = re.compile(
    r"<table\b[^<>]*>\s*(?:<caption\b.{0,2000}?</caption>\s*)?(?:</?col(?:group)?\b[^<>]*>\s*)*(?=<tr\b)",
    re.IGNORECASE | re.DOTALL,
)
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9-]*)([^<>]*)>")
_WRAP = {
    "b": "Strong", "strong": "Strong", "i": "Emph", "em": "Emph", "cite": "Emph", "dfn": "Emph", "var": "Emph",
    "u": "Underline", "ins": "Underline", "s": "Strikeout", "del": "Strikeout", "strike": "Strikeout",
    "sub": "Subscript", "sup": "Superscript",
}  # fmt: skip
_NO_TEXT = frozenset({"script", "style"})
_CODE = frozenset({"code", "kbd", "samp", "tt"})
_KNOWN = frozenset(
    "a abbr address area article aside audio b base bdi bdo big blockquote body br button canvas caption center cite "
    "code col colgroup data dd del details dfn dialog div dl dt em embed fieldset figcaption figure font footer form "
    "frame h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label legend li link main map mark meta "
    "meter nav noscript object ol optgroup option output p param picture pre progress q rp rt ruby s samp script "
    "section select small source span strike strong style sub summary sup svg table tbody td template textarea tfoot "
    "th thead time title tr track tt u ul var video wbr math applet".split()
)


# -- before pandoc ------------------------------------------------------------------------------------------------------


def holds_containers(text: str) -> bool:
    """Whether `unwrap` may have something to do."""
    return _HOLDS.search(text) is not None


def unwrap(text: str, tokens: list[Token]) -> tuple[str, list[int]]:
    """`text` with container tags parted from what they hold, and the original index of each line of the result.

    `tokens` are markdown-it's block tokens of `text`.
    """
    lines = text.split("\n")
    out: list[str] = []
    origin: list[int] = []
    done = 0
    for token in tokens:
        if token.type != "html_block" or not token.map:
            continue
        begin, end = token.map
        body = token.content.rstrip("\n")
        if begin < done or not _CONTAINER.search(body) or _STRUCTURED.search(body):
            continue
        out += lines[done:begin]
        origin += range(done, begin)
        first = body.split("\n", 1)[0]
        column = max(0, lines[begin].find(first.strip()))
        lead = lines[begin][:column]
        _parted(body, lead, begin, out, origin)
        done = end
    out += lines[done:]
    origin += range(done, len(lines))
    return "\n".join(out), origin


def _parted(body: str, lead: str, begin: int, out: list[str], origin: list[int]) -> None:
    later = re.sub(r"[^>\s]", " ", lead)
    pieces: list[tuple[int, str, bool]] = []  # offset, text, whether it is a tag
    place = 0
    for found in _CONTAINER.finditer(body):
        pieces.append((place, body[place : found.start()], False))
        pieces.append((found.start(), " ".join(found[0].split()), True))
        place = found.end()
    pieces.append((place, body[place:], False))
    fresh = True
    for offset, text, is_tag in pieces:
        line = begin + body.count("\n", 0, offset)
        if is_tag:
            if re.match(r"</?(?:span|font)\b", text, re.IGNORECASE):
                continue  # only their text matters
            out += [later.rstrip() if not fresh else "", (lead if fresh else later) + text, later.rstrip()]
            origin += [line] * 3
            fresh = False
            continue
        rows = text.split("\n")
        indent = min((len(row) - len(row.lstrip()) for row in rows[1:] if row.strip()), default=0)
        for index, row in enumerate(rows):
            row_text = row.lstrip() if index == 0 else row[indent:]
            if row_text.strip():
                out.append((lead if fresh else later) + row_text)
                origin.append(line + index)
                fresh = False
            elif 0 < index < len(rows) - 1:
                out.append(later.rstrip())
                origin.append(line + index)


# -- after pandoc -------------------------------------------------------------------------------------------------------


def unescape(text: str) -> str:
    """`text` with its character references resolved."""
    from html import unescape as resolve  # a table of two thousand names: only where it is needed

    return resolve(text)


_ATTRIBUTE = re.compile(r"""([A-Za-z_:][\w:.-]*)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"'=<>`]+)))?""")


def _attributes(html: str) -> dict[str, str]:
    """The attributes of a tag (https://html.spec.whatwg.org/#attributes-2), names in lower case; the first one counts."""
    out: dict[str, str] = {}
    parts = html.split(maxsplit=1)
    for name, double, single, bare in _ATTRIBUTE.findall(parts[1] if len(parts) > 1 else ""):
        out.setdefault(name.lower(), unescape(double or single or bare))
    return out


class Lowering:
    """Turns the raw HTML of one document into nodes; `problems` fills with what was taken out."""

    def __init__(self, file: str, lines: Lines) -> None:
        self.file = file
        self.lines = lines
        self.problems: list[Problem] = []
        self._waiting: list[tuple[list[Block], Block, str]] = []
        self._line = 0

    def run(self, blocks: list[Block]) -> list[Block]:
        """`blocks` with raw HTML turned into nodes."""
        done = self._blocks(blocks)
        if self._waiting:
            self._convert()
            _splice(done)
        return done

    # -- blocks ---------------------------------------------------------------------------------------------------

    def _blocks(self, blocks: list[Block]) -> list[Block]:
        root: list[Block] = []
        stack: list[tuple[str, list[Block]]] = [("", root)]
        events = self._events(blocks)
        closes = {"details": sum(e == ("close", "details") for e in events), "summary": 0}
        for event in events:
            what, value = event
            if what == "open":
                if (
                    value == "details"
                    and any(name == "details" for name, _ in stack)
                    and closes["details"] <= _open(stack)
                ):
                    self._close(stack, "details")  # the earlier one was never closed
                inner: list[Block] = []
                division: Block = {"t": "Div", "c": [["", [value], []], inner]}
                stack[-1][1].append(division)
                if self._line:
                    self.lines.note(division, self._line)
                stack.append((value, inner))
            elif what == "close":
                closes["details"] -= value == "details"
                self._close(stack, value)
            else:
                block: Block = value
                self._line = self.lines.get(id(block), self._line)
                heading = block["t"] == "Header" and len(stack) > 1 and closes["details"] < _open(stack)
                if heading:
                    self._close(stack, "details")
                stack[-1][1].append(block)
        return root

    @staticmethod
    def _close(stack: list[tuple[str, list[Block]]], name: str) -> None:
        if any(each == name for each, _ in stack):
            while stack[-1][0] != name:
                stack.pop()
            stack.pop()

    def _events(self, blocks: list[Block]) -> list[tuple[str, Any]]:
        events: list[tuple[str, Any]] = []
        for block in blocks:
            kind = block["t"]
            self._line = self.lines.get(id(block), self._line)
            if kind == "RawBlock":
                events += self._raw(block)
            elif kind in {"Para", "Plain"}:
                events += self._paragraph(block)
            else:
                self._inside(block)
                events.append(("block", block))
        return events

    def _inside(self, block: Block) -> None:
        """Lower what is nested in a block, in place."""
        kind, content = block["t"], block.get("c")
        if kind == "BlockQuote":
            block["c"] = self._blocks(content)  # type: ignore[arg-type]
        elif kind == "BulletList":
            block["c"] = [self._blocks(item) for item in content]  # type: ignore[union-attr]
        elif kind == "OrderedList":
            block["c"] = [content[0], [self._blocks(item) for item in content[1]]]  # type: ignore[index]
        elif kind == "Div":
            block["c"] = [content[0], self._blocks(content[1])]  # type: ignore[index]
        elif kind == "Header":
            block["c"] = [content[0], content[1], self.inlines(content[2])]  # type: ignore[index]
        elif kind == "Table":
            bodies = [(each[0], each[2] + each[3]) for each in content[4]]  # type: ignore[index]
            for _, rows in [content[3], *bodies, content[5]]:  # type: ignore[index]
                for row in rows:
                    for cell in row[1]:
                        cell[4] = self._blocks(cell[4])

    def _raw(self, block: Block) -> list[tuple[str, Any]]:
        form, html = block["c"]
        if form != "html":
            return [("block", {"t": "CodeBlock", "c": [["", [form], []], html]})]
        if _COMMENT.match(html):
            return [("block", block)]
        if found := _HARMFUL.search(html):
            self._complain(f"<{found[1].lower()}> was removed")
        rest = _CONTAINER.sub("", re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL))
        if not _EMPTY_TAGS.sub("", rest).strip() and not _FILLED.search(rest):
            return [event for found in _TAG.finditer(html) for event in self._tag(found[1], found[2].lower())]
        place: Block = {"t": "Div", "c": [["", ["tiku-fragment"], []], []]}
        self._waiting.append((place["c"][1], place, html))
        return [("block", place)]

    @staticmethod
    def _tag(slash: str, name: str) -> list[tuple[str, Any]]:
        return [("close" if slash else "open", name)] if name in {"details", "summary"} else []

    def _paragraph(self, block: Block) -> list[tuple[str, Any]]:
        """A paragraph, cut where a container's tag stands in it."""
        inlines = block["c"]
        if not any(node["t"] == "RawInline" for node in inlines) and not _nested_raw(inlines):
            return [("block", block)]
        events: list[tuple[str, Any]] = []
        piece: list[Inline] = []

        def end() -> None:
            nonlocal piece
            done = trim(self.inlines(piece))
            if done:
                new = {"t": block["t"], "c": done}
                self.lines.note(new, self.lines.get(id(block), 0))
                events.append(("block", new))
            piece = []

        for node in inlines:
            found = _TAG.fullmatch(node["c"][1].strip()) if node["t"] == "RawInline" else None
            if found and found[2].lower() in {"details", "summary", "p", "div", "center"}:
                end()
                events += self._tag(found[1], found[2].lower())
            else:
                piece.append(node)
        end()
        return events

    def _convert(self) -> None:
        """All waiting fragments through pandoc's HTML reader, in one run."""
        parts = []
        for _, _, html in self._waiting:
            safe = re.sub(r"<(script|style)\b.*?(?:</\1\s*>|\Z)", "", html, flags=re.DOTALL | re.IGNORECASE)
            parts.append(with_bodies(safe))
        mark = "tiku-fragment-border"
        text = f"\n<hr><p>{mark}</p>\n".join(_balanced(part) for part in parts)
        blocks, _ = pandoc.read(text, "html-auto_identifiers-native_divs-native_spans-raw_html")
        groups: list[list[Block]] = [[]]
        for block in blocks:
            if block["t"] == "Para" and plain_text(block) == mark:
                if groups[-1] and groups[-1][-1]["t"] == "HorizontalRule":
                    groups[-1].pop()
                groups.append([])
            else:
                groups[-1].append(block)
        for (target, _, html), group in zip(self._waiting, groups, strict=False):
            target[:] = group if len(groups) == len(self._waiting) else [_text_of(html)]
        self._waiting = []

    # -- inlines --------------------------------------------------------------------------------------------------

    def inlines(self, nodes: list[Inline]) -> list[Inline]:
        """`nodes` with inline tags turned into nodes; comments stay, they are taken out later."""
        root: list[Inline] = []
        stack: list[tuple[str, list[Inline], dict[str, str]]] = [("", root, {})]
        for node in nodes:
            kind = node["t"]
            if kind == "RawInline" and node["c"][0] == "html":
                self._inline_tag(node, stack)
                continue
            if kind in {"Strong", "Emph", "Strikeout", "Superscript", "Subscript", "Underline"}:
                stack[-1][1].append({"t": kind, "c": self.inlines(node["c"])})
            elif kind in {"Link", "Image", "Span"}:
                stack[-1][1].append({"t": kind, "c": [node["c"][0], self.inlines(node["c"][1]), *node["c"][2:]]})
            elif kind == "Note":
                stack[-1][1].append({"t": "Note", "c": self._blocks(node["c"])})
            else:
                stack[-1][1].append(node)
        while len(stack) > 1:  # never closed: its content without it
            _, inner, _ = stack.pop()
            stack[-1][1].extend(inner)
        return root

    def _inline_tag(self, node: Inline, stack: list[tuple[str, list[Inline], dict[str, str]]]) -> None:
        html = node["c"][1]
        if html.startswith("<!--"):
            stack[-1][1].append(node)
            return
        found = _TAG.fullmatch(html.strip())
        if found is None or found[2].lower() not in _KNOWN:
            # `Vec<T>` is no HTML: its author meant the characters
            stack[-1][1].extend(string(" ".join(unescape(html).split())))
            return
        slash, name = found[1], found[2].lower()
        if _HARMFUL.match(html):
            self._complain(f"<{name}> was removed")
            if name in _NO_TEXT and not found[3].endswith("/"):
                stack.append((name, [], {}))
        elif name == "br":
            stack[-1][1].append({"t": "LineBreak"})
        elif name == "img":
            values = _attributes(html)
            alt: list[Inline] = list(string(" ".join(values.get("alt", "").split())))
            stack[-1][1].append(
                {"t": "Image", "c": [["", [], []], alt, [values.get("src", ""), values.get("title", "")]]}
            )
        elif not slash and not found[3].endswith("/"):
            stack.append((name, [], _attributes(html)))
        elif slash and any(each == name for each, _, _ in stack):
            while True:
                tag, inner, values = stack.pop()
                stack[-1][1].extend(self._wrapped(tag, inner, values) if tag == name else inner)
                if tag == name:
                    break

    @staticmethod
    def _wrapped(tag: str, inner: list[Inline], values: dict[str, str]) -> list[Inline]:
        if tag in _NO_TEXT:
            return []  # what stands between the tags is code, not text
        if tag in _WRAP:
            return [{"t": _WRAP[tag], "c": inner}] if inner else []
        if tag in _CODE:
            return [{"t": "Code", "c": [["", [], []], plain_text(inner)]}] if inner else []
        if tag == "a" and values.get("href"):
            return [{"t": "Link", "c": [["", [], []], inner, [values["href"], values.get("title", "")]]}]
        pairs = [[key, values[key]] for key in ("lang", "dir") if values.get(key)]
        classes = values.get("class", "").split() if tag == "span" else []
        if (pairs or classes) and inner:
            return [{"t": "Span", "c": [["", classes, pairs], inner]}]
        return inner

    def _complain(self, message: str) -> None:
        self.problems.append(Problem("Q106", message, self.file, self._line))


def _splice(nodes: list[Any]) -> None:
    """Put the content of converted fragments in their place."""
    out: list[Any] = []
    for item in nodes:
        if isinstance(item, dict) and item.get("t") == "Div" and "tiku-fragment" in item["c"][0][1]:
            out += item["c"][1]
            continue
        if isinstance(item, dict) and isinstance(item.get("c"), list):
            _splice(item["c"])
        elif isinstance(item, list):
            _splice(item)
        out.append(item)
    nodes[:] = out


def _open(stack: list[tuple[str, list[Block]]]) -> int:
    return sum(name == "details" for name, _ in stack)


def _nested_raw(nodes: list[Inline]) -> bool:
    for node in nodes:
        if node["t"] in {"Strong", "Emph", "Strikeout", "Superscript", "Subscript", "Underline"}:
            if any(n["t"] == "RawInline" for n in node["c"]) or _nested_raw(node["c"]):
                return True
        elif node["t"] in {"Link", "Image", "Span"}:
            if any(n["t"] == "RawInline" for n in node["c"][1]) or _nested_raw(node["c"][1]):
                return True
        elif node["t"] == "Note":
            return True
    return False


def with_bodies(html: str) -> str:
    """`html` with ``<tbody>`` before the rows of tables that say no parts.

    Else pandoc takes the first row alone for the head, and cuts off what its cells span below it.
    """
    return _LOOSE_ROWS.sub(r"\g<0><tbody>", html)


def _balanced(html: str) -> str:
    """`html` with its open elements closed, so that the next fragment does not fall into them."""
    stack: list[str] = []
    for found in _TAG.finditer(re.sub(r"<!--.*?-->", "", html, flags=re.DOTALL)):
        name = found[2].lower()
        if name in {"br", "img", "hr", "input", "col", "meta", "link", "wbr", "source", "area", "base"} or found[
            3
        ].endswith("/"):
            continue
        if not found[1]:
            stack.append(name)
        elif name in stack:
            while stack.pop() != name:
                pass
    return html + "".join(f"</{name}>" for name in reversed(stack))


def _text_of(html: str) -> Block:
    text = unescape(re.sub(r"<[^<>]*>", " ", html))
    return {"t": "Para", "c": [{"t": "Str", "c": " ".join(text.split())}]}
