"""Random banks: every node type, every field, hostile text; the same for the same seed.

Hypothesis draws the seeds: drawing each node by its own strategies took a hundred times longer.
"""

from __future__ import annotations

import hashlib
from functools import partial
from random import Random
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from tiku.model import Bank, Choice, Kind, Location, Media, Part, Question, Section

if TYPE_CHECKING:
    from collections.abc import Callable

TEXTS = (
    "", "word", "题目", "答案：",
    "<script>alert(1)</script>", "a & b", '"quoted" <b>', "{{c1::x}}", "]]>", "-->",
    "<%=", "\\input{x}", "&amp;", "\u202egnp", "é\u0301", "👩🏽‍💻",
    "\U00020000", "a\tb\nc", "  ", "السؤال", "%s {0}", "$x$", "=1+1",
)  # fmt: skip
URLS = (
    "https://example.org/?a=1&b=2",
    "javascript:alert(1)", "java\tscript:alert(1)", "#q1", "a b.html", "data:text/html,x",
    'x" onclick="y', "", "//evil.example/x", "file:///etc/passwd", "http://[",
)  # fmt: skip
ATTRIBUTES = (
    ["", [], []], ["id", ["python"], [["onclick", "alert(1)"], ["style", "position:fixed"], ["lang", "en"]]],
    ['x"y', ['a" b', "smallcaps"], [["dir", "rtl"], ["lang", '"><b>']]],
)  # fmt: skip
SIMPLE = ("Emph", "Underline", "Strong", "Strikeout", "Superscript", "Subscript", "SmallCaps")
ALIGNMENTS = ("AlignLeft", "AlignRight", "AlignCenter", "AlignDefault")
STYLES = ("DefaultStyle", "Example", "Decimal", "LowerRoman", "UpperRoman", "LowerAlpha", "UpperAlpha")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8"/></svg>'


class Maker:
    """Makes random parts of a bank from one source of chance."""

    def __init__(self, seed: int) -> None:
        self.chance = Random(seed)
        self.count = 0
        self.pictures: list[str] = []

    def some(self, make: Callable[[], Any], most: int = 2, least: int = 0) -> list[Any]:
        return [make() for _ in range(min(self.chance.randint(least, most), self.chance.randint(1, most + 1)))]

    def text(self) -> str:
        return "".join(self.chance.choices(TEXTS, k=self.chance.randint(1, 3)))

    def word(self) -> str:
        return self.chance.choice([text for text in TEXTS if text.strip()]).strip()

    def attribute(self) -> Any:
        return self.chance.choice(ATTRIBUTES)

    def inlines(self, depth: int = 0) -> list[Any]:
        return self.some(lambda: self.inline(depth))

    def inline(self, depth: int) -> dict[str, Any]:
        leaves = ["Str", "Str", "Space", "SoftBreak", "LineBreak", "Code", "Math", "RawInline"]
        kind = self.chance.choice(
            leaves if depth > 1 else [*leaves, *SIMPLE, "Quoted", "Cite", "Link", "Image", "Note", "Span"]
        )
        inner = partial(self.inlines, depth + 1)
        match kind:
            case "Space" | "SoftBreak" | "LineBreak":
                return {"t": kind}
            case "Str":
                content: Any = self.text()
            case "Code":
                content = [self.attribute(), self.text()]
            case "Math":
                content = [
                    {"t": self.chance.choice(["InlineMath", "DisplayMath"])},
                    self.chance.choice(["x^2", "\\frac{", ""]),
                ]
            case "RawInline":
                content = [
                    self.chance.choice(["html", "latex"]),
                    self.chance.choice(["<b>", "</i>", "<img src=x onerror=y>"]),
                ]
            case "Quoted":
                content = [{"t": self.chance.choice(["SingleQuote", "DoubleQuote"])}, inner()]
            case "Cite":
                citation = {"citationId": self.word(), "citationPrefix": inner(), "citationSuffix": [],
                            "citationMode": {"t": "NormalCitation"}, "citationNoteNum": 1,
                            "citationHash": 0}  # fmt: skip
                content = [[citation], inner()]
            case "Link":
                content = [self.attribute(), inner(), [self.chance.choice(URLS), self.text()]]
            case "Image":
                target = self.chance.choice([*URLS, *self.pictures * 8])
                content = [self.attribute(), inner(), [target, self.text()]]
            case "Note":
                content = self.some(lambda: {"t": "Para", "c": inner()}, 2)
            case "Span":
                content = [self.attribute(), inner()]
            case _:
                content = inner()
        return {"t": kind, "c": content}

    def blocks(self, depth: int = 0) -> list[Any]:
        return self.some(lambda: self.block(depth))

    def block(self, depth: int) -> dict[str, Any]:
        leaves = ["Para", "Para", "Plain", "LineBlock", "CodeBlock", "RawBlock", "Header", "HorizontalRule"]
        nesting = ["BlockQuote", "BulletList", "OrderedList", "DefinitionList", "Figure", "Div", "Table"]
        kind = self.chance.choice(leaves if depth > 1 else leaves + nesting)
        inner = partial(self.blocks, depth + 1)
        match kind:
            case "HorizontalRule":
                return {"t": kind}
            case "LineBlock":
                content: Any = self.some(self.inlines)
            case "CodeBlock":
                content = [self.attribute(), self.text()]
            case "RawBlock":
                content = [
                    self.chance.choice(["html", "tex"]),
                    self.chance.choice(["<script>x</script>", "<p onclick=x>y", "{"]),
                ]
            case "Header":
                content = [self.chance.randint(1, 7), self.attribute(), self.inlines()]
            case "BlockQuote":
                content = inner()
            case "BulletList":
                content = self.some(inner)
            case "OrderedList":
                style = {"t": self.chance.choice(STYLES)}
                content = [[self.chance.randint(-1, 99), style, {"t": "Period"}], self.some(inner)]
            case "DefinitionList":
                content = self.some(lambda: [self.inlines(), self.some(inner, 2)])
            case "Figure":
                content = [self.attribute(), [None, inner()], inner()]
            case "Div":
                content = [self.attribute(), inner()]
            case "Table":
                content = self.table(inner)
            case _:
                content = self.inlines()
        return {"t": kind, "c": content}

    def table(self, inner: Callable[[], Any]) -> list[Any]:
        def align() -> dict[str, str]:
            return {"t": self.chance.choice(ALIGNMENTS)}

        def cell() -> list[Any]:
            return [self.attribute(), align(), self.chance.randint(1, 3), self.chance.randint(1, 3), inner()]

        def rows() -> list[Any]:
            return self.some(lambda: [self.attribute(), self.some(cell)], 2)

        width = {"t": "ColWidth", "c": 0.5} if self.chance.random() < 0.3 else {"t": "ColWidthDefault"}
        columns = self.some(lambda: [align(), width], 2, 1)
        bodies = self.some(lambda: [self.attribute(), self.chance.randint(0, 1), rows(), rows()], 2)
        return [
            self.attribute(),
            [None, inner()],
            columns,
            [self.attribute(), rows()],
            bodies,
            [self.attribute(), rows()],
        ]

    def location(self) -> Location:
        return Location(self.word(), self.chance.randint(0, 10**6))

    def question(self) -> Question:
        self.count += 1
        roles = ("hint", "reference", "other")

        def choice() -> Choice:
            return Choice(self.word(), tuple(self.blocks()), self.chance.random() < 0.4)

        def part() -> Part:
            return Part(self.chance.choice(roles), self.text(), tuple(self.blocks()))

        return Question(
            id=self.chance.choice([f"q{self.count}", f"../{self.count}", f'"><b>{self.count}', f"a b {self.count}"]),
            number=self.word(), title=tuple(self.inlines()), prompt=tuple(self.blocks()),
            choices=tuple(self.some(choice)),
            answer=tuple(self.blocks()), explanation=tuple(self.blocks()), parts=tuple(self.some(part, 2)),
            tags=tuple(self.some(self.word, 2)), difficulty=self.text(), kind=self.chance.choice(list(Kind)),
            location=self.location(),
        )  # fmt: skip

    def section(self, depth: int = 0) -> Section:
        questions = self.some(self.question, 2, least=0 if depth else 1)
        below = self.some(lambda: self.section(depth + 1), 2 if depth < 2 else 0)
        return Section(tuple(self.inlines()), tuple(self.blocks()), tuple(questions), tuple(below), self.location())

    def bank(self) -> Bank:
        data = {SVG} if self.chance.random() < 0.5 else set()
        media = tuple(Media(f"{hashlib.sha256(each).hexdigest()[:16]}.svg", "image/svg+xml", each) for each in data)
        self.pictures = [each.name for each in media]
        languages = ["und", "zh-CN", "en", "ar", 'x"><script>', ""]
        return Bank(
            self.text(), self.chance.choice(languages), tuple(self.some(self.word, 2)),
            self.chance.choice(["", "2026-11-23", "soon"]), tuple(self.blocks()),
            tuple(self.some(self.section, 2, 1)), media,
        )  # fmt: skip


def random_bank(seed: int) -> Bank:
    """A bank of at least one question."""
    return Maker(seed).bank()


def banks() -> st.SearchStrategy[Bank]:
    """Random banks, for Hypothesis."""
    return st.integers(0, 2**32).map(random_bank)


JSON_VALUES = st.sampled_from(
    [None, True, False, 0, -1, 1.5, 10**30, "", "Str", "\0", "\ud800", [], {}, [None], {"t": "Str"},
     {"t": "Str", "c": 1},
     {"t": "Space"}, {"t": "Para", "c": []}, [[]], [{"t": "Str", "c": "x"}], {"id": "q1"}, {"c": [], "t": ["Para"]}]
)  # fmt: skip
