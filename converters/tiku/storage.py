"""Files at URLs (``s3://bucket/a.md``), through fsspec: the only module that imports it.

A *name* is a local path or a URL; what asks a server takes URLs alone. Nothing here hangs: whatever waits for a server
runs in a thread that is left behind when its time is up. Credentials come from the environment, or from fsspec's or the
service's own configuration; none is taken from a name, and none appears in a message.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import posixpath
import re
import threading
import time
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar
from urllib.parse import unquote

from tiku.errors import SetupError, UsageError
from tiku.files import digest_of
from tiku.plugins import need, suggest

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Callable
    from pathlib import Path

_T = TypeVar("_T")

PLACES = {
    "s3": "s3fs", "s3a": "s3fs", "gs": "gcsfs", "gcs": "gcsfs", "az": "adlfs", "abfs": "adlfs", "abfss": "adlfs",
    "sftp": "paramiko", "ssh": "paramiko", "memory": "fsspec",
}  # fmt: skip
"""The schemes that are read and written, and the library each needs. ``memory`` lives as long as the process."""
WEB = frozenset({"http", "https"})
"""Schemes that are only read, and only by leave (see ``network.py``)."""
ATOMIC = frozenset({"s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "memory"})
"""Where an object appears whole, or not at all, when it is put."""
PATIENCE = 60.0
"""Seconds that one request to a server may take, all attempts together."""
PATIENCE_WITH_LISTS = 600.0
"""Seconds that listing may take, once the server has answered at all."""
SLOWEST = 100_000
"""Bytes a second: what is slower than this is not waited for."""
WAITS = (0.2, 0.6, 1.8)
"""Seconds between the attempts."""
_S3 = {"connect_timeout": 10, "read_timeout": 20, "retries": {"total_max_attempts": 1}}
"""botocore's settings: its own attempts are off, as ours would multiply them."""
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")  # two letters or more: C:// is a drive
_LASTING = (
    FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError, FileExistsError, NotImplementedError,
    ImportError, TypeError, ValueError,
)  # fmt: skip
"""Errors that another attempt would only meet again."""


# -- names: nothing is imported, nothing asked -------------------------------------------------------------------------


def scheme(name: str) -> str:
    """The scheme of a URL, in small letters; empty for a local path."""
    found = _SCHEME.match(name)
    return found[1].lower() if found else ""


def is_remote(name: str) -> bool:
    """Whether `name` is a URL of something that is not a local file."""
    return scheme(name) not in {"", "file"}


def local(name: str) -> str:
    """`name` as a local path: a ``file://`` URL without its scheme and escapes, a path as it is."""
    if scheme(name) != "file":
        return name
    rest = unquote(name[len("file://") :])
    path = rest.removeprefix("localhost") if rest.startswith("localhost/") else rest
    return path[1:] if re.match(r"/[A-Za-z]:[/\\]", path) else path  # file:///C:/a.md


def _divided(name: str) -> tuple[str, str]:
    """A URL as what never changes (scheme and host or bucket) and the path below, without its query on the web."""
    start = name.index("://") + 3
    host, slash, path = name[start:].partition("/")
    if scheme(name) in WEB:
        path = re.split(r"[?#]", path, maxsplit=1)[0]
    if scheme(name) == "memory":  # it has no hosts
        return name[:start], host + slash + path
    return name[:start] + host + "/", path


def refuse_password(name: str) -> None:
    """Raises UsageError when a password stands in the URL `name`: names are shown, in messages and reports."""
    user, at, host = name.partition("://")[2].partition("/")[0].rpartition("@")
    if at and ":" in user:
        where = f"{scheme(name)}://…@{host}"
        raise UsageError(f"a password in the address '{where}': leave it to the service's own configuration")


def parent(name: str) -> str:
    """The URL of the folder that `name` lies in, without a slash at its end."""
    base, path = _divided(name)
    folder = path.rpartition("/")[0]
    return base + folder if folder else base if base.endswith("://") else base[:-1]


def join(folder: str, name: str) -> str:
    """The URL of `name` in `folder`."""
    return folder + name if folder.endswith("/") else f"{folder}/{name}"


def filename(name: str) -> str:
    """The last part of a URL or path: ``a.md``."""
    return _divided(name)[1].rpartition("/")[2] if is_remote(name) else PurePosixPath(local(name)).name


def stem(name: str) -> str:
    """The last part without its suffix: ``a``."""
    return PurePosixPath(filename(name)).stem


def suffix(name: str) -> str:
    """The suffix, with its dot, as it is written: ``.md``."""
    return PurePosixPath(filename(name)).suffix


def below(folder: str, path: str) -> str:
    """The URL of `path`, relative to `folder`; empty when it would leave the folder, or is the folder itself."""
    inner = posixpath.normpath(path)
    outside = inner.startswith(("/", "../")) or inner in {".", ".."}
    return "" if outside or any(char < " " for char in inner) else join(folder, inner)


# -- what is asked of a server -----------------------------------------------------------------------------------------


def read_bytes(name: str, limit: int) -> bytes:
    """What the object `name` holds, at most `limit` bytes. Raises OSError, SetupError, or UsageError for its scheme."""
    fs, path = _place(name)

    def look(_: threading.Event) -> int:
        fs.invalidate_cache()
        about = fs.info(path)
        if about["type"] != "file":
            raise IsADirectoryError(errno.EISDIR, "not a plain file")
        return int(about["size"])

    for _ in WAITS:
        size = _tried(look, PATIENCE)
        if size > limit:
            raise OSError(errno.EFBIG, f"larger than {limit // 1_000_000} MB")
        # One byte more than there should be shows an object that has grown in between, rather than its first half.
        data = _tried(lambda _: fs.cat_file(path, start=0, end=size + 1), _time_for(size)) if size else b""  # noqa: B023
        if len(data) == size:
            return bytes(data)
    raise OSError(errno.EIO, "changes while it is read")


def exists(name: str) -> bool:
    """Whether there is an object `name`. Raises SetupError when that cannot be told."""
    return _about(name) is not None


def stamp(name: str) -> str | None:
    """What tells the object `name` as it is from any other that may take its place; None when there is none.

    Raises SetupError when its server cannot be asked.
    """
    about = _about(name)
    if about is None:
        return None
    if tag := _tag(about):
        return tag
    fs, path = _place(name)

    def work(_: threading.Event) -> str | None:
        with contextlib.suppress(FileNotFoundError):
            return digest_of(fs.cat_file(path))
        return None

    try:
        return _tried(work, _time_for(int(about["size"])))
    except OSError as error:
        _give_up("read", name, error)


def _tag(about: dict[str, Any]) -> str:
    """The store's own mark of what an object holds, which is another one for other content; empty when it has none."""
    tag = str(about.get("ETag") or about.get("etag") or "").strip('"')
    return tag and f"{about['size']} {tag}"


def modified(name: str) -> int | None:
    """When the object `name` was last written, in seconds since 1970; None when that is not known.

    Raises SetupError when its server cannot be asked.
    """
    about = _about(name) or {}
    for key in ("LastModified", "last_modified", "mtime", "updated", "created"):
        value: dt.datetime | float | None = about.get(key)
        if isinstance(value, (int, float)):
            return int(value)
        if value is not None and hasattr(value, "timestamp"):
            return int(value.timestamp())
    return None


def _about(name: str) -> dict[str, Any] | None:
    """What the store knows of the object; None when there is none."""
    fs, path = _place(name)

    def work(_: threading.Event) -> dict[str, Any] | None:
        fs.invalidate_cache()
        with contextlib.suppress(FileNotFoundError):
            about: dict[str, Any] = fs.info(path)
            return about if about["type"] == "file" else None
        return None

    try:
        return _tried(work, PATIENCE)
    except OSError as error:
        _give_up("look for", name, error)


def find(pattern: str) -> list[str]:
    """The URLs of the objects that match the URL `pattern` (``*``, ``**``, ``?``, ``[…]``), sorted.

    Raises SetupError when they cannot be listed.
    """
    fs, path = _place(pattern)
    # What fsspec answers lacks the scheme, and for some stores the host: both come back from the pattern.
    same = 0
    while same < min(len(path), len(pattern)) and path[-1 - same] == pattern[-1 - same]:
        same += 1
    head, stripped = pattern[: len(pattern) - same], len(path) - same
    fixed = re.split(r"[*?\[]", path, maxsplit=1)[0].rpartition("/")[0]

    def answers(_: threading.Event) -> None:
        with contextlib.suppress(FileNotFoundError):
            fs.info(fixed or fs.root_marker)

    def work(_: threading.Event) -> list[str]:
        fs.invalidate_cache()
        found = fs.glob(path, detail=True)
        return sorted(head + each[stripped:] for each, about in found.items() if about["type"] == "file")

    try:
        _tried(answers, PATIENCE)
        return _tried(work, PATIENCE_WITH_LISTS)
    except FileNotFoundError:
        return []
    except OSError as error:
        _give_up("list", pattern, error)


def remove(name: str) -> None:
    """Remove the object `name`, if there is one. Raises SetupError when that fails."""
    fs, path = _place(name)

    def work(_: threading.Event) -> None:
        with contextlib.suppress(FileNotFoundError):
            fs.rm_file(path)

    try:
        _tried(work, PATIENCE)
    except OSError as error:
        _give_up("remove", name, error)


def put(path: Path, name: str) -> str:
    """Make the local file `path` appear whole at `name`, in place of what was there, or not at all; return its `stamp`.

    Raises SetupError when it cannot be written; no temporary file stays, unless the server is gone.
    """
    fs, target = _place(name)
    if not _divided(name)[1].strip("/") or name.endswith("/"):
        raise UsageError(f"'{name}' names no file")
    size = path.stat().st_size

    def send(place: str) -> str:
        if scheme(name) == "memory":  # there, put_file shows a file while it grows
            fs.pipe_file(place, path.read_bytes())
        else:
            fs.put_file(str(path), place)
        return _tag(_verified(fs, place, path, size))

    def whole(_: threading.Event) -> str:
        return send(target)

    def moved(abandoned: threading.Event) -> str:
        folder, _, last = target.rpartition("/")
        part = f"{folder}/.{last[:60]}.{os.urandom(6).hex()}.part"
        try:
            if folder:
                fs.makedirs(folder, exist_ok=True)
            tag = send(part)
            if abandoned.is_set():  # whoever waited has been told that it failed
                raise TimeoutError
            fs.mv(part, target)
        except BaseException:
            with contextlib.suppress(Exception):
                fs.rm_file(part)
            raise
        return tag

    try:
        tag = _tried(whole if scheme(name) in ATOMIC else moved, _time_for(size))
    except OSError as error:
        _give_up("write", name, error)
    return tag or digest_of(path.read_bytes())


def _time_for(size: int) -> float:
    return PATIENCE + size / SLOWEST


def _verified(fs: Any, place: str, path: Path, size: int) -> dict[str, Any]:
    """What the store knows of the object at `place`.

    Raises OSError unless it holds what the local file `path` of `size` bytes holds.
    """
    fs.invalidate_cache()
    about: dict[str, Any] = fs.info(place)
    if about.get("size") != size:
        raise OSError(errno.EIO, f"{about.get('size')} of {size} bytes arrived")
    tag = str(about.get("ETag", "")).strip('"')
    # An S3 ETag is the MD5 of what was put in one piece, except where the store encrypts with a key of its own: there,
    # the object is read back.
    if not re.fullmatch("[0-9a-f]{32}", tag):
        return about
    with path.open("rb") as stream:
        ours = hashlib.file_digest(stream, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()
    if tag != ours and fs.cat_file(place) != path.read_bytes():
        raise OSError(errno.EIO, "what arrived is not what was sent")
    return about


# -- one request -------------------------------------------------------------------------------------------------------


def _give_up(verb: str, name: str, error: OSError) -> NoReturn:
    raise SetupError(f"cannot {verb} '{name}': {reason(error)}") from error


def reason(error: OSError) -> str:
    """Why, in one line: what the system or the server says."""
    if isinstance(error, FileNotFoundError):
        return "no such file or bucket"
    words = " ".join(str(error.strerror or error).split())[:200]
    return words or type(error).__name__


def _tried(work: Callable[[threading.Event], _T], seconds: float) -> _T:
    """What `work` returns, after a few attempts with growing waits, in `seconds` altogether.

    Raises OSError, whatever the library raised.
    """
    end = time.monotonic() + seconds
    for wait in (*WAITS, None):
        try:
            return _bounded(work, end - time.monotonic(), seconds)
        except _Late as late:
            raise TimeoutError(errno.ETIMEDOUT, f"no answer in {seconds:.0f} s") from late
        except _LASTING as error:
            if isinstance(error, OSError):
                raise
            raise OSError(errno.EINVAL, f"{type(error).__name__}: {error}") from error
        except Exception as error:
            if wait is None or time.monotonic() + wait >= end:
                if isinstance(error, OSError):
                    raise
                raise OSError(errno.EIO, f"{type(error).__name__}: {error}") from error
            time.sleep(wait)
    raise AssertionError


class _Late(Exception):  # noqa: N818 - never seen outside
    """The time is up."""


def _bounded(work: Callable[[threading.Event], _T], left: float, seconds: float) -> _T:
    """What `work` returns, or _Late after `left` seconds; it is told by its event that nobody waits any more.

    A socket cannot be made to give up from outside, and not every library has time-outs: hence a thread, which dies
    with the process.
    """
    done: list[_T] = []
    failed: list[BaseException] = []
    abandoned = threading.Event()

    def run() -> None:
        try:
            done.append(work(abandoned))
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits
            failed.append(error)

    thread = threading.Thread(target=run, name="tiku-storage", daemon=True)
    thread.start()
    try:
        thread.join(max(0.0, left))
    finally:  # Ctrl-C, too
        if thread.is_alive():
            abandoned.set()
    if failed:
        raise failed[0]
    if not done:
        raise _Late(seconds)
    return done[0]


def _place(name: str) -> tuple[Any, str]:
    """fsspec's file system for a URL, and the path in it.

    Raises UsageError for a scheme that is not allowed or a password in the name, SetupError for a missing library.
    """
    kind = scheme(name)
    if kind not in PLACES:
        raise UsageError(f"'{kind}://' is not a place for files{suggest(kind, list(PLACES))}")
    refuse_password(name)
    fsspec = need(f"{kind}://", "fsspec", "remote")
    try:
        of_kind = fsspec.get_filesystem_class(kind)
    except ImportError as error:
        wanted = PLACES[kind]
        install = "'tiku[remote]'" if wanted == "s3fs" else wanted
        raise SetupError(f"'{kind}://' needs '{wanted}': pip install {install}") from error
    settings = of_kind._get_kwargs_from_urls(name)  # noqa: SLF001 - fsspec's own hook for this, without a public name
    path: str = of_kind._strip_protocol(name)  # noqa: SLF001
    try:
        return _opened(kind, tuple(sorted(settings.items())), os.getpid()), path
    except Exception as error:
        if isinstance(error, (SetupError, UsageError)):
            raise
        words = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        raise SetupError(f"cannot reach '{_divided(name)[0]}': {words}") from error


@cache
def _opened(kind: str, settings: tuple[tuple[str, Any], ...], _process: int) -> Any:
    """The file system, once in a process: a new one would load the service's description again."""
    fsspec = need(f"{kind}://", "fsspec", "remote")
    more: dict[str, Any] = {}
    if PLACES[kind] == "s3fs":
        theirs = fsspec.config.conf.get(kind, {}).get("config_kwargs", {})
        more = {"config_kwargs": {**_S3, **theirs}, "use_listings_cache": False}

    def work(_: threading.Event) -> Any:
        return fsspec.filesystem(kind, **dict(settings), **more)  # some connect at once

    try:
        return _bounded(work, PATIENCE, PATIENCE)
    except _Late as late:
        raise TimeoutError(errno.ETIMEDOUT, f"no answer in {PATIENCE:.0f} s") from late
