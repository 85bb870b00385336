"""The book as a reader sees it: every question whole and in order, links that land, navigation, metadata, bytes."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import banks
import epub_reading
import tiku
from tiku.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tiku.model import Bank
    from tiku.problems import Problem

LAYOUTS = {
    "links": {}, "popup": {"settings": {"answers": "popup"}}, "details": {"settings": {"answers": "details"}},
    "inline": {"answers": "inline"}, "chapter": {"answers": "chapter"}, "end": {"answers": "end"},
    "none": {"answers": "none"},
}  # fmt: skip


def export(
    bank: Bank, path: Path, layout: str = "links", **settings: object
) -> tuple[epub_reading.Book, list[Problem]]:
    options = {"time": 1_700_000_000, **LAYOUTS[layout]}
    if settings:
        options["settings"] = {**options.get("settings", {}), **settings}
    problems = tiku.write(bank, path, format="epub", **options)
    return epub_reading.read(path), problems


@pytest.fixture(scope="module")
def real() -> Bank:
    return banks.bank_at(banks.REAL)


@pytest.fixture(scope="module")
def showcase() -> Bank:
    return banks.bank_at(banks.SHOWCASE)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("source", ["real", "showcase"])
def test_every_question_is_whole_in_order_and_linked(
    tmp_path: Path, request: pytest.FixtureRequest, source: str, layout: str
) -> None:
    bank = request.getfixturevalue(source)
    book, problems = export(bank, tmp_path / "book.epub", layout)
    assert problems == []
    assert epub_reading.faults(book, bank, layout=layout) == []


def test_answers_do_not_show_where_they_are_hidden(tmp_path: Path, real: Bank) -> None:
    book, _ = export(real, tmp_path / "book.epub")
    asking = "".join(epub_reading.squeezed(epub_reading.seen(each)) for _, each in book.by_class("question"))
    for question in real.questions:
        for part in epub_reading.parts_of(question, told=True):
            assert part not in asking
    assert not {path for path, _ in book.by_class("question")} & {path for path, _ in book.by_class("told")}


def _swap_answers(text: str) -> str:
    one, two = re.findall(r'(?s)<article class="told".*?</h2>(.*?)<p class="back">', text)[:2]
    return text.replace(one, "\0").replace(two, one).replace("\0", two)


DAMAGE: dict[str, tuple[str, Callable[[str], str]]] = {
    "a question is gone": (
        "q001",
        lambda text: re.sub(r'(?s)<article class="question".*?</article>', "", text, count=1),
    ),
    "two questions change places": (
        "q001",
        lambda text: re.sub(
            r'(?s)(<article class="question".*?</article>)(\s*)(<article class="question".*?</article>)',
            r"\3\2\1",
            text,
            count=1,
        ),
    ),
    "a character is gone": ("q001", lambda text: text.replace("架构上有", "架构有", 1)),
    "a character is gone from an answer": ("a001", lambda text: text.replace("1.5亿", "1.5", 1)),
    "a character is too many": ("a001", lambda text: text.replace("1.5亿", "1.5亿亿", 1)),
    "two answers change places": ("a001", _swap_answers),
    "a link leads to another answer": (
        "q001",
        lambda text: text.replace(
            re.findall(r'href="(a001[^"]+)"', text)[0], re.findall(r'href="(a001[^"]+)"', text)[1], 1
        ),
    ),
    "a link leads nowhere": ("q001", lambda text: re.sub(r'href="(a001[^"]+)"', r'href="\1x"', text, count=1)),
    "a backlink leads to another question": (
        "a001",
        lambda text: text.replace(
            re.findall(r'href="(q001[^"]+)"', text)[0], re.findall(r'href="(q001[^"]+)"', text)[1], 1
        ),
    ),
    "an id stands twice": ("q001", lambda text: text.replace("<h2", '<h2 id="s2"', 1)),
    "the contents miss a question": (
        "nav",
        lambda text: re.sub(r"<li><a href=\"q001\.xhtml#q-[^\n]*</li>", "", text, count=1),
    ),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_book_is_noticed(tmp_path: Path, real: Bank, damage: str) -> None:
    """The judge of the tests above can fail."""
    export(real, tmp_path / "book.epub")
    name, change = DAMAGE[damage]
    with zipfile.ZipFile(tmp_path / "book.epub") as whole, zipfile.ZipFile(tmp_path / "bad.epub", "w") as bad:
        for entry in whole.namelist():
            data = whole.read(entry)
            if entry == f"EPUB/{name}.xhtml":
                changed = change(data.decode())
                assert changed != data.decode()
                data = changed.encode()
            bad.writestr(entry, data)
    assert epub_reading.faults(epub_reading.read(tmp_path / "bad.epub"), real, layout="links")


# -- what stands where ------------------------------------------------------------------------------------------------


def test_questions_are_shared_out_over_files(tmp_path: Path) -> None:
    bank = banks.bank(banks.numbered(101))
    book, _ = export(bank, tmp_path / "book.epub")
    assert epub_reading.faults(book, bank, layout="links") == []
    sizes: dict[str, int] = {}
    for path, _ in book.by_class("question"):
        sizes[path] = sizes.get(path, 0) + 1
    assert len(sizes) == 3
    assert all(20 <= count <= 50 for count in sizes.values())
    assert all(len(book.files[path]) <= 250_000 for path in book.spine)
    # Without chapters the contents have a line for each file, and the questions below it.
    tops = list(book.nav().find(f"{epub_reading.X}ol"))
    assert epub_reading.squeezed(epub_reading.seen(tops[0][0])).endswith("1–34")
    assert len(tops) == 4  # three files, and the answers
    # A chapter that goes on in another file says so there.
    assert "continued" in epub_reading.seen(book.pages["EPUB/q002.xhtml"])


def test_large_questions_make_small_files(tmp_path: Path) -> None:
    long = "\n\n".join("word " * 2000 for _ in range(5))
    text = "\n\n".join(f"### {n}. Title {n}\n\n**Question:** Why?\n\n{long}\n\n**Answer:** So." for n in range(1, 12))
    bank = banks.bank(text)
    book, _ = export(bank, tmp_path / "book.epub")
    assert epub_reading.faults(book, bank, layout="links") == []
    assert len({path for path, _ in book.by_class("question")}) > 1
    assert all(len(book.files[path]) <= 250_000 for path in book.spine)


def test_small_chapters_share_a_file_and_large_ones_do_not(tmp_path: Path) -> None:
    text = "\n\n".join(
        f"## Part {part}\n\n" + banks.numbered(12).replace("Title", f"Title {part}-") for part in range(1, 6)
    )
    bank = banks.bank(text)
    assert len(bank.sections) == 5
    book, _ = export(bank, tmp_path / "book.epub", "links")
    assert epub_reading.faults(book, bank, layout="links") == []
    sizes: dict[str, int] = {}
    for path, _ in book.by_class("question"):
        sizes[path] = sizes.get(path, 0) + 1
    assert list(sizes.values()) == [24, 24, 12]
    assert len(list(book.nav().find(f"{epub_reading.X}ol"))) == 6  # the chapters, and the answers


def test_headings_come_in_order_without_gaps(tmp_path: Path) -> None:
    text = """## A part

### A part of it

#### 1. Title

**Question:** Why?

###### Deep

##### Less deep

**Answer:** So.

# High

### 2. Other

**Question:** Why not?

**Answer:** No.
"""
    bank = banks.bank(text)
    for layout in LAYOUTS:
        book, _ = export(bank, tmp_path / "book.epub", layout)
        for path in book.spine:
            last = 0
            for each in book.pages[path].iter():
                if found := re.fullmatch(r"\{.*\}h([1-6])", each.tag):
                    assert int(found[1]) <= last + 1, (layout, path)
                    last = int(found[1])


def test_links_inside_the_document_lead_to_its_questions(tmp_path: Path) -> None:
    text = """### 1. What is it?

**Question:** What? See [below](#other).

**Answer:** It. Back to [1](#1-what-is-it).

### 2. Other {#other}

**Question:** And this?

**Answer:** That.
"""
    links = [
        {"t": "Link", "c": [["", [], []], [{"t": "Str", "c": url}], [url, ""]]}
        for url in ("#1-what-is-it", "#other", "notes/other.md", "#nowhere")
    ]
    bank = replace(banks.bank(text), description=({"t": "Para", "c": links},))
    book, problems = export(bank, tmp_path / "book.epub")
    assert epub_reading.faults(book, bank, layout="links") == []
    hrefs = [link.get("href") for link in book.pages["EPUB/title.xhtml"].iter(f"{epub_reading.X}a")]
    assert [href.split("#")[0] for href in hrefs] == ["q001.xhtml", "q001.xhtml"]
    assert [problem.code for problem in problems] == ["Q304", "Q304"]


# -- what is said of the book -----------------------------------------------------------------------------------------


def test_metadata(tmp_path: Path, showcase: Bank) -> None:
    book, _ = export(showcase, tmp_path / "book.epub")
    assert book.metadata("title") == ["题库示例 · A tour of tiku"]
    assert book.metadata("language") == ["zh-CN"]
    assert book.metadata("creator") == ["The tiku developers"]
    assert book.metadata("dcterms:modified") == ["2023-11-14T22:13:20Z"]
    assert book.metadata("identifier")[0].startswith("urn:uuid:")
    assert book.metadata("schema:accessMode") == ["textual", "visual"]
    assert book.metadata("schema:accessModeSufficient") == ["textual"]
    assert {"alternativeText", "MathML", "tableOfContents"} <= set(book.metadata("schema:accessibilityFeature"))
    assert book.metadata("schema:accessibilityHazard") == ["none"]
    assert book.metadata("schema:accessibilitySummary")[0]
    assert not book.metadata("dcterms:conformsTo")
    assert book.opf.get(epub_reading.XML_LANG) == "zh-CN"
    marks = [link.get(f"{epub_reading.OPS}type") for link in book.nav("landmarks").iter(f"{epub_reading.X}a")]
    assert marks == ["cover", "titlepage", "toc", "bodymatter", "backmatter"]


def test_a_book_of_text_alone_claims_no_pictures(tmp_path: Path, real: Bank) -> None:
    book, _ = export(real, tmp_path / "book.epub")
    assert book.metadata("schema:accessMode") == ["textual"]
    assert not {"alternativeText", "MathML"} & set(book.metadata("schema:accessibilityFeature"))


@pytest.mark.parametrize("stated", ["und", "", "Chinese!", "zh_CN", "x" * 40])
def test_language_is_always_set(tmp_path: Path, stated: str) -> None:
    bank = replace(banks.bank("### 1. 题目\n\n**题目：** 为什么这样？\n\n**答案：** 因为如此。\n"), language=stated)
    book, _ = export(bank, tmp_path / "book.epub")
    assert book.metadata("language") == ["zh-CN"]
    for page in book.pages.values():
        assert page.get("lang") == page.get(epub_reading.XML_LANG) == "zh-CN"


def test_runs_in_other_languages_are_marked(tmp_path: Path, showcase: Bank) -> None:
    book, _ = export(showcase, tmp_path / "book.epub", "inline")
    tongues = {each.get("lang") for path in book.spine for each in book.pages[path].iter() if each.get("lang")}
    assert {"zh-CN", "en", "ja", "ko", "ru", "el"} <= tongues


def test_right_to_left_books(tmp_path: Path) -> None:
    bank = banks.bank("### 1. عنوان\n\n**السؤال:** لماذا هذا؟\n\n**الإجابة:** لأنه كذلك.\n", language="ar")
    book, _ = export(bank, tmp_path / "book.epub")
    spine = next(book.opf.iter(f"{epub_reading.OPF}spine"))
    assert spine.get("page-progression-direction") == "rtl"
    assert all(page.get("dir") == "rtl" for page in book.pages.values())


def test_identifier_is_the_banks_own_and_outlives_a_corrected_answer(tmp_path: Path) -> None:
    def identifier(text: str) -> str:
        book, _ = export(banks.bank(text), tmp_path / "book.epub")
        return book.metadata("identifier")[0]

    text = banks.numbered(3)
    assert identifier(text) == identifier(text.replace("Because", "Since"))
    assert identifier(text) != identifier(text.replace("Why is T00002Q", "How is T00002Q"))


# -- options and bytes ------------------------------------------------------------------------------------------------


def test_options_that_contradict_each_other_are_a_usage_error(tmp_path: Path, real: Bank) -> None:
    with pytest.raises(UsageError, match="popup"):
        tiku.write(real, tmp_path / "x.epub", answers="inline", settings={"answers": "popup"})
    assert not (tmp_path / "x.epub").exists()


def test_same_bytes_in_any_time_zone_and_with_any_hash_seed(tmp_path: Path) -> None:
    code = "import sys, tiku; tiku.write(tiku.read(sys.argv[1]).bank, sys.argv[2], time=1700000000)"
    found = set()
    for number, (zone, seed) in enumerate([("UTC", "0"), ("Asia/Kathmandu", "1"), ("America/St_Johns", "77")]):
        target = tmp_path / f"{number}.epub"
        env = {"TZ": zone, "PYTHONHASHSEED": seed, "PATH": "/usr/bin:/bin", "LC_ALL": "C"}
        subprocess.run([sys.executable, "-c", code, str(banks.SHOWCASE), str(target)], env=env, check=True)
        found.add(target.read_bytes())
    assert len(found) == 1


def test_css_has_no_colour_no_variable_and_no_double_hyphen(tmp_path: Path, showcase: Bank) -> None:
    book, _ = export(showcase, tmp_path / "book.epub")
    css = b"".join(data for name, data in book.files.items() if name.endswith(".css")).decode()
    assert not re.search(r"(?<!-)\b(color|background)\b\s*:|#[0-9a-fA-F]{3,6}\b|rgb|var\(|--", css)
    assert not re.search(r"(margin|padding|border)-(left|right|top|bottom)|text-align:\s*(left|right)", css)
    for path in book.spine:
        assert b" style=" not in book.files[path]
        assert b"<!--" not in book.files[path]


def test_latin_lines_in_right_to_left_books_run_to_the_right(tmp_path: Path) -> None:
    text = "### 1. عنوان\n\n**السؤال:** ما الناتج؟\n\n- A. `x` and `y`\n- B. لا شيء\n\n**الإجابة:** A\n"
    book, _ = export(banks.bank(text, language="ar"), tmp_path / "book.epub")
    items = list(book.pages["EPUB/q001.xhtml"].iter(f"{epub_reading.X}li"))
    sides = [
        [each.get("dir") for each in item.iter(f"{epub_reading.X}span") if not each.get("class")] for item in items
    ]
    assert sides == [["ltr"], []]
