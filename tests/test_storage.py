"""Names at URLs, and files in memory and on a disk as fsspec sees them: whole or not at all, in time, without secrets."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem

import tiku
from storage_cases import stamps_tell_objects_apart
from tiku import sources, storage
from tiku.errors import DocumentError, SetupError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 32
QUESTION = "### 1. What is it?\n\n**Answer:** See ![it]({}) so.\n"


@pytest.fixture(autouse=True)
def _empty(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(storage, "WAITS", (0.01, 0.01, 0.01))
    monkeypatch.setitem(storage.PLACES, "local", "fsspec")  # a store that does not put whole files by itself
    yield
    MemoryFileSystem.store.clear()
    MemoryFileSystem.pseudo_dirs[:] = [""]
    storage._opened.cache_clear()


def keep(name: str, data: bytes | str) -> str:
    path = name.removeprefix("memory:/")
    MemoryFileSystem().pipe_file(path, data.encode() if isinstance(data, str) else data)
    return name


@pytest.fixture(params=["memory", "local"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a new folder."""
    return "memory://box" if request.param == "memory" else f"local://{tmp_path}/box"


# -- names -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "remote"),
    [
        ("s3://b/a.md", True), ("S3://b/a.md", True), ("memory://a.md", True), ("https://x/a.md", True),
        ("what://x", True), ("file:///a.md", False), ("a.md", False), ("-", False), ("C:\\a.md", False),
        ("C:/a.md", False), ("C://a.md", False), ("a/s3://b", False), ("s3:/b/a.md", False), ("", False),
    ],
)  # fmt: skip
def test_what_is_remote(name: str, *, remote: bool) -> None:
    assert storage.is_remote(name) is remote


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("file:///a/b%20c.md", "/a/b c.md"), ("file://localhost/a.md", "/a.md"), ("FILE:///a.md", "/a.md"),
        ("file:///C:/a.md", "C:/a.md"), ("a%20b.md", "a%20b.md"),
    ],
)  # fmt: skip
def test_file_urls_are_paths(name: str, path: str) -> None:
    assert storage.local(name) == path


@pytest.mark.parametrize(
    ("name", "above", "stem", "suffix"),
    [
        ("s3://b/x/a.md", "s3://b/x", "a", ".md"), ("s3://b/a.tar.MD", "s3://b", "a.tar", ".MD"),
        ("memory://a.md", "memory://", "a", ".md"), ("memory://x/a.md", "memory://x", "a", ".md"),
        ("https://h/x/a.md?raw=1#top", "https://h/x", "a", ".md"), ("sftp://me@h:22/x/a", "sftp://me@h:22/x", "a", ""),
        ("s3://b/what?.md", "s3://b", "what?", ".md"),
    ],
)  # fmt: skip
def test_parts_of_a_url(name: str, above: str, stem: str, suffix: str) -> None:
    assert (storage.parent(name), storage.stem(name), storage.suffix(name)) == (above, stem, suffix)
    assert storage.join(above, storage.filename(name)) == name.split("?raw", maxsplit=1)[0]


@pytest.mark.parametrize("path", ["../a", "x/../../a", "/etc/passwd", "..", ".", "", "x/..", "a\0b", "a\nb"])
def test_nothing_is_below_a_folder_that_leaves_it(path: str) -> None:
    assert storage.below("s3://b/x", path) == ""


def test_what_is_below_a_folder() -> None:
    assert storage.below("s3://b/x", "y/../z//a b.png") == "s3://b/x/z/a b.png"
    assert storage.below("memory://", "..x") == "memory://..x"
    assert storage.below("s3://b/x", "s3://other/a") == "s3://b/x/s3:/other/a"


def test_unknown_places_and_passwords_are_refused() -> None:
    with pytest.raises(UsageError, match="'ftp://' is not a place for files, did you mean 'sftp'"):
        storage.exists("ftp://x/a.md")
    with pytest.raises(UsageError, match="password in the address 'sftp://…@host'") as caught:
        storage.read_bytes("sftp://me:hunter2@host/a.md", 9)
    assert "hunter2" not in str(caught.value)
    with pytest.raises(UsageError) as caught:
        sources.read_bytes("https://me:hunter2@host/a.md", lambda _: b"x")
    assert "hunter2" not in str(caught.value)
    for name in ("zip://a.md::memory://a.zip", "simplecache::memory://a"):
        with pytest.raises((UsageError, DocumentError)):
            sources.read_bytes(name)


@pytest.mark.parametrize(
    ("library", "name", "extra"),
    [
        ("gcsfs", "gs://b/a.md", "gcsfs"),
        ("s3fs", "s3://b/a.md", "'tiku[remote]'"),
        ("fsspec", "memory://a", "'tiku[remote]'"),
    ],
)
def test_a_missing_library_is_named_with_its_extra(library: str, name: str, extra: str) -> None:
    """In a process of its own: fsspec remembers what it has once loaded."""
    code = (
        f"import sys; sys.modules[{library!r}] = None\nfrom tiku import errors, storage\n"
        f"try: storage.exists({name!r})\nexcept errors.SetupError as error: print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == f"'{name.partition('://')[0]}://' needs '{library}': pip install {extra}\n"


def test_local_work_imports_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("x")
    code = (
        "import sys; from tiku import sources, storage; sources.read_bytes(sys.argv[1]); storage.is_remote('s3://b/a');"
        "assert not {'fsspec', 's3fs', 'aiohttp', 'urllib.request'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "a.md")], check=True, timeout=60)


# -- files -------------------------------------------------------------------------------------------------------------


def test_put_read_find_remove(folder: str, tmp_path: Path) -> None:
    source = tmp_path / "made.bin"
    names = [f"{folder}/{each}" for each in ("a.md", "b c.md", "deep/er/d.md", "e.txt")]
    for name in names:
        source.write_bytes(name.encode() * 1000)
        assert not storage.exists(name)
        storage.put(source, name)
        assert storage.exists(name)
        assert storage.read_bytes(name, 1_000_000) == source.read_bytes()
        assert abs((storage.modified(name) or 0) - time.time()) < 100
    assert storage.find(f"{folder}/*.md") == names[:2]
    assert storage.find(f"{folder}/**/*.md") == names[:3]
    assert storage.find(f"{folder}/nothing/*.md") == []
    assert not storage.exists(folder)
    storage.remove(names[0])
    storage.remove(names[0])
    assert storage.find(f"{folder}/*") == [names[1], names[3]]


def test_put_replaces_and_leaves_no_other_file(folder: str, tmp_path: Path) -> None:
    source = tmp_path / "made.bin"
    for data in (b"old" * 9, b"", b"new"):
        source.write_bytes(data)
        storage.put(source, f"{folder}/a.md")
        assert storage.read_bytes(f"{folder}/a.md", 100) == data
    assert storage.find(f"{folder}/**") == [f"{folder}/a.md"]


def test_a_stamp_tells_another_object_of_the_same_length(folder: str, tmp_path: Path) -> None:
    stamps_tell_objects_apart(f"{folder}/a.md", tmp_path / "made.bin")


def test_a_folder_is_no_target(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    for name in ("memory://", "memory://x/"):
        with pytest.raises(UsageError, match="names no file"):
            storage.put(tmp_path / "a", name)


@pytest.mark.parametrize("where", ["put_file", "mv"])
@pytest.mark.parametrize(
    "error", [OSError(28, "No space left on device"), RuntimeError("gone"), PermissionError(13, "no")]
)
def test_a_failed_put_leaves_the_old_file_alone(
    where: str, error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, name = tmp_path / "made.bin", f"local://{tmp_path}/box/a.md"
    source.write_bytes(b"old")
    storage.put(source, name)
    source.write_bytes(b"new" * 1000)
    asked = []

    def fail(_: Any, source: str, target: str, **__: Any) -> None:
        asked.append(target)
        if where == "put_file":
            Path(target).write_bytes(b"new" * 500)
        raise error

    monkeypatch.setattr(LocalFileSystem, where, fail)
    with pytest.raises(SetupError, match=f"cannot write '{name}': .*{error.args[-1]}"):
        storage.put(source, name)
    assert len(asked) == (1 if isinstance(error, PermissionError) else len(storage.WAITS) + 1)
    assert [path.name for path in (tmp_path / "box").iterdir()] == ["a.md"]
    assert storage.read_bytes(name, 100) == b"old"


def test_a_put_that_fails_at_first_is_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, left = LocalFileSystem.mv, [1, 2]

    def fail(self: Any, *args: Any, **more: Any) -> None:
        if left:
            left.pop()
            raise ConnectionResetError(104, "reset")
        real(self, *args, **more)

    monkeypatch.setattr(LocalFileSystem, "mv", fail)
    (tmp_path / "made").write_bytes(b"x")
    storage.put(tmp_path / "made", f"local://{tmp_path}/box/a.md")
    assert [path.name for path in (tmp_path / "box").iterdir()] == ["a.md"]


def test_half_an_upload_is_noticed(folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "made").write_bytes(b"0123456789")
    real = MemoryFileSystem.pipe_file
    monkeypatch.setattr(MemoryFileSystem, "pipe_file", lambda self, path, data: real(self, path, data[:5]))
    monkeypatch.setattr(LocalFileSystem, "put_file", lambda _, __, target: Path(target).write_bytes(b"01234") and None)
    with pytest.raises(SetupError, match="5 of 10 bytes arrived"):
        storage.put(tmp_path / "made", f"{folder}/a.md")


def test_nobody_waits_for_a_store_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    goes_on, ended = threading.Event(), threading.Event()
    real = LocalFileSystem.put_file

    def hang(self: Any, source: str, target: str) -> None:
        goes_on.wait(30)
        real(self, source, target)

    moved = []

    def mv(_: Any, source: str, target: str, **__: Any) -> None:
        moved.append(target)

    removed = LocalFileSystem.rm_file

    def rm_file(self: Any, path: str) -> None:
        removed(self, path)
        ended.set()

    monkeypatch.setattr(LocalFileSystem, "put_file", hang)
    monkeypatch.setattr(LocalFileSystem, "mv", mv)
    monkeypatch.setattr(LocalFileSystem, "rm_file", rm_file)
    monkeypatch.setattr(storage, "PATIENCE", 0.3)
    (tmp_path / "made").write_bytes(b"x")
    start = time.monotonic()
    with pytest.raises(SetupError, match="no answer in 0 s"):
        storage.put(tmp_path / "made", f"local://{tmp_path}/box/a.md")
    assert time.monotonic() - start < 10
    goes_on.set()
    assert ended.wait(30)
    assert moved == []  # the failure had been told already
    assert list((tmp_path / "box").iterdir()) == []


def test_an_object_that_changes_while_it_is_read_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    name = keep("memory://a.md", "short")
    real, left = MemoryFileSystem.cat_file, [1]

    def grows(self: Any, path: str, **more: Any) -> bytes:
        if left:
            left.pop()
            keep(name, "longer than before")
        return real(self, path, **more)

    monkeypatch.setattr(MemoryFileSystem, "cat_file", grows)
    assert storage.read_bytes(name, 100) == b"longer than before"


# -- documents ---------------------------------------------------------------------------------------------------------


def test_a_document_and_its_pictures() -> None:
    name = keep("memory://box/docs/a.md", QUESTION.format("pics/a%20b.png"))
    keep("memory://box/docs/pics/a b.png", PNG)
    found = tiku.read(name)
    assert [media.data for media in found.bank.media] == [PNG]
    assert found.bank.questions[0].location.file == name
    assert found.bank.title == "a"


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("../secret.png", "Q403"), ("pics/../../secret.png", "Q403"), ("%2e%2e/secret.png", "Q403"),
        ("/box/secret.png", "Q403"), ("memory://box/secret.png", "Q403"), ("s3://bank/secret.png", "Q403"),
        ("file:///etc/hostname", "Q403"), ("none.png", "Q401"), ("memory%3A//box/secret.png", "Q401"),
        ("//box/secret.png", "Q402"), ("http://127.0.0.1:9/secret.png", "Q402"), ("text.png", "Q403"),
        ("pics", "Q403"), ("big.png", "Q403"), ("*.png", "Q401"),
    ],
)  # fmt: skip
def test_pictures_from_elsewhere_are_refused(target: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_PICTURE_BYTES", 100)
    name = keep("memory://box/docs/a.md", QUESTION.format(target))
    keep("memory://box/secret.png", PNG)
    keep("memory://box/docs/pics/a.png", PNG)
    keep("memory://box/docs/text.png", "text")
    keep("memory://box/docs/big.png", PNG + b"0" * 100)
    found = tiku.read(name)
    assert not found.bank.media
    assert [problem.code for problem in found.problems] == [code]


def test_a_document_on_the_disk_never_asks_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "_place", lambda name: pytest.fail(f"asked for {name}"))
    for target in ("memory://box/a.png", "s3://bank/a.png", "memory%3A//box/a.png", "sftp://h/a.png"):
        (tmp_path / "a.md").write_text(QUESTION.format(target))
        assert not tiku.read(tmp_path / "a.md").bank.media


def test_documents_that_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MAX_SOURCE_BYTES", 1_000_000)
    keep("memory://box/big.md", b"x" * 1_000_001)
    for name, words in {
        "memory://box/none.md": "memory://box/none.md: no such file",
        "memory://box": "memory://box: not a plain file",
        "memory://box/big.md": "memory://box/big.md: larger than 1 MB",
        "https://x/a.md": "https://x/a.md: on the network, which is not asked without --allow-net",
    }.items():
        with pytest.raises(DocumentError) as caught:
            sources.read_bytes(name)
        assert str(caught.value) == words


def test_a_server_that_fails_is_no_missing_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    name = keep("memory://box/a.md", QUESTION.format("a.png"))
    keep("memory://box/a.png", PNG)
    real = MemoryFileSystem.info

    def fail(self: Any, path: str, **more: Any) -> Any:
        if path.endswith(".png"):
            raise ConnectionResetError(104, "reset")
        return real(self, path, **more)

    monkeypatch.setattr(MemoryFileSystem, "info", fail)
    with pytest.raises(DocumentError, match=r"memory://box/a\.png: cannot be read: reset"):
        tiku.read(name)


def test_documents_of_the_web_come_by_leave() -> None:
    asked = []

    def fetch(url: str) -> bytes:
        asked.append(url)
        return {"https://h/x/a.md": b"text", "https://h/x/p%20q.png": PNG}.get(url, b"")

    assert sources.read_bytes("https://h/x/a.md", fetch) == b"text"
    assert sources.picture("https://h/x", "p q.png", fetch) == PNG
    with pytest.raises(DocumentError, match="cannot be fetched"):
        sources.read_bytes("https://h/none", fetch)
    with pytest.raises(sources.OutsideError):
        sources.picture("https://h/x", "../p.png", fetch)
    with pytest.raises(FileNotFoundError):
        sources.picture("https://h/x", "p q.png")
    assert asked == ["https://h/x/a.md", "https://h/x/p%20q.png", "https://h/none"]


def test_file_urls_are_local_documents(tmp_path: Path) -> None:
    (tmp_path / "a b.md").write_text(QUESTION.format("p.png"))
    (tmp_path / "p.png").write_bytes(PNG)
    found = tiku.read(f"file://{tmp_path}/a%20b.md".replace(os.sep, "/"))
    assert [media.data for media in found.bank.media] == [PNG]
