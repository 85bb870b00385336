"""What a call or a build is to make: orders, and what became of them."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiku.errors import UsageError
from tiku.exporters import EXPORTERS, SUFFIXES, Exporter

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tiku.errors import TikuError
    from tiku.keeping import Keeping
    from tiku.problems import Problem


@dataclass(frozen=True, slots=True)
class Job:
    """One output of one source."""

    source: str
    format: str
    target: Path


@dataclass(frozen=True, slots=True)
class Output:
    """One file to make of a bank."""

    format: str
    target: Path
    answers: str = ""
    theme: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """One source, how to read it, and all that is made of it."""

    source: str
    outputs: tuple[Output, ...]
    reader: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Fields of ReadOptions."""
    strict: bool = False
    keeping: Keeping | None = None
    """Where the names of questions are remembered, for formats that need them."""


class State(StrEnum):
    """Where an output came from."""

    MADE = "made"
    RESTORED = "restored"
    """Copied from the cache."""
    FRESH = "fresh"
    """It stood there already."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a source (`target` None) or of one output."""

    source: str
    label: str
    target: Path | None = None
    problems: tuple[Problem, ...] = ()
    error: TikuError | None = None
    remarks: tuple[str, ...] = ()
    """What the user should know besides: lines of text."""
    state: State = State.MADE


def orders_of(
    jobs: list[Job],
    *,
    reader: str,
    answers: str,
    theme: str,
    settings: Mapping[str, Mapping[str, Any]],
    strict: bool,
    keeping: Keeping | None = None,
    **options: Any,
) -> list[Order]:
    """The jobs of one call, a source at a time."""
    by_source: dict[str, list[Output]] = {}
    for job in jobs:
        output = Output(job.format, job.target, answers, theme, settings.get(job.format, {}))
        by_source.setdefault(job.source, []).append(output)
    return [Order(source, tuple(outputs), reader, options, strict, keeping) for source, outputs in by_source.items()]


def format_of(path: Path) -> str:
    """The exporter that the suffix of `path` names. Raises UsageError when it names none."""
    name = SUFFIXES.get(path.suffix.lower(), "")
    if not name:
        known = [other for other in EXPORTERS.names() if other not in EXPORTERS.builtin]
        name = next((each for each in known if path.name.endswith(EXPORTERS.load(each).suffix)), "")
    if not name:
        raise UsageError(f"'{path.name}': its suffix names no format; give one with --to")
    return name


def plan(sources: list[str], formats: list[str], output: str) -> list[Job]:
    """What `tiku convert` will write. Raises UsageError when that cannot be told, or two outputs would be one file."""
    formats = list(dict.fromkeys(formats))
    path = Path(output or ".")
    names_file = not output.endswith(("/", os.sep)) and bool(path.suffix or os.path.lexists(path))
    with contextlib.suppress(OSError):  # a name that is too long is no folder either
        names_file = names_file and not path.is_dir()
    if len(sources) == 1 and len(formats) <= 1 and names_file:
        name = formats[0] if formats else format_of(path)
        refuse_targets([(sources[0], path)])
        return [Job(sources[0], name, path)]
    if not formats:
        raise UsageError("no format: give one with --to, or an output file with a suffix")
    jobs: list[Job] = []
    for source in sources:
        stem = "tiku" if source == "-" else Path(source).stem
        for name in formats:
            exporter: Exporter = EXPORTERS.load(name)
            jobs.append(Job(source, name, path / f"{stem}{exporter.suffix}"))
    refuse_targets([(job.source, job.target) for job in jobs])
    return jobs


def refuse_targets(pairs: Iterable[tuple[str, Path]]) -> None:
    """Look at (source, target) pairs before anything is read.

    Raises UsageError when two targets are one file, when one is a source, or is there and no plain file.
    """
    pairs = list(pairs)
    sources = {os.path.realpath(source) for source, _ in pairs if source != "-"}
    seen: dict[str, str] = {}
    for source, target in pairs:
        place = os.path.realpath(target)
        if place in seen:
            raise UsageError(f"'{seen[place]}' and '{source}' would both write '{target}'")
        seen[place] = source
        if place in sources:
            raise UsageError(
                f"'{target}' is its own source" if place == os.path.realpath(source) else f"'{target}' is a source"
            )
        if os.path.lexists(place) and not Path(place).is_file():  # a rename over a device or a pipe would destroy it
            raise UsageError(f"'{target}' is not a plain file")
