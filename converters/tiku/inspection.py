"""What was recognised in a document, and why: the answer of ``tiku inspect``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tiku.markup import plain_text
from tiku.render.view import name_of, section_name

if TYPE_CHECKING:
    from tiku.errors import TikuError
    from tiku.problems import Problem
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
            return f"{self.source}: {self.error}"
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


def inspect(source: str, *, reader: str = "", dialect: str = "") -> Inspection:
    """What tiku recognises in `source`. Raises DocumentError when it cannot be read or holds no questions."""
    from tiku import build
    from tiku.checks import check

    reading = build.read(source, format=reader, dialect=dialect)
    return Inspection(source, reading, tuple(check(reading)))


def failed(source: str, error: TikuError) -> Inspection:
    """The inspection of a document that could not be read."""
    from tiku.problems import Problem

    code = error.message.split(" ", 1)[0]
    code, message = (code, error.message.split(" ", 1)[1]) if code == "Q001" else ("Q002", error.message)
    return Inspection(source, None, (Problem(code, message, source, error.line),), str(error))
