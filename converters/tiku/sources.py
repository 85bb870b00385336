"""Where documents come from: files, standard input, and URLs; and what of them was really read."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import sys
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

from tiku import storage
from tiku.errors import DocumentError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

MAX_SOURCE_BYTES = 500_000_000
MAX_PICTURE_BYTES = 50_000_000
MIXED = ""
"""The hash of a file that changed during one reading: no hash is equal to it."""
_FAULTS = {errno.EIO, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ESTALE, errno.ETIMEDOUT}
"""What is wrong with the machine and not with the picture."""
_BORDER = "/./"
"""In the name of a picture: what follows must lie below what comes before, links followed."""
_WITNESSES: ContextVar[tuple[dict[str, str | None], ...]] = ContextVar("witnesses", default=())


class OutsideError(Exception):
    """A picture lies outside the document's folder."""


class UnfitError(Exception):
    """A picture is no plain file, or too large."""


# -- witnesses ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def witness() -> Iterator[dict[str, str | None]]:
    """While it is open, it fills with every file that readers read: name -> SHA-256 of the bytes, in hex.

    The value is None for what was looked for and not there, or refused; MIXED for what changed in between. A name that
    ends with ``/`` is the list of documents in a folder, ``-`` standard input; in a picture's, ``/./`` comes before the
    part that may not leave the folder before it. What now stands under a name, :func:`digest` tells.
    """
    record: dict[str, str | None] = {}
    token = _WITNESSES.set((*_WITNESSES.get(), record))
    try:
        yield record
    finally:
        _WITNESSES.reset(token)


def note(name: str, data: bytes | None) -> None:
    """Tell the witnesses that `name` was looked at, and what was found."""
    witnesses = _WITNESSES.get()
    if witnesses:
        value = _hash(data)
        for record in witnesses:
            record[name] = value if record.get(name, value) == value else MIXED


def digest(name: str, suffixes: Collection[str] = (), fetch: Callable[[str], bytes] | None = None) -> str | None:
    """What a witness would record of `name` now; reads, and tells no witness.

    `suffixes` are those of documents, for the list of a folder's. A name on the web is None without `fetch`. Raises
    SetupError or UsageError when a store cannot be used at all.
    """
    if name == "-":
        return None  # what was typed is gone
    folder, border, path = name.rpartition(_BORDER)
    with contextlib.suppress(OSError, ValueError, OutsideError, UnfitError, DocumentError):
        if name.endswith("/") and not border:
            return _hash(_listed(documents(Path(name), suffixes)))
        return _hash(_beside(folder, path, fetch) if border else _whole(name, fetch))
    return None


def _hash(data: bytes | None) -> str | None:
    return None if data is None else hashlib.sha256(data).hexdigest()


# -- names -----------------------------------------------------------------------------------------------------------


def shown(name: str) -> str:
    """`name` as it can be written down: bytes that are no UTF-8 become escapes."""
    return name.encode("utf-8", "backslashreplace").decode()


def refuse_name(source: str) -> None:
    """Raises DocumentError for a name of bytes that are no UTF-8: no record, model or message can hold it."""
    try:
        source.encode()
    except UnicodeEncodeError as error:
        raise DocumentError("the file's name is not in UTF-8: give it another one", file=shown(source)) from error


# -- documents ---------------------------------------------------------------------------------------------------------


def read_bytes(source: str, fetch: Callable[[str], bytes] | None = None) -> bytes:
    """What `source`, a path, a URL or ``-``, holds; `fetch` is the leave to read from the web, and the way.

    Raises DocumentError when it cannot be read, or is no plain file; SetupError when a library is missing; UsageError
    for a URL of an unknown kind.
    """
    data = None
    try:
        data = _whole(source, fetch)
    except (OSError, ValueError) as error:
        words = storage.reason(error) if isinstance(error, OSError) else str(error)
        raise DocumentError(f"cannot be read: {words}", file=source) from error
    finally:
        note(source, data)
    return data


def _whole(source: str, fetch: Callable[[str], bytes] | None) -> bytes:
    limit = f"larger than {MAX_SOURCE_BYTES // 1_000_000} MB"
    if source == "-":
        data = sys.stdin.buffer.read(MAX_SOURCE_BYTES + 1)
    elif storage.scheme(source) in storage.WEB:
        data = _fetched(source, fetch)
    elif storage.is_remote(source):
        try:
            return storage.read_bytes(source, MAX_SOURCE_BYTES)
        except FileNotFoundError as error:
            raise DocumentError("no such file", file=source) from error
        except OSError as error:
            if error.errno in {errno.EFBIG, errno.EISDIR}:
                raise DocumentError(str(error.strerror), file=source) from error
            raise
    else:
        data = _file(Path(storage.local(source)), source, limit)
    if len(data) > MAX_SOURCE_BYTES:
        raise DocumentError(limit, file=source)
    return data


def _file(path: Path, source: str, limit: str) -> bytes:
    try:
        status = path.stat()
    except (OSError, ValueError):
        status = None
    if status is None or not stat.S_ISREG(status.st_mode):
        raise DocumentError("no such file" if not path.exists() else "not a plain file", file=source)
    if status.st_size > MAX_SOURCE_BYTES:
        raise DocumentError(limit, file=source)
    with path.open("rb", buffering=0) as stream:
        # Not all that is allowed at once: so much memory would be asked for.
        data = stream.read(status.st_size + 1) or b""
        while len(data) != status.st_size and len(data) <= MAX_SOURCE_BYTES and (more := stream.read(1 << 20)):
            data += more
    return data


def _fetched(source: str, fetch: Callable[[str], bytes] | None) -> bytes:
    storage.refuse_password(source)
    if fetch is None:
        raise DocumentError("on the network, which is not asked without --allow-net", file=source)
    data = fetch(source)
    if not data:
        raise DocumentError("cannot be fetched", file=source)
    return data


def documents(folder: Path, suffixes: Collection[str]) -> list[Path]:
    """The plain files in and below `folder` with one of `suffixes`, sorted; nothing hidden, no links out of it."""
    root = folder.resolve()
    return sorted(
        path
        for path in folder.rglob("*")
        if path.suffix.lower() in suffixes
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and path.is_file()
        and path.resolve().is_relative_to(root)
    )


def note_documents(folder: Path, found: Iterable[Path]) -> None:
    """Tell the witnesses which documents `folder` holds."""
    if _WITNESSES.get():
        note(f"{folder}/", _listed(found))


def _listed(found: Iterable[Path]) -> bytes:
    return "\0".join(sorted(path.as_posix() for path in found)).encode("utf-8", "surrogateescape")


# -- pictures ----------------------------------------------------------------------------------------------------------


def picture(folder: str, path: str, fetch: Callable[[str], bytes] | None = None) -> bytes:
    """What the file at `path`, relative to `folder` (a path or a URL), holds: a picture of a document in that folder.

    Raises OutsideError, UnfitError, OSError when there is none, or DocumentError when its server or its disk fails.
    """
    data = None
    try:
        data = _beside(folder, path, fetch)
    except ValueError as error:  # a NUL in the path
        raise FileNotFoundError(errno.ENOENT, str(error)) from error
    except OSError as error:
        if error.errno in _FAULTS:  # no missing picture: the document must not be built without it
            raise DocumentError(f"cannot be read: {storage.reason(error)}", file=str(Path(folder, path))) from error
        raise
    finally:
        note(_picture_name(folder, path), data)
    return data


def _picture_name(folder: str, path: str) -> str:
    inner = f"/{path}"
    while _BORDER in inner:
        inner = inner.replace(_BORDER, "/")
    return f"{folder}{_BORDER}{inner[1:] if path.startswith('/') else inner.lstrip('/')}"


def _beside(folder: str, path: str, fetch: Callable[[str], bytes] | None) -> bytes:
    if storage.is_remote(folder):
        return _beside_remote(folder, path, fetch)
    root = Path(os.path.realpath(storage.local(folder)))
    real = Path(os.path.realpath(root / path))
    if not real.is_relative_to(root):
        raise OutsideError
    status = real.stat()
    if not stat.S_ISREG(status.st_mode) or status.st_size > MAX_PICTURE_BYTES:
        raise UnfitError
    with real.open("rb") as stream:
        data = stream.read(MAX_PICTURE_BYTES + 1)
    if len(data) > MAX_PICTURE_BYTES:
        raise UnfitError
    return data


def _beside_remote(folder: str, path: str, fetch: Callable[[str], bytes] | None) -> bytes:
    url = storage.below(folder, path)
    if not url:
        raise OutsideError
    if storage.scheme(folder) in storage.WEB:
        from urllib.parse import quote

        data = fetch(quote(url, safe="/:@%[]")) if fetch else b""
        if not data:
            raise FileNotFoundError(errno.ENOENT, "no such file")
        return data
    try:
        return storage.read_bytes(url, MAX_PICTURE_BYTES)
    except (FileNotFoundError, PermissionError):  # who may not list a bucket is not told that there is nothing
        raise
    except OSError as error:
        if error.errno in {errno.EFBIG, errno.EISDIR}:
            raise UnfitError from error
        # A server's fault is not a missing picture: the document must not be built without it.
        raise DocumentError(f"cannot be read: {storage.reason(error)}", file=url) from error
