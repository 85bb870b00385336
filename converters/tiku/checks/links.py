"""Links into the document that lead nowhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tiku.checks.tools import complain, contents
from tiku.markup import nodes_of, plain_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tiku.checks.texts import Looked
    from tiku.model import Section
    from tiku.problems import Problem


def slug(text: str) -> str:
    """The anchor that GitHub gives a heading: lower case, blanks to hyphens, other signs dropped."""
    return re.sub(r"\s", "-", re.sub(r"[^\w\s-]", "", text.strip().lower()))


def dead_links(looked: Looked) -> Iterator[Problem]:
    """Q405: a link to a place of the document that is not there."""
    inner = [
        (question, node["c"][2][0])
        for question in looked.questions
        for node in nodes_of("Link", list(contents(question)))
        if node["c"][2][0].startswith("#")
    ]
    if not inner:
        return
    anchors = _anchors(looked)
    for question, link in dict.fromkeys((question.id, link) for question, link in inner):
        target = unquote(link[1:])
        if target and target not in anchors and slug(target) not in anchors:
            asked = next(each for each, _ in inner if each.id == question)
            yield complain("Q405", f"the link to '{link[:60]}' leads nowhere", asked)


def _anchors(looked: Looked) -> set[str]:
    """Every place of a document that a link may lead to."""
    bank = looked.bank
    anchors = {slug(bank.title)}

    def collect(section: Section) -> None:
        anchors.add(slug(plain_text(section.title)))
        for child in section.sections:
            collect(child)

    for section in bank.sections:
        collect(section)
    for question, texts in looked:
        anchors |= {question.id, slug(texts.title), slug(f"{question.number}. {texts.title}"), question.number}
        anchors |= {slug(plain_text(node["c"][2])) for node in nodes_of("Header", list(contents(question)))}
    return anchors
