"""Random questions with everything that makes slides overflow; the same for the same seed.

No emoji: LibreOffice 7.4 leaves them out of PDF, whatever the deck.
"""

from __future__ import annotations

import random
import struct
import zlib

from tiku import Bank, Choice, Kind, Question, Section
from tiku.model import Location, Media

_HAN = (
    "的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年"
    "动同工也能下过子说产种面而方后多定行学法所民得经"
)
_KANA = "あいうえおかきくけこさしすせそたちつてとなにぬねのアイウエオカキクケコサシスセソーっャュョん"
_HANGUL = "가나다라마바사아자차카타파하강남동부서울시민학교문제답변설명예제"
_LATIN = "abcdefghijklmnopqrstuvwxyz"
_SCRIPTS = {
    "ru": "абвгдежзиклмнопрстуфхцчшщъыьэюя",
    "el": "αβγδεζηθικλμνξοπρστυφχψω",
    "ar": "ابتثجحخدذرزسشصضطظعغفقكلمنهوي",
    "he": "אבגדהוזחטיכלמנסעפצקרשת",
}  # fmt: skip
_SYLLABLES = (("กขคงจชซดตถทนบปผพฟมยรลวสหอ", "ิีุูา"), ("कखगघचछजटडतदनपबभमयरलवसह", "ािीुूेो"))
"""Letters and the vowel signs that may follow them: Thai, Devanagari."""
_LANGUAGES = ("python", "javascript", "", "sql", "java", "html")


def png(width: int, height: int, shade: int) -> bytes:
    """A plain grey PNG."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes([shade]) * width for _ in range(height))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b"")


class Fuzz:
    """Makes banks."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.media = tuple(
            sorted(
                (
                    Media(f"{number:016x}.png", "image/png", png(width, height, 90 + 20 * number))
                    for number, (width, height) in enumerate(((640, 400), (60, 900), (2000, 120), (24, 24), (900, 900)))
                ),
                key=lambda media: media.name,
            )
        )

    def bank(self, count: int) -> Bank:
        """A bank of `count` questions in some chapters."""
        questions = [self.question(number) for number in range(1, count + 1)]
        chapters = []
        while questions:
            size = self.random.randint(1, 60)
            chapter, questions = questions[:size], questions[size:]
            title = tuple(self.inlines(self.random.randint(1, 30), plain=True))
            chapters.append(
                Section(title=title, questions=tuple(chapter), intro=tuple(self.blocks(1)) if size < 5 else ())
            )
        return Bank(
            title=self.words(self.random.randint(3, 40)), language="zh-CN", sections=tuple(chapters), media=self.media
        )

    def question(self, number: int) -> Question:
        """One question."""
        pick = self.random.random
        choices = ()
        kind = Kind.OPEN
        if pick() < 0.3:
            kind = Kind.SINGLE
            right = self.random.randrange(4)
            length = self.random.choice((3, 6, 12, 40))
            choices = tuple(
                Choice(label, (self.para(self.random.randint(1, length)),), place == right)
                for place, label in enumerate("ABCD")
            )
        return Question(
            id=f"q{number}",
            number=str(number),
            title=tuple(self.inlines(self.random.choice((3, 8, 15, 40, 150)), plain=True)) if pick() < 0.8 else (),
            prompt=tuple(self.blocks(self.random.choice((1, 1, 1, 1, 2, 3)))),
            choices=choices,
            answer=tuple(self.blocks(self.random.choice((1, 1, 1, 2, 2, 3, 5)))) if pick() < 0.95 else (),
            explanation=tuple(self.blocks(self.random.choice((0, 0, 1, 1, 2)))),
            tags=tuple(self.word() for _ in range(self.random.choice((0, 0, 1, 3)))),
            kind=kind,
            location=Location("fuzz.md", number),
        )

    # -- text -----------------------------------------------------------------------------------------------------

    def word(self) -> str:
        """One word or run of one script."""
        pick, choose = self.random.random(), self.random.choice
        some = lambda letters, least, most: "".join(choose(letters) for _ in range(self.random.randint(least, most)))  # noqa: E731
        if pick < 0.30:
            return some(_HAN, 1, 14) + choose(("", "，", "。", "；", "：", "、", "？", "”", "》"))
        if pick < 0.62:
            return some(_LATIN, 1, 11) + choose(("", "", "", ",", ".", "?", ")", "-x"))
        if pick < 0.68:
            return choose(("(", "“", "（", "《", '"')) + some(_HAN + _LATIN, 2, 8) + choose((")", "”", "）", "》", '"'))
        if pick < 0.74:
            return some(_KANA, 2, 12)
        if pick < 0.79:
            return some(_HANGUL, 2, 5)
        if pick < 0.82:
            letters, vowels = choose(_SYLLABLES)
            return "".join(choose(letters) + choose((*vowels, "")) for _ in range(self.random.randint(2, 6)))
        if pick < 0.85:
            return some(_SCRIPTS[choose(sorted(_SCRIPTS))], 2, 10)
        if pick < 0.92:
            return f"{self.random.randint(0, 10 ** self.random.randint(1, 9)):,}" + choose(("", "%", "万", "℃", "kg"))
        if pick < 0.955:
            return (
                "https://"
                + some(_LATIN, 3, 12)
                + ".example/"
                + "/".join(some(_LATIN + "0123456789-_", 2, 24) for _ in range(4))
            )
        if pick < 0.975:
            return some(_LATIN + _LATIN.upper() + "0123456789_", 40, 160)
        if pick < 0.985:
            return some(_HAN + _LATIN, 30, 80)
        return some("……——·・!！?？/\\|~～@#$%^&*+=", 1, 12)

    def words(self, count: int) -> str:
        """`count` words."""
        return " ".join(self.word() for _ in range(count))

    def inlines(self, count: int, *, plain: bool = False) -> list[dict[str, object]]:
        """`count` words as inline nodes."""
        out: list[dict[str, object]] = []
        for _ in range(count):
            if out and self.random.random() < 0.7:
                out.append({"t": "Space"})
            word: dict[str, object] = {"t": "Str", "c": self.word()}
            pick = self.random.random()
            if plain or pick < 0.8:
                out.append(word)
            elif pick < 0.86:
                out.append({"t": "Strong", "c": [word]})
            elif pick < 0.88:
                out.append({"t": "Emph", "c": [word]})
            elif pick < 0.94:
                out.append({"t": "Code", "c": [["", [], []], self.words(self.random.randint(1, 3))]})
            elif pick < 0.96:
                out.append({"t": "Link", "c": [["", [], []], [word], ["https://example.org/x?a=b&c", ""]]})
            elif pick < 0.98:
                latex = self.random.choice(
                    (r"O(n\log n)", r"x_i^2", r"\frac{a+b}{c}", r"\sum_{i=1}^n x_i", r"\sqrt{d_k}")
                )
                out.append({"t": "Math", "c": [{"t": "InlineMath"}, latex]})
            else:
                out.append({"t": "Superscript", "c": [word]})
        return out

    def para(self, count: int) -> dict[str, object]:
        """A paragraph of `count` words."""
        return {"t": "Para", "c": self.inlines(count)}

    # -- blocks ---------------------------------------------------------------------------------------------------

    def blocks(self, count: int, depth: int = 0) -> list[dict[str, object]]:
        """`count` blocks."""
        return [self.block(depth) for _ in range(count)]

    def block(self, depth: int) -> dict[str, object]:
        """One block of a random kind."""
        pick = self.random.random()
        if pick < 0.50 or depth > 3:
            return self.para(self.random.choice((2, 5, 8, 12, 20, 30, 60, 140) if depth < 1 else (3, 8, 20)))
        if pick < 0.70:
            items = [self.item(depth) for _ in range(self.random.randint(1, 7))]
            if self.random.random() < 0.5:
                return {"t": "BulletList", "c": items}
            start = self.random.choice((1, 1, 1, 7, 98))
            return {"t": "OrderedList", "c": [[start, {"t": "Decimal"}, {"t": "Period"}], items]}
        if pick < 0.80:
            return {"t": "CodeBlock", "c": [["", [self.random.choice(_LANGUAGES)], []], self.code()]}
        if pick < 0.87:
            return self.table()
        if pick < 0.91:
            media = self.random.choice(self.media)
            return {
                "t": "Para",
                "c": [{"t": "Image", "c": [["", [], []], self.inlines(3, plain=True), [media.name, ""]]}],
            }
        if pick < 0.94:
            latex = self.random.choice(
                (r"\int_0^1 f(x)\,dx = F(1) - F(0)", r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}", r"a" + "+b" * 60)
            )
            return {"t": "Para", "c": [{"t": "Math", "c": [{"t": "DisplayMath"}, latex]}]}
        if pick < 0.97:
            return {"t": "BlockQuote", "c": self.blocks(self.random.randint(1, 2), depth + 1)}
        return {"t": "Header", "c": [3, ["", [], []], self.inlines(self.random.randint(1, 12), plain=True)]}

    def item(self, depth: int) -> list[dict[str, object]]:
        """A list item."""
        blocks = [self.para(self.random.choice((2, 4, 8, 20)))]
        return blocks + (self.blocks(1, depth + 1) if self.random.random() < 0.25 else [])

    def code(self) -> str:
        """Lines of code, some very long, some full of tabs."""
        lines = []
        for _ in range(self.random.choice((1, 3, 8, 12, 30))):
            indent = self.random.choice(("", "    ", "        ", "\t"))
            lines.append(indent + self.words(self.random.choice((1, 2, 3, 5, 12))))
            if self.random.random() < 0.1:
                lines.append("")
        return "\n".join(lines)

    def table(self) -> dict[str, object]:
        """A table of any shape."""
        columns, rows = self.random.choice((1, 2, 3, 4, 5, 9)), self.random.choice((1, 2, 4, 6, 15))
        length = self.random.choice((1, 2, 4, 8))

        def row() -> list[object]:
            cells: list[object] = []
            for _ in range(columns):
                text = [{"t": "Plain", "c": self.inlines(self.random.randint(1, length))}]
                cells.append([["", [], []], {"t": "AlignDefault"}, 1, 1, text])
            return [["", [], []], cells]

        specs = [[{"t": "AlignDefault"}, {"t": "ColWidthDefault"}] for _ in range(columns)]
        body = [["", [], []], 0, [], [row() for _ in range(rows)]]
        empty = ["", [], []]
        return {"t": "Table", "c": [empty, [None, []], specs, [empty, [row()]], [body], [empty, []]]}
