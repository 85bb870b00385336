"""The sink for raw HTML: whatever a document brings, only harmless markup gets into an output."""

from __future__ import annotations

_TAGS = frozenset(
    "a abbr b bdi bdo blockquote br caption cite code col colgroup dd del dfn div dl dt em figcaption figure h1 h2 h3 h4 h5 h6 "
    "hr i ins kbd li mark ol p pre q rp rt ruby s samp small span strong sub sup table tbody td tfoot th thead "
    "tr u ul var wbr".split()
)
_ATTRIBUTES = {"*": {"lang", "dir", "title"}, "a": {"href"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"},
               "ol": {"start"}}  # fmt: skip
_SCHEMES = {"http", "https", "mailto", "tel"}


def clean(html: str) -> str:
    """`html` with only formatting left: no scripts, handlers, styles, embedded objects, pictures or odd links.

    The text of what is removed stays, but for scripts and styles.
    """
    import nh3

    return nh3.clean(
        html, tags=set(_TAGS), attributes={key: set(value) for key, value in _ATTRIBUTES.items()},
        url_schemes=_SCHEMES, link_rel=None, strip_comments=True, generic_attribute_prefixes=None,
    )  # fmt: skip


def xhtml(html: str) -> str:
    """`html`, cleaned, with its void elements closed, for outputs that are XML."""
    out = clean(html)
    for tag in ("br", "hr", "wbr", "col"):
        out = out.replace(f"<{tag}>", f"<{tag} />")
    return out.replace("&nbsp;", "\u00a0")
