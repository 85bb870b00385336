"""An object store over a real connection: what is asked, what is waited for, and what is left when things break."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

import tiku
from s3_server import Faults, running
from storage_cases import stamps_tell_objects_apart
from tiku import sources, storage
from tiku.errors import DocumentError, SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 32
NAME = "s3://bank/box/a.bin"


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    with running(monkeypatch) as faults:
        yield faults


@pytest.fixture
def old(server: Faults, tmp_path: Path) -> Path:
    """A local file that differs from what stands at NAME."""
    path = tmp_path / "made.bin"
    path.write_bytes(b"old")
    storage.put(path, NAME)
    path.write_bytes(b"new" * 1_000_000)
    server.asked.clear()
    return path


def test_put_read_find_remove(server: Faults, tmp_path: Path) -> None:
    path = tmp_path / "made.bin"
    names = [f"s3://bank/{each}" for each in ("a b.md", "box/题.md", "box/in/c.md", "box/in/d.txt")]
    for name in names:
        path.write_bytes(name.encode())
        storage.put(path, name)
        assert storage.read_bytes(name, 1000) == name.encode()
        assert storage.exists(name)
        assert abs((storage.modified(name) or 0) - time.time()) < 100
    assert storage.find("s3://bank/*.md") == names[:1]
    assert storage.find("s3://bank/**/*.md") == sorted(names[:3])
    assert storage.find("s3://bank/box/in/[cd].*") == names[2:]
    assert storage.find("s3://bank/none/*.md") == []
    assert not storage.exists("s3://bank/box")
    storage.remove(names[0])
    storage.remove(names[0])
    assert not storage.exists(names[0])


def test_a_stamp_tells_another_object_of_the_same_length(server: Faults, tmp_path: Path) -> None:
    stamps_tell_objects_apart(NAME, tmp_path / "made.bin")


def test_it_is_asked_no_more_than_needed(server: Faults, old: Path) -> None:
    storage.read_bytes(NAME, 1000)
    assert [method for method, _ in server.asked] == ["HEAD", "GET"]
    server.asked.clear()
    storage.put(old, NAME)
    assert [method for method, _ in server.asked] == ["PUT", "HEAD"]


def test_what_another_program_did_is_seen_at_once(server: Faults, old: Path) -> None:
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    assert storage.find("s3://bank/box/*") == [NAME]
    assert not storage.exists("s3://bank/box/other")
    s3_backends[DEFAULT_ACCOUNT_ID]["aws"].put_object("bank", "box/other", b"x")
    assert storage.exists("s3://bank/box/other")
    assert storage.find("s3://bank/box/*") == [NAME, "s3://bank/box/other"]


def test_a_document_with_its_pictures(server: Faults, tmp_path: Path) -> None:
    text = "### 1. What?\n\n**Answer:** ![a](p/a.png) ![b](../b.png) ![c](none.png) ![d](s3://bank/b.png)\n"
    for name, data in {"docs/a.md": text.encode(), "docs/p/a.png": PNG, "b.png": PNG}.items():
        (tmp_path / "made").write_bytes(data)
        storage.put(tmp_path / "made", f"s3://bank/{name}")
    server.asked.clear()
    with sources.witness() as record:
        found = tiku.read("s3://bank/docs/a.md")
    assert [media.data for media in found.bank.media] == [PNG]
    assert sorted(problem.code for problem in found.problems) == ["Q401", "Q403", "Q403"]
    assert {path for _, path in server.asked} <= {
        "/bank", "/bank/docs/a.md", "/bank/docs/p/a.png", "/bank/docs/none.png",
    }  # fmt: skip
    assert {name: value is not None for name, value in record.items()} == {
        "s3://bank/docs/a.md": True,
        "s3://bank/docs/./p/a.png": True,
        "s3://bank/docs/./../b.png": False,
        "s3://bank/docs/./none.png": False,
    }
    assert {name: sources.digest(name) for name in record} == record


# -- faults ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [1, 2, len(storage.WAITS)])
def test_errors_that_pass_are_outlived(server: Faults, old: Path, count: int) -> None:
    server.errors = count
    assert storage.read_bytes(NAME, 1000) == b"old"
    assert server.errors == 0
    server.errors = count
    storage.put(old, NAME)
    assert server.errors == 0
    assert storage.read_bytes(NAME, 10_000_000) == old.read_bytes()
    server.errors = count
    assert storage.find("s3://bank/**") == [NAME]


def test_errors_that_stay_are_told(server: Faults, old: Path) -> None:
    server.errors = 1000
    with pytest.raises(SetupError, match=f"cannot write '{NAME}': "):
        storage.put(old, NAME)
    with pytest.raises(SetupError, match=f"cannot look for '{NAME}': "):
        storage.exists(NAME)
    with pytest.raises(SetupError, match=f"cannot list '{NAME}\\*': "):
        storage.find(NAME + "*")
    with pytest.raises(DocumentError, match=f"{NAME}: cannot be read: "):
        sources.read_bytes(NAME)
    server.errors = 0
    assert storage.read_bytes(NAME, 1000) == b"old"


def test_a_bucket_that_is_not_there(server: Faults, old: Path) -> None:
    with pytest.raises(SetupError, match=r"cannot write 's3://nobody/a.md': no such file or bucket"):
        storage.put(old, "s3://nobody/a.md")
    with pytest.raises(DocumentError, match=r"s3://nobody/a.md: no such file"):
        sources.read_bytes("s3://nobody/a.md")
    assert storage.find("s3://nobody/*.md") == []


def test_a_server_that_hangs_is_given_up(server: Faults, old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(storage, "PATIENCE", 1.0)
    monkeypatch.setattr(storage, "SLOWEST", 1e9)
    server.hang.set()
    start = time.monotonic()
    with pytest.raises(SetupError, match=r"cannot write .*: no answer in 1 s"):
        storage.put(old, NAME)
    with pytest.raises(SetupError, match=r"cannot list .*: no answer in 1 s"):
        storage.find("s3://bank/*")
    with pytest.raises(DocumentError, match=r"cannot be read: no answer in 1 s"):
        sources.read_bytes(NAME)
    assert time.monotonic() - start < 15
    server.hang.clear()
    assert storage.read_bytes(NAME, 1000) == b"old"


def test_nobody_there(server: Faults, monkeypatch: pytest.MonkeyPatch) -> None:
    from s3_server import forget

    forget()
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    start = time.monotonic()
    with pytest.raises(SetupError, match=r"cannot look for 's3://bank/a': .*connect"):
        storage.exists("s3://bank/a")
    assert time.monotonic() - start < 30


PUT = "import sys; from pathlib import Path; from tiku import storage; storage.put(Path(sys.argv[1]), sys.argv[2])"


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_a_put_that_is_killed_leaves_the_old_object(server: Faults, old: Path, how: signal.Signals) -> None:
    server.only = "PUT"
    server.hang.set()
    with subprocess.Popen([sys.executable, "-c", PUT, str(old), NAME], stderr=subprocess.DEVNULL) as process:
        assert server.hung.wait(60)
        process.send_signal(how)
        assert process.wait(20) != 0
    server.hang.clear()
    server.over.set()
    time.sleep(0.2)
    assert storage.find("s3://bank/**") == [NAME]
    assert storage.read_bytes(NAME, 10_000_000) == b"old"
    # and the next one does what it should
    subprocess.run([sys.executable, "-c", PUT, str(old), NAME], check=True, timeout=60)
    assert storage.read_bytes(NAME, 10_000_000) == old.read_bytes()


IN_PARTS = (
    "import sys, s3fs.core; real = s3fs.core.calculate_chunksize;"
    "s3fs.core.calculate_chunksize = lambda size, chunksize=None: real(size, 5_300_000);" + PUT
)


def test_an_upload_in_parts_that_is_killed_leaves_the_old_object(server: Faults, old: Path) -> None:
    old.write_bytes(os.urandom(11_000_000))
    puts = []

    def stop_at_the_last(method: str, _path: str) -> None:
        if method == "PUT":
            puts.append(method)
            if len(puts) == 3:
                server.only = "PUT"
                server.hang.set()

    server.before = stop_at_the_last
    with subprocess.Popen([sys.executable, "-c", IN_PARTS, str(old), NAME], stderr=subprocess.DEVNULL) as process:
        assert server.hung.wait(60)
        process.kill()
        process.wait(20)
    server.hang.clear()
    server.over.set()
    assert storage.find("s3://bank/**") == [NAME]
    assert storage.read_bytes(NAME, 20_000_000) == b"old"


def test_an_object_of_another_size_is_noticed(server: Faults, old: Path) -> None:
    server.cut = lambda method, _: 5 if method == "HEAD" else None
    with pytest.raises(SetupError, match="5 of 3000000 bytes arrived"):
        storage.put(old, NAME)


def test_an_object_with_other_bytes_is_noticed(server: Faults, old: Path) -> None:
    from moto.core.models import DEFAULT_ACCOUNT_ID
    from moto.s3.models import s3_backends

    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]

    def flip(method: str, _path: str) -> None:
        if method == "HEAD":
            backend.put_object("bank", "box/a.bin", b"x" + old.read_bytes()[1:])

    server.before = flip
    with pytest.raises(SetupError, match="what arrived is not what was sent"):
        storage.put(old, NAME)


def test_a_large_file_in_parts(server: Faults, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import s3fs.core

    real = s3fs.core.calculate_chunksize
    monkeypatch.setattr(s3fs.core, "calculate_chunksize", lambda size, chunksize=None: real(size, 5_300_000))
    path = tmp_path / "made.bin"
    path.write_bytes(os.urandom(11_000_000))
    storage.put(path, NAME)
    assert [method for method, _ in server.asked].count("PUT") == 3
    assert storage.read_bytes(NAME, 20_000_000) == path.read_bytes()


def test_no_secret_is_shown(server: Faults, old: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    server.errors = 1000
    with pytest.raises(SetupError) as caught:
        storage.put(old, NAME)
    shown = f"{caught.value} {caplog.text}"
    assert os.environ["AWS_SECRET_ACCESS_KEY"] not in shown
    assert os.environ["AWS_ACCESS_KEY_ID"] not in shown


def test_a_process_made_by_fork_reads_too(server: Faults, old: Path) -> None:
    code = (
        "import os, sys; from tiku import storage; storage.read_bytes(sys.argv[1], 10); child = os.fork()\n"
        "if not child: os._exit(storage.read_bytes(sys.argv[1], 10) != b'old')\n"
        "sys.exit(os.waitpid(child, 0)[1] != 0)"
    )
    if hasattr(os, "fork"):
        subprocess.run([sys.executable, "-c", code, NAME], check=True, timeout=60)
