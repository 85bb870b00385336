"""The second half of every reader that has blocks: recognise the questions, assemble the bank.

What it needs takes longer to load than a short document to read, so it is loaded while pandoc works.
"""

from __future__ import annotations

import contextlib
import sys
import threading
from typing import TYPE_CHECKING, Any

from tiku.problems import Problem
from tiku.readers import Reading, frontmatter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tiku.readers import ReadOptions
    from tiku.readers.shapes import Document


@contextlib.contextmanager
def loading() -> Iterator[None]:
    """While the block runs, in which pandoc should be waited for, load what `finish` needs."""
    if "tiku.readers.assemble" in sys.modules:
        yield
        return
    thread = threading.Thread(target=_load)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def _load() -> None:
    """The modules, and the tables of words that every document is compared with."""
    from tiku.readers import asking, assemble, dialects, labels, recognise  # noqa: F401 - for `finish`

    dialects.builtin()
    labels.roles()
    asking.is_cue("")
    asking.asks("")


def finish(
    document: Document,
    text: str,
    options: ReadOptions,
    problems: list[Problem],
    *,
    meta: Mapping[str, Any] | None = None,
    inside: Mapping[str, bytes] | None = None,
) -> Reading:
    """The reading of a document whose blocks are known.

    `text` is what it says, for the language; `meta` its front matter; `inside` the pictures its own file holds, by
    path.
    """
    from tiku.readers import dialects
    from tiku.readers.labels import also

    meta = meta or {}
    problems += _jumps(document, options.file)
    own = {**(dialects.named(options.dialect).labels if options.dialect else {}), **options.labels}
    with also(own):
        return _finish(document, text, options, problems, meta, inside or {})


def _finish(
    document: Document,
    text: str,
    options: ReadOptions,
    problems: list[Problem],
    meta: Mapping[str, Any],
    inside: Mapping[str, bytes],
) -> Reading:
    from tiku.readers.assemble import assemble
    from tiku.readers.recognise import recognise

    ours = frontmatter.text_of(meta.get("tiku")) == "1"
    title = options.title or frontmatter.text_of(meta.get("title"))
    found = recognise(document, options.file, title, dialect=options.dialect, canonical=ours)
    bank, more = assemble(found, dict(meta), text, options, document, inside)
    return Reading(bank, (*problems, *more), found.dialect, found.evidence, document.lines)


def _jumps(document: Document, file: str) -> list[Problem]:
    """Q209: headings that are more than one level below the one before."""
    found = []
    last = 0
    for block in document.blocks:
        if block["t"] == "Header":
            level = block["c"][0]
            if last and level > last + 1:
                message = f"a heading of level {level} follows one of level {last}"
                found.append(Problem("Q209", message, file, document.line(block)))
            last = level
    return found
