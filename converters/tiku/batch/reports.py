"""A build's results for other programs: JSON, JUnit XML, SARIF, GitHub's annotations.

JUnit has no standard; this follows the schema that Jenkins and GitLab read
(https://github.com/testmoapp/junitxml): a suite for each document, a case for each output and one for the reading.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from tiku import __version__
from tiku.checks import reports
from tiku.inspection import problem_of
from tiku.problems import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tiku.orders import Result
    from tiku.problems import Problem

_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 cannot hold: a file's name may."""
VERSION = 1
"""Of the JSON report: rises when a key changes its meaning or goes."""


def problems_of(results: Sequence[Result]) -> list[Problem]:
    """All complaints of a build, errors among them."""
    found = [problem for result in results for problem in result.problems]
    found += [problem_of(result.error.file or result.label, result.error) for result in results if result.error]
    return sorted(dict.fromkeys(found), key=lambda each: (each.file, each.line, each.code, each.message))


def as_json(results: Sequence[Result], steps: Mapping[str, float], seconds: float) -> str:
    """``results`` by source and output, ``problems`` as ``tiku check --format json`` prints them, ``seconds`` by step."""
    document = {
        "report": VERSION,
        "tiku": __version__,
        "seconds": round(seconds, 3),
        "steps": {step: round(value, 3) for step, value in sorted(steps.items())},
        "results": [
            {
                "source": result.source,
                "target": str(result.target) if result.target else None,
                "label": result.label,
                "state": "failed" if result.error else str(result.state) if result.target else "read",
                "error": str(result.error) if result.error else None,
                "exit_code": result.error.exit_code if result.error else 0,
                "problems": len(result.problems),
            }
            for result in results
        ],
        "problems": json.loads(reports.as_json(problems_of(results)))["problems"],
    }
    return json.dumps(document, ensure_ascii=False, indent=1)


def as_junit(results: Sequence[Result], steps: Mapping[str, float], seconds: float) -> str:  # noqa: ARG001 - one shape for all
    """A failed document or output is an ``error``, a complaint that is an error a ``failure``, others plain output."""
    root = ET.Element("testsuites", name="tiku", time=f"{seconds:.3f}")
    suites: dict[str, ET.Element] = {}
    for result in results:
        suite = suites.setdefault(result.source, ET.Element("testsuite", name=result.source))
        name = str(result.target) if result.target else result.label
        case = next((each for each in suite if each.get("name") == name), None)
        if case is None:
            case = ET.SubElement(suite, "testcase", name=name, classname=result.source)
        if result.error:
            error = ET.SubElement(case, "error", message=str(result.error), type=type(result.error).__name__)
            error.text = str(result.error)
        for problem in result.problems:
            if problem.severity is Severity.ERROR:
                failure = ET.SubElement(case, "failure", message=str(problem), type=problem.code)
                failure.text = str(problem)
        if said := "\n".join(map(str, result.problems)):
            ET.SubElement(case, "system-out").text = said
    for source in sorted(suites):
        suite = suites[source]
        suite.set("tests", str(len(suite)))
        suite.set("errors", str(sum(case.find("error") is not None for case in suite)))
        suite.set("failures", str(sum(case.find("failure") is not None for case in suite)))
        root.append(suite)
    for count in ("tests", "errors", "failures"):
        root.set(count, str(sum(int(suite.get(count, "0")) for suite in root)))
    ET.indent(root)
    for each in root.iter():
        each.attrib.update({name: _ILLEGAL.sub("?", value) for name, value in each.attrib.items()})
        each.text = _ILLEGAL.sub("?", each.text) if each.text else each.text
    return ET.tostring(root, encoding="unicode", xml_declaration=True)


def as_sarif(results: Sequence[Result], steps: Mapping[str, float], seconds: float) -> str:  # noqa: ARG001 - one shape for all
    """SARIF 2.1.0 of all complaints."""
    return reports.as_sarif(problems_of(results))


def as_github(results: Sequence[Result], steps: Mapping[str, float], seconds: float) -> str:  # noqa: ARG001 - one shape for all
    """Annotations for a workflow's log."""
    return reports.as_github(problems_of(results))


STYLES: dict[str, Callable[[Sequence[Result], Mapping[str, float], float], str]] = {
    "json": as_json, "junit": as_junit, "sarif": as_sarif, "github": as_github,
}  # fmt: skip
