"""tiku (题库): documents of numbered questions in; study guides, books, decks and slides out.

The library's door: :func:`tiku.read` gives a :class:`tiku.Bank`, :func:`tiku.write` hands it to an exporter.
Names are resolved on first use, so that ``import tiku`` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tiku.build import read, write
    from tiku.model import Bank, Choice, Kind, Location, Part, Question, Section
    from tiku.problems import Problem

__version__ = "0.1.0"
__all__ = ["Bank", "Choice", "Kind", "Location", "Part", "Problem", "Question", "Section", "read", "write"]

_HOMES = {"read": "tiku.build", "write": "tiku.build", "Problem": "tiku.problems"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'tiku' has no attribute '{name}'")
    return getattr(import_module(_HOMES.get(name, "tiku.model")), name)
