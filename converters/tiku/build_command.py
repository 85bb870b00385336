"""``tiku build``: its options, and what it says."""

from __future__ import annotations

import os
import re
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tiku.errors import TikuError, UsageError
from tiku.printer import Printer

if TYPE_CHECKING:
    from tiku.batch.engine import Crew
    from tiku.batch.run import Build, Wish
    from tiku.batch.watch import Scope
    from tiku.config import Plan
    from tiku.orders import Result

STYLES = ("json", "junit", "sarif", "github")

frozen_option = click.option("--frozen", is_flag=True, help="Fail when the ledger of notes would change (for CI).")
tombstones_option = click.option(
    "--tombstones", is_flag=True, help="Also write a deck that lets Anki delete the notes of removed questions."
)


@click.command(name="build")
@click.option(
    "-c", "--config", default="", metavar="FILE", help="The configuration (default: tiku.toml if there is one)."
)
@click.option("--profile", default="", metavar="NAME", help="One of the configuration's profiles.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(min=0),
    default=None,
    metavar="N",
    help="Processes at a time; 0 is one for each processor.",
)
@click.option("--executor", default="", metavar="URL", help="Who works instead of this machine: dask://HOST:PORT.")
@click.option("--keep-going/--fail-fast", default=None, help="Whether other documents are built after a failure.")
@click.option("--explain", is_flag=True, help="Say why each output is made again.")
@click.option("--check", is_flag=True, help="Build nothing; end with 1 if an output is not up to date.")
@click.option("--clean", is_flag=True, help="Remove what is made no more from the output folders.")
@click.option("--cache", default=None, metavar="DIR", help="The folder where finished work is kept.")
@click.option("--no-cache", is_flag=True, help="Keep nothing, use nothing kept: make everything anew.")
@click.option(
    "--wait", default=600, type=click.IntRange(0), metavar="SECONDS",
    help="How long to wait for another build in the same folder.",
)  # fmt: skip
@click.option(
    "--report",
    "reports",
    multiple=True,
    metavar="STYLE[=FILE]",
    help=f"A report, to FILE or standard output: {', '.join(STYLES)}.",
)
@click.option("--profile-build", is_flag=True, help="Say how long each step took, and which documents took longest.")
@click.option("--watch", is_flag=True, help="Build again whenever something changes, until interrupted.")
@frozen_option
@tombstones_option
@click.option("--strict", is_flag=True, help="Any warning fails the document.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but complaints.")
@click.option("-v", "--verbose", is_flag=True, help="Say more.")
def build_command(*, quiet: bool, verbose: bool, watch: bool, **options: Any) -> None:
    """Make every output of every bank in tiku.toml; without one, of source/ into outputs/.

    What is up to date stays. Ends with 1 if a document failed, 2 if the call or the configuration is wrong, 3 if this
    machine lacks something, 130 if interrupted.
    """
    printer = Printer(quiet=quiet, verbose=verbose)
    reports = [_report(each) for each in options["reports"]]
    if sum(not file for _, file in reports) > 1:
        raise UsageError("--report: only one report goes to standard output; give the others a file")
    if watch:
        _watch(options, printer, reports)
    code = _build(_plan(options), options, printer, reports)
    if code:
        raise SystemExit(code)


def _plan(options: dict[str, Any]) -> Plan:
    from tiku import config

    names = ("profile", "strict", "frozen", "tombstones")
    return config.load(options["config"], **{name: options[name] for name in names})


def _watch(options: dict[str, Any], printer: Printer, reports: list[tuple[str, str]]) -> NoReturn:
    """Build, and build again whenever something has changed; ends by KeyboardInterrupt alone."""
    from tiku.batch.watch import Watcher
    from tiku.config import DEFAULT

    if not options["config"] and Path(DEFAULT).is_file():  # should it go, as in a checkout, nothing takes its place
        options = options | {"config": DEFAULT}
    watcher = Watcher()
    plan = _plan(options)  # a mistake in the call is no reason to wait, nor is a missing library
    watcher.follow(_scope(plan, options, reports))
    printer.say("watching; Ctrl-C ends")
    while True:
        try:
            plan = _plan(options)
            while watcher.follow(_scope(plan, options, reports)):
                plan = _plan(options)  # what changed before it was watched is in it
            _build(plan, options, printer, reports)
        except TikuError as error:  # a half-saved configuration is no reason to stop watching
            printer.error(error)
        changed = [os.path.relpath(name) for name in watcher.wait()]
        printer.say(f"changed: {', '.join(changed[:3])}" + (" …" if len(changed) > 3 else ""))


def _scope(plan: Plan, options: dict[str, Any], reports: list[tuple[str, str]]) -> Scope:
    """What a build reads and writes."""
    from tiku import storage
    from tiku.batch.watch import Scope
    from tiku.config import DEFAULT
    from tiku.exporters import EXPORTERS

    configuration = options["config"] or DEFAULT
    named: set[str] = set()
    sources: set[str] = set()
    writes = {file for _, file in reports if file}
    writes.update(place for place in (plan.cache, options["cache"]) if place)
    for order in plan.orders:
        sources.add(storage.local(order.source))
        named.add(str(order.options.get("dialect", "")))
        for output in order.outputs:
            writes.add(str(output.target))
            paths = {option.name for option in EXPORTERS.load(output.format).options if option.file}
            named.update((output.theme, *(str(value) for name, value in output.settings.items() if name in paths)))
    # A theme or dialect that is only a name is none of the user's files.
    there = [Path(name) for name in named if name and Path(name).exists()]
    return Scope(
        frozenset([Path(configuration), *(path for path in there if path.is_file())]),
        frozenset(path for path in there if path.is_dir()),
        frozenset(Path(name) for name in sources if name and not storage.is_remote(name)),
        frozenset(map(Path, writes)),
    )


def _report(text: str) -> tuple[str, str]:
    style, _, file = text.partition("=")
    if style not in STYLES:
        from tiku.plugins import suggest

        raise UsageError(f"--report: no style '{style}'{suggest(style, list(STYLES))}")
    return style, "" if file == "-" else file


def _refuse_reports(plan: Plan, options: dict[str, Any], reports: list[tuple[str, str]]) -> None:
    """Raises UsageError when a report would take the place of what a build reads or makes."""
    from tiku import storage
    from tiku.config import DEFAULT

    taken = {os.path.realpath(options["config"] or DEFAULT): "the configuration"}
    for order in plan.orders:
        taken[os.path.realpath(storage.local(order.source))] = "a source"
        taken |= {os.path.realpath(output.target): "an output" for output in order.outputs}
    for _, file in reports:
        if file and (what := taken.get(os.path.realpath(file))):
            raise UsageError(f"--report: '{file}' is {what}")


def _crew(options: dict[str, Any], plan: Plan) -> Crew:
    from tiku.batch import engine

    address = options["executor"]
    if address:
        scheme, found, place = address.partition("://")
        if scheme != "dask" or not found or not re.fullmatch(r".+:\d{1,5}", place):
            raise UsageError(f"--executor takes dask://HOST:PORT, not '{address}'")
        return engine.Cluster(f"tcp://{place}")
    jobs = plan.jobs if options["jobs"] is None else options["jobs"]
    width = min(jobs or engine.processors(), len(plan.orders))
    return engine.Processes(width) if width > 1 else engine.Alone()


def _wish(options: dict[str, Any], plan: Plan) -> Wish:
    from tiku.batch.run import Wish
    from tiku.batch.store import default_folder
    from tiku.config import DEFAULT

    cache = plan.cache if options["cache"] is None else options["cache"]
    folder = None if cache is None or options["no_cache"] else Path(cache).absolute() if cache else default_folder()
    keep_going = plan.keep_going if options["keep_going"] is None else options["keep_going"]
    return Wish(
        options["config"] or DEFAULT, options["profile"], folder, plan.cache_size, _crew(options, plan), not keep_going,
        options["wait"], plan.folders,
    )  # fmt: skip


def _build(plan: Plan, options: dict[str, Any], printer: Printer, reports: list[tuple[str, str]]) -> int:
    """One build; return the exit code."""
    from tiku.batch.run import Build

    start = time.perf_counter()
    _refuse_reports(plan, options, reports)
    build = Build(plan.orders, _wish(options, plan))
    if options["check"] or options["explain"]:
        stale = build.stale()
        for each in stale:
            click.echo(f"{each.label}: {'; '.join(each.why)}" if options["explain"] else each.label, err=True)
        if options["check"]:
            printer.say(
                f"{len(stale)} of {sum(len(order.outputs) for order in plan.orders)} outputs are not up to date"
            )
            return 1 if stale else 0
    if options["clean"]:
        gone, left = build.clean()
        for label in gone:
            printer.say(f"removed {label}")
        for label in left:
            printer.say(f"not removed, since it was changed: {label}")
    results = _run(build, printer)
    for style, file in reports:
        _write_report(style, file, results, build, time.perf_counter() - start)
    for complaint in build.complaints:
        printer.say(f"tiku: {complaint}")
    if stale_files := [] if options["clean"] else build.superfluous():
        printer.say(f"{len(stale_files)} outputs of earlier builds are made no more; --clean removes them")
    if options["profile_build"]:
        _say_profile(build)
    _say_summary(results, printer, time.perf_counter() - start)
    return max((result.exit_code for result in results), default=0)


def _run(build: Build, printer: Printer) -> list[Result]:
    from tiku.progress import bar

    results: list[Result] = []
    with (
        bar(sum(len(order.outputs) for order in build.orders), quiet=printer.quiet) as shown,
        # closed at once if we are interrupted here, so that its workers end and its folders are free
        closing(build.run(lambda output, fraction: shown.part(output.label, fraction))) as run,
    ):
        for result in run:
            results.append(result)
            if result.target or result.error:
                shown.done(result.label)
            printer.result(result)
    return results


def _write_report(style: str, file: str, results: list[Result], build: Build, seconds: float) -> None:
    from tiku.batch.reports import STYLES as WRITERS
    from tiku.files import whole_file

    text = WRITERS[style](results, build.seconds, seconds)
    if not file:
        _to_standard_output(text)
        return
    with whole_file(Path(file)) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8", newline="\n")


def _to_standard_output(text: str) -> None:
    """In UTF-8 whatever the terminal's encoding is: programs read it, and XML says so."""
    from tiku.errors import SetupError

    try:
        click.echo(text.encode())
    except BrokenPipeError:
        raise
    except OSError as error:
        raise SetupError(f"cannot write the report to standard output: {error.strerror or error}") from error


def _say_profile(build: Build) -> None:
    total = sum(build.seconds.values()) or 1.0
    for step, seconds in sorted(build.seconds.items(), key=lambda item: -item[1]):
        click.echo(f"{step:12} {seconds:8.2f} s {100 * seconds / total:5.1f} %", err=True)
    for seconds, source in reversed(build.slowest):
        click.echo(f"  {seconds:8.2f} s  {source}", err=True)


def _say_summary(results: list[Result], printer: Printer, seconds: float) -> None:
    outputs = [result for result in results if result.target]
    states = {state: sum(result.state == state for result in outputs) for state in ("made", "restored", "fresh")}
    failed = sum(result.error is not None for result in results)
    warnings = sum(problem.severity != "notice" for result in results for problem in result.problems)
    sources = len({result.source for result in results})
    said = [f"{states['made']} made"]
    said += [f"{states['restored']} restored"] if states["restored"] else []
    said += [f"{states['fresh']} up to date", f"{failed} failed", f"{warnings} warnings"]
    printer.say(f"{sources} documents, {len(outputs)} outputs: {', '.join(said)} ({seconds:.1f} s)")
