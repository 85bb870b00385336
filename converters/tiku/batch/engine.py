"""Who does the work: this process, other processes here, or a cluster; one loop for all that loses no job.

Each is a `concurrent.futures.Executor` behind a `Crew`. When a worker is killed, the executor is opened anew and only
the jobs without a result run again, one at a time, so that a job that kills its worker each time fails alone.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import sys
import threading
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from tiku.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures.process import ProcessPoolExecutor

Task = TypeVar("Task")
Answer = TypeVar("Answer")

TRIES = 3
"""How many workers a job may cost before it is given up: one may have been killed by chance, or by its neighbour."""


CONNECT = 20.0
"""Seconds that a scheduler may take to answer."""
_UNTOLD = "ignore:resource_tracker:UserWarning"
"""For the process of Python's that removes the semaphores of killed ones: it would tell our users of each."""
START = 5.0
"""Seconds in which a process can be started."""
PATIENCE = 10.0
"""Seconds that idle processes may take to end."""
PULSE = 5.0
"""Seconds without an answer after which the crew is looked at."""
DESERTED = 30.0
"""Seconds that a cluster may be without workers: they may just be started again."""


def processors() -> int:
    """How many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not Linux
        return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class Lost:
    """Instead of an answer: each worker that had this job was killed."""

    workers: int


@dataclass(frozen=True, slots=True)
class Failed:
    """Instead of an answer: the job raised this, or its answer could not be sent."""

    error: Exception


class Crew(Protocol):
    """Gives executors."""

    slots: int
    """How many jobs it may have at a time: a few more than can run, so that no worker waits; not many more, so that a
    killed worker casts few doubts."""

    def open(self) -> Executor:
        """A new executor, ready to work. Raises SetupError when there is none to be had."""

    def close(self, executor: Executor, *, now: bool) -> None:
        """End `executor`; with `now`, its jobs too."""

    def look(self) -> None:
        """Asked every few seconds while nothing comes. Raises SetupError when nothing will."""


class Here(Executor):
    """Runs each job when it is submitted, in this thread."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """The future of a job that has ended."""
        future: Future[Any] = Future()
        try:
            future.set_result(function(*args, **kwargs))
        except Exception as error:  # noqa: BLE001 - handed on to whoever asks for the result
            future.set_exception(error)
        return future


class Alone:
    """The crew that is this process."""

    slots = 1

    def open(self) -> Executor:
        """An executor that works at once."""
        return Here()

    def close(self, executor: Executor, *, now: bool) -> None:
        """Nothing is left to end."""

    def look(self) -> None:
        """A job has always ended when it is asked for."""


class Processes:
    """`width` processes on this machine."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.slots = width + 2

    def open(self) -> Executor:
        """A pool whose processes share nothing with this one but what is sent; its first process is being started."""
        import multiprocessing
        from concurrent.futures import ProcessPoolExecutor

        # Never fork: this process may have threads, and a fork would copy their locks.
        way = "forkserver" if "forkserver" in multiprocessing.get_all_start_methods() else "spawn"
        context = multiprocessing.get_context(way)
        if way == "forkserver":
            context.set_forkserver_preload(["tiku.batch.tasks"])
            if _UNTOLD not in sys.warnoptions:
                sys.warnoptions.append(_UNTOLD)
        last = time.monotonic() + START
        while True:
            pool = ProcessPoolExecutor(self.width, mp_context=context, initializer=_begin)
            try:
                pool.submit(os.getpid)
            except OSError as error:  # the server that forks was killed, and for a moment still counts as alive
                pool.shutdown(wait=False)
                if time.monotonic() > last:
                    raise SetupError(f"no process can be started: {error}") from error
                time.sleep(0.05)
            else:
                return pool

    def close(self, executor: Executor, *, now: bool) -> None:
        """End the pool; with `now`, kill its processes."""
        from multiprocessing.connection import wait as wait_for

        pool: ProcessPoolExecutor = executor  # type: ignore[assignment]
        alive = {each.sentinel: each.pid for each in (pool._processes or {}).values()}  # noqa: SLF001 - 3.14 has a way
        if not now:
            # An idle process that is killed takes the lock of the pipe with it that tells the others to end; while the
            # pool works it would see that, but it does not look any more when it ends.
            executor.shutdown(wait=False)
            limit = time.monotonic() + PATIENCE
            while alive and (left := limit - time.monotonic()) > 0:
                for sentinel in wait_for(list(alive), left):
                    del alive[sentinel]  # type: ignore[arg-type]
        for pid in alive.values():
            with contextlib.suppress(OSError):
                os.kill(pid, signal.SIGKILL)  # type: ignore[arg-type]
        executor.shutdown(wait=True, cancel_futures=now)

    def look(self) -> None:
        """A pool tells by itself when a process of it dies."""


def _begin() -> None:
    """What a worker does first: Ctrl-C is its parent's affair, which ends it; and it ends when its parent is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, name="tiku-parent", daemon=True).start()


def _end_with_parent() -> None:
    """Wait for the end of the process that sends jobs, and end.

    It would go on to write outputs that nobody waits for, beside those of the next build, and then wait for ever: a
    pool's processes hold both ends of the pipe that they read jobs from.
    """
    import multiprocessing
    from multiprocessing.connection import wait

    if (parent := multiprocessing.parent_process()) is not None:
        wait([parent.sentinel])
        os._exit(1)


class Cluster:
    """The workers of a dask scheduler at `address` (``tcp://host:8786``)."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.slots = 1
        self._client: Any = None
        self._deserted = 0.0

    def open(self) -> Executor:
        """The cluster's executor."""
        try:
            from distributed import Client
        except ModuleNotFoundError as error:
            raise SetupError(f"'--executor dask://…' needs '{error.name}': pip install 'tiku[cluster]'") from error
        import logging

        for name in ("distributed", "distributed.client"):  # what they warn of is mended here, or told
            logging.getLogger(name).setLevel(logging.CRITICAL)
        try:
            self._client = Client(self.address, timeout=CONNECT, set_as_default=False)  # type: ignore[no-untyped-call]
            cores = sum(self._client.nthreads().values())
        except (OSError, ValueError, TimeoutError) as error:
            raise SetupError(f"no dask scheduler answers at '{self.address}': {error}") from error
        if not cores:
            self._client.close()
            raise SetupError(f"the dask scheduler at '{self.address}' has no workers")
        self.slots = 2 * cores
        # A job whose worker died runs elsewhere; the scheduler gives up on it after TRIES workers.
        executor: Executor = self._client.get_executor(pure=False, retries=0)
        return executor

    def close(self, executor: Executor, *, now: bool) -> None:
        """Leave the cluster."""
        with contextlib.suppress(Exception):
            executor.shutdown(wait=not now)
        with contextlib.suppress(Exception):
            self._client.close()

    def look(self) -> None:
        """Give up when there has been no worker for a while: the scheduler would wait for one for ever."""
        try:
            there = bool(self._client.nthreads())
        except Exception:  # noqa: BLE001 - the client itself tells when the scheduler is gone
            there = True
        now = time.monotonic()
        self._deserted = 0.0 if there else self._deserted or now
        if not there and now - self._deserted > DESERTED:
            raise SetupError(f"the dask scheduler at '{self.address}' has had no workers for {DESERTED:.0f} seconds")


class Loop(Generic[Task, Answer]):
    """Has `tasks` done by `crew`: `run` gives each with its answer, in the order in which they end."""

    def __init__(self, crew: Crew, function: Callable[[Task], Answer]) -> None:
        self.crew = crew
        self.function = function
        self._tries: dict[int, int] = {}
        self._alone: set[int] = set()

    def run(self, tasks: Iterable[Task]) -> Iterator[tuple[Task, Answer | Lost | Failed]]:
        """Each task with its answer, or with Lost or Failed.

        `tasks` are asked for as there is room for them, and while there is nothing else to do.
        """
        coming = enumerate(tasks)
        waiting: deque[tuple[int, Task]] = deque()
        if not _one_of(waiting, coming):
            return
        suspects: deque[tuple[int, Task]] = deque()
        under_way: dict[Future[Answer], tuple[int, Task]] = {}
        executor = self.crew.open()
        ended = False
        try:
            while suspects or under_way or _one_of(waiting, coming):
                if suspects:
                    if not under_way:
                        self._alone.add(suspects[0][0])
                        self._submit(executor, under_way, suspects)
                else:
                    while len(under_way) < self.crew.slots and not self._broken(under_way) and _one_of(waiting, coming):
                        self._submit(executor, under_way, waiting)
                while not any(future.done() for future in under_way) and (ahead := next(coming, None)):
                    waiting.append(ahead)
                done, _ = wait(under_way, PULSE, return_when=FIRST_COMPLETED)
                if not done:
                    self.crew.look()
                broken = False
                for future in done:
                    job = under_way.pop(future)
                    try:
                        answer = future.result()
                    except (BrokenExecutor, CancelledError):
                        broken = True
                        suspects.append(job)
                        continue
                    except Exception as error:  # noqa: BLE001 - handed on
                        if type(error).__name__ != "KilledWorker":
                            yield job[1], Failed(error)
                        elif job[0] in self._alone:
                            yield job[1], Lost(TRIES)
                        else:  # a scheduler blames all jobs that were waiting at the workers that died
                            suspects.append(job)
                        continue
                    yield job[1], answer
                if broken:
                    suspects.extend(under_way.values())
                    alone = len(suspects) == 1
                    under_way.clear()
                    self.crew.close(executor, now=True)
                    executor = self.crew.open()
                    if alone:  # it was by itself, so that it is no neighbour's doing
                        yield from self._blame(suspects)
            ended = True
        finally:
            self.crew.close(executor, now=not ended)

    def _blame(self, suspects: deque[tuple[int, Task]]) -> Iterator[tuple[Task, Lost]]:
        number, task = suspects[0]
        self._tries[number] = self._tries.get(number, 0) + 1
        if self._tries[number] >= TRIES:
            suspects.popleft()
            yield task, Lost(TRIES)

    @staticmethod
    def _broken(under_way: Iterable[Future[Any]]) -> bool:
        return any(future.done() and isinstance(future.exception(), BrokenExecutor) for future in under_way)

    def _submit(
        self,
        executor: Executor,
        under_way: dict[Future[Answer], tuple[int, Task]],
        queue: deque[tuple[int, Task]],
    ) -> None:
        job = queue.popleft()
        try:
            future = executor.submit(self.function, job[1])
        except (BrokenExecutor, RuntimeError, OSError) as error:  # it broke, or was closed, between two jobs
            future = Future()
            future.set_exception(BrokenExecutor(str(error)))
        under_way[future] = job


def _one_of(waiting: deque[tuple[int, Task]], coming: Iterator[tuple[int, Task]]) -> bool:
    """Whether there is a job in `waiting`; it takes one of those `coming` where there is none."""
    if not waiting:
        waiting.extend(itertools.islice(coming, 1))
    return bool(waiting)
