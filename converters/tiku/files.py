"""Files that appear whole or not at all, and what they hold as a hash."""

from __future__ import annotations

import contextlib
import hashlib
import itertools
import os
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from tiku.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator

_PART = re.compile(r"\..*\.([0-9a-f]{6})-(\d+)-[a-z0-9_]{8}\.part", re.DOTALL)


def step(name: str, path: Path) -> None:
    """A point in the life of a file at which a build may be killed; tests of faults put their faults here."""


@cache
def _host() -> str:
    return hashlib.sha256(
        (os.uname().nodename if hasattr(os, "uname") else os.environ.get("COMPUTERNAME", "")).encode()
    ).hexdigest()[:6]


@contextlib.contextmanager
def whole_file(target: Path, *, durable: bool = True) -> Iterator[Path]:
    """A temporary file in the folder of `target` that takes its place when the block ends well.

    Its bytes are on the disk before its name is, unless `durable` is false (for what is verified when it is read).
    Raises SetupError when the folder cannot be made or written, or the disk is full.
    """
    with _placing(target) as (handle, temporary):
        os.close(handle)
        step("opened", temporary)
        yield temporary
        step("written", temporary)
        if durable:
            _sync(temporary)
            step("synced", temporary)


def write_whole(target: Path, data: bytes, *, durable: bool = True) -> None:
    """Have a file at `target` that holds `data`; as `whole_file`, with fewer calls of the system."""
    with _placing(target) as (handle, temporary):
        try:
            step("opened", temporary)
            left = memoryview(data)
            while left:
                left = left[os.write(handle, left) :]
            step("written", temporary)
            if durable:
                os.fsync(handle)
                step("synced", temporary)
        finally:
            os.close(handle)


@contextlib.contextmanager
def _placing(target: Path) -> Iterator[tuple[int, Path]]:
    """A new file beside `target`, open for writing, and its path; it takes the place of `target` at the end."""
    temporary: Path | None = None
    try:
        handle, temporary = _create(target)
        yield handle, temporary
        # The folder is not synced: after a loss of power the old file may be back, but whole.
        temporary.replace(target)
        temporary = None
        step("placed", target)
    except OSError as error:
        raise SetupError(f"cannot write '{target}': {error.strerror or error}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


_COUNT = itertools.count()


def _create(target: Path) -> tuple[int, Path]:
    """Make a file of our own beside `target`, and its folder if need be; the umask says who may read it."""
    while True:
        # The name tells whose it is, so that a later build can remove what a killed one left.
        name = f".{target.name[:60]}.{_host()}-{os.getpid()}-{next(_COUNT):08x}.part"
        temporary = target.with_name(name)
        try:
            return os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), temporary
        except FileExistsError:
            continue  # of a process that had our number
        except FileNotFoundError:
            if target.parent.is_dir():  # and yet takes no file: /proc is such a place
                raise
            target.parent.mkdir(parents=True, exist_ok=True)


def _sync(path: Path) -> None:
    """Have what the file at `path` holds on the disk."""
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(folder: Path) -> list[Path]:
    """Remove what killed processes of this machine left unfinished in `folder`; return what was removed."""
    gone: list[Path] = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            found = _PART.fullmatch(entry.name)
            if found and found[1] == _host() and not _alive(int(found[2])):
                with contextlib.suppress(OSError):
                    Path(entry.path).unlink()
                    gone.append(Path(entry.path))
    return gone


def _alive(pid: int) -> bool:
    if pid == os.getpid():
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    # In a container whose first process waits for nobody, what was killed stays listed: its state is Z.
    with contextlib.suppress(OSError, IndexError):
        return Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()[0] != b"Z"
    return True


def read(path: Path | str) -> bytes:
    """What the file at `path` holds; as `Path.read_bytes`, with half of the calls of the system. Raises OSError."""
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - Path.open costs half as much again
        return file.read()


def digest_of(data: bytes) -> str:
    """SHA-256 of `data`, hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def digest_at(path: Path | str) -> str | None:
    """SHA-256 of the file at `path`; None when there is none that can be read."""
    try:
        with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - Path.open costs half as much again, a thousand times over
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return None


def digest_below(folder: Path, *, without: frozenset[str] = frozenset()) -> str:
    """SHA-256 over names and contents of all files below `folder`, but for folders named in `without`."""
    total = hashlib.sha256()
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(set(folders) - without)
        for name in sorted(names):
            path = os.path.join(parent, name)  # noqa: PTH118 - strings: a Path for each file doubles the time
            total.update(f"{os.path.relpath(path, folder)}\0{digest_at(path)}\0".encode("utf-8", "surrogateescape"))
    return total.hexdigest()
