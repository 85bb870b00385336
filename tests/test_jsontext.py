"""JSON as the standard library writes it with an indent of one space."""

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


def _standard(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1)


def _unknown(value: Any) -> Any:
    raise TypeError(type(value).__name__)


@given(VALUES)
@settings(max_examples=200, deadline=None)
def test_any_value_is_written_as_the_standard_library_writes_it(value: Any) -> None:
    assert jsontext.text(value, _unknown) == _standard(value)


@pytest.mark.parametrize("depth", [100, 119, 120, 121, 122, 300])
def test_deep_values_too(depth: int) -> None:
    value: Any = {"t": "Str", "c": 'a"\n\u2028\x7f\\'}
    for level in range(depth):
        value = [value, {"t": "Space"}] if level % 2 else {"t": "Emph", "c": [value]}
    assert jsontext.text(value, _unknown) == _standard(value)


def test_tuples_are_lists_and_other_things_what_the_caller_says() -> None:
    assert jsontext.text(((), (1.5, True), {2, 1}), sorted) == _standard([[], [1.5, True], [1, 2]])
    assert jsontext.text(json.loads("[" * 200 + "]" * 200), _unknown) == _standard(json.loads("[" * 200 + "]" * 200))


@pytest.mark.parametrize("seed", range(20))
def test_a_model_reads_back_and_its_text_is_the_standard_one(seed: int) -> None:
    bank = random_bank(seed)
    text = serial.dumps(bank)
    assert serial.loads(text) == bank
    assert text == _standard(json.loads(text)) + "\n"


def test_a_sample_of_the_showcase() -> None:
    text = serial.dumps(banks.bank_at(banks.SHOWCASE))
    assert text == _standard(json.loads(text)) + "\n"
