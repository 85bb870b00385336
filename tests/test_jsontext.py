"""JSON that people and git can read, and that any program reads as what was written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import banks
from random_banks import random_bank
from tiku import jsontext, serial

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
KEYS = st.sampled_from(["t", "c", "x", ""])
NODES = st.sampled_from(
    [{"t": "Str", "c": "词"}, {"c": "a", "t": "Str"}, {"t": "Str", "c": ["a"]}, {"t": "Str"}, {"t": "Space"},
     {"t": "Space", "c": None}, {"t": "Str", "c": "a", "x": 1}, {"x": "Str"}, {"t": None}]
)  # fmt: skip
VALUES = st.recursive(
    SCALARS | NODES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=3), max_leaves=20
)


def _unknown(value: Any) -> Any:
    raise TypeError(type(value).__name__)


@given(VALUES)
@settings(max_examples=200, deadline=None)
def test_any_value_reads_back(value: Any) -> None:
    assert json.loads(jsontext.text(value, _unknown)) == value


@pytest.mark.parametrize("depth", [2, 50, 300])
def test_deep_values_too(depth: int) -> None:
    value: Any = {"t": "Str", "c": 'a"\n\u2028\x7f\\'}
    for level in range(depth):
        value = [value, {"t": "Space"}] if level % 2 else {"t": "Emph", "c": [value]}
    assert json.loads(jsontext.text(value, _unknown)) == value


def test_tuples_are_lists_and_other_things_what_the_caller_says() -> None:
    assert json.loads(jsontext.text(((), (1.5, True), {2, 1}), sorted)) == [[], [1.5, True], [1, 2]]
    with pytest.raises(TypeError, match="set"):
        jsontext.text([{1}], _unknown)


def test_a_block_is_one_line_and_so_are_inlines() -> None:
    para = {"t": "Para", "c": [{"t": "Str", "c": "词"}, {"t": "Space"}]}
    value = {"title": tuple(para["c"]), "answer": (para, para), "tags": ["a"], "parts": (), "of": {"n": 1, "x": None}}
    assert (
        jsontext.text(value, _unknown)
        == """{
 "title": [{"t":"Str","c":"词"},{"t":"Space"}],
 "answer": [
  {"t":"Para","c":[{"t":"Str","c":"词"},{"t":"Space"}]},
  {"t":"Para","c":[{"t":"Str","c":"词"},{"t":"Space"}]}
 ],
 "tags": [
  "a"
 ],
 "parts": [],
 "of": {
  "n": 1,
  "x": null
 }
}"""
    )


@pytest.mark.parametrize("seed", range(20))
def test_a_model_reads_back(seed: int) -> None:
    bank = random_bank(seed)
    assert serial.loads(serial.dumps(bank)) == bank


def test_a_changed_word_is_one_changed_line() -> None:
    one, two = (serial.dumps(banks.bank(f"# 1. Why?\n\nOne. {word}\n\nTwo.\n")).splitlines() for word in ("a", "b"))
    assert sum(left != right for left, right in zip(one, two, strict=True)) == 1
