"""What the paginator promises: floors, good places to cut, balance, repeated heads, errors that name the question."""

from __future__ import annotations

import itertools
import random
import re
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

import pytest

import tiku
from slides_fuzz import png
from tiku import Bank, Question, Section
from tiku.exporters import Answers
from tiku.model import Location
from tiku.render.deck import Deck
from tiku.render.paginate import linear, metrics
from tiku.render.paginate.builder import Builder
from tiku.render.paginate.flow import BOLD, CODE, SUB, SUPER, Code, Container, Paragraph, Picture, Place, Run, Table
from tiku.render.paginate.measure import FLOOR, SMALL_FLOOR, Setter, leading
from tiku.render.paginate.pages import Fitted, fit
from tiku.render.paginate.rawhtml import paragraphs
from tiku.render.slide import BODY_SIZES, Box, Geometry, Slide

if TYPE_CHECKING:
    from pathlib import Path

    from tiku.model import Block
    from tiku.render.paginate.flow import Cell, Rows

WIDTH, PAGE = 856.0, 378.0


def text(words: str) -> Block:
    return {"t": "Para", "c": [{"t": "Str", "c": words}]}


def fitted(*blocks: Block) -> Fitted:
    builder = Builder(Bank(language="zh-CN"), "pptx")
    return fit(builder.flow(blocks), BODY_SIZES, Setter(WIDTH, PAGE, builder.objects))


def slides(*answer: Block) -> tuple[list[Slide], Deck]:
    question = Question(
        id="q", number="7", title=({"t": "Str", "c": "标题"},), prompt=(text("题目"),), answer=answer,
        location=Location("bank.md", 42),
    )  # fmt: skip
    deck = Deck(Bank(language="zh-CN", sections=(Section(questions=(question,)),)), Answers.HIDDEN, "pptx")
    return [slide for slide in deck.slides() if slide.kind == "answer"], deck


# -- lines --------------------------------------------------------------------------------------------------------------


def starts(words: str, width: float) -> list[str]:
    line = metrics.measure((Run(words),))
    ends, _ = metrics.lines(line, width)
    return [words[end : end + 1] for end in ends[:-1]]


def test_no_line_begins_with_closing_punctuation() -> None:
    words = "一二三四，五六七八。九十一二、三四五六」七八九十；一二三四"
    assert not {start for width in range(3, 12) for start in starts(words, width)} & set("，。、」；")


def test_the_gap_before_and_after_a_latin_word_is_counted_at_blanks_too() -> None:
    plain = metrics.measure((Run("中文 中文 中文"),)).width
    mixed = metrics.measure((Run("中文 GPT 中文"),)).width
    assert mixed - plain == pytest.approx(metrics.measure((Run("GPT"),)).width - 2 + 2 * metrics.GAP)


def test_a_link_longer_than_a_line_stands_on_lines_of_its_own() -> None:
    line = metrics.measure((Run("一二三四"), Run("x" * 40, link="https://example.org"), Run("五六七八")))
    ends, forced = metrics.lines(line, 10.0)
    assert forced
    assert ends[0] == 4
    assert 44 in ends


def test_an_address_takes_the_ideographs_before_it_along() -> None:
    words = "一二三四五 六七八九，https://example.org/a"
    assert starts(words, 17.0) == ["六"]
    assert starts("一二三四五 六七八九十百千万，example", 17.0) == ["万"]


def test_words_that_must_be_broken_do_not_keep_a_paragraph_from_being_cut() -> None:
    found = fitted(text(" ".join(["word", "x-" * 60] * 20)))
    assert len(found.pages) > 1
    assert not found.overfull


def test_no_line_ends_with_an_opening_bracket() -> None:
    words = "一二三（四五六「七八九《十一二三（四五六"
    for width in range(3, 12):
        line = metrics.measure((Run(words),))
        ends, _ = metrics.lines(line, width)
        assert not {words[end - 1] for end in ends[:-1]} & set("（「《")


def test_bold_is_wider_and_code_is_fixed() -> None:
    plain, bold = metrics.measure((Run("Hello"),)), metrics.measure((Run("Hello", BOLD),))
    assert bold.width > plain.width
    assert metrics.measure((Run("iiiii", CODE),)).width == metrics.measure((Run("mmmmm", CODE),)).width


def test_a_correct_choice_is_measured_as_it_is_set_in_bold() -> None:
    builder, setter = Builder(Bank(language="zh-CN"), "pptx"), Setter(WIDTH, PAGE, {})
    words = "wide words with many letters " * 5
    right, wrong = builder.choices(
        [("A", builder.flow([text(words)]), True), ("B", builder.flow([text(words)]), False)]
    )
    assert isinstance(right, Paragraph)
    assert isinstance(wrong, Paragraph)
    bold = metrics.measure(tuple(run._replace(style=run.style | BOLD) for run in right.runs))
    assert setter.line(right).width == bold.width > setter.line(wrong).width


def test_ideographs_are_one_em_and_part_from_latin() -> None:
    assert metrics.measure((Run("模型"),)).width == 2.0
    both = metrics.measure((Run("模型GPT"),)).width
    assert both > 2.0 + metrics.measure((Run("GPT"),)).width


def test_a_word_wider_than_a_line_is_counted_to_the_full() -> None:
    line = metrics.measure((Run("x" * 100),))
    assert metrics.count(line, 10.0) >= line.width / 10.0


def test_an_address_is_counted_as_browsers_break_it() -> None:
    """At hyphens, not at slashes: where each line holds nearly two pieces, it ends after one."""
    words = "abcde/fghij/klmno-" * 8
    line = metrics.measure((Run(words),))
    assert metrics.count(line, 1.9 * line.width / 8) >= 8 + 1


# -- slides -------------------------------------------------------------------------------------------------------------


def test_text_is_never_smaller_than_the_floor() -> None:
    found = fitted(*[text("模型" * 120 + "。") for _ in range(6)])
    assert len(found.pages) > 1
    assert found.size >= FLOOR
    assert Setter(WIDTH, PAGE, {}).table_size(found.size) >= SMALL_FLOOR


@pytest.mark.parametrize("count", [3, 5, 8, 13])
def test_the_last_slide_is_not_nearly_empty(count: int) -> None:
    found = fitted(*[text(f"第{n}点：" + "这是一个完整的句子，用来填满页面。" * 5) for n in range(count)])
    setter = Setter(WIDTH, PAGE, {})
    heights = [sum(setter.height(item, found.size) for item in page) for page in found.pages]
    assert min(heights) > 0.4 * max(heights)


def test_a_long_paragraph_is_cut_after_a_sentence() -> None:
    found = fitted(text("这是一个完整的句子，它有两个分句。" * 80))
    assert len(found.pages) > 1
    parts = [item.text for page in found.pages for item in page if isinstance(item, Paragraph)]
    assert "".join(parts) == "这是一个完整的句子，它有两个分句。" * 80
    assert all(part.endswith("。") for part in parts)


def test_numbers_go_on_after_a_cut() -> None:
    items: list[Any] = [[text("这一点说得很长。" * 12)] for _ in range(8)]
    found = fitted({"t": "OrderedList", "c": [[3, {"t": "Decimal"}, {"t": "Period"}], items]})
    assert len(found.pages) > 1
    second = found.pages[1][0]
    place = second.path[-1]
    assert second.first
    assert place.container.start + place.number == 3 + len(found.pages[0])


def test_code_is_cut_at_lines_and_keeps_one_size() -> None:
    code = "\n".join(f"value_{n} = compute({n})" for n in range(60))
    found = fitted({"t": "CodeBlock", "c": [["", ["python"], []], code]})
    parts = [item for page in found.pages for item in page]
    assert len(parts) > 1
    assert all(isinstance(part, Code) for part in parts)
    rows = ["".join(run.text for run in row) for part in parts if isinstance(part, Code) for row in part.lines]
    assert "\n".join(rows) == code
    setter = Setter(WIDTH, PAGE, {})
    assert len({setter.code_size(part, found.size) for part in parts if isinstance(part, Code)}) == 1


def table(columns: int, rows: int, words: str) -> Block:
    empty = ["", [], []]

    def row(name: str) -> list[Any]:
        return [
            empty,
            [
                [empty, {"t": "AlignDefault"}, 1, 1, [{"t": "Plain", "c": [{"t": "Str", "c": f"{name}{words}"}]}]]
                for _ in range(columns)
            ],
        ]

    specs = [[{"t": "AlignDefault"}, {"t": "ColWidthDefault"}] for _ in range(columns)]
    body = [[empty, 0, [], [row(f"{n}") for n in range(rows)]]]
    return {"t": "Table", "c": [empty, [None, []], specs, [empty, [row("head")]], body, [empty, []]]}


def test_a_long_table_repeats_its_head() -> None:
    found = fitted(table(3, 40, " cell"))
    parts = [item for page in found.pages for item in page]
    assert len(parts) > 1
    assert all(isinstance(part, Table) and part.head for part in parts)
    assert sum(len(part.rows) for part in parts if isinstance(part, Table)) == 40


def test_a_table_on_several_slides_has_the_same_columns_on_each() -> None:
    """Or rows would be taller than they were when the table was cut, and run off their slide."""
    short, long = table(2, 6, " " + "一" * 60), table(2, 6, " " + "x" * 150)
    rows = [row for block in (short, long) for row in block["c"][4][0][3]]  # type: ignore[index,call-overload]
    for at, row in enumerate(rows):  # another column is the wide one on each slide
        row[1][at // 6] = table(2, 1, "")["c"][4][0][3][0][1][0]  # type: ignore[index,call-overload]
    short["c"][4][0][3] = rows  # type: ignore[index,call-overload]
    found = fitted(short)
    parts = [item for page in found.pages for item in page if isinstance(item, Table)]
    setter = Setter(WIDTH, PAGE, {})
    for part in parts:
        setter.set_table(part, found.size)
    assert len(parts) > 1
    assert len({part.widths for part in parts}) == 1
    assert max(sum(part.heights) for part in parts) <= PAGE


def test_a_wide_table_is_turned_into_text() -> None:
    found = fitted(table(12, 2, " considerable"))
    items = [item for page in found.pages for item in page]
    assert not any(isinstance(item, Table) for item in items)
    assert sum(item.text.count("1 considerable") for item in items if isinstance(item, Paragraph)) == 12


def spanned(rows: list[list[tuple[str, int, int]]], *, heads: int = 1, columns: int = 0) -> Block:
    """A table of cells that are given as words, rows down and columns across."""
    empty = ["", [], []]

    def row(cells: list[tuple[str, int, int]]) -> list[Any]:
        return [
            empty,
            [
                [empty, {"t": "AlignDefault"}, down, across, [{"t": "Plain", "c": [{"t": "Str", "c": words}]}]]
                for words, down, across in cells
            ],
        ]

    columns = columns or sum(across for _, _, across in rows[0])
    specs = [[{"t": "AlignDefault"}, {"t": "ColWidthDefault"}] for _ in range(columns)]
    head, body = [row(cells) for cells in rows[:heads]], [row(cells) for cells in rows[heads:]]
    return {"t": "Table", "c": [empty, [None, []], specs, [empty, head], [[empty, 0, [], body]], [empty, []]]}


def parts_of(found: Fitted) -> list[Table]:
    return [item for page in found.pages for item in page if isinstance(item, Table)]


def said(cell: Cell) -> str:
    return "".join(paragraph.text for paragraph in cell.paragraphs)


def grid(rows: Rows, columns: int) -> list[list[str]]:
    """The words at each place of `rows`; fails where two cells stand, or none."""
    places: dict[tuple[int, int], str] = {}
    for index, row in enumerate(rows):
        for cell in row:
            for place in itertools.product(
                range(index, index + cell.down), range(cell.column, cell.column + cell.across)
            ):
                assert place not in places
                places[place] = said(cell)
    assert places.keys() == set(itertools.product(range(len(rows)), range(columns)))
    return [[places[index, column] for column in range(columns)] for index in range(len(rows))]


def test_a_table_is_cut_inside_a_cell_that_spans_rows() -> None:
    """The cell stands again on top of the next slide, with what is left of its span."""
    rows = [
        [("Group", 1, 1), ("Name", 1, 1)],
        [("All", 30, 1), ("n0", 1, 1)],
        *[[(f"n{n}", 1, 1)] for n in range(1, 30)],
    ]
    found = fitted(spanned(rows))
    parts = parts_of(found)
    assert len(parts) > 1
    assert not found.overfull
    assert max(sum(part.heights) for part in parts) <= PAGE
    body = [row for part in parts for row in grid(part.rows, 2)]
    assert body == [["All", f"n{n}"] for n in range(30)]
    assert all(grid(part.head, 2) == [["Group", "Name"]] for part in parts)


def test_a_table_is_rather_cut_between_groups() -> None:
    groups = [[(f"g{n}", 4, 1), (f"n{n}", 1, 1)] if n % 4 == 0 else [(f"n{n}", 1, 1)] for n in range(32)]
    parts = parts_of(fitted(spanned([[("Group", 1, 1), ("Name", 1, 1)], *groups])))
    assert len(parts) > 1
    assert all(part.rows[0][0].down == 4 for part in parts)


@pytest.mark.parametrize("length", [5, 40, 90])
def test_the_whole_text_of_a_cut_cell_has_room_on_each_slide(length: int) -> None:
    """Its rows may be few there: where that makes them too tall, the table is cut earlier, or turned into text."""
    rows = [[("long words " * length, 20, 1), ("n0", 1, 1)], *[[(f"n{n}", 1, 1)] for n in range(1, 20)]]
    found = fitted(spanned(rows, heads=0))
    setter = Setter(WIDTH, PAGE, {})
    assert len(found.pages) > 1
    assert not found.overfull
    assert all(sum(setter.height(item, found.size) for item in page) <= PAGE for page in found.pages)


def test_heads_in_two_rows_keep_their_columns_and_reach_into_no_body() -> None:
    rows = [[("Name", 9, 1), ("Scores", 1, 2)], [("Alpha", 1, 1), ("Beta", 1, 1)]]
    parts = parts_of(
        fitted(spanned([*rows, *[[(f"n{n}", 1, 1), ("1", 1, 1), ("2", 1, 1)] for n in range(30)]], heads=2))
    )
    assert len(parts) > 1
    for part in parts:
        assert grid(part.head, 3) == [["Name", "Scores", "Scores"], ["Name", "Alpha", "Beta"]]
    assert [row for part in parts for row in grid(part.rows, 3)] == [[f"n{n}", "1", "2"] for n in range(30)]


@pytest.mark.parametrize("seed", range(30))
def test_no_spans_make_cells_overlap_or_get_lost(seed: int) -> None:
    """A model from elsewhere may have spans that overlap, reach beyond the table, or leave holes."""
    chance = random.Random(seed)
    rows = [
        [
            (f"<{seed}.{index}.{n}>", chance.choice((1, 1, 2, 3, 900)), chance.choice((1, 1, 2, 3, 900)))
            for n in range(chance.randint(0, 5))
        ]
        for index in range(chance.randint(1, 30))
    ]
    found = fitted(spanned(rows, heads=chance.randint(0, 3), columns=chance.randint(1, 6)))
    for part in parts_of(found):
        grid(part.head, part.columns)
        grid(part.rows, part.columns)
    words = [item.text for page in found.pages for item in page if isinstance(item, Paragraph)]
    words += [said(cell) for part in parts_of(found) for row in (*part.head, *part.rows) for cell in row]
    assert not found.overfull
    assert {cell[0] for row in rows for cell in row} <= set(re.findall("<.*?>", " ".join(words)))


@pytest.mark.parametrize("words", [" considerable", " considerably many words in here"])
def test_each_row_of_a_turned_table_begins_with_its_first_cell_and_stays_together(words: str) -> None:
    found = fitted(table(11, 9, words))
    assert len(found.pages) > 1
    for page in found.pages:
        lead, below = page[::2], page[1::2]
        assert len(lead) == len(below)
        for first, rest in zip(lead, below, strict=True):
            assert isinstance(first, Paragraph)
            assert isinstance(rest, Paragraph)
            assert all(run.style & BOLD for run in first.runs)
            assert re.fullmatch(rf"head{words}: \d{words}", first.text)
            assert rest.indent > first.indent
            assert rest.text.count(words) == 2 * 10
    heights = [sum(Setter(WIDTH, PAGE, {}).height(item, found.size) for item in page) for page in found.pages]
    assert min(heights) > 0.3 * max(heights)


def test_a_turned_row_without_a_first_cell_has_its_number_and_no_head_is_lost() -> None:
    rows = [
        [(f"head{n}" + "x" * 20, 1, 1) for n in range(12)],
        [("one", 1, 1), ("two", 1, 1)],
        [("", 1, 1), ("three", 1, 1)],
    ]
    found = fitted(spanned(rows))
    texts = [item.text for page in found.pages for item in page if isinstance(item, Paragraph)]
    assert "2." in texts
    assert all(f"head{n}x" in " ".join(texts) for n in range(12))


def test_a_turned_row_is_told_by_the_cells_that_reach_down_to_it_too() -> None:
    wide = [("x" * 30, 1, 1)] * 12
    rows = [[("head", 1, 1)] * 14, [("Group", 2, 1), ("one", 1, 1), *wide], [("two", 1, 1), *wide]]
    texts = [item.text for page in fitted(spanned(rows)).pages for item in page if isinstance(item, Paragraph)]
    assert [text for text in texts if "Group" in text] == ["head: Group; head: one", "head: Group; head: two"]


def test_parts_say_which_they_are() -> None:
    made, _ = slides(*[text("模型" * 200 + "。") for _ in range(6)])
    assert len(made) > 1
    titles = ["".join(run.text for run in slide.title) for slide in made]
    assert titles[0] == f"7. 标题 (1/{len(made)})"


def test_what_cannot_fit_is_an_error_that_names_the_question() -> None:
    formula = {"t": "Para", "c": [{"t": "Math", "c": [{"t": "DisplayMath"}, "a" + "+b" * 90]}]}
    _, deck = slides(formula)
    assert [(problem.code, problem.file, problem.line) for problem in deck.problems] == [("Q310", "bank.md", 42)]
    assert str(deck.problems[0].severity) == "error"


def test_raw_html_is_read_as_its_visible_lines() -> None:
    html = "<p>a<br>b</p><pre>x\n  y</pre>z<table><tr><td>1</td><td>2</td></tr></table><script>no</script><img alt=pic>"
    assert paragraphs(html) == ["a", "b", "x", "y", "z", "1 2", "[pic]"]


def test_titles_too_long_for_their_slide_stand_on_one_as_text() -> None:
    long, name = "很长的标题" * 60, "名字" * 30
    bank = Bank(
        title=long,
        language="zh-CN",
        authors=(name,) * 12,
        sections=(
            Section(title=({"t": "Str", "c": long[::-1]},), questions=(Question(id="q", prompt=(text("题"),)),)),
        ),
    )
    shown = list(Deck(bank, Answers.HIDDEN, "pptx").slides())
    said = "".join(
        run.text for slide in shown for item in slide.items if isinstance(item, Paragraph) for run in item.runs
    )
    assert long in said
    assert long[::-1] in said
    assert said.count(name) >= 12


@pytest.mark.parametrize("hyphen", [5, 20, 30, 40, 50])
def test_a_shortened_title_fits_its_box_with_the_sign_of_it(hyphen: int) -> None:
    """Words that must be broken are broken elsewhere by each renderer: no line may be left for the "…" alone."""
    short = 0
    for more in range(0, 60, 5):
        title = "x" * hyphen + "-" + "y" * (66 - hyphen + more) + " and more words" * 12
        intro = Section(title=({"t": "Str", "c": title},), intro=(text("前言"),))
        deck = Deck(Bank(language="zh-CN", sections=(intro,)), Answers.HIDDEN, "pptx")
        for slide in deck.slides():
            if slide.kind == "text" and any(run.text.startswith("…") for run in slide.title):
                bold = tuple(run._replace(style=run.style | BOLD) for run in slide.title)
                lines = metrics.count(metrics.measure(bold), deck.geometry.title.width / slide.title_size)
                assert lines * leading(slide.title_size) <= deck.geometry.title.height, title
                short += 1
    assert short


def test_a_title_is_whole_on_one_of_many_slides() -> None:
    """It fits a title by itself, but not with the "(1/9)" of a text that needs several slides."""
    for length in range(70, 90):
        title = "".join(chr(0x4E00 + number) for number in range(length))
        question = Question(id="q", number="1", title=({"t": "Str", "c": title},), prompt=(text("题目，" * 900),))
        deck = Deck(Bank(language="zh-CN", sections=(Section(questions=(question,)),)), Answers.HIDDEN, "pptx")
        said = "".join(
            run.text
            for slide in deck.slides()
            for runs in (slide.title, *(item.runs for item in slide.items if isinstance(item, Paragraph)))
            for run in runs
            if slide.kind == "question"
        )
        assert title in said, length


@pytest.mark.parametrize(
    ("language", "text", "turned"),
    [
        ("he", "שירות של Google Cloud Platform.", True),  # mostly Latin, but a sentence in Hebrew
        ("he", "React היא ספרייה של ממשק משתמש", True),
        ("he", "Google Cloud של", False),
        ("he", "print(1)", False),
        ("he", "42.", True),
        ("en", "שלום is a greeting in Hebrew", False),
        ("en", "שירות של", True),
        ("en", "42.", False),
    ],
)
def test_the_direction_of_a_paragraph(language: str, text: str, *, turned: bool) -> None:
    assert Builder(Bank(language=language), "slides").turned(text) is turned


@pytest.mark.parametrize("size", [(900, 900), (60, 900), (2000, 120)])
@pytest.mark.parametrize("lead", ["", "模型" * 260])
def test_a_picture_stays_with_what_it_belongs_to(size: tuple[int, int], lead: str, tmp_path: Path) -> None:
    """The label of a choice, and the beginning of its sentence, stand on the slide of the picture."""
    (tmp_path / "p.png").write_bytes(png(*size, 90))
    text = f"### 1. A\n\n**Question:** {lead}\n\nsee ![alt](p.png)\n\nA. one\nB. ![alt](p.png)\nC. three\n\n**Answer:** B\n"
    (tmp_path / "a.md").write_text(text, "utf-8")
    deck = Deck(tiku.read(tmp_path / "a.md").bank, Answers.NONE, "slides")
    seen = 0
    for slide in deck.slides():
        for before, item in pairwise([None, *slide.items]):
            if isinstance(item, Picture):
                seen += 1
                assert isinstance(before, Paragraph)
                assert before.text in {"see", "B.\t"}
    assert seen == 2


def test_labels_that_the_footer_has_no_room_for_stand_on_the_slide() -> None:
    tags = tuple(f"标签{'很长' * 5}{number}" for number in range(4))
    question = Question(id="q1", tags=tags, difficulty="困难", location=Location("a.md", 1))
    bank = Bank(language="zh-CN", sections=(Section(title=({"t": "Str", "c": "章" * 200},), questions=(question,)),))
    slide = next(slide for slide in Deck(bank, Answers.NONE, "slides").slides() if slide.kind == "question")
    assert slide.left.startswith("章")
    assert slide.left.endswith("困难")
    said = "".join(item.text for item in slide.items if isinstance(item, Paragraph))
    assert all(f"#{tag}" in said for tag in tags)


def test_labels_that_a_narrow_footer_has_no_room_for_stand_on_the_slide() -> None:
    question = Question(id="q1", difficulty="hard " * 5, location=Location("a.md", 1))
    bank = Bank(language="en", sections=(Section(questions=(question,)),))
    for width, on_slide in ((856, False), (300, True)):
        geometry = Geometry(footer=Box(10, 504, width, 20))
        deck = Deck(bank, Answers.NONE, "pptx", geometry=geometry)
        slide = next(slide for slide in deck.slides() if slide.kind == "question")
        said = "".join(item.text for item in slide.items if isinstance(item, Paragraph))
        assert ("hard" in said) is on_slide
        assert ("hard" in slide.left) is not on_slide


@pytest.mark.parametrize(
    ("style", "delimiter", "start", "marker"),
    [
        ("Decimal", "Period", 12, "12."),
        ("LowerAlpha", "OneParen", 28, "bb)"),
        ("UpperRoman", "TwoParens", 1994, "(MCMXCIV)"),
        ("LowerRoman", "Period", 0, "0."),
    ],
)
def test_the_number_of_a_list_item_as_text(style: str, delimiter: str, start: int, marker: str) -> None:
    assert Place(Container("number", 1, 1.6, start, style, delimiter), 0).marker == marker


# -- formulas as text ----------------------------------------------------------------------------------------------


def _raised(latex: str) -> str:
    """A formula as text, its raised pieces as ``^{…}``, its lowered ones as ``_{…}``."""
    marks = {SUPER: "^{%s}", SUB: "_{%s}", 0: "%s"}
    groups = groupby(linear.runs(latex, 0), lambda run: run.style & (SUPER | SUB))
    return "".join(marks[level] % "".join(run.text for run in runs) for level, runs in groups)


@pytest.mark.parametrize(
    ("latex", "said"),
    [
        (r"\frac{\frac ab}{\frac cd}", "(a/b)/(c/d)"),
        (r"\frac{a}{bc}", "a/(bc)"),
        (r"\frac{ab}{c}", "(ab)/c"),
        (r"\frac{-a}{b}", "(−a)/b"),
        (r"\frac{(a+b)}{(c+d)^2}", "(a + b)/(c + d)²"),
        (r"\frac{n!}{k!}", "n!/k!"),
        (r"\frac{\sin x}{x}", "(sin x)/x"),
        (r"x\frac ab", "x(a/b)"),
        (r"\frac12x", "(1/2)x"),
        (r"\frac12(a+b)", "(1/2)(a + b)"),
        (r"\frac ab\frac cd", "(a/b)(c/d)"),
        (r"c/\frac ab", "c/(a/b)"),
        (r"1-\frac ab", "1 − a/b"),
        (r"\left(\frac ab\right)^2", "(a/b)²"),
        (r"|\frac ab|", "|a/b|"),
        (r"\frac ab|x|", "(a/b)|x|"),
        (r"\left.\frac ab\right|_{c}", "(a/b)|_{c}"),
        (r"\sin\frac ab", "sin(a/b)"),
        (r"\sum_{i=1}^n\frac1i", "∑_{i=1}^{n}(1/i)"),
        (r"y=\frac12\text{ if }x", "y = 1/2 if x"),
        (r"\sqrt{\frac ab}", "√(a/b)"),
        (r"\sqrt{x}", "√x"),
        (r"\sqrt{12}", "√12"),
        (r"\sqrt{xy}", "√(xy)"),
        (r"\sqrt{x}y", "√x y"),
        (r"\sqrt{x^2}", "√(x²)"),
        (r"\sqrt[3]{x+1}", "∛(x + 1)"),
        (r"x\sqrt[n]{y}", "x root(n, y)"),
        (r"x^{y^z}", "x^{y^z}"),
        (r"x^{y^{z+1}w}", "x^{y^(z+1)w}"),
        (r"x^{y^zw}", "x^{y^z w}"),
        (r"e^{-x^2/2}", "e^{−x²/2}"),
        (r"{x^2}^3", "(x²)³"),
        (r"{ab}^2", "(ab)²"),
        (r"x_{i_j}", "x_{i_j}"),
        (r"2^{n/2}", "2^{n/2}"),
        (r"10^{-3}", "10^{−3}"),
        (r"x^{12}", "x^{12}"),
        (r"x^3", "x³"),
        (r"90^\circ", "90°"),
        (r"f'(x)", "f′(x)"),
        (r"\binom nk", "C(n, k)"),
        (r"2\binom{n+1}{k}x", "2 C(n + 1, k) x"),
        (r"{a \atop b}", "a; b"),
        (r"\hat y", "y\u0302"),
        (r"\bar x^2", "x\u0304²"),
        (r"\vec v", "v\u20d7"),
        (r"\dot x", "x\u0307"),
        (r"\underline x", "x\u0332"),
        (r"\overline{AB}", "bar(AB)"),
        (r"x\widehat{yz}", "x hat(yz)"),
        (r"\underbrace{a+b}_{n}", "underbrace(a + b)_{n}"),
        (r"\begin{pmatrix}1&-2\\3&4\end{pmatrix}", "(1, −2; 3, 4)"),
        (r"\begin{aligned}a&=b\\c&=d\end{aligned}", "a = b; c = d"),
        (r"\text{if } x", "if x"),
        (r"x\log_2 n", "x log_{2} n"),
        (r"\lim_{x\to0}\sin x", "lim_{x→0} sin x"),
        (r"\mathrm{ReLU}(x)", "ReLU(x)"),
        (r"f(-x)=-x", "f(−x) = −x"),
        (r"a\not=b", "a ≠ b"),
    ],
)
def test_a_formula_as_text_says_the_same(latex: str, said: str) -> None:
    assert _raised(latex) == said


@pytest.mark.parametrize(
    ("latex", "said"),
    [
        (r"x^{y^z}", "x^(y^z)"),
        (r"x^{n+1}y", "x^(n+1)y"),
        (r"x^ny", "x^n y"),
        (r"a_1b^2", "a_1 b²"),
        (r"\sum_{i=1}^n i", "∑_(i=1)^n i"),
        (r"z^{[1]}", "z^[1]"),
        (r"a + b", "a + b"),
    ],
)
def test_a_formula_without_raised_letters_says_the_same(latex: str, said: str) -> None:
    assert "".join(run.text for run in linear.runs(latex, 0, written=True)) == said


@pytest.mark.parametrize("inner", ["=", "x", r"\frac{1}{x}"])
def test_accents_on_accents_take_no_more_time_than_they_are_many(inner: str) -> None:
    said = "".join(run.text for run in linear.runs(r"\hat{" * 40 + inner + "}" * 40, 0))
    assert said
