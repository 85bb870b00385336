"""The whole road: read sources, export banks, put whole files in place."""

from __future__ import annotations

import contextlib
import os
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiku import sources
from tiku.errors import DocumentError, SetupError, TikuError, UsageError, fault
from tiku.exporters import EXPORTERS, SUFFIXES, Exporter, options_for
from tiku.problems import Severity
from tiku.readers import Reading, ReadOptions, reader_for

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tiku.keeping import Keeping, Kept
    from tiku.model import Bank
    from tiku.problems import Problem

FIRST_ZIP_TIME = 315_532_800
"""1980-01-01: the earliest time a zip file can carry."""
LAST_TIME = 253_402_300_799
"""9999-12-31 23:59:59."""


@dataclass(frozen=True, slots=True)
class Job:
    """One output of one source."""

    source: str
    format: str
    target: Path


def read(source: str | Path, *, format: str = "", allow_net: bool = False, **settings: Any) -> Reading:  # noqa: A002
    """Read one document, or the documents of a folder as one bank.

    `format` names a reader (else the suffix does); with `allow_net`, pictures on the network are fetched; `settings`
    are the fields of ReadOptions: ``dialect``, ``title``, ``language``, ``authors``, ``encoding``, ``labels``. Raises
    DocumentError when the source cannot be read or holds no questions.
    """
    name = str(source)
    if allow_net:
        from tiku.network import fetch

        settings["fetch"] = fetch
    if name != "-" and Path(name).is_dir():
        from tiku.readers import folder

        title = settings.pop("title", "")
        return folder.read(Path(name), lambda path: read(path, format=format, **settings), title)
    root = Path.cwd() if name == "-" else Path(name).parent
    options = ReadOptions(file=name, root=root, **settings)
    reader, data = reader_for(format, name), sources.read_bytes(name)
    with _no_collection():
        reading = reader.read(data, options)
    if not reading.bank.questions:
        looked = "; ".join(reading.evidence) or "headings, lists and paragraphs that begin with a number"
        raise DocumentError(f"Q001 no questions found (looked for: {looked})", file=name)
    return reading


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Without the cyclic garbage collector: an AST has no cycles, and looking for them takes a third of the reading."""
    import gc

    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def time_for(bank: Bank, source: str) -> int:
    """The time an output may carry: SOURCE_DATE_EPOCH, else the document's own date, else the source's.

    Raises UsageError when SOURCE_DATE_EPOCH is no such time.
    """
    import datetime as dt

    if epoch := os.environ.get("SOURCE_DATE_EPOCH", ""):
        try:
            when = int(epoch)
        except ValueError as error:
            raise UsageError(f"SOURCE_DATE_EPOCH is no whole number: '{epoch[:40]}'") from error
        if not 0 <= when <= LAST_TIME:
            raise UsageError(f"SOURCE_DATE_EPOCH is no time between 1970 and 9999: '{epoch[:40]}'")
        return when
    if bank.date:
        with contextlib.suppress(ValueError):
            day = dt.date.fromisoformat(bank.date)
            return int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp())
    with contextlib.suppress(OSError):
        if source != "-":
            return min(LAST_TIME, int(Path(source).stat().st_mtime))
    return FIRST_ZIP_TIME


@contextlib.contextmanager
def whole_file(target: Path) -> Iterator[Path]:
    """A temporary file in the folder of `target` that takes its place when the block ends well.

    Raises SetupError when the folder cannot be made or written, or the disk is full.
    """
    temporary: Path | None = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:60]}.", suffix=".part", dir=target.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        # mkstemp makes files for the owner alone; an output is for everyone the umask lets read it.
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        temporary.replace(target)
    except OSError as error:
        raise SetupError(f"cannot write '{target}': {error.strerror or error}") from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def write(
    bank: Bank,
    target: str | Path,
    *,
    format: str = "",  # noqa: A002 - the option's name
    answers: str = "",
    theme: str = "",
    time: int | None = None,
    settings: Mapping[str, Any] | None = None,
) -> list[Problem]:
    """Write `bank` to the file `target`, whole or not at all; return what could not be shown.

    `format` names an exporter (else the suffix of `target` does). `time` is what the output may carry, else
    SOURCE_DATE_EPOCH or the bank's date. Raises UsageError, ExportError or SetupError.
    """
    path = Path(target)
    exporter: Exporter = EXPORTERS.load(format or format_of(path))
    when = time_for(bank, "-") if time is None else time
    options = options_for(exporter, answers=answers, time=when, theme=theme, settings=settings)
    found: list[Problem] = []
    if _names_notes(exporter):
        from tiku.keeping import Keeping, recall

        kept = recall(bank, "-", _decks([(exporter, path)]), Keeping(), when)
        options, found = replace(options, identity=kept.identity), kept.problems
    with whole_file(path) as temporary:
        return found + exporter.export(bank, temporary, options)


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


# -- orders: what `tiku convert` and `tiku build` carry out ----------------------------------------------------------


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


def carry_out(orders: Iterable[Order]) -> Iterator[Result]:
    """Read and write, one result for each source and each output; a failure stops only what depends on it.

    UsageError and SetupError come up at once for a wrong option or a missing library, before anything is read.
    """
    from tiku.checks import check

    orders = list(orders)
    for order in orders:
        for output in order.outputs:
            options_for(
                EXPORTERS.load(output.format),
                answers=output.answers,
                time=0,
                theme=output.theme,
                settings=output.settings,
            )
    for name in dict.fromkeys(output.format for order in orders for output in order.outputs):
        # an exporter may have something that takes long and depends on no bank: it goes on while the source is read
        getattr(EXPORTERS.load(name), "prepare", lambda: None)()
    for order in orders:
        try:
            reading = read(order.source, format=order.reader, **order.options)
            problems = check(reading)
            yield Result(order.source, order.source, problems=tuple(problems))
            _refuse(problems, order)
            when = time_for(reading.bank, order.source)
            kept = _recall(reading.bank, order, when)
        except TikuError as error:
            yield Result(order.source, order.source, error=error)
            continue
        except Exception as error:
            if os.environ.get("TIKU_DEBUG"):
                raise
            yield Result(order.source, order.source, error=fault(error, order.source))
            continue
        if kept and kept.problems:
            yield Result(order.source, order.source, problems=tuple(kept.problems))
        failed = False
        for output in order.outputs:
            result = _produce(reading.bank, order, output, when, kept)
            failed = failed or result.error is not None
            yield result
        if kept and order.keeping and order.keeping.write and not order.keeping.frozen and not failed:
            from tiku.keeping import save

            if problems := save(kept):
                yield Result(order.source, order.source, problems=tuple(problems))


def _refuse(problems: Iterable[Problem], order: Order) -> None:
    """Under --strict, a warning is a failure."""
    bad = [problem for problem in problems if problem.severity is not Severity.NOTICE]
    if order.strict and bad:
        raise DocumentError(f"{len(bad)} warning(s), and --strict was given", file=order.source)


def _names_notes(exporter: Exporter) -> bool:
    return bool(getattr(exporter, "uses_identity", False))


def _decks(outputs: Iterable[tuple[Exporter, Path]]) -> list[tuple[Exporter, Path]]:
    """The outputs whose earlier state can be read for the names in it."""
    return [(exporter, target) for exporter, target in outputs if hasattr(exporter, "remember")]


def _recall(bank: Bank, order: Order, when: int) -> Kept | None:
    """Under which names the questions are known, if any output needs to know that."""
    outputs = [(EXPORTERS.load(output.format), output.target) for output in order.outputs]
    if not any(_names_notes(exporter) for exporter, _ in outputs):
        if order.keeping and order.keeping.from_deck:
            raise UsageError("--from-deck is for formats that make notes: apkg, anki-csv")
        return None
    from tiku.keeping import Keeping, recall

    # A note's time must rise when the source changes, which a date written in the document does not.
    changed = when if order.source == "-" else time_for(replace(bank, date=""), order.source)
    return recall(bank, order.source, _decks(outputs), order.keeping or Keeping(), changed)


def _produce(bank: Bank, order: Order, output: Output, when: int, kept: Kept | None) -> Result:
    problems: list[Problem] = []
    remarks: list[str] = []
    try:
        exporter: Any = EXPORTERS.load(output.format)
        options = options_for(exporter, answers=output.answers, time=when, theme=output.theme, settings=output.settings)
        named = kept if _names_notes(exporter) else None
        if named:
            options = replace(options, identity=named.identity)
            if (
                order.keeping
                and order.keeping.tombstones
                and hasattr(exporter, "bury")
                and exporter.buried(named.identity)
            ):
                cleanup = output.target.with_name(f"{output.target.stem}-cleanup{output.target.suffix}")
                with whole_file(cleanup) as temporary:
                    count = exporter.bury(bank, temporary, options)
                remarks.append(f"{cleanup}: import it, then Tools > Empty Cards deletes {count} removed notes")
        with whole_file(output.target) as temporary:
            problems = exporter.export(bank, temporary, options)
            _refuse(problems, order)
            if named and order.keeping and order.keeping.frozen:
                from tiku.keeping import refuse_change

                refuse_change(named)
        if named and hasattr(exporter, "remember"):
            from tiku.keeping import remarks as say

            remarks = [*say(named.identity), *remarks]
    except TikuError as error:
        return Result(order.source, str(output.target), problems=tuple(problems), error=error)
    except Exception as error:  # one format's fault is no reason to lose the others
        if os.environ.get("TIKU_DEBUG"):
            raise
        return Result(
            order.source, str(output.target), problems=tuple(problems), error=fault(error, str(output.target))
        )
    return Result(order.source, str(output.target), output.target, tuple(problems), remarks=tuple(remarks))
