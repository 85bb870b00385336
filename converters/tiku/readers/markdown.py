"""Markdown: decode, cut the front matter, mark lines and repair emphasis, pandoc, recognise, assemble."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tiku.errors import DocumentError
from tiku.problems import Problem
from tiku.readers import Reading, ReadOptions, frontmatter, lines, pieces
from tiku.readers.decode import decode
from tiku.readers.finish import finish, loading

if TYPE_CHECKING:
    from tiku.model import Block

FORMAT = "gfm-yaml_metadata_block-gfm_auto_identifiers-superscript"
"""GitHub's Markdown. Not `commonmark_x` (its fancy lists switch task lists off) and not `markdown` (exponential on
nested brackets; a list straight after a label is lost). Front matter is ours; `2^10` stays as written."""
SIGNS = {
    "alerts": ("[!",),
    "autolink_bare_uris": ("://", "www.", "@"),
    "footnotes": ("[^",),
    "pipe_tables": ("|",),
    "strikeout": ("~",),
    "task_lists": ("[ ]", "[x]", "[X]", "[\t]"),
    "tex_math_dollars": ("$",),
    "tex_math_gfm": ("$`", "math"),
}
"""Extensions that cost pandoc up to a quarter of its time, for it tries each at every line or word: one is on only where
the text holds a sign without which it cannot apply."""
_EMOJI = re.compile(r":[\w+-]+:")
"""The sign of the extension `emoji`: a colon alone stands in most texts."""


def format_for(text: str) -> str:
    """What reads `text` as FORMAT does, by the extensions that it has a use for.

    They are added to `commonmark`, not taken from `gfm`: pandoc needs a tenth of a millisecond for each one named.
    """
    used = [name for name, signs in SIGNS.items() if any(sign in text for sign in signs)]
    if _EMOJI.search(text):
        used.append("emoji")
    return "+".join(("commonmark", *used))


_TAG = re.compile(r"<[A-Za-z/!?]")
"""How raw HTML begins (https://spec.commonmark.org/0.31.2/#raw-html)."""


class MarkdownReader:
    """Reads Markdown as people write it, above all as GitHub shows it."""

    name = "markdown"
    suffixes = (".md", ".markdown", ".txt")

    def read(self, data: bytes, options: ReadOptions) -> Reading:
        """The bank in `data`; raises DocumentError when it cannot be decoded or parsed."""
        text, problems = decode(data, options.file, options.encoding)
        meta, body, more = frontmatter.split(text, options.file)
        problems += more
        tags = _TAG.search(body) is not None
        origin: list[int] | None = None
        if tags:
            body, origin = _parted(body, options.file)
        marked, typed, unclosed = lines.mark(body, options.file, origin)
        if unclosed:
            problems.append(Problem("Q110", "a code block is opened here and never closed", options.file, unclosed))
        lowered: list[Problem] = []
        try:
            with loading():
                blocks, warnings = pieces.parse(marked, format_for(body))
            known = lines.take(blocks)
            if tags:
                blocks, lowered = _lowered(blocks, options.file, known)
        except DocumentError as error:
            raise DocumentError(error.message, file=options.file) from error
        from tiku.readers.shapes import Document  # loaded meanwhile

        problems += [Problem("Q107", f"pandoc: {warning}", options.file) for warning in warnings]
        return finish(Document(blocks, known, typed), text, options, [*problems, *lowered], meta=meta)


def _parted(body: str, file: str) -> tuple[str, list[int] | None]:
    """`body` with the tags of containers parted from what they hold, and where its lines come from, if any was."""
    from tiku.readers import rawhtml  # most documents have no tags

    if not rawhtml.holds_containers(body):
        return body, None
    return rawhtml.unwrap(body, lines.tokens_of(body, file))


def _lowered(blocks: list[Block], file: str, known: lines.Lines) -> tuple[list[Block], list[Problem]]:
    """`blocks` with raw HTML turned into nodes, and what was taken out."""
    from tiku.readers import rawhtml

    lowering = rawhtml.Lowering(file, known)
    return lowering.run(blocks), lowering.problems


reader = MarkdownReader()
