"""What a build made in an output folder, and of what: ``.tiku-build.json`` in that folder.

By it a later build can say why it makes something again, and knows which files it may remove: only those it made, and
only as long as they are what it made.
"""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tiku.files import digest_at, whole_file

if TYPE_CHECKING:
    from pathlib import Path

NAME = ".tiku-build.json"
VERSION = 1


@dataclass(slots=True)
class Entry:
    """One output that a build made, or was about to make."""

    by: str
    """The configuration that asked for it, with its profile."""
    digest: str = ""
    """SHA-256 of the file; empty until it stood there."""
    read: dict[str, str] = field(default_factory=dict)
    export: dict[str, str] = field(default_factory=dict)


class Record:
    """The record of one folder. A damaged one counts as empty: then nothing is known to be ours, and nothing removed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: dict[str, Entry] = {}
        self._text = ""
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError, AttributeError):
            self._text = (folder / NAME).read_text(encoding="utf-8")
            data = json.loads(self._text)
            if data["tiku-build"] == VERSION:
                self.entries = {str(name): Entry(**row) for name, row in data["outputs"].items()}

    def save(self) -> None:
        """Write it, if it says anything new. Raises SetupError when it cannot be written."""
        rows: dict[str, Any] = {
            name: {"by": entry.by, "digest": entry.digest, "read": entry.read, "export": entry.export}
            for name, entry in sorted(self.entries.items())
        }
        text = json.dumps({"tiku-build": VERSION, "outputs": rows}, ensure_ascii=False, indent=0, sort_keys=True) + "\n"
        if text != self._text:
            with whole_file(self.folder / NAME) as temporary:
                temporary.write_text(text, encoding="utf-8", newline="\n")
            self._text = text

    def stale(self, by: str, wanted: set[str]) -> list[str]:
        """Files that `by` once made here and does not want any more, as far as they are there."""
        return [
            name
            for name, entry in sorted(self.entries.items())
            if entry.by == by and name not in wanted and (self.folder / name).is_file()
        ]

    def remove(self, name: str) -> bool:
        """Remove the file `name`, if it is still what was made; say whether it was."""
        entry = self.entries[name]
        path = self.folder / name
        if not entry.digest or digest_at(path) != entry.digest:
            return False
        path.unlink()
        del self.entries[name]
        return True
