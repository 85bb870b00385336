"""CSV and TSV: a row a question; columns by the label vocabularies (question, answer, explanation, choices, tags, …)."""

from __future__ import annotations

import csv
import io
import re
from pathlib import PurePath

from tiku import pandoc
from tiku.errors import DocumentError
from tiku.readers import Reading, ReadOptions
from tiku.readers.decode import decode
from tiku.readers.finish import finish
from tiku.readers.labels import key, role_of
from tiku.readers.lines import OPEN, take
from tiku.readers.rawhtml import Lowering
from tiku.readers.shapes import Document

MAX_CELL = 1_000_000
_LETTER = re.compile(r"(?:choice|option|选项|選項)?\s*([a-h])$", re.IGNORECASE)
_NUMBERS = frozenset({"number", "no", "no.", "id", "#", "序号", "编号", "题号", "nr", "номер", "番号", "번호"})
_TITLES = frozenset({"title", "标题", "標題", "タイトル", "제목", "titre", "titel", "título"})
_LABELS = (
    ("explanation", "Explanation"), ("hint", "Hint"), ("reference", "Reference"), ("difficulty", "Difficulty"), ("tags", "Tags"),
)  # fmt: skip
_SECTIONS = frozenset({"section", "chapter", "章节", "章", "分类", "category"})


class TabularReader:
    """Reads rows; the delimiter is told by the suffix or the first line."""

    name = "csv"
    suffixes = (".csv", ".tsv")

    def read(self, data: bytes, options: ReadOptions) -> Reading:
        """The bank in `data`; raises DocumentError when no column can be understood."""
        text, problems = decode(data, options.file, options.encoding)
        first = text.split("\n", 1)[0]
        delimiter = "\t" if "\t" in first else ";" if first.count(";") > first.count(",") else ","
        csv.field_size_limit(MAX_CELL)
        source = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
        try:
            header = next(source, [])
            rows = []
            begin = source.line_num + 1
            for row in source:
                if any(cell.strip() for cell in row):
                    rows.append((begin, row))
                begin = source.line_num + 1
        except csv.Error as error:
            raise DocumentError(f"not a table: {error}", file=options.file, line=source.line_num) from error
        roles = [_role(name) for name in header]
        if "prompt" not in roles and "title" not in roles:
            raise DocumentError(
                f"no column is called 'question' (the columns: {', '.join(header)[:200]})", file=options.file, line=1
            )
        markdown = "\n\n".join(_markdown(line, row, roles) for line, row in rows)
        blocks, _ = pandoc.read(markdown, "gfm-yaml_metadata_block-gfm_auto_identifiers-superscript")
        known = take(blocks)
        document = Document(blocks, known, {})
        lowering = Lowering(options.file, known)
        document.blocks = lowering.run(blocks)
        reading = finish(
            document,
            text,
            options,
            [*problems, *lowering.problems],
            meta={"tiku": "1", "title": options.title or PurePath(options.file).stem.strip("-")},
        )
        return Reading(reading.bank, reading.problems, "table", (f"table: the columns are {', '.join(header)}",), known)


def _role(name: str) -> str:
    folded = key(name)
    if folded in _NUMBERS or name.strip() == "#":
        return "number"
    if folded in _TITLES:
        return "title"
    if found := _LETTER.match(folded):
        return f"choice {found[1].upper()}"
    return role_of(name) or ("section" if folded in _SECTIONS else f"other {name.strip()}")


def _markdown(line: int, row: list[str], roles: list[str]) -> str:
    """One row as a question of our own Markdown."""
    cells: dict[str, str] = {}
    for role, cell in zip(roles, row, strict=False):
        if cell.strip():
            cells[role] = f"{cells[role]}\n{cell.strip()}" if role in cells else cell.strip()
    number = cells.get("number", "").replace('"', "")
    title = " ".join(cells.get("title", "").split())
    head = f'# {OPEN}{line}\ufdd1 {title} {{#row-{line} number="{number}"}}'
    parts = [head]
    letters = [(role[-1], text) for role, text in cells.items() if role.startswith("choice ")]
    listed = [each for each in re.split(r"\s*(?:\n|\||；)\s*", cells.get("choices", "")) if each]
    letters = letters or [
        (chr(ord("A") + i), re.sub(r"^[A-Ha-h]\s*[.．、:：)）]\s*", "", each)) for i, each in enumerate(listed)
    ]
    if cells.get("prompt"):
        parts.append(f"**Question:**\n\n{cells['prompt']}")
    answer = cells.get("answer", "")
    if letters:
        said = (
            {each.upper() for each in re.findall(r"[A-Ha-h]", answer)}
            if re.fullmatch(r"[A-Ha-h\s,，、;；和及]+", answer)
            else set()
        )
        said |= {label for label, text in letters if text.strip().casefold() == answer.casefold()}
        rows = [f"- [{'x' if label in said else ' '}] {label}. {' '.join(text.split())}" for label, text in letters]
        parts.append("**Choices:**\n\n" + "\n".join(rows))
        parts.append(f"**Type:** {'multiple choice' if len(said) > 1 else 'single choice'}")
        answer = "" if said else answer
    if answer:
        parts.append(f"**Answer:**\n\n{answer}")
    for role, label in _LABELS:
        if cells.get(role):
            value = ", ".join(re.split(r"[,，;；\s]+", cells[role])) if role == "tags" else cells[role]
            parts.append(f"**{label}:** {value}" if role in {"difficulty", "tags"} else f"**{label}:**\n\n{value}")
    for role, text in cells.items():
        if role.startswith("other ") and role[6:]:
            parts.append(f"**{role[6:]}:** <!-- part: other -->\n\n{text}")
    return "\n\n".join(parts)


reader = TabularReader()
