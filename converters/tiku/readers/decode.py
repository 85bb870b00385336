"""Bytes to text, strictly: nothing becomes mojibake in silence, nothing invisible slips through."""

from __future__ import annotations

import codecs
import re

from tiku.errors import DocumentError
from tiku.problems import Problem

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# C0 and C1 controls but for tab and line feed, and noncharacters (we mark lines with two of them, see lines.py).
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff]")
# A zero-width space or BOM before a fence hides it from every Markdown parser, and a question with it.
_HIDDEN_FENCE = re.compile(r"^([ \t]*)[\u200b\u2060\ufeff]+(?=(?:```|~~~))", re.MULTILINE)


def decode(data: bytes, file: str) -> tuple[str, list[Problem]]:
    """The text of `data`, lines ended by a bare line feed, and complaints about what was removed.

    UTF-8 with or without a BOM, UTF-16 with one. Raises DocumentError, naming the byte, for anything else.
    """
    encoding = next((name for bom, name in _BOMS if data.startswith(bom)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        raise DocumentError(
            f"not UTF-8: byte 0x{byte:02X} at offset {error.start}; save the file as UTF-8", file=file, line=line
        ) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    problems = []
    if found := _CONTROLS.search(text):
        line = text.count("\n", 0, found.start()) + 1
        text, count = _CONTROLS.subn("", text)
        what = f"U+{ord(found[0]):04X}"
        problems.append(Problem("Q104", f"{count} control character(s) removed, the first is {what}", file, line))
    return _HIDDEN_FENCE.sub(r"\1", text), problems
