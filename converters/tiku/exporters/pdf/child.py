"""Starts renderers and talks to them: a crash or a runaway becomes an error of the document."""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from typing import TYPE_CHECKING, Any, Self

from tiku.errors import ExportError, SetupError

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


USES = 50
"""Books that one renderer makes before another takes its place: what a library leaks stays small."""
_spare: list[Child] = []
_lock = threading.Lock()


def warm() -> None:
    """Start a renderer for the next book, if none waits."""
    with _lock:
        if not _spare:
            _spare.append(Child())


def take() -> Child:
    """A renderer: the one that waits, else a new one. Give it back with `give`, or let its context end it."""
    with _lock:
        while _spare:
            child = _spare.pop()
            if child.alive and child.owner == os.getpid():  # a fork must not talk to its parent's renderer
                return child
        return Child()


def give(child: Child) -> None:
    """Keep `child`, which did all its jobs well, for the next book."""
    with _lock:
        if not _spare and child.books < USES and child.alive:
            child.kept = True
            _spare.append(child)


@atexit.register
def _close() -> None:
    while _spare:
        child = _spare.pop()
        if child.owner == os.getpid():
            child.kill()


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONHASHSEED": "0"}


def run_module(module: str, argument: str, seconds: float, hear: Callable[[float], None]) -> None:
    """Run ``python -m module argument`` to its end; each line it writes is how much it has done, told to `hear`.

    Raises ExportError when it fails or takes longer than `seconds`.
    """
    late = threading.Event()
    with (
        tempfile.TemporaryFile() as complaints,
        subprocess.Popen(
            [sys.executable, "-m", module, argument], env=_environment(), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=complaints, text=True, encoding="utf-8", errors="replace",
        ) as process,
    ):  # fmt: skip

        def stop() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            for line in process.stdout or ():
                with contextlib.suppress(ValueError):
                    hear(float(line))
            code = process.wait()
        except BaseException:
            process.kill()
            raise
        finally:
            timer.cancel()
        complaints.seek(0)
        said = complaints.read().decode("utf-8", "replace").strip().splitlines()
    if late.is_set():
        raise ExportError(f"the PDF could not be put together in {seconds:.0f} seconds")
    if code:
        reason = (said or [f"exit code {code}"])[-1]
        raise ExportError(f"the PDF cannot be put together: {reason[:300]}")


class Child:
    """One renderer process; use it as a context manager. It loads WeasyPrint while the caller goes on.

    It ends by itself when this process does: its input ends.
    """

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.books = 0
        self.kept = False
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tiku.exporters.pdf.render"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=_environment(), start_new_session=True, text=True, encoding="utf-8",
        )  # fmt: skip

    def __enter__(self) -> Self:
        self.books += 1
        self.kept = False
        return self

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self.kept:
            self.kill()

    def kill(self) -> None:
        """End the process, whatever it does."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        for stream in (self._process.stdin, self._process.stdout):
            if stream:
                with contextlib.suppress(OSError):
                    stream.close()
        self._process.wait()

    def ask(self, job: dict[str, Any], seconds: float, hear: Callable[[float], None] | None = None) -> dict[str, Any]:
        """Have `job` done within `seconds`; `hear` is told how much of it is done.

        Raises ExportError when the renderer fails, crashes or takes longer; SetupError when it cannot load.
        """
        late = threading.Event()

        def stop() -> None:
            late.set()
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

        timer = threading.Timer(seconds, stop)
        timer.daemon = True
        timer.start()
        try:
            assert self._process.stdin is not None  # noqa: S101 - for the type checker: both are pipes
            assert self._process.stdout is not None  # noqa: S101
            answer: dict[str, Any] | None = None
            with contextlib.suppress(BrokenPipeError):
                self._process.stdin.write(json.dumps(job) + "\n")
                self._process.stdin.flush()
            while line := self._process.stdout.readline():
                answer = json.loads(line)
                if answer is None or "done" not in answer:
                    break
                if hear:
                    hear(answer.pop("done"))
        finally:
            timer.cancel()
        if not answer:
            raise ExportError(self._epitaph(seconds, late=late.is_set()))
        if "setup" in answer:
            reason = str(answer["setup"])
            if found := re.match(r"No module named '([\w.]+)'", reason):
                raise SetupError(f"'pdf' needs '{found[1]}': pip install 'tiku[pdf]'")
            raise SetupError(f"'pdf' cannot load 'weasyprint': {reason}; run 'tiku doctor'")
        if "error" in answer:
            raise ExportError(f"the PDF cannot be laid out: {answer['error']}")
        return answer

    def _epitaph(self, seconds: float, *, late: bool) -> str:
        if late:
            return f"the PDF renderer did not finish in {seconds:.0f} seconds"
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(5)
        code = self._process.returncode
        if code is not None and code < 0:
            return f"the PDF renderer crashed ({signal.Signals(-code).name}); run 'tiku doctor'"
        return f"the PDF renderer ended without an answer (exit code {code})"
