"""The sources of a bank, and where each one's outputs go."""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tiku.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


@dataclass(frozen=True, slots=True)
class Source:
    """One document or folder."""

    name: str
    """Its path from the current folder, or its URL."""
    stem: str
    """The name of its outputs without suffix, from the output folder: ``a``, or ``chapter/a`` by a pattern with ``**``."""


def remote(name: str) -> bool:
    """Whether `name` is a URL of something that is no local file."""
    if "://" not in name:
        return False
    from tiku import storage

    return storage.is_remote(name)


def local(name: str) -> str:
    """`name` as a path, if it is a ``file://`` URL."""
    if "://" not in name:
        return name
    from tiku import storage

    return storage.local(name)


def find(patterns: Iterable[str], folder: Path, outputs: Iterable[Path]) -> list[Source]:
    """What the `patterns`, which lead from `folder`, stand for: each source once, those of a pattern in order.

    Hidden files are left out, and what lies in one of the folders `outputs` when the pattern does not lead there.
    Raises UsageError for standard input and empty names.
    """
    places = [os.path.realpath(output) for output in outputs]
    found: dict[str, Source] = {}
    for pattern in map(local, patterns):
        if pattern in {"", "-"}:
            raise UsageError(f"'{pattern}' cannot be a source of a build")
        each: Iterable[Source]
        if remote(pattern):
            each = _remote(pattern)
        elif not glob.has_magic(pattern) or (folder / pattern).exists():
            each = [Source(str(folder / pattern), (folder / pattern).stem or _name(folder / pattern))]
        else:
            each = _local(pattern, folder, places)
        for source in each:
            found.setdefault(source.name, source)
    return list(found.values())


def _name(path: Path) -> str:
    return Path(os.path.realpath(path)).stem or "tiku"


def _remote(pattern: str) -> Iterator[Source]:
    from tiku import storage

    base = _base(pattern)
    for name in storage.find(pattern) if glob.has_magic(pattern) else [pattern]:
        yield Source(name, _stem(name, base) if "**" in pattern else storage.stem(name))


def _local(pattern: str, folder: Path, places: list[str]) -> Iterator[Source]:
    base = _base(pattern)
    root = os.path.realpath(folder)
    below = os.path.realpath(folder / base)
    inside = tuple(place + os.sep for place in places if place != below and not below.startswith(place + os.sep))
    # with a slash at its end a pattern means folders, which are banks too
    wanted = os.path.isdir if pattern.endswith("/") else os.path.isfile
    tree = "**" in pattern
    for name in sorted(glob.glob(pattern, root_dir=folder, recursive=True)):  # noqa: PTH207 - leaves hidden files out
        whole = os.path.join(root, name)  # noqa: PTH118 - a build may have 100,000 of them
        if wanted(whole) and not (inside and whole.startswith(inside)):
            path = folder / name
            yield Source(str(path), _stem(name, base) if tree else path.stem)


def _base(pattern: str) -> str:
    """What stands in `pattern` before its first part that is none but a name."""
    parts = pattern.split("/")
    first = next((number for number, part in enumerate(parts) if glob.has_magic(part)), len(parts) - 1)
    return "/".join(parts[:first])


def _stem(name: str, base: str) -> str:
    rest = name[len(base) :].strip("/")
    return os.path.splitext(rest)[0]  # noqa: PTH122 - may be part of a URL
