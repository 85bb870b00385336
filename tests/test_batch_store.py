"""The store: what is damaged counts as missing, and is made again; it grows no larger than it may."""

from __future__ import annotations

import json
import os
import random
import shutil
from typing import TYPE_CHECKING

import pytest

from faults.worlds import make, outputs
from tiku.batch.store import Store
from tiku.files import digest_of

if TYPE_CHECKING:
    from pathlib import Path

    from command import Command

COMPLAINT = "a damaged file in the cache was removed, and what it held is made again"


def files_in(folder: Path) -> list[Path]:
    """All files below `folder`, sorted."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """An empty store."""
    return Store(tmp_path / "store")


def test_object_is_what_was_put(store: Store) -> None:
    name = store.put(b"some bytes")
    assert name == digest_of(b"some bytes")
    assert store.get(name) == b"some bytes"
    assert store.get("0" * 64) is None
    assert not store.complaints


@pytest.mark.parametrize("offset", range(0, 40, 3))
def test_object_that_is_cut_or_flipped_is_missing(store: Store, offset: int) -> None:
    data = bytes(range(40))
    for damaged in (data[:offset], bytes([*data[:offset], data[offset] ^ 1, *data[offset + 1 :]]), data + b"x"):
        name = store.put(data)
        (path,) = files_in(store.folder)
        path.write_bytes(damaged)
        assert Store(store.folder).get(name) is None
        assert not path.exists()
        assert store.put(data) == name
        assert store.get(name) == data


def test_cut_object_is_put_again(store: Store) -> None:
    name = store.put(b"some bytes")
    files_in(store.folder)[0].write_bytes(b"some")
    store.put(b"some bytes")
    assert store.get(name) == b"some bytes"
    assert not store.complaints


def test_damaged_row_is_missing_wherever_it_is_damaged(store: Store) -> None:
    store.note("ab" * 32, {"sha256": "1", "problems": []})
    (path,) = files_in(store.folder)
    whole = path.read_bytes()
    for offset in range(len(whole)):
        for damaged in (whole[:offset], bytes([*whole[:offset], whole[offset] ^ 4, *whole[offset + 1 :]])):
            path.write_bytes(damaged)
            other = Store(store.folder)
            assert other.row("ab" * 32) is None, (offset, damaged)
            assert other.complaints == [COMPLAINT]
            assert not path.exists()
    path.write_bytes(whole)
    assert store.row("ab" * 32) == {"sha256": "1", "problems": []}


def test_row_in_the_place_of_another_is_missing(store: Store) -> None:
    store.note("ab" * 32, {"value": 1})
    (path,) = files_in(store.folder)
    store.note("cd" * 32, {"value": 2})
    (other,) = set(files_in(store.folder)) - {path}
    shutil.copyfile(path, other)
    assert store.row("cd" * 32) is None
    assert store.row("ab" * 32) == {"value": 1}


def test_store_is_trimmed_to_what_was_used_last(store: Store) -> None:
    names = [store.put(bytes([number]) * 1000) for number in range(20)]
    store.note("ab" * 32, {"value": 1})
    for path in files_in(store.folder):
        os.utime(path, (1000, 1000))
    assert store.get(names[3]) is not None
    assert store.row("ab" * 32) is not None
    assert store.trim(100_000) == 0
    assert store.trim(10_000) >= 10_000
    assert sum(path.stat().st_size for path in files_in(store.folder)) <= 10_000
    assert store.get(names[3]) is not None
    assert store.row("ab" * 32) is not None, "rows that are read every day do not go first"


@pytest.mark.parametrize("obstacle", ["file", "folder in the place of an object", "full"])
def test_store_that_cannot_be_written_stops_nothing(
    store: Store, monkeypatch: pytest.MonkeyPatch, obstacle: str
) -> None:
    name = digest_of(b"bytes")
    if obstacle == "file":
        store.folder.write_text("not a folder", encoding="utf-8")
    elif obstacle == "full":
        monkeypatch.setattr("tiku.files.os.write", _full)
    else:
        (store.folder / "objects" / name[:2] / name[2:]).mkdir(parents=True)
    assert store.put(b"bytes") == name
    store.note("ab" * 32, {})
    assert store.get(name) is None
    assert len(store.complaints) == 1
    assert store.complaints[0].startswith("the cache is not kept: ")


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")


# -- builds -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def world(tmp_path: Path, tiku: Command, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two documents, built."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    make(tmp_path, 2, ("json", "md", "epub", "apkg"))
    assert tiku("build", "-j", "1").code == 0
    return tmp_path


@pytest.mark.parametrize("seed", range(12))
def test_damaged_store_gives_right_outputs(world: Path, tiku: Command, seed: int) -> None:
    draw = random.Random(seed)
    old = outputs(world)
    kept = files_in(world / "cache")
    for path in draw.sample(kept, draw.choice((1, 3, len(kept)))):
        data = bytearray(path.read_bytes())
        where = draw.randrange(len(data))
        if draw.random() < 0.5:
            data[where] ^= 1 << draw.randrange(8)
        else:
            del data[where:]
        path.write_bytes(data)
    for name in old:
        if not name.endswith("apkg"):
            (world / "outputs" / name).unlink()
    done = tiku("build", "-j", "1")
    assert done.code == 0
    assert outputs(world) == old
    tiku("build", "-j", "1")
    assert "8 up to date" in tiku("build").err


def test_damage_is_told_once(world: Path, tiku: Command) -> None:
    for path in files_in(world / "cache" / "objects"):
        path.write_bytes(path.read_bytes()[:-1] + b"?")
    shutil.rmtree(world / "outputs")
    done = tiku("build", "-j", "1")
    assert done.code == 0
    assert done.err.count(COMPLAINT) == 1


def test_limit_of_the_store_holds_for_a_build(world: Path, tiku: Command) -> None:
    config = world / "tiku.toml"
    config.write_text(config.read_text(encoding="utf-8").replace("[build]", '[build]\ncache_size = "1 MB"'), "utf-8")
    (world / "cache" / "objects" / "zz").mkdir()
    (world / "cache" / "objects" / "zz" / "old").write_bytes(b"\0" * 5_000_000)
    os.utime(world / "cache" / "objects" / "zz" / "old", (1, 1))
    (world / "source" / "d1.md").write_text((world / "source" / "d2.md").read_text("utf-8") + "\nmore\n", "utf-8")
    assert tiku("build", "-j", "1").code == 0
    assert sum(path.stat().st_size for path in files_in(world / "cache")) <= 1_000_000


def test_nothing_in_the_store_can_be_executed(world: Path) -> None:
    for path in files_in(world / "cache" / "rows"):
        json.loads(path.read_bytes().partition(b"\n")[2])
        assert not path.stat().st_mode & 0o111


def test_lost_bank_and_changed_source_are_not_mixed_up(
    world: Path, tiku: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store lost the bank, and the source changes between the look at it and the second reading."""
    from tiku.batch import jobs

    source = world / "source" / "d1.md"
    old = source.read_text(encoding="utf-8")
    shutil.rmtree(world / "cache" / "objects")
    (world / "outputs" / "d1.json").unlink()
    read = jobs._Work._read

    def late(work: jobs._Work) -> object:
        if work.order.source.endswith("d1.md"):
            source.write_text(old.replace("That of", "Those of"), encoding="utf-8")
        return read(work)

    monkeypatch.setattr(jobs._Work, "_read", late)
    assert tiku("build", "-j", "1").code == 0
    monkeypatch.undo()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.chdir(world)
    source.write_text(old, encoding="utf-8")
    assert tiku("build", "-j", "1", "--cache", "cache").code == 0
    assert "Those of" not in (world / "outputs" / "d1.json").read_text(encoding="utf-8")


def test_style_sheet_that_changes_while_it_is_used_is_not_remembered(
    world: Path, tiku: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tiku.exporters import EXPORTERS

    css, config = world / "book.css", world / "tiku.toml"
    config.write_text(config.read_text(encoding="utf-8") + '[set.epub]\ncss = "book.css"\n', encoding="utf-8")
    css.write_text("p { margin: 1px }\n", encoding="utf-8")
    exporter = EXPORTERS.load("epub")
    export = type(exporter).export

    def late(*arguments: object) -> object:
        css.write_text("p { margin: 2px }\n", encoding="utf-8")
        return export(*arguments)

    monkeypatch.setattr(type(exporter), "export", late)
    assert tiku("build", "-j", "1").code == 0
    monkeypatch.setattr(type(exporter), "export", export)
    css.write_text("p { margin: 1px }\n", encoding="utf-8")
    assert tiku("build", "-j", "1").code == 0
    made = outputs(world)
    assert tiku("build", "-j", "1", "--no-cache").code == 0
    assert outputs(world)["d1.epub"] == made["d1.epub"]
