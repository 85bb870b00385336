"""Whether orders can be carried out as they are given: asked before anything is read."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from tiku import storage
from tiku.batch.jobs import ledger_of
from tiku.build import stated_time
from tiku.errors import UsageError
from tiku.exporters import EXPORTERS, names_notes, options_for

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tiku.orders import Order


def validate(orders: Iterable[Order]) -> None:
    """Look at all options before anything is read. Raises UsageError or SetupError for the first that is wrong."""
    stated_time()
    seen: set[tuple[Any, ...]] = set()
    notes: dict[tuple[str, str], tuple[Any, ...]] = {}
    for order in orders:
        _in_one_deck(order, notes)
        for output in order.outputs:
            what = (output.format, output.answers, output.theme, tuple(sorted(output.settings.items())))
            if what in seen:
                continue
            seen.add(what)
            exporter = EXPORTERS.load(output.format)
            options_for(exporter, answers=output.answers, time=0, theme=output.theme, settings=output.settings)
        noting = any(names_notes(EXPORTERS.load(output.format)) for output in order.outputs)
        keeping = order.keeping
        if noting and keeping and keeping.write and not keeping.ledger and storage.is_remote(order.source):
            raise UsageError(
                f"'{order.source}': notes need a ledger, and none is kept beside a URL; set 'ledger = false'"
            )
        if order.keeping and order.keeping.from_deck and not noting:
            raise UsageError("--from-deck is for formats that make notes: apkg, anki-csv")


def _in_one_deck(order: Order, notes: dict[tuple[str, str], tuple[Any, ...]]) -> None:
    """Refuse a source whose notes another order makes otherwise: a question is one note, in one deck.

    The ledger would keep what was made last, so that each build made the other one again. `notes` is what the orders
    before this one make, by ledger and format.
    """
    ledger = ledger_of(order) if order.keeping and order.keeping.write else None
    if ledger is None:
        return
    for output in order.outputs:
        if names_notes(EXPORTERS.load(output.format)):
            title = "" if output.settings.get("deck") else order.options.get("title", "")
            made = (title, *sorted((name, str(value)) for name, value in output.settings.items()))
            # By its real path: one file may be spelled in several ways.
            if notes.setdefault((os.path.realpath(ledger), output.format), made) != made:
                raise UsageError(
                    f"'{order.source}' is in two banks that make different notes of it ({output.format}): a question is"
                    " one note in one deck; leave the format out of one bank, or set the same 'deck' and options"
                )
