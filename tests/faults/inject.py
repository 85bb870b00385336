"""Faults at the named steps of writing a file, and at a few calls of the system: for tests and benchmarks only.

`install` patches tiku in this process. In a child and its workers, `site/sitecustomize.py` does so when the folder
`site` is on PYTHONPATH and TIKU_FAULT says which fault.
"""

from __future__ import annotations

import errno
import fnmatch
import json
import os
import shutil
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

VARIABLE = "TIKU_FAULT"
SITE = Path(__file__).parent / "site"
ERRORS = {"enospc": errno.ENOSPC, "eio": errno.EIO, "erofs": errno.EROFS, "enoent": errno.ENOENT}
SIGNALS = {"kill": signal.SIGKILL, "term": signal.SIGTERM, "int": signal.SIGINT}


@dataclass(frozen=True, slots=True)
class Fault:
    """What is to go wrong: the first time that `step` is reached, for the `nth` file that fits `match`."""

    act: str
    """A name of ERRORS or SIGNALS, or ``remove PATH``, ``write PATH TEXTFILE``, ``pause SECONDS``, ``log FILE``."""
    step: str = "*"
    """``opened``, ``written``, ``synced``, ``placed``; or ``fsync``, ``replace``, ``read``, ``picture``."""
    match: str = "*"
    """A pattern for the whole path of the file."""
    nth: int = 1
    who: str = "*"
    """``main`` or ``worker``."""
    token: str = ""
    """A file that is made when the fault strikes: it strikes once in all processes together."""
    every: bool = False
    """Each time from the nth on, in each process."""

    def environment(self) -> dict[str, str]:
        """What the environment of a child must say for it to be struck."""
        rest = os.environ.get("PYTHONPATH", "")
        path = f"{SITE}{os.pathsep}{rest}" if rest else str(SITE)
        return {VARIABLE: json.dumps(asdict(self)), "PYTHONPATH": path}


def from_environment() -> Fault | None:
    """The fault of which the environment speaks."""
    text = os.environ.get(VARIABLE, "")
    return Fault(**json.loads(text)) if text else None


class Striker:
    """Counts steps, and strikes."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.count = 0

    def _here(self) -> bool:
        if self.fault.who == "*":
            return True
        import multiprocessing

        worker = multiprocessing.parent_process() is not None
        return worker == (self.fault.who == "worker")

    def reached(self, step: str, path: object) -> None:
        """Strike, if this is the place."""
        fault = self.fault
        name = str(path)
        if not fnmatch.fnmatchcase(step, fault.step) or not fnmatch.fnmatchcase(name, fault.match) or not self._here():
            return
        if fault.act.startswith("log "):
            with Path(fault.act[4:]).open("a", encoding="utf-8") as file:
                file.write(f"{step} {name}\n")
            return
        self.count += 1
        if self.count < fault.nth or (self.count > fault.nth and not fault.every):
            return
        if fault.token:
            try:
                os.close(os.open(fault.token, os.O_CREAT | os.O_EXCL))
            except FileExistsError:
                return
        self._strike(name)

    def _strike(self, name: str) -> None:
        verb, _, rest = self.fault.act.partition(" ")
        if verb in SIGNALS:
            os.kill(os.getpid(), SIGNALS[verb])
        elif verb in ERRORS:
            raise OSError(ERRORS[verb], os.strerror(ERRORS[verb]), name)
        elif verb == "remove":
            for _ in range(3):  # whoever writes there may make it again
                shutil.rmtree(rest, ignore_errors=True)
        elif verb == "write":
            target, text = rest.split(" ")
            shutil.copyfile(text, f"{target}.new")
            os.replace(f"{target}.new", target)  # noqa: PTH105 - Path.replace may be one of the steps
        elif verb == "pause":
            time.sleep(float(rest))
        else:
            raise AssertionError(self.fault.act)


def install(fault: Fault) -> Striker:
    """Have `fault` strike in this process."""
    from tiku import files, sources

    striker = Striker(fault)
    files.step = striker.reached
    if fault.step in {"fsync", "replace", "*"}:
        _before(os, "fsync", lambda handle: striker.reached("fsync", _name(handle)))
        _before(Path, "replace", lambda path, _target: striker.reached("replace", path))
    if fault.step in {"read", "*"}:
        _after(sources, "_whole", lambda name, *_: striker.reached("read", name))
    if fault.step in {"picture", "*"}:
        _after(sources, "_beside", lambda _folder, path, *_: striker.reached("picture", path))
    return striker


def _name(handle: int) -> str:
    try:
        return str(Path(f"/proc/self/fd/{handle}").readlink())
    except OSError:
        return str(handle)


def _before(owner: Any, name: str, act: Any) -> None:
    function = getattr(owner, name)

    def patched(*arguments: Any) -> Any:
        act(*arguments)
        return function(*arguments)

    setattr(owner, name, patched)


def _after(owner: Any, name: str, act: Any) -> None:
    function = getattr(owner, name)

    def patched(*arguments: Any) -> Any:
        found = function(*arguments)
        act(*arguments)
        return found

    setattr(owner, name, patched)
