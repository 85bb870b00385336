"""The rules: every code that is used has one, every rule is whole and used, and the docs page is in step."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tiku.errors import DocumentError, ExportError, SetupError, TikuError, UsageError
from tiku.problems import Problem, Severity, rules

ROOT = Path(__file__).parent.parent
SOURCES = {path: path.read_text(encoding="utf-8") for path in (ROOT / "converters" / "tiku").rglob("*.py")}
CODE = re.compile(r"\bQ\d{3}\b")
USED = {code for text in SOURCES.values() for code in CODE.findall(text)}


def test_every_code_used_has_a_rule() -> None:
    assert set() == USED - set(rules())


def test_every_rule_is_used() -> None:
    assert set(rules()) - USED == set()


@pytest.mark.parametrize("code", rules())
def test_a_rule_is_whole(code: str) -> None:
    rule = rules()[code]
    assert CODE.fullmatch(code)
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", rule.name)
    assert rule.summary
    assert rule.remedy
    assert not rule.summary.endswith(".")
    assert [other.code for other in rules().values() if other.name == rule.name] == [code]


def test_codes_stand_in_order() -> None:
    assert list(rules()) == sorted(rules())


def test_a_problem_says_where_it_is() -> None:
    assert str(Problem("Q101", "m", "a.md", 3)) == "a.md:3: Q101 m"
    assert str(Problem("Q101", "m", "a.md")) == "a.md: Q101 m"
    assert str(Problem("Q101", "m")) == "Q101 m"
    assert Problem("Q101", "m").severity is Severity.WARNING


def test_errors_say_where_they_are_and_how_the_command_ends() -> None:
    assert str(DocumentError("m", file="a.md", line=3)) == "a.md:3: m"
    assert str(DocumentError("m", file="a.md")) == "a.md: m"
    assert str(TikuError("m")) == "m"
    codes = {error: error.exit_code for error in (TikuError, DocumentError, ExportError, UsageError, SetupError)}
    assert list(codes.values()) == [1, 1, 1, 2, 3]
    import click

    assert not any(issubclass(error, click.ClickException) for error in codes)


def test_the_page_of_problems_is_in_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(ROOT / "scripts")
    import problems_page

    page = (ROOT / "docs" / "problems.md").read_text(encoding="utf-8")
    assert page == problems_page.page(), "run: .venv/bin/python scripts/problems_page.py"
