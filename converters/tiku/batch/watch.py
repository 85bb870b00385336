"""Waits for changes of files; the only module that imports watchfiles."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tiku.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from threading import Event

DEBOUNCE = 400
"""Milliseconds in which changes count as one: an editor saves in several steps."""


def changes(files: Callable[[], list[Path]], *, stop: Event | None = None) -> Iterator[list[str]]:
    """The names of files that have changed, again and again, whenever one of `files()` or something beside it does.

    `files` is asked after each round, since a build may have found other sources. `stop`, an event, ends the waiting.
    Raises SetupError without watchfiles.
    """
    try:
        from watchfiles import watch
    except ModuleNotFoundError as error:
        raise SetupError("'--watch' needs 'watchfiles': pip install 'tiku[watch]'") from error
    while True:
        wanted = files()
        # Folders, since editors replace files, and a new source lies beside the others; what hidden files do is no matter.
        folders = sorted({path if path.is_dir() else path.absolute().parent for path in wanted})
        folders = [each for each in folders if each.is_dir()] or [Path.cwd()]
        for found in watch(
            *folders, debounce=DEBOUNCE, step=100, recursive=True, raise_interrupt=True, stop_event=stop
        ):
            names = sorted({Path(name) for _, name in found if not _ours(Path(name))})
            if names:
                yield [str(name) for name in names]
                break
        else:
            return


def _ours(path: Path) -> bool:
    """Whether `path` is something a build itself writes beside sources."""
    return path.name.startswith(".") or path.name.endswith((".tiku-ids.jsonl", ".part", "~"))
