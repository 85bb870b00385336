"""One pandoc for many documents: the same results as a process for each, within limits, and nothing left behind."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tiku import pandoc
from tiku.errors import DocumentError
from tiku.pandoc import worker
from tiku.readers import foreign, markdown

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HERE = Path(__file__).parent
GFM = markdown.FORMAT
HTML = foreign._EXTENSIONS["html"]
BY_SUFFIX = {
    ".md": (GFM, "gfm", "commonmark_x"),
    ".txt": (GFM, "commonmark"),
    ".rst": ("rst",),
    ".tex": ("latex",),
    ".html": (HTML, f"{HTML}-raw_html"),
}
FIXTURES = [
    (path, each)
    for path in sorted((HERE / "dialects").iterdir())
    if path.suffix in BY_SUFFIX
    for each in BY_SUFFIX[path.suffix]
]
ENDLESS = "[^1]:[^1]\n"
"""A footnote in itself: pandoc's readers of GitHub's Markdown never end on it."""
linux = pytest.mark.skipif(sys.platform != "linux", reason="limits and the lifeline are Linux's")


@pytest.fixture
def keeper() -> Iterator[worker.Keeper]:
    """A keeper of a worker, entered, and the worker gone afterwards."""
    with pandoc.persistent() as each:
        yield each
    assert each._worker is None


def both(keeper: worker.Keeper, text: str, source_format: str) -> tuple[object, object]:
    """What the worker and what a process of its own make of `text`; the worker must have been the one."""
    answer = keeper.read(source_format, text, pandoc.CPU_SECONDS)
    assert answer is not None, "the worker did not answer"
    assert pandoc.run(text, "-f", source_format, "-t", "json")[0] == answer[0]
    return pandoc.run(text, "-f", source_format, "-t", "json"), plain(text, source_format)


def plain(text: str, source_format: str) -> tuple[str, list[str]]:
    return pandoc._run_plainly(text, "-f", source_format, "-t", "json")


def outcome(read: Callable[..., tuple[str, list[str]]], *arguments: str) -> object:
    """What `read` returns, or the words of its error."""
    try:
        return read(*arguments)
    except DocumentError as error:
        return error.message


def process(keeper: worker.Keeper) -> int:
    """The id of the running worker, started if there is none."""
    keeper.read("gfm", "x", 60)
    assert keeper._worker
    return keeper._worker._process.pid


def gone(pid: int, seconds: float = 5) -> bool:
    """Whether a process is dead, waiting a little for it."""
    for _ in range(int(seconds * 20)):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return True
        if state in {"Z", "X"}:
            return True
        time.sleep(0.05)
    return False


# -- the same results -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "source_format"), FIXTURES, ids=lambda each: getattr(each, "name", each))
def test_fixtures_read_as_by_a_process_of_their_own(keeper: worker.Keeper, path: Path, source_format: str) -> None:
    ours, reference = both(keeper, path.read_text(encoding="utf-8"), source_format)
    assert ours == reference


ODD = {
    "empty": "", "blank": " \n\t\n", "no end": "    code", "blank end": "a\n   ", "open fence": "```\na", "CR": "a\rb\r\nc",
    "tabs": "\ta\n\n-\tb\n\tc\n\n| a\tb", "wide tabs": "题\t目", "NUL": "a\0b", "controls": "a\x01\x0b\x0c\x1f\x7f\x85b",
    "separators": "a\u2028b\u2029c", "BOM": "\ufeff# a", "surrogate": "a\ud800b", "entities": "&#1;&#0;&#xD800;",
    "marks": "\ufdd0a",
    "long word": "a" * 300_000, "deep quote": ">" * 500, "open brackets": "[" * 5_000, "deep list": "- " * 200 + "a",
    "front matter": "---\ntitle: a\n---\n\nb", "raw": "<script>alert(1)</script>\n\n<b>a", "emoji": "👩🏽‍💻 لماذا",
    "math": r"$a_b$ \(c\) $$\frac{1}{2}$$", "table": "|a|b|\n|-|-|\n|c|", "macros": r"\def\a#1{#1}\a{b}",
}  # fmt: skip


@pytest.mark.parametrize("source_format", [GFM, "commonmark_x", HTML, "rst", "org", "latex"])
def test_odd_text_reads_as_by_a_process_of_its_own(keeper: worker.Keeper, source_format: str) -> None:
    for name, text in ODD.items():
        ours = outcome(pandoc.run, text, "-f", source_format, "-t", "json")
        assert ours == outcome(plain, text, source_format), name
    assert keeper._usable


WARNED = [
    (".. include:: a\n\nb\n\n.. include:: c\n\n.. nosuch:: d\n", "rst"),
    ("`a`_ and b_ and |c|\n\n.. image::\n", "rst"),
    ("\\input{a}\n\n\\include{b}", "latex"),
]


@pytest.mark.parametrize(("text", "source_format"), WARNED)
def test_warnings_are_the_same_in_the_same_order(keeper: worker.Keeper, text: str, source_format: str) -> None:
    ours, reference = both(keeper, text, source_format)
    assert ours == reference
    assert len(plain(text, source_format)[1]) > 1


def test_nothing_of_one_document_reaches_the_next(keeper: worker.Keeper) -> None:
    first = plain("[a] and [^1]", "gfm")
    for before in ("[a]: secret\n\n[^1]: secret\n", "\\def\\a{secret}", "---\na: secret\n---\n", "`a`_"):
        for source_format in (GFM, "rst", "latex"):
            with contextlib.suppress(DocumentError):
                pandoc.run(before, "-f", source_format, "-t", "json")
        assert pandoc.run("[a] and [^1]", "-f", "gfm", "-t", "json") == first
        assert pandoc.run("\\a", "-f", "latex", "-t", "json") == plain("\\a", "latex")


@pytest.mark.parametrize("spoil", ["tabs", "end", "order", "warnings"])
def test_the_comparison_notices_a_difference(
    keeper: worker.Keeper, monkeypatch: pytest.MonkeyPatch, spoil: str
) -> None:
    as_sent = worker._as_sent
    read = worker.Worker.read

    def spoilt(self: worker.Worker, source_format: str, text: bytes, seconds: int) -> tuple[str, list[str]] | None:
        answer = read(self, source_format, text, seconds)
        return answer and (answer[0], answer[1][::-1] if spoil == "order" else [])

    if spoil == "tabs":
        monkeypatch.setattr(worker, "_as_sent", lambda text: as_sent(text.replace("\t", " ")))
    elif spoil == "end":
        monkeypatch.setattr(worker, "_as_sent", lambda text: text.rstrip("\n").encode())
    else:
        monkeypatch.setattr(worker.Worker, "read", spoilt)
    text, source_format = WARNED[0] if spoil in {"order", "warnings"} else ("-\ta\n\n\t\tb\n\n```\nc", GFM)
    ours, reference = both(keeper, text, source_format)
    assert ours != reference


# -- what is asked of it ----------------------------------------------------------------------------------------------


def test_without_asking_there_is_no_worker() -> None:
    pandoc.run("a", "-f", "gfm", "-t", "json")
    assert pandoc._keeper()._worker is None


def test_it_may_be_entered_again(keeper: worker.Keeper) -> None:
    pid = process(keeper)
    with pandoc.persistent() as inner:
        assert process(inner) == pid
    assert process(keeper) == pid


@pytest.mark.parametrize(
    ("text", "source_format"),
    [("a", "markdown"), ("a", "json"), ("a", "gfm+nosuch"), ("a", "gfm+east_asian_line_breaks"), ("a", "gfm 1\nx"),
     ("a", "../a.lua"), ("a" * (worker.LARGE + 1), "gfm")],
)  # fmt: skip
def test_other_formats_and_large_texts_go_to_a_process_of_their_own(
    keeper: worker.Keeper, text: str, source_format: str
) -> None:
    assert keeper.read(source_format, text, 60) is None


def test_bytes_and_other_arguments_go_to_a_process_of_their_own(keeper: worker.Keeper) -> None:
    pandoc.run(b"a", "-f", "gfm", "-t", "json")
    pandoc.run("a", "-f", "gfm", "-t", "html")
    pandoc.run("a", "-f", "gfm", "-t", "json", "--wrap=none")
    assert keeper._worker is None


def test_errors_are_those_of_a_process_of_its_own(keeper: worker.Keeper) -> None:
    text = "\\begin{a"
    with pytest.raises(DocumentError) as reference:
        plain(text, "latex")
    with pytest.raises(DocumentError) as ours:
        pandoc.run(text, "-f", "latex", "-t", "json")
    assert ours.value.message == reference.value.message
    assert keeper._worker
    assert both(keeper, "a", "gfm")[0] == plain("a", "gfm")


def test_a_busy_worker_is_not_waited_for(keeper: worker.Keeper) -> None:
    texts = [f"# {number}\n\n" + "a *b* `c`\n" * 300 for number in range(24)]
    results: dict[int, object] = {}

    def some(start: int) -> None:
        for number in range(start, len(texts), 3):
            results[number] = pandoc.run(texts[number], "-f", "gfm", "-t", "json")

    threads = [threading.Thread(target=some, args=(start,)) for start in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert [results[number] for number in range(len(texts))] == [plain(text, "gfm") for text in texts]


# -- nothing leaks ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source_format", "text"),
    [
        ("rst", ".. include:: {path}\n\n.. csv-table::\n   :file: {path}\n\n.. raw:: html\n   :file: {path}"),
        ("rst", ".. include:: {name}\n\n.. image:: {path}"),
        ("latex", "\\input{{{path}}} \\include{{{path}}} \\lstinputlisting{{{path}}} \\includegraphics{{{path}}}"),
        ("latex", "\\input{{{name}}} \\usepackage{{{name}}} \\verbatiminput{{{path}}} \\bibliography{{{path}}}"),
        ("org", '#+INCLUDE: "{path}"\n\n#+INCLUDE: {path} src\n\n[[file:{path}]]'),
        (HTML, "<iframe src='{path}'></iframe><img src='file://{path}'><object data='{path}'></object>"),
        ("commonmark_x", "![a]({path})\n\n{{include={path}}}"),
        (GFM, "![a]({path}) <iframe src='{path}'></iframe>"),
    ],
)  # fmt: skip
def test_no_document_reads_a_file(
    keeper: worker.Keeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source_format: str, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("canary.tex", "canary.sty", "canary"):
        Path(name).write_text("CANARY,IS\n\nREAD", encoding="utf-8")
    for name in ("canary.tex", "canary"):
        source = text.format(path=tmp_path / name, name=name)
        ours = outcome(pandoc.run, source, "-f", source_format, "-t", "json")
        assert ours == outcome(plain, source, source_format)
        assert "CANARY" not in str(ours)
        assert keeper._worker


def test_the_canary_would_be_read_without_the_sandbox(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    canary.write_text("CANARY", encoding="utf-8")
    script = tmp_path / "a.lua"
    script.write_text(f"print(pandoc.write(pandoc.read('.. include:: {canary}', 'rst'), 'plain'))", encoding="utf-8")
    done = subprocess.run([pandoc.executable(), "lua", script], capture_output=True, text=True, check=True)
    assert "CANARY" in done.stdout


def test_a_pandoc_that_knows_no_sandbox_in_lua_is_not_used(tmp_path: Path) -> None:
    """Before 3.7 `pandoc.read` took no list of files, and did not mind one."""
    script = tmp_path / "worker.lua"
    source = Path(worker.__file__).with_name("worker.lua").read_text(encoding="utf-8")
    old = (
        "local new = pandoc.read\npandoc.read = function(text, format, options) return new(text, format, options) end\n"
    )
    for text, greeting in ((source, "tiku 1\n"), (old + source, "")):
        script.write_text(text, encoding="utf-8")
        done = subprocess.run(
            [pandoc.executable(), "lua", script], input="", capture_output=True, text=True, check=False
        )
        assert done.stdout == greeting


def test_lua_settings_of_the_user_do_not_reach_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LUA_INIT", f"io.open('{tmp_path}/owned', 'w'):close()")
    with pandoc.persistent() as keeper:
        assert both(keeper, "a", "gfm")
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("program", ["exit 3", "echo hello", "echo tiku 1; exit", "echo tiku 1; echo ok 9 9", "cat"])
def test_a_program_that_is_no_worker_is_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, program: str) -> None:
    fake = tmp_path / "pandoc"
    fake.write_text(f"#!/bin/sh\n{program}\n", encoding="utf-8")
    fake.chmod(0o755)
    keeper = worker.Keeper(lambda: worker.Worker(str(fake), "1g"))
    monkeypatch.setattr(worker, "START_SECONDS", 2)
    with keeper:
        assert keeper.read("gfm", "a", 60) is None
        assert keeper._worker is None


def test_a_missing_program_is_no_traceback() -> None:
    keeper = worker.Keeper(lambda: worker.Worker("/nonexistent/pandoc", "1g"))
    with keeper:
        assert keeper.read("gfm", "a", 60) is None
    assert not keeper._usable


# -- limits -----------------------------------------------------------------------------------------------------------


@linux
def test_a_document_that_takes_too_long_is_killed_and_the_next_one_read(
    keeper: worker.Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = process(keeper)
    monkeypatch.setattr(pandoc, "CPU_SECONDS", 1)
    # the other words stand on a machine so busy that the wall clock is first
    words = re.compile(r"pandoc cannot read this document: it takes too long|pandoc did not finish in 4 seconds")
    for read in (lambda: pandoc.run(ENDLESS, "-f", GFM, "-t", "json"), lambda: plain(ENDLESS, GFM)):
        with pytest.raises(DocumentError) as error:
            read()
        assert words.fullmatch(error.value.message)
    assert gone(pid)
    ours, expected = both(keeper, "a", "gfm")
    assert ours == expected


@linux
def test_the_cpu_limit_is_for_one_document_not_for_all(keeper: worker.Keeper) -> None:
    text = "a *b* [c](d) `e`\n\n" * 1_500
    pid = process(keeper)
    for _ in range(100):
        assert keeper.read(GFM, text, 2)
        if worker._usage(pid)[0] > 3:
            break
    assert process(keeper) == pid
    assert worker._usage(pid)[0] > 3


@linux
def test_a_stopped_worker_is_not_waited_for_without_end(keeper: worker.Keeper) -> None:
    pid = process(keeper)
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(DocumentError, match="did not finish in 4 seconds"):
        keeper.read("gfm", "a" * 290_000, 1)
    assert gone(pid)
    assert process(keeper) != pid


def test_a_document_that_needs_too_much_memory_is_given_to_a_process_of_its_own(
    keeper: worker.Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = process(keeper)
    monkeypatch.setattr(worker, "MAX_READING", 400_000_000)
    assert keeper.read(GFM, ENDLESS, 300) is None  # it would go on for 300 seconds
    assert gone(pid)
    monkeypatch.setattr(pandoc, "HEAP", "100m")
    with pytest.raises(DocumentError, match="needs more than 100m of memory"):
        pandoc.run(ENDLESS, "-f", GFM, "-t", "json")


def test_a_worker_is_replaced_after_so_many_documents(keeper: worker.Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "RECYCLE", 3)
    started = []
    for _ in range(7):
        started.append(keeper._worker is None)
        assert keeper.read("gfm", "a", 60)
    assert started == [True, False, False, True, False, False, True]


@linux
def test_a_worker_that_has_grown_is_replaced(keeper: worker.Keeper, monkeypatch: pytest.MonkeyPatch) -> None:
    pid = process(keeper)
    assert 10_000_000 < worker._usage(pid)[1] < worker.MAX_RESIDENT
    monkeypatch.setattr(worker, "MAX_RESIDENT", 10_000_000)
    assert keeper.read("gfm", "a", 60)
    assert keeper._worker is None
    assert gone(pid)


# -- death ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("after", [0.0, 0.02, 0.1])
def test_a_worker_killed_in_the_middle_is_replaced_and_the_document_read(keeper: worker.Keeper, after: float) -> None:
    text = "a *b* [c](d) `e`\n\n" * 8_000
    expected = plain(text, "gfm")
    for _ in range(3):
        pid = process(keeper)
        timer = threading.Timer(after, os.kill, (pid, signal.SIGKILL))
        timer.start()
        assert pandoc.run(text, "-f", "gfm", "-t", "json") == expected
        timer.join()
        assert gone(pid)
        assert process(keeper) != pid


def test_an_interrupt_leaves_no_worker_with_half_an_answer(keeper: worker.Keeper) -> None:
    pid = process(keeper)
    main = threading.main_thread().ident
    assert main
    threading.Timer(0.3, signal.pthread_kill, (main, signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        keeper.read(GFM, ENDLESS, 60)
    assert keeper._worker is None
    assert gone(pid)
    ours, reference = both(keeper, "a", "gfm")
    assert ours == reference


NO_LIFELINE = "worker._kill_when_closed = lambda *_: None"
CHILD = """
import sys
from tiku import pandoc
from tiku.pandoc import worker
{}
pandoc.persist()
keeper = pandoc.persistent()
keeper.read("gfm", "a", 60)
print(keeper._worker._process.pid, flush=True)
{}
"""


def orphan(then: str, kill_after: float | None = None, first: str = "") -> int:
    """The worker of a process that starts it and does `then`, killed after so many seconds or left to end."""
    code = CHILD.format(first, then)
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout
        pid = int(child.stdout.readline())
        if kill_after is not None:
            time.sleep(kill_after)
            assert child.poll() is None
            child.kill()
    return pid


BUSY = f"keeper.read({GFM!r}, {ENDLESS!r}, 4)"


def test_the_worker_ends_with_its_process() -> None:
    assert gone(orphan(""))


def test_an_idle_worker_ends_when_its_process_is_killed() -> None:
    assert gone(orphan("import time; time.sleep(60)", 0.2, NO_LIFELINE))


@linux
@pytest.mark.parametrize("fork", ["", "import os, time\nif not os.fork(): time.sleep(15); os._exit(0)\n"])
def test_a_busy_worker_dies_when_its_process_is_killed_even_if_a_fork_lives_on(fork: str) -> None:
    pid = orphan(f"{fork}{BUSY.replace('4)', '300)')}", 1)
    assert gone(pid)


@linux
def test_without_the_lifeline_an_orphan_ends_at_its_cpu_limit() -> None:
    pid = orphan(BUSY, 1, NO_LIFELINE)
    assert not gone(pid, 0.5)  # this would fail if the test before it could not
    assert gone(pid, 60)


def test_a_fork_has_a_worker_of_its_own(keeper: worker.Keeper) -> None:
    pid = process(keeper)
    ours, theirs = os.pipe()
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):
            same = pandoc.run("a *b*", "-f", "gfm", "-t", "json") == plain("a *b*", "gfm")
            own = process(keeper)
            os.write(theirs, f"{same} {own}".encode())
        os._exit(0)
    os.waitpid(child, 0)
    same, own = os.read(ours, 100).decode().split()
    os.close(ours)
    os.close(theirs)
    assert same == "True"
    assert int(own) != pid
    assert gone(int(own))
    assert process(keeper) == pid


def test_no_file_descriptor_and_no_child_stays() -> None:
    with pandoc.persistent() as keeper:
        process(keeper)
    before = len(list(Path("/dev/fd").iterdir()))
    for _ in range(3):
        with pandoc.persistent() as keeper:
            pid = process(keeper)
        with pytest.raises(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)
    assert len(list(Path("/dev/fd").iterdir())) == before
