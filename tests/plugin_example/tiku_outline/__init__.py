"""Titles only: the smallest useful exporter and the smallest useful reader."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiku.errors import ExportError
from tiku.exporters import Answers, ExportOptions, Option
from tiku.markup import string
from tiku.model import Bank, Location, Question, Section
from tiku.problems import Problem
from tiku.readers import Reading, ReadOptions
from tiku.render.view import name_of

if TYPE_CHECKING:
    from pathlib import Path


class OutlineExporter:
    """Writes one line a question."""

    name = "outline"
    suffix = ".outline.txt"
    summary = "the questions' names, one a line"
    keeps = "numbers and titles"
    answers = (Answers.NONE,)
    options = (
        Option("bullet", "what each line begins with", "-"),
        Option("fail", "end in an error, half-way", default=False),
    )

    def export(self, bank: Bank, path: Path, options: ExportOptions) -> list[Problem]:
        """Write `bank` as an outline."""
        lines = [f"{options.settings['bullet']} {name_of(question, bank.language)}\n" for question in bank.questions]
        path.write_text("".join(lines), encoding="utf-8")
        if options.settings["fail"]:
            raise ExportError("half of it is written")
        first = bank.questions[0].location
        return [Problem("Q302", "an outline shows no answers", first.file, first.line)]


class OutlineReader:
    """Reads one question a line."""

    name = "outline"
    suffixes = (".outline",)

    def read(self, data: bytes, options: ReadOptions) -> Reading:
        """The bank in `data`."""
        lines = [line.lstrip("- ") for line in data.decode("utf-8").splitlines()]
        questions = tuple(
            Question(f"line-{number}", title=string(line), location=Location(options.file, number))
            for number, line in enumerate(lines, 1)
        )
        return Reading(Bank("Outline", sections=(Section(questions=questions),)), dialect="outline")


exporter = OutlineExporter()
reader = OutlineReader()
