"""One pandoc process that reads many documents: what a batch of small ones spends on starting pandoc is spent once.

The plain run of `tiku.pandoc`, a process for each document, is the reference: whatever the worker does not take, refuses
or dies of, the caller gives to a plain process, whose answer or error then counts.

Each document is read in pandoc's sandbox, with an empty file system, by the fixed script `worker.lua`; the script itself
could open files, a document cannot reach it. A request may use as much CPU and as much time as a plain process; since
only Linux tells and limits what another process uses, there is no worker elsewhere.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import json
import math
import os
import re
import resource
import signal
import socket
import subprocess
import threading
import time
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tiku.errors import DocumentError
from tiku.files import read

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

RECYCLE = 200
"""After so many documents a new process takes over."""
MAX_RESIDENT = 600_000_000
"""A process that has more bytes than this in memory after an answer is replaced."""
MAX_READING = 1_200_000_000
"""A process that has more than this while it reads is killed. (pandoc's own heap limit does not end it here: its runtime
tells a thread that waits for Lua, and collects garbage for ever.)"""
WATCH_SECONDS = 0.25
LARGE = 300_000
"""A text of more characters gets a process of its own: its memory goes back, and the start costs little beside it."""
START_SECONDS = 60
FORMATS = frozenset({"commonmark", "commonmark_x", "gfm", "html", "latex", "org", "rst"})
"""Formats whose plain run does nothing but read. (For `markdown` it loads a longer list of abbreviations, of a notebook's
outputs it chooses one, and a zipped document is no text.)"""
_FORMAT = re.compile(r"([a-z_]+)(?:[+-][a-z_]+)*")
_AFTER_READING = "+east_asian_line_breaks"
"""An extension that the plain run carries out itself, after the reader."""
_RTS = ("-A128m", "-n4m", "-V0")
"""Garbage is collected seldom, and no clock ticks while the process waits: measured by `benchmarks/pandoc_workers.py`."""


class Broken(Exception):  # noqa: N818 - not an error: the plain run takes over
    """There is no worker to answer."""


class Worker:
    """A running ``pandoc lua worker.lua``, in a session of its own.

    It ends when its input does, that is, with our process; a second pipe kills it even in the middle of a document.
    Should that fail, an orphan ends at its CPU limit.

    Raises Broken when the process does not greet: this pandoc has no Lua, or no sandbox in it; or this is not Linux.
    """

    def __init__(self, executable: str, heap: str) -> None:
        if not Path("/proc/self/stat").exists():
            raise Broken
        self.answered = 0
        self._used, self._resident = 0.0, 0
        """CPU seconds and bytes in memory after the last answer: between two documents it uses nothing."""
        self._socket, theirs = socket.socketpair()
        self._socket.settimeout(START_SECONDS)
        self._answers = self._socket.makefile("rb")
        lifeline, self._lifeline = os.pipe()
        try:
            with as_file(files(__package__).joinpath("worker.lua")) as script:
                self._process = subprocess.Popen(
                    [executable, "+RTS", f"-M{heap}", *_RTS, "-RTS", "lua", str(script)],
                    stdin=theirs.fileno(),
                    stdout=theirs.fileno(),
                    stderr=subprocess.DEVNULL,
                    pass_fds=(lifeline,),
                    start_new_session=True,
                    # LUA_INIT and LUA_PATH could bring other code into the process
                    env={name: value for name, value in os.environ.items() if not name.startswith("LUA_")},
                )
                theirs.close()
                _kill_when_closed(lifeline, self._process.pid)
                greeting = self._answers.readline(64)
        except BaseException as error:
            self.close()
            if isinstance(error, OSError):
                raise Broken from error
            raise
        finally:
            theirs.close()
            os.close(lifeline)
        if greeting != b"tiku 1\n":
            self.close()
            raise Broken

    def read(self, source_format: str, text: bytes, cpu_seconds: int) -> tuple[str, list[str]] | None:
        """The document as JSON, and what pandoc warns of; None when pandoc refuses the text.

        Raises Broken when the process is gone or grows too large, and DocumentError when the text takes too long. After
        either the worker is of no more use.
        """
        seconds = 4 * cpu_seconds
        self._socket.settimeout(seconds)
        self._allow(cpu_seconds)
        try:
            self._socket.sendall(b"%s %d\n" % (source_format.encode("ascii"), len(text)) + text)
            self._watch(seconds)
            verdict, *sizes = self._answers.readline(64).split()
            document, messages = (self._answers.read(int(size)) for size in sizes)
            if [len(document), len(messages)] != [int(size) for size in sizes]:
                raise EOFError
        except TimeoutError as error:
            raise DocumentError(f"pandoc did not finish in {seconds} seconds") from error
        except (OSError, ValueError, EOFError) as error:
            if self._ended() == -signal.SIGXCPU:
                raise DocumentError("pandoc cannot read this document: it takes too long") from error
            raise Broken from error
        self.answered += 1
        with contextlib.suppress(OSError):
            self._used, self._resident = _usage(self._process.pid)
        if verdict != b"ok":
            return None
        said = [each["pretty"] for each in json.loads(messages) if each["verbosity"] == "WARNING"]
        return f"{document.decode('utf-8')}\n", said

    def worn(self) -> bool:
        """Whether another process should take over."""
        return self.answered >= RECYCLE or self._resident > MAX_RESIDENT

    def close(self) -> None:
        """Kill the process, which keeps nothing that could be lost."""
        if process := getattr(self, "_process", None):
            with contextlib.suppress(ProcessLookupError, PermissionError):  # macOS: a zombie's group
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self._let_go()

    def abandon(self) -> None:
        """Let go of the process without a word to it: it belongs to the process that we are a fork of."""
        self._process.returncode = 0  # so that nothing waits for a child that is not ours
        self._let_go()

    def _let_go(self) -> None:
        self._answers.close()
        self._socket.close()
        os.close(self._lifeline)

    def _allow(self, cpu_seconds: int) -> None:
        """Let the process use so many seconds of CPU time from now on: the kernel counts from its start."""
        with contextlib.suppress(ProcessLookupError):
            soft = math.ceil(self._used) + cpu_seconds
            hard = resource.prlimit(self._process.pid, resource.RLIMIT_CPU)[1]
            if hard != resource.RLIM_INFINITY:
                soft = min(soft, hard)
            resource.prlimit(self._process.pid, resource.RLIMIT_CPU, (soft, hard))

    def _watch(self, seconds: float) -> None:
        """Wait until the answer begins; raises TimeoutError, and Broken when the process grows too large."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._socket.settimeout(WATCH_SECONDS)
            with contextlib.suppress(TimeoutError):
                self._socket.recv(1, socket.MSG_PEEK)
                self._socket.settimeout(seconds)
                return
            if _usage(self._process.pid)[1] > MAX_READING:
                raise Broken
        raise TimeoutError

    def _ended(self) -> int | None:
        """The exit code of a process that has closed its output; None when it runs all the same."""
        try:
            return self._process.wait(timeout=1)
        except subprocess.TimeoutExpired:
            return None


def _kill_when_closed(lifeline: int, pid: int) -> None:
    """Have the kernel kill `pid` when the other end of the pipe `lifeline` closes, even if we are killed ourselves.

    A pipe tells its owner by a signal that there is something to read or that the writer is gone; nothing is ever
    written. (``prctl(PR_SET_PDEATHSIG)`` would need code between fork and exec, and ends with a thread.)
    """
    with contextlib.suppress(OSError):
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, pid)
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)


def _usage(pid: int) -> tuple[float, int]:
    """CPU seconds used by a process of ours that nobody has waited for, and its bytes in memory (proc_pid_stat(5))."""
    fields = read(f"/proc/{pid}/stat").rpartition(b")")[2].split()
    ticks = int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK"), int(fields[21]) * os.sysconf("SC_PAGE_SIZE")


class Keeper:
    """The worker of this process, as long as someone has entered; started when there is something to read.

    A fork of this process starts with no worker and makes its own.
    """

    def __init__(self, start: Callable[[], Worker]) -> None:
        self._start = start
        self._entered = 0
        self._worker: Worker | None = None
        self._usable = True
        self._busy = threading.Lock()
        atexit.register(self._close)
        os.register_at_fork(after_in_child=self._forked)

    def __enter__(self) -> Self:
        self._entered += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._entered -= 1
        if not self._entered:
            with self._busy:
                self._close()

    def read(self, source_format: str, text: str, cpu_seconds: int) -> tuple[str, list[str]] | None:
        """The document as JSON, and what pandoc warns of; None when a plain process must be asked.

        Raises DocumentError when the text takes too long.
        """
        name = _FORMAT.fullmatch(source_format)
        if not (self._entered and self._usable and name and name[1] in FORMATS and len(text) <= LARGE):
            return None
        if _AFTER_READING in source_format or not self._busy.acquire(blocking=False):  # another thread has the worker
            return None
        try:
            return self._answer(source_format, text, cpu_seconds)
        finally:
            self._busy.release()

    def _answer(self, source_format: str, text: str, cpu_seconds: int) -> tuple[str, list[str]] | None:
        if self._worker is None:
            try:
                self._worker = self._start()
            except Broken:
                self._usable = False
                return None
        try:
            answer = self._worker.read(source_format, _as_sent(text), cpu_seconds)
        except Broken:
            self._close()
            return None
        except BaseException:
            self._close()
            raise
        if self._worker.worn():
            self._close()
        return answer

    def _close(self) -> None:
        if self._worker:
            self._worker.close()
            self._worker = None

    def _forked(self) -> None:
        if self._worker:
            self._worker.abandon()
            self._worker = None
        self._busy = threading.Lock()  # the thread that held it is not here


def _as_sent(text: str) -> bytes:
    """`text` as pandoc's command gives it to a reader.

    It drops carriage returns, makes spaces of tabs (to every fourth column), ends the last line, and adds an empty one.
    """
    text = text.replace("\r", "").expandtabs(4)
    return (text if text.endswith("\n") or not text else f"{text}\n").encode("utf-8", "replace") + b"\n"
