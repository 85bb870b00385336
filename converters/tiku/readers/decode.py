"""Bytes to text, strictly: nothing becomes mojibake in silence, nothing invisible slips through."""

from __future__ import annotations

import codecs
import re

from tiku.errors import DocumentError, UsageError
from tiku.problems import Problem

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# C0 and C1 controls but for tab and line feed, and noncharacters (we mark lines with two of them, see lines.py).
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ufdd0-\ufdef\ufffe\uffff]")
# A zero-width space or BOM before a fence hides it from every Markdown parser, and a question with it.
_HIDDEN_FENCE = re.compile(r"^([ \t]*)[\u200b\u2060\ufeff]+(?=(?:```|~~~))", re.MULTILINE)


def decode(data: bytes, file: str, encoding: str = "") -> tuple[str, list[Problem]]:
    """The text of `data`, lines ended by a bare line feed, and complaints about what was removed.

    UTF-8 with or without a BOM, UTF-16 with one; any other only when `encoding` names it. Raises DocumentError, naming
    the byte, for bytes that are none of it, UsageError for an encoding nobody knows.
    """
    encoding = encoding or next((name for bom, name in _BOMS if data.startswith(bom)), "utf-8")
    try:
        codecs.lookup(encoding)
    except LookupError as error:
        raise UsageError(
            f"unknown encoding '{encoding}' (for example: utf-8, gb18030, big5, shift_jis, windows-1251)"
        ) from error
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        byte = data[error.start]
        raise DocumentError(
            f"not {encoding.upper()}: byte 0x{byte:02X} at offset {error.start}; name the encoding, as with --encoding gb18030",
            file=file,
            line=line,
        ) from error
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    problems = []
    if found := _CONTROLS.search(text):
        line = text.count("\n", 0, found.start()) + 1
        text, count = _CONTROLS.subn("", text)
        what = f"U+{ord(found[0]):04X}"
        problems.append(Problem("Q104", f"{count} control character(s) removed, the first is {what}", file, line))
    return _HIDDEN_FENCE.sub(r"\1", text), problems
