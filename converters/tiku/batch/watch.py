"""Waits for changes of files; the only module that imports watchfiles."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tiku.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DEBOUNCE = 400
"""Milliseconds in which changes count as one: an editor saves in several steps."""
STEP = 100
"""Milliseconds without a change after which no other is waited for."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a build reads, and what it writes itself."""

    reads: frozenset[Path]
    """Files and folders. What lies beside a file is watched too: a new source, a picture."""
    writes: frozenset[Path]
    """Files and folders, absolute: were they watched, each build would start the next."""

    def folders(self) -> list[Path]:
        """The folders to watch, with all below them."""
        # Folders, since editors replace files; realpath, since that is how changes are told.
        places = {Path(os.path.realpath(path if path.is_dir() else path.parent)) for path in self.reads}
        found = {each for each in places if each.is_dir()}
        return sorted(each for each in found if not found.intersection(each.parents))


class Watcher:
    """Knows what has changed since it began to watch, also while nobody asked."""

    def __init__(self) -> None:
        self._folders: list[Path] = []
        self._writes: frozenset[Path] = frozenset()
        self._above: frozenset[Path] = frozenset()
        self._rounds: Iterator[Iterable[tuple[object, str]]] = iter(())

    def follow(self, scope: Scope) -> bool:
        """Watch what `scope` says from now on; say whether that is more, or less, than before.

        Raises SetupError without watchfiles, or when the system cannot watch that much.
        """
        try:
            from watchfiles import watch
        except ModuleNotFoundError as error:
            raise SetupError("'--watch' needs 'watchfiles': pip install 'tiku[watch]'") from error
        self._writes = frozenset(Path(os.path.realpath(path)) for path in scope.writes)
        self._above = frozenset(parent for path in self._writes for parent in path.parents)
        folders = scope.folders()
        if folders == self._folders:
            return False
        rounds = watch(
            *folders, debounce=DEBOUNCE, step=STEP, rust_timeout=2 * STEP, yield_on_timeout=True, raise_interrupt=True,
            ignore_permission_denied=True,
        )  # fmt: skip
        try:
            next(rounds)  # only now it begins
        except OSError as error:
            raise SetupError(f"cannot watch {', '.join(map(str, folders))}: {error.strerror or error}") from error
        self._folders, self._rounds = folders, rounds
        return True

    def wait(self) -> list[str]:
        """The names of files that have changed, once there are any."""
        while True:
            names = sorted({name for _, name in next(self._rounds) if self._matters(Path(name))})
            if names:
                return names

    def _matters(self, path: Path) -> bool:
        if path in self._above or self._writes.intersection((path, *path.parents)):
            return False
        if path.name.endswith((".tiku-ids.jsonl", ".part", "~")):
            return False
        folder = next((each for each in self._folders if path.is_relative_to(each)), path.parent)
        return not any(part.startswith(".") for part in path.relative_to(folder).parts)
