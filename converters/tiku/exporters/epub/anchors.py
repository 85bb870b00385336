"""Places in the book: an id for every question and section, and the file it ends up in.

Content is written before it is known what stands in which file; until then a link is MARK and the id of its target.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from tiku.markup import plain_text
from tiku.render.view import numbered

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tiku.exporters.epub.layout import Page
    from tiku.model import Bank

MARK = "\ue000"
"""A private-use character: stands before the id in an unresolved link."""
_PENDING = re.compile(f'href="{MARK}([^"]*)"')
_NOT_ID = re.compile(r"[^A-Za-z0-9.\-]")
_NOT_SLUG = re.compile(r"[^\w\- ]")


@lru_cache(maxsize=1024)
def xml_id(prefix: str, identifier: str) -> str:
    """`identifier` as an XML name that begins with `prefix`: different ones stay different."""
    return prefix + _NOT_ID.sub(lambda found: f"_{ord(found[0]):x}_", identifier)


class Anchors:
    """Finds the place that a fragment (``overfitting`` of ``#overfitting``) means; `files` is filled by the layout."""

    def __init__(self, bank: Bank) -> None:
        self.bank = bank
        self.files: dict[str, str] = {}
        """The file of each id."""
        self._ids = {question.id: xml_id("q-", question.id) for question in bank.questions}
        self._slugs: dict[str, str] | None = None

    def find(self, fragment: str) -> str:
        """MARK and the id for `fragment`, or the empty string when nothing has that name."""
        found = self._ids.get(fragment)
        if found is None:
            if self._slugs is None:
                self._slugs = self._all_slugs()
            found = self._slugs.get(slug(fragment.replace("-", " ")))
        return MARK + found if found else ""

    def _all_slugs(self) -> dict[str, str]:
        """The names that GitHub gives to headings: contents lists in documents link to these."""
        out: dict[str, str] = {}
        for question in self.bank.questions:
            title = plain_text(question.title or question.prompt)
            for name in (numbered(question) + title, title):
                out.setdefault(slug(name), self._ids[question.id])
        out.pop("", None)
        return out

    def place(self, pages: Iterable[Page]) -> None:
        """Learn what stands on `pages`."""
        for page in pages:
            for unit in page.units:
                # A pop-up note stands in the file of its question.
                self.files[unit.id] = page.name
                if unit.id.startswith("q-"):
                    self.files.setdefault("a-" + unit.id[2:], page.name)

    def resolve(self, html: str, file: str) -> str:
        """`html`, which stands in `file`, with its pending links completed; a dead one leads to its own file."""
        if MARK not in html:
            return html

        def target(found: re.Match[str]) -> str:
            where = self.files.get(found[1])
            if where is None:
                return f'href="{file}"'
            return f'href="#{found[1]}"' if where == file else f'href="{where}#{found[1]}"'

        return _PENDING.sub(target, html)


def slug(text: str) -> str:
    """`text` as GitHub names a heading's anchor, roughly: lower case, no punctuation, hyphens for blanks."""
    return re.sub(r"\s+", "-", _NOT_SLUG.sub("", text.lower()).strip())
