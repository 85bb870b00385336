"""What a build makes again: what has changed, and nothing else; by content, never by time."""

from __future__ import annotations

import base64
import os
import shutil
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest

from banks import numbered
from faults.worlds import document, outputs, stamps

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from command import Command

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
CONFIG = """[build]
formats = ["json", "md", "epub", "apkg"]
cache = "cache"
language = "en"
{more}
[[bank]]
source = "source/*.md"
{bank}
[set.epub]
css = "book.css"
"""


class World:
    """A folder with three documents; the second has a picture."""

    def __init__(self, folder: Path, tiku: Command) -> None:
        self.folder = folder
        self.tiku = tiku
        (folder / "source").mkdir()
        for name in "abc":
            (folder / "source" / f"{name}.md").write_text(document(name), encoding="utf-8")
        with (folder / "source" / "b.md").open("a", encoding="utf-8") as file:
            file.write("\n![a dot](dot.png)\n")
        (folder / "source" / "dot.png").write_bytes(PNG)
        (folder / "book.css").write_text("p { margin: 0 }\n", encoding="utf-8")
        self.configure()

    def configure(self, more: str = "", bank: str = "") -> None:
        """Write the configuration."""
        (self.folder / "tiku.toml").write_text(CONFIG.format(more=more, bank=bank), encoding="utf-8")

    def made(self, *arguments: str) -> set[str]:
        """The outputs that a build writes."""
        before = stamps(self.folder)
        done = self.tiku("build", "-j", "1", *arguments)
        assert done.code == 0, done.err
        return {name for name, stamp in stamps(self.folder).items() if before.get(name) != stamp}


ALL = {f"{name}.{suffix}" for name in "abc" for suffix in ("json", "md", "epub", "apkg")}


def of(*patterns: str) -> set[str]:
    """The outputs that begin or end with one of these."""
    return {name for name in ALL if name.startswith(patterns) or name.endswith(patterns)}


@pytest.fixture
def world(tmp_path: Path, tiku: Command, monkeypatch: pytest.MonkeyPatch) -> World:
    """A world that has been built."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    world = World(tmp_path, tiku)
    assert world.made() == ALL
    return world


def test_nothing_has_changed_and_no_file_is_touched(world: World) -> None:
    assert world.made() == set()
    assert world.tiku("build", "--check").code == 0
    assert "0 made, 12 up to date" in world.tiku("build").err


def _text(world: World) -> None:
    path = world.folder / "source" / "a.md"
    path.write_text(path.read_text(encoding="utf-8").replace("That of a-1", "This"), encoding="utf-8")


def _picture(world: World) -> None:
    (world.folder / "source" / "dot.png").write_bytes(PNG + b"\0")


def _picture_gone(world: World) -> None:
    (world.folder / "source" / "dot.png").unlink()


def _css(world: World) -> None:
    (world.folder / "book.css").write_text("p { margin: 1px }\n", encoding="utf-8")


def _option(world: World) -> None:
    world.configure(bank="[set.apkg]\ndeck = 'Other'\n")


def _title(world: World) -> None:
    world.configure(bank='title = "Another"')


def _language(world: World) -> None:
    world.configure(bank='language = "de"')


def _answers(world: World) -> None:
    world.configure(bank='answers = "end"')


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (_text, of("a.")),
        (_picture, of("b.")),
        (_picture_gone, of("b.")),
        (_css, of("epub")),
        (_option, of("apkg")),
        (_title, ALL),
        (_language, ALL),
        (_answers, of("epub")),
    ],
)  # fmt: skip
def test_what_has_changed_is_made_and_nothing_else(
    world: World, change: Callable[[World], None], expected: set[str]
) -> None:
    old = outputs(world.folder)
    change(world)
    check = world.tiku("build", "--check", "--explain")
    assert check.code == 1
    assert {
        line.split(":")[0].removeprefix("outputs/") for line in check.err.splitlines() if "outputs/" in line
    } == expected
    assert world.made() <= expected
    new = outputs(world.folder)
    assert {name for name in ALL if new[name] != old[name]} <= expected
    assert world.made() == set()
    assert world.tiku("build", "--check").code == 0


def test_the_bytes_do_not_depend_on_what_was_known(world: World, tmp_path: Path) -> None:
    for change in (_text, _picture, _css):
        change(world)
        world.made()
    plain = {name: digest for name, digest in outputs(world.folder).items() if not name.endswith("apkg")}
    world.made("--no-cache")
    anew = outputs(world.folder)
    assert {name: anew[name] for name in plain} == plain


def test_change_back_is_restored_without_work(world: World) -> None:
    old = outputs(world.folder)
    css = (world.folder / "book.css").read_bytes()
    _css(world)
    world.made()
    (world.folder / "book.css").write_bytes(css)
    done = world.tiku("build", "-j", "1")
    assert "0 made, 3 restored" in done.err
    assert outputs(world.folder) == old


def test_labels_and_dialects_are_read_again(world: World) -> None:
    labels = '[labels]\nanswer = ["Musterantwort"]\n'
    config = world.folder / "tiku.toml"
    config.write_text(config.read_text(encoding="utf-8") + labels, encoding="utf-8")
    why = world.tiku("build", "--check", "--explain").err
    assert why.count("option labels is new") == 12, why
    world.made()
    assert world.made() == set()


def test_dialect_file_is_an_ingredient(world: World) -> None:
    text = (files("tiku.readers") / "dialects" / "numbered-headings.toml").read_text(encoding="utf-8")
    (world.folder / "mine.toml").write_text(text, encoding="utf-8")
    world.configure(bank='dialect = "mine.toml"')
    done = world.tiku("build", "-j", "1")
    world.made()
    assert world.made() == set()
    (world.folder / "mine.toml").write_text(text + "\n# changed\n", encoding="utf-8")
    assert world.tiku("build", "--check").code == 1, done.err
    world.made()
    assert world.tiku("build", "--check").code == 0


@pytest.mark.parametrize("when", [0, 1, 4_000_000_000])
def test_times_of_files_mean_nothing(world: World, when: int) -> None:
    for path in [*world.folder.rglob("*")]:
        os.utime(path, (when, when))
    assert world.made() == set()


def test_checkout_rewrites_the_same_bytes(world: World) -> None:
    for path in sorted((world.folder / "source").glob("*.md")):
        data = path.read_bytes()
        path.unlink()
        path.write_bytes(data)
    assert world.made() == set()


def test_no_time_of_a_file_is_remembered(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    world.made()
    for path in (world.folder / "source").glob("*.md"):
        os.utime(path, (2_000_000_000, 2_000_000_000))
    assert world.made() == set()


@pytest.mark.parametrize("name", ["a.json", "a.md", "a.epub", "a.apkg"])
@pytest.mark.parametrize("way", ["deleted", "cut", "edited"])
def test_lost_output_is_restored(world: World, name: str, way: str) -> None:
    old = outputs(world.folder)
    path = world.folder / "outputs" / name
    if way == "deleted":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:100] if way == "cut" else path.read_bytes() + b"\n")
    assert world.tiku("build", "--check").code == 1
    made = world.made()
    assert name in made
    assert made <= {name, "a.apkg"}
    assert outputs(world.folder) == old
    assert world.tiku("build", "--check").code == 0


def test_without_its_cache_a_build_makes_the_same(world: World) -> None:
    old = outputs(world.folder)
    shutil.rmtree(world.folder / "cache")
    world.made()
    assert outputs(world.folder) == old
    assert world.made() == set()


def test_each_reason_is_told(world: World) -> None:
    (world.folder / "outputs" / "a.json").unlink()
    (world.folder / "outputs" / "b.md").write_text("mine", encoding="utf-8")
    _css(world)
    (world.folder / "source" / "d.md").write_text(document("d"), encoding="utf-8")
    why = dict(
        line.split(": ", 1) for line in world.tiku("build", "--check", "--explain").err.splitlines() if ": " in line
    )
    assert why["outputs/a.json"] == "it is not there"
    assert why["outputs/b.md"] == "it was changed after it was made"
    assert why["outputs/c.epub"].startswith("option css: book.css ")
    assert why["outputs/d.json"] == "it was never made"
    _text(world)
    assert "outputs/a.md: source has changed" in world.tiku("build", "--check", "--explain").err
    with (world.folder / "source" / "b.md").open("a", encoding="utf-8") as file:
        file.write("\nMore.\n")
    assert "outputs/b.json: source has changed\n" in world.tiku("build", "--check", "--explain").err
    _picture_gone(world)
    told = world.tiku("build", "--check", "--explain").err
    assert "outputs/b.json: file source/./dot.png has changed; source has changed\n" in told


def test_check_writes_nothing(world: World) -> None:
    _text(world)
    before = {path: path.stat().st_mtime_ns for path in world.folder.rglob("*") if path.is_file()}
    assert world.tiku("build", "--check").code == 1
    after = {path: path.stat().st_mtime_ns for path in world.folder.rglob("*") if path.is_file()}
    assert {path for path in after if "cache" not in path.parts} == {
        path for path in before if "cache" not in path.parts
    }
    assert set(after) == set(before)


def test_clean_removes_what_we_made_and_nobody_has_edited(world: World) -> None:
    (world.folder / "outputs" / "notes.txt").write_text("mine", encoding="utf-8")
    (world.folder / "outputs" / "a.json").write_text("mine", encoding="utf-8")
    (world.folder / "source" / "a.md").unlink()
    done = world.tiku("build", "-j", "1")
    assert "4 outputs of earlier builds are made no more" in done.err
    done = world.tiku("build", "-j", "1", "--clean")
    assert done.code == 0
    assert "not removed, since it was changed: outputs/a.json" in done.err
    left = set(outputs(world.folder))
    assert left == of("b.", "c.") | {"notes.txt", "a.json"}
    assert world.made("--clean") == set()


def test_outputs_of_another_configuration_stay(world: World) -> None:
    (world.folder / "more").mkdir()
    (world.folder / "more" / "x.md").write_text(document("x"), encoding="utf-8")
    other = '[build]\nformats = ["json"]\ncache = "cache"\n[[bank]]\nsource = "more/*.md"\n'
    (world.folder / "other.toml").write_text(other, encoding="utf-8")
    assert world.tiku("build", "-c", "other.toml").code == 0
    (world.folder / "source" / "c.md").unlink()
    world.made("--clean")
    assert set(outputs(world.folder)) == of("a.", "b.") | {"x.json"}
    shutil.rmtree(world.folder / "more")
    (world.folder / "more").mkdir()
    (world.folder / "more" / "y.md").write_text(document("y"), encoding="utf-8")
    assert world.tiku("build", "-c", "other.toml", "--clean").code == 0
    assert set(outputs(world.folder)) == of("a.", "b.") | {"y.json"}


def _project(folder: Path, *names: str) -> None:
    """A project whose outputs go to the folder beside it; its documents are called `names`."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "source").mkdir(parents=True)
    for name in names:
        (folder / "source" / f"{name}.md").write_text(document(name), encoding="utf-8")
    (folder / "tiku.toml").write_text(
        '[build]\nformats = ["json"]\noutput = "../outputs"\n[[bank]]\nsource = "source/*.md"\n', encoding="utf-8"
    )


@pytest.fixture
def shared(tmp_path: Path, tiku: Command, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two projects, each called from its own folder, that write to one folder between them."""
    for name, other in ("ab", "xy"):
        _project(tmp_path / name, name, other)
        monkeypatch.chdir(tmp_path / name)
        assert tiku("build", "-j", "1").code == 0
    return tmp_path


def test_outputs_of_another_project_in_the_same_folder_stay(shared: Path, tiku: Command) -> None:
    (shared / "x" / "source" / "y.md").unlink()
    assert tiku("build", "-j", "1", "--clean").code == 0  # in x, where the last build was
    assert set(outputs(shared)) == {"a.json", "b.json", "x.json"}


@pytest.mark.parametrize("call", ["tiku.toml", "{}/x/tiku.toml", "../x/tiku.toml", "../link/tiku.toml", "../a/x.toml"])
def test_a_configuration_is_one_however_it_is_called(shared: Path, tiku: Command, call: str) -> None:
    (shared / "link").symlink_to("x")
    (shared / "a" / "x.toml").symlink_to("../x/tiku.toml")  # another project, that is configured alike
    (shared / "x" / "source" / "y.md").unlink()
    assert tiku("build", "-j", "1", "--clean", "-c", call.format(shared)).code == 0
    same = call != "../a/x.toml"
    assert set(outputs(shared)) == {"a.json", "b.json", "x.json"} | (set() if same else {"y.json"})


def test_a_project_that_was_moved_with_its_outputs_is_the_same(
    shared: Path, tiku: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = shared / "elsewhere" / "deeper"
    there.mkdir(parents=True)
    for name in ("x", "outputs"):
        (shared / name).rename(there / name)
    monkeypatch.chdir(there / "x")
    (there / "x" / "source" / "y.md").unlink()
    assert tiku("build", "-j", "1", "--clean").code == 0
    assert set(outputs(there)) == {"a.json", "b.json", "x.json"}


def test_outputs_of_another_profile_stay(world: World) -> None:
    config = (world.folder / "tiku.toml").read_text(encoding="utf-8")
    (world.folder / "tiku.toml").write_text(config + '[profile.short]\nformats = ["json"]\n', encoding="utf-8")
    assert world.tiku("build", "-j", "1", "--profile", "short", "--clean").code == 0
    assert set(outputs(world.folder)) == ALL


def test_failed_document_is_tried_again_and_stops_no_other(world: World) -> None:
    (world.folder / "source" / "b.md").write_text("nothing to ask\n", encoding="utf-8")
    _text(world)
    assert world.tiku("build", "-j", "1").code == 1
    assert world.tiku("build", "--check").code == 1
    assert {"a.md", "c.md"} <= set(outputs(world.folder))
    (world.folder / "source" / "b.md").write_text(document("b"), encoding="utf-8")
    assert world.made() == of("b.")


@pytest.mark.parametrize(
    ("bank", "code"),
    [
        ('deck = "One"', 2), ('title = "One"', 2), ("set.apkg = {typed = true}", 2),
        ('formats = ["json"]\ndeck = "One"', 0), ("", 0),
    ],
)  # fmt: skip
def test_source_in_two_banks_makes_the_same_notes_in_both(tmp_path: Path, tiku: Command, bank: str, code: int) -> None:
    (tmp_path / "a.md").write_text(numbered(3), encoding="utf-8")
    (tmp_path / "tiku.toml").write_text(
        f'[build]\nformats = ["apkg"]\n[[bank]]\nsource = "a.md"\n[[bank]]\nsource = "a.md"\noutput = "second"\n{bank}\n',
        encoding="utf-8",
    )
    done = tiku("build", "-j", "1")
    assert done.code == code, done.err
    assert ("in two banks that make different notes" in done.err) == bool(code)
    if not code:
        tiku("build", "-j", "1")
        assert " 0 made" in tiku("build", "-j", "1").err


def _without_ledger(folder: Path, formats: str = '"apkg"') -> Path:
    """A document whose names are kept in no ledger; where its deck goes."""
    (folder / "a.md").write_text(document("a", 3), encoding="utf-8")
    (folder / "tiku.toml").write_text(
        f'[build]\nledger = false\nformats = [{formats}]\n[[bank]]\nsource = "*.md"\n', encoding="utf-8"
    )
    return folder / "outputs" / "a.apkg"


@pytest.mark.parametrize("formats", ['"apkg"', '"anki-csv"', '"apkg", "anki-csv"'])
def test_deck_without_a_ledger_is_made_once(tmp_path: Path, tiku: Command, formats: str) -> None:
    """Its names hang on the deck that stands there: while that and the source stay, it is what it was."""
    _without_ledger(tmp_path, formats)
    assert tiku("build", "-j", "1").code == 0
    before = stamps(tmp_path)
    done = tiku("build", "-j", "1", "--explain")
    assert " 0 made" in done.err, done.err
    assert stamps(tmp_path) == before
    check = tiku("build", "--check", "--explain")
    assert check.code == 0, check.err
    assert not list(tmp_path.glob("*.jsonl"))


def test_deck_without_a_ledger_keeps_its_names(tmp_path: Path, tiku: Command) -> None:
    from tiku.exporters.apkg import exporter

    deck = _without_ledger(tmp_path)

    def names() -> set[str]:
        return {known.guid for known in exporter.remember(deck).known if not known.gone}

    tiku("build", "-j", "1")
    first, data = names(), deck.read_bytes()
    (tmp_path / "a.md").write_text(document("a", 3).replace("That of a-1", "This"), encoding="utf-8")
    assert tiku("build", "--check").code == 1
    assert " 1 made" in tiku("build", "-j", "1").err
    assert names() == first
    assert " 0 made" in tiku("build", "-j", "1").err
    deck.write_bytes(data)  # another deck stands there: the names are asked of that one
    assert tiku("build", "--check").code == 1
    tiku("build", "-j", "1")
    assert tiku("build", "--check").code == 0


def test_deck_that_is_gone_is_made_with_the_time_of_its_source(
    tmp_path: Path, tiku: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was made of the same text once is older than what Anki has by now, and would not be taken over."""
    from tiku.exporters.apkg import exporter

    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    deck = _without_ledger(tmp_path)
    os.utime(tmp_path / "a.md", (1_600_000_000, 1_600_000_000))
    tiku("build", "-j", "1")
    deck.unlink()
    os.utime(tmp_path / "a.md", (1_700_000_000, 1_700_000_000))
    assert tiku("build", "-j", "1").code == 0
    assert {known.modified for known in exporter.remember(deck).known} == {1_700_000_000}


@pytest.mark.parametrize("option", ["--frozen", "--tombstones"])
def test_what_asks_more_than_the_deck_is_not_known_without_a_ledger(tmp_path: Path, tiku: Command, option: str) -> None:
    _without_ledger(tmp_path)
    tiku("build", "-j", "1")
    done = tiku("build", "-j", "1", option)
    assert done.code == (1 if option == "--frozen" else 0)
    assert " 0 up to date" in done.err
