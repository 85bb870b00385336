"""What was recognised in a document, and why: the answer of ``tiku inspect``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tiku.markup import plain_text
from tiku.problems import Problem, rules
from tiku.render.view import name_of, section_name

if TYPE_CHECKING:
    from tiku.errors import TikuError
    from tiku.readers import Reading


@dataclass(frozen=True, slots=True)
class Inspection:
    """One document, read or not."""

    source: str
    reading: Reading | None
    problems: tuple[Problem, ...]
    error: str = ""

    def data(self) -> dict[str, Any]:
        """As ``tiku inspect --format json`` prints it; keys are a contract."""
        reading = self.reading
        bank = reading.bank if reading else None
        questions = [
            {
                "id": question.id,
                "number": question.number,
                "title": " ".join(plain_text(question.title).split()),
                "line": question.location.line,
                "kind": str(question.kind),
                "choices": len(question.choices),
                "correct": list(question.correct),
                "answered": question.answered,
                "explained": bool(question.explanation),
                "section": [section_name(section, bank.language) for section in path if section.title],
            }
            for path, question in (bank.walk() if bank else ())
            if bank
        ]
        return {
            "source": self.source,
            "title": bank.title if bank else "",
            "language": bank.language if bank else "",
            "dialect": reading.dialect if reading else "",
            "evidence": list(reading.evidence) if reading else [],
            "questions": questions,
            "problems": [
                {"code": p.code, "severity": str(p.severity), "message": p.message, "line": p.line}
                for p in self.problems
            ],
        }

    def text(self) -> str:
        """For people."""
        if self.reading is None:
            return self.error if self.error.startswith(self.source) else f"{self.source}: {self.error}"
        bank = self.reading.bank
        lines = [
            f"{self.source}: {len(bank.questions)} questions, '{bank.title}', {bank.language}",
            f"  dialect {self.reading.dialect}",
            *(f"    {line}" for line in self.reading.evidence),
        ]
        shown: tuple[str, ...] = ()
        for path, question in bank.walk():
            here = tuple(section_name(section, bank.language) for section in path if section.title)
            if here != shown:
                lines.append("  " + " / ".join(here))
                shown = here
            facts = [str(question.kind)]
            facts += (
                [f"{len(question.choices)} choices, correct {','.join(question.correct) or '?'}"]
                if question.choices
                else []
            )
            facts += [
                word for word, there in (("answer", question.answered), ("explanation", question.explanation)) if there
            ]
            lines.append(f"  {question.location.line:6} {name_of(question, bank.language)}  [{'; '.join(facts)}]")
        lines += [f"  {problem.line:6} {problem.code} {problem.message}" for problem in self.problems]
        return "\n".join(lines)


def inspect(source: str, **options: Any) -> Inspection:
    """What tiku recognises in `source`; `options` are build.read's.

    Raises DocumentError when it cannot be read or holds no questions.
    """
    from tiku import build
    from tiku.checks import check

    reading = build.read(source, **options)
    return Inspection(source, reading, tuple(check(reading)))


def failed(source: str, error: TikuError) -> Inspection:
    """The inspection of a document that could not be read."""
    return Inspection(source, None, (problem_of(source, error),), str(error))


def problem_of(source: str, error: TikuError) -> Problem:
    """An error about a document as a problem: its own code where the message begins with one, else Q002."""
    code, _, rest = error.message.partition(" ")
    known = code in rules()
    return Problem(code if known else "Q002", rest if known else error.message, error.file or source, error.line)
