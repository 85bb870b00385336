"""The model as JSON: reads back equal, follows the published schema, and a hostile file is refused in words."""

from __future__ import annotations

import copy
import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from banks import REAL, SHOWCASE, bank, bank_at, numbered
from random_banks import JSON_VALUES, banks
from tiku import markup, serial
from tiku.errors import DocumentError
from tiku.model import Bank, Question, Section

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = json.loads(serial.schema())
VALIDATOR = Draft202012Validator(SCHEMA)
SLOW = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


def faults(document: Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(document)]


def document(*, question: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """A small valid model as JSON data, with `question` put over its only question and `changes` over its bank."""
    data = {"id": "q1", "prompt": [{"t": "Para", "c": [{"t": "Str", "c": "Why?"}]}], **(question or {})}
    return {"tiku": 1, "bank": {"title": "T", "sections": [{"questions": [data]}], **changes}}


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == serial.SCHEMA


@pytest.mark.parametrize("path", [REAL, SHOWCASE], ids=lambda path: path.stem)
def test_a_real_document_reads_back_equal_and_follows_the_schema(path: Path) -> None:
    before = bank_at(path)
    text = serial.dumps(before)
    assert serial.loads(text) == before
    assert faults(json.loads(text)) == []
    assert serial.dumps(serial.loads(text)) == text


@SLOW
@given(banks())
def test_any_bank_reads_back_equal_and_follows_the_schema(before: Bank) -> None:
    text = serial.dumps(before)
    assert serial.loads(text) == before
    assert faults(json.loads(text)) == []


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    out = [path]
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        out += _places(item, (*path, key))
    return out


def _change(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    value = copy.deepcopy(value)
    inner = value
    for key in path[:-1]:
        inner = inner[key]
    if path:
        inner[path[-1]] = new
        return value
    return new


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(banks(), st.data())
def test_a_damaged_model_is_read_or_refused_and_the_schema_promises_no_more(before: Bank, data: Any) -> None:
    good = json.loads(serial.dumps(before))
    bad = _change(good, data.draw(st.sampled_from(_places(good))), data.draw(JSON_VALUES))
    text = json.dumps(bad)
    refused = ""
    try:
        serial.loads(text)
    except DocumentError as error:
        refused = str(error)
    # Beyond the schema: characters, depth, unique names and the digits of media.
    beyond = ("stands in the text", "deeper than", "two ", "SHA-256", "not base64")
    assert not refused or faults(bad) or any(words in refused for words in beyond), refused


PICTURE = {"name": "e3b0c44298fc1c14.png", "mime": "image/png", "data": ""}
NODE = {"t": "Str", "c": "x"}
HOSTILE: dict[str, tuple[Any, str]] = {
    "no object": ([1], "not a tiku model"),
    "no bank": ({"tiku": 1}, "not a tiku model"),
    "another version": ({"tiku": 2, "bank": {}}, "version 2"),
    "version as an object": ({"tiku": {}, "bank": {}}, "version unknown"),
    "version true": ({"tiku": True, "bank": {}}, "version True"),
    "bank no object": ({"tiku": 1, "bank": []}, "bank: an object is wanted"),
    "unknown key": (document(question={"promt": []}), "unknown key 'promt'"),
    "title no text": (document(title=7), "bank.title: text is wanted, not int"),
    "sections no list": (document(sections={}), "bank.sections: a list is wanted"),
    "no id": (document(question={"id": ""}), "every question needs one"),
    "two ids": (document(sections=[{"questions": [{"id": "a"}, {"id": "a"}]}]), "two questions have the id 'a'"),
    "kind": (document(question={"kind": "essay"}), "questions[0].kind"),
    "kind a list": (document(question={"kind": []}), "questions[0].kind"),
    "correct a word": (document(question={"choices": [{"label": "A", "correct": "yes"}]}), "choices[0].correct"),
    "line below zero": (document(question={"location": {"line": -1}}), "location.line"),
    "line true": (document(question={"location": {"line": True}}), "location.line"),
    "inline as block": (document(question={"prompt": [NODE]}), "where a block should be"),
    "block as inline": (document(question={"title": [{"t": "Para", "c": []}]}), "where an inline should be"),
    "node no object": (document(question={"prompt": ["Why?"]}), "'Why?' where a block should be"),
    "type a list": (document(question={"prompt": [{"t": ["Para"], "c": []}]}), "where a block should be"),
    "unknown type": (document(question={"prompt": [{"t": "Script", "c": "x"}]}), "of type 'Script'"),
    "no content": (document(question={"prompt": [{"t": "Para"}]}), "where a list should be"),
    "two contents": (document(question={"prompt": [{"t": "Para", "c": [], "d": 1}]}), "where a block should be"),
    "text a number": (document(question={"title": [{"t": "Str", "c": 1}]}), "where text should be"),
    "short tuple": (document(question={"title": [{"t": "Code", "c": ["x"]}]}), "a list of 2"),
    "attribute": (document(question={"title": [{"t": "Code", "c": [["", [1], []], "x"]}]}), "1 where text"),
    "span of a million": (
        document(question={"prompt": [{"t": "Table", "c": [
            ["", [], []], [None, []], [[{"t": "AlignDefault"}, {"t": "ColWidthDefault"}]], [["", [], []], []],
            [[["", [], []], 0, [], [[["", [], []], [[["", [], []], {"t": "AlignDefault"}, 1, 10**6, []]]]]]],
            [["", [], []], []]]}]}), "from 1 to 1000"),
    "heading of level 0": (
        document(question={"prompt": [{"t": "Header", "c": [0, ["", [], []], []]}]}), "number from 1"),
    "citation": (document(question={"title": [{"t": "Cite", "c": [[{"x": 1}], []]}]}), "a citation"),
    "width": (document(question={"prompt": [{"t": "Table", "c": [
            ["", [], []], [None, []], [[{"t": "AlignDefault"}, {"t": "ColWidth", "c": "x"}]], [["", [], []], []], [],
            [["", [], []], []]]}]}), "a column width"),
    "NUL": (document(title="a\0b"), "control character U+0000"),
    "NUL in content": (document(question={"title": [{"t": "Str", "c": "\0"}]}), "questions[0].title: the control"),
    "half a pair": (document(title="\ud800"), "half a surrogate pair"),
    "half a pair in content": (document(question={"title": [{"t": "Str", "c": "\udfff"}]}), "half a surrogate pair"),
    "media outside": (document(media=[{"name": "../../x.png", "mime": "image/png", "data": ""}]), "SHA-256"),
    "media of another hash": (document(media=[{**PICTURE, "name": "0" * 16 + ".png"}]), "SHA-256"),
    "media no base64": (document(media=[{"name": "x", "mime": "image/png", "data": "é"}]), "not base64"),
    "media type": (document(media=[{**PICTURE, "mime": "x"}]), "media type"),
    "media twice": (document(media=[PICTURE] * 2), "two have"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_model_is_refused_with_the_place_and_the_reason(name: str) -> None:
    data, words = HOSTILE[name]
    with pytest.raises(DocumentError, match=re.escape(words)) as caught:
        serial.loads(json.dumps(data))
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize("name", [name for name in HOSTILE if not name.startswith(
    ("two ids", "NUL", "half", "media of", "media no", "media twice"))])  # fmt: skip
def test_the_schema_refuses_it_too(name: str) -> None:
    assert faults(HOSTILE[name][0])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not JSON"), ("{", "not JSON"), ("[" * 100_000, "nested too deeply"),
        ('{"a": NaN}', "NaN is no JSON number"),
        ("9" * 5_000, "not JSON"), ('{"bank": 1e999}', "version"),
    ],
)  # fmt: skip
def test_what_is_no_json_is_refused(text: str, words: str) -> None:
    with pytest.raises(DocumentError, match=words):
        serial.loads(text)


CONTAINERS = {
    "BlockQuote": lambda inner: {"t": "BlockQuote", "c": [inner]},
    "BulletList": lambda inner: {"t": "BulletList", "c": [[inner]]},
    "Div": lambda inner: {"t": "Div", "c": [["", [], []], [inner]]},
    "Note": lambda inner: {"t": "Para", "c": [{"t": "Note", "c": [inner]}]},
    "Emph": lambda inner: {"t": "Emph", "c": [inner]},
    "Link": lambda inner: {"t": "Link", "c": [["", [], []], [inner], ["#x", ""]]},
    "DefinitionList": lambda inner: {"t": "DefinitionList", "c": [[[], [[inner]]]]},
    "Table": lambda inner: {"t": "Table", "c": [
        ["", [], []], [None, []], [[{"t": "AlignDefault"}, {"t": "ColWidthDefault"}]], [["", [], []], []],
        [[["", [], []], 0, [], [[["", [], []], [[["", [], []], {"t": "AlignDefault"}, 1, 1, [inner]]]]]]],
        [["", [], []], []]]},
}  # fmt: skip
INLINE_CONTAINERS = ("Emph", "Link")


def nested(kind: str, depth: int) -> list[Any]:
    """Blocks in which a container of `kind` stands `depth` nodes deep."""
    inner: Any = {"t": "Str", "c": "x"} if kind in INLINE_CONTAINERS else {"t": "Para", "c": [{"t": "Str", "c": "x"}]}
    step = 2 if kind == "Note" else 1
    for _ in range((depth - 2) // step):
        inner = CONTAINERS[kind](inner)
    return [{"t": "Para", "c": [inner]}] if kind in INLINE_CONTAINERS else [inner]


@pytest.mark.parametrize("kind", CONTAINERS)
def test_depth_is_limited_to_what_every_output_can_bear(kind: str) -> None:
    deepest = nested(kind, markup.MAX_DEPTH)
    read = serial.loads(json.dumps(document(question={"prompt": deepest}))).questions[0].prompt
    assert list(read) == deepest
    markup.check_depth(deepest)
    too_deep = nested(kind, markup.MAX_DEPTH + 2)
    with pytest.raises(DocumentError, match="deeper than"):
        serial.loads(json.dumps(document(question={"prompt": too_deep})))
    with pytest.raises(DocumentError, match="deeper than"):
        markup.check_depth(too_deep)


def test_a_small_change_of_the_bank_changes_the_json() -> None:
    before = bank(numbered(3))
    questions = before.sections[0].questions
    for changed in (questions[:-1], (questions[1], questions[0], questions[2])):
        after = Bank(before.title, before.language, sections=(Section(questions=changed),))
        assert serial.dumps(after) != serial.dumps(before)


def test_what_is_left_out_is_empty() -> None:
    read = serial.loads('{"tiku": 1, "bank": {"sections": [{"questions": [{"id": "a"}]}]}}')
    assert read == Bank(sections=(Section(questions=(Question("a"),)),))
