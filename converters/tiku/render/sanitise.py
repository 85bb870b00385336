"""The sink for raw HTML: whatever a document brings, only harmless markup gets into an output."""

from __future__ import annotations

import re

from tiku.markup import safe_link

_TAGS = frozenset(
    "a abbr b bdi bdo blockquote br caption cite code col colgroup dd del dfn div dl dt em figcaption figure h1 h2 "
    "h3 h4 h5 h6 hr i ins kbd li mark ol p pre q rp rt ruby s samp small span strong sub sup table tbody td tfoot th "
    "thead tr u ul var wbr".split()
)
# https://html.spec.whatwg.org/multipage/dom.html#phrasing-content
_PHRASING = frozenset(
    "a abbr b bdi bdo br cite code del dfn em i ins kbd mark q rp rt ruby s samp small span strong sub sup u var "
    "wbr".split()
)
_VOID = re.compile(r'<(br|hr|wbr|col)((?: [a-z]+="[^"]*")*)>')
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_ATTRIBUTES = {
    "*": {"lang", "dir", "title"}, "a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"},
    "ol": {"start"},
}  # fmt: skip
_VALUES = {
    "lang": re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,5}"), "dir": re.compile("ltr|rtl|auto"),
    "colspan": re.compile("[1-9][0-9]{0,2}"), "rowspan": re.compile("[1-9][0-9]{0,2}"),
    "start": re.compile("-?[0-9]{1,6}"),
}  # fmt: skip
_SCHEMES = {"http", "https", "mailto", "tel"}


def clean(html: str, *, inline: bool = False) -> str:
    """`html` with only formatting left: no scripts, handlers, styles, embedded objects, pictures or odd links.

    The text of what is removed stays, but for scripts and styles. With `inline` only what may stand in a line is left.
    """
    import nh3

    return nh3.clean(
        html,
        tags=set(_TAGS & _PHRASING if inline else _TAGS),
        attributes={key: set(value) for key, value in _ATTRIBUTES.items()},
        attribute_filter=_value,
        url_schemes=_SCHEMES,
        link_rel=None,
        strip_comments=True,
        generic_attribute_prefixes=None,
    )


def _value(_tag: str, name: str, value: str) -> str | None:
    """An attribute's value where it is one that XHTML allows, and a link's where it may stand in an output."""
    if name == "href":
        return value if safe_link(value) else None
    shape = _VALUES.get(name)
    return value if shape is None or shape.fullmatch(value) else None


def xhtml(html: str, *, inline: bool = False) -> str:
    """`html`, cleaned, with its void elements closed, for outputs that are XML.

    With `inline` only what may stand in a line of text is left.
    """
    out = _VOID.sub(r"<\1\2 />", clean(_NOT_XML.sub("", html), inline=inline))
    return out.replace("&nbsp;", "\u00a0")
