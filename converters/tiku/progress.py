"""A progress bar on a terminal, nothing elsewhere (plain lines come from the caller)."""

from __future__ import annotations

import contextlib
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

SLOW = 1.0
"""Seconds after which the parts of one output are shown: most are done before anyone could read them."""


class Silent:
    """A bar that nobody sees."""

    def done(self, label: str) -> None:
        """One more of the steps has ended: the one called `label`."""

    def part(self, label: str, fraction: float) -> None:
        """Of the step that is under way, called `label`, `fraction` (0 to 1) is done."""


class _Shown(Silent):
    def __init__(self, progress: Any, task: Any) -> None:
        self.progress, self.task = progress, task
        self.steps = 0
        self.begun = time.monotonic()

    def done(self, label: str) -> None:
        self.steps += 1
        self.begun = time.monotonic()
        self.progress.update(self.task, completed=self.steps, description=label)

    def part(self, label: str, fraction: float) -> None:
        if time.monotonic() - self.begun > SLOW:
            self.progress.update(self.task, completed=self.steps + min(fraction, 0.999), description=label)


@contextlib.contextmanager
def bar(total: int, *, quiet: bool = False) -> Iterator[Silent]:
    """A bar over `total` steps: how many are done, how many in a second, and how long the rest will take."""
    if quiet or not total or not sys.stderr.isatty():
        yield Silent()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn, TimeRemainingColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        """Steps done, and steps in a second."""

        def render(self, task: Any) -> Text:
            speed = f" {task.speed:.1f}/s" if task.speed and task.total > 1 else ""
            return Text(f"{int(task.completed)}/{int(task.total)}{speed}")

    columns = (BarColumn(), Rate(), TimeRemainingColumn(), TextColumn("{task.description}"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield _Shown(progress, progress.add_task("", total=total))
