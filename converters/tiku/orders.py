"""What a call or a build is to make: orders, and what became of them."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiku import sources, storage
from tiku.errors import DocumentError, UsageError
from tiku.exporters import EXPORTERS, SUFFIXES, Exporter
from tiku.files import digest_of
from tiku.problems import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tiku.errors import TikuError
    from tiku.keeping import Keeping
    from tiku.problems import Problem


@dataclass(frozen=True, slots=True)
class Job:
    """One output of one source."""

    source: str
    format: str
    target: Path
    url: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """One file to make of a bank."""

    format: str
    target: Path
    answers: str = ""
    theme: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    url: str = ""
    """Where the file goes from `target`, which is then only its place on the way."""

    @property
    def label(self) -> str:
        """Where the output will be, for people."""
        return self.url or str(self.target)


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

    @property
    def exit_code(self) -> int:
        """What a command that has nothing worse to say ends with: errors in content count, warnings do not."""
        if self.error:
            return self.error.exit_code
        return 1 if any(problem.severity is Severity.ERROR for problem in self.problems) else 0


def unnamable(orders: Iterable[Order]) -> tuple[list[Order], list[tuple[Order, Result]]]:
    """The orders whose source has a name in characters; and the others, each with its failure."""
    named: list[Order] = []
    failed: list[tuple[Order, Result]] = []
    for order in orders:
        try:
            sources.refuse_name(order.source)
        except DocumentError as error:
            failed.append((order, Result(error.file, error.file, error=error)))
        else:
            named.append(order)
    return named, failed


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
        output = Output(job.format, job.target, answers, theme, settings.get(job.format, {}), job.url)
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
    if storage.is_remote(output):
        return _plan_remote(sources, formats, output)
    path = Path(storage.local(output) or ".")
    names_file = not output.endswith(("/", os.sep)) and bool(path.suffix or os.path.lexists(path))
    with contextlib.suppress(OSError):  # a name that is too long is no folder either
        names_file = names_file and not path.is_dir()
    if len(sources) == 1 and len(formats) <= 1 and names_file:
        name = formats[0] if formats else format_of(path)
        refuse_targets([(sources[0], path)])
        return [Job(sources[0], name, path)]
    jobs = [Job(source, name, path / file) for source, name, file in _files(sources, formats)]
    refuse_targets([(job.source, job.target) for job in jobs])
    return jobs


def _files(sources: list[str], formats: list[str]) -> Iterator[tuple[str, str, str]]:
    """Each source in each format, with the name of the file."""
    if not formats:
        raise UsageError("no format: give one with --to, or an output file with a suffix")
    for source in sources:
        name = storage.stem(source) if storage.scheme(source) else Path(source).stem
        for each in formats:
            exporter: Exporter = EXPORTERS.load(each)
            yield source, each, f"{'tiku' if source == '-' else name}{exporter.suffix}"


def _plan_remote(sources: list[str], formats: list[str], output: str) -> list[Job]:
    if len(sources) == 1 and len(formats) <= 1 and storage.suffix(output):
        folder, file = storage.parent(output), storage.filename(output)
        name = formats[0] if formats else format_of(Path(file))
        jobs = [Job(sources[0], name, staging(folder) / file, output)]
    else:
        jobs = [
            Job(source, name, staging(output) / file, storage.join(output, file))
            for source, name, file in _files(sources, formats)
        ]
    refuse_targets([(job.source, job.target) for job in jobs])
    return jobs


def staging(url: str) -> Path:
    """The folder on this machine from which files go to the folder `url`."""
    from platformdirs import user_cache_path

    return user_cache_path("tiku", appauthor=False) / "remote" / digest_of(url.rstrip("/").encode())[:16]


def refuse_targets(pairs: Iterable[tuple[str, Path]]) -> None:
    """Look at (source, target) pairs before anything is read.

    Raises UsageError when two targets are one file, when one is a source, or is there and no plain file.
    """
    pairs = list(pairs)
    sources = {source: os.path.realpath(source) for source, _ in pairs if source != "-" and not storage.scheme(source)}
    places = set(sources.values())
    folders = {parent: os.path.realpath(parent) for parent in {target.parent for _, target in pairs}}
    seen: dict[str, str] = {}
    for source, target in pairs:
        # A folder's real place is looked for once, a file's only where it is a link itself: there may be thousands.
        place = os.path.join(folders[target.parent], target.name)  # noqa: PTH118
        place = os.path.realpath(place) if os.path.islink(place) else place  # noqa: PTH114
        if place in seen:
            raise UsageError(f"'{seen[place]}' and '{source}' would both write '{target}'")
        seen[place] = source
        if place in places:
            raise UsageError(
                f"'{target}' is its own source" if place == sources.get(source) else f"'{target}' is a source"
            )
        if os.path.lexists(place) and not os.path.isfile(place):  # noqa: PTH113 - a rename over a device would destroy it
            raise UsageError(f"'{target}' is not a plain file")
