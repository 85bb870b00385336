"""The command line, run in this process: what it printed and how it ended."""

from __future__ import annotations

import io
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tiku.cli import main

if TYPE_CHECKING:
    import pytest


@dataclass(frozen=True, slots=True)
class Done:
    """What a call of the command did."""

    code: int
    out: str
    err: str


class Command:
    """Calls ``tiku``; a traceback, or words that only a fault of ours brings, fail the test."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.monkeypatch = monkeypatch
        self.capsys = capsys

    def __call__(self, *arguments: object, stdin: bytes = b"") -> Done:
        self.monkeypatch.setattr(sys, "argv", ["tiku", *map(str, arguments)])
        self.monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        self.capsys.readouterr()
        code: object = None
        try:
            main()
        except SystemExit as end:
            code = end.code
        captured = self.capsys.readouterr()
        words = captured.out + captured.err
        assert "Traceback" not in words, words
        assert "a fault of tiku itself" not in words, words
        assert isinstance(code, int), code
        return Done(code, captured.out, captured.err)
