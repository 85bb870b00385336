"""tiku.toml: what it stands for, which of two places holds, and what is said of a wrong one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tiku import config
from tiku.config.document import line_of
from tiku.config.values import size
from tiku.errors import UsageError

if TYPE_CHECKING:
    from tiku.config import Plan

pytestmark = pytest.mark.usefixtures("folder")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def files(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text("", encoding="utf-8")


def load(text: str, name: str = "tiku.toml", **more: Any) -> Plan:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")
    return config.load(name, **more)


def made(plan: Plan) -> list[str]:
    return [str(output.target) for order in plan.orders for output in order.outputs]


# -- sources and outputs ----------------------------------------------------------------------------------------------


def test_two_stars_keep_the_folders() -> None:
    files("source/a.md", "source/one/a.md", "source/one/two/b.md", "source/.hidden/c.md", "source/one/.d.md")
    plan = load('[build]\nformats = "json"\n[[bank]]\nsource = "source/**/*.md"')
    assert [order.source for order in plan.orders] == ["source/a.md", "source/one/a.md", "source/one/two/b.md"]
    assert made(plan) == ["outputs/a.json", "outputs/one/a.json", "outputs/one/two/b.json"]
    assert plan.folders == ("outputs",)


def test_outputs_are_no_sources_unless_the_pattern_leads_there() -> None:
    files("a.md", "outputs/old.md", "outputs/one/old.md", "more/out/old.md")
    two = '[[bank]]\nsource = "*.none"\noutput = "more/out"\n'
    plan = load(
        '[build]\nformats = "md"\n[[bank]]\nsource = "**/*.md"\n[[bank]]\nsource = "a.md"\noutput = "more/out"\n'
    )
    assert [order.source for order in plan.orders] == ["a.md", "a.md"]
    assert plan.folders == ("outputs", "more/out")
    plan = load('[build]\nformats = "json"\n[[bank]]\nsource = "outputs/**/*.md"\n')
    assert [order.source for order in plan.orders] == ["outputs/old.md", "outputs/one/old.md"]
    with pytest.raises(UsageError, match=r"no source matches \*\.none"):
        load(two)


def test_patterns_follow_no_link_in_a_circle_and_enter_no_hidden_folder() -> None:
    files("source/one/a.md", "source/two/b.md", "source/.git/c.md", "source/two/.d.md")
    for link in ("source/one/up", "source/two/up", "source/over"):
        Path(link).symlink_to(Path("source").absolute(), target_is_directory=True)
    Path("source/round.md").symlink_to("round.md")
    Path("source/gone.md").symlink_to("nowhere")
    Path("source/two/link.md").symlink_to(Path("source/one/a.md").absolute())

    def found(pattern: str) -> list[str]:
        return [order.source for order in load(f'[[bank]]\nsource = "{pattern}"\nformats = "json"').orders]

    wanted = ["source/one/a.md", "source/two/b.md", "source/two/link.md"]
    assert found("source/**/*.md") == wanted
    assert found("source/**/**/*.md") == wanted
    assert found("**") == [*wanted, "tiku.toml"]
    assert found("source/**/.*.md") == ["source/two/.d.md"]
    assert found("source/.git/*") == ["source/.git/c.md"]
    assert found("source/[ot][nw][eo]/?.md") == ["source/one/a.md", "source/two/b.md"]
    assert found("source/[!o]*/b.*") == ["source/two/b.md"]
    assert found("./source//one/./*.md") == ["source/one/a.md"]
    assert found("source/over/one/*.md") == ["source/over/one/a.md"]  # a link that is named is gone through


def test_a_name_that_is_there_is_no_pattern() -> None:
    files("a[1].md", "a1.md")
    assert made(load('[[bank]]\nsource = "a[1].md"\nformats = "json"')) == ["outputs/a[1].json"]
    assert made(load('[[bank]]\nsource = "a[12].md"\nformats = "json"')) == ["outputs/a1.json"]


def test_folders_are_banks() -> None:
    files("exams/one/a.md", "exams/two/a.md", "exams/c.md")
    assert made(load('[[bank]]\nsource = "exams/*/"\nformats = "json"')) == ["outputs/one.json", "outputs/two.json"]
    assert made(load('[[bank]]\nsource = "exams"\nformats = "json"')) == ["outputs/exams.json"]


def test_the_folder_itself_has_a_name(folder: Path) -> None:
    files("a.md")
    assert made(load('[[bank]]\nsource = "."\nformats = "json"')) == [f"outputs/{folder.name}.json"]


def test_a_source_is_read_once_in_a_bank_and_absolute_patterns_are_taken(folder: Path) -> None:
    files("b.md", "a.md")
    text = f'[[bank]]\nsource = ["b.md", "*.md", "{folder}/x/*.md"]\nformats = "json"'
    files("x/c.md")
    plan = load(text)
    assert [order.source for order in plan.orders] == ["b.md", "a.md", str(folder / "x" / "c.md")]


def test_paths_lead_from_the_file() -> None:
    files("deep/a.md", "deep/own.css")
    Path("deep/look").mkdir()
    Path("deep/look/theme.toml").write_text('parent = "classic"\n', encoding="utf-8")
    Path("deep/own.toml").write_text('shape = "heading"\n', encoding="utf-8")
    text = """
    [build]
    theme = "look"
    dialect = "own.toml"
    cache = "kept"
    formats = ["pdf", "epub"]
    [[bank]]
    source = "a.md"
    [set.pdf]
    css = "own.css"
    """
    plan = load(text, "deep/tiku.toml")
    (order,) = plan.orders
    assert made(plan) == ["deep/outputs/a.pdf", "deep/outputs/a.epub"]
    assert order.source == "deep/a.md"
    assert order.options["dialect"] == "deep/own.toml"
    assert [output.theme for output in order.outputs] == ["deep/look", ""]
    assert order.outputs[0].settings == {"css": "deep/own.css"}
    assert plan.cache == "deep/kept"


def test_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    from tiku import storage

    monkeypatch.setattr(storage, "find", lambda pattern: ["s3://box/in/a.md", "s3://box/in/one/a.md"])
    plan = load('[[bank]]\nsource = ["s3://box/in/**/*.md", "s3://box/b.md"]\nformats = "json"')
    assert [order.source for order in plan.orders] == ["s3://box/in/a.md", "s3://box/in/one/a.md", "s3://box/b.md"]
    assert made(plan) == ["outputs/a.json", "outputs/one/a.json", "outputs/b.json"]


def test_a_local_url_is_a_path(folder: Path) -> None:
    files("in/a b.md")
    plan = load(
        f'[[bank]]\nsource = "{(folder / "in").as_uri()}/*.md"\nformats = "json"\noutput = "{folder.as_uri()}/o"'
    )
    assert made(plan) == [f"{folder}/o/a b.json"]


# -- which of two places holds ----------------------------------------------------------------------------------------

WHOLE = """
[build]
formats = ["pdf", "apkg", "anki-csv"]
language = "de"
author = ["A"]
jobs = 3
strict = true
answers = "end"

[[bank]]
source = "a.md"
deck = "Own"
language = "fr"
answers = "chapter"
[bank.set.pdf]
page = "Letter"
[bank.labels]
answer = ["Réponse"]

[[bank]]
source = "b.md"
language = ""
[bank.set.apkg]
deck = "Special"

[set.pdf]
page = "B5"
ticks = 1
[set.apkg]
deck = "All"
typed = true

[labels]
answer = ["Antwort"]
hint = "Tipp"

[profile.teacher]
output = "teacher"
answers = "inline"
language = "en"
jobs = 1
cache = false
cache_size = "500 MB"
keep_going = false
[profile.teacher.set.pdf]
ticks = 0

[profile.decks]
formats = "apkg"
[profile.decks.set.apkg]
deck = "Profile"
"""


def test_a_bank_goes_before_build_and_its_options_before_those_of_all() -> None:
    files("a.md", "b.md")
    one, two = load(WHOLE).orders
    assert one.options["language"] == "fr"
    assert two.options["language"] == ""
    assert one.options["authors"] == two.options["authors"] == ("A",)
    assert one.options["labels"] == {"answer": ("Réponse",), "hint": ("Tipp",)}
    assert two.options["labels"] == {"answer": ("Antwort",), "hint": ("Tipp",)}
    assert [output.answers for output in one.outputs] == ["chapter", "", ""]
    assert [output.answers for output in two.outputs] == ["end", "", ""]
    assert [dict(output.settings) for output in one.outputs] == [
        {"page": "Letter", "ticks": 1}, {"deck": "Own", "typed": True}, {"deck": "Own"},
    ]  # fmt: skip
    assert [dict(output.settings) for output in two.outputs] == [
        {"page": "B5", "ticks": 1}, {"deck": "Special", "typed": True}, {},
    ]  # fmt: skip
    assert one.strict
    assert two.strict


def test_a_profile_goes_before_all() -> None:
    files("a.md", "b.md")
    plan = load(WHOLE, profile="teacher")
    assert made(plan)[0] == "teacher/a.pdf"
    assert {order.options["language"] for order in plan.orders} == {"en"}
    assert [order.outputs[0].answers for order in plan.orders] == ["inline", "inline"]
    assert dict(plan.orders[0].outputs[0].settings) == {"page": "Letter", "ticks": 0}
    assert (plan.jobs, plan.cache, plan.cache_size, plan.keep_going) == (1, None, 500_000_000, False)
    plan = load(WHOLE, profile="decks")
    assert made(plan) == ["outputs/a.apkg", "outputs/b.apkg"]
    assert {output.settings["deck"] for order in plan.orders for output in order.outputs} == {"Profile"}


def test_how_a_build_runs() -> None:
    files("a.md")
    bank = '[[bank]]\nsource = "a.md"\nformats = "json"\n'
    plan = load(bank)
    assert (plan.jobs, plan.cache, plan.cache_size, plan.keep_going) == (0, "", 2_000_000_000, True)
    assert plan.orders[0].keeping is not None
    assert plan.orders[0].keeping.write
    plan = load(f'[build]\njobs = 4\ncache = false\ncache_size = "1.5 GiB"\nkeep_going = false\nledger = false\n{bank}')
    assert (plan.jobs, plan.cache, plan.cache_size, plan.keep_going) == (4, None, 3 * 2**29, False)
    assert plan.orders[0].keeping is not None
    assert not plan.orders[0].keeping.write
    plan = load(bank, strict=True, frozen=True, tombstones=True)
    assert plan.orders[0].strict
    assert plan.orders[0].keeping is not None
    assert plan.orders[0].keeping.frozen
    assert plan.orders[0].keeping.tombstones


def test_the_environment_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    files("source/a.md")
    for name in ("TIKU_JOBS", "TIKU_CACHE", "TIKU_PROFILE", "TIKU_CONFIG"):
        monkeypatch.setenv(name, "7")
    assert config.load().jobs == 0


@pytest.mark.parametrize(("text", "count"), [("2 GB", 2 * 10**9), ("0.5GiB", 2**29), ("10 MB", 10**7), ("1TiB", 2**40)])
def test_sizes(text: str, count: int) -> None:
    assert size(text) == count


@pytest.mark.parametrize("text", ["", "2", "GB", "-1 GB", "1 gb", "1 KB", "2  GB", "1 GB\n", "1e3 MB", "٣ GB"])
def test_no_sizes(text: str) -> None:
    with pytest.raises(UsageError):
        size(text)


# -- what is wrong ----------------------------------------------------------------------------------------------------

BANK = '\n[[bank]]\nsource = "a.md"\n'
# text, what is said, from the line on
WRONG: dict[str, tuple[str, str]] = {
    "a key": ("[build]\nformat = 'pdf'" + BANK, "2: [build]: unknown key 'format', did you mean 'formats'?"),
    "the second bank": (BANK + "[[bank]]\nsource = 'a'\ntitel = 'T'", "6: [[bank]] 2: unknown key 'titel', did you mean 'title'?"),
    "a dotted key": (BANK + "set.pdf.page = 'A5'", "4: [[bank]] 1 [set.pdf]: 'page' cannot be 'A5'"),
    "an inline table": (BANK + "set = {pdf = {page = 'A5'}}", "4: [[bank]] 1 [set.pdf]: 'page' cannot be 'A5'"),
    "an option of a bank": (BANK + "[bank.set.pdf]\n# page = 1\npage = 'A5'", "6: [[bank]] 1 [set.pdf]: 'page' cannot be 'A5'"),
    "a format of a bank": (BANK + "[bank.set.pfd]\na = 1", "4: [[bank]] 1 [set]: unknown key 'pfd', did you mean 'pdf'?"),
    "an option no text": (BANK + "[set.pdf]\npage = 4", "5: [set.pdf]: 'page' should be text"),
    "an option no flag": (BANK + "[set.pdf]\nurls = 'yes'", "5: [set.pdf]: 'urls' should be true or false"),
    "an option too small": (BANK + "[set.pdf]\nticks = -1", "'ticks' is a whole number from 0 to 10, not '-1'"),
    "an option too large": (BANK + "[set.pdf]\nticks = 1000000", "'ticks' is a whole number from 0 to 10, not '1000000'"),
    "no format": (BANK + "formats = []", "4: [[bank]] 1: 'formats' is empty: name a format, or leave it out"),
    "no format for all": ("[build]\nformats = []" + BANK, "2: [build]: 'formats' is empty: name a format, or leave it out"),
    "no format in a profile": (BANK + "[profile.a]\nformats = []", "5: [profile.a]: 'formats' is empty: name a format"),
    "an option no number": (BANK + "[set.pdf]\nticks = true", "5: [set.pdf]: 'ticks' should be a whole number"),
    "a fraction": (BANK + "[set.pdf]\nticks = 1.5", "'ticks' should be a whole number"),
    "a blank": (BANK + "[set.pdf]\npage = ' A4'", "'page' cannot be ' A4', did you mean 'A4'?"),
    "build's key in a bank": (BANK + "jobs = 1", "4: [[bank]] 1: unknown key 'jobs'"),
    "jobs": ("[build]\njobs = -1" + BANK, "2: [build]: 'jobs' should be a whole number, 0 or more"),
    "jobs a flag": ("[build]\njobs = true" + BANK, "2: [build]: 'jobs' should be a whole number"),
    "cache": ("[build]\ncache = 3" + BANK, "'cache' should be true, false or a folder"),
    "cache nothing": ("[build]\ncache = ''" + BANK, "'cache' should be true, false or a folder"),
    "cache size": ("[build]\ncache_size = '2 bananas'" + BANK, "'cache_size' should be a size such as \"2 GB\""),
    "cache size a number": ("[build]\ncache_size = 2" + BANK, "'cache_size' should be a size"),
    "keep_going": ("[build]\nkeep_going = 1" + BANK, "'keep_going' should be true or false"),
    "dialect": (BANK + "dialect = 'heading'", "4: [[bank]] 1: unknown dialect 'heading', did you mean 'headings'?"),
    "dialect file": (BANK + "dialect = 'no.toml'", "dialect file 'no.toml' cannot be read"),
    "theme": (BANK + "theme = 'clasic'", "4: [[bank]] 1: unknown theme 'clasic', did you mean 'classic'?"),
    "encoding": (BANK + "encoding = 'gbk9'", "4: [[bank]] 1: unknown encoding 'gbk9'"),
    "reader": (BANK + "from = 'markdwn'", "4: [[bank]] 1: unknown reader 'markdwn', did you mean 'markdown'?"),
    "format": ("[build]\nformats = ['pdf', 'epbu']" + BANK, "2: [build]: unknown exporter 'epbu', did you mean 'epub'?"),
    "answers": ("[build]\nanswers = 'ende'" + BANK, "2: [build]: 'answers' cannot be 'ende', did you mean 'end'?"),
    "label": (BANK + "[labels]\nanswr = 'A'", "5: [labels]: unknown key 'answr', did you mean 'answer'?"),
    "label of a bank": (BANK + "[bank.labels]\nanswer = [1]", "5: [[bank]] 1 [labels]: 'answer' should be text"),
    "labels no table": (BANK + "labels = 3", "4: [[bank]] 1 [labels]: should be a table"),
    "profile no table": ("profile = 3" + BANK, "[profile]: should be a table"),
    "one profile no table": ("[profile]\nteacher = 3" + BANK, "2: [profile.teacher]: should be a table"),
    "profile's key": (BANK + "[profile.t]\nsource = 'x'", "5: [profile.t]: unknown key 'source'"),
    "profile's value": (BANK + "[profile.t]\njobs = 'x'", "5: [profile.t]: 'jobs' should be"),
    "profile's option": (BANK + "[profile.t.set.pdf]\npage = 'x'", "5: [profile.t.set.pdf]: 'page' cannot be 'x'"),
    "nothing": (BANK + "[[bank]]\nsource = ''", "5: [[bank]] 2: '' cannot be a source"),
    "standard input": ("[[bank]]\nsource = '-'", "2: [[bank]] 1: '-' cannot be a source"),
    "no match": ("[[bank]]\nsource = '*.none'", "2: [[bank]] 1: no source matches *.none"),
    "an empty list": ("[[bank]]\nsource = []", "2: [[bank]] 1: no source matches (no source given)"),
    "NUL": ('[[bank]]\nsource = "a\\u0000"', "'source' holds a NUL character"),
    "a URL that cannot be written": (BANK + "output = 'https://box/out'", "4: [[bank]] 1: 'output' cannot be a URL"),
    "a long name": ("[[bank]]\nsource = 'a.md'\ntheme = '" + "x" * 5000 + "'", "3: [[bank]] 1: 'theme': File name too long"),
    "a long pattern": ("[[bank]]\nsource = '" + "x" * 5000 + "*'", "2: [[bank]] 1: no source matches"),
    "a long number": ("[build]\njobs = " + "9" * 5000 + BANK, ""),
    "a large cache": ("[build]\ncache_size = '" + "9" * 400 + " TB'" + BANK, "2: [build]: 'cache_size' should be a size"),
    "no style sheet": (BANK + "[set.pdf]\ncss = 'none.css'", "5: [set.pdf]: 'css': no such file: 'none.css'"),
    "a date": ("[build]\njobs = 2026-11-24" + BANK, "2: [build]: 'jobs' should be a whole number"),
    "no number": ("[build]\njobs = nan" + BANK, "2: [build]: 'jobs' should be a whole number"),
    "deep": ("a = " + "[" * 3000 + "]" * 3000, ""),
    "no bank": ("[build]\njobs = 1", " there is no [[bank]] in it"),
    "bank a table": ("[bank]\nsource = 'a.md'", " there is no [[bank]] in it"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_with_its_place(name: str) -> None:
    files("a.md")
    text, words = WRONG[name]
    with pytest.raises(UsageError) as caught:
        load(text)
    told = str(caught.value)
    assert told.startswith(f"tiku.toml:{words}" if words[:1].isdigit() else "tiku.toml:"), told
    assert words in told
    assert caught.value.exit_code == 2


def test_an_unknown_profile() -> None:
    files("a.md", "b.md")
    with pytest.raises(UsageError, match=r"tiku.toml: unknown profile 'techer', did you mean 'teacher'\?"):
        load(WHOLE, profile="techer")
    with pytest.raises(UsageError, match=r"unknown profile 'teacher' \(there is none\)"):
        load(BANK, profile="teacher")


def test_a_byte_order_mark_is_no_matter() -> None:
    files("a.md")
    Path("tiku.toml").write_bytes(b"\xef\xbb\xbf" + BANK.encode())
    assert len(config.load().orders) == 1


def test_lines_are_hints_that_never_fail() -> None:
    assert line_of("x = 1", ("bank", 2), "y") == 0
    assert line_of('[build]\n"jobs" = 1', ("build",), "jobs") == 2
    assert line_of("[build]\njobs = 1\n[set]", ("build",), "cache") == 1
    assert line_of("[[bank]]\n[ bank . set . pdf ]\npage = 1", ("bank", 1, "set", "pdf"), "page") == 3
    assert line_of("[]\n[[]]\n[.]\n= 1\n[bank]]", ("bank", 1), "a") == 0


def test_a_thousand_documents_are_no_work() -> None:
    files(*(f"source/{number:04}.md" for number in range(1000)))
    text = '[build]\nformats = ["json", "apkg", "epub"]\n[[bank]]\nsource = "source/*.md"\n[set.epub]\nmath = "svg"\n'
    load(text)
    start = time.process_time()
    plan = load(text)
    assert time.process_time() - start < 1  # about 0.08 s
    assert len(plan.orders) == 1000
    one, two = (order.outputs[2].settings for order in plan.orders[:2])
    assert one is two
