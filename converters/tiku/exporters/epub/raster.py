"""Formulas as PNG, for readers that show neither MathML nor SVG: draws the few elements that ziamath's SVG has.

These are outlines of glyphs (``symbol`` and ``use``), rules (``rect``) and strokes (``path``); the subset of
https://www.w3.org/TR/SVG11/paths.html used is M, L, H, V, Q, C and Z with absolute coordinates.
"""

from __future__ import annotations

import io
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from tiku.plugins import need

if TYPE_CHECKING:
    from collections.abc import Iterator

PIXELS_PER_EM = 48
"""About 300 to the inch at the size of body text: what e-readers have."""
_FINER = 4
"""Everything is drawn so many times as large, and then made smaller: that smooths its edges."""
_STEPS = 8
"""Straight pieces that a curve becomes."""
_TOKEN = re.compile(r"[A-Za-z]|-?(?:\d+\.?\d*|\.\d+)(?:[eE]-?\d+)?")
_COUNT = {"M": 2, "L": 2, "H": 1, "V": 1, "Q": 4, "C": 6, "Z": 0}
_SVG = "{http://www.w3.org/2000/svg}"

Point = tuple[float, float]
Contour = list[Point]


def png(svg: str, font_size: float) -> bytes:
    """The drawing of a formula set at `font_size` units as PNG: black on white, so that it can be read on any page.

    Raises ValueError for what is not in the subset.
    """
    image_module: Any = need("epub", "PIL.Image", "epub")
    from PIL import ImageChops, ImageDraw

    root = ET.fromstring(svg)  # noqa: S314 - ziamath wrote it
    left, top, width, height = _numbers(root.get("viewBox", ""))
    scale = PIXELS_PER_EM / font_size * _FINER
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # Contours inside others are holes: each is drawn by itself, and what two share is taken out again.
    ink = image_module.new("1", size, 0)
    symbols = {f"#{each.get('id')}": each for each in root.iter(f"{_SVG}symbol")}
    for shape in _shapes(root, symbols):
        layer = image_module.new("1", size, 0)
        for contour in shape:
            one = image_module.new("1", size, 0)
            points = [((x - left) * scale, (y - top) * scale) for x, y in contour]
            if len(points) > 2:
                ImageDraw.Draw(one).polygon(points, fill=1)
            layer = ImageChops.logical_xor(layer, one)
        ink = ImageChops.logical_or(ink, layer)
    grey = ImageChops.invert(ink.convert("L")).reduce(_FINER)
    out = io.BytesIO()
    grey.save(out, "PNG")
    return out.getvalue()


def _numbers(text: str) -> list[float]:
    return [float(each) for each in text.replace(",", " ").split()]


def _shapes(parent: ET.Element, symbols: dict[str, ET.Element]) -> Iterator[list[Contour]]:
    """The contours of each shape, in the units of the drawing."""
    for each in parent:
        name = each.tag.removeprefix(_SVG)
        if name == "use":
            yield from _used(each, symbols)
        elif name == "rect":
            x, y, width, height = (float(each.get(key, "0")) for key in ("x", "y", "width", "height"))
            outer = [(x, y), (x + width, y), (x + width, y + height), (x, y + height)]
            if each.get("fill") == "none":
                line = float(each.get("stroke-width", "1")) / 2
                yield [
                    _grown(outer, line), _grown(outer, -line)
                ]  # fmt: skip
            else:
                yield [outer]
        elif name == "path":
            contours = list(_contours(each.get("d", "")))
            if each.get("fill") == "none" or each.get("stroke"):
                yield from _stroked(contours, float(each.get("stroke-width", "1")))
            else:
                yield contours
        elif name == "g":
            yield from _shapes(each, symbols)
        elif name != "symbol":
            raise ValueError(f"cannot draw '{name}'")


def _grown(box: Contour, by: float) -> Contour:
    (x0, y0), (x1, y1) = box[0], box[2]
    return [(x0 - by, y0 - by), (x1 + by, y0 - by), (x1 + by, y1 + by), (x0 - by, y1 + by)]


def _used(use: ET.Element, symbols: dict[str, ET.Element]) -> Iterator[list[Contour]]:
    symbol = symbols[use.get("href", "")]
    x0, y0, wide, high = _numbers(symbol.get("viewBox", ""))
    x, y, width, height = (float(use.get(key, "0")) for key in ("x", "y", "width", "height"))
    if not (wide and high):
        return
    scale = min(width / wide, height / high)
    # preserveAspectRatio is xMidYMid: what is over is shared out
    right, down = x + (width - wide * scale) / 2 - x0 * scale, y + (height - high * scale) / 2 - y0 * scale
    for shape in _shapes(symbol, symbols):
        yield [[(px * scale + right, py * scale + down) for px, py in contour] for contour in shape]


def _stroked(contours: list[Contour], width: float) -> Iterator[list[Contour]]:
    for contour in contours:
        for (x0, y0), (x1, y1) in pairwise(contour):
            length = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5
            if length:
                across, along = -(y1 - y0) / length * width / 2, (x1 - x0) / length * width / 2
                yield [
                    [
                        (x0 + across, y0 + along),
                        (x1 + across, y1 + along),
                        (x1 - across, y1 - along),
                        (x0 - across, y0 - along),
                    ]
                ]


def _contours(path: str) -> Iterator[Contour]:
    """The subpaths of `path`, curves as straight pieces."""
    tokens = _TOKEN.findall(path)
    contour: Contour = []
    place, command = 0, ""
    while place < len(tokens):
        if tokens[place].isalpha():
            command = tokens[place]
            place += 1
        if command not in _COUNT:
            raise ValueError(f"cannot draw '{command}' in a path")
        values = [float(each) for each in tokens[place : place + _COUNT[command]]]
        place += _COUNT[command]
        if command == "M":
            if contour:
                yield contour
            contour = [(values[0], values[1])]
            command = "L"
        elif command == "Z":
            # Closed: what follows begins with M.
            contour.append(contour[0])
        else:
            contour += _piece(command, contour[-1], values)
    if contour:
        yield contour


def _piece(command: str, start: Point, values: list[float]) -> Contour:
    if command == "L":
        return [(values[0], values[1])]
    if command in "HV":
        return [(values[0], start[1]) if command == "H" else (start[0], values[0])]
    points = [start, *zip(values[::2], values[1::2], strict=True)]
    return [_curve(points, step / _STEPS) for step in range(1, _STEPS + 1)]


def _curve(points: list[Point], share: float) -> Point:
    """The point of a Bézier curve at `share` of its way (de Casteljau)."""
    while len(points) > 1:
        points = [(x0 + (x1 - x0) * share, y0 + (y1 - y0) * share) for (x0, y0), (x1, y1) in pairwise(points)]
    return points[0]
