"""Calls and names that no build can carry out: told once, by name, and nobody else pays for them."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from faults.worlds import build, document, make, outputs
from tiku.batch import keys
from tiku.render import fonts

if TYPE_CHECKING:
    from command import Command

CONFIG = '[build]\noutput = "out"\nformats = ["json", "md"]\n'


@pytest.mark.parametrize("jobs", ["1", "2"])
@pytest.mark.parametrize("cache", ["", "--no-cache"])
def test_a_name_that_is_not_utf_8_costs_its_document_alone(jobs: str, cache: str, tmp_path: Path) -> None:
    world = make(tmp_path / "world", 2)
    odd(world / "source")
    for _ in range(2):
        code, words = build(world, "-j", jobs, *([cache] if cache else []))
        assert code == 1
        assert words.count("by\\udcffte.md: the file's name is not in UTF-8") == 1
        assert len(outputs(world)) == 6


def odd(folder: Path) -> None:
    """A document in `folder` with a name that is not UTF-8."""
    folder.mkdir(exist_ok=True)
    try:
        (folder / os.fsdecode(b"by\xffte.md")).write_text(document("odd"), encoding="utf-8")
    except OSError:
        pytest.skip("this file system takes no such name")


def test_a_name_that_is_not_utf_8_is_not_up_to_date(tmp_path: Path) -> None:
    """What a build cannot make is not there either."""
    world = make(tmp_path / "world")
    odd(world / "source")
    build(world, "-j", "1")
    code, words = build(world, "--check", "--explain")
    assert code == 1
    assert "outputs/by\\udcffte.json: the file's name is not in UTF-8" in words
    assert "3 of 6 outputs are not up to date" in words


def test_a_name_that_is_not_utf_8_is_left_out_of_its_folder(tmp_path: Path) -> None:
    world = make(tmp_path / "world")
    odd(world / "source")
    config = (world / "tiku.toml").read_text(encoding="utf-8").replace("source/*.md", "source")
    (world / "tiku.toml").write_text(config, encoding="utf-8")
    for _ in range(2):
        code, words = build(world, "-j", "1")
        assert code == 0
        assert words.count("source/by\\udcffte.md: Q004 left out: the file's name is not in UTF-8") == 1
    assert len(outputs(world)) == 3
    assert build(world, "--check")[0] == 0


@pytest.mark.parametrize("epoch", ["abc", "-1", "99999999999999"])
@pytest.mark.parametrize("command", ["build", "convert"])
def test_a_wrong_time_is_told_once(epoch: str, command: str, tiku: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    make_here(tiku)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    done = tiku(command, *(["a.md", "b.md", "-t", "json,md", "-o", "out/"] if command == "convert" else []))
    assert done.code == 2
    assert done.err.count("SOURCE_DATE_EPOCH") == 1
    assert not Path("out/a.json").exists()


def make_here(tiku: Command) -> None:
    """Two documents and a configuration in the current folder."""
    assert tiku
    for name in "ab":
        Path(f"{name}.md").write_text(document(name), encoding="utf-8")
    Path("tiku.toml").write_text(f'{CONFIG}[[bank]]\nsource = "*.md"\n', encoding="utf-8")


def test_one_source_in_two_decks_is_seen_however_it_is_spelled(tiku: Command) -> None:
    make_here(tiku)
    again = f"./../{Path.cwd().name}/a.md"
    banks = f'[[bank]]\nsource = "a.md"\n[[bank]]\nsource = "{again}"\noutput = "o3"\ndeck = "X"\n'
    Path("tiku.toml").write_text(CONFIG.replace('"md"', '"apkg"') + banks, encoding="utf-8")
    done = tiku("build")
    assert done.code == 2
    assert "is in two banks that make different notes of it" in done.err


def test_a_font_s_version_and_size_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A font that was updated has its name, its characters and its place as before."""
    file = tmp_path / "a.ttf"
    file.write_bytes(b"1")
    face = fonts.Face("A", False, False, False, frozenset({"en"}), file, 0, "20-7e", "65536")
    found = []
    for each, size in ((face, 1), (replace(face, version="65601"), 1), (face, 2), (face, 1)):
        file.write_bytes(b"1" * size)
        monkeypatch.setattr(fonts, "faces", lambda each=each: (each,))
        keys.fonts.cache_clear()
        found.append(keys.fonts())
    keys.fonts.cache_clear()
    assert len(set(found)) == 3
    assert found[0] == found[3]
