"""A task: an order on its way to a worker, which may be another process or another machine."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tiku import pandoc
from tiku.batch import keys
from tiku.batch.jobs import Done, Progress, carry_out
from tiku.batch.store import Store
from tiku.errors import SetupError
from tiku.orders import Order, Result


@dataclass(frozen=True, slots=True)
class Task:
    """An order with all that a worker must know, which may be another machine's."""

    order: Order
    store: str = ""
    """The folder of the store; empty keeps nothing."""
    place: str = ""
    """The folder that paths are relative to."""
    epoch: str = ""
    """SOURCE_DATE_EPOCH where the build was started."""
    tool: str = ""
    """The tiku that sends the task."""
    among: bool = False
    """Whether a process does many such tasks: then it keeps what takes long to start."""


def perform(task: Task, progress: Progress | None = None) -> Done:
    """Carry out one task, wherever this is."""
    with _ONE:
        return _perform(task, progress)


_ONE = threading.Lock()
"""The current folder and the environment are the process's: a worker with several threads does one task at a time."""


def _perform(task: Task, progress: Progress | None) -> Done:
    keys.forget()
    order = task.order
    if task.tool and keys.own() != task.tool:
        error = SetupError(f"a worker runs another tiku ({keys.own()}, not {task.tool})")
        return Done((Result(order.source, order.source, error=error),))
    if task.place:  # without asking where we are: the folder of an earlier task may be gone
        try:
            os.chdir(task.place)
        except OSError as error:
            told = SetupError(f"a worker cannot reach '{task.place}': {error.strerror or error}")
            return Done((Result(order.source, order.source, error=told),))
    if task.among:
        _keep_pandoc()
    if task.epoch != os.environ.get("SOURCE_DATE_EPOCH", ""):
        os.environ["SOURCE_DATE_EPOCH"] = task.epoch
    return carry_out(order, Store(Path(task.store)) if task.store else None, progress)


@cache
def _keep_pandoc() -> None:
    pandoc.persist()
