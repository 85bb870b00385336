"""`tiku build --watch` as a process of its own: it sees every change, survives mistakes, and ends when it is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

QUESTION = "### {number}. What is {name}?\n\n**Answer:** It is {name} indeed.\n\n"
CONFIG = '[build]\nformats = ["json"]\ncache = "kept"\n[[bank]]\nsource = "source/*.md"\n'
PATIENCE = 60
"""Seconds: far more than it takes, so that a busy machine fails nothing."""


def bank(*names: str) -> str:
    """A document with one question for each name."""
    return "".join(QUESTION.format(number=number, name=name) for number, name in enumerate(names, 1))


class Watching:
    """A running ``tiku build --watch`` and what it has said."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tiku", "build", "--watch", "-j", "1", *arguments],
            cwd=folder, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True, encoding="utf-8",
        )  # fmt: skip
        self.said: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self.said.append(line.rstrip("\n"))

    def until(self, words: str, times: int = 1) -> None:
        """Wait until it has said `words` so often."""
        end = time.monotonic() + PATIENCE
        while sum(words in line for line in self.said) < times:
            assert time.monotonic() < end, f"never said {words!r} {times} times: {self.said}"
            assert self.process.poll() is None, f"ended: {self.said}"
            time.sleep(0.02)

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Interrupt it; return its exit code."""
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return code

    def kill(self) -> None:
        """End it, whatever it does."""
        self.process.kill()
        self.process.wait()
        self._reader.join(PATIENCE)
        assert self.process.stderr
        self.process.stderr.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bank of one document, with its configuration."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source/a.md").write_text(bank("alpha"))
    (tmp_path / "tiku.toml").write_text(CONFIG)
    return tmp_path


@pytest.fixture
def watching(folder: Path) -> Iterator[Watching]:
    """The command, watching it."""
    running = Watching(folder, "--report", "json=report.json")
    yield running
    running.kill()


def made(folder: Path, name: str) -> str:
    return (folder / "outputs" / f"{name}.json").read_text(encoding="utf-8")


def test_changes_mistakes_and_new_sources(folder: Path, watching: Watching) -> None:
    watching.until("1 documents, 1 outputs: 1 made")

    (folder / "source/a.md").write_text(bank("alpha", "beta"))
    watching.until("1 documents, 1 outputs: 1 made", 2)
    assert "changed: source/a.md" in watching.said
    assert "beta" in made(folder, "a")

    (folder / "tiku.toml").write_text(CONFIG + "[buidl]\n")
    watching.until("did you mean 'build'?")
    (folder / "tiku.toml").write_text(CONFIG)
    watching.until("0 made, 1 up to date")

    (folder / "source/b.md").write_text("no questions at all\n")
    watching.until("1 failed")
    # As editors save: a file beside it, then a rename.
    (folder / "source/.b.md.swp").write_text(bank("gamma"))
    (folder / "source/.b.md.swp").rename(folder / "source/b.md")
    watching.until("2 documents, 2 outputs: 1 made")
    assert "gamma" in made(folder, "b")

    builds = len([line for line in watching.said if " outputs: " in line])
    time.sleep(1.5)  # outputs, the record, the cache and the report lie in a watched folder: they start no build
    assert len([line for line in watching.said if " outputs: " in line]) == builds, watching.said
    assert watching.end() == 130
    assert watching.said[-1] == "tiku: interrupted"
    assert "Traceback" not in "".join(watching.said)


def test_what_no_build_reads_starts_none(folder: Path, watching: Watching) -> None:
    """A log beside the configuration, notes in another folder, a file beside the sources that is no document."""
    watching.until("1 documents, 1 outputs: 1 made")
    (folder / "notes").mkdir()
    for name in ("build.log", "notes/todo.md", "source/a.log"):
        (folder / name).write_text("words")
    time.sleep(1.5)
    assert sum(" outputs: " in line for line in watching.said) == 1, watching.said
    (folder / "source/p.png").write_bytes(b"")  # but a picture does
    watching.until(" outputs: ", 2)


def test_a_configuration_that_is_gone_for_a_moment_is_missed(folder: Path, watching: Watching) -> None:
    """As in a checkout: nothing else is built in its place."""
    watching.until("1 documents, 1 outputs: 1 made")
    (folder / "tiku.toml").rename(folder / "tiku.toml.away")
    watching.until("no such configuration: 'tiku.toml'")
    (folder / "tiku.toml.away").rename(folder / "tiku.toml")
    watching.until("0 made, 1 up to date")
    assert {path.name for path in (folder / "outputs").iterdir() if path.name[0] != "."} == {"a.json"}


def test_what_changes_during_a_build_is_built_next(folder: Path) -> None:
    (folder / "tiku.toml").write_text(CONFIG.replace('["json"]', '["json", "slow"]'))
    (folder / "slow.py").write_text(SLOW)
    info = folder / "slow-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: slow\nVersion: 1\n")
    (info / "entry_points.txt").write_text("[tiku.exporters]\nslow = slow:exporter\n")
    running = Watching(folder)
    try:
        end = time.monotonic() + PATIENCE
        while not (folder / "begun").exists():
            assert time.monotonic() < end, running.said
            time.sleep(0.02)
        (folder / "source/a.md").write_text(bank("alpha", "delta"))  # it has been read by now
        (folder / "go").touch()
        running.until(" outputs: ", 2)
        assert "delta" in made(folder, "a")
        assert running.end(signal.SIGTERM) == 130
    finally:
        running.kill()


SLOW = """
import pathlib, time

class Slow:
    name, suffix, summary, keeps, answers, options = "slow", ".slow", "slow", "nothing", ("inline",), ()

    def export(self, bank, path, options):
        pathlib.Path("begun").touch()
        while not pathlib.Path("go").exists():
            time.sleep(0.02)
        path.write_text("slow")
        return []

exporter = Slow()
"""


def test_a_wrong_call_is_not_watched(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tiku", "build", "--watch", "-c", "nothing.toml"],
        cwd=folder, capture_output=True, text=True, timeout=PATIENCE, check=False, env=dict(os.environ),
    )  # fmt: skip
    assert done.returncode == 2
    assert "nothing.toml" in done.stderr
