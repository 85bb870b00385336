"""The Markdown reader: lines, repairs, front matter, encodings, raw HTML, hostile and enormous input."""

from __future__ import annotations

import contextlib
import resource
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tiku
from banks import SHOWCASE, bank, reading
from tiku import pandoc
from tiku.errors import DocumentError, TikuError, UsageError
from tiku.markup import plain_text, walk
from tiku.model import Bank, Kind
from tiku.readers import ReadOptions, language, reader_for
from tiku.readers.lines import Lines
from tiku.readers.markdown import FORMAT, SIGNS, format_for


def only(text: str) -> str:
    """The answer of the only question in a document, as text."""
    questions = bank(text).questions
    assert len(questions) == 1
    return plain_text(questions[0].answer)


def test_emphasis_before_chinese_is_bold_without_a_space() -> None:
    found = bank("### 1. 甲？\n\n**答案：**内容“引号”。\n\n**解析：**他说**“好”**就走。`**a：**b`\n").questions[0]
    assert plain_text(found.answer) == "内容“引号”。"
    assert plain_text(found.explanation) == "他说“好”就走。**a：**b"
    assert any(node["t"] == "Strong" for node in walk(found.explanation))


def test_pairs_of_emphasis_are_not_torn_apart() -> None:
    found = bank("### 1. 甲？\n\n简单来说，**关键字**。比如，**标识符**，但**不同**（见下）。\n").questions[0]
    strong = [plain_text(node["c"]) for node in walk(found.answer) if node["t"] == "Strong"]
    assert strong == ["关键字", "标识符", "不同"]


def test_chinese_line_breaks_give_no_space_and_latin_ones_do() -> None:
    assert only("### 1. 甲？\n\n第一行\n第二行\nword\nword\n") == "第一行第二行\nword\nword"


@pytest.mark.parametrize("end", [" ⭐️", " \u200d⭐️", "\u200d★★", " (★)"])
def test_stars_at_the_end_of_a_title_tell_the_difficulty(end: str) -> None:
    """Also behind an invisible joiner, which goes with them."""
    question = bank(f"### 1. What is dropout?{end}\n\n**Answer:** A layer.\n").questions[0]
    assert plain_text(question.title) == "What is dropout?"
    assert question.difficulty.strip("\ufe0f") in {"⭐", "★", "★★"}


def test_quotes_and_dashes_stay_as_written() -> None:
    assert only('### 1. 甲？\n\n所谓的"训练时间膨胀"，用 --flag 打开……\n') == '所谓的"训练时间膨胀"，用 --flag 打开……'


def test_list_straight_after_a_label() -> None:
    found = bank("### 1. 甲？\n\n**答案：**\n1. 一\n2. 二\n").questions[0]
    assert [block["t"] for block in found.answer] == ["OrderedList"]


def test_lines_are_those_of_the_file_as_given() -> None:
    text = "\ufeff---\r\ntitle: 甲\r\n---\r\n\r\n# 题\r\n\r\n### 1. 一？\r\n\r\n好。\r\n\r\n### 2. 二？\r\n\r\n好。\r\n"
    assert [question.location.line for question in bank(text).questions] == [7, 11]


def test_lines_survive_the_parting_of_details() -> None:
    text = (
        "<details><summary>What is A?</summary>\nAn A\n</details>\n\n"
        "<details><summary>What is B?</summary><p>A B</p></details>\n\n"
        "<details>\n<summary>What is C?</summary>\n\nA C\n\n</details>\n"
    )
    found = bank(text).questions
    assert [question.location.line for question in found] == [1, 5, 8]
    assert [plain_text(question.answer) for question in found] == ["An A", "A B", "A C"]


@pytest.mark.parametrize(
    "front", ["title: a: b", "title: [", "a: &x [1]\nb: *x", "- 1\n- 2", "x: !!python/object:os.system ls"]
)
def test_broken_front_matter_is_a_problem_not_an_end(front: str) -> None:
    found = reading(f"---\nt: 1\n{front}\n---\n\n### 1. What?\n\n**Answer:** It.\n")
    assert len(found.bank.questions) == 1
    assert found.bank.questions[0].location.line == 5 + front.count("\n") + 1


def test_front_matter_gives_title_language_authors_and_date() -> None:
    found = bank(
        "---\ntitle: T\nlang: ja\nauthor: [A, B]\ndate: 2024-05-06\n---\n\n### 1. 何ですか\n\n**答え：** それ。\n"
    )
    assert (found.title, found.language, found.authors, found.date) == ("T", "ja", ("A", "B"), "2024-05-06")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("这是一个关于数据的问题。", "zh-CN"), ("這是一個關於數據的問題，請說明。", "zh-TW"), ("これは質問です。", "ja"),
        ("이것은 질문입니다.", "ko"), ("Это вопрос о данных.", "ru"), ("What is the meaning of it?", "en"),
        ("¿Qué es la vida y por qué?", "es"), ("Was ist das und warum?", "de"), ("Qu'est-ce que la vie et pourquoi?", "fr"),
        ("O que é a vida e por que não?", "pt"), ("ما هو الناتج من هذا؟", "ar"), ("این چیست و چرا می‌گویی؟", "fa"),
    ],
)  # fmt: skip
def test_language_is_told_by_the_text(text: str, language: str) -> None:
    assert bank(f"### 1. {text}\n\n{text} {text}\n").language == language


def test_other_encodings_only_by_name(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_bytes("### 1. 什么是缓存？\n\n**答案：** 空间。\n".encode("gb18030"))
    with pytest.raises(DocumentError, match=r"a\.md:1: not UTF-8: byte 0x"):
        tiku.read(path)
    assert plain_text(tiku.read(path, encoding="gb18030").bank.questions[0].answer) == "空间。"
    with pytest.raises(UsageError, match="unknown encoding"):
        tiku.read(path, encoding="klingon")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16-le", "utf-16-be"])
def test_byte_order_marks(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    mark = "" if encoding == "utf-8-sig" else "\ufeff"
    path.write_bytes(f"{mark}### 1. 什么？\n\n**答案：** 空间。\n".encode(encoding))
    assert len(tiku.read(path).bank.questions) == 1


def test_raw_html_becomes_content() -> None:
    text = (
        "### 1. What?\n\nA <b>bold</b>, <kbd>Ctrl</kbd>, H<sub>2</sub>O,<br>`Vec<T>` and Vec<T>.\n\n"
        "<table><tr><th>a</th></tr><tr><td>b</td></tr></table>\n\n<ul><li>one</li><li>two</li></ul>\n"
    )
    found = bank(text).questions[0].answer
    kinds = {node["t"] for node in walk(found)}
    assert {"Strong", "Subscript", "LineBreak", "Code", "Table", "BulletList"} <= kinds
    assert not {"RawInline", "RawBlock"} & kinds
    assert "Vec<T>." in plain_text(found)


TWO_ROWS = (
    '<tr><th rowspan="2">Name</th><th colspan="2">Scores</th></tr>\n<tr><th>Alpha</th><th>Beta</th></tr>\n',
    "<tr><td>Bob</td><td>1</td><td>2</td></tr>",
)


@pytest.mark.parametrize(
    "inner",
    [
        f"<thead>{TWO_ROWS[0]}</thead><tbody>{TWO_ROWS[1]}</tbody>", "".join(TWO_ROWS),
        f"<tbody>{''.join(TWO_ROWS)}</tbody>", f"<caption>Points</caption><colgroup><col><col><col></colgroup>{''.join(TWO_ROWS)}",
    ],
    ids=["parts", "rows", "body", "caption"],
)  # fmt: skip
@pytest.mark.parametrize("kind", ["md", "html"])
def test_heads_in_two_rows_stay_heads(inner: str, kind: str, tmp_path: Path) -> None:
    """Their spans too: of `Name` over both, and of `Scores` over two columns. They read back equal from Markdown."""
    text = f"<p><b>Answer:</b> See.</p>\n<table>{inner}</table>"
    source = tmp_path / f"a.{kind}"
    source.write_text(f"### 1. What?\n\n{text}\n" if kind == "md" else f"<h3>1. What?</h3>{text}", encoding="utf-8")
    found = tiku.read(source).bank
    table = found.questions[0].answer[-1]["c"]

    def cells(rows: Any) -> list[list[tuple[str, int, int]]]:
        return [[(plain_text(cell[4]).strip(), cell[2], cell[3]) for cell in row[1]] for row in rows]

    assert cells(table[3][1]) == [[("Name", 2, 1), ("Scores", 1, 2)], [("Alpha", 1, 1), ("Beta", 1, 1)]]  # type: ignore[index,call-overload]
    assert cells(table[4][0][3]) == [[("Bob", 1, 1), ("1", 1, 1), ("2", 1, 1)]]  # type: ignore[index,call-overload]
    tiku.write(found, tmp_path / "b.md", time=1_700_000_000)
    again = tiku.read(tmp_path / "b.md").bank
    assert again.questions[0].answer == found.questions[0].answer


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)></svg>",
        "<iframe src=http://169.254.169.254/></iframe>", "[a](JaVaScript:alert(1))", "[a](java\tscript:alert(1))",
        "<a href='data:text/html,x'>a</a>", "<style>body{}</style>", "<object data=x></object>",
        '<a href="vbscript:x" onclick="y">a</a>', "![a](file:///etc/passwd)", "![a](/etc/passwd)",
    ],
)  # fmt: skip
def test_nothing_that_runs_reaches_the_model(attack: str) -> None:
    found = bank(f"### 1. What is it?\n\n**Answer:** Before {attack} after.\n\n{attack}\n\nEnd.\n")
    said = str(found).lower()
    for word in ("<script", "onerror", "onload", "'javascript:", "vbscript:", "<iframe", "passwd', ''", "data:text"):
        assert word not in said, word
    assert "alert(1)" not in said or "script:" in attack.lower().replace("\t", "")
    assert "before" in said
    assert "end." in said


def test_pictures_come_by_content_and_only_from_below(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    png = b"\x89PNG\r\n\x1a\n" + b"0" * 32
    (tmp_path / "in" / "a.png").write_bytes(png)
    (tmp_path / "out.png").write_bytes(png)
    (tmp_path / "in" / "link.png").symlink_to(tmp_path / "out.png")
    (tmp_path / "in" / "q.md").write_text(
        "### 1. What?\n\n![one](a.png) ![two](a%2Epng) ![three](../out.png) ![four](link.png) ![five](/dev/zero)\n"
    )
    found = tiku.read(tmp_path / "in" / "q.md")
    assert len(found.bank.media) == 1
    assert found.bank.media[0].data == png
    assert [problem.code for problem in found.problems] == ["Q403", "Q403", "Q403"]
    assert "three" in plain_text(found.bank.questions[0].answer)


def same(one: Bank, two: Bank) -> bool:
    """Whether two banks are equal but for where their questions stood."""

    def bare(text: str) -> str:
        import re

        return re.sub(r"Location\(file='[^']*', line=\d+\)", "", text)

    return bare(repr(one)) == bare(repr(two)) and one.media == two.media


def there_and_back(given: Bank, folder: Path) -> Bank:
    path = folder / "back.md"
    tiku.write(given, path, format="md")
    return tiku.read(path).bank


@pytest.mark.parametrize(
    "path", [SHOWCASE, *sorted((Path(__file__).parent / "dialects").glob("*.md"))], ids=lambda p: p.name
)
def test_markdown_reads_back_to_the_same_model(path: Path, tmp_path: Path) -> None:
    given = tiku.read(path).bank
    assert same(given, there_and_back(given, tmp_path))


def test_reading_back_notices_a_change(tmp_path: Path) -> None:
    given = tiku.read(SHOWCASE).bank
    path = tmp_path / "back.md"
    tiku.write(given, path, format="md")
    path.write_text(path.read_text(encoding="utf-8").replace("震荡", "震動", 1), encoding="utf-8")
    assert not same(given, tiku.read(path).bank)


INLINE = st.text(
    alphabet=string.ascii_letters + " *_`[]()<>#!|\\$~^-+.:：，。“”题答案甲乙é🙂&{}/\"'=0123456789",
    min_size=0,
    max_size=40,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(INLINE, INLINE, INLINE), min_size=3, max_size=6))
def test_any_text_is_read_and_keeps_its_numbers(rows: list[tuple[str, str, str]]) -> None:
    text = "\n\n".join(
        f"### {n}. What {title.replace('{', '')} x\n\n**Answer:** y {answer}\n\nz {more}".replace("`", "")
        for n, (title, answer, more) in enumerate(rows, 1)
    )
    found = bank(text)
    assert [question.number for question in found.questions] == [str(n) for n in range(1, len(rows) + 1)]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(INLINE, INLINE), min_size=3, max_size=5))
def test_any_bank_reads_back_from_markdown(tmp_path: Path, rows: list[tuple[str, str]]) -> None:
    text = "\n\n".join(f"### {n}. What is it?\n\n**Answer:** {one}\n\n{two}" for n, (one, two) in enumerate(rows, 1))
    given = bank(text)
    assert same(given, there_and_back(given, tmp_path))


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_reading_never_breaks(text: str) -> None:
    with contextlib.suppress(TikuError):
        reading(text.encode("utf-8", "ignore").decode())


def cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


@pytest.mark.parametrize(
    "hostile",
    [
        pytest.param("[a.__b__]\n" * 20, id="brackets"),
        pytest.param("[" * 3000 + "a" + "]" * 3000, id="nested brackets"),
        pytest.param("*a " * 5000, id="unclosed emphasis"),
        pytest.param("**a：" * 5000, id="unclosed strong"),
        pytest.param("`" * 3000 + "a", id="backticks"),
        pytest.param("<div>\n" * 300, id="open divisions"),
        pytest.param("<details><summary>" * 300, id="open details"),
        pytest.param("|" * 5000 + "\n" + "|-" * 5000, id="wide table"),
        pytest.param("a" * 1_000_000, id="one long word"),
        pytest.param("x < y " * 20_000, id="less than"),
    ],
)
def test_hostile_text_is_read_in_bounded_time(hostile: str) -> None:
    began = cpu()
    with contextlib.suppress(TikuError):
        reading(f"### 1. What?\n\n**Answer:** {hostile}\n\n### 2. What?\n\n**Answer:** It.\n")
    assert cpu() - began < 20


def test_deep_nesting_is_refused_with_its_line() -> None:
    with pytest.raises(DocumentError, match=r"bank\.md:3: nested deeper"):
        reading("### 1. What?\n\n" + ">" * 10_000 + " a\n")


def test_own_labels_and_dialects(tmp_path: Path) -> None:
    text = "### 1. 甲\n\n讲解法：乙。\n\n### 2. 丙\n\n讲解法：丁。\n\n### 3. 戊\n\n讲解法：己。\n"
    options = ReadOptions(file="a.md", labels={"explanation": ("讲解法",)})
    found = reader_for("markdown", "a.md").read(text.encode(), options).bank
    assert [plain_text(question.explanation) for question in found.questions] == ["乙。", "丁。", "己。"]
    assert not bank(text).questions[0].explanation if bank(text).questions else True
    dialect = tmp_path / "cards.toml"
    dialect.write_text(
        'shape = "paragraph"\npattern = "Card (?P<number>\\\\d+) - (?P<title>.*)"\n[labels]\nanswer = ["back"]\n'
    )
    source = tmp_path / "cards.md"
    source.write_text("Card 1 - One\n\nback: eins\n\nCard 2 - Two\n\nback: zwei\n")
    got = tiku.read(source, dialect=str(dialect)).bank.questions
    assert [(q.number, plain_text(q.prompt), plain_text(q.answer)) for q in got] == [
        ("1", "One", "eins"),
        ("2", "Two", "zwei"),
    ]
    with pytest.raises(UsageError, match="did you mean"):
        tiku.read(source, dialect="numbered-heading")


def test_folder_is_one_bank_and_joins_answers_by_id(tmp_path: Path) -> None:
    (tmp_path / "2.md").write_text(
        "# Second\n\n### 1. What is B?\n\n**Answer:** B.\n\n### 2. What is C?\n\n**Answer:** C.\n"
    )
    (tmp_path / "10.md").write_text(
        "---\ntitle: Tenth\ntags: [x]\n---\n\n### 1. What is J?\n\n**Answer:** J.\n\n### 2. And K?\n\n**Answer:** K.\n"
    )
    (tmp_path / "README.md").write_text("# Nothing\n\nHere.\n")
    (tmp_path / "questions.rst").write_text("Ask\n===\n\n.. qu:: What is it?\n   :id: p1\n\n   Say it.\n")
    (tmp_path / "answers.rst").write_text("A\n=\n\n.. an:: What is it?\n   :links: p1\n\n   It is so.\n")
    found = tiku.read(tmp_path).bank
    titles = [plain_text(section.title) for section in found.sections]
    assert titles.index("Second") < titles.index("Tenth")
    joined = [question for question in found.questions if question.id == "p1"]
    assert [(plain_text(q.prompt), plain_text(q.answer)) for q in joined] == [("Say it.", "It is so.")]


def test_kinds() -> None:
    text = (
        "### 1. Pick\n\n- [ ] a\n- [x] b\n\n### 2. Pick\n\n- [x] a\n- [x] b\n\n"
        "### 3. Pick\n\n- A. True\n- B. False\n\n"
        "Answer: B\n\n### 4. Water is wet.\n\n**Answer:** True\n\n"
        "### 5. Fill\n\n**Question:** Two and two is ____.\n\n**Answer:** four\n"
    )
    assert [q.kind for q in bank(text).questions] == [
        Kind.SINGLE,
        Kind.MULTIPLE,
        Kind.TRUE_FALSE,
        Kind.TRUE_FALSE,
        Kind.FILL_IN,
    ]


def test_a_large_text_is_read_in_pieces_like_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    from tiku.readers import pieces

    text = "# Questions\n\n" + "\n\n".join(
        f"### {n}. What is [{n}][ref]?\n\n```\n# {n}\n```\n\n**Answer:** It[^note] is {n}." for n in range(1, 60)
    )
    text += "\n\n[ref]: https://example.org/\n\n[^note]: A note.\n"
    whole = bank(text)
    monkeypatch.setattr(pieces, "LARGE", 100)
    monkeypatch.setattr(pieces, "PIECE", 400)
    assert len(pieces.cut(text)[0]) > 5
    assert same(whole, bank(text))


def test_a_number_may_be_long_and_a_language_must_be_a_tag() -> None:
    found = reading(
        "---\nlanguage: Chinese\n---\n\n### 1. 甲是什么？\n\n好。\n\n"
        "### 1000000000000000000000000000000. 乙是什么？\n\n好。\n"
    )
    assert [question.number for question in found.bank.questions] == ["1", "1" + "0" * 30]
    assert found.bank.language == "zh-CN"
    assert "Q105" in [problem.code for problem in found.problems]


def test_a_fence_in_a_list_item_ends_with_the_item() -> None:
    text = "1. ### What is A?\n\n    ```js\n    a()\n\n2. ### What is B?\n\n    It.\n\n3. ### What is C?\n\n    So.\n"
    assert [question.location.line for question in bank(text).questions] == [1, 6, 10]


USES = {
    "alerts": ["> [!NOTE]\n> a"],
    "autolink_bare_uris": ["see www.example.org", "ftp://example.org/a", "me@example.org", "mailto:me@example.org"],
    "emoji": ["a :smile: b", ":+1:", ":e-mail:"],
    "footnotes": ["a[^1]\n\n[^1]: b"],
    "pipe_tables": ["a | b\n--|--\n1 | 2"],
    "strikeout": ["~~a~~"],
    "task_lists": ["- [ ] a\n- [x] b", "- [\t] a"],
    "tex_math_dollars": ["$x$", "$$\nx\n$$"],
    "tex_math_gfm": ["$`x`$", "```math\nx\n```", "~~~ math\nx\n~~~"],
}


@pytest.mark.parametrize("name", USES)
def test_an_extension_is_off_only_where_nothing_needs_it(name: str) -> None:
    for text in USES[name]:
        full, _ = pandoc.read(text, FORMAT)
        assert pandoc.read(text, format_for(text))[0] == full
        assert pandoc.read(text, f"{FORMAT}-{name}")[0] != full
    assert format_for("nothing: of it") == "commonmark"
    assert set(USES) == {*SIGNS, "emoji"}


def test_the_line_of_a_block_does_not_pass_to_another() -> None:
    known = Lines()
    known.note({"t": "Para", "c": []}, 7)
    assert not any(id({"t": "Para", "c": []}) in known for _ in range(100))


def test_the_scripts_of_a_text_are_counted_as_characters_tell() -> None:
    signs = {
        "han": "\u3400中\u9fff\U00020000", "kana": "\u3040ア\u30ff", "hangul": "\uac00한\ud7af",
        "cyrillic": "\u0400я\u04ff", "arabic": "\u0600ع\u06ff", "hebrew": "\u0590ש\u05ff",
    }  # fmt: skip
    others = "。\u3000\ud7b0\u0530\U0001f600 1"
    for name, text in signs.items():
        count = language._counts(f"{text}{others} two words")
        assert count == dict.fromkeys(signs, 0) | {name: len(text), "latin": 2}
    assert language._counts("Čech é a×b")["latin"] == 3
