"""The sources of a bank, and where each one's outputs go."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tiku.config import patterns as globs
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
        elif not globs.is_pattern(pattern) or os.path.lexists(folder / pattern):
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

    for name in storage.find(pattern) if globs.is_pattern(pattern) else [pattern]:
        yield Source(name, _stem(name, pattern) if globs.TREE in pattern else storage.stem(name))


def _local(pattern: str, folder: Path, places: list[str]) -> Iterator[Source]:
    root = os.path.realpath(folder)
    below = os.path.realpath(folder / globs.base(pattern))
    inside = tuple(place + os.sep for place in places if place != below and not below.startswith(place + os.sep))
    for name in globs.expand(root, pattern):
        if not (inside and os.path.join(root, name).startswith(inside)):  # noqa: PTH118 - there may be 100,000
            path = folder / name
            yield Source(str(path), _stem(name, pattern) if globs.TREE in pattern else path.stem)


def _stem(name: str, pattern: str) -> str:
    """The path of `name` below the first folder that a wildcard stands for, without suffix."""
    rest = name[len(globs.base(pattern)) :].strip("/")
    return os.path.splitext(rest)[0]  # noqa: PTH122 - may be part of a URL
