"""What earlier builds made, by what it was made of.

Two kinds of files below the user's cache folder: an *object* is named by the SHA-256 of what it holds; a *row* is named
by the key of a step (`batch.keys`) and says what the step gave. Both are verified whenever they are read, so that a
damaged file counts as missing; nothing in them is ever executed or unpickled. The store is an aid: a build that cannot
write to it says so once and goes on.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import Any

from tiku.errors import SetupError
from tiku.files import digest_of, read, sweep, write_whole

MIB = 1 << 20
LIMIT = 2048 * MIB
"""Bytes that a store may hold, unless the user says otherwise."""
_LOW = 0.8
"""What is left of the limit when a full store is trimmed."""


def default_folder() -> Path:
    """The store's place: ``tiku`` in the user's cache folder."""
    from platformdirs import user_cache_path

    return user_cache_path("tiku", appauthor=False) / "steps-1"


class Store:
    """A store in `folder`; `complaints` fills with what went wrong, one line for each kind."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.complaints: list[str] = []
        self.wrote = False

    def _object(self, digest: str) -> Path:
        return self.folder / f"objects/{digest[:2]}/{digest[2:]}"

    def _row(self, key: str) -> Path:
        return self.folder / f"rows/{key[:2]}/{key[2:]}"

    def _complain(self, text: str) -> None:
        if text not in self.complaints:
            self.complaints.append(text)

    def _damaged(self, path: Path) -> None:
        self._complain("a damaged file in the cache was removed, and what it held is made again")
        with contextlib.suppress(OSError):
            path.unlink()

    def get(self, digest: str) -> bytes | None:
        """The object called `digest`; None when it is not there or damaged."""
        path = self._object(digest)
        try:
            data = read(path)
        except OSError:
            return None
        if digest_of(data) != digest:
            self._damaged(path)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)  # what was used last is removed last
        return data

    def put(self, data: bytes) -> str:
        """Keep `data`; return its name."""
        digest = digest_of(data)
        path = self._object(digest)
        try:
            there = path.stat().st_size == len(data)  # one that was cut off is written again
        except OSError:
            there = False
        if not there:
            self._write(path, data)
        return digest

    def row(self, key: str) -> dict[str, Any] | None:
        """What the step called `key` gave; None when that is not known."""
        path = self._row(key)
        try:
            data = read(path)
        except OSError:
            return None
        head, _, rest = data.partition(b"\n")
        if digest_of(key.encode() + rest).encode() != head:
            self._damaged(path)
            return None
        row: dict[str, Any] = json.loads(rest)
        with contextlib.suppress(OSError):
            os.utime(path)
        return row

    def note(self, key: str, row: dict[str, Any]) -> None:
        """Remember what the step called `key` gave: `row`, plain JSON."""
        rest = json.dumps(row, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
        # The key is part of what is verified: a file that was copied to another name counts as damaged.
        self._write(self._row(key), digest_of(key.encode() + rest).encode() + b"\n" + rest)

    def _write(self, path: Path, data: bytes) -> None:
        try:
            if not self.wrote:
                self.folder.mkdir(parents=True, mode=0o700, exist_ok=True)
            write_whole(path, data, durable=False)
            self.wrote = True
        except (SetupError, OSError) as error:
            # The reason alone, without the file: a full disk is one complaint, not one for each file.
            cause = error.__cause__ if isinstance(error, SetupError) else error
            self._complain(f"the cache is not kept: {getattr(cause, 'strerror', '') or error}")

    def trim(self, limit: int) -> int:
        """Remove what was used longest ago until at most `limit` bytes are left; return how many bytes were removed."""
        found: list[tuple[float, int, str]] = []
        for parent, _, names in os.walk(self.folder):
            sweep(Path(parent))
            for name in names:
                with contextlib.suppress(OSError):
                    status = os.stat(os.path.join(parent, name))  # noqa: PTH116, PTH118 - thousands of files
                    found.append((status.st_mtime, status.st_size, os.path.join(parent, name)))  # noqa: PTH118
        total = sum(size for _, size, _ in found)
        gone = 0
        if total > limit:
            for _, size, path in sorted(found):
                if total - gone <= limit * _LOW:
                    break
                with contextlib.suppress(OSError):
                    os.unlink(path)  # noqa: PTH108
                    gone += size
        return gone
