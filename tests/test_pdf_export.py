"""The PDF as its readers see it: text, bookmarks, links, page numbers, tags; and what happens when things go wrong."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

import pdf_reading
import tiku
from banks import REAL, SHOWCASE, bank, bank_at, numbered
from tiku.errors import ExportError, SetupError, UsageError
from tiku.exporters import EXPORTERS
from tiku.model import Bank

if TYPE_CHECKING:
    from pathlib import Path


def write(what: Bank, path: Path, **options: object) -> list[str]:
    return [problem.code for problem in tiku.write(what, path, format="pdf", time=1_700_000_000, **options)]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bank, Path]:
    path = tmp_path_factory.mktemp("pdf") / "real.pdf"
    what = bank_at(REAL)
    assert write(what, path) == []
    return what, path


@pytest.fixture(scope="module")
def showcase(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bank, Path]:
    path = tmp_path_factory.mktemp("pdf") / "showcase.pdf"
    what = bank_at(SHOWCASE)
    assert write(what, path) == []
    return what, path


def test_every_question_is_in_the_text_in_order(real: tuple[Bank, Path], showcase: tuple[Bank, Path]) -> None:
    for what, path in (real, showcase):
        assert pdf_reading.lost(what, pdf_reading.body_text(path)) == []


def test_the_text_check_notices_damage(real: tuple[Bank, Path], tmp_path: Path) -> None:
    what, path = real
    text = pdf_reading.body_text(path)
    section = what.sections[0]
    first, second, *others = section.questions

    def with_questions(*questions: object) -> Bank:
        return dataclasses.replace(what, sections=(dataclasses.replace(section, questions=questions),))

    dropped = tmp_path / "dropped.pdf"
    write(with_questions(first, *others), dropped)
    assert pdf_reading.lost(what, pdf_reading.body_text(dropped))
    swapped = with_questions(
        dataclasses.replace(first, answer=second.answer), dataclasses.replace(second, answer=first.answer), *others
    )
    assert pdf_reading.lost(swapped, text)
    assert pdf_reading.lost(what, text.replace("模型规模", "模型规", 1))


def test_one_bookmark_for_each_question_and_section(real: tuple[Bank, Path], showcase: tuple[Bank, Path]) -> None:
    what, path = real
    found = pdf_reading.bookmarks(path)
    assert [title.partition(". ")[0] for _, title, _ in found] == [question.number for question in what.questions]
    levels = [level for level, _, _ in pdf_reading.bookmarks(showcase[1])]
    assert levels == [1, 2, 2, 2, 2, 2, 1, 2, 2, 2, 1, 2, 2, 2, 1]


def test_contents_name_the_page_they_lead_to(real: tuple[Bank, Path], showcase: tuple[Bank, Path]) -> None:
    import pymupdf

    for what, path in (real, showcase):
        with pymupdf.open(path) as document:
            contents = document[1]
            assert contents.get_label() == "ii"
            links = [link for link in contents.get_links() if link["kind"] == pymupdf.LINK_GOTO]
            sections = sum(bool(section.title) for section in what.sections) + any(each.tags for each in what.questions)
            assert len(links) == len(what.questions) + sections
            for link in links:
                row = contents.get_text("words", clip=pymupdf.Rect(0, link["from"].y0, 600, link["from"].y1))
                assert row[-1][4] == document[link["page"]].get_label()


def test_pages_carry_their_number_and_the_questions_on_them(real: tuple[Bank, Path]) -> None:
    import pymupdf

    with pymupdf.open(real[1]) as document:
        page = document[2]
        foot = page.get_text(clip=pymupdf.Rect(0, page.rect.height - 60, page.rect.width, page.rect.height))
        head = page.get_text(clip=pymupdf.Rect(0, 0, page.rect.width, 60))
        assert (foot.strip(), head.strip()) == ("1", "1–2")


def test_tags_language_title(showcase: tuple[Bank, Path]) -> None:
    import pikepdf

    with pikepdf.open(showcase[1]) as pdf:
        assert str(pdf.Root.Lang) == "zh-CN"
        assert pdf.Root.ViewerPreferences.DisplayDocTitle
        assert pdf.Root.MarkInfo.Marked
        with pdf.open_metadata() as metadata:
            assert metadata["dc:title"] == "题库示例 · A tour of tiku"
            assert str(metadata["pdfuaid:part"]) == "1"
        kinds: list[str] = []
        stack = [pdf.Root.StructTreeRoot.K[0]]
        while stack:
            element = stack.pop()
            kinds.append(str(element.S))
            for kid in element.get("/K", ()):
                if isinstance(kid, pikepdf.Dictionary) and "/S" in kid:
                    assert kid.P.objgen == element.objgen
                    if kid.S == "/LI":
                        assert [str(each.S) for each in kid.K] in (["/Lbl", "/LBody"], ["/LBody"])
                    stack.append(kid)
        assert {"/H1", "/H2", "/H3", "/P", "/L", "/Table", "/TH", "/Figure", "/Link"} <= set(kinds)


def test_formulas_are_pictures_with_their_latex(showcase: tuple[Bank, Path]) -> None:
    import pikepdf

    with pikepdf.open(showcase[1]) as pdf:
        alternatives = [
            str(item.Alt)
            for item in pdf.objects
            if isinstance(item, pikepdf.Dictionary) and item.get("/S") == "/Figure"
        ]
    assert "\\sigma(x)" in alternatives
    assert "查询、键和值汇入注意力层" in alternatives


def test_same_bytes_again_in_another_zone(
    real: tuple[Bank, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    again = tmp_path / "again.pdf"
    write(real[0], again)
    assert again.read_bytes() == real[1].read_bytes()


def test_missing_glyphs_are_told_with_their_question(tmp_path: Path) -> None:
    what = bank("### 1. One\n\n**Answer:** fine\n\n### 2. Two\n\n**Answer:** odd \ue123 and \U0010fffd\n")
    problems = tiku.write(what, tmp_path / "a.pdf", format="pdf")
    assert [(problem.code, problem.line) for problem in problems] == [("Q301", 5), ("Q301", 5)]
    assert "U+E123" in problems[0].message
    assert "ue123" in pdf_reading.body_text(tmp_path / "a.pdf")


def test_hostile_content_fetches_nothing_and_runs_nothing(tmp_path: Path) -> None:
    what = bank(
        "### 1. <script>alert(1)</script> x\n\n**Answer:** <a rel=attachment href='file:///etc/passwd'>a</a> "
        "<img src='http://127.0.0.1:9/x.png'> <object data='file:///etc/passwd'></object>\n\n"
        "<style>@import 'http://127.0.0.1:9/x.css'; body { display: none }</style>\n\n"
        "[link](javascript:alert(1)) [ours](tiku:q1) ![p](../../etc/passwd)\n\n**Explanation:** seen \x0b\x1f\n"
    )
    path = tmp_path / "a.pdf"
    write(what, path)
    import pikepdf

    with pikepdf.open(path) as pdf:
        assert "/Names" not in pdf.Root
        text = path.read_bytes()
        assert b"javascript" not in text
        assert not [item for item in pdf.objects if isinstance(item, pikepdf.Dictionary) and "/EF" in item]
    assert "seen" in pdf_reading.body_text(path)


def test_a_media_name_is_no_path(tmp_path: Path) -> None:
    from tiku.model import Media

    what = bank("### 1. One\n\n**Answer:** ![p](x)\n")
    evil = Media("../../evil.svg", "image/svg+xml", b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>")
    image = {"t": "Para", "c": [{"t": "Image", "c": [["", [], []], [], [evil.name, ""]]}]}
    section = what.sections[0]
    question = dataclasses.replace(section.questions[0], answer=(image,))
    what = dataclasses.replace(what, media=(evil,), sections=(dataclasses.replace(section, questions=(question,)),))
    assert write(what, tmp_path / "a.pdf") == []
    assert [item.name for item in tmp_path.iterdir()] == ["a.pdf"]


def test_no_cjk_font_is_said_before_rendering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tiku.render import fonts

    monkeypatch.setattr(fonts, "has_font_for", lambda _language: False)
    with pytest.raises(SetupError, match="fonts-noto-cjk"):
        write(bank(numbered(1), language="zh-CN"), tmp_path / "a.pdf")
    assert not list(tmp_path.iterdir())


def test_a_crash_of_the_renderer_is_an_error_of_the_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os
    import signal

    from tiku.exporters.pdf import child

    class Crashing(child.Child):
        def __init__(self) -> None:
            super().__init__()
            os.kill(self._process.pid, signal.SIGSEGV)

    monkeypatch.setattr(child, "take", Crashing)
    with pytest.raises(ExportError, match="SIGSEGV"):
        write(bank(numbered(1)), tmp_path / "a.pdf")


def test_a_runaway_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tiku.exporters.pdf import make

    monkeypatch.setattr(make, "SECONDS", 0.05)
    monkeypatch.setattr(make, "SECONDS_FOR_PIECE", 0.0)
    with pytest.raises(ExportError, match="did not finish"):
        write(bank(numbered(1)), tmp_path / "a.pdf")


def test_unknown_theme_and_unreadable_sheet(tmp_path: Path) -> None:
    what = bank(numbered(1))
    with pytest.raises(UsageError, match="did you mean 'classic'"):
        write(what, tmp_path / "a.pdf", theme="clasic")
    with pytest.raises(UsageError, match="cannot be read"):
        write(what, tmp_path / "a.pdf", settings={"css": str(tmp_path / "none.css")})


def test_listing_the_exporter_imports_nothing_heavy() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from tiku.exporters.pdf import exporter;"
        "print([name for name in ('weasyprint', 'pikepdf', 'jinja2') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
    assert EXPORTERS.load("pdf").answers[0] == "inline"


@pytest.fixture(scope="module")
def long_book(tmp_path_factory: pytest.TempPathFactory) -> tuple[Bank, Path]:
    """A book rendered in chunks of a few questions each, with links and answers across chunks."""
    from tiku.exporters.pdf import long, make

    path = tmp_path_factory.mktemp("pdf") / "long.pdf"
    what = bank(f"{numbered(9)}\n\n## Part 二\n\n{numbered(8)}", language="zh-CN")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(make, "LONG", 5)
        patch.setattr(long, "CHUNK", 4)
        write(what, path, answers="end")
    return what, path


def test_chunks_make_one_book(long_book: tuple[Bank, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import pikepdf
    import pymupdf

    what, path = long_book
    text = pdf_reading.body_text(path)
    for number in range(1, 10):
        for letter in "qae":
            assert f"t{number:05}{letter}" in text
    with pikepdf.open(path) as pdf:
        fonts = {str(font.BaseFont) for page in pdf.pages for font in page.obj.Resources.Font.values()}
        files = {font.objgen for page in pdf.pages for font in page.obj.Resources.Font.values()}
        assert len(files) == len(fonts)
        numbers = list(pdf.Root.StructTreeRoot.ParentTree.Nums)[::2]
        assert numbers == sorted(set(numbers))
    with pymupdf.open(path) as document:
        labels = [page.get_label() for page in document]
        assert labels[:3] == ["i", "ii", "1"]
        for page in document:
            for link in page.get_links():
                assert link["kind"] == pymupdf.LINK_GOTO
                said = page.get_text("words", clip=pymupdf.Rect(0, link["from"].y0 - 1, 600, link["from"].y1 + 1))
                if "page" in [word[4] for word in said] or labels[page.number] == "ii":
                    assert labels[link["page"]] in [word[4] for word in said]
    from tiku.exporters.pdf import long, make

    monkeypatch.setattr(make, "LONG", 5)
    monkeypatch.setattr(long, "CHUNK", 4)
    monkeypatch.setattr(long, "MOST", 1)
    write(what, tmp_path / "again.pdf", answers="end")
    assert (tmp_path / "again.pdf").read_bytes() == path.read_bytes()


def test_right_to_left_and_stray_headings(tmp_path: Path) -> None:
    """Stamps of an Arabic book are Latin digits in their order; levels of headings and heads of tables are whole."""
    import pikepdf
    import pymupdf

    path = tmp_path / "a.pdf"
    what = bank(
        "### 1. ما هو الناتج؟\n\n**Answer:** الإجابة\n\n###### deep\n\n<table><tr><td>أ</td><td>ب</td></tr>"
        "<tr><td>ج</td><td>د</td></tr></table>\n\n### 2. سؤال\n\n**Answer:** نعم\n",
        language="ar",
    )
    write(what, path)
    with pymupdf.open(path) as document:
        page = document[2]
        height = page.rect.height
        assert page.get_text(clip=pymupdf.Rect(0, height - 60, 600, height)).strip() == "1"
        assert page.get_text(clip=pymupdf.Rect(0, 0, 600, 60)).strip() == "1–2"
    with pikepdf.open(path) as pdf:
        levels = []
        for item in pdf.objects:
            if isinstance(item, pikepdf.Dictionary) and str(item.get("/S", "")).startswith("/H"):
                levels.append(int(str(item.S)[2:]))
            if isinstance(item, pikepdf.Stream) and b"begincmap" in item.read_bytes():
                assert b"<>" not in item.read_bytes()
        assert max(levels) == 3


@pytest.mark.parametrize("theme", ["classic", "compact", "exam"])
@pytest.mark.parametrize("answers", ["inline", "chapter", "end", "hidden", "none"])
def test_every_theme_places_answers(theme: str, answers: str, tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    what = bank(f"## One\n\n{numbered(2)}\n\n## Two\n\n### 3. Choose\n\n- A. red\n- B. blue\n\n**Answer:** B\n")
    assert write(what, path, theme=theme, answers=answers) == []
    text = pdf_reading.body_text(path)
    places = [text.find(token) for token in ("t00001q", "t00001a", "t00002q", "choose", "blue")]
    assert min(places[0], places[2], places[3], places[4]) >= 0
    if answers == "none":
        assert places[1] < 0
    elif answers == "inline" and theme != "exam":
        assert places[0] < places[1] < places[2]
    elif answers == "chapter":
        assert places[2] < places[1] < places[3]
    else:
        assert places[1] > places[4]


def test_a_theme_of_the_users_own(tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    folder.joinpath("theme.toml").write_text('parent = "classic"\nstyles = ["my.css"]\n[pages.A4]\nwidth = 100\n')
    folder.joinpath("my.css").write_text(".cover h1 { color: red }")
    folder.joinpath("answers.html").write_text("<p>UNUSED</p>")
    import pymupdf

    write(bank(numbered(1)), tmp_path / "a.pdf", theme=str(folder))
    with pymupdf.open(tmp_path / "a.pdf") as document:
        assert round(document[0].rect.width) == round(100 * 72 / 25.4)
    folder.joinpath("theme.toml").write_text(f'parent = "{folder}"\n')
    with pytest.raises(UsageError, match="circle"):
        write(bank(numbered(1)), tmp_path / "a.pdf", theme=str(folder))
    folder.joinpath("theme.toml").write_text("parent = ")
    with pytest.raises(UsageError, match=r"theme\.toml cannot be read"):
        write(bank(numbered(1)), tmp_path / "a.pdf", theme=str(folder))


def test_space_between_scripts_is_seen_but_not_copied(real: tuple[Bank, Path]) -> None:
    import pymupdf

    with pymupdf.open(real[1]) as document:
        line = document[2].search_for("GPT-2和GPT-4在模型架构上有哪些")
        assert len(line) == 1
        characters = [c for s in document[2].get_texttrace() for c in s["chars"] if s["size"] == 10.5]
        text = "".join(chr(c[0]) for c in characters)
        place = text.index("2和G")
        gap = characters[place + 1][2][0] - characters[place][3][2]
        assert 0.4 < gap < 1.0  # points: a sixteenth of 10.5
        assert "\u200a" not in "".join(page.get_text() for page in document)


def test_cards_turn_to_their_backs(tmp_path: Path) -> None:
    """Eight cards on a sheet; the sheet of backs has its columns mirrored; long backs go on on a further card."""
    import pymupdf

    path = tmp_path / "a.pdf"
    long = "\n\n".join(f"Line {n} of a long answer, which no card has room for, word upon word." for n in range(16))
    what = bank(f"{numbered(3)}\n\n### 4. Long\n\n**Answer:**\n\n{long}\n\n### 5. Last\n\n**Answer:** the end\n")
    assert write(what, path, theme="cards") == []
    with pymupdf.open(path) as document:
        assert len(document) == 2
        front, back = document
        middle = front.rect.width / 2

        def left(page: pymupdf.Page, words: str) -> bool:
            return bool(page.search_for(words)[0].x0 < middle)

        assert left(front, "T00001Q")
        assert not left(front, "T00002Q")
        assert not left(back, "T00001A")
        assert left(back, "T00002A")
        assert round(front.search_for("T00003Q")[0].y0 / 20) == round(back.search_for("T00003E")[0].y0 / 20)
        assert "4(2)" in front.get_text()
        assert "Line 15 of" in back.get_text()
        assert back.search_for("Line 15 of")
        assert len(document.get_toc()) == 5
        assert back.rect.width == front.rect.width


@pytest.mark.tools
def test_judged_by_a_screen_readers_checker(
    real: tuple[Bank, Path], long_book: tuple[Bank, Path], tmp_path: Path
) -> None:
    import subprocess
    import sys
    from pathlib import Path

    cards = tmp_path / "cards.pdf"
    write(real[0], cards, theme="cards")
    for path in (real[1], long_book[1], cards):
        judge = Path(sys.executable).with_name("outloud")
        done = subprocess.run([judge, "--no-info", path], capture_output=True, text=True, check=False)
        assert "0 error(s)" in done.stdout, done.stdout


@pytest.mark.tools
def test_poppler_reads_and_no_line_begins_with_a_closing_mark(real: tuple[Bank, Path]) -> None:
    import subprocess

    text = subprocess.run(["pdftotext", "-layout", real[1], "-"], capture_output=True, text=True, check=True).stdout
    assert not [line for line in text.splitlines() if line.strip()[:1] in "，。、；：？！）》”’" and line.strip()]
    fonts = subprocess.run(["pdffonts", real[1]], capture_output=True, text=True, check=True).stdout
    for row in fonts.splitlines()[2:]:
        assert row.split()[-5:-2] == ["yes", "yes", "yes"], row
    assert "CJK-SC" in fonts


def test_nothing_a_document_holds_stops_the_renderer(tmp_path: Path) -> None:
    from tiku.markup import string
    from tiku.model import Media, Question, Section

    def para(*nodes: object) -> dict[str, object]:
        return {"t": "Para", "c": list(nodes)}

    def word(text: str) -> dict[str, object]:
        return {"t": "Str", "c": text}

    def image(name: str) -> dict[str, object]:
        return {"t": "Image", "c": [["", [], []], [], [name, ""]]}

    deep: object = para(word("bottom"))
    for _ in range(150):
        deep = {"t": "BlockQuote", "c": [deep]}
    svg = (
        b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:x="http://www.w3.org/1999/xlink" width="9" height="9">'
        b'<script>alert(1)</script><image x:href="http://127.0.0.1:9/a.png" width="9" height="9"/>'
        b'<image x:href="file:///etc/passwd" width="9" height="9"/></svg>'
    )
    media = (Media("a", "image/svg+xml", svg), Media("b", "image/png", b"\x89PNG\r\n\x1a\n damaged"))
    blocks = (
        deep,
        para(word("W" * 20_000)),
        para(word("a\x00b\x1f\x0b\ufffe\u202e c"), word("\x00q1\x00")),
        para(image("a"), image("b"), image("none")),
        {"t": "RawBlock", "c": ["html", "<div style='position:fixed'><table><td>a<svg><a href=x>" * 30]},
        para({"t": "Math", "c": [{"t": "InlineMath"}, "\\foo{"]}),
        para({"t": "Link", "c": [["", [], []], [word("l")], ["http://[bad", ""]]}),
        para(word("the end")),
    )
    question = Question(id="x", number="1\x1f", title=string("</title><script>"), answer=blocks)  # type: ignore[arg-type]
    what = Bank(title="T </title>\x0b", language="en", sections=(Section(questions=(question,)),), media=media)
    assert set(write(what, tmp_path / "a.pdf")) == {"Q303", "Q401"}
    text = pdf_reading.body_text(tmp_path / "a.pdf")
    assert "bottom" in text
    assert "theend" in text


def test_a_failure_leaves_no_thread_that_loads_a_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interpreter that ends under such a thread crashes (seen as SIGSEGV after a clear message)."""
    import threading
    import time

    from tiku.exporters.pdf import make

    def fail(*_: object) -> None:
        raise ExportError("no")

    monkeypatch.setattr(make, "render", fail)
    monkeypatch.setattr(make, "_load_pikepdf", lambda: time.sleep(0.5))
    before = threading.active_count()
    with pytest.raises(ExportError, match="no"):
        write(bank(numbered(1)), tmp_path / "a.pdf")
    assert threading.active_count() == before


@pytest.mark.parametrize(("count", "steps"), [(3, 5), (12, 12)])
def test_progress_grows_to_its_end(count: int, steps: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In one run and in chunks: many steps, none backwards, and the last one is the whole."""
    import itertools

    from tiku.exporters import options_for
    from tiku.exporters.pdf import long, make

    monkeypatch.setattr(make, "LONG", 5)
    monkeypatch.setattr(long, "CHUNK", 3)
    heard: list[float] = []
    exporter = EXPORTERS.load("pdf")
    options = dataclasses.replace(options_for(exporter, time=0), progress=heard.append)
    exporter.export(bank(numbered(count)), tmp_path / "a.pdf", options)
    assert heard == sorted(set(heard))
    assert len(heard) >= steps
    assert (heard[0], heard[-1]) == (0.0, 1.0)
    assert max(after - before for before, after in itertools.pairwise(heard)) < 0.5


def test_nothing_in_a_theme_is_unknown_to_the_renderer(tmp_path: Path) -> None:
    """WeasyPrint leaves out what it does not know with a warning that nobody sees."""
    from tiku.exporters.pdf import child, styles, theme
    from tiku.exporters.pdf.schemes import ASSET

    with child.Child() as renderer:
        for name in theme.names():
            for language in ("zh-CN", "ar"):
                css = styles.sheet(theme.load(name), language, "A4", own="", asset=ASSET).css
                book = {"folder": str(tmp_path), "assets": [], "css": css, "variant": "pdf/ua-1"}
                html = '<html lang="en"><title>t</title><p>x</p></html>'
                job = {"target": str(tmp_path / "a.pdf"), "pages": {}, "first": 1, "book": book}
                answer = renderer.ask(job | {"documents": [{"html": html, "place": 0}]}, 60)
                assert answer["warnings"] == [], (name, language)
                book["css"] = css + "p { no-such-property: 1 }"
                answer = renderer.ask(job | {"documents": [{"html": html, "place": 0}]}, 60)
                assert len(answer["warnings"]) == 1


def test_a_running_head_and_the_range_never_meet_from_right_to_left(tmp_path: Path) -> None:
    import pymupdf

    path = tmp_path / "a.pdf"
    write(bank(f"## باب\n\n{numbered(9)}", language="ar"), path)
    with pymupdf.open(path) as document:
        head = document[3].get_text("words", clip=pymupdf.Rect(0, 0, 600, 64))
        middle = document[3].rect.width / 2
        assert [word[4] for word in head if word[0] > middle] == ["باب"]
        assert [word[4][0].isdigit() for word in head if word[0] < middle] == [True]
