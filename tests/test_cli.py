"""The command line as a contract: files, exit codes, messages. Outside scripts call it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from banks import REAL, numbered
from tiku.exporters import EXPORTERS

if TYPE_CHECKING:
    from command import Command

TWO = numbered(2)
SUFFIXES = {
    "pdf": ".pdf", "epub": ".epub", "apkg": ".apkg", "pptx": ".pptx", "slides": ".slides.html", "json": ".json",
    "md": ".md",
}  # fmt: skip


def write(name: str, text: str = TWO) -> Path:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def files() -> list[str]:
    return sorted(str(path) for path in Path().rglob("*") if path.is_file())


def titles(path: str) -> list[str]:
    """The words of all titles in a JSON output."""
    bank = json.loads(Path(path).read_text(encoding="utf-8"))["bank"]
    return ["".join(node.get("c", " ") for node in q["title"]) for s in bank["sections"] for q in s["questions"]]


def test_the_files_are_named_as_promised() -> None:
    assert {name: EXPORTERS.load(name).suffix for name in SUFFIXES} == SUFFIXES


# -- convert: where things go -----------------------------------------------------------------------------------------


def test_the_suffix_of_the_output_gives_the_format(tiku: Command) -> None:
    write("a.md")
    assert tiku("convert", "a.md", "-o", "x/y/b.json").code == 0
    assert files() == ["a.md", "x/y/b.json"]
    assert titles("x/y/b.json") == ["Title 1", "Title 2"]


def test_to_names_the_format_whatever_the_suffix(tiku: Command) -> None:
    write("a.md")
    assert tiku("convert", "a.md", "--to", "json", "--output", "b.txt").code == 0
    assert titles("b.txt") == ["Title 1", "Title 2"]


def test_without_output_files_go_to_the_current_folder(tiku: Command) -> None:
    write("in/a.md")
    assert tiku("convert", "in/a.md", "-t", "json").code == 0
    assert files() == ["a.json", "in/a.md"]


@pytest.mark.parametrize("output", ["out", "out/", "out/deep"])
def test_a_path_without_suffix_is_a_folder_and_is_made(tiku: Command, output: str) -> None:
    write("a.md")
    assert tiku("convert", "a.md", "-t", "json", "-o", output).code == 0
    assert files() == ["a.md", f"{output.rstrip('/')}/a.json"]


def test_a_folder_that_is_there_takes_the_file(tiku: Command) -> None:
    write("a.md")
    Path("out.d").mkdir()
    assert tiku("convert", "a.md", "-t", "json", "-o", "out.d").code == 0
    assert files() == ["a.md", "out.d/a.json"]


def test_many_sources_and_formats_go_to_a_folder(tiku: Command) -> None:
    write("a.md")
    write("b.markdown", numbered(3))
    done = tiku("convert", "a.md", "b.markdown", "-t", "json, md", "-t", "json,md", "-o", "out")
    assert done.code == 0, done.err
    assert files() == ["a.md", "b.markdown", "out/a.json", "out/a.md", "out/b.json", "out/b.md"]
    assert titles("out/b.json") == ["Title 1", "Title 2", "Title 3"]
    assert "a.md -> out/a.json" in done.err
    assert done.out == ""


def test_standard_input_is_a_source(tiku: Command) -> None:
    assert tiku("convert", "-", "-o", "b.json", stdin=TWO.encode()).code == 0
    assert titles("b.json") == ["Title 1", "Title 2"]
    assert tiku("convert", "-", "-t", "json", stdin=TWO.encode()).code == 0
    assert files() == ["b.json", "tiku.json"]


def test_our_json_is_a_source_like_any_other(tiku: Command) -> None:
    write("a.md")
    assert tiku("convert", "a.md", "-o", "b.json").code == 0
    assert tiku("convert", "b.json", "-o", "c.json").code == 0
    assert Path("b.json").read_bytes() == Path("c.json").read_bytes()
    stdin = Path("b.json").read_bytes()
    assert tiku("convert", "-", "--from", "json", "-o", "d.json", stdin=stdin).code == 0
    assert Path("b.json").read_bytes() == Path("d.json").read_bytes()


def test_what_the_options_say_goes_before_what_the_document_says(tiku: Command) -> None:
    write("a.md", f"---\ntitle: T\nlanguage: en\nauthor: A\n---\n\n{TWO}")
    options = ["--title", "题库", "--language", "zh-TW", "--author", "甲", "--author", "乙"]
    assert tiku("convert", "a.md", "-o", "b.json", *options).code == 0
    bank = json.loads(Path("b.json").read_text(encoding="utf-8"))["bank"]
    assert (bank["title"], bank["language"], bank["authors"]) == ("题库", "zh-TW", ["甲", "乙"])


def test_names_of_files_may_be_anything(tiku: Command) -> None:
    for name in ("题 库😀.md", "e\u0301.md", "-x.md", "a\nb.md", "a'\"$(b).md", "%s{0}.md"):
        write(name)
        done = tiku("convert", "-t", "json", "-o", "out", "--", name)
        assert done.code == 0, (name, done.err)
        assert Path("out", name.removesuffix(".md") + ".json").is_file()


# -- convert: what it says --------------------------------------------------------------------------------------------


def test_quiet_says_only_complaints(tiku: Command) -> None:
    write("a.md")
    assert tiku("convert", "a.md", "-t", "json", "-q").err == ""
    write("b.md", TWO + "\n\n### 3. T\n\n**Question:** Why?\n")
    done = tiku("convert", "b.md", "-t", "json", "-q")
    assert done.code == 0
    assert "b.md:" in done.err
    assert "Q102" in done.err
    assert "->" not in done.err


@pytest.mark.parametrize("command", ["convert", "build"])
def test_what_would_be_lost_is_not_written(tiku: Command, command: str) -> None:
    """The old output stays, the other formats are made, and each time one is told."""
    write("a.md", f"### 1. Wide\n\n**Question:** What is\n\n$$a{'+b' * 90}$$\n\n**Answer:** Much.\n")
    write("out/a.pptx", "old")
    Path("tiku.toml").write_text(
        '[build]\noutput = "out"\nformats = ["pptx", "json"]\n[[bank]]\nsource = "a.md"\n', "utf-8"
    )
    for _ in range(2):
        done = tiku(command, *(["a.md", "-t", "pptx,json", "-o", "out/"] if command == "convert" else []))
        assert done.code == 1
        assert "a.md:1: Q310 '1. Wide': a formula too large for a slide" in done.err
        assert "a.pptx' is not written: 1 error(s)" in done.err
        assert Path("out/a.pptx").read_text("utf-8") == "old"
        assert Path("out/a.json").is_file()


@pytest.mark.parametrize("command", ["convert", "build"])
def test_an_error_in_a_document_ends_with_1_and_costs_no_output(tiku: Command, command: str) -> None:
    write("a.md", "### 1. Which?\n\n- A. one\n- B. two\n\n**Answer:** E\n\n**Explanation:** Because.\n")
    Path("tiku.toml").write_text('[build]\noutput = "out"\nformats = ["json"]\n[[bank]]\nsource = "a.md"\n', "utf-8")
    for _ in range(2):
        done = tiku(command, *(["a.md", "-t", "json", "-o", "out/"] if command == "convert" else []))
        assert done.code == 1
        assert "Q206" in done.err
        assert Path("out/a.json").is_file()


def test_strict_makes_a_warning_a_failure_and_writes_nothing(tiku: Command) -> None:
    write("b.md", TWO + "\n\n### 3. T\n\n**Question:** Why?\n")
    done = tiku("convert", "b.md", "-t", "json", "--strict")
    assert done.code == 1
    assert "--strict" in done.err
    assert files() == ["b.md"]
    write("a.md")
    assert tiku("convert", "a.md", "-t", "json", "--strict").code == 0


def test_the_cut_in_the_real_document_is_reported_where_it_is(tiku: Command) -> None:
    write("source/gpt-2-to-gpt-4.md", REAL.read_text(encoding="utf-8"))
    done = tiku("convert", "source/gpt-2-to-gpt-4.md", "-t", "json")
    assert done.code == 0
    assert "source/gpt-2-to-gpt-4.md:303: Q101" in done.err
    assert len(titles("gpt-2-to-gpt-4.json")) == 15


# -- exit codes -------------------------------------------------------------------------------------------------------

WRONG = {
    "no command": ([], 2, "Usage"),
    "unknown command": (["convrt"], 2, "No such command"),
    "no source": (["convert"], 2, "SOURCE"),
    "no format": (["convert", "a.md"], 2, "no format: give one with --to"),
    "no format for a folder": (["convert", "a.md", "-o", "out"], 2, "no format"),
    "unknown suffix": (["convert", "a.md", "-o", "a.xyz"], 2, "its suffix names no format"),
    "unknown format": (["convert", "a.md", "-t", "epbu"], 2, "did you mean 'epub'"),
    "unknown format of many": (["convert", "a.md", "-t", "json,jsno"], 2, "did you mean 'json'"),
    "empty format": (["convert", "a.md", "-t", ","], 2, "no format"),
    "unknown reader": (["convert", "a.md", "-t", "json", "--from", "markdwon"], 2, "did you mean 'markdown'"),
    "unknown dialect": (["convert", "a.md", "-t", "json", "--dialect", "labeled"], 2, "dialect 'labeled'"),
    "no reader": (["convert", "a.xyz", "-t", "json"], 2, "no reader for '.xyz'"),
    "unknown option": (["convert", "a.md", "--tow", "json"], 2, "No such option"),
    "answers": (["convert", "a.md", "-t", "json", "--answers", "below"], 2, "below"),
    "answers a format lacks": (["convert", "a.md", "-t", "json", "--answers", "hidden"], 2, "cannot place answers"),
    "set": (["convert", "a.md", "-t", "json", "--set", "x"], 2, "--set takes FORMAT.KEY=VALUE, not 'x'"),
    "set without key": (["convert", "a.md", "-t", "json", "--set", "json.=1"], 2, "FORMAT.KEY=VALUE"),
    "set of a format unknown": (["convert", "a.md", "-t", "json", "--set", "jsn.a=1"], 2, "did you mean 'json'"),
    "set of a format not made": (["convert", "a.md", "-t", "json", "--set", "pdf.a=1"], 2, "not made here"),
    "set of a key unknown": (["convert", "a.md", "-t", "json", "--set", "json.a=1"], 2, "no option 'a'"),
    "two into one file": (["convert", "a.md", "b/a.md", "-t", "json"], 2, "would both write 'a.json'"),
    "one twice": (["convert", "a.md", "./a.md", "-t", "json"], 2, "would both write 'a.json'"),
    "its own source": (["convert", "a.md", "-t", "md"], 2, "is its own source"),
    "its own source by name": (["convert", "a.md", "-o", "a.md"], 2, "is its own source"),
    "its own source by link": (["convert", "link.md", "-o", "a.md"], 2, "is its own source"),
    "another's source": (["convert", "b/a.md", "b/c.md", "-t", "md", "-o", "b"], 2, "is its own source"),
    "not there": (["convert", "none.md", "-t", "json"], 1, "none.md: no such file"),
    "no questions": (["convert", "empty.md", "-t", "json"], 1, "empty.md: Q001 no questions found"),
    "not UTF-8": (["convert", "gbk.md", "-t", "json"], 1, "gbk.md:1: not UTF-8: byte 0x"),
    "no JSON": (["convert", "bad.json", "-t", "md"], 1, "bad.json: not JSON"),
    "no output folder": (["convert", "a.md", "-t", "json", "-o", "a.md/out"], 3, "cannot write"),
    "no config": (["build", "-c", "none.toml"], 2, "no such configuration: 'none.toml'"),
    "nothing to build": (["build"], 2, "no tiku.toml here, and no source in source/"),
    "inspect nothing": (["inspect", "empty.md"], 1, "no questions found"),
    "formats of none": (["formats", "pfd"], 2, "did you mean 'pdf'"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_call_ends_with_its_code_and_a_reason_and_writes_nothing(tiku: Command, name: str) -> None:
    write("a.md")
    write("b/a.md")
    write("b/c.md")
    write("a.xyz")
    write("empty.md", "Just words.\n")
    write("bad.json", "{")
    Path("gbk.md").write_bytes("### 1. 题目\n".encode("gbk"))
    Path("link.md").symlink_to("a.md")
    before = files()
    arguments, code, words = WRONG[name]
    done = tiku(*arguments)
    assert done.code == code, done
    assert words in done.err + done.out
    assert files() == before
    assert Path("a.md").read_text(encoding="utf-8") == TWO


def test_one_bad_document_does_not_stop_the_others(tiku: Command) -> None:
    write("a.md")
    write("b.md", "nothing\n")
    write("c.md")
    done = tiku("convert", "a.md", "b.md", "none.md", "c.md", "-t", "json")
    assert done.code == 1
    assert {"a.json", "c.json"} <= set(files())
    assert not {"b.json", "none.json"} & set(files())


@pytest.mark.parametrize("special", ["pipe", "./pipe"])
def test_an_output_that_is_no_plain_file_is_refused(tiku: Command, special: str) -> None:
    write("a.md")
    os.mkfifo("pipe")
    done = tiku("convert", "a.md", "-t", "json", "-o", special)
    assert done.code == 2, done
    assert "not a plain file" in done.err
    assert not Path(special).is_file()


@pytest.mark.parametrize("special", ["/dev/zero", "pipe"])
def test_a_source_that_is_no_plain_file_is_refused(tiku: Command, special: str) -> None:
    os.mkfifo("pipe")
    done = tiku("convert", special, "--from", "markdown", "-t", "json")
    assert (done.code, "not a plain file" in done.err) == (1, True)


def test_a_folder_that_cannot_be_written_is_the_environments_fault(
    tiku: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("a.md")

    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tiku.files._create", refuse)
    done = tiku("convert", "a.md", "-t", "json")
    assert (done.code, done.err) == (3, "tiku: cannot write 'a.json': Permission denied\n")


def test_an_interruption_ends_with_130_and_leaves_no_half_file(tmp_path: Path) -> None:
    code = (
        # a job in the background of a shell inherits that interruptions are ignored
        "import signal, time, tiku.exporters.bank_json as m\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def slow(self, bank, path, options):\n"
        "    path.write_text('half'); print('writing', flush=True); time.sleep(30)\n"
        "m.JsonExporter.export = slow\n"
        "from tiku.cli import main\n"
        "main()\n"
    )
    (tmp_path / "a.md").write_text(TWO, encoding="utf-8")
    command = [sys.executable, "-c", code, "convert", "a.md", "-t", "json"]
    with subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Traceback" not in err
    assert [path.name for path in tmp_path.iterdir()] == ["a.md"]


def test_a_fault_of_ours_is_named_as_such_and_the_others_go_on(tmp_path: Path) -> None:
    code = (
        "import tiku.exporters.bank_json as m\n"
        "def fail(self, bank, path, options):\n"
        "    if len(bank.questions) == 2: raise ZeroDivisionError('a\\nb')\n"
        "    path.write_text('x'); return []\n"
        "m.JsonExporter.export = fail\n"
        "from tiku.cli import main\n"
        "main()\n"
    )
    (tmp_path / "a.md").write_text(TWO, encoding="utf-8")
    (tmp_path / "b.md").write_text(numbered(3), encoding="utf-8")
    command = [sys.executable, "-c", code, "convert", "a.md", "b.md", "-t", "json,md", "-o", "out"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1
    assert "out/a.json: a fault of tiku itself: ZeroDivisionError: a b" in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.md", "b.json", "b.md"]
    debug = {**os.environ, "TIKU_DEBUG": "1"}
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60, env=debug)
    assert "ZeroDivisionError" in done.stderr
    assert "Traceback" in done.stderr


# -- check, inspect, formats, doctor ----------------------------------------------------------------------------------

FAULTY = TWO + "\n\n### 3. T\n\n**Question:** Why?\n"


def test_check_lists_all_problems_of_all_documents(tiku: Command) -> None:
    write("a.md", FAULTY)
    write("b.md", FAULTY)
    done = tiku("check", "a.md", "b.md")
    assert done.code == 0
    lines = done.out.splitlines()
    assert lines[0].startswith("a.md:17: Q102 ")
    assert any(line.startswith("b.md:17: Q102 ") for line in lines)


def test_check_ends_with_1_for_errors_only(tiku: Command) -> None:
    write("a.md")
    write("b.md", "nothing\n")
    assert (tiku("check", "a.md").code, tiku("check", "a.md").out) == (0, "")
    done = tiku("check", "b.md", "none.md", "a.md")
    assert done.code == 1
    assert "b.md: Q001 no questions found" in done.out
    assert "none.md: Q002 no such file" in done.out


def test_check_as_json(tiku: Command) -> None:
    write("a.md", FAULTY)
    write("b.md", "nothing\n")
    done = tiku("check", "a.md", "b.md", "--format", "json")
    rows = json.loads(done.out)["problems"]
    assert all(set(row) == {"code", "severity", "message", "file", "line"} for row in rows)
    assert {(row["code"], row["severity"], row["file"]) for row in rows} >= {
        ("Q102", "warning", "a.md"), ("Q001", "error", "b.md")}  # fmt: skip


CHOICES = """## Part

### 1. One {#one}

**Question:** Which?

- [x] A. this
- [ ] B. that

**Explanation:** So.

### 2. Two

**Question:** Why?

**Answer:** So.
"""


def test_inspect_as_json_keeps_its_contract(tiku: Command) -> None:
    write("a.md", CHOICES)
    write("b.md", "nothing\n")
    done = tiku("inspect", "a.md", "b.md", "--format", "json")
    assert done.code == 1
    first, second = json.loads(done.out)["documents"]
    assert {"source", "title", "language", "dialect", "questions", "problems"} <= set(first)
    assert first["questions"][0] == {
        "id": "one", "number": "1", "title": "One", "line": 3, "kind": "single-choice", "choices": 2, "correct": ["A"],
        "answered": True, "explained": True, "section": ["Part"],
    }  # fmt: skip
    assert first["questions"][1]["line"] == 12
    assert (second["source"], second["questions"], second["problems"][0]["code"]) == ("b.md", [], "Q001")
    assert all({"code", "severity", "message", "line"} == set(row) for row in second["problems"])


def test_inspect_for_people(tiku: Command) -> None:
    write("a.md", CHOICES)
    done = tiku("inspect", "a.md")
    assert done.code == 0
    assert "2 questions" in done.out
    assert "2 choices, correct A" in done.out


def test_formats_lists_all_with_their_options(tiku: Command) -> None:
    done = tiku("formats")
    assert done.code == 0
    assert [line.split()[0] for line in done.out.splitlines()] == list(EXPORTERS.builtin)
    for name in EXPORTERS.builtin:
        done = tiku("formats", name)
        assert "(default)" in done.out
        assert all(f"--set {name}.{option.name}=" in done.out for option in EXPORTERS.load(name).options)


def test_the_schema_is_printed(tiku: Command) -> None:
    assert json.loads(tiku("formats", "json", "--schema").out)["title"].startswith("tiku bank")


def test_version_and_help(tiku: Command) -> None:
    import tiku as package

    assert tiku("--version").out == f"tiku {package.__version__}\n"
    for command in ("convert", "build", "check", "inspect", "formats", "doctor"):
        assert tiku(command, "--help").code == 0


def test_shell_completion_as_click_gives_it() -> None:
    environment = {**os.environ, "_TIKU_COMPLETE": "bash_source"}
    done = subprocess.run(
        [Path(sys.executable).with_name("tiku")],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert "_tiku_completion" in done.stdout


def test_python_m_tiku() -> None:
    done = subprocess.run([sys.executable, "-m", "tiku", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("tiku ")


def test_doctor_says_what_is_missing_and_how_to_mend_it(tiku: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    from tiku import doctor

    def examine(*good: bool) -> None:
        findings = [
            doctor.Finding(each, f"thing {n}", "apt-get install x", needed=n == 1) for n, each in enumerate(good)
        ]
        monkeypatch.setattr(doctor, "examine", lambda: iter(findings))

    examine(True, True)
    assert tiku("doctor").code == 0
    examine(False, True)
    assert tiku("doctor").code == 0
    examine(True, False)
    done = tiku("doctor")
    assert done.code == 3
    assert "MISSING thing 1\n        apt-get install x\n" in done.out


def test_doctor_looks_at_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    from tiku import doctor

    monkeypatch.setattr("ctypes.util.find_library", lambda _name: None)
    monkeypatch.setattr("shutil.which", lambda _name: None)
    monkeypatch.setattr(doctor, "find_spec", lambda _name: None)
    bad = [finding for finding in doctor.examine() if not finding.good]
    assert all(finding.remedy for finding in bad)
    words = " ".join(f"{finding.text} {finding.remedy}" for finding in bad)
    for wanted in ("Pango", "libharfbuzz-subset0", "weasyprint", "ebooklib", "fontconfig", "tiku[pdf]"):
        assert wanted in words


def test_the_exit_code_of_a_closed_pipe_is_quiet(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(numbered(300), encoding="utf-8")
    command = f"{sys.executable} -m tiku inspect a.md | head -1"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60
    )
    assert "Traceback" not in done.stderr
    assert "fault" not in done.stderr
