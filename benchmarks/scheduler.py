"""What handing out tasks costs: `python benchmarks/scheduler.py [--tasks 100000] [--crew pool|dask] [--task empty|order]`.

Sends tasks that do nothing through the loop of a build, to a pool of two processes, or to a dask scheduler with two
workers, each a process of its own on this machine. With ``order`` a task is as large as a build's (a document with three
outputs), and so is its answer. Prints wall time, and CPU and peak memory of each process. Linux only: reads /proc.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import pickle
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiku.batch.engine import Cluster, Crew, Loop, Processes
from tiku.batch.jobs import Done, Made
from tiku.batch.tasks import Task
from tiku.orders import Order, Output, Result
from tiku.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMATS = ("json", "apkg", "epub")
INGREDIENTS = (
    "source", "name", "tiku", "pandoc", "reader", "option language", "file source/figure-1.png",
    "file source/figure-2.png",
)  # fmt: skip


def nothing(_: object) -> object:
    """The work of a task without any."""
    return None


def _hash(*words: object) -> str:
    return hashlib.sha256(repr(words).encode()).hexdigest()


def task_of(number: int) -> Task:
    """A task as a build of many documents sends it."""
    outputs = tuple(Output(name, Path(f"outputs/part-{number % 256:02x}/d{number:06}.{name}")) for name in FORMATS)
    options = {"language": "zh-CN", "author": ("李雷",), "labels": {"answer": ("Musterantwort",)}}
    order = Order(f"source/part-{number % 256:02x}/d{number:06}.md", outputs, options=options)
    return Task(order, "/home/someone/.cache/tiku/steps-1", "/home/someone/bank", "", "0.1.0 " + "0" * 16, among=True)


def done_of(task: Task) -> Done:
    """An answer as large as that of a real task, with two warnings."""
    order = task.order
    read = {name: _hash(name, order.source)[:16] for name in INGREDIENTS}
    export = {"content": _hash(order.source), "format": "json", "tiku": task.tool, "time": "of the source"}
    warnings = tuple(
        Problem("Q103", "the number 7 stands twice, and this is the second", order.source, line) for line in (40, 80)
    )
    results = [Result(order.source, order.source, problems=warnings)]
    made = {}
    for output in order.outputs:
        results.append(Result(order.source, str(output.target), output.target))
        made[str(output.target)] = Made(_hash(output.target), read, {**export, "format": output.format})
    return Done(tuple(results), made, dict.fromkeys(("read", "check", "remember", *FORMATS), 0.0123))


class Watched:
    """A process: its CPU since `begin`, and its peak memory."""

    def __init__(self, name: str, pid: int) -> None:
        self.name = name
        self.pid = pid
        self.before = self._cpu()

    def _cpu(self) -> float:
        fields = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def told(self, tasks: int) -> str:
        """One line: seconds before the first task, seconds and microseconds for the tasks, and memory."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
        spent = self._cpu() - self.before
        return (
            f"  {self.name:10} CPU {spent:8.2f} s = {1e6 * spent / tasks:7.0f} us a task, "
            f"{self.before:5.2f} s before, peak {peak / 1024:6.0f} MiB"
        )


def cluster(folder: Path) -> tuple[str, list[tuple[str, subprocess.Popen[bytes]]]]:
    """A dask scheduler and two workers of one thread: its address, and the processes."""
    note = folder / "scheduler.json"
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent)}
    options: dict[str, Any] = {"env": environment, "cwd": folder, "stderr": subprocess.DEVNULL}
    dask = [sys.executable, "-m", "dask"]
    local = ["--host", "127.0.0.1", "--no-dashboard"]
    started = [
        (
            "scheduler",
            subprocess.Popen([*dask, "scheduler", "--port", "0", "--scheduler-file", note, *local], **options),
        )
    ]
    while not note.exists() or not note.read_text().strip():
        time.sleep(0.1)
    alone = ["--nthreads", "1", "--no-nanny", "--memory-limit", "0"]
    started += [
        (name, subprocess.Popen([*dask, "worker", "--scheduler-file", note, *alone, *local], **options))
        for name in ("worker 1", "worker 2")
    ]
    from distributed import Client  # noqa: PLC0415 - a pool needs none of it

    with Client(scheduler_file=str(note), set_as_default=False) as client:
        client.wait_for_workers(2, timeout=60)
        address: str = client.scheduler.address
    return address, started


def children() -> Iterator[tuple[str, int]]:
    """The processes of the pool: those that the fork server has started."""
    for entry in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents, pid = [entry], int(entry.parent.name)
            for _ in range(2):
                above = parents[-1].read_text().rpartition(")")[2].split()[1]
                parents.append(Path(f"/proc/{above}/stat"))
        except (OSError, IndexError):
            continue
        if parents[2].parent.name == str(os.getpid()):
            yield "worker", pid


def measure(crew: Crew, tasks: int, kind: str, others: list[tuple[str, int]]) -> None:
    """Run the tasks and print what they cost."""
    import scheduler  # noqa: PLC0415 - what goes to another process must have a name there, which __main__ is not

    warm = 64
    if kind == "order":
        work: list[Any] = [task_of(number) for number in range(tasks + warm)]
        function: Any = scheduler.done_of
        print(
            f"a task {len(pickle.dumps(work[0]))} bytes, an answer {len(pickle.dumps(done_of(work[0])))} bytes, pickled"
        )
    else:
        work, function = list(range(tasks + warm)), scheduler.nothing
    watched: list[Watched] = []
    start = 0.0
    for number, _ in enumerate(Loop(crew, function).run(work), 1):
        if number == warm:  # all is started and imported
            watched = [Watched(*each) for each in (("client", os.getpid()), *(others or children()))]
            start = time.perf_counter()
        elif number % 10_000 == warm:
            print(f"  {number - warm} tasks, {time.perf_counter() - start:.1f} s", flush=True)
        if number == len(work):  # before the processes end
            wall = time.perf_counter() - start
            print(f"{tasks} tasks, {kind}: {wall:.1f} s wall, {tasks / wall:.0f} a second")
            for each in watched:
                print(each.told(tasks))


def main() -> None:
    """Measure what the options say."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=100_000)
    parser.add_argument("--crew", choices=("pool", "dask"), default="pool")
    parser.add_argument("--task", choices=("empty", "order"), default="empty")
    options = parser.parse_args()
    if options.crew == "pool":
        measure(Processes(2), options.tasks, options.task, [])
        return
    with tempfile.TemporaryDirectory() as folder:
        address, started = cluster(Path(folder))
        try:
            others = [(name, process.pid) for name, process in started]
            measure(Cluster(address), options.tasks, options.task, others)
        finally:
            for _, process in reversed(started):
                process.terminate()
                process.wait()


if __name__ == "__main__":
    main()
