"""What a build made in an output folder and below it, and of what: ``.tiku-build.jsonl`` in that folder.

By it a later build can say why it makes something again, and knows which files it may remove: only those it made, and
only as long as they are what it made.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, MutableMapping
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
    """The `owner`: the configuration that asked for it, with its profile."""
    digest: str = ""
    """SHA-256 of the file; empty until it stood there."""
    url: str = ""
    """Where it was sent, if it is no file here."""
    sent: str = ""
    """The stamp of what was sent (`storage.stamp`)."""
    read: dict[str, str] = field(default_factory=dict)
    export: dict[str, str] = field(default_factory=dict)


def owner(folder: Path, config: str, profile: str) -> str:
    """Whose outputs in `folder` those of the configuration `config` and its `profile` are.

    The configuration is named by its way from the folder: the same however it is called, and where both were moved.
    """
    # A link to a configuration stays: it stands for another project, with the documents beside the link.
    parent, name = os.path.split(config)
    place = os.path.join(os.path.realpath(parent), name)  # noqa: PTH118 - realpath, as it follows links in `..` too
    try:
        way = os.path.relpath(place, os.path.realpath(folder))
    except ValueError:  # on another drive of Windows
        way = place
    told = os.fsencode(PurePath(way).as_posix()).decode("utf-8", "backslashreplace")  # it must be written as UTF-8
    return f"{told} --profile {profile}" if profile else told


class Entries(MutableMapping[str, Entry]):
    """Outputs by their names in the folder: as lines of JSON, which take a tenth of the memory and are seldom asked."""

    def __init__(self, lines: Iterable[str] = ()) -> None:
        """`lines` are what `line` gives. Raises ValueError when one is something else."""
        self._lines = {_name_in(line): line for line in lines}

    def line(self, name: str) -> str:
        """The entry called `name` as JSON; empty when there is none."""
        return self._lines.get(name, "")

    def __getitem__(self, name: str) -> Entry:
        try:
            row = json.loads(self._lines[name])
            if _is_sound(row):
                del row["file"]
                return Entry(**row)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            pass
        raise KeyError(name)  # damaged, or written by somebody else

    def __setitem__(self, name: str, entry: Entry) -> None:
        row: dict[str, Any] = {"file": name, "by": entry.by, "digest": entry.digest}
        row |= {"read": entry.read, "export": entry.export}
        row |= {"url": entry.url, "sent": entry.sent} if entry.url else {}
        self._lines[name] = json.dumps(row, ensure_ascii=False)

    def __delitem__(self, name: str) -> None:
        del self._lines[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._lines))

    def __len__(self) -> int:
        return len(self._lines)


class Record:
    """The record of one folder. A damaged one counts as empty: then nothing is known to be ours, and nothing removed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries = Entries()
        self._digest = b""
        with (
            contextlib.suppress(OSError, ValueError, TypeError, KeyError, RecursionError),
            (folder / NAME).open("rb") as file,
        ):
            seen = hashlib.sha256()
            if json.loads(_seen(next(file, b""), seen))["tiku-build"] == VERSION:
                # A line at a time: all of them are as large as everything else that a build of small documents keeps.
                self.entries = Entries(_seen(line, seen).decode().removesuffix("\n") for line in file)
                self._digest = seen.digest()

    def save(self) -> None:
        """Write it, if it says anything new. Raises SetupError when it cannot be written."""
        seen = hashlib.sha256()
        for line in self._text():
            seen.update(line)
        if (digest := seen.digest()) != self._digest:
            with whole_file(self.folder / NAME) as temporary, temporary.open("wb") as file:
                file.writelines(self._text())
            self._digest = digest

    def _text(self) -> Iterator[bytes]:
        yield json.dumps({"tiku-build": VERSION}).encode() + b"\n"
        for name in self.entries:
            yield self.entries.line(name).encode() + b"\n"

    def stale(self, by: str, wanted: set[str]) -> list[str]:
        """Files that `by` once made here and does not want any more, as far as they are there."""
        return [
            name
            for name in self.entries
            if name not in wanted
            and (entry := self.entries.get(name))
            and entry.by == by
            # What was sent is taken to be there: its server is asked when it is to be removed.
            and ((entry.url and entry.digest) or (self.folder / name).is_file())
        ]

    def label(self, name: str) -> str:
        """Where the file `name` is, for people."""
        entry = self.entries.get(name)
        return (entry and entry.url) or str(self.folder / name)

    def remove(self, name: str) -> bool:
        """Remove the file `name`, and what was sent to a URL, if it is still what was made; say whether it was."""
        entry = self.entries[name]
        path = self.folder / name
        if entry.url:
            from tiku import storage

            # The folder's own name tells its URL: a record that someone has written cannot name another object.
            if staging(entry.url.removesuffix(f"/{name}")) != self.folder:
                return False
            if storage.stamp(entry.url) not in {None, entry.sent}:
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


def _seen(line: bytes, seen: hashlib._Hash) -> bytes:
    seen.update(line)
    return line


_FILE = '{"file": '


def _name_in(line: str) -> str:
    """The name that a line of the record begins with."""
    name = json.JSONDecoder().raw_decode(line, len(_FILE))[0] if line.startswith(_FILE) else None
    if not isinstance(name, str):
        raise ValueError(line[:80])  # noqa: TRY004 - a damaged file, no mistake of the caller's
    return name


def _is_sound(row: dict[str, Any]) -> bool:
    """Whether this is what `save` writes: whoever can write a record could otherwise name any file for removal."""
    texts = [row["file"], row["by"], row["digest"], row.get("url", ""), row.get("sent", "")]
    texts += [*row["read"].values(), *row["export"].values()]
    if not all(isinstance(each, str) for each in texts):
        return False
    path = PurePath(row["file"])
    return not path.is_absolute() and ".." not in path.parts
