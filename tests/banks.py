"""Small banks for the tests, from Markdown as people write it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tiku.readers import Reading, ReadOptions, reader_for

if TYPE_CHECKING:
    from tiku.model import Bank

ROOT = Path(__file__).parent.parent
REAL = ROOT / "source" / "gpt-2-to-gpt-4.md"
SHOWCASE = ROOT / "source" / "showcase.md"


def reading(text: str, **settings: object) -> Reading:
    """What the Markdown reader makes of `text`; `settings` are ReadOptions' fields."""
    options = ReadOptions(**{"file": "bank.md", **settings})  # type: ignore[arg-type]
    return reader_for("markdown", "bank.md").read(text.encode(), options)


def bank(text: str, **settings: object) -> Bank:
    """The bank in a Markdown `text`."""
    return reading(text, **settings).bank


def bank_at(path: Path) -> Bank:
    """The bank in a file."""
    import tiku

    return tiku.read(path).bank


def numbered(count: int) -> str:
    """A Markdown document of `count` questions, each with a token of its own in prompt, answer and explanation."""
    return "\n\n".join(
        f"### {n}. Title {n}\n\n**Question:** Why is T{n:05}Q so?\n\n**Answer:** Because T{n:05}A is so.\n\n"
        f"**Explanation:** T{n:05}E explains it."
        for n in range(1, count + 1)
    )
