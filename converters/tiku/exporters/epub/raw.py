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
_BLOCKS = frozenset("blockquote div dl h1 h2 h3 h4 h5 h6 hr ol p pre table ul".split())
# Which children an element takes, and nothing else.
_CHILDREN: dict[str, frozenset[str]] = {
    "ul": frozenset({"li"}), "ol": frozenset({"li"}), "dl": frozenset({"dt", "dd"}),
    "table": frozenset({"caption", "colgroup", "thead", "tbody", "tfoot", "tr"}),
    "thead": frozenset({"tr"}), "tbody": frozenset({"tr"}), "tfoot": frozenset({"tr"}), "tr": frozenset({"td", "th"}),
    "colgroup": frozenset({"col"}),
}  # fmt: skip
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_FLOW = frozenset("blockquote dd div li td th".split())
_VOID = frozenset({"br", "hr", "wbr", "col"})
_NUMBER = {"colspan", "rowspan", "start"}
_TAG = re.compile("[<&]")


def xhtml(
    html: str, *, inline: bool, link: Callable[[str], str], level: Callable[[int], int], linked: bool = False
) -> str:
    """`html` sanitised and well-formed, fit for a place that takes phrasing (`inline`) or any content.

    `link` gives the target to write for a link's, or the empty string to leave only its text; `level` the level for a
    heading; `linked` says that the place is inside a link.
    """
    if not _TAG.search(html):
        return text(html)
    clean = re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]", "", sanitise.xhtml(html))
    try:
        root = ET.fromstring(f"<div>{clean}</div>")  # noqa: S314 - nh3 wrote it: no DTD, no entity
        return _Writer(link, level).inside(root, "p" if inline else "div", linked=linked)
    except (ET.ParseError, RecursionError):
        return text(re.sub("<[^>]*>", "", clean))


class _Writer:
    def __init__(self, link: Callable[[str], str], level: Callable[[int], int]) -> None:
        self.link = link
        self.level = level

    def inside(self, element: ET.Element, place: str, *, linked: bool) -> str:
        """The content of `element` as it may stand in an element `place` that takes text."""
        out = [text(element.text or "")]
        for child in element:
            out.append(self._element(child, place, linked=linked))
            out.append(text(child.tail or ""))
        return "".join(out)

    def _element(self, element: ET.Element, place: str, *, linked: bool) -> str:
        name = element.tag
        fits = name in (_PHRASING if place not in _FLOW else _PHRASING | _BLOCKS)
        if name in _CHILDREN and fits:
            return self._strict(element, linked=linked)
        if name == "ruby":
            return self._ruby(element, linked=linked)
        if name in {"rp", "rt"}:
            return f" ({self.inside(element, 'p', linked=linked)})" if name == "rt" else ""
        attributes = self._attributes(element)
        if name == "a":
            return self._link(element, attributes, place, linked=linked)
        inner = self.inside(element, name if name in _FLOW and fits else place if not fits else "p", linked=linked)
        if not fits:
            return f"{inner} " if name not in _PHRASING else inner
        if name in _VOID:
            return f"<{name}{attributes} />"
        if name in _HEADINGS:
            if not inner.strip():
                return ""
            name = f"h{self.level(int(name[1]))}"
        return f"<{name}{attributes}>{inner}</{name}>"

    def _link(self, element: ET.Element, attributes: str, place: str, *, linked: bool) -> str:
        target = "" if linked else self.link(element.get("href", ""))
        inner = self.inside(element, "p", linked=True) if target else self.inside(element, place, linked=linked)
        return f'<a href="{text(target)}"{attributes}>{inner}</a>' if target and inner.strip() else inner

    def _ruby(self, element: ET.Element, *, linked: bool) -> str:
        """Ruby; brackets for readers without it are discouraged in EPUB, and left out."""
        out, said = [text(element.text or "")], False
        for child in element:
            if child.tag == "rt":
                out.append(f"<rt>{self.inside(child, 'p', linked=linked)}</rt>")
                said = True
            elif child.tag != "rp":
                out.append(self._element(child, "p", linked=linked))
            out.append(text(child.tail or ""))
        inner = "".join(out)
        # The base comes first, and its reading last: what is otherwise is no ruby.
        return f"<ruby>{inner}</ruby>" if said and inner.endswith("</rt>") and not inner.startswith("<rt>") else (
            inner.replace("<rt>", " (").replace("</rt>", ")")
        )  # fmt: skip

    def _strict(self, element: ET.Element, *, linked: bool) -> str:
        """A list or table: only the children it takes; what else is in it becomes an item, or goes before it."""
        name = element.tag
        takes, items = _CHILDREN[name], name in {"ul", "ol"}
        kept: list[str] = []
        loose = [self._loose(element.text, items=items, kept=kept)]
        for place, child in enumerate(element):
            if child.tag in takes and not (child.tag == "caption" and place):
                attributes = self._attributes(child)
                if child.tag in _VOID:
                    kept.append(f"<{child.tag}{attributes} />")
                elif child.tag in _CHILDREN:
                    kept.append(self._strict(child, linked=linked))
                else:
                    inner = self.inside(child, child.tag if child.tag in _FLOW else "p", linked=linked)
                    kept.append(f"<{child.tag}{attributes}>{inner}</{child.tag}>")
            else:
                inner = self._element(child, "div" if items else "p", linked=linked)
                if items and inner.strip():
                    kept.append(f"<li>{inner}</li>")
                else:
                    loose.append(inner)
            loose.append(self._loose(child.tail, items=items, kept=kept))
        before = " ".join(each for each in loose if each.strip())
        before = f"<p>{before}</p>" if before and name in _BLOCKS else ""
        if name == "dl" and not (kept and kept[0].startswith("<dt") and kept[-1].startswith("<dd")):
            return before + "".join(f"<p>{re.sub('^<d[dt][^>]*>|</d[dt]>$', '', each)}</p>" for each in kept)
        return f"{before}<{name}{self._attributes(element)}>{''.join(kept)}</{name}>" if kept else before

    @staticmethod
    def _loose(words: str | None, *, items: bool, kept: list[str]) -> str:
        if not words or not words.strip():
            return ""
        if items:
            kept.append(f"<li>{text(words.strip())}</li>")
            return ""
        return text(words.strip())

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
