"""What stops a run. Complaints about content are no exceptions: see ``problems.py``.

TikuError                exit code 1: a document failed
 ├─ DocumentError        a source cannot be read, or holds no questions
 ├─ ExportError          an exporter cannot write this bank
 ├─ UsageError           exit code 2: the call is wrong
 └─ SetupError           exit code 3: a tool, library, font or disk is missing
"""

from typing import ClassVar


class TikuError(Exception):
    """Base of all; ``exit_code`` is what the command ends with."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, file: str = "", line: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.file = file
        self.line = line

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        return where + self.message


class DocumentError(TikuError):
    """A source cannot be read, or holds no questions."""


class ExportError(TikuError):
    """An exporter cannot write this bank."""


class UsageError(TikuError):
    """The call is wrong: an option, a name, two outputs in one place."""

    exit_code: ClassVar[int] = 2


class SetupError(TikuError):
    """The environment lacks something: a tool, a library, a font, room on the disk."""

    exit_code: ClassVar[int] = 3
