"""SVG pictures without anything that runs, loads or leads away, and without editors' private notes."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tiku.errors import SetupError
from tiku.plugins import need

if TYPE_CHECKING:
    from tiku.model import Media

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
_ATTRIBUTES = frozenset(
    "alignment-baseline azimuth amplitude baseFrequency baseProfile baseline-shift bias class clip clip-path clip- "
    "rule clipPathUnits color color-interpolation color-interpolation-filters color-profile color-rendering cx cy d "
    "diffuseConstant direction display divisor dominant-baseline dx dy edgeMode elevation exponent fill fill-opacity "
    "fill-rule filter filterUnits flood-color flood-opacity font-family font-size font-size-adjust font-stretch font- "
    "style font-variant font-weight fx fy gradientTransform gradientUnits height id image-rendering in in2 intercept "
    "k1 k2 k3 k4 kernelMatrix kernelUnitLength kerning lengthAdjust letter-spacing lighting-color limitingConeAngle "
    "marker-end marker-mid marker-start markerHeight markerUnits markerWidth mask maskContentUnits maskUnits method "
    "mode numOctaves offset opacity operator order orient overflow patternContentUnits patternTransform patternUnits "
    "points pointsAtX pointsAtY pointsAtZ preserveAlpha preserveAspectRatio primitiveUnits r radius refX refY result "
    "rotate rx ry scale seed shape-rendering slope spacing specularConstant specularExponent spreadMethod startOffset "
    "stdDeviation stitchTiles stop-color stop-opacity stroke stroke-dasharray stroke-dashoffset stroke-linecap "
    "stroke-linejoin stroke-miterlimit stroke-opacity stroke-width style surfaceScale tableValues targetX targetY "
    "text-anchor text-decoration text-rendering textLength transform type unicode-bidi values version viewBox "
    "visibility width word-spacing writing-mode x x1 x2 xChannelSelector y y1 y2 yChannelSelector z".split()
)
_OUTSIDE = re.compile(r"url\(\s*['\"]?\s*(?!#)|@import|expression\s*\(|javascript:|\\", re.IGNORECASE)
_TARGET = re.compile(r"url\(\s*['\"]?#([^'\")\s]*)")
_DATA = re.compile(r"data:image/(?:png|jpeg|gif);base64,", re.IGNORECASE)
_NAME = re.compile(r"[A-Za-z_][\w.\-]*")


def is_svg(data: bytes) -> bool:
    """Whether `data` begins as an SVG file does."""
    return _START.match(data[:20_000]) is not None


def clean(data: bytes, user: str = "epub") -> bytes:
    """The drawing in `data`, safe and well-formed, for the exporter `user`.

    Raises ValueError when it is no SVG, lxml's errors when it is not well-formed.
    """
    etree: Any = need(user, "lxml.etree", user)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True
    )
    root = etree.fromstring(data, parser)
    if root.tag != f"{{{_SVG}}}svg":
        raise ValueError("no SVG namespace")
    for link in root.iter(f"{{{_SVG}}}a"):
        link.tag = f"{{{_SVG}}}g"  # what it shows stays
    for element in list(root.iter()):
        if element is not root and element.getparent() is not None and not _kept(element):
            _drop(element)
    seen: set[str] = set()
    for element in root.iter():
        _attributes(element, seen)
    for element in list(root.iter()):
        for key, value in list(element.attrib.items()):
            if any(target not in seen for target in _TARGET.findall(value)):
                del element.attrib[key]
        if element.getparent() is not None and not _whole(element, seen):
            _drop(element)
    etree.cleanup_namespaces(root)
    out: bytes = etree.tostring(root, encoding="utf-8", xml_declaration=True)
    return out


def harmless(media: Media) -> Media:
    """`media`; when it is an SVG, without anything that runs or loads, or empty where it cannot be understood."""
    if media.mime != "image/svg+xml":
        return media
    try:
        return replace(media, data=clean(media.data, "all"))
    except SetupError:
        raise
    except Exception:  # noqa: BLE001 - lxml's errors have no common class that can be named before it is loaded
        return replace(media, data=b'<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>')


def _kept(element: Any) -> bool:
    if not isinstance(element.tag, str) or not element.tag.startswith(f"{{{_SVG}}}"):
        return False
    name = element.tag.rpartition("}")[2]
    if name == "style":
        return not _OUTSIDE.search("".join(element.itertext()))
    return name in _ELEMENTS


def _whole(element: Any, ids: set[str]) -> bool:
    """Whether `element` still has what it is nothing without: a target that exists, a picture and its size."""
    name = element.tag.rpartition("}")[2]
    target = element.get("href", "") or element.get(_XLINK, "")
    if target.startswith("#") and target[1:] not in ids:
        return False
    if name == "image":
        return bool(target and element.get("width") and element.get("height"))
    return name != "use" or bool(target)


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
            if element.tag == f"{{{_SVG}}}g":
                del element.attrib[key]
                continue
            fine = value.startswith("#") or (picture and _DATA.match(value) is not None)
        elif key.startswith("{"):
            fine = key == "{http://www.w3.org/XML/1998/namespace}space"
        else:
            fine = name in _ATTRIBUTES and not _OUTSIDE.search(value)
        if key == "id":
            fine = _NAME.fullmatch(value) is not None and value not in seen
            seen.add(value)
        if not fine:
            del element.attrib[key]
