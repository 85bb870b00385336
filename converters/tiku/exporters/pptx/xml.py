"""Small helpers for writing DrawingML: escaping, units, namespaces."""

from __future__ import annotations

import re
from html import escape

EMU = 12700
"""English Metric Units in a point."""
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
P = "http://schemas.openxmlformats.org/presentationml/2006/main"
PACKAGE_RELS = "http://schemas.openxmlformats.org/package/2006/relationships"
MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"
A14 = "http://schemas.microsoft.com/office/drawing/2010/main"
M = "http://schemas.openxmlformats.org/officeDocument/2006/math"
NAMESPACES = f'xmlns:a="{A}" xmlns:r="{R}" xmlns:p="{P}"'
MATH_NAMESPACES = f'xmlns:mc="{MC}" xmlns:m14="{A14}" xmlns:m="{M}"'
"""The prefix m14 is on purpose not the customary a14: LibreOffice chooses an alternative by comparing the prefix with
those it knows, and then leaves formulas out; with another one it takes the fallback. PowerPoint resolves the prefix."""
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def text(value: str) -> str:
    """`value` escaped for an element's content or a double-quoted attribute."""
    return escape(_NOT_XML.sub("", value)) if not value.isalnum() else value


def emu(points: float) -> int:
    """Points in EMU."""
    return round(points * EMU)


def language_tag(language: str) -> str:
    """A language tag as PowerPoint writes it: with a region where the language is one it always gives one to."""
    known = {
        "zh": "zh-CN", "zh-hans": "zh-CN", "zh-hant": "zh-TW", "ja": "ja-JP", "ko": "ko-KR", "en": "en-US",
        "de": "de-DE", "fr": "fr-FR", "es": "es-ES", "pt": "pt-BR",
        "ru": "ru-RU", "ar": "ar-SA", "fa": "fa-IR", "he": "he-IL",
        "it": "it-IT", "und": "en-US", "": "en-US",
    }  # fmt: skip
    tag = language.replace("_", "-")
    return known.get(tag.lower(), tag if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", tag) else "en-US")
