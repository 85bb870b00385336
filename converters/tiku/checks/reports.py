"""Problems for other programs: JSON, SARIF 2.1.0, GitHub's annotations.

SARIF follows https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; annotations
https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions.
"""

from __future__ import annotations

import json
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tiku import __version__
from tiku.problems import Severity, rules

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tiku.problems import Problem

_LEVEL = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTICE: "note"}
_COMMAND = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTICE: "notice"}


def as_text(problems: Sequence[Problem]) -> str:
    """``file:line: code message``, one a line."""
    return "\n".join(str(problem) for problem in problems)


def as_json(problems: Sequence[Problem]) -> str:
    """An object with a list ``problems``."""
    rows = [
        {"code": p.code, "severity": str(p.severity), "message": p.message, "file": p.file, "line": p.line}
        for p in problems
    ]
    return json.dumps({"problems": rows}, ensure_ascii=False, indent=1)


def as_sarif(problems: Sequence[Problem]) -> str:
    """One run with all our rules."""
    known = sorted(rules())
    places = {code: index for index, code in enumerate(known)}
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "tiku",
                "version": __version__,
                "rules": [
                    {
                        "id": code,
                        "name": rules()[code].name,
                        "shortDescription": {"text": rules()[code].summary},
                        "help": {"text": rules()[code].remedy},
                        "defaultConfiguration": {"level": _LEVEL[rules()[code].severity]},
                    }
                    for code in known
                ],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(problem, places) for problem in problems],
    }
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def _result(problem: Problem, places: dict[str, int]) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": problem.code,
        "ruleIndex": places[problem.code],
        "level": _LEVEL[problem.severity],
        "message": {"text": problem.message},
    }
    if problem.file and problem.file != "-":
        place: dict[str, Any] = {"artifactLocation": {"uri": quote(PurePath(problem.file).as_posix())}}
        if problem.line:
            place["region"] = {"startLine": problem.line}
        result["locations"] = [{"physicalLocation": place}]
    return result


def as_github(problems: Sequence[Problem]) -> str:
    """Workflow commands that GitHub shows beside the lines."""
    return "\n".join(
        f"::{_COMMAND[p.severity]} file={_property(p.file)}{f',line={p.line}' if p.line else ''}"
        f",title={p.code}::{_data(p.message)}"
        for p in problems
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


FORMATS: dict[str, Callable[[Sequence[Problem]], str]] = {
    "text": as_text, "json": as_json, "sarif": as_sarif, "github": as_github,
}  # fmt: skip
