"""``tiku init``: a configuration to begin with, and its JSON Schema."""

from __future__ import annotations

from pathlib import Path

import click

from tiku.errors import SetupError, UsageError


@click.command(name="init")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of tiku.toml instead, for editors and checks.")
def init(*, schema: bool) -> None:
    """Write a commented tiku.toml for the documents in this folder. Nothing is overwritten."""
    from tiku.config import DEFAULT, draft
    from tiku.config import schema as schemas

    if schema:
        click.echo(schemas.text(), nl=False)
        return
    try:
        found = draft.sources(Path())
    except OSError as error:
        raise SetupError(f"cannot look for documents: {error}") from error
    _write(DEFAULT, draft.text(found or [[f"{draft.PLACE}/*.md"]]))
    click.echo(f"wrote {DEFAULT}", err=True)
    if not Path(draft.SCHEMA).exists():
        _write(draft.SCHEMA, schemas.text())
        click.echo(f"wrote {draft.SCHEMA}, by which editors complete and check it", err=True)
    for patterns in found:
        click.echo(f"  bank: {', '.join(patterns)}", err=True)
    if not found:
        click.echo(f"  no documents found: put them into {draft.PLACE}/, or change 'source'", err=True)


def _write(name: str, text: str) -> None:
    try:
        with Path(name).open("x", encoding="utf-8", newline="\n") as file:
            file.write(text)
    except FileExistsError as error:
        raise UsageError(f"'{name}' is there already; it is left as it is") from error
    except OSError as error:
        raise SetupError(f"cannot write '{name}': {error.strerror or error}") from error
