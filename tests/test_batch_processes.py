"""Pools of processes: what is left when somebody dies."""

from __future__ import annotations

import multiprocessing.forkserver
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from faults.inject import Fault
from faults.worlds import build, make, outputs, processes_with
from tiku.batch import engine
from tiku.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with four small documents, two formats."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    return make(tmp_path / "world", 4)


def until(what: Callable[[], object], seconds: float = 60) -> bool:
    """Whether `what` becomes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return True
        time.sleep(0.02)
    return False


def start(world: Path, *arguments: str, fault: Fault | None = None, mark: str = "") -> subprocess.Popen[str]:
    """Start a build in a process of its own."""
    environment = {**os.environ, **(fault.environment() if fault else {}), "TIKU_TEST_MARK": mark}
    return subprocess.Popen(
        [sys.executable, "-m", "tiku", "build", *arguments],
        cwd=world, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_two_processes_make_what_one_makes(world: Path, tmp_path: Path) -> None:
    other = make(tmp_path / "other", 4)
    assert build(world, "-j", "1")[0] == 0
    assert build(other, "-j", "2")[0] == 0
    assert outputs(other) == outputs(world)
    assert len(outputs(world)) == 12


def test_killed_worker_costs_nothing(world: Path, tmp_path: Path) -> None:
    other = make(tmp_path / "other", 4)
    assert build(other, "-q") == (0, "")
    fault = Fault("kill", step="written", match="*/.d2.apkg.*", who="worker", token=str(tmp_path / "token"))
    with start(world, "-j", "2", fault=fault) as run:
        words = run.communicate(timeout=120)[1]
    assert (tmp_path / "token").exists()
    assert run.returncode == 0, words
    assert outputs(world) == outputs(other)
    assert not list(world.rglob("*.part")), "what the killed worker left unfinished is swept by the build itself"


def test_document_that_kills_each_worker_fails_alone(world: Path) -> None:
    with start(world, "-j", "2", fault=Fault("kill", step="read", match="*d2.md", who="worker", every=True)) as run:
        words = run.communicate(timeout=120)[1]
    assert run.returncode == 1, words
    assert "d2.md: each of the 3 workers" in words
    assert {path.split("/")[-1].split(".")[0] for path in outputs(world)} == {"d1", "d3", "d4"}
    assert len(outputs(world)) == 9
    assert build(world)[0] == 0
    assert len(outputs(world)) == 12


@pytest.mark.parametrize("name", ["SIGKILL", "SIGTERM", "SIGINT"])
def test_no_worker_outlives_its_build(world: Path, tmp_path: Path, name: str) -> None:
    mark = f"mark-{os.getpid()}-{name}"
    pause = Fault("pause 30", step="opened", match="*/.d1.json.*", who="worker", token=str(tmp_path / "token"))
    with start(world, "-j", "2", fault=pause, mark=mark) as run:
        assert until((tmp_path / "token").exists)
        run.send_signal(getattr(signal, name))
        run.wait(timeout=60)
        gone = until(lambda: not processes_with(f"TIKU_TEST_MARK={mark}"), 10)
        assert gone, processes_with(f"TIKU_TEST_MARK={mark}")
        assert run.stderr
        assert "leaked" not in run.stderr.read()
    assert run.returncode == (-9 if name == "SIGKILL" else 130)
    assert build(world)[0] == 0
    assert len(outputs(world)) == 12
    assert not list(world.rglob("*.part"))


def test_killed_forkserver_is_replaced(world: Path, tmp_path: Path) -> None:
    mark = f"mark-{os.getpid()}-server"
    pause = Fault("pause 1", step="opened", match="*/.d1.json.*", who="worker", token=str(tmp_path / "token"))
    with start(world, "-j", "2", fault=pause, mark=mark) as run:
        assert until((tmp_path / "token").exists)
        servers = [pid for pid, line in processes_with(f"TIKU_TEST_MARK={mark}").items() if "forkserver" in line]
        os.kill(min(servers), signal.SIGKILL)
        words = run.communicate(timeout=120)[1]
    assert run.returncode == 0, words
    assert len(outputs(world)) == 12


def echo(word: str) -> str:
    """The job of a pool."""
    return word


@pytest.mark.parametrize("back", [True, False])
def test_server_that_does_not_answer_is_asked_again_for_a_while(*, back: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was killed still counts as alive when its socket is gone already."""
    monkeypatch.setattr(engine, "START", 2.0)
    with engine.Processes(1).open():  # there is a server
        server = multiprocessing.forkserver._forkserver
    right = server._forkserver_address
    monkeypatch.setattr(server, "_forkserver_address", "/nowhere/at/all")
    answers = engine.Loop(engine.Processes(1), echo).run(["a", "b"])
    if back:
        threading.Timer(0.5, setattr, (server, "_forkserver_address", right)).start()
        assert sorted(answer for _, answer in answers) == ["a", "b"]
    else:
        with pytest.raises(SetupError, match="no process can be started"):
            list(answers)


@pytest.mark.parametrize("victim", [0, 1])
def test_idle_worker_killed_while_the_pool_ends_holds_nobody_up(victim: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may hold the lock of the pipe from which the other would hear that it may end."""
    monkeypatch.setattr(engine, "PATIENCE", 2.0)
    crew = engine.Processes(2)
    pool = crew.open()
    for future in [pool.submit(time.sleep, 0.5) for _ in range(2)]:
        future.result()
    pids = sorted(pool._processes)
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    ending = threading.Thread(target=lambda: crew.close(pool, now=False))
    ending.start()
    time.sleep(0.5)  # now it waits for its processes
    os.kill(pids[victim], signal.SIGKILL)
    os.kill(pids[1 - victim], signal.SIGCONT)
    ending.join(30)
    hung = ending.is_alive()
    for pid in pids if hung else []:
        os.kill(pid, signal.SIGKILL)
    assert not hung
