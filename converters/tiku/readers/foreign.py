"""Documents that are not Markdown, through pandoc: Word, OpenDocument, HTML, EPUB, reStructuredText, Org, notebooks, LaTeX."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from tiku import pandoc
from tiku.errors import DocumentError
from tiku.markup import plain_text
from tiku.problems import Problem
from tiku.readers import Reading, ReadOptions, latex
from tiku.readers.decode import decode
from tiku.readers.finish import finish
from tiku.readers.lines import Lines
from tiku.readers.rawhtml import Lowering, with_bodies
from tiku.readers.shapes import Document

if TYPE_CHECKING:
    from tiku.model import Block

FORMATS = {
    ".docx": "docx", ".odt": "odt", ".epub": "epub", ".html": "html", ".htm": "html", ".xhtml": "html", ".rst": "rst",
    ".org": "org", ".ipynb": "ipynb", ".tex": "latex",
}  # fmt: skip
_PACKAGES = frozenset({"docx", "odt", "epub"})
_EXTENSIONS = {"html": "html-auto_identifiers-native_divs-native_spans", "epub": "epub-native_divs-native_spans"}
_PREPARED = {"latex": latex.prepare, "html": with_bodies}
MAX_UNPACKED = 400_000_000
MAX_ENTRIES = 20_000
_FIND = 24
"""So many characters of a question are looked for in the source, to tell its line."""


class ForeignReader:
    """Reads one of pandoc's other formats."""

    def __init__(self, name: str, suffixes: tuple[str, ...]) -> None:
        self.name = name
        self.suffixes = suffixes

    def read(self, data: bytes, options: ReadOptions) -> Reading:
        """The bank in `data`; raises DocumentError when it cannot be parsed."""
        problems: list[Problem] = []
        inside: dict[str, bytes] = {}
        text = ""
        try:
            if self.name in _PACKAGES:
                inside = _unpacked(data)
                blocks, warnings = pandoc.read(data, _EXTENSIONS.get(self.name, self.name))
            else:
                text, problems = decode(data, options.file, options.encoding)
                source = _PREPARED.get(self.name, str)(text)
                if self.name == "ipynb":
                    _check_notebook(text)
                blocks, warnings = pandoc.read(source, _EXTENSIONS.get(self.name, self.name))
        except DocumentError as error:
            raise DocumentError(error.message, file=options.file, line=error.line) from error
        problems += [Problem("Q107", f"pandoc: {warning}", options.file) for warning in warnings]
        blocks = _flat(blocks)
        document = Document(blocks, Lines(), {})
        lowering = Lowering(options.file, document.lines)
        document.blocks = lowering.run(blocks)
        if text and self.name != "ipynb":
            _find_lines(document, text)
        reading = finish(document, plain_text(document.blocks), options, problems, inside=inside)
        return Reading(
            reading.bank, (*reading.problems, *lowering.problems), reading.dialect, reading.evidence, reading.lines
        )


def _flat(blocks: list[Block]) -> list[Block]:
    """Blocks without divisions that only wrap: notebook cells, sections."""
    out: list[Block] = []
    for block in blocks:
        classes = set(block["c"][0][1]) if block["t"] == "Div" else set()
        if block["t"] == "Div" and (
            classes & {"cell", "section", "questions", "choices", "document", "body"} or not classes
        ):
            inner = [each for each in block["c"][1] if not (each["t"] == "CodeBlock" and not each["c"][1].strip())]
            out += _flat(inner)
        else:
            out.append(block)
    return out


def _unpacked(data: bytes) -> dict[str, bytes]:
    """The pictures inside a zipped document, by the path pandoc gives them.

    Raises DocumentError for a file that is no zip, or that would unpack to too much.
    """
    pictures: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as package:
            entries = package.infolist()
            if len(entries) > MAX_ENTRIES:
                raise DocumentError(f"holds more than {MAX_ENTRIES} files")
            total = 0
            for entry in entries:
                if entry.flag_bits & 1:
                    raise DocumentError("is encrypted")
                with package.open(entry) as stream:
                    content = stream.read(MAX_UNPACKED - total + 1)
                total += len(content)
                if total > MAX_UNPACKED:
                    raise DocumentError(f"unpacks to more than {MAX_UNPACKED // 1_000_000} MB")
                if re.search(r"\.(png|jpe?g|gif|webp|svg)$", entry.filename, re.IGNORECASE):
                    pictures[entry.filename] = content
                    for prefix in ("word/", "OEBPS/", "EPUB/"):
                        pictures[entry.filename.removeprefix(prefix)] = content
                    pictures.setdefault(PurePath(entry.filename).name, content)
    except (zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, ValueError) as error:
        raise DocumentError(f"is damaged: {error}") from error
    return pictures


def _check_notebook(text: str) -> None:
    try:
        notebook: Any = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DocumentError(f"is no notebook: {error}") from error
    if not isinstance(notebook, dict):
        raise DocumentError("is no notebook")


def _find_lines(document: Document, text: str) -> None:
    """Tell each block its line by looking for its first words in the source, in order."""
    lines = [_folded(line) for line in text.split("\n")]
    place = 0
    for block in document.blocks:
        words = _folded(plain_text(block).split("\n", 1)[0])[:_FIND]
        if len(words) < 3:
            continue
        for index in range(place, min(len(lines), place + 4000)):
            if words[:_FIND] in lines[index] or (
                len(lines[index]) > 8 and lines[index].endswith(words[: len(lines[index])])
            ):
                document.lines.note(block, index + 1)
                if block["t"] == "Div" and block["c"][1]:
                    document.lines.note(block["c"][1][0], index + 1)
                place = index
                break


def _folded(text: str) -> str:
    return re.sub(r"[\W_]+", "", re.sub(r"<[^>]{0,500}>|\\[A-Za-z]+", "", text)).casefold()


docx = ForeignReader("docx", (".docx",))
odt = ForeignReader("odt", (".odt",))
epub = ForeignReader("epub", (".epub",))
html = ForeignReader("html", (".html", ".htm", ".xhtml"))
rst = ForeignReader("rst", (".rst",))
org = ForeignReader("org", (".org",))
ipynb = ForeignReader("ipynb", (".ipynb",))
tex = ForeignReader("latex", (".tex",))
