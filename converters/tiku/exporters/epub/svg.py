"""SVG pictures without anything that runs, loads or leads away, and without editors' private notes."""

from __future__ import annotations

import re
from typing import Any

from tiku.plugins import need

_SVG = "http://www.w3.org/2000/svg"
_XLINK = "{http://www.w3.org/1999/xlink}href"
_START = re.compile(
    rb"\s*(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*(?:<!DOCTYPE[^>\[]*(?:\[.*?\]\s*)?>\s*)?(?:<!--.*?-->\s*)*<(?:\w+:)?svg\b",
    re.DOTALL,
)
_ELEMENTS = frozenset(
    "svg g defs symbol use title desc path rect circle ellipse line polyline polygon text tspan textPath marker "
    "linearGradient radialGradient stop pattern clipPath mask image style switch filter feBlend feColorMatrix "
    "feComponentTransfer feComposite feConvolveMatrix feDiffuseLighting feDisplacementMap feDistantLight feFlood "
    "feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode feMorphology feOffset "
    "fePointLight feSpecularLighting feSpotLight feTile feTurbulence".split()
)
_OUTSIDE = re.compile(r"url\(\s*['\"]?\s*(?!#)|@import|expression\s*\(|javascript:|\\", re.IGNORECASE)
_DATA = re.compile(r"data:image/(?:png|jpeg|gif);base64,", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][\w.\-]*")


def is_svg(data: bytes) -> bool:
    """Whether `data` begins as an SVG file does."""
    return _START.match(data[:20_000]) is not None


def clean(data: bytes) -> bytes:
    """The drawing in `data`, safe and well-formed.

    Raises ValueError when it is no SVG, lxml's errors when it is not well-formed.
    """
    etree: Any = need("epub", "lxml.etree", "epub")
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(data, parser)
    if root.tag != f"{{{_SVG}}}svg":
        raise ValueError("no SVG namespace")
    for element in list(root.iter()):
        if element is not root and element.getparent() is not None and not _kept(element):
            _drop(element)
    seen: set[str] = set()
    for element in root.iter():
        _attributes(element, seen)
    etree.cleanup_namespaces(root)
    out: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    return out


def _kept(element: Any) -> bool:
    if not isinstance(element.tag, str) or not element.tag.startswith(f"{{{_SVG}}}"):
        return False
    name = element.tag.rpartition("}")[2]
    if name == "style":
        return not _OUTSIDE.search("".join(element.itertext()))
    return name in _ELEMENTS


def _drop(element: Any) -> None:
    parent, before = element.getparent(), element.getprevious()
    if element.tail and element.tail.strip():
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def _attributes(element: Any, seen: set[str]) -> None:
    picture = element.tag == f"{{{_SVG}}}image"
    for key, value in list(element.attrib.items()):
        name = key.rpartition("}")[2]
        if key in {"href", _XLINK}:
            fine = value.startswith("#") or (picture and _DATA.match(value) is not None)
        elif key.startswith("{"):
            fine = key == "{http://www.w3.org/XML/1998/namespace}space"
        else:
            fine = not name.lower().startswith("on") and not name.startswith("data-") and not _OUTSIDE.search(value)
        if key == "id":
            fine = _NAME.fullmatch(value) is not None and value not in seen
            seen.add(value)
        if not fine:
            del element.attrib[key]
