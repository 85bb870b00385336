"""A dask scheduler and its workers, each a process of its own on this machine."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType


class Cluster:
    """A scheduler on loopback and `width` workers of one thread, whose current folder is `folder`."""

    def __init__(self, folder: Path, width: int = 2, environment: dict[str, str] | None = None) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.environment = {**os.environ, **(environment or {})}
        self.number = 0
        self.words = folder / "scheduler.log"
        self.scheduler = self._start("scheduler", self.words, "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
        self.port = int(self._said(self.words, r"tcp://127\.0\.0\.1:(\d+)"))
        self.workers = [self.worker() for _ in range(width)]

    @property
    def address(self) -> str:
        """What --executor takes."""
        return f"dask://127.0.0.1:{self.port}"

    def _start(self, kind: str, words: Path, *arguments: str) -> subprocess.Popen[bytes]:
        # told that pre-loading and dashboards are not wanted, a process is up in a second or two
        command = [sys.executable, "-W", "ignore", "-m", f"distributed.cli.dask_{kind}", *arguments]
        with words.open("wb") as file:
            return subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=file, stderr=file)

    def _said(self, words: Path, pattern: str, seconds: float = 60) -> str:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if found := re.search(pattern, words.read_text(errors="replace")):
                return found[1] if found.groups() else found[0]
            time.sleep(0.05)
        raise AssertionError(words.read_text(errors="replace"))

    def worker(self) -> subprocess.Popen[bytes]:
        """A new worker; it returns before the worker is ready."""
        self.number += 1
        words = self.folder / f"worker-{self.number}.log"
        where = f"tcp://127.0.0.1:{self.port}"
        local = str(self.folder / f"space-{self.number}")
        return self._start(
            "worker", words, where, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--local-directory", local,
            "--death-timeout", "60",
        )  # fmt: skip

    def ready(self) -> None:
        """Wait until each worker has registered."""
        for number in range(self.number - len(self.workers) + 1, self.number + 1):
            self._said(self.folder / f"worker-{number}.log", "Registered to")

    def kill(self, index: int) -> None:
        """Kill a worker."""
        self.workers[index].send_signal(signal.SIGKILL)
        self.workers[index].wait()

    def replace(self, index: int) -> None:
        """A new worker in the place of one that was killed."""
        self.workers[index] = self.worker()

    def __enter__(self) -> Self:
        self.ready()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()
