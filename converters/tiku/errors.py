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


def fault(error: Exception, file: str = "") -> TikuError:
    """What to tell the user of an error that nobody foresaw, about the source or output `file`."""
    if isinstance(error, MemoryError):
        return SetupError("out of memory", file=file)
    if isinstance(error, RecursionError):
        return DocumentError("nested too deeply", file=file)
    words = " ".join(f"{type(error).__name__}: {error}".split())[:300]
    how = "please report it (TIKU_DEBUG=1 shows where it happened)"
    return TikuError(f"a fault of tiku itself: {words}; {how}", file=file)
