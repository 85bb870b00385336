"""What the package document says of the book, and says truly: EPUB 3.3 and EPUB Accessibility 1.1."""

from __future__ import annotations

import hashlib
import re
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tiku.exporters.epub.package import Meta, properties, refining
from tiku.markup import plain_text
from tiku.render.html import _NOT_XML

if TYPE_CHECKING:
    from tiku.model import Bank

_DATE = re.compile(r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])")
_NAMESPACE = uuid.UUID("5f0c8d5e-61a5-5f0e-8f3e-0c1b6c0f7a11")
"""Random, once: so that our identifiers are nobody else's."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the content turned out to hold."""

    pictures: bool
    """Whether any picture stands in the content (the cover is none)."""
    undescribed: int
    """Pictures without a text alternative."""
    animated: bool
    """Whether a picture moves: nobody has looked whether it flashes."""
    formulas: bool
    """Whether formulas are MathML."""
    drawn_formulas: bool = False
    """Whether formulas are pictures with their LaTeX as text."""
    vertical: bool = False
    conforms: str = ""
    """The standard that the user says the book meets."""
    certifier: str = ""


def plain(value: str) -> str:
    """`value` on one line, with what XML allows: for metadata."""
    return " ".join(_NOT_XML.sub("", value).split())


def identifier(bank: Bank, language: str) -> str:
    """A UUID that two different banks never share.

    It stays when an answer is corrected: readers keep their place in the book and their notes.
    """
    digest = hashlib.sha256()
    for word in (bank.title, language, *bank.authors):
        digest.update(word.encode("utf-8", "replace") + b"\0")
    for question in bank.questions:
        asked = plain_text(question.title) + "\n" + plain_text(question.prompt)
        digest.update(f"{question.id}\0{asked}\0".encode("utf-8", "replace"))
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, digest.hexdigest())}"


def of_book(bank: Bank, *, title: str, language: str, description: str, facts: Facts, words: Any) -> tuple[Meta, ...]:
    """All metadata but the identifier and the time."""
    found = [
        Meta(title, "title", (("id", "title"),)),
        refining("title", "title-type", "main"),
        Meta(language, "language"),
    ]
    for number, author in enumerate((name for each in bank.authors if (name := plain(each))), 1):
        found += [Meta(author, "creator", (("id", f"author{number}"),))]
        found += [
            Meta("aut", attributes=(("refines", f"#author{number}"), ("property", "role"), ("scheme", "marc:relators")))
        ]
    if _DATE.fullmatch(bank.date):
        found.append(Meta(bank.date, "date"))
    if description:
        found.append(Meta(description, "description"))
    found.append(Meta("", attributes=(("name", "generator"), ("content", "tiku"))))
    found.append(Meta("", attributes=(("name", "cover"), ("content", "cover-image"))))
    return (*found, *properties(accessibility(facts, words)), *_claim(facts))


def _claim(facts: Facts) -> list[Meta]:
    """The claim of conformance: only ever the user's own, as it says that a person has looked."""
    if not facts.conforms:
        return []
    claim = Meta(facts.conforms, attributes=(("id", "conforms"), ("property", "dcterms:conformsTo")))
    return [claim, refining("conforms", "a11y:certifiedBy", facts.certifier)] if facts.certifier else [claim]


def accessibility(facts: Facts, words: Any) -> list[tuple[str, str]]:
    """(property, value) of https://www.w3.org/TR/epub-a11y-11/#sec-discovery, in the schema.org vocabulary."""
    visual = facts.pictures or facts.drawn_formulas
    modes = ["textual", *(["visual"] if visual else [])]
    # Text alone is enough when everything seen is also said.
    enough = "textual" if not facts.undescribed else "textual,visual"
    features = ["tableOfContents", "structuralNavigation", "readingOrder", "displayTransformability"]
    if visual and not facts.undescribed:
        features.append("alternativeText")
    if facts.formulas:
        features += ["MathML", "latex"]
    if facts.drawn_formulas:
        features.append("latex")
    if facts.vertical:
        features.append("verticalWriting")
    summary = words["accessibility"]
    if facts.undescribed:
        summary += " " + words["accessibility_undescribed"].format(count=facts.undescribed)
    return [
        *(("schema:accessMode", mode) for mode in modes),
        ("schema:accessModeSufficient", enough),
        *(("schema:accessibilityFeature", feature) for feature in features),
        ("schema:accessibilityHazard", "unknown" if facts.animated else "none"),
        ("schema:accessibilitySummary", summary),
    ]
