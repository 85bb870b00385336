"""LaTeX's exam class, made plain for pandoc, which would lose correct choices, points and numbers in silence.

The commands follow the manual of exam.cls (https://ctan.org/pkg/exam): `\\question[points]`, `\\titledquestion`, `choices`
and `checkboxes` with `\\choice` and `\\CorrectChoice`, `solution` and its relatives.
"""

from __future__ import annotations

import re
import string
from functools import partial
from typing import TYPE_CHECKING

from tiku.readers.labels import role_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_QUESTION = re.compile(
    r"\\(?:question|(?P<titled>titledquestion)\s*\{(?P<title>[^{}]*)\})\s*(?:\[(?P<points>[^\]]*)\])?(?![A-Za-z])"
)
_CHOICES = re.compile(r"\\(?P<what>begin|end)\{(?:onepar)?(?:choices|checkboxes)\}")
_CHOICE = re.compile(r"\\(?P<correct>Correct[Cc]hoice|choice)(?![A-Za-z])")
_ENVIRONMENT = re.compile(r"\\(?P<what>begin|end)\{(?P<name>[^{}]{1,40})\}(?:\[[^\]]*\])?")
_SOLUTIONS = frozenset(
    {"solution", "solutionorbox", "solutionorlines", "solutionordottedlines", "solutionorgrid", "EnvFullwidth"}
)
_PLAIN = frozenset({"questions", "EnvFullwidth"})


def prepare(text: str) -> str:
    """`text` with exam.cls's questions as headings, its choices as boxed items, its solutions as labels.

    A document without `\\question` comes back as it is.
    """
    if "\\question" not in text and "\\titledquestion" not in text:
        return text
    text = _COMMENT.sub("", text)
    count = 0

    def question(found: re.Match[str]) -> str:
        nonlocal count
        count += 1
        points = f"\n\n\\textbf{{Points:}} {found['points']}\n\n" if found["points"] else ""
        title = found["title"] or ""
        return f"\n\n\\section*{{{count}. {title}}}\n\n{points}"

    text = _QUESTION.sub(question, text)

    def choices(found: re.Match[str]) -> str:
        return f"\n\n\\{found['what']}{{itemize}}\n"

    pieces = re.split(r"(\\begin\{(?:onepar)?(?:choices|checkboxes)\})", text)
    out = [pieces[0]]
    for opening, rest in zip(pieces[1::2], pieces[2::2], strict=True):
        out += [opening, _CHOICE.sub(partial(_item, iter(string.ascii_uppercase)), rest)]
    text = _CHOICES.sub(choices, "".join(out))
    return _ENVIRONMENT.sub(_environment, text)


def _item(letters: Iterator[str], found: re.Match[str]) -> str:
    box = "☒" if found["correct"].lower() == "correctchoice" else "☐"
    return f"\\item {box} {next(letters, '?')}. "


def _environment(found: re.Match[str]) -> str:
    name = found["name"].rstrip("*")
    if name in _PLAIN:
        return "\n\n"
    if name in _SOLUTIONS or role_of(name):
        label = "Answer" if name in _SOLUTIONS else name
        return f"\n\n\\textbf{{{label}:}} " if found["what"] == "begin" else "\n\n"
    return found[0]
