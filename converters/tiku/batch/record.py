"""What a build made in an output folder and below it, and of what: ``.tiku-build.jsonl`` in that folder.

By it a later build can say why it makes something again, and knows which files it may remove: only those it made, and
only as long as they are what it made.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from tiku.files import digest_at, whole_file
from tiku.orders import staging

if TYPE_CHECKING:
    from pathlib import Path

NAME = ".tiku-build.jsonl"
VERSION = 1


@dataclass(slots=True)
class Entry:
    """One output that a build made, or was about to make."""

    by: str
    """The configuration that asked for it, with its profile."""
    digest: str = ""
    """SHA-256 of the file; empty until it stood there."""
    url: str = ""
    """Where it was sent, if it is no file here."""
    read: dict[str, str] = field(default_factory=dict)
    export: dict[str, str] = field(default_factory=dict)


class Record:
    """The record of one folder. A damaged one counts as empty: then nothing is known to be ours, and nothing removed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: dict[str, Entry] = {}
        self._text = ""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
            self._text = (folder / NAME).read_text(encoding="utf-8")
            head, *rows = map(json.loads, self._text.rstrip("\n").split("\n"))
            if head["tiku-build"] == VERSION:
                entries = {row.pop("file"): Entry(**row) for row in rows}
                self.entries = {name: each for name, each in entries.items() if _sound(name, each)}

    def save(self) -> None:
        """Write it, if it says anything new. Raises SetupError when it cannot be written."""
        rows: list[dict[str, Any]] = [{"tiku-build": VERSION}]
        for name, each in sorted(self.entries.items()):
            row = {"file": name, "by": each.by, "digest": each.digest, "read": each.read, "export": each.export}
            rows.append(row | ({"url": each.url} if each.url else {}))
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        if text != self._text:
            with whole_file(self.folder / NAME) as temporary:
                temporary.write_text(text, encoding="utf-8", newline="\n")
            self._text = text

    def stale(self, by: str, wanted: set[str]) -> list[str]:
        """Files that `by` once made here and does not want any more, as far as they are there."""
        return [
            name
            for name, entry in sorted(self.entries.items())
            if entry.by == by and name not in wanted and (entry.url or (self.folder / name).is_file())
        ]

    def remove(self, name: str) -> bool:
        """Remove the file `name`, and what was sent to a URL, if it is still what was made; say whether it was."""
        entry = self.entries[name]
        path = self.folder / name
        if entry.url:
            from tiku import storage

            # The folder's own name tells its URL: a record that someone has written cannot name another object.
            if staging(entry.url.removesuffix(f"/{name}")) != self.folder:
                return False
            storage.remove(entry.url)
            path.unlink(missing_ok=True)
            del self.entries[name]
            return True
        if not entry.digest or digest_at(path) != entry.digest:
            return False
        path.unlink()
        del self.entries[name]
        return True


def _sound(name: Any, entry: Entry) -> bool:
    """Whether this is what `save` writes: whoever can write a record could otherwise name any file for removal."""
    texts = [name, entry.by, entry.digest, entry.url, *entry.read.values(), *entry.export.values()]
    if not all(isinstance(each, str) for each in texts):
        return False
    path = PurePath(name)
    return not path.is_absolute() and ".." not in path.parts
