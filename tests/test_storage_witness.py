"""What a reading read: every file, by the bytes that were really read; and whether it would read the same again."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tiku
from tiku import sources
from tiku.errors import DocumentError
from tiku.readers import SUFFIXES

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 32
DIALECT = 'summary = "x"\nshape = "heading"\nnumbered = true\n'
TARGETS = ("p/a.png", "p/../b.png", "./p/./a.png", "none.png", "out.png", "../c.png", "text.png", "p")


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A document with pictures of all kinds, in a folder ``docs`` of the current one."""
    monkeypatch.chdir(tmp_path)
    docs = tmp_path / "docs"
    (docs / "p").mkdir(parents=True)
    for name, data in {"p/a.png": PNG, "b.png": PNG + b"b", "../c.png": PNG + b"c", "text.png": b"text"}.items():
        (docs / name).write_bytes(data)
    (docs / "out.png").symlink_to("../c.png")
    (tmp_path / "mine.toml").write_text(DIALECT, encoding="utf-8")
    pictures = " ".join(f"![x]({target})" for target in TARGETS)
    (docs / "a.md").write_text(f"### 1. What?\n\n**Answer:** {pictures}\n", encoding="utf-8")
    return "docs/a.md"


def reading(name: str, **settings: str) -> dict[str, str | None]:
    with sources.witness() as record:
        tiku.read(name, **settings)
    return record


def again(record: dict[str, str | None]) -> dict[str, str | None]:
    return {name: sources.digest(name, SUFFIXES) for name in record}


def test_every_file_is_recorded(document: str, tmp_path: Path) -> None:
    assert reading(document, dialect="mine.toml") == {
        document: sha((tmp_path / document).read_bytes()),
        "mine.toml": sha(DIALECT.encode()),
        "docs/./p/a.png": sha(PNG),
        "docs/./p/../b.png": sha(PNG + b"b"),
        "docs/./none.png": None,
        "docs/./out.png": None,
        "docs/./../c.png": None,
        "docs/./text.png": sha(b"text"),
        "docs/./p": None,
    }


def test_nothing_changed_is_seen_as_nothing_changed(document: str) -> None:
    record = reading(document, dialect="mine.toml")
    assert again(record) == record


CHANGES = {
    "document": ("docs/a.md", lambda path: path.write_text("### 1. Other?\n\n**Answer:** So.\n")),
    "dialect": ("mine.toml", lambda path: path.write_text(DIALECT + "# more\n")),
    "picture": ("docs/./p/a.png", lambda path: path.write_bytes(PNG + b"new")),
    "picture gone": ("docs/./p/../b.png", lambda path: path.unlink()),
    "picture come": ("docs/./none.png", lambda path: path.write_bytes(PNG)),
    "no picture before": ("docs/./text.png", lambda path: path.write_bytes(PNG)),
    "link replaced by a picture": ("docs/./out.png", lambda path: (path.unlink(), path.write_bytes(PNG))),
    "folder replaced by a picture": (
        "docs/./p",
        lambda path: (path.rename(path.with_name("q")), path.write_bytes(PNG)),
    ),
    "same size and time": (
        "docs/./p/a.png",
        lambda path: (path.write_bytes(PNG[:-1] + b"1"), os.utime(path, (1, 1))),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_seen(document: str, tmp_path: Path, change: str) -> None:
    record = reading(document, dialect="mine.toml")
    name, make = CHANGES[change]
    make(tmp_path / name)
    changed = {each for each, value in again(record).items() if value != record[each]}
    assert name in changed
    assert changed <= {name, *({each for each in record if "/p/" in each} if "folder" in change else ())}


def test_a_folder_of_documents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs").mkdir()
    for name in "ab":
        (tmp_path / f"docs/{name}.md").write_text(f"### 1. {name}?\n\n**Answer:** ![x]({name}.png)\n")
        (tmp_path / f"docs/{name}.png").write_bytes(PNG)
    record = reading("docs")
    assert set(record) == {"docs/", "docs/a.md", "docs/b.md", "docs/./a.png", "docs/./b.png"}
    assert again(record) == record
    (tmp_path / "docs/more.png").write_bytes(PNG)
    (tmp_path / "docs/.hidden.md").write_text("x")
    assert again(record) == record
    (tmp_path / "docs/c.md").write_text("x")
    assert {name for name, value in again(record).items() if value != record[name]} == {"docs/"}


def test_a_source_that_is_not_there_is_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with sources.witness() as record, pytest.raises(DocumentError):
        tiku.read("a.md")
    assert record == {"a.md": None}


def test_witnesses_within_witnesses(document: str) -> None:
    with sources.witness() as outer:
        inner = reading(document)
    assert outer == inner
    reading(document)
    assert outer == inner


def test_what_changes_during_a_reading_is_never_valid(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    with sources.witness() as record:
        for data in (b"one", b"two", b"two"):
            path.write_bytes(data)
            sources.read_bytes(str(path))
    assert record == {str(path): sources.MIXED}
    assert again(record) != record


def test_standard_input_is_never_valid(monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"### 1. What?\n\n**Answer:** So.\n")))
    record = reading("-")
    assert set(record) == {"-"}
    assert again(record) != record


def test_pictures_of_the_web_are_recorded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiku.network.fetch", lambda url: PNG if url.endswith("a.png") else b"")
    path = tmp_path / "a.md"
    path.write_text("### 1. What?\n\n**Answer:** ![a](http://h/a.png) ![b](http://h/b.png)\n")
    with sources.witness() as record:
        tiku.read(path, allow_net=True)
    assert record["http://h/a.png"] == sha(PNG)
    assert record["http://h/b.png"] is None


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.sampled_from(["a", "b", ".", "..", "/", "//", "/./", "a.png", "\0", "%", " "]), max_size=7))
def test_a_picture_is_looked_for_as_it_was(tmp_path: Path, pieces: list[str]) -> None:
    (tmp_path / "docs/a/b").mkdir(parents=True, exist_ok=True)
    for place in ("a.png", "docs/a.png", "docs/b", "docs/a/a.png", "docs/a/b/a.png"):
        (tmp_path / place).write_bytes(place.encode())
    found = None
    with sources.witness() as record, contextlib.suppress(OSError, sources.OutsideError, sources.UnfitError):
        found = sources.picture(str(tmp_path / "docs"), "".join(pieces))
    assert len(record) == 1
    assert list(record.values()) == [sha(found) if found is not None else None]
    assert again(record) == record


# The names of all files below a folder that a reading opens, as the interpreter itself tells, and its witness.
AUDIT = """
import json, os, sys
opened, folder = set(), os.path.realpath(sys.argv[1])
def hook(event, args):
    if event == "open" and isinstance(args[0], (str, bytes, os.PathLike)):
        path = os.path.realpath(os.fsdecode(args[0]))
        if path.startswith(folder + os.sep) and not path.endswith((".py", ".pyc")):
            opened.add(path)
import tiku
from tiku import sources
sys.addaudithook(hook)
with sources.witness() as record:
    tiku.read(sys.argv[2], **json.loads(sys.argv[3]))
json.dump([sorted(opened), record], sys.stdout)
"""


def audited(folder: Path, name: str, **settings: str) -> tuple[set[str], dict[str, str | None]]:
    done = subprocess.run(
        [sys.executable, "-c", AUDIT, str(folder), name, json.dumps(settings)],
        capture_output=True, check=True, cwd=folder, timeout=120,
    )  # fmt: skip
    opened, record = json.loads(done.stdout)
    return set(opened), record


@pytest.mark.parametrize("name", ["docs/a.md", "docs", "docs/x.html", "docs/x.csv", "docs/x.json", "docs/x.docx"])
def test_no_file_is_opened_behind_the_witness(document: str, tmp_path: Path, name: str) -> None:
    docs = tmp_path / "docs"
    bank = tiku.read(document).bank
    tiku.write(bank, docs / "x.json")
    html = '<h3>1. What?</h3><p><b>Answer:</b> <img src="p/a.png" alt="x"><img src="b.png" alt="y"></p>'
    (docs / "x.html").write_text(html, encoding="utf-8")
    (docs / "x.csv").write_text("question,answer\nWhat?,So ![x](p/a.png)\n", encoding="utf-8")
    subprocess.run(
        [sys.executable, "-c", "import pypandoc, sys; pypandoc.convert_file(*sys.argv[1:3], outputfile=sys.argv[3])",
         str(docs / "x.html"), "docx", str(docs / "x.docx")], check=True, cwd=docs, timeout=60, capture_output=True,
    )  # fmt: skip
    opened, record = audited(tmp_path, name, **({"dialect": "mine.toml"} if name == document else {}))
    told = {os.path.realpath(tmp_path / each) for each, value in record.items() if value is not None}
    assert opened
    assert opened <= told
    assert {sha(Path(path).read_bytes()) for path in opened} <= set(record.values())


def test_the_audit_itself_sees_what_the_witness_does_not(document: str, tmp_path: Path) -> None:
    wild = AUDIT.replace("    tiku.read(", "    open('docs/b.png', 'rb').close(); tiku.read(")
    done = subprocess.run(
        [sys.executable, "-c", wild, str(tmp_path), "mine.toml", "{}"], capture_output=True, check=False, cwd=tmp_path
    )
    assert done.returncode != 0  # no reader takes .toml
    (tmp_path / "docs/c.md").write_text("### 1. What?\n\n**Answer:** So.\n")
    done = subprocess.run(
        [sys.executable, "-c", wild, str(tmp_path), "docs/c.md", "{}"], capture_output=True, check=True, cwd=tmp_path
    )
    opened, record = json.loads(done.stdout)
    assert not {Path(each).name for each in opened} <= {Path(each).name for each in record}
