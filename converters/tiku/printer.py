"""What goes to the terminal, and how much of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tiku.errors import TikuError
    from tiku.orders import Result
    from tiku.problems import Problem


class Printer:
    """Says things on standard error."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self.quiet = quiet
        self.verbose = verbose

    def say(self, text: str) -> None:
        """A line about progress."""
        if not self.quiet:
            click.echo(text, err=True)

    def problems(self, problems: Iterable[Problem]) -> None:
        """Complaints about content, one a line; notices only with -v."""
        for problem in problems:
            if problem.severity != "notice" or self.verbose:
                click.echo(str(problem), err=True)

    def error(self, error: TikuError) -> None:
        """Why something failed."""
        click.echo(str(error) if error.file else f"tiku: {error}", err=True)

    def result(self, result: Result) -> None:
        """What became of a source or an output."""
        self.problems(result.problems)
        if result.error is not None:
            self.error(result.error)
        elif result.target is not None and (result.state != "fresh" or self.verbose):
            self.say(f"{result.source} -> {result.label}" + ("" if result.state == "made" else f" ({result.state})"))
        for remark in result.remarks:
            self.say(f"  {remark}")
