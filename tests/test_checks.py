"""Every rule of `tiku check`, one test a rule: a document that breaks it, and its line."""

from __future__ import annotations

import json

import jsonschema
import pytest

import tiku
from banks import REAL, ROOT, reading
from tiku.checks import check
from tiku.checks.reports import as_github, as_json, as_sarif
from tiku.problems import rules

PLAIN = "### {n}. What is number {n} about {w}?\n\n**Answer:** It is about {w} number {n}.\n\n**Explanation:** Because {w}.\n"
WORDS = "apples bicycles castles dolphins engines forests glaciers harbours islands jungles".split()


def document(count: int = 6, **changes: str) -> str:
    """A faultless document of `count` questions; `changes` (q3="…") replace whole questions."""
    parts = [PLAIN.format(n=n, w=WORDS[n % 10]) for n in range(1, count + 1)]
    for name, text in changes.items():
        parts[int(name[1:]) - 1] = text
    return "\n".join(parts)


def codes(text: str) -> list[tuple[str, int]]:
    return [(problem.code, problem.line) for problem in check(reading(text))]


def test_faultless_document_has_no_problem() -> None:
    assert codes(document()) == []


def line_of(text: str, words: str) -> int:
    return text[: text.index(words)].count("\n") + 1


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("Q101", "### 3. What is number 3?\n\n**Answer:** It is, as all know, the number HERE\n\n**Explanation:** Yes, so.\n"),
        ("Q101", "### 3. What is the concept of the HERE of\n\n**Answer:** It is so.\n\n**Explanation:** Yes, so.\n"),
        ("Q102", "### 3. What is HERE?\n\n**Answer:**\n\n**Explanation:** Nobody knows it.\n"),
        ("Q103", "### 3. What is HERE?\n\n**Answer:** It is so.\n"),
        ("Q109", "### 3. What is HERE?\n\n**Answer:** To be completed.\n\n**Explanation:** Because of that.\n"),
        ("Q201", "### 4. What is HERE?\n\n**Answer:** It is so.\n\n**Explanation:** Because of that.\n"),
        ("Q202", "### 2. What is HERE?\n\n**Answer:** It is so.\n\n**Explanation:** Because of that.\n"),
        ("Q204", "### 3. HERE What is number 2 about castles?\n\n**Answer:** It is so.\n\n**Explanation:** Because.\n"),
        ("Q205", "### 3. Which one is HERE?\n\n- A. one\n- B. two\n\n**Answer:** Nobody told it.\n\n**Explanation:** Because.\n"),
        ("Q206", "### 3. Which one is HERE?\n\n- A. one\n- B. two\n\n**Answer:** E\n\n**Explanation:** Because.\n"),
        ("Q207", "### 3. What is HERE?\n\n**Answer:** It is so.\n\n**Answer:** Or so.\n\n**Explanation:** Because.\n"),
        ("Q208", "### 3. What is HERE?\n\n**Answer:** It is **bold **and so on.\n\n**Explanation:** Because.\n"),
        ("Q210", "### 3.\n\n**Answer:** It is HERE.\n\n**Explanation:** Because.\n"),
        ("Q401", "### 3. What is HERE?\n\n**Answer:** See ![a](no-such.png) so.\n\n**Explanation:** Because.\n"),
        ("Q402", "### 3. What is HERE?\n\n**Answer:** See ![a](https://example.org/a.png) so.\n\n**Explanation:** Because.\n"),
        ("Q403", "### 3. What is HERE?\n\n**Answer:** See ![a](../../etc/passwd) so.\n\n**Explanation:** Because.\n"),
        ("Q404", "### 3. What is HERE?\n\n**Answer:** See [a](javascript:alert(1)) so.\n\n**Explanation:** Because.\n"),
        ("Q405", "### 3. What is HERE?\n\n**Answer:** See [a](#nowhere) so.\n\n**Explanation:** Because.\n"),
        ("Q106", "### 3. What is HERE?\n\n**Answer:** It is so.\n\n<script>alert(1)</script>\n\n**Explanation:** Because.\n"),
    ],
)  # fmt: skip
def test_rule(code: str, text: str, tmp_path: object) -> None:
    whole = document(q3=text)
    found = [problem for problem in check(reading(whole, root=tmp_path)) if problem.code == code]
    assert found, f"{code} was not found"
    wanted = line_of(whole, "HERE")
    assert any(abs(problem.line - wanted) <= 3 for problem in found), (wanted, found)


def test_numbers_out_of_order() -> None:
    text = document().replace("### 3.", "### 9.").replace("### 5.", "### 3.")
    assert "Q203" in [code for code, _ in codes(text)]


def test_numbers_may_start_again_in_the_next_chapter() -> None:
    again = document(3).replace("apples", "a").replace("number", "figure")
    assert not [code for code, _ in codes(f"## One\n\n{document(3)}\n\n## Two\n\n{again}") if code.startswith("Q20")]


def test_unclosed_fence_is_named_by_its_line() -> None:
    text = document() + "\n```python\nprint(1)\n"
    assert ("Q110", line_of(text, "```python")) in codes(text)


def test_control_characters_are_removed_and_listed() -> None:
    text = document().replace("castles", "cas\x00t\x1fles")
    assert "Q104" in [code for code, _ in codes(text)]
    assert "\x1f" not in str(reading(text).bank)


def test_heading_jump() -> None:
    assert "Q209" in [code for code, _ in codes("# Questions\n\n" + document())]


def test_long_card() -> None:
    text = document(
        q2="### 2. What is long?\n\n**Answer:** " + "It goes on. " * 500 + "\n\n**Explanation:** Because.\n"
    )
    assert "Q211" in [code for code, _ in codes(text)]


def test_transcript() -> None:
    text = document(
        q1="### 1. What is it?\n\n**Answer:** As an AI language model, I think so.\n\n**Explanation:** Because.\n"
    )
    assert "Q003" in [code for code, _ in codes(text)]


def test_real_input_has_exactly_its_two_faults() -> None:
    found = check(tiku.read(REAL))
    assert [(problem.code, problem.line) for problem in found] == [("Q103", 287), ("Q101", 303)]


def test_every_rule_is_complete() -> None:
    for rule in rules().values():
        assert all((rule.name, rule.summary, rule.remedy))


def test_reports_hold_every_problem() -> None:
    problems = check(reading(document(q3="### 3. What is it?\n\n**Answer:** TBD\n")))
    assert problems
    assert len(json.loads(as_json(problems))["problems"]) == len(problems)
    sarif = json.loads(as_sarif(problems))
    results = sarif["runs"][0]["results"]
    assert len(results) == len(problems)
    declared = [rule["id"] for rule in sarif["runs"][0]["tool"]["driver"]["rules"]]
    assert all(declared[result["ruleIndex"]] == result["ruleId"] for result in results)
    lines = as_github(problems).splitlines()
    assert len(lines) == len(problems)
    assert all(line.startswith(("::warning file=", "::error file=", "::notice file=")) for line in lines)


@pytest.mark.tools
def test_sarif_is_valid_by_its_official_schema() -> None:
    schema_file = (
        ROOT / ".judges" / "node_modules" / "@microsoft" / "jest-sarif" / "lib" / "schemas" / "sarif-2.1.0-rtm.5.json"
    )
    schema = json.loads(schema_file.read_text(encoding="utf-8"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    report = json.loads(as_sarif(check(tiku.read(REAL))))
    assert not list(validator.iter_errors(report))
    del report["runs"][0]["results"][0]["message"]
    assert list(validator.iter_errors(report))
