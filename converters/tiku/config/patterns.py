"""Names by pattern: ``*``, ``?``, ``[…]`` within a name, ``**`` for any number of folders.

Unlike the standard library's, they never go through a symbolic link at ``**``, where two links in a circle would be
followed in every order, and never enter a hidden folder that the pattern does not name.
"""

from __future__ import annotations

import os
import re
from fnmatch import translate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAGIC = re.compile(r"[*?\[]")
TREE = "**"


def is_pattern(name: str) -> bool:
    """Whether `name` may mean more than itself."""
    return bool(_MAGIC.search(name))


def base(pattern: str) -> str:
    """What stands in `pattern` before its first part that is none but a name: ``a/b`` of ``a/b/*.md``."""
    parts = pattern.split("/")
    first = next((number for number, part in enumerate(parts) if is_pattern(part)), len(parts) - 1)
    return "/".join(parts[:first])


def expand(root: str, pattern: str) -> list[str]:
    """The files that match `pattern` below the folder `root`, by path from there, in order.

    A pattern that ends in a slash means folders.
    """
    folders = pattern.endswith("/")
    parts = [part for part in pattern.split("/") if part not in {"", "."}]
    # `**/**` means what `**` does, and would be followed in every order
    parts = [part for number, part in enumerate(parts) if part != TREE or parts[number - 1 : number] != [TREE]]
    if parts and parts[-1] == TREE and not folders:
        parts.append("*")
    start = "/" if pattern.startswith("/") else ""
    found = dict.fromkeys(_below(start or root, start, parts, folders=folders))
    return sorted(name for name in found if name)


def _below(place: str, name: str, parts: list[str], *, folders: bool) -> Iterator[str]:
    """What `parts` match in the folder `place`, whose path from the root is `name`."""
    if not parts:
        yield name
        return
    part, rest = parts[0], parts[1:]
    if part == TREE:
        yield from _below(place, name, rest, folders=folders)
        for entry in _entries(place):
            if entry.name[0] != "." and entry.is_dir(follow_symlinks=False):
                yield from _below(entry.path, _joined(name, entry.name), parts, folders=folders)
    elif not is_pattern(part):
        inner = f"{place}/{part}"
        there = os.path.isdir if rest or folders else os.path.isfile
        if there(inner):
            yield from _below(inner, _joined(name, part), rest, folders=folders)
    else:
        matches = re.compile(translate(part)).match
        for entry in _entries(place):
            if (
                matches(entry.name)
                and (entry.name[0] != "." or part[0] == ".")
                and (_is(entry, folder=True) if rest or folders else _is(entry, folder=False))
            ):
                yield from _below(entry.path, _joined(name, entry.name), rest, folders=folders)


def _joined(name: str, part: str) -> str:
    return f"{name}{'' if name in {'', '/'} else '/'}{part}"


def _entries(place: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(place) as entries:
            return list(entries)
    except OSError:  # a folder that may not be read holds nothing for us
        return []


def _is(entry: os.DirEntry[str], *, folder: bool) -> bool:
    try:
        return entry.is_dir() if folder else entry.is_file()
    except OSError:  # a link in a circle
        return False
