"""`tiku build` and `tiku convert` between an object store and itself, over a real connection."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from banks import numbered
from s3_server import Faults, running
from tiku import storage
from tiku.batch.record import NAME
from tiku.orders import staging

if TYPE_CHECKING:
    from collections.abc import Iterator

    from command import Command

CONFIG = '[build]\noutput = "s3://bank/out"\nformats = ["json", "epub"]\nledger = false\n[[bank]]\nsource = "s3://bank/in/*.md"\n'


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Faults]:
    with running(monkeypatch) as faults:
        yield faults


def send(name: str, text: str) -> None:
    path = Path("sent.md")
    path.write_text(text, encoding="utf-8")
    storage.put(path, name)


def puts(server: Faults) -> list[str]:
    return [path for method, path in server.asked if method == "PUT"]


def asked_together(count: int, monkeypatch: pytest.MonkeyPatch) -> threading.Barrier:
    """Have the server asked of JSON outputs by `count` at a time: broken when one waits for another's answer."""
    together = threading.Barrier(count, timeout=20)
    known = storage.stamp

    def stamp(url: str) -> str | None:
        if url.endswith(".json"):
            together.wait()
        return known(url)

    monkeypatch.setattr(storage, "stamp", stamp)
    return together


def test_a_build_from_a_store_to_it(tiku: Command, server: Faults) -> None:
    for name in "ab":
        send(f"s3://bank/in/{name}.md", numbered(2))
    Path("tiku.toml").write_text(CONFIG, encoding="utf-8")
    done = tiku("build", "-j", "1")
    assert done.code == 0, done.err
    assert "s3://bank/in/a.md -> s3://bank/out/a.json" in done.err
    made = storage.find("s3://bank/out/*")
    assert made == [f"s3://bank/out/{name}.{suffix}" for name in "ab" for suffix in ("epub", "json")]
    before = {name: storage.read_bytes(name, 10**7) for name in made}
    server.asked.clear()
    assert tiku("build", "-j", "1").code == 0
    assert puts(server) == []
    send("s3://bank/in/a.md", numbered(3))
    storage.remove("s3://bank/out/b.json")
    server.asked.clear()
    assert tiku("build", "-j", "1").code == 0
    assert len(puts(server)) == 3
    after = {name: storage.read_bytes(name, 10**7) for name in made}
    assert [name for name in made if before[name] != after[name]] == made[:2]
    storage.remove("s3://bank/in/b.md")
    done = tiku("build", "-j", "1", "--clean")
    assert done.code == 0, done.err
    assert storage.find("s3://bank/out/*") == made[:2]


def test_a_server_is_asked_of_several_documents_at_a_time(
    tiku: Command, server: Faults, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        send(f"s3://bank/in/{name}.md", numbered(2))
    Path("tiku.toml").write_text(CONFIG, encoding="utf-8")
    assert tiku("build", "-j", "1").code == 0
    together = asked_together(3, monkeypatch)
    done = tiku("build", "-j", "1")
    assert (done.code, together.broken) == (0, False)
    assert "6 up to date" in done.err


def test_notes_of_a_document_in_a_store_need_a_ledger(tiku: Command, server: Faults) -> None:
    send("s3://bank/in/a.md", numbered(2))
    Path("tiku.toml").write_text(CONFIG.replace("ledger = false\n", "").replace('"epub"', '"apkg"'), encoding="utf-8")
    done = tiku("build")
    assert done.code == 2
    assert "none is kept beside a URL" in done.err


def test_notes_of_a_document_in_a_store_are_made_once_without_a_ledger(tiku: Command, server: Faults) -> None:
    send("s3://bank/in/a.md", numbered(2))
    Path("tiku.toml").write_text(CONFIG.replace('"epub"', '"apkg"'), encoding="utf-8")
    assert tiku("build", "-j", "1").code == 0
    server.asked.clear()
    assert " 0 made" in tiku("build", "-j", "1").err
    assert puts(server) == []
    assert tiku("build", "--check").code == 0


def test_convert_to_a_store(tiku: Command, server: Faults) -> None:
    Path("a.md").write_text(numbered(2), encoding="utf-8")
    done = tiku("convert", "a.md", "-o", "s3://bank/one/b.json")
    assert done.code == 0, done.err
    done = tiku("convert", "a.md", "-t", "json,md,apkg", "-o", "s3://bank/many/")
    assert done.code == 0, done.err
    assert storage.find("s3://bank/**") == [
        "s3://bank/many/a.apkg", "s3://bank/many/a.json", "s3://bank/many/a.md", "s3://bank/one/b.json"
    ]  # fmt: skip
    assert not list(Path().rglob("s3*"))


def test_a_record_cannot_have_another_object_removed(tiku: Command, server: Faults) -> None:
    for name in "ab":
        send(f"s3://bank/in/{name}.md", numbered(2))
    send("s3://bank/precious.json", "precious")
    Path("tiku.toml").write_text(CONFIG, encoding="utf-8")
    assert tiku("build", "-j", "1").code == 0
    record = staging("s3://bank/out") / NAME
    text = record.read_text(encoding="utf-8")
    assert "s3://bank/out/b.json" in text
    record.write_text(text.replace("s3://bank/out/b.json", "s3://bank/precious.json"), encoding="utf-8")
    storage.remove("s3://bank/in/b.md")
    done = tiku("build", "-j", "1", "--clean")
    assert done.code == 0, done.err
    assert storage.exists("s3://bank/precious.json")
    assert not storage.exists("s3://bank/out/b.epub")


@pytest.fixture
def sent(tiku: Command, server: Faults) -> list[str]:
    """The URLs of what a build of two documents made in the store."""
    for name in "ab":
        send(f"s3://bank/in/{name}.md", numbered(2))
    Path("tiku.toml").write_text(CONFIG, encoding="utf-8")
    assert tiku("build", "-j", "1").code == 0
    return [f"s3://bank/out/{name}.{suffix}" for name in "ab" for suffix in ("epub", "json")]


def test_clean_after_a_build_in_which_all_was_up_to_date(tiku: Command, sent: list[str]) -> None:
    assert "4 up to date" in tiku("build", "-j", "1").err
    storage.remove("s3://bank/in/b.md")
    done = tiku("build", "-j", "1", "--clean")
    assert done.code == 0, done.err
    assert [line for line in done.err.splitlines() if line.startswith("removed")] == [
        f"removed {url}" for url in sent[2:]
    ]
    assert storage.find("s3://bank/out/*") == sent[:2]
    assert "removed" not in tiku("build", "-j", "1", "--clean").err


def test_clean_leaves_an_object_that_was_changed(tiku: Command, sent: list[str]) -> None:
    send(sent[3], "mine")
    storage.remove("s3://bank/in/b.md")
    done = tiku("build", "-j", "1", "--clean")
    assert done.code == 0, done.err
    assert f"not removed, since it was changed: {sent[3]}" in done.err
    assert f"removed {sent[2]}" in done.err
    assert storage.find("s3://bank/out/*") == [*sent[:2], sent[3]]
    assert storage.read_bytes(sent[3], 100) == b"mine"


@pytest.mark.parametrize(("text", "why"), [("", "it is not there"), ("{}", "it was changed after it was made")])
def test_an_object_that_is_gone_or_not_ours_is_made_again(
    tiku: Command, sent: list[str], server: Faults, text: str, why: str
) -> None:
    ours = storage.read_bytes(sent[1], 10**7)
    # As long as what was sent: its length alone would tell nothing.
    send(sent[1], text.ljust(len(ours))) if text else storage.remove(sent[1])
    done = tiku("build", "-j", "1", "--check")
    assert done.code == 1
    assert sent[1] in done.err.splitlines()
    assert "1 of 4 outputs are not up to date" in done.err
    server.asked.clear()
    done = tiku("build", "-j", "1", "--explain")
    assert done.code == 0, done.err
    assert f"{sent[1]}: {why}" in done.err
    assert len(puts(server)) == 1
    assert storage.read_bytes(sent[1], 10**7) == ours
    assert tiku("build", "-j", "1", "--check").code == 0


def test_why_objects_are_made_again_is_asked_of_several_at_a_time(
    tiku: Command, sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        send(f"s3://bank/in/{name}.md", numbered(3))
    together = asked_together(2, monkeypatch)
    done = tiku("build", "--check")
    assert (done.code, together.broken) == (1, False)
    assert "4 of 4 outputs" in done.err
