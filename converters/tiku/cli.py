"""The command line: help texts, options, exit codes, and the only place that prints.

Nothing heavy is imported at the top: `tiku --version` must cost no more than click itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from tiku import __version__
from tiku.build_command import build_command, frozen_option, tombstones_option
from tiku.errors import SetupError, TikuError, UsageError, fault
from tiku.ids_command import ids
from tiku.init_command import init
from tiku.printer import Printer

if TYPE_CHECKING:
    from tiku.problems import Problem

ANSWERS = ("inline", "chapter", "end", "hidden", "none")


def _settings(items: tuple[str, ...]) -> dict[str, dict[str, str]]:
    """``--set FORMAT.KEY=VALUE`` as format -> key -> value."""
    out: dict[str, dict[str, str]] = {}
    for item in items:
        left, found, value = item.partition("=")
        name, dot, key = left.partition(".")
        if not (found and dot and name and key):
            raise UsageError(f"--set takes FORMAT.KEY=VALUE, not '{item}'")
        out.setdefault({"anki": "apkg"}.get(name, name), {})[key] = value
    return out


def _formats(text: str) -> list[str]:
    return [name for part in text.split(",") if (name := part.strip())]


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, prog_name="tiku", message="%(prog)s %(version)s")
def main_group() -> None:
    """tiku (题库): documents of numbered questions in; PDF study guides, EPUB books, Anki decks and slides out."""


_read_options = [
    click.option("--from", "reader", default="", metavar="FORMAT", help="Format of the sources (default: by suffix)."),
    click.option(
        "--dialect", default="", metavar="NAME|FILE", help="How the questions are written (default: detected)."
    ),
    click.option("--encoding", default="", metavar="NAME", help="Encoding of the sources (default: UTF-8)."),
    click.option("--allow-net", is_flag=True, help="Fetch pictures that lie on the network."),
]
READING = ("dialect", "encoding", "allow_net")
"""The options of `_reading` that build.read takes by their own names."""


def _reading(function: Any) -> Any:
    for option in reversed(_read_options):
        function = option(function)
    return function


@main_group.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@click.option(
    "-t", "--to", "formats", default="", metavar="FORMAT[,FORMAT...]", help="What to make: see 'tiku formats'."
)
@click.option("-o", "--output", default="", metavar="PATH", help="A file, or a folder (default: this one).")
@_reading
@click.option("--title", default="", help="Title of the bank.")
@click.option("--language", default="", metavar="TAG", help="Language of the bank, as zh-CN or en.")
@click.option("--author", "authors", multiple=True, metavar="NAME", help="Author; may be given several times.")
@click.option("--answers", type=click.Choice(ANSWERS), default=None, help="Where the answers stand.")
@click.option("--theme", default="", metavar="NAME|PATH", help="The look: a theme's name or its path.")
@click.option("--css", default="", metavar="FILE", help="A style sheet added to the PDF's theme.")
@click.option("--set", "settings", multiple=True, metavar="FORMAT.KEY=VALUE", help="An exporter's own option.")
@click.option("--from-deck", default="", metavar="DECK", help="An earlier Anki deck whose history is to be kept.")
@click.option("--ledger", is_flag=True, help="Keep the names of notes in a file beside the source.")
@frozen_option
@tombstones_option
@click.option("--strict", is_flag=True, help="Any warning fails the document.")
@click.option("-q", "--quiet", is_flag=True, help="Say nothing but complaints.")
@click.option("-v", "--verbose", is_flag=True, help="Say more.")
def convert(
    sources: tuple[str, ...],
    formats: str,
    output: str,
    *,
    quiet: bool,
    verbose: bool,
    settings: tuple[str, ...],
    **options: Any,
) -> None:
    """Turn documents into study guides, books, decks and slides.

    One SOURCE and one format: PATH may be a file, and its suffix gives the format. Otherwise PATH is a folder.
    '-' reads standard input.
    """
    from tiku import orders as planning
    from tiku.exporters import prepare
    from tiku.keeping import Keeping

    printer = Printer(quiet=quiet, verbose=verbose)
    jobs = planning.plan(list(sources), _formats(formats), output)
    prepare(job.format for job in jobs)
    wanted = _settings((*settings, f"pdf.css={options['css']}") if options["css"] else settings)
    if unknown := sorted(set(wanted) - {job.format for job in jobs}):
        from tiku.exporters import EXPORTERS
        from tiku.plugins import suggest

        hint = (
            suggest(unknown[0], EXPORTERS.names())
            if unknown[0] not in EXPORTERS.names()
            else ", which is not made here"
        )
        raise UsageError(f"--set names the format '{unknown[0]}'{hint}")
    orders = planning.orders_of(
        jobs, reader=options["reader"], dialect=options["dialect"], title=options["title"],
        language=options["language"], authors=options["authors"], answers=options["answers"] or "",
        theme=options["theme"], settings=wanted, strict=options["strict"],
        **{name: options[name] for name in READING if name != "dialect"},
        keeping=Keeping(write=options["ledger"], from_deck=options["from_deck"], frozen=options["frozen"],
                        tombstones=options["tombstones"]),
    )  # fmt: skip
    _finish(_run(orders, printer))


def _run(orders: Any, printer: Printer) -> int:
    """Carry out `orders`; return the exit code."""
    from tiku.batch.run import each_result
    from tiku.progress import bar

    worst = 0
    with bar(sum(len(order.outputs) for order in orders), quiet=printer.quiet) as shown:
        for result in each_result(orders, lambda output, fraction: shown.part(output.label, fraction)):
            if result.target or result.error:
                shown.done(result.label)
            printer.result(result)
            worst = max(worst, result.exit_code)
    return worst


@main_group.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@_reading
@click.option(
    "--format", "style", type=click.Choice(["text", "json", "sarif", "github"]), default="text", help="How to print."
)
def check(sources: tuple[str, ...], reader: str, style: str, **options: Any) -> None:
    """Say all that is wrong with documents, as FILE:LINE: CODE MESSAGE. Ends with 1 if there are errors."""
    from tiku import build
    from tiku.checks import check as look
    from tiku.checks.reports import FORMATS
    from tiku.inspection import problem_of
    from tiku.problems import Severity

    found: list[Problem] = []
    for source in sources:
        try:
            found += look(build.read(source, format=reader, **options))
        except TikuError as error:
            if error.exit_code != 1:
                raise
            found.append(problem_of(source, error))
    if text := FORMATS[style](found):
        click.echo(text)
    _finish(1 if any(problem.severity is Severity.ERROR for problem in found) else 0)


@main_group.command()
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@_reading
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text", help="How to print.")
def inspect(sources: tuple[str, ...], reader: str, style: str, **options: Any) -> None:
    """Say what was recognised in documents, and why. Ends with 1 only if one cannot be read or holds no questions."""
    import json

    from tiku import inspection

    documents, worst = [], 0
    printer = Printer()
    for source in sources:
        try:
            documents.append(inspection.inspect(source, format=reader, **options))
        except TikuError as error:
            if style == "json":
                printer.error(error)
            documents.append(inspection.failed(source, error))
            worst = max(worst, error.exit_code)
    if style == "json":
        click.echo(json.dumps({"documents": [document.data() for document in documents]}, ensure_ascii=False, indent=1))
    else:
        for document in documents:
            click.echo(document.text())
    _finish(worst)


@main_group.command()
@click.argument("name", required=False, default="")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of the format 'json'.")
def formats(name: str, *, schema: bool) -> None:
    """List the formats tiku makes; with NAME, that one's options."""
    from tiku.exporters import EXPORTERS

    if schema:
        from tiku import serial

        click.echo(serial.schema(), nl=False)
        return
    if not name:
        width = max(len(each) for each in EXPORTERS.names())
        for each in EXPORTERS.names():
            try:
                summary = EXPORTERS.load(each).summary
            except TikuError as error:  # a stranger's fault hides nobody else
                summary = f"not usable: {error}"
            click.echo(f"{each:{width}}  {summary}")
        return
    exporter = EXPORTERS.load(name)
    click.echo(f"{exporter.name}: {exporter.summary}\nfile:    STEM{exporter.suffix}\nkeeps:   {exporter.keeps}")
    click.echo("answers: " + ", ".join([f"{exporter.answers[0]} (default)", *map(str, exporter.answers[1:])]))
    for option in exporter.options:
        values = f" ({'|'.join(option.choices) or option.range})" if option.choices or option.range else ""
        click.echo(f"--set {exporter.name}.{option.name}={option.default}{values}\n    {option.summary}")


@main_group.command()
def doctor() -> None:
    """Look whether this machine has all that tiku needs, and say how to mend what is missing."""
    from tiku import doctor as examination

    bad = False
    for finding in examination.examine():
        click.echo(f"{'ok     ' if finding.good else 'MISSING' if finding.needed else 'note   '} {finding.text}")
        if not finding.good and finding.remedy:
            click.echo(f"        {finding.remedy}")
        bad = bad or (finding.needed and not finding.good)
    _finish(3 if bad else 0)


main_group.add_command(build_command)
main_group.add_command(ids)
main_group.add_command(init)


def _finish(code: int) -> None:
    if code:
        raise SystemExit(code)


def run() -> NoReturn:
    """What the command ``tiku`` calls: `main`, and the process ends at once."""
    _open_streams()
    try:
        main()
    except SystemExit as done:
        _leave(done.code if isinstance(done.code, int) else 1 if done.code else 0)


def _open_streams() -> None:
    """Have standard streams that lead nowhere in the place of those that the caller has closed.

    A file that is opened later would take their number, and get what libraries write there.
    """
    for number, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: those below are open
            setattr(sys, name, open(number, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - a number, for good


def _leave(code: int) -> NoReturn:
    """End at once: giving a large bank back node by node takes a tenth of a run; the system takes it as a whole.

    Nor does the interpreter take itself apart under a thread that still loads a library, which crashes.
    """
    import atexit

    atexit._run_exitfuncs()  # noqa: SLF001 - what sys.exit would run
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):  # the reader of our output has gone
            code = code or 1
    os._exit(code)


def _terminated(_number: int, _frame: object) -> NoReturn:
    """SIGTERM is as good as Ctrl-C: what is half done is removed, and what was started is ended."""
    raise KeyboardInterrupt


def _stand_somewhere() -> None:
    """Raises SetupError when the current folder is gone: every path is relative to it."""
    try:
        os.getcwd()  # noqa: PTH109
    except FileNotFoundError as error:
        raise SetupError("the current folder is gone: go to one that is there") from error


def main() -> NoReturn:
    """Run the command line, and raise SystemExit with an exit code: never a traceback."""
    with contextlib.suppress(ValueError):  # not the main thread, which alone hears of signals
        signal.signal(signal.SIGTERM, _terminated)
    try:
        _stand_somewhere()
        main_group.main(prog_name="tiku", standalone_mode=False)
        sys.exit(0)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("tiku: interrupted", err=True)
        sys.exit(130)
    except TikuError as error:
        Printer().error(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # the reader of our output has gone: nothing to say, nobody to say it to
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if os.environ.get("TIKU_DEBUG"):
            raise
        told = fault(error)
        Printer().error(told)
        sys.exit(told.exit_code)
