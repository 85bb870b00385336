"""The library's door: read a source, write a bank."""

from __future__ import annotations

import contextlib
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiku import collector, sources, storage
from tiku.errors import DocumentError, UsageError
from tiku.exporters import EXPORTERS, Exporter, names_notes, options_for
from tiku.files import whole_file
from tiku.orders import format_of
from tiku.readers import Reading, ReadOptions, reader_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiku.model import Bank
    from tiku.problems import Problem

__all__ = ["read", "time_for", "write"]

FIRST_ZIP_TIME = 315_532_800
"""1980-01-01: the earliest time a zip file can carry."""
LAST_TIME = 253_402_300_799
"""9999-12-31 23:59:59."""


def read(source: str | Path, *, format: str = "", allow_net: bool = False, **settings: Any) -> Reading:  # noqa: A002
    """Read one document, or the documents of a folder as one bank.

    `format` names a reader (else the suffix does); with `allow_net`, pictures on the network are fetched; `settings`
    are the fields of ReadOptions: ``dialect``, ``title``, ``language``, ``authors``, ``encoding``, ``labels``. Raises
    DocumentError when the source cannot be read or holds no questions.
    """
    name = storage.local(str(source))
    if allow_net:
        from tiku.network import fetch

        settings["fetch"] = fetch
    if name != "-" and not storage.is_remote(name) and Path(name).is_dir():
        from tiku.readers import folder

        title = settings.pop("title", "")
        return folder.read(Path(name), lambda path: read(path, format=format, **settings), title)
    root = Path.cwd() if name == "-" else Path(name).parent
    options = ReadOptions(file=name, root=root, **settings)
    reader, data = reader_for(format, name), sources.read_bytes(name, settings.get("fetch"))
    with collector.stopped():
        reading = reader.read(data, options)
    if not reading.bank.questions:
        looked = "; ".join(reading.evidence) or "headings, lists and paragraphs that begin with a number"
        best = re.match(r"[\w-]+(?=(?:,[^:]*)?: [1-9])", looked)  # something was there, but it may be prose
        hint = f"; if these are questions, say so: --dialect {best[0]}" if best and not settings.get("dialect") else ""
        raise DocumentError(f"Q001 no questions found (looked for: {looked}){hint}", file=name)
    return reading


def stated_time() -> int | None:
    """SOURCE_DATE_EPOCH; None where it is not set. Raises UsageError when it is no time that an output may carry."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if not epoch:
        return None
    try:
        when = int(epoch)
    except ValueError as error:
        raise UsageError(f"SOURCE_DATE_EPOCH is no whole number: '{epoch[:40]}'") from error
    if not 0 <= when <= LAST_TIME:
        raise UsageError(f"SOURCE_DATE_EPOCH is no time between 1970 and 9999: '{epoch[:40]}'")
    return when


def time_for(bank: Bank, source: str) -> int:
    """The time an output may carry: SOURCE_DATE_EPOCH, else the document's own date, else the source's.

    Raises UsageError when SOURCE_DATE_EPOCH is no such time.
    """
    import datetime as dt

    if (stated := stated_time()) is not None:
        return stated
    if bank.date:
        with contextlib.suppress(ValueError):
            day = dt.date.fromisoformat(bank.date)
            return int(dt.datetime(day.year, day.month, day.day, tzinfo=dt.UTC).timestamp())
    with contextlib.suppress(OSError):
        if source != "-":
            if storage.is_remote(source):
                return min(LAST_TIME, storage.modified(source) or FIRST_ZIP_TIME)
            return min(LAST_TIME, int(Path(source).stat().st_mtime))
    return FIRST_ZIP_TIME


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
    if names_notes(exporter):
        from tiku.keeping import Keeping, recall

        decks = [(exporter, path)] if hasattr(exporter, "remember") else []
        kept = recall(bank, "-", decks, Keeping(), when)
        options, found = replace(options, identity=kept.identity), kept.problems
    with whole_file(path) as temporary:
        return found + exporter.export(bank, temporary, options)
