"""The places where answers can stand: what a user chooses with ``--answers``."""

from __future__ import annotations

from enum import StrEnum


class Answers(StrEnum):
    """Where the answers stand."""

    INLINE = "inline"
    """Right after their question."""
    CHAPTER = "chapter"
    """At the end of each chapter."""
    END = "end"
    """At the end of the whole."""
    HIDDEN = "hidden"
    """Behind a click or a turn."""
    NONE = "none"
    """Left out."""
