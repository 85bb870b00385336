"""What stands before the first question: the page with the cover, and the title page with the document's preface."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiku.exporters.epub.cover import Cover
from tiku.exporters.epub.metadata import plain
from tiku.exporters.epub.pages import fill
from tiku.render.html import text
from tiku.render.locales import direction, primary
from tiku.render.view import count_label

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiku.model import Bank


def cover_of(bank: Bank, *, title: str, language: str, words: Mapping[str, str]) -> Cover:
    """What the cover says of `bank`."""
    # Words of a language we have no locale for are English; its name would be, too.
    known = words["language_name"] != "English" or primary(language) == "en"
    return Cover(
        title=title,
        authors=", ".join(authors_of(bank)),
        count=count_label(len(bank.questions), language),
        tongue=words["language_name"] if known else language,
        language=language,
        direction=direction(language),
    )


def authors_of(bank: Bank) -> list[str]:
    """The authors' names, each on one line; empty ones left out."""
    return [name for each in bank.authors if (name := plain(each))]


def cover_page(drawn: Cover) -> str:
    """The body of the page with the cover: SVG where a reader shows it, else PNG."""
    return fill("cover.html", name=text(drawn.name))


def title_page(bank: Bank, *, title: str, language: str, preface: str, words: Mapping[str, str]) -> str:
    """The body of the title page; `preface` is the bank's description as markup."""
    lead = [*authors_of(bank), count_label(len(bank.questions), language)]
    lines = "\n".join(f"<p>{text(line)}</p>" for line in lead)
    about = fill("preface.html", heading=text(words["description"]), content=preface) if preface else ""
    return f'<h1>{text(title)}</h1>\n<div class="lead">\n{lines}\n</div>\n{about}'
