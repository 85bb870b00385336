"""Builds that are stopped, or cannot write: old outputs stay whole, and the next build completes."""

from __future__ import annotations

import errno
import os
import random
import resource
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from faults.inject import Fault
from faults.worlds import build, document, make, outputs
from tiku.batch import locks, record, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from command import Command


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two documents."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    monkeypatch.chdir(tmp_path)
    return make(tmp_path, 2)


def child(
    *arguments: str, fault: Fault | None = None, before: Callable[[], None] | None = None
) -> subprocess.Popen[str]:
    """A build in a process of its own, in the current folder."""
    return subprocess.Popen(
        [sys.executable, "-m", "tiku", "build", *arguments],
        env={**os.environ, **(fault.environment() if fault else {})},
        text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=before,  # noqa: PLW1509 - no threads here
    )  # fmt: skip


# -- two builds -------------------------------------------------------------------------------------------------------


def test_second_build_ends_with_3_or_waits(world: Path, tiku: Command) -> None:
    with locks.lock(world / "outputs", 0):
        start = time.monotonic()
        done = tiku("build", "--wait", "0")
        assert done.code == 3
        assert "another build has been writing to 'outputs'" in done.err
        assert time.monotonic() - start < 20
        waiting = child("--wait", "60")
        time.sleep(1)
        assert waiting.poll() is None
    with waiting:
        assert waiting.wait(timeout=60) == 0
    assert len(outputs(world)) == 6


def test_two_builds_at_once_make_what_one_makes(world: Path, tmp_path: Path) -> None:
    other = make(tmp_path / "other", 2)
    assert build(other, "-q") == (0, "")
    builds = [child("-j", "1", "--explain") for _ in range(3)]
    for each in builds:
        with each:
            assert each.wait(timeout=120) == 0
    assert outputs(world) == outputs(other)


def test_record_is_read_again_when_another_build_has_written_it(world: Path) -> None:
    """`--explain` looks at the record before the lock is there; another configuration's build may come between."""
    from tiku import config

    plan = config.load()
    first = run.Build(plan.orders, run.Wish(store=world / "cache"))
    assert len(first.stale()) == 6
    run_all = list(run.Build(plan.orders[:1], run.Wish("other.toml", store=world / "cache")).run())
    assert all(result.error is None for result in run_all)
    entries = record.Record(world / "outputs").entries
    entries["of another build"] = record.Entry("../other.toml", "1")
    theirs = record.Record(world / "outputs")
    theirs.entries = entries
    theirs.save()
    list(first.run())
    assert "of another build" in record.Record(world / "outputs").entries


# -- signals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
@pytest.mark.parametrize("seed", range(4))
def test_interrupted_build_leaves_each_output_old_or_new(world: Path, tmp_path: Path, name: str, seed: int) -> None:
    assert build(world, "-q") == (0, "")
    old = outputs(world)
    for number in (1, 2):
        (world / "source" / f"d{number}.md").write_text(document(f"new{number}"), encoding="utf-8")
    other = make(tmp_path / "other", 2)
    for folder in ("source", "outputs"):
        subprocess.run(["cp", "-r", f"{world}/{folder}", str(other)], check=True)
    assert build(other, "-q") == (0, "")
    new = outputs(other)
    token = tmp_path / "token"
    # it waits at a step drawn by lot, so that the signal comes there
    pause = Fault("pause 60", nth=random.Random(f"{name} {seed}").randint(1, 60), token=str(token))
    with child("-j", "1", fault=pause) as stopped:
        limit = time.monotonic() + 60
        while not token.exists() and stopped.poll() is None and time.monotonic() < limit:
            time.sleep(0.01)
        stopped.send_signal(getattr(signal, name))
        _, words = stopped.communicate(timeout=60)
    assert stopped.returncode == 130, words
    assert words.endswith("tiku: interrupted\n")
    for path, digest in outputs(world).items():
        assert digest in {old[path], new[path]}, path
    assert not list(world.rglob("*.part"))
    assert build(world, "-q") == (0, "")
    assert outputs(world) == new


def test_interruption_between_two_results_ends_the_workers(
    world: Path, tiku: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tiku.printer import Printer

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Printer, "result", stop)
    assert tiku("build", "-j", "2").code == 130
    import multiprocessing

    assert not multiprocessing.active_children()
    with locks.lock(world / "outputs", 0):
        pass


# -- disks ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [0, 100, 2000])
def test_full_disk_ends_with_3_and_old_outputs_stay(world: Path, size: int) -> None:
    assert build(world, "-q") == (0, "")
    old = outputs(world)
    (world / "source" / "d1.md").write_text(document("new"), encoding="utf-8")

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    with child("-j", "1", before=limit) as stopped:
        _, words = stopped.communicate(timeout=60)
    assert stopped.returncode == 3, words
    assert "Traceback" not in words
    assert "cannot write" in words
    now = outputs(world)
    assert set(now) == set(old)
    assert all(now[name] == old[name] for name in old if name.startswith("d2"))
    assert not list(world.rglob("*.part"))
    assert build(world, "-q") == (0, "")


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC, errno.EIO])
def test_folder_that_cannot_be_written_ends_with_3_before_any_work(
    world: Path, tiku: Command, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    from tiku import build as reading

    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("tiku.files._create", refuse)
    monkeypatch.setattr(reading, "read", lambda *_, **__: pytest.fail("it was read"))
    done = tiku("build", "-j", "1")
    assert done.code == 3
    assert "cannot write" in done.err


def test_file_in_the_place_of_the_output_folder_ends_with_3(world: Path, tiku: Command) -> None:
    (world / "outputs").write_text("mine", encoding="utf-8")
    done = tiku("build", "-j", "1")
    assert done.code == 3
    assert "cannot write" in done.err


@pytest.mark.parametrize("damage", ["", "[]", "null", '{"tiku-build": 1}\n{"file": 3}', "[" * 9000, "\x00\xff"])
def test_damaged_record_counts_as_empty(world: Path, tiku: Command, damage: str) -> None:
    assert tiku("build", "-j", "1").code == 0
    (world / "outputs" / record.NAME).write_text(damage, encoding="latin-1")
    (world / "source" / "d2.md").unlink()
    assert tiku("build", "-j", "1", "--clean", "--explain").code == 0
    assert len(outputs(world)) == 6, "nothing is removed that is not known to be ours"
    assert len(record.Record(world / "outputs").entries) == 3


def test_record_cannot_name_files_elsewhere(world: Path, tiku: Command) -> None:
    from tiku.files import digest_of

    assert tiku("build", "-j", "1").code == 0
    victim = world / "precious.txt"
    victim.write_text("precious", encoding="utf-8")
    path = world / "outputs" / record.NAME
    for name in ("../precious.txt", str(victim), "x/../../precious.txt"):
        entry = record.Entry("../tiku.toml", digest_of(b"precious"))
        hostile = record.Record(world / "outputs")
        hostile.entries[name] = entry
        hostile.save()
        assert "precious" in path.read_text(encoding="utf-8")
        assert tiku("build", "--clean").code == 0
        assert victim.exists()


def test_record_takes_any_name(world: Path, tiku: Command) -> None:
    config = world / "tiku.toml"
    config.write_text(config.read_text("utf-8").replace("[[bank]]", '[[bank]]\ntitle = "a\\u2028b\\u0085c"'), "utf-8")
    (world / "source" / "d1.md").rename(world / "source" / "d\u2028\u00851 \U0001f600.md")
    assert tiku("build", "-j", "1").code == 0
    assert len(record.Record(world / "outputs").entries) == 6


# -- history ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["opened", "written", "synced", "placed"])
@pytest.mark.parametrize("match", ["*d1.apkg*", "*d1.tiku-ids.jsonl*"])
def test_killed_between_deck_and_ledger_loses_no_history(world: Path, step: str, match: str) -> None:
    from tiku import ledger

    assert build(world, "-q") == (0, "")
    place = world / "source" / "d1.tiku-ids.jsonl"
    names = {known.guid for known in ledger.loads(place.read_text(encoding="utf-8"), "").known}
    text = (world / "source" / "d1.md").read_text(encoding="utf-8")
    text = text.replace("What of d1-1?", "Whatever may be said of d1-1?") + document("d1").replace("d1", "extra")[20:]
    (world / "source" / "d1.md").write_text(text, encoding="utf-8")
    with child("-j", "1", fault=Fault("kill", step=step, match=match)) as stopped:
        stopped.communicate(timeout=60)
    assert stopped.returncode == -signal.SIGKILL
    assert build(world, "-q")[0] == 0
    known = ledger.loads(place.read_text(encoding="utf-8"), "").known
    assert {each.guid for each in known if not each.gone} >= names
    assert not list(world.rglob("*.part"))


def test_one_source_with_two_decks_keeps_one_history(world: Path, tiku: Command) -> None:
    """Two configurations, each with its own folder, share the ledger beside the source."""
    from tiku import ledger

    (world / "two.toml").write_text(
        (world / "tiku.toml").read_text("utf-8").replace("[[bank]]", 'output = "more"\n[[bank]]'), encoding="utf-8"
    )
    both = [child("-j", "1"), child("-j", "1", "-c", "two.toml")]
    for each in both:
        with each:
            assert each.wait(timeout=120) == 0
    text = (world / "source" / "d1.tiku-ids.jsonl").read_text(encoding="utf-8")
    assert len(ledger.loads(text, "").known) == 2
    assert tiku("build", "--frozen", "-j", "1").code == 0
    assert tiku("build", "--frozen", "-j", "1", "-c", "two.toml").code == 0


# -- faults of plug-ins -----------------------------------------------------------------------------------------------


def test_plugin_that_ends_the_program_costs_one_document(
    world: Path, tiku: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tiku import build as reading

    read = reading.read

    def leave(source: str, **options: object) -> object:
        if source.endswith("d1.md"):
            sys.exit(0)
        return read(source, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(reading, "read", leave)
    done = tiku("build", "-j", "1")
    assert done.code == 1
    assert "source/d1.md: something ended the program" in done.err
    assert {name[:2] for name in outputs(world)} == {"d2"}


def test_job_that_fails_outside_of_its_document_costs_one_document() -> None:
    from tiku.batch.engine import Alone, Failed, Loop

    def work(task: int) -> int:
        return 10 // task

    found = dict(Loop(Alone(), work).run([1, 0, 5]))
    assert found[1] == 10
    assert found[5] == 2
    assert isinstance(found[0], Failed)


def test_jobs_are_asked_for_as_there_is_room_for_them() -> None:
    from tiku.batch.engine import Alone, Loop

    asked: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(10):
            asked.append(number)
            yield number

    seen = []
    for task, _ in Loop(Alone(), abs).run(numbers()):
        seen.append(task)
        assert len(asked) == len(seen)
    assert seen == list(range(10))


def test_fail_fast_stops_soon_and_the_next_build_completes(world: Path) -> None:
    for number in range(3, 13):
        (world / "source" / f"d{number}.md").write_text(document(f"d{number}"), encoding="utf-8")
    (world / "source" / "d1.md").write_text("nothing to ask\n", encoding="utf-8")
    code, words = build(world, "-j", "2", "--fail-fast")
    assert code == 1, words
    assert len(outputs(world)) < 33
    (world / "source" / "d1.md").write_text(document("d1"), encoding="utf-8")
    assert build(world, "-q", "-j", "2") == (0, "")
    assert len(outputs(world)) == 36


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc")
def test_what_a_process_left_is_swept_though_nobody_has_waited_for_it(tmp_path: Path) -> None:
    from tiku.files import _host, sweep

    pid = os.fork()
    if not pid:
        os._exit(0)
    part = tmp_path / f".a.json.{_host()}-{pid}-abcdefgh.part"
    part.touch()
    alive = tmp_path / f".a.json.{_host()}-{os.getppid()}-abcdefgh.part"
    alive.touch()
    limit = time.monotonic() + 10
    while not sweep(tmp_path) and time.monotonic() < limit:
        time.sleep(0.01)
    os.waitpid(pid, 0)
    assert not part.exists()
    assert alive.exists()


@pytest.mark.parametrize("code", [errno.EIO, errno.EMFILE])
def test_picture_that_the_disk_does_not_give_is_no_missing_picture(
    world: Path, tiku: Command, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    from tiku import sources

    with (world / "source" / "d1.md").open("a", encoding="utf-8") as file:
        file.write("\n![a picture](p.png)\n")
    (world / "source" / "p.png").write_bytes(b"no picture")

    def fail(*_: object) -> bytes:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(sources, "_beside", fail)
    done = tiku("build", "-j", "1")
    assert done.code == 1
    assert "source/p.png: cannot be read: " in done.err
    assert {name[:2] for name in outputs(world)} == {"d2"}
