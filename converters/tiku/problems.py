"""Complaints about content, as data: returned by readers, exporters and checks; never raised, never only logged.

A rule is a value with a code that never changes its meaning. Q0xx: the document as a whole; Q1xx: reading;
Q2xx: the questions; Q3xx: what an exporter could not show; Q4xx: pictures and links.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files


class Severity(StrEnum):
    """How bad: an error fails the document, a warning fails it under --strict, a notice only informs."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True)
class Rule:
    """What a code stands for."""

    code: str
    name: str
    severity: Severity
    summary: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Problem:
    """One complaint, with the place a user can go to."""

    code: str
    message: str
    file: str = ""
    line: int = 0
    """1-based; 0 when the complaint is about the whole file."""

    @property
    def severity(self) -> Severity:
        """The severity of the rule behind the code."""
        return rules()[self.code].severity

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.code} {self.message}" if where else f"{self.code} {self.message}"


@cache
def rules() -> dict[str, Rule]:
    """All rules by code, from ``rules.toml``."""
    data = tomllib.loads(files("tiku").joinpath("rules.toml").read_text(encoding="utf-8"))
    return {
        code: Rule(code, entry["name"], Severity(entry["severity"]), entry["summary"], entry["remedy"])
        for code, entry in data.items()
    }
