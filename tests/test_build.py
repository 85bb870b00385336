"""`tiku build`, the time rules, files that appear whole or not at all, the library's door."""

from __future__ import annotations

import os
import stat
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import tiku as door
from banks import numbered, reading
from tiku import build
from tiku.errors import ExportError, SetupError, UsageError
from tiku.exporters import EXPORTERS, ExportOptions, Option, options_for
from tiku.files import whole_file

if TYPE_CHECKING:
    from command import Command
    from tiku.model import Bank
    from tiku.problems import Problem

TWO = numbered(2)


def write(name: str, text: str = TWO) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def files() -> list[str]:
    return sorted(str(path) for path in Path().rglob("*") if path.is_file())


# -- tiku build -------------------------------------------------------------------------------------------------------


def test_without_a_configuration_source_goes_to_outputs_in_all_five_formats(tiku: Command) -> None:
    write("source/a.md")
    assert tiku("build").code == 0
    made = [name for name in files() if name.startswith("outputs/a")]
    assert made == [f"outputs/a{suffix}" for suffix in (".apkg", ".epub", ".pdf", ".pptx", ".slides.html")]


def test_a_folder_with_nothing_to_build_says_how_to_begin(tiku: Command) -> None:
    done = tiku("build")
    assert done.code == 2
    assert done.err == (
        "tiku: there is no tiku.toml here, and no source in source/; 'tiku init' writes a tiku.toml to begin with\n"
    )


CONFIG = """
[build]
output = "made"
formats = ["json", "md"]

[[bank]]
source = "in/*.md"
author = ["A", "B"]

[[bank]]
source = ["other/b.md"]
title = "Other"
language = "fr"
output = "else/where"
formats = "json"
"""


def test_a_configuration_says_what_is_made_of_what(tiku: Command) -> None:
    write("in/a.md")
    write("in/c.md")
    write("other/b.md")
    write("tiku.toml", CONFIG)
    assert tiku("build").code == 0
    made = {name for name in files() if name.endswith((".json", ".md")) and name.startswith(("made/", "else/"))}
    made = {name for name in made if not Path(name).name.startswith(".")}
    assert made == {"made/a.json", "made/a.md", "made/c.json", "made/c.md", "else/where/b.json"}
    assert door.read("else/where/b.json").bank.title == "Other"
    assert door.read("else/where/b.json").bank.language == "fr"
    assert door.read("made/a.json").bank.authors == ("A", "B")


def test_paths_are_relative_to_the_configuration(tiku: Command) -> None:
    write("deep/conf.toml", '[[bank]]\nsource = "a.md"\nformats = ["json"]\n')
    write("deep/a.md")
    assert tiku("build", "-c", "deep/conf.toml").code == 0
    assert Path("deep/outputs/a.json").is_file()


def test_one_bad_bank_does_not_stop_the_others(tiku: Command) -> None:
    write("source/a.md")
    write("source/b.md", "nothing\n")
    write("tiku.toml", '[[bank]]\nsource = "source/*.md"\nformats = ["json"]\n')
    done = tiku("build")
    assert done.code == 1
    assert "source/b.md: Q001" in done.err
    assert Path("outputs/a.json").is_file()


WRONG = {
    "no TOML": ("[build", "tiku.toml: "),
    "unknown table": ("[bulid]\n", "unknown key 'bulid', did you mean 'build'"),
    "unknown key": ("[build]\nformat = 'pdf'\n[[bank]]\nsource='a.md'", "unknown key 'format', did you mean 'formats'"),
    "unknown key of a bank": ("[[bank]]\nsorce='a.md'", "unknown key 'sorce', did you mean 'source'"),
    "no bank": ("[build]\n", "no [[bank]]"),
    "bank no table": ("bank = ['a.md']", "should be a table"),
    "build no table": ("build = 1\n[[bank]]\nsource='a.md'", "should be a table"),
    "set no table": ("set = 1\n[[bank]]\nsource='a.md'", "should be a table"),
    "set of a format no table": ("[set]\njson = 1\n[[bank]]\nsource='a.md'", "should be a table"),
    "set of an unknown format": ("[set.jsn]\na=1\n[[bank]]\nsource='a.md'", "unknown key 'jsn', did you mean 'json'"),
    "set of an unknown key": ("[set.json]\na=1\n[[bank]]\nsource='a.md'\nformats='json'", "unknown key 'a'"),
    "formats a number": ("[[bank]]\nsource='a.md'\nformats=3", "'formats' should be text or a list of texts"),
    "formats of numbers": ("[[bank]]\nsource='a.md'\nformats=[3]", "'formats' should be text or a list of texts"),
    "title a list": ("[[bank]]\nsource='a.md'\ntitle=['x']", "'title' should be text"),
    "strict a word": ("[build]\nstrict='no'\n[[bank]]\nsource='a.md'", "'strict' should be true or false"),
    "unknown format": ("[[bank]]\nsource='a.md'\nformats=['pfd']", "did you mean 'pdf'"),
    "unknown place": ("[build]\nanswers='bottom'\n[[bank]]\nsource='a.md'", "answers"),
    "no source": ("[[bank]]\ntitle='T'", "no source given"),
    "no match": ("[[bank]]\nsource='none/*.md'", "no source matches none/*.md"),
    "absolute pattern": ("[[bank]]\nsource='/none/*.md'", "no source matches"),
    "two into one": ("[[bank]]\nsource=['a.md','b/a.md']\nformats='json'", "would both write"),
    "two banks into one": (
        "[[bank]]\nsource='a.md'\n[[bank]]\nsource='b/a.md'\noutput='./outputs'", "would both write"),
    "its own source": ("[build]\noutput='.'\n[[bank]]\nsource='a.md'\nformats='md'", "is its own source"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_configuration_is_refused_before_anything_is_made(tiku: Command, name: str) -> None:
    write("a.md")
    write("b/a.md")
    text, words = WRONG[name]
    write("tiku.toml", text)
    before = files()
    done = tiku("build")
    assert done.code == 2, done
    assert words in done.err
    assert files() == before


def test_places_for_answers_and_options_reach_the_formats_that_know_them(tiku: Command) -> None:
    from tiku import config

    write("a.md")
    text = '[build]\nanswers = "end"\nformats = ["pdf", "json"]\n[[bank]]\nsource = "a.md"\n[set.pdf]\n'
    write("tiku.toml", text)
    (order,) = config.load().orders
    assert [(output.format, output.answers) for output in order.outputs] == [("pdf", "end"), ("json", "")]
    assert tiku("build", "--help").code == 0


# -- the time an output carries ---------------------------------------------------------------------------------------

DATED = f"---\ntitle: T\ndate: 2001-02-03\n---\n\n{TWO}"
DAY = 981_158_400  # 2001-02-03 00:00 UTC


def test_time_is_the_environments_then_the_documents_then_the_files(
    tiku: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    dated, plain = write("a.md", DATED), write("b.md")
    os.utime(plain, (1_234_567_890, 1_234_567_890))
    os.utime(dated, (1_234_567_890, 1_234_567_890))
    assert build.time_for(door.read("a.md").bank, "a.md") == DAY
    assert build.time_for(door.read("b.md").bank, "b.md") == 1_234_567_890
    assert build.time_for(door.read("b.md").bank, "-") == build.FIRST_ZIP_TIME
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    assert build.time_for(door.read("a.md").bank, "a.md") == 1_000_000_000
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    with pytest.raises(UsageError, match="SOURCE_DATE_EPOCH is no whole number: 'soon'"):
        build.time_for(door.read("a.md").bank, "a.md")


@pytest.mark.parametrize("epoch", ["-1", "0", "99999999999999999999", "1e9", "４２", " 7 "])
def test_odd_epochs_are_a_time_or_a_usage_error(tiku: Command, monkeypatch: pytest.MonkeyPatch, epoch: str) -> None:
    write("a.md")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)
    done = tiku("convert", "a.md", "-t", "epub,apkg")
    assert done.code in {0, 1, 2}, done
    assert done.code != 1 or "SOURCE_DATE_EPOCH" in done.err
    for name in files():
        if name.endswith(".epub"):
            with zipfile.ZipFile(name) as package:
                assert {entry.date_time[0] >= 1980 for entry in package.infolist()} == {True}


@pytest.mark.parametrize("date", ["soon", "2001-99-99", "0001-01-01", "9999-12-31", "2001"])
def test_a_documents_odd_date_stops_nothing(tiku: Command, date: str) -> None:
    write("a.md", DATED.replace("2001-02-03", date))
    assert tiku("convert", "a.md", "-t", "epub,json").code == 0


def test_the_documents_date_is_in_the_zip(tiku: Command) -> None:
    write("a.md", DATED)
    assert tiku("convert", "a.md", "-t", "epub").code == 0
    with zipfile.ZipFile("a.epub") as package:
        assert {entry.date_time[:3] for entry in package.infolist()} == {(2001, 2, 3)}


# -- whole or not at all ----------------------------------------------------------------------------------------------


def test_a_file_appears_whole_and_as_readable_as_others(tmp_path: Path) -> None:
    target = tmp_path / "new" / "a.txt"
    with whole_file(target) as temporary:
        assert temporary.parent == target.parent
        temporary.write_text("new", encoding="utf-8")
        assert not target.exists()
    assert target.read_text(encoding="utf-8") == "new"
    mask = os.umask(0)
    os.umask(mask)
    assert stat.S_IMODE(target.stat().st_mode) == 0o666 & ~mask
    assert [path.name for path in target.parent.iterdir()] == ["a.txt"]


@pytest.mark.parametrize(
    "error", [ExportError("no"), ZeroDivisionError(), KeyboardInterrupt(), OSError(28, "No space left")]
)
def test_a_failure_leaves_the_old_file_and_no_other(tmp_path: Path, error: BaseException) -> None:
    target = tmp_path / "a.txt"
    target.write_text("old", encoding="utf-8")
    wanted = SetupError if isinstance(error, OSError) else type(error)

    def half() -> None:
        with whole_file(target) as temporary:
            temporary.write_text("half", encoding="utf-8")
            raise error

    with pytest.raises(wanted):
        half()
    assert target.read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]


def test_a_full_disk_is_the_environments_fault(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match=r"cannot write .*: No space left on device"), whole_file(tmp_path / "a"):
        raise OSError(28, "No space left on device")


def test_long_names_of_outputs_are_written_or_refused(tiku: Command) -> None:
    write("a.md")
    assert tiku("convert", "a.md", "-o", f"{'题' * 80}.json").code == 0
    done = tiku("convert", "a.md", "-o", f"{'题' * 200}.json")
    assert done.code == 3
    assert "cannot write" in done.err


# -- the library ------------------------------------------------------------------------------------------------------


def test_read_and_write(tmp_path: Path) -> None:
    source = tmp_path / "a.md"
    source.write_text(TWO, encoding="utf-8")
    done = door.read(source)
    assert [question.number for question in done.bank.questions] == ["1", "2"]
    assert door.write(done.bank, tmp_path / "a.json") == []
    assert door.read(tmp_path / "a.json").bank == done.bank
    assert door.write(done.bank, tmp_path / "x", format="json") == []
    with pytest.raises(UsageError, match="names no format"):
        door.write(done.bank, tmp_path / "x.y")


class Picky:
    """An exporter with options of every type."""

    name = "picky"
    suffix = ".picky"
    summary = keeps = "nothing"
    answers = EXPORTERS.load("pdf").answers
    options = (
        Option("word", "a word", "a", choices=("a", "bee")), Option("number", "a number", 3, least=1, most=9),
        Option("flag", "a flag", default=False), Option("text", "any text", ""),
    )  # fmt: skip

    def export(self, bank: Bank, path: Path, options: ExportOptions) -> list[Problem]:
        raise NotImplementedError


def test_options_are_typed_and_checked() -> None:
    given = {"word": "bee", "number": " 7 ", "flag": "Yes", "text": " x y "}
    assert dict(options_for(Picky(), time=0, settings=given).settings) == {
        **given,
        "number": 7,
        "flag": True,
        "text": "x y",
    }
    assert options_for(Picky(), time=0).settings["flag"] is False
    assert options_for(Picky(), time=0).time == 315_532_800
    for key, value, words in (
        ("word", "be", "did you mean 'bee'"), ("number", "x", "whole number from 1 to 9, not 'x'"),
        ("number", "0", "from 1 to 9, not '0'"), ("number", 10, "from 1 to 9, not '10'"),
        ("flag", "x", "true or false, not 'x'"), ("wrod", "a", "no option 'wrod', did you mean 'word'"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=words):
            options_for(Picky(), time=0, settings={key: value})


def test_the_language_is_found_or_given() -> None:
    assert reading(TWO).bank.language == "en"
    assert reading(TWO, language="de").bank.language == "de"
