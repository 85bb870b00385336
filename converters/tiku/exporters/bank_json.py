"""The model itself as JSON: a source like any other, equal when read back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiku import serial
from tiku.exporters import Answers, ExportOptions, Option

if TYPE_CHECKING:
    from pathlib import Path

    from tiku.model import Bank
    from tiku.problems import Problem


class JsonExporter:
    """Writes the model."""

    name = "json"
    suffix = ".json"
    summary = "the model, for other programs and for tiku itself"
    keeps = "everything, pictures included; reads back equal"
    answers = (Answers.INLINE,)
    options: tuple[Option, ...] = ()
    is_model = True
    """What it writes is what a build keeps of a bank, so that it need not be written twice."""

    def export(self, bank: Bank, path: Path, options: ExportOptions) -> list[Problem]:  # noqa: ARG002 - the protocol
        """Write `bank` as JSON."""
        path.write_text(serial.dumps(bank), encoding="utf-8", newline="\n")
        return []


exporter = JsonExporter()
