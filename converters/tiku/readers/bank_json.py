"""Our own model as JSON: a source like any other."""

from __future__ import annotations

from dataclasses import replace

from tiku import serial
from tiku.errors import DocumentError
from tiku.readers import Reading, ReadOptions
from tiku.readers.decode import decode


class JsonReader:
    """Reads what the ``json`` exporter writes."""

    name = "json"
    suffixes = (".json",)

    def read(self, data: bytes, options: ReadOptions) -> Reading:
        """The bank in `data`; raises DocumentError when it is no model of ours."""
        text, _ = decode(data, options.file, options.encoding)
        try:
            bank = serial.loads(text)
        except DocumentError as error:
            raise DocumentError(error.message, file=options.file) from error
        bank = replace(
            bank,
            title=options.title or bank.title,
            language=options.language or bank.language,
            authors=options.authors or bank.authors,
        )
        return Reading(bank, dialect="tiku-json", evidence=("tiku-json: the document is a tiku model",))


reader = JsonReader()
