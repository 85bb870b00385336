"""Helpers over pandoc's AST: build, walk, change, read as text."""

from __future__ import annotations

from typing import Any

import pytest

from random_banks import random_bank
from tiku import markup
from tiku.markup import attr, edit, nodes_of, para, plain_text, safe_link, scheme, string, trim, walk

NONE = attr()


def s(text: str) -> dict[str, Any]:
    return {"t": "Str", "c": text}


SPACE, SOFT, BREAK = {"t": "Space"}, {"t": "SoftBreak"}, {"t": "LineBreak"}


def test_string_is_words_and_spaces() -> None:
    assert string("a b") == (s("a"), SPACE, s("b"))
    assert string(" a") == (SPACE, s("a"))
    assert string("") == ()
    assert plain_text(string("a  b ")) == "a  b "


def test_attr() -> None:
    assert attr("i", ["a", "b"], lang="en") == ["i", ["a", "b"], [["lang", "en"]]]
    assert attr() == ["", [], []]


NOTE = {"t": "Note", "c": [para([s("n")])]}
TREE = [
    para([s("a"), {"t": "Emph", "c": [s("b"), NOTE]}]),
    {"t": "BulletList", "c": [[para([s("c")])], [para([s("d")])]]},
    {"t": "Table", "c": [NONE, [None, []], [[{"t": "AlignLeft"}, {"t": "ColWidthDefault"}]], [NONE, []],
        [[NONE, 0, [], [[NONE, [[NONE, {"t": "AlignLeft"}, 1, 1, [para([s("e")])]]]]]]], [NONE, []]]},
]  # fmt: skip


def test_walk_gives_every_node_in_order_parents_first() -> None:
    kinds = [node["t"] for node in walk(TREE)]
    assert kinds[:6] == ["Para", "Str", "Emph", "Str", "Note", "Para"]
    assert [node["c"] for node in walk(TREE) if node["t"] == "Str"] == ["a", "b", "n", "c", "d", "e"]
    assert list(walk([])) == []


def test_edit_replaces_removes_and_multiplies_children_first() -> None:
    nodes = [para([s("a"), {"t": "Emph", "c": [s("b")]}, s("c")])]
    kept = nodes[0]
    order = []

    def change(node: dict[str, Any]) -> list[dict[str, Any]] | None:
        order.append(node["t"])
        if node["t"] == "Emph":
            return [*node["c"], s("!")]
        return [] if node == s("c") else None

    edit(nodes, change)
    assert nodes == [para([s("a"), s("b"), s("!")])]
    assert nodes[0] is kept
    assert order == ["Str", "Str", "Emph", "Str", "Para"]


def test_trim() -> None:
    assert trim([SPACE, SOFT, s("a"), SPACE, s("b"), BREAK]) == [s("a"), SPACE, s("b")]
    assert trim([SPACE, BREAK]) == []


@pytest.mark.parametrize(
    ("nodes", "text"),
    [
        (TREE, "abn\n\nc\nd\ne"),
        ([para([s("a"), SPACE, s("b"), SOFT, s("c"), BREAK, s("d")])], "a b\nc\nd"),
        ([{"t": "Quoted", "c": [{"t": "DoubleQuote"}, [s("a")]]}], "“a”"),
        ([{"t": "Quoted", "c": [{"t": "SingleQuote"}, [s("a")]]}], "‘a’"),
        ([{"t": "Code", "c": [NONE, "x = 1"]}, {"t": "Math", "c": [{"t": "InlineMath"}, "x^2"]}], "x = 1x^2"),
        ([{"t": "Link", "c": [["id", ["class"], []], [s("a")], ["https://b", "title"]]}], "a"),
        ([{"t": "Image", "c": [NONE, [s("alt")], ["b.png", "title"]]}], "alt"),
        ([{"t": "CodeBlock", "c": [NONE, "a\n  b"]}, {"t": "HorizontalRule"}, para([s("c")])], "a\n  b\n\nc"),
        ([{"t": "RawBlock", "c": ["html", "<b>"]}], ""),
        ([{"t": "OrderedList", "c": [[1, {"t": "Decimal"}, {"t": "Period"}], [[para([s("a")])]]]}], "a"),
        ([{"t": "Header", "c": [2, ["id", [], []], [s("a")]]}], "a"),
    ],
)
def test_plain_text_is_what_a_reader_reads(nodes: Any, text: str) -> None:
    assert plain_text(nodes) == text


def test_plain_text_with_raw_html_and_without_notes() -> None:
    assert plain_text([{"t": "RawInline", "c": ["html", "<b>"]}, s("a")], raw=True) == "<b>a"
    assert plain_text([s("a"), NOTE], notes=False) == "a"


@pytest.mark.parametrize(
    ("url", "name", "safe"),
    [
        ("https://a.b", "https", True), ("HTTPS://a.b", "https", True), ("mailto:a@b", "mailto", True),
        ("a/b.html", "", True),
        ("#q1", "", True), ("?a:b", "", True), ("//a.b", "", True), ("", "", True), ("a b:c", "ab", False),
        ("javascript:x", "javascript", False), ("JAVA\nSCRIPT:x", "javascript", False),
        ("\x00javascript:x", "javascript", False),
        ("java\u200bscript:x", "javascript", False), ("data:text/html,x", "data", False), ("file:///x", "file", False),
        ("&#106;avascript:x", "", True), ("题目：a", "", True), ("1a:b", "", True), ("C:\\x", "c", False),
    ],
)  # fmt: skip
def test_schemes_and_safe_links(url: str, name: str, safe: bool) -> None:
    assert scheme(url) == name
    assert safe_link(url) is safe


def test_validate_takes_tuples_at_the_top() -> None:
    markup.validate((para([s("a")]),))
    markup.validate((s("a"),), inline=True)


@pytest.mark.parametrize("seed", range(40))
def test_nodes_of_a_kind_are_those_the_walk_finds(seed: int) -> None:
    for question in random_bank(seed).questions:
        for kind in ("Link", "Strong", "Para", "Header"):
            nodes = [question.prompt, question.answer, list(question.title)]
            assert nodes_of(kind, nodes) == [node for node in walk(nodes) if node["t"] == kind]


def test_within_keeping_texts_a_tuple_is_read_once_and_anything_else_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    words, read = [], markup._read
    monkeypatch.setattr(markup, "_read", lambda nodes, *more: words.append(nodes) or read(nodes, *more))
    said, note = markup.string("a b"), ({"t": "Note", "c": [markup.para(markup.string("c"))]},)
    with markup.keeping_texts():
        assert [markup.plain_text(said) for _ in range(3)] == ["a b"] * 3
        assert len(words) == 1
        assert (markup.plain_text(note), markup.plain_text(note, notes=False)) == ("c", "")
        listed = list(said)
        assert markup.plain_text(listed) == "a b"
        listed.pop()
        assert markup.plain_text(listed) == "a "
    assert markup.plain_text(said) == "a b"
    assert len(words) == 6
