"""The natural size of a picture, and which way up it is, from the first bytes of its file."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tiku.model import Media

POINTS_PER_PIXEL = 0.75
"""CSS: 96 pixels and 72 points to the inch."""
_UNITS = {
    "px": 0.75,
    "": 0.75,
    "pt": 1.0,
    "in": 72.0,
    "cm": 28.35,
    "mm": 2.835,
    "pc": 12.0,
    "em": 12.0,
    "ex": 6.0,
    "rem": 12.0,
}
LAST_UPRIGHT = 4
"""Of the orientations; in those after it width and height change places."""
_APP1, _ORIENTATION = 0xE1, 0x0112
_LENGTH = re.compile(r"\s*([0-9.]+(?:[eE][+-]?\d+)?)\s*([a-z]*)\s*$")
_SVG_TAG = re.compile(rb"<svg\b[^>]*>", re.IGNORECASE | re.DOTALL)


def size(media: Media) -> tuple[float, float]:
    """Width and height in points, one pixel being 1/96 inch; zeros when the file does not tell."""
    data = media.data
    try:
        if media.mime == "image/png":
            width, height = struct.unpack(">II", data[16:24])
        elif media.mime == "image/gif":
            width, height = struct.unpack("<HH", data[6:10])
        elif media.mime == "image/jpeg":
            width, height = _jpeg(data)
            if orientation(media) > LAST_UPRIGHT:
                width, height = height, width
        elif media.mime == "image/webp":
            width, height = _webp(data)
        elif media.mime == "image/svg+xml":
            return _svg(data)
        else:
            return 0.0, 0.0
    except (struct.error, IndexError, ValueError):
        return 0.0, 0.0
    return width * POINTS_PER_PIXEL, height * POINTS_PER_PIXEL


def orientation(media: Media) -> int:
    """How a camera says that it was held: 1 (as it is) to 8, those from 5 on lie on their side; 1 where nothing is said.

    The tag Orientation of Exif 2.32, 4.6.4: https://www.cipa.jp/std/documents/e/DC-X008-Translation-2019-E.pdf
    """
    if media.mime != "image/jpeg":
        return 1
    try:
        for marker, at in _segments(media.data):
            if marker == _APP1 and media.data[at + 4 : at + 10] == b"Exif\0\0":
                return _tag(media.data[at + 10 : at + 2 + struct.unpack(">H", media.data[at + 2 : at + 4])[0]])
    except (struct.error, IndexError):
        pass
    return 1


def _tag(tiff: bytes) -> int:
    order = "<" if tiff[:2] == b"II" else ">"
    (start,) = struct.unpack(order + "L", tiff[4:8])
    (count,) = struct.unpack(order + "H", tiff[start : start + 2])
    for place in range(start + 2, start + 2 + 12 * min(count, 200), 12):
        tag, _, _, value = struct.unpack(order + "HHLH", tiff[place : place + 10])
        if tag == _ORIENTATION:
            return value if 1 <= value <= 8 else 1
    return 1


def _segments(data: bytes) -> Iterator[tuple[int, int]]:
    """The markers of a JPEG and where they stand (ITU T.81, B.1.1.4)."""
    at = 2
    while at + 9 < len(data):
        if data[at] != 0xFF:
            at += 1
            continue
        marker = data[at + 1]
        if marker in (0xFF, 0x01) or 0xD0 <= marker <= 0xD9:
            at += 1 if marker == 0xFF else 2
            continue
        yield marker, at
        at += 2 + struct.unpack(">H", data[at + 2 : at + 4])[0]


def _jpeg(data: bytes) -> tuple[int, int]:
    """From the first start-of-frame segment (ITU T.81, B.2.2)."""
    for marker, at in _segments(data):
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
    return 0, 0


def _webp(data: bytes) -> tuple[int, int]:
    """From the first chunk (https://developers.google.com/speed/webp/docs/riff_container)."""
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return 0, 0


def _svg(data: bytes) -> tuple[float, float]:
    """From width and height, else from the viewBox (https://www.w3.org/TR/SVG2/coords.html#SizingSVGInCSS)."""
    found = _SVG_TAG.search(data[:20_000])
    if not found:
        return 0.0, 0.0
    tag = found[0].decode("utf-8", "replace")
    attributes = dict(re.findall(r"\b(width|height|viewBox)\s*=\s*[\"']([^\"']*)[\"']", tag))
    box = [float(part) for part in re.findall(r"[-+0-9.eE]+", attributes.get("viewBox", ""))][2:4]
    lengths = []
    for name in ("width", "height"):
        length = _LENGTH.match(attributes.get(name, ""))
        lengths.append(float(length[1]) * _UNITS.get(length[2], 0.0) if length else 0.0)
    width, height = lengths
    if len(box) == 2 and min(box) > 0:
        if not width and not height:
            return box[0] * POINTS_PER_PIXEL, box[1] * POINTS_PER_PIXEL
        if not width:
            width = height * box[0] / box[1]
        if not height:
            height = width * box[1] / box[0]
    return (width, height) if width and height else (225.0, 112.5)
