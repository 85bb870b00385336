"""A formula's picture as DrawingML geometry: a vector shape in the text's own colour, in every viewer.

The picture is the SVG that render/mathematics makes: paths and rectangles, glyphs as symbols placed by ``use``.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, fromstring

if TYPE_CHECKING:
    from tiku.render.mathematics import Picture

SCALE = 100
"""Units of the geometry in one unit of the SVG."""
_COMMAND = re.compile(r"([MLQCZHVmlqczhv])|(-?\d*\.?\d+(?:[eE][-+]?\d+)?)")


def geometry(picture: Picture) -> str:
    """The ``<a:custGeom>`` of `picture`; its box is the picture's width and height."""
    root = fromstring(picture.svg)  # noqa: S314 - our own library's output, no document's
    left, top, width, height = (float(part) for part in (root.get("viewBox") or "0 0 1 1").split())
    symbols = {element.get("id", ""): element for element in root.iter() if element.tag.endswith("symbol")}
    segments: list[str] = []
    for element in root:
        _draw(element, symbols, -left, -top, segments)
    return (
        "<a:custGeom><a:avLst/><a:gdLst/><a:ahLst/><a:cxnLst/>"
        '<a:rect l="0" t="0" r="r" b="b"/><a:pathLst>'
        f'<a:path w="{max(1, round(width * SCALE))}" h="{max(1, round(height * SCALE))}">{"".join(segments)}</a:path>'
        "</a:pathLst></a:custGeom>"
    )


def _draw(element: Element, symbols: dict[str, Element], dx: float, dy: float, out: list[str]) -> None:
    kind = element.tag.rpartition("}")[2]
    if kind == "g":
        for child in element:
            _draw(child, symbols, dx, dy, out)
    elif kind == "path":
        _path(element.get("d", ""), 1.0, dx, dy, out)
    elif kind == "rect":
        x, y = float(element.get("x", 0)) + dx, float(element.get("y", 0)) + dy
        width, height = float(element.get("width", 0)), float(element.get("height", 0))
        _path(f"M 0 0 L {width} 0 L {width} {height} L 0 {height} Z", 1.0, x, y, out)
    elif kind == "use":
        name = next((value for key, value in element.attrib.items() if key.endswith("href")), "")
        symbol = symbols.get(name.removeprefix("#"))
        if symbol is None:
            return
        box = [float(part) for part in symbol.get("viewBox", "0 0 1 1").split()]
        # A symbol is scaled into the rectangle of its use, kept in proportion and centred (SVG 2, 8.6).
        width, height = float(element.get("width", box[2])), float(element.get("height", box[3]))
        scale = min(width / (box[2] or 1), height / (box[3] or 1))
        x = float(element.get("x", 0)) + (width - box[2] * scale) / 2 - box[0] * scale
        y = float(element.get("y", 0)) + (height - box[3] * scale) / 2 - box[1] * scale
        for child in symbol:
            if child.tag.endswith("path"):
                _path(child.get("d", ""), scale, x + dx, y + dy, out)


def _path(data: str, scale: float, dx: float, dy: float, out: list[str]) -> None:
    """Absolute and relative M, L, H, V, Q, C and Z, which are all that the formulas use."""
    points: list[float] = []
    command, x, y = "", 0.0, 0.0

    def point(px: float, py: float) -> str:
        return f'<a:pt x="{round((px * scale + dx) * SCALE)}" y="{round((py * scale + dy) * SCALE)}"/>'

    wanted = {"M": 2, "L": 2, "H": 1, "V": 1, "Q": 4, "C": 6}
    names = {"M": "moveTo", "L": "lnTo", "Q": "quadBezTo", "C": "cubicBezTo"}
    for letter, number in _COMMAND.findall(data):
        if letter:
            command, points = letter, []
            if letter in "Zz":
                out.append("<a:close/>")
            continue
        points.append(float(number))
        kind = command.upper()
        if len(points) < wanted.get(kind, 1):
            continue
        if command.islower():
            points = [value + (y if (index % 2 or kind == "V") else x) for index, value in enumerate(points)]
        if kind in {"H", "V"}:
            points = [points[0], y] if kind == "H" else [x, points[0]]
            kind = "L"
        if kind in names:
            inner = "".join(point(points[at], points[at + 1]) for at in range(0, len(points), 2))
            out.append(f"<a:{names[kind]}>{inner}</a:{names[kind]}>")
            x, y = points[-2], points[-1]
            if kind == "M":
                command = "l" if command.islower() else "L"
        points = []
