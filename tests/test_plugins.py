"""Readers and exporters by name: built-ins, strangers, wrong names, missing libraries."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from banks import numbered
from tiku.errors import SetupError, UsageError
from tiku.exporters import EXPORTERS, Answers
from tiku.exporters import SUFFIXES as OUT
from tiku.plugins import Registry, need, suggest
from tiku.readers import READERS, reader_for
from tiku.readers import SUFFIXES as IN

HERE = Path(__file__).parent


def test_a_wrong_name_says_which_was_meant() -> None:
    with pytest.raises(UsageError, match=r"unknown exporter 'pfd', did you mean 'pdf'"):
        EXPORTERS.load("pfd")
    with pytest.raises(UsageError, match=r"unknown reader 'xyzzy' .known: .*markdown"):
        READERS.load("xyzzy")
    assert suggest("epbu", ["epub", "pdf"]) == ", did you mean 'epub'?"


def test_a_wrong_suffix_names_the_way_out() -> None:
    with pytest.raises(UsageError, match=r"no reader for '\.mdd', did you mean '\.md'.*--from"):
        reader_for("", "a.mdd")


def test_listing_names_imports_nothing() -> None:
    code = "import sys; from tiku.exporters import EXPORTERS; EXPORTERS.names(); print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name for name in done.stdout.split() if name.startswith("tiku.exporters.")}
    assert loaded == set()


@pytest.mark.parametrize("name", EXPORTERS.builtin)
def test_an_exporter_offers_what_the_contract_asks(name: str) -> None:
    exporter = EXPORTERS.load(name)
    assert exporter.name == name
    assert exporter.suffix.startswith(".")
    assert exporter.answers
    assert all(isinstance(place, Answers) for place in exporter.answers)
    assert exporter.summary
    assert exporter.keeps
    assert "\n" not in exporter.summary + exporter.keeps
    for option in exporter.options:
        assert option.summary
        assert option.parse(option.default) == option.default, option.name


def test_suffixes_of_exporters_differ_and_name_them() -> None:
    suffixes = [EXPORTERS.load(name).suffix for name in EXPORTERS.builtin]
    assert len(set(suffixes)) == len(suffixes)
    assert set(OUT.values()) == set(EXPORTERS.builtin)


def test_readers_take_the_suffixes_the_table_says() -> None:
    for suffix, name in IN.items():
        assert suffix in READERS.load(name).suffixes
        assert READERS.load(name).name == name


def test_a_missing_library_names_its_extra() -> None:
    with pytest.raises(SetupError, match=r"'pdf' needs 'no_such_library': pip install 'tiku\[pdf\]'"):
        need("pdf", "no_such_library", "pdf")
    registry = Registry("exporter", "tiku.none", {"x": "no_such_module:exporter"})
    with pytest.raises(SetupError, match="exporter 'x' cannot be loaded"):
        registry.load("x")


@pytest.mark.parametrize(("name", "library"), [("pdf", "weasyprint"), ("pdf", "pikepdf"), ("epub", "ebooklib")])
def test_an_exporter_without_its_library_names_the_extra(name: str, library: str, tmp_path: Path) -> None:
    source, hidden = tmp_path / "a.md", tmp_path / "hidden"
    source.write_text(numbered(1), encoding="utf-8")
    hidden.mkdir()
    missing = f"raise ModuleNotFoundError('No module named {library!r}', name={library!r})"
    (hidden / f"{library}.py").write_text(missing.replace(f"{library!r}'", f"\\'{library}\\''"), encoding="utf-8")
    done = run(hidden, tmp_path, "convert", "a.md", "-t", name)
    assert f"'{name}' needs '{library}': pip install 'tiku[{name}]'" in done.stderr, done.stderr
    assert done.returncode == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.md", "hidden"]


# -- a stranger's package, installed as a user would ------------------------------------------------------------------


@pytest.fixture(scope="session")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the example of a third-party package is installed, without the network."""
    folder = tmp_path_factory.mktemp("stranger")
    copied = folder / "source"
    shutil.copytree(HERE / "plugin_example", copied, ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-build-isolation", "--no-deps"]
    subprocess.run([*command, "--target", str(folder / "site"), str(copied)], check=True, timeout=120)
    return folder / "site"


def run(stranger: Path, folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": str(stranger)}
    command = [sys.executable, "-m", "tiku", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, cwd=folder, timeout=60)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.md").write_text(numbered(2), encoding="utf-8")
    return tmp_path


def test_a_stranger_exports(stranger: Path, folder: Path) -> None:
    done = run(stranger, folder, "convert", "a.md", "--to", "outline", "--set", "outline.bullet=*")
    assert (done.returncode, done.stdout) == (0, "")
    assert (folder / "a.outline.txt").read_text(encoding="utf-8") == "* 1. Title 1\n* 2. Title 2\n"
    assert "a.md:1: Q302 an outline shows no answers" in done.stderr


def test_a_strangers_suffix_names_its_format(stranger: Path, folder: Path) -> None:
    assert run(stranger, folder, "convert", "a.md", "-o", "b.outline.txt").returncode == 0
    assert (folder / "b.outline.txt").is_file()


def test_a_stranger_reads(stranger: Path, folder: Path) -> None:
    (folder / "b.outline").write_text("- One?\n- Two?\n", encoding="utf-8")
    done = run(stranger, folder, "convert", "b.outline", "-t", "md")
    assert done.returncode == 0, done.stderr
    assert "Two?" in (folder / "b.md").read_text(encoding="utf-8")


def test_a_strangers_formats_are_listed_with_their_options(stranger: Path, folder: Path) -> None:
    done = run(stranger, folder, "formats", "outline")
    assert "--set outline.bullet=-" in done.stdout
    assert "unknown exporter 'outlin', did you mean 'outline'?" in run(stranger, folder, "formats", "outlin").stderr


def test_a_broken_stranger_does_not_hide_the_others(stranger: Path, folder: Path) -> None:
    done = run(stranger, folder, "formats")
    assert "outline" in done.stdout
    assert "a_library_that_is_not_there" in done.stdout
    assert done.returncode == 0
    done = run(stranger, folder, "convert", "a.md", "-t", "outline-broken")
    assert "exporter 'outline-broken' cannot be loaded: No module named 'a_library_that_is_not_there'" in done.stderr
    assert done.returncode == 3


def test_an_exporter_that_fails_half_way_leaves_what_was_there(stranger: Path, folder: Path) -> None:
    old = folder / "a.outline.txt"
    old.write_text("old", encoding="utf-8")
    done = run(stranger, folder, "convert", "a.md", "-t", "outline", "--set", "outline.fail=true")
    assert done.returncode == 1
    assert "half of it is written" in done.stderr
    assert old.read_text(encoding="utf-8") == "old"
    assert sorted(path.name for path in folder.iterdir()) == ["a.md", "a.outline.txt"]


def test_a_warning_under_strict_leaves_what_was_there(stranger: Path, folder: Path) -> None:
    done = run(stranger, folder, "convert", "a.md", "-t", "outline", "--strict")
    assert done.returncode == 1
    assert "--strict" in done.stderr
    assert sorted(path.name for path in folder.iterdir()) == ["a.md"]
