"""Raw HTML of a source as XHTML that keeps to the content model: EPUBCheck refuses a stray ``<li>`` or ``<td>``.

The sanitiser has removed what could do harm; here elements that stand where HTML does not allow them give way to
their content. The model is that of https://html.spec.whatwg.org/multipage/dom.html#content-models, in short.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from tiku.exporters.epub.languages import well_formed
from tiku.render import sanitise
from tiku.render.html import text

if TYPE_CHECKING:
    from collections.abc import Callable

_PHRASING = frozenset(
    "a abbr b bdi bdo br cite code del dfn em i ins kbd mark q ruby s samp small span strong sub sup u var wbr".split()
)
_BLOCKS = frozenset("blockquote div dl figure h1 h2 h3 h4 h5 h6 hr ol p pre table ul".split())
# Which children an element takes besides text and phrasing; what is not named here takes phrasing only.
_CHILDREN: dict[str, frozenset[str]] = {
    "ul": frozenset({"li"}), "ol": frozenset({"li"}), "dl": frozenset({"dt", "dd"}),
    "table": frozenset({"caption", "colgroup", "thead", "tbody", "tfoot", "tr"}),
    "thead": frozenset({"tr"}), "tbody": frozenset({"tr"}), "tfoot": frozenset({"tr"}), "tr": frozenset({"td", "th"}),
    "colgroup": frozenset({"col"}), "ruby": frozenset({"rt", "rp"}),
}  # fmt: skip
_STRICT = frozenset(_CHILDREN) - {"ruby"}
_FLOW = frozenset("blockquote dd div figcaption figure li td th".split())
_VOID = frozenset({"br", "hr", "wbr", "col"})
_NUMBER = {"colspan", "rowspan", "start"}
_TAG = re.compile("[<&]")


def xhtml(html: str, *, inline: bool, link: Callable[[str], str]) -> str:
    """`html` sanitised and well-formed, fit for a place that takes phrasing (`inline`) or any content.

    `link` gives the target to write for a link's, or the empty string to leave only its text.
    """
    if not _TAG.search(html):
        return text(html)
    clean = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", sanitise.xhtml(html))
    try:
        root = ET.fromstring(f"<div>{clean}</div>")  # noqa: S314 - nh3 wrote it: no DTD, no entity
    except (ET.ParseError, RecursionError):
        return text(re.sub("<[^>]*>", "", clean))
    return _Writer(link).inside(root, "p" if inline else "div", in_link=False)


class _Writer:
    def __init__(self, link: Callable[[str], str]) -> None:
        self.link = link

    def inside(self, element: ET.Element, place: str, *, in_link: bool) -> str:
        """The content of `element` as it may stand in an element `place`."""
        strict = place in _STRICT
        out = [self._words(element.text, strict=strict)]
        for child in element:
            out.append(self._element(child, place, in_link=in_link))
            out.append(self._words(child.tail, strict=strict))
        return "".join(out)

    @staticmethod
    def _words(words: str | None, *, strict: bool) -> str:
        if not words:
            return ""
        return "" if strict and not words.strip() else text(words)

    def _element(self, element: ET.Element, place: str, *, in_link: bool) -> str:
        name = element.tag
        fits = (
            name in _CHILDREN.get(place, ())
            or (name in _PHRASING and place not in _STRICT)
            or (name in _BLOCKS and place in _FLOW)
            or (name == "figcaption" and place == "figure")
        )
        attributes = self._attributes(element)
        if name == "a":
            target = "" if in_link else self.link(element.get("href", ""))
            fits = fits and bool(target)
            attributes = f' href="{text(target)}"' + attributes
            in_link = in_link or fits
        if not fits:
            inner = self.inside(element, place, in_link=in_link)
            return f"{inner} " if name in _BLOCKS or name in _FLOW else inner
        if name in _VOID:
            return f"<{name}{attributes} />"
        # An element that takes phrasing hands that on; what is transparent takes what its parent does.
        inner = self.inside(element, name if name in _CHILDREN or name in _FLOW else "p", in_link=in_link)
        if name in _STRICT and not inner:
            return ""
        return f"<{name}{attributes}>{inner}</{name}>"

    @staticmethod
    def _attributes(element: ET.Element) -> str:
        out = []
        for key in sorted(element.keys()):
            value = element.get(key, "")
            if key == "lang" and well_formed(value):
                out.append(f' lang="{value}" xml:lang="{value}"')
            elif (
                (key == "dir" and value in {"ltr", "rtl", "auto"})
                or key == "title"
                or (key in _NUMBER and re.fullmatch(r"[1-9]\d{0,2}", value))
            ):
                out.append(f' {key}="{text(value)}"')
        return "".join(out)
