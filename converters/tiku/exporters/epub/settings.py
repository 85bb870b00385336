"""The exporter's options as what they mean together."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tiku.errors import UsageError
from tiku.exporters import Answers
from tiku.render.locales import primary

if TYPE_CHECKING:
    from tiku.exporters import ExportOptions

_VERTICAL = frozenset({"ja", "zh"})
_LOADED = re.compile(r"@(?:import|charset|namespace)[^;]*;?|url\([^)]*\)?", re.IGNORECASE)


def layout_of(options: ExportOptions) -> str:
    """One word for where the answers are: links, popup, details, inline, chapter, end or none.

    Raises UsageError when the two options that say it contradict each other.
    """
    way = str(options.settings.get("answers", "links"))
    if options.answers is Answers.HIDDEN:
        return way
    if way != "links":
        raise UsageError(f"'epub.answers={way}' hides the answers; it does not go with '--answers {options.answers}'")
    return str(options.answers)


def check(options: ExportOptions, language: str) -> None:
    """Raise UsageError for settings that make no book."""
    settings = options.settings
    if settings.get("certifier") and not settings.get("conforms"):
        raise UsageError("'epub.certifier' needs 'epub.conforms': a certifier of nothing")
    if settings.get("vertical") and primary(language) not in _VERTICAL:
        raise UsageError(f"'epub.vertical' is for Japanese and Chinese, not for a book in '{language}'")


def own_css(file: str) -> str:
    """The user's style sheet, without what would load anything; empty for no file.

    Raises UsageError when it cannot be read.
    """
    if not file:
        return ""
    try:
        css = Path(file).read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise UsageError(f"epub.css '{file}' cannot be read: {getattr(error, 'strerror', '') or error}") from error
    # A book holds only what stands in its manifest.
    return "\n" + _LOADED.sub("", css) + "\n"
