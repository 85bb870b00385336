"""``tiku ids``: look at the names of questions before a build, and write them into a source."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from tiku.identity import Identity
    from tiku.keeping import Kept
    from tiku.readers import Reading

DECK = "apkg"
"""The format whose notes are kept by name."""


@click.group(name="ids")
def ids() -> None:
    """The names under which questions are known from build to build: look at them, write them into a source."""


_from_deck = click.option("--from-deck", default="", metavar="DECK", help="An earlier deck whose names are taken over.")
_ledger = click.option("--ledger", default="", metavar="FILE", help="The ledger (default: the one beside the source).")


@ids.command()
@click.argument("source", metavar="SOURCE")
@click.option("-o", "--output", default="", metavar="DECK", help="The deck that would be replaced.")
@_from_deck
@_ledger
@click.option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="An option of the deck, as for convert.")
def plan(source: str, output: str, from_deck: str, ledger: str, settings: tuple[str, ...]) -> None:
    """Say which questions of SOURCE are kept, changed, new, removed or in doubt. Nothing is written."""
    from tiku import keeping

    _, kept = _recalled(source, output, from_deck, ledger, dict(item.partition("=")[::2] for item in settings))
    identity = kept.identity
    for problem in kept.problems:
        click.echo(str(problem), err=True)
    doubtful = {doubt.question.id for doubt in identity.doubts}
    for identifier, known in identity.names.items():
        match = identity.matches.get(identifier)
        if match is None:
            state, how = ("ambiguous", "counts as new") if identifier in doubtful else ("new", "")
        else:
            same = identity.settled[identifier].content == known.content
            state, how = "kept" if same else "changed", match.stage
            how += f" {match.likeness:.2f}" if match.stage == "alike" else ""
        click.echo(f"{state:10} {known.label}" + (f"  ({how})" if how and how != "exact" else ""))
    for known in identity.removed:
        click.echo(f"{'removed':10} {known.label}")
    counts = identity.counts()
    click.echo(", ".join(f"{counts[name]} {name}" for name in counts))
    if search := keeping.search_for(identity.removed):
        click.echo(f"in Anki's browser: {search}")


@ids.command()
@click.argument("source", metavar="SOURCE")
@click.option("-o", "--output", default="", metavar="DECK", help="The deck made of it, whose names are written.")
@_from_deck
@_ledger
@click.option("-y", "--yes", is_flag=True, help="Write without asking.")
def add(source: str, output: str, from_deck: str, ledger: str, *, yes: bool) -> None:
    """Write an id into SOURCE for every question that has none, after showing what changes.

    The ids are the names the questions have already, so no history is lost, even if the ledger ever is.
    """
    import difflib

    from tiku.errors import DocumentError
    from tiku.files import whole_file
    from tiku.sources import read_bytes

    reading, kept = _recalled(source, output, from_deck, ledger, {})
    try:
        before = read_bytes(source).decode("utf-8")
    except UnicodeDecodeError as error:
        raise DocumentError("ids can be written into UTF-8 documents only", file=source) from error
    after, left = stamped(source, before, reading, kept.identity)
    lines = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), source, source + " (with ids)", n=0
    )
    click.echo("".join(lines), nl=False)
    for line in left:
        click.echo(f"{source}:{line}: no place for an id was found here", err=True)
    if after == before:
        click.echo("every question has an id already" if not left else "nothing to write", err=True)
        return
    if not yes and not (sys.stdin.isatty() and click.confirm("Write this?", err=True)):
        click.echo("nothing written (--yes writes it)", err=True)
        return
    with whole_file(Path(source)) as temporary:
        temporary.write_bytes(after.encode("utf-8"))


def stamped(source: str, text: str, reading: Reading, identity: Identity) -> tuple[str, list[int]]:
    """`text` with an id at the head of each question that has none, and the lines where that could not be done.

    What was written is read back: a question that did not get its id keeps its line as it was.
    """
    from tiku.identity import explicit_id, stamp_for

    wanted = {
        question.location.line: stamp_for(identity.of(question).guid)
        for question in reading.bank.questions
        if not explicit_id(question) and question.location.line
    }
    refused: set[int] = set()
    for _ in range(3):
        lines = text.splitlines(keepends=True)
        for number, stamp in wanted.items():
            if number not in refused and number <= len(lines):
                line = lines[number - 1]
                body = line.rstrip("\r\n").rstrip()
                lines[number - 1] = f"{body} {{#{stamp}}}{line[len(line.rstrip(chr(13) + chr(10))) :]}"
        out = "".join(lines)
        bad = _unread(source, out, reading, {line: stamp for line, stamp in wanted.items() if line not in refused})
        if not bad:
            return out, sorted(refused)
        refused |= bad
    return text, sorted(wanted)


def _unread(source: str, text: str, before: Reading, wanted: dict[int, str]) -> set[int]:
    """The lines whose stamp did not become the question's id, or all of them if anything else changed."""
    from tiku.errors import TikuError
    from tiku.identity import texts
    from tiku.readers import ReadOptions, reader_for

    try:
        again = (
            reader_for("", source).read(text.encode("utf-8"), ReadOptions(file=source, root=Path(source).parent)).bank
        )
    except TikuError:
        return set(wanted)
    old, new = before.bank.questions, again.questions
    if len(old) != len(new):
        return set(wanted)
    return {
        was.location.line
        for was, now in zip(old, new, strict=True)
        if was.location.line in wanted and (now.id != wanted[was.location.line] or texts(was) != texts(now))
    }


def _recalled(source: str, output: str, from_deck: str, ledger: str, settings: dict[str, Any]) -> tuple[Reading, Kept]:
    """The document, and its names after a build of which nothing remains."""
    from dataclasses import replace
    from tempfile import TemporaryDirectory

    from tiku import build, keeping
    from tiku.exporters import EXPORTERS, options_for

    reading = build.read(source)
    exporter = EXPORTERS.load(DECK)
    place = Path(output) if output else Path(f"{Path(source).stem}{exporter.suffix}")
    time = build.time_for(replace(reading.bank, date=""), source)
    wishes = keeping.Keeping(ledger=ledger, from_deck=from_deck)
    kept = keeping.recall(reading.bank, source, [(exporter, place)], wishes, time)
    options = replace(options_for(exporter, time=time, settings=settings), identity=kept.identity)
    with TemporaryDirectory(prefix="tiku-") as folder:
        exporter.export(reading.bank, Path(folder) / "deck", options)
    return reading, kept
