"""Notes as CSV for Anki's own text importer: https://docs.ankiweb.net/importing/text-files.html.

The names (GUIDs) are those of the deck, so a note imported from one is updated by the other.
"""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from tiku.exporters import Answers, ExportOptions, Option
from tiku.identity import identify
from tiku.problems import Problem
from tiku.render.options import NOTE_OPTIONS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tiku.model import Bank
    from tiku.render.anki.notes import NoteMaker

FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What makes a cell a formula for spreadsheets: https://owasp.org/www-community/attacks/CSV_Injection."""


class AnkiCsvExporter:
    """Writes text that Anki imports and a spreadsheet opens."""

    name = "anki-csv"
    suffix = ".anki.csv"
    summary = "notes as CSV, for Anki's text import and for spreadsheets"
    keeps = "all of the notes; pictures by name only, they come with the deck"
    answers = (Answers.HIDDEN,)
    uses_identity = True
    options: tuple[Option, ...] = (
        Option(
            "columns",
            "fields: those of the deck's note types, which must be there; sides: front and back, for any note type",
            "fields",
            ("fields", "sides"),
        ),
        Option("separator", "what parts the columns", "comma", ("comma", "tab", "semicolon")),
        *NOTE_OPTIONS,
    )

    def export(self, bank: Bank, path: Path, options: ExportOptions) -> list[Problem]:
        """Write `bank` as CSV, UTF-8, with Anki's header lines."""
        from tiku.render.anki.notes import NoteMaker, NoteOptions
        from tiku.render.anki.notetypes import field_names

        settings = dict(options.settings)
        sides = settings.pop("columns", "fields") == "sides"
        separator = str(settings.pop("separator", "comma"))
        maker = NoteMaker(bank, options.identity or identify(bank, None, options.time), NoteOptions(**settings))
        names = ("Front", "Back") if sides else field_names()
        first = ["guid", *([] if sides else ["notetype"]), "deck"]
        head = [
            f"#separator:{separator}",
            "#html:true",
            "#columns:" + _delimiter(separator).join([*first, *names, "tags"]),
            *(f"#{name} column:{index}" for index, name in enumerate(first, 1)),
            f"#tags column:{len(first) + len(names) + 1}",
        ]
        with path.open("w", encoding="utf-8", newline="") as file:
            file.write("".join(line + "\n" for line in head))
            writer = csv.writer(file, delimiter=_delimiter(separator), lineterminator="\n", quoting=csv.QUOTE_MINIMAL)
            writer.writerows(self._rows(maker, sides=sides))
        return maker.problems

    @staticmethod
    def _rows(maker: NoteMaker, *, sides: bool) -> Iterator[list[str]]:
        from tiku.render.anki.notes import two_sides
        from tiku.render.anki.notetypes import field_names, note_types

        types = {each.id: each.name for each in note_types().values()}
        for note in maker.notes():
            if note.kind not in types or note.guid.startswith(FORMULA):
                place = note.question.location
                text = "left out: its note is of another program's kind; it is in the deck"
                maker.problems.append(Problem("Q302", text, place.file, place.line))
                continue
            kind = [] if sides else [types[note.kind]]
            fields = two_sides(dict(zip(field_names(), note.fields, strict=True))) if sides else note.fields
            yield [note.guid, *kind, note.deck, *map(_cell, fields), " ".join(note.tags)]


def _delimiter(separator: str) -> str:
    return {"comma": ",", "tab": "\t", "semicolon": ";"}[separator]


def _cell(html: str) -> str:
    """A field as one line, such that no spreadsheet takes it for a formula: as HTML it says the same."""
    line = html.replace("\r", "")
    return f"&#{ord(line[0])};{line[1:]}" if line.startswith(FORMULA) else line


exporter = AnkiCsvExporter()
