"""The keys of ``tiku.toml``: what the check, the JSON Schema, the file that `tiku init` writes and the docs go by."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tiku.render.options import Answers

FORMATS = ("pdf", "epub", "apkg", "pptx", "slides")
"""What is made when nothing is said."""


class Kind(StrEnum):
    """What a value must be."""

    TEXT = "text"
    TEXTS = "text or a list of texts"
    FLAG = "true or false"
    WHOLE = "a whole number, 0 or more"
    SIZE = 'a size such as "2 GB" or "500 MB"'
    STORE = "true, false or a folder"


@dataclass(frozen=True, slots=True)
class Key:
    """One key."""

    name: str
    kind: Kind
    summary: str
    default: Any = ""
    """What holds when nothing is said; empty when it cannot be said in a value."""
    example: Any = ""
    """A value that shows the key, where the default does not."""
    choices: tuple[str, ...] = ()
    """All values there are, where they are few and no plug-in adds to them."""
    otherwise: str = ""
    """What holds when nothing is said, in words, where `default` does not tell."""
    filled: bool = False
    """Whether an empty list is a mistake: it would say that nothing is to be made."""


OF_BANKS = (
    Key("output", Kind.TEXT, "folder of the outputs", "outputs"),
    Key("formats", Kind.TEXTS, "what is made of each source; `tiku formats` lists them", FORMATS, filled=True),
    Key("answers", Kind.TEXT, "where answers stand, in the formats that know that place", example="end",
        choices=tuple(map(str, Answers)), otherwise="each format's own place"),
    Key("theme", Kind.TEXT, "the look of the PDF: a theme's name, or its folder", example="compact",
        otherwise="`classic`"),
    Key("language", Kind.TEXT, "language of the documents, as `zh-CN` or `en`", example="zh-CN",
        otherwise="what the document says, else detected"),
    Key("author", Kind.TEXTS, "author, or a list of authors", example=("A. Teacher",),
        otherwise="what the document says"),
    Key("dialect", Kind.TEXT, "how the questions are written: a name, or a dialect file", example="headings",
        otherwise="detected"),
    Key("encoding", Kind.TEXT, "encoding of the sources", example="gb18030",
        otherwise="UTF-8, or UTF-16 with a byte order mark"),
    Key("from", Kind.TEXT, "format of the sources", example="markdown", otherwise="by their suffix"),
)  # fmt: skip
"""What can be said for all banks, for one, and in a profile."""
OF_RUNS = (
    Key("strict", Kind.FLAG, "any warning fails its document", default=False),
    Key("ledger", Kind.FLAG, "keep the names of Anki notes in a file beside each source", default=True),
    Key("keep_going", Kind.FLAG, "go on after a document has failed", default=True),
    Key("jobs", Kind.WHOLE, "processes that work at once; 0 is one for each processor", default=0),
    Key("cache", Kind.STORE, "whether finished work is kept for the next build, or the folder for it", default=True,
        otherwise="yes, under the user's cache folder"),
    Key("cache_size", Kind.SIZE, "how large the cache may grow", default="2 GB"),
)  # fmt: skip
"""What is said once for a build, and in a profile."""
BUILD = (*OF_BANKS, *OF_RUNS)
BANK = (
    Key("source", Kind.TEXTS, "documents, folders (each one bank), or patterns with `*`, `?`, `[…]`, `**`",
        example=("exams/*.md",), otherwise="must be given"),
    Key("title", Kind.TEXT, "title of the bank", example="Exam 2026", otherwise="what the document says"),
    Key("deck", Kind.TEXT, "name of the Anki deck, `::` makes sub-decks", example="School::Exam 2026",
        otherwise="the title"),
    *OF_BANKS,
)  # fmt: skip
TABLES = {
    "build": "what holds for all banks, and how the build runs",
    "bank": "one bank, or many of a kind; there is one `[[bank]]` at least",
    "set": "options of one format, for all banks: `[set.FORMAT]`; for one bank: `[bank.set.FORMAT]` below it",
    "labels": "your own words for the parts of a question, for all banks; for one: `[bank.labels]` below it",
    "profile": "keys of `[build]` that hold instead, with `--profile NAME`; options: `[profile.NAME.set.FORMAT]`",
}
"""The tables at the top of the file."""
UNITS = {"MB": 10**6, "GB": 10**9, "TB": 10**12, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
"""The bytes of each unit of a size."""
# as an editor takes it, for which `$` is the very end
SIZE_PATTERN = rf"^[0-9]{{1,9}}(\.[0-9]{{1,9}})? ?({'|'.join(UNITS)})$"


def toml(value: Any) -> str:
    """`value` as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(map(toml, value))}]"
    # JSON writes texts as TOML does, but for DEL, which TOML wants escaped
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def shown(key: Key) -> str:
    """What holds when `key` is not given, for people."""
    return key.otherwise or f"`{toml(key.default)}`"
