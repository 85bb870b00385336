"""The normal form of content: what every reader's blocks are brought to, so that the model does not depend on accidents.

Line breaks between Chinese characters are nothing; attributes that only one format knows are gone; divisions and spans
that say nothing are opened; a display formula stands in a paragraph of its own; bold goes round italics. Markdown can say
all that is left, so a bank reads back equal.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from tiku.readers.lines import wide

if TYPE_CHECKING:
    from collections.abc import Callable

    from tiku.model import Block, Inline

Change: TypeAlias = "Callable[[Inline], list[Inline]]"
"""What takes the place of one inline."""

_ALERTS = frozenset({"note", "tip", "important", "warning", "caution"})
_BREAKS = frozenset({"Space", "SoftBreak", "LineBreak"})
_EMPHASIS = frozenset({"Strong", "Emph", "Strikeout", "Underline", "Superscript", "Subscript", "SmallCaps"})
_EMPTY = ["", [], []]
# what no address may hold as it is (RFC 3986) and what would end a link's target in Markdown
_URL = re.compile(r"[\s\\<>^`{|}\"]")
_LANGUAGE = re.compile(r"[A-Za-z0-9-]{2,35}")


class Normal:
    """Brings blocks to the normal form; what becomes of links and pictures is for `link` and `image` to say."""

    def __init__(self, link: Change, image: Change) -> None:
        self.link = link
        self.image = image

    def blocks(self, nodes: list[Block]) -> list[Block]:
        """`nodes` in normal form; blocks that stay one block stay the same object (their line is known by it)."""
        out: list[Block] = []
        for node in nodes:
            out += self._block(node)
        return out

    def _block(self, node: Block) -> list[Block]:
        kind, content = node["t"], node.get("c")
        if kind in {"Para", "Plain"}:
            return self._paragraph(node)
        if content is None:
            return [node]
        if kind == "Div":
            (_, classes, _), inner = content
            if _ALERTS & set(classes):
                body = [each for each in inner if not (each["t"] == "Div" and "title" in each["c"][0][1])]
                name = min(_ALERTS & set(classes))
                title: Block = {
                    "t": "Div",
                    "c": [["", ["title"], []], [{"t": "Para", "c": [_word(name.capitalize())]}]],
                }
                node["c"] = [["", [name], []], [title, *self.blocks(body)]]
                return [node] if body else []
            return self.blocks(inner)
        if kind == "RawBlock":
            return [] if content[1].lstrip().startswith("<!--") else [node]
        if kind == "Header":
            node["c"] = [content[0], _EMPTY, self._inner(content[2])]
            return [node] if node["c"][2] else []
        if kind == "CodeBlock":
            node["c"] = [["", content[0][1][:1], []], content[1].rstrip("\n")]
            return [node] if node["c"][1] else []
        if kind == "BlockQuote":
            node["c"] = self.blocks(content)
            return [node] if node["c"] else []
        if kind == "BulletList":
            node["c"] = [self.blocks(item) for item in content]
        elif kind == "OrderedList":
            start = max(0, content[0][0])
            node["c"] = [[start, {"t": "Decimal"}, {"t": "Period"}], [self.blocks(item) for item in content[1]]]
        elif kind == "DefinitionList":
            node["c"] = [[self.inlines(term), [self.blocks(each) for each in every]] for term, every in content]
        elif kind == "LineBlock":
            joined: list[Inline] = []
            for line in content:
                joined += ([{"t": "LineBreak"}] if joined else []) + line
            return self._paragraph({"t": "Para", "c": joined})
        elif kind == "Figure":
            _, (_, caption), inner = content
            return self.blocks([*inner, *caption])
        elif kind == "Table":
            self._table(node)
        return [node]

    def _table(self, node: Block) -> None:
        """A table without widths and attributes; with one row of heads, or all where cells span, as Markdown can say it."""
        _, (_, caption), columns, (_, head), bodies, (_, foot) = node["c"]

        def rows(given: list[Any]) -> list[Any]:
            return [
                [_EMPTY, [[_EMPTY, {"t": "AlignDefault"}, cell[2], cell[3], self.blocks(cell[4])] for cell in cells]]
                for _, cells in given
            ]

        plain = [[column[0], {"t": "ColWidthDefault"}] for column in columns]
        heads = rows(head)
        body = [row for each in bodies for row in rows(each[2]) + rows(each[3])] + rows(foot)
        if not heads and bodies:  # a table without <thead> whose first rows are heads
            count = len(bodies[0][2])
            heads, body = body[:count], body[count:]
        if not any(cell[2] > 1 or cell[3] > 1 for _, cells in heads + body for cell in cells):
            heads, body = heads[:1], heads[1:] + body
        elif not body:  # parted, its spans would reach from the head into the body
            heads, body = [], heads
        if not heads:
            heads = [[_EMPTY, [[_EMPTY, {"t": "AlignDefault"}, 1, 1, []] for _ in columns]]]
        whole = [
            _EMPTY,
            [None, self.blocks(caption)],
            plain,
            [_EMPTY, heads],
            [[_EMPTY, 0, [], body]],
            [_EMPTY, []],
        ]
        node["c"] = whole

    def _paragraph(self, node: Block) -> list[Block]:
        """A paragraph, cut at display formulas that stand on lines of their own."""
        nodes = self.inlines(node["c"])
        node["c"] = nodes
        if not nodes:
            return []
        if len(nodes) == 1 or not any(each["t"] == "Math" and each["c"][0]["t"] == "DisplayMath" for each in nodes):
            return [node]
        pieces: list[list[Inline]] = [[]]
        for index, each in enumerate(nodes):
            if each["t"] == "Math" and each["c"][0]["t"] == "DisplayMath":
                if _alone(nodes, index):
                    pieces += [[each], []]
                    continue
                each["c"][0] = {"t": "InlineMath"}  # `$$x$$` in the middle of a sentence
            pieces[-1].append(each)
        done = [trimmed for piece in pieces if (trimmed := _trimmed(piece))]
        if len(done) == 1:
            node["c"] = done[0]
            return [node]
        node["c"] = done[0]
        return [node, *({"t": "Para", "c": piece} for piece in done[1:])]

    def inlines(self, nodes: list[Inline]) -> list[Inline]:
        """`nodes` in normal form."""
        flat: list[Inline] = []
        for node in nodes:
            if node["t"] in _BREAKS or (node["t"] == "Str" and node["c"]):
                flat.append(node)
            else:
                flat += self._inline(node)
        out: list[Inline] = []
        for index, node in enumerate(flat):
            kind = node["t"]
            previous = out[-1] if out else None
            if kind in _BREAKS:
                if previous is None:
                    continue
                if previous["t"] in _BREAKS:
                    if _rank(kind) > _rank(previous["t"]):
                        out[-1] = node
                    continue
                if (
                    kind == "SoftBreak"
                    and index + 1 < len(flat)
                    and wide(edge(previous, -1))
                    and wide(edge(flat[index + 1], 0))
                ):
                    continue
            elif kind == "Str" and previous is not None and previous["t"] == "Str":
                out[-1] = {"t": "Str", "c": previous["c"] + node["c"]}
                continue
            elif kind in _EMPHASIS and previous is not None and previous["t"] == kind:
                out[-1] = {"t": kind, "c": self.inlines([*previous["c"], *node["c"]])}
                continue
            out.append(node)
        return _trimmed(out)

    def _inner(self, nodes: list[Inline]) -> list[Inline]:
        """The content of an inline: a formula in it is never displayed."""
        done = self.inlines(nodes)
        for node in done:
            if node["t"] == "Math":
                node["c"][0] = {"t": "InlineMath"}
        return done

    def _inline(self, node: Inline) -> list[Inline]:
        kind, content = node["t"], node.get("c")
        if content is None:
            return [node]
        if kind == "Str":
            return [node] if content else []
        if kind in _EMPHASIS:
            return self._emphasis(kind, content)
        if kind == "RawInline":
            return [] if content[1].startswith("<!--") else [node]
        if kind == "Code":
            return [{"t": "Code", "c": [_EMPTY, content[1]]}] if content[1] else []
        if kind == "Math":
            latex = content[1].strip()
            return [{"t": "Math", "c": [{"t": content[0]["t"]}, latex]}] if latex else []
        if kind == "Link":
            url, title = content[2]
            words = _without_links(self._inner(content[1]))
            target = address(url)
            if len(words) == 1 and words[0].get("c") == url:
                words = [_word(target)]  # a bare address
            return self.link({"t": "Link", "c": [_EMPTY, words, [target, title]]})
        if kind == "Image":
            return self.image({"t": "Image", "c": [_EMPTY, self._inner(content[1]), content[2]]})
        if kind == "Quoted":
            left, right = ("‘", "’") if content[0]["t"] == "SingleQuote" else ("“", "”")
            return [_word(left), *[each for inner in content[1] for each in self._inline(inner)], _word(right)]
        if kind == "Cite":
            return [each for inner in content[1] for each in self._inline(inner)]
        if kind == "Note":
            inner = self.blocks(content)
            return [{"t": "Note", "c": inner}] if inner else []
        if kind == "Span":
            (_, _, pairs), inner = content
            kept = [[key, value] for key, value in pairs if key in {"lang", "dir"} and _LANGUAGE.fullmatch(value)]
            if kept:
                return [{"t": "Span", "c": [["", [], kept], self._inner(inner)]}] if inner else []
            return [each for one in inner for each in self._inline(one)]
        return [node]

    def _emphasis(self, kind: str, content: list[Inline]) -> list[Inline]:
        """Emphasis without the same inside it; its outer blanks stand outside, where Markdown can close it."""
        inner: list[Inline] = []
        for node in content:
            for each in self._inline(node):
                inner += each["c"] if each["t"] == kind else [each]
        lead = [node for node in inner[:1] if node["t"] in _BREAKS]
        tail = [node for node in inner[-1:] if node["t"] in _BREAKS] if len(inner) > 1 else []
        body = self._inner(inner)
        if not body:
            return lead
        if kind == "SmallCaps":
            return [*lead, *body, *tail]
        if len(body) == 1 and kind == "Emph" and body[0]["t"] == "Strong":
            return [*lead, {"t": "Strong", "c": [{"t": "Emph", "c": body[0]["c"]}]}, *tail]
        if len(body) == 1 and body[0]["t"] == "Strong" and kind == "Strong":
            body = body[0]["c"]
        return [*lead, {"t": kind, "c": body}, *tail]


def _word(text: str) -> Inline:
    return {"t": "Str", "c": text}


def _alone(nodes: list[Inline], index: int) -> bool:
    before = [node["t"] for node in nodes[:index] if node["t"] != "Space"]
    after = [node["t"] for node in nodes[index + 1 :] if node["t"] != "Space"]
    return (not before or before[-1] in {"SoftBreak", "LineBreak"}) and (
        not after or after[0] in {"SoftBreak", "LineBreak"}
    )


def _without_links(nodes: list[Inline]) -> list[Inline]:
    """The content of a link: links cannot be nested."""
    out: list[Inline] = []
    for node in nodes:
        if node["t"] == "Link":
            out += _without_links(node["c"][1])
        elif node["t"] in _EMPHASIS:
            out.append({"t": node["t"], "c": _without_links(node["c"])})
        else:
            out.append(node)
    return out


def address(url: str) -> str:
    """`url` with what no address may hold percent-encoded."""
    return _URL.sub(_quoted, url.strip())


def _quoted(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode())


def _rank(kind: str) -> int:
    return ("Space", "SoftBreak", "LineBreak").index(kind)


def _trimmed(nodes: list[Inline]) -> list[Inline]:
    begin, end = 0, len(nodes)
    while begin < end and nodes[begin]["t"] in _BREAKS:
        begin += 1
    while end > begin and nodes[end - 1]["t"] in _BREAKS:
        end -= 1
    return nodes[begin:end]


def edge(node: Any, index: int) -> str:
    """The first (0) or last (-1) character of an inline's text, where it is plain to see."""
    while isinstance(node, dict) and node["t"] in _EMPHASIS | {"Link", "Span"}:
        inner = node["c"] if node["t"] in _EMPHASIS else node["c"][1]
        if not inner:
            return ""
        node = inner[index]
    return str(node["c"][index]) if isinstance(node, dict) and node["t"] == "Str" and node["c"] else ""
