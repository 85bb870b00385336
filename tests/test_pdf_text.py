"""What a PDF says when it is read: by its tags as a screen reader does, and by programs that take out text."""

from __future__ import annotations

import dataclasses
import itertools
import subprocess
from typing import TYPE_CHECKING

import pytest

import pdf_reading
import tiku
from banks import REAL, SHOWCASE, bank, bank_at
from tiku.exporters.pdf import bidi, content
from tiku.markup import string

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tiku.model import Bank

ARABIC = """
### 1. ما هي الإجابة الأولى؟

- A. لا شيء، `1` and `false`
- B. `length` ثم `size`

**Answer:** B

**Explanation:** قِفْ! شَدَّة البَيْتِ، والأولاد `list` هنا: 123 و 4.5 كيلو (من `a` إلى `b`).

### 2. ثلاثة آراء لآخر سؤال

**Answer:** إلى الأمام، هكذا قال *المعلِّم* وهو `true`.

- الأول: لأن الله أعلم
- الثاني: بإذنٍ

**Explanation:** انظر loop و callback function في [الدليل](https://example.org/a) لغة.
"""
PERSIAN = """
### ۱. گزینه‌ی درست کدام است؟

**Answer:** می‌توان گفت «لا» نیست؛ پاسخ `var x` است، ۱۲۳ بار.

### ۲. چگونه؟

**Answer:** پژوهش‌ها را ببینید (نه `let` و نه `const`).
"""
HEBREW = """
### 1. מהי התשובה?

**Answer:** שָׁלוֹם עולם, `print` ואחר כך 12 פעמים (סוף).

### 2. מה עוד?

**Answer:** אין עוד דבר. See *the end* here.
"""
OTHERS = """
### 1. Чем отличается `list` от `tuple`?

**Answer:** Кортеж нельзя изменить; список — **можно**.

### 2. 変数とは何ですか。

**Answer:** 値に名前を付けたものです。「はい」。

### 3. 변수란 무엇입니까?

**Answer:** 값에 붙인 이름입니다.
"""


def of(text: str, language: str) -> Callable[[], Bank]:
    return lambda: bank(text, language=language)


BOOKS: dict[str, Callable[[], Bank]] = {
    "chinese": lambda: bank_at(REAL),
    "showcase": lambda: bank_at(SHOWCASE),
    "arabic": of(ARABIC, "ar"),
    "persian": of(PERSIAN, "fa"),
    "hebrew": of(HEBREW, "he"),
    "others": of(OTHERS, "ja"),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Bank, Path]]:
    """Each book once."""
    folder = tmp_path_factory.mktemp("text")
    found = {}
    for name, make in BOOKS.items():
        what = make()
        path = folder / f"{name}.pdf"
        assert tiku.write(what, path, format="pdf", time=1_700_000_000) == []
        found[name] = (what, path)
    return found


@pytest.mark.parametrize("name", BOOKS)
def test_the_tags_hold_every_question_in_order(name: str, made: dict[str, tuple[Bank, Path]]) -> None:
    what, path = made[name]
    assert sum(1 for question in what.questions for _ in filter(None, pdf_reading.pieces(question))) >= 4
    assert pdf_reading.lost(what, pdf_reading.tagged_text(path)) == []


@pytest.mark.tools
@pytest.mark.parametrize("name", ["arabic", "persian", "hebrew", "others"])
def test_poppler_finds_every_word(name: str, made: dict[str, tuple[Bank, Path]]) -> None:
    what, path = made[name]
    done = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True)
    text = pdf_reading.folded(done.stdout)
    assert [word for question in what.questions for word in pdf_reading.words(question) if word not in text] == []


def test_the_check_notices_what_is_damaged(made: dict[str, tuple[Bank, Path]], tmp_path: Path) -> None:
    """Two paragraphs swapped in the tree; a ligature whose letters WeasyPrint orders; a letter that reads as another."""
    import pikepdf

    what, path = made["arabic"]
    swapped = tmp_path / "swapped.pdf"
    with pikepdf.open(path) as pdf:
        articles = [kid for kid in pdf.Root.StructTreeRoot.K[0].K if kid.S == "/Art"]
        first, second = list(articles[0].K), list(articles[1].K)
        articles[0].K, articles[1].K = pikepdf.Array(second), pikepdf.Array(first)
        pdf.save(swapped)
    assert pdf_reading.lost(what, pdf_reading.tagged_text(swapped))
    for before, after in (("FEFB", "06440627"), ("0628", "062A")):
        damaged = tmp_path / "damaged.pdf"
        with pikepdf.open(path) as pdf:
            for font in {font.objgen: font for page in pdf.pages for font in page.obj.Resources.Font.values()}.values():
                table = font.ToUnicode.read_bytes().replace(
                    f"<{before.lower()}>".encode(), f"<{after}>".lower().encode()
                )
                font.ToUnicode.write(table)
            pdf.save(damaged)
        assert pdf_reading.lost(what, pdf_reading.tagged_text(damaged)), before
    section = what.sections[0]
    question = dataclasses.replace(section.questions[1], title=string("آراء ثلاثة لآخر سؤال"))
    other = dataclasses.replace(
        what, sections=(dataclasses.replace(section, questions=(section.questions[0], question)),)
    )
    assert pdf_reading.lost(other, pdf_reading.tagged_text(path))


def test_a_clusters_text_is_shared_among_its_glyphs() -> None:
    assert list(bidi.shared([7], "ب")) == [(7, "ب")]
    assert list(bidi.shared([7], "لا")) == [(7, "\ufefb")]
    assert list(bidi.shared([7], "لله")) == [(7, "هلل")]
    assert list(bidi.shared([7, 8], "بَ")) == [(7, "ب"), (8, "\u064e")]
    assert list(bidi.shared([7, 8], "لا")) == [(7, "ل"), (8, "ا")]
    assert list(bidi.shared([7, 8, 9], "لاَ")) == [(7, "ل"), (8, "ا"), (9, "\u064e")]
    assert list(bidi.shared([7, 8], "دَّ")) == [(7, "د"), (8, "\u064e\u0651")]
    text = "قِف".encode()
    assert list(bidi.clusters([5, 6, 7], [4, 0, 0], text)) == [([5], "ف"), ([7, 6], "قِ")]


def test_what_reads_from_left_to_right_stays_together_in_a_book_that_does_not() -> None:
    code = {"t": "Code", "c": [["", [], []], "x"]}
    space = {"t": "Space"}

    def word(text: str) -> dict[str, object]:
        return {"t": "Str", "c": text}

    assert content.left_to_right([word("لا"), space, code, space, word("and"), space, code, word("."), word("لا")]) == [
        (2, 7)
    ]
    assert content.left_to_right([word("1"), space, word("and"), space, code]) == [(0, 5)]
    assert content.left_to_right([word("one"), space, word("two")]) == []
    assert content.left_to_right([word("لا"), code, word("لا")]) == []
    assert content.left_to_right([word("1"), word(".")]) == []


def test_a_row_of_latin_words_in_an_arabic_line_is_seen_in_its_order(made: dict[str, tuple[Bank, Path]]) -> None:
    import pymupdf

    with pymupdf.open(made["arabic"][1]) as document:
        page = next(page for page in document if page.get_label() == "1")
        left = {
            word[4]: word[0] for word in page.get_text("words") if word[4] in {"1", "and", "false"} and word[0] < 480
        }
    assert left["1"] < left["and"] < left["false"]


@pytest.mark.parametrize("name", ["arabic", "persian", "hebrew"])
def test_contents_from_right_to_left_name_their_pages_at_the_left(
    name: str, made: dict[str, tuple[Bank, Path]]
) -> None:
    what, path = made[name]
    assert pdf_reading.contents_at_left(path) == len(what.questions)


def test_a_picture_in_a_link_is_read_as_a_link_and_rows_stay_whole(tmp_path: Path) -> None:
    import pikepdf

    (tmp_path / "p.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>')
    rows = "".join(f"<tr><td>r{n}</td><td>{'word ' * 60}{n}end</td></tr>" for n in range(30))
    source = tmp_path / "a.md"
    source.write_text(
        "### 1. One\n\n**Answer:** see [![Shown](p.svg)](https://example.org/x)\n\n"
        f"<table><tr><th>a</th><th>b</th></tr>{rows}</table>\n\n### 2. Two\n\n**Answer:** x\n"
    )
    what = tiku.read(source).bank
    tiku.write(what, tmp_path / "a.pdf", format="pdf", time=0)
    assert pdf_reading.lost(what, pdf_reading.tagged_text(tmp_path / "a.pdf")) == []
    with pikepdf.open(tmp_path / "a.pdf") as pdf:
        for item in pdf.objects:
            if isinstance(item, pikepdf.Dictionary) and item.get("/S") == "/Figure":
                assert not [kid for kid in item.K if isinstance(kid, pikepdf.Dictionary)]
                assert (item.P.S, str(item.P.Alt)) == ("/Link", "Shown")


@pytest.mark.tools
def test_marks_that_follow_each_other_close_up_and_are_copied_whole(tmp_path: Path) -> None:
    import pymupdf

    line = "他说“好的（测试）。”（《书名》）、“引号”，（挤压）（测试），完。" * 6
    path = tmp_path / "a.pdf"
    what = bank(
        f"### 1. 标点\n\n**答案：** {line}\n\n### 2. 标点\n\n**答案：** `a（）（）b` 好）（好\n", language="zh-CN"
    )
    tiku.write(what, path, format="pdf", time=0)
    done = subprocess.run(["pdftotext", path, "-"], capture_output=True, text=True, check=True).stdout
    assert line in done.replace("\n", "")
    assert not [row for row in done.splitlines() if row[:1] in set("，。、：）》”")]
    with pymupdf.open(path) as document:
        characters = [c for s in document[2].get_texttrace() for c in s["chars"]]
    places = {chr(c[0]) + chr(d[0]): d[2][0] - c[2][0] for c, d in itertools.pairwise(characters)}
    size = places["完。"]
    assert 0.55 * size < places["）（"] < 0.65 * size
    assert 0.9 * size < places["挤压"] < 1.1 * size
    text = pdf_reading.tagged_text(path)
    assert pdf_reading.lost(what, text) == []
