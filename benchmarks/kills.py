"""Workers killed at random points of a build: what is lost, what is half-written, whether the bytes are the same.

    python benchmarks/kills.py pool|dask [TRIALS] [--seed N] [--minutes M] [--folder DIR]

Each trial builds eight small documents (to json, md and apkg) with two workers, kills one of them with SIGKILL after a
time drawn by lot, and compares all outputs with those of a build that nobody disturbed. ``pool`` is `tiku build -j 2`;
``dask`` is a scheduler and two workers of one thread, each a process of its own on loopback (needs `distributed`); a
killed worker is replaced before the next trial. A trial counts when the worker died while the build was under way.
Linux only: builds and workers are forks of this process, which has loaded what they need.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "faults"))
from forks import live
from worlds import make, outputs

if TYPE_CHECKING:
    from collections.abc import Callable

DOCUMENTS = 8
LONG = 120.0
"""Seconds after which a build counts as hanging."""


def fork(function: Callable[[], object], words: Path) -> int:
    """Run `function` in a fork whose output goes to the file `words`; return its process id."""

    def heard() -> None:
        handle = os.open(words, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(handle, 1)
        os.dup2(handle, 2)
        function()

    if not (pid := os.fork()):
        live(heard)
    return pid


def build(world: Path, *arguments: str) -> Callable[[], None]:
    """``tiku build`` in the folder `world`."""

    def run() -> None:
        os.chdir(world)
        sys.argv = ["tiku", "build", "-q", *arguments]
        from tiku.cli import main  # noqa: PLC0415

        main()

    return run


def ended(pid: int) -> int | None:
    """The exit code of a child that has ended."""
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def children(pid: int) -> list[int]:
    """The processes that `pid` has started."""
    out: list[int] = []
    for each in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            out += map(int, each.read_text().split())
    return out


class Pool:
    """The workers of `tiku build -j 2`: what its server of forks has forked."""

    arguments = ("-j", "2")

    def workers(self, pid: int) -> list[int]:
        """Their process ids, once both are there."""
        for child in children(pid):
            with contextlib.suppress(OSError):
                if b"forkserver" in Path(f"/proc/{child}/cmdline").read_bytes():
                    found = children(child)
                    return found if len(found) >= 2 else []
        return []

    def struck(self, pid: int) -> None:
        """A worker was killed: its parent buries it."""

    def renew(self) -> None:
        """Each build has workers of its own."""

    def end(self) -> None:
        """Nothing is left to end."""


class Dask:
    """A scheduler and two workers."""

    def __init__(self, folder: Path) -> None:
        import distributed  # noqa: PLC0415 - loaded here, so that the forks need not

        assert distributed.Worker
        self.folder = folder
        self.number = 0
        self.found = folder / "address"
        self.scheduler = fork(self._schedule, folder / "scheduler.words")
        while not (self.found.exists() and self.found.read_text().endswith("\n")):
            time.sleep(0.05)
        self.address = self.found.read_text().strip()
        self.arguments = ("--executor", self.address.replace("tcp:", "dask:"))
        self.pids = [self._worker(), self._worker()]
        self._ready()

    def _schedule(self) -> None:
        import asyncio  # noqa: PLC0415

        from distributed import Scheduler  # noqa: PLC0415

        async def serve() -> None:
            async with Scheduler(host="127.0.0.1", port=0, dashboard=False) as scheduler:
                self.found.write_text(f"{scheduler.address}\n")
                await scheduler.finished()

        asyncio.run(serve())

    def _worker(self) -> int:
        self.number += 1
        folder = self.folder / f"worker-{self.number}"
        folder.mkdir()

        def work() -> None:
            import asyncio  # noqa: PLC0415

            from distributed import Worker  # noqa: PLC0415

            async def serve() -> None:
                os.chdir(folder)  # not where the documents are
                local = str(folder)
                async with Worker(self.address, nthreads=1, local_directory=local, dashboard=False) as worker:
                    (folder / "ready").touch()
                    await worker.finished()

            asyncio.run(serve())

        return fork(work, self.folder / "worker.words")

    def _ready(self) -> None:
        while not (self.folder / f"worker-{self.number}" / "ready").exists():
            time.sleep(0.05)

    def workers(self, _pid: int) -> list[int]:
        """Their process ids."""
        return self.pids

    def struck(self, pid: int) -> None:
        """A worker was killed: wait until it is dead, or the next build would be begun with one that is dying."""
        os.waitpid(pid, 0)
        self.pids.remove(pid)

    def renew(self) -> None:
        """Start anew what was killed."""
        while len(self.pids) < 2:
            self.pids.append(self._worker())
            self._ready()

    def end(self) -> None:
        """End all."""
        for pid in (*self.pids, self.scheduler):
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def trial(crew: Pool | Dask, world: Path, whole: dict[str, str], delay: float) -> tuple[list[str], bool, float]:
    """One build with a kill `delay` seconds after the workers are there: faults, whether it struck, seconds."""
    faults: list[str] = []
    words = world.with_suffix(".words")
    start = time.monotonic()
    pid = fork(build(world, *crew.arguments), words)
    code, victim, since = None, 0, 0.0
    while code is None and time.monotonic() - start < LONG:
        workers = [] if victim else crew.workers(pid)
        since = since or (time.monotonic() if workers else 0.0)
        if workers and time.monotonic() - since >= delay:
            victim = random.choice(workers)
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
            crew.struck(victim)
        time.sleep(0.003)
        code = ended(pid)
    seconds = time.monotonic() - (since or start)
    if code is None:
        faults.append("hang")
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
    elif code:
        faults.append(f"code {code}")
    now = outputs(world)
    if lost := sorted(set(whole) - set(now)):
        faults.append(f"lost {lost}")
    if wrong := sorted(name for name in now if now[name] != whole.get(name)):
        faults.append(f"wrong {wrong}")
    if left := [path.name for path in (world / "outputs").rglob("*.part")] + [
        path.name for path in (world / "source").rglob(".*.part")
    ]:
        faults.append(f"left {left}")
    if faults:
        faults.append(words.read_text(errors="replace")[-500:])
    words.unlink()
    return faults, bool(victim), seconds


def main() -> int:
    """Run the trials; print what came of them."""
    parser = argparse.ArgumentParser()
    parser.add_argument("engine", choices=["pool", "dask"])
    parser.add_argument("trials", nargs="?", type=int, default=200)
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--minutes", type=float, default=600.0)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    call = parser.parse_args()
    os.environ["SOURCE_DATE_EPOCH"] = "1700000000"
    random.seed(call.seed)
    folder = Path(tempfile.mkdtemp(prefix="kills-", dir=call.folder))
    fresh = make(folder / "fresh", DOCUMENTS)
    reference = Path(shutil.copytree(fresh, folder / "reference"))
    import tiku.batch.run  # noqa: PLC0415 - loaded here, so that the forks need not
    import tiku.cli  # noqa: PLC0415, F401

    pid = fork(build(reference, "-j", "1"), folder / "reference.words")
    assert os.waitpid(pid, 0)[1] == 0, (folder / "reference.words").read_text()
    whole = outputs(reference)
    assert len(whole) == 3 * DOCUMENTS
    crew = Pool() if call.engine == "pool" else Dask(folder)
    count: Counter[str] = Counter()
    start, typical, number = time.monotonic(), 3.0, 0
    while count["struck"] < call.trials and time.monotonic() - start < 60 * call.minutes:
        number += 1
        world = Path(shutil.copytree(fresh, folder / f"w{number}"))
        faults, struck, seconds = trial(crew, world, whole, random.uniform(0, typical))
        typical = 0.8 * typical + 0.2 * seconds  # delays follow what a build takes just now
        count["struck"] += struck
        count["not struck"] += not struck
        if faults:
            count["bad"] += 1
            print(f"  trial {number}: {'; '.join(faults)}", flush=True)
        else:
            shutil.rmtree(world)
        crew.renew()
    crew.end()
    done = count["struck"]
    spent = f"{(time.monotonic() - start) / max(1, number):.1f} s each"
    print(
        f"{call.engine}: {done} workers killed in {number} builds, {count['bad']} with something wrong ({spent})",
        end="",
    )
    print("" if count["bad"] or not done else f"; 95 % bound on the rate: {3 / done:.2%}")
    return 1 if count["bad"] else 0


if __name__ == "__main__":
    sys.exit(main())
