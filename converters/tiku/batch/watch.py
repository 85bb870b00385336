"""Waits for changes of files; the only module that imports watchfiles."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tiku.errors import SetupError
from tiku.readers import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DEBOUNCE = 400
"""Milliseconds in which changes count as one: an editor saves in several steps."""
STEP = 100
"""Milliseconds without a change after which no other is waited for."""


PICTURES = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".bmp", ".tif", ".tiff", ".avif"})
"""How files end that documents show."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a build reads, and what it writes itself."""

    files: frozenset[Path]
    """The configuration, style sheets, dialects: each by itself."""
    themes: frozenset[Path]
    """Folders of which every file counts."""
    sources: frozenset[Path]
    """Documents and folders of documents: beside and below them new documents and pictures count too."""
    writes: frozenset[Path]
    """Files and folders, absolute: were they watched, each build would start the next."""

    def real(self) -> Scope:
        """The same by the names that changes are told by."""
        folders = frozenset(path if path.is_dir() else path.parent for path in self.sources)
        return Scope(*(frozenset(map(_real, each)) for each in (self.files, self.themes, folders, self.writes)))

    def folders(self) -> list[Path]:
        """The folders to watch, with all below them, of a scope that is `real`: editors replace files."""
        places = {path.parent for path in self.files} | self.themes | self.sources
        found = {each for each in places if each.is_dir()}
        return sorted(each for each in found if not found.intersection(each.parents))

    def holds(self, path: Path) -> bool:
        """Whether a change of `path` matters, in a scope that is `real`."""
        if path in self.files or self.themes.intersection((path, *path.parents)):
            return True
        if not self.sources.intersection((path, *path.parents)):
            return False
        # A folder may have come, or gone, with all that is in it.
        return path.suffix.lower() in PICTURES | SUFFIXES.keys() or path.is_dir() or not path.suffix


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))


class Watcher:
    """Knows what has changed since it began to watch, also while nobody asked."""

    def __init__(self) -> None:
        self._folders: list[Path] = []
        self._scope = Scope(frozenset(), frozenset(), frozenset(), frozenset())
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
        self._scope = scope.real()
        self._above = frozenset(parent for path in self._scope.writes for parent in path.parents)
        folders = self._scope.folders()
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
        if path in self._above or self._scope.writes.intersection((path, *path.parents)):
            return False
        if path.name.endswith((".tiku-ids.jsonl", ".part", "~")):
            return False
        folder = next((each for each in self._folders if path.is_relative_to(each)), path.parent)
        if any(part.startswith(".") for part in path.relative_to(folder).parts):
            return False
        return self._scope.holds(path)
