"""Builds by a dask cluster: the same bytes, whoever dies; and no endless waiting."""

from __future__ import annotations

import os
import shutil
import threading
import time
from typing import TYPE_CHECKING

import pytest

from faults.cluster import Cluster
from faults.inject import Fault
from faults.worlds import build, make, outputs
from tiku import config
from tiku.batch import engine, run, tasks
from tiku.errors import SetupError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.tools


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with eight documents."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.chdir(tmp_path)
    return make(tmp_path / "world", 8)


def test_cluster_makes_what_one_process_makes_though_a_worker_is_killed(
    world: Path, tmp_path: Path, need: object
) -> None:
    need("py:distributed")  # type: ignore[operator]
    other = make(tmp_path / "other", 8)
    assert build(other, "-q", "-j", "1") == (0, "")
    fault = Fault("kill", step="written", match="*/.d3.apkg.*", token=str(tmp_path / "token"))
    with Cluster(tmp_path / "cluster", 2, fault.environment()) as cluster:
        assert build(world, "-q", "--executor", cluster.address) == (0, "")
        assert (tmp_path / "token").exists()
        assert outputs(world) == outputs(other)
        assert build(world, "--check", "-q") == (0, "")
        # the folder in which a worker did its last task may be gone when the next build comes
        again = make(tmp_path / "again", 8)
        shutil.rmtree(world)
        assert build(again, "-q", "--executor", cluster.address) == (0, "")
        assert outputs(again) == outputs(other)


def test_no_scheduler_and_no_workers_end_with_3(
    world: Path, tmp_path: Path, need: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    need("py:distributed")  # type: ignore[operator]
    monkeypatch.chdir(world)
    monkeypatch.setattr(engine, "PULSE", 0.2)
    monkeypatch.setattr(engine, "DESERTED", 1.0)
    monkeypatch.setattr(engine, "CONNECT", 2.0)
    token = tmp_path / "token"
    pause = Fault("pause 60", step="opened", match="*.json.*", token=str(token))
    with Cluster(tmp_path / "cluster", 1, pause.environment()) as cluster:
        crew = engine.Cluster(cluster.address.replace("dask", "tcp"))
        work = run.Build(config.load().orders, run.Wish(store=world / "cache", crew=crew))

        def kill() -> None:
            while not token.exists():
                time.sleep(0.05)
            cluster.kill(0)

        killer = threading.Thread(target=kill)
        killer.start()
        with pytest.raises(SetupError, match="has had no workers for 1 seconds"):
            list(work.run())
        killer.join()
        with pytest.raises(SetupError, match="has no workers"):
            list(work.run())
        cluster.scheduler.kill()
        cluster.scheduler.wait()
        with pytest.raises(SetupError, match="no dask scheduler answers"):
            list(work.run())
    assert build(world, "-q", "-j", "1") == (0, "")


def test_task_does_not_mind_where_its_worker_is(world: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(world)
    order = config.load().orders[0]
    gone = tmp_path / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    done = tasks.perform(tasks.Task(order, place=str(world)))
    assert all(result.error is None for result in done.results), done
    lost = tasks.perform(tasks.Task(order, place=str(gone)))
    assert "a worker cannot reach" in str(lost.results[0].error)
    other = tasks.perform(tasks.Task(order, place=str(world), tool="another"))
    assert "a worker runs another tiku" in str(other.results[0].error)
    assert isinstance(other.results[0].error, SetupError)


class _Blaming(engine.Alone):
    """A crew whose scheduler blames a job that has done nothing, once."""

    slots = 3

    def __init__(self) -> None:
        self.blamed: list[object] = []

    def do(self, task: object) -> object:
        """The job."""
        if task == "poison" or (task == "neighbour" and task not in self.blamed):
            self.blamed.append(task)
            raise KilledWorker
        return task


class KilledWorker(Exception):  # noqa: N818 - the name that distributed gives it
    """Stands for distributed's."""


def test_neighbour_of_a_poison_document_is_tried_alone() -> None:
    crew = _Blaming()
    loop: engine.Loop[object, object] = engine.Loop(crew, crew.do)
    found = dict(loop.run(["good", "poison", "neighbour", "other"]))
    assert found == {"good": "good", "other": "other", "neighbour": "neighbour", "poison": engine.Lost(3)}
    assert crew.blamed.count("poison") == 2
