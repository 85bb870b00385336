"""Pictures as parts of a package: formats that PowerPoint knows, others turned into PNG."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from tiku.plugins import need
from tiku.render import svg
from tiku.render.conversions import converted
from tiku.render.paginate import pictures

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.Image import Image

    from tiku.model import Media

KNOWN = {"image/png": "png", "image/jpeg": "jpg", "image/gif": "gif"}
LONGEST_SIDE = 2000
"""Pixels of a drawing made into PNG."""
MOST_PIXELS = 50_000_000
"""Larger pictures are not opened."""


def embeddable(media: Media) -> tuple[str, bytes] | None:
    """The suffix and bytes of `media` as PowerPoint takes it; None when it cannot be had."""
    if pictures.orientation(media) != 1:  # PowerPoint shows what the file holds
        data = converted("pptx upright", media.data, lambda: _upright(media.data))
        return ("jpg", data or media.data)
    if media.mime in KNOWN:
        return KNOWN[media.mime], media.data
    if media.mime == "image/svg+xml":
        data = converted(f"pptx svg {LONGEST_SIDE}", media.data, lambda: _drawn(media))
        return ("png", data) if data else None
    data = converted("pptx png", media.data, lambda: _converted(media.data))
    return ("png", data) if data else None


def harmless_svg(data: bytes) -> str:
    """SVG text with nothing in it that runs, or refers to anything outside it; an empty drawing when it is no SVG."""
    from tiku.errors import TikuError

    try:
        return svg.clean(data, "pptx").decode("utf-8")
    except TikuError:
        raise
    except Exception:  # noqa: BLE001 - lxml's errors have no common class that can be named before it is loaded
        return '<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"/>'


def _drawn(media: Media) -> bytes | None:
    svg_to_bytes = need("pptx", "resvg_py", "pptx").svg_to_bytes
    width, height = pictures.size(media)
    if not width or not height:
        return None
    scale = min(LONGEST_SIDE / max(width, height), 4.0)
    try:
        return bytes(svg_to_bytes(svg_string=harmless_svg(media.data), width=max(1, round(width * scale))))
    except Exception:  # noqa: BLE001 - a Rust library's errors have no common class
        return None


def _upright(data: bytes) -> bytes | None:
    """A photo turned as its camera says, in the best quality that is not wasteful."""
    from PIL import ImageOps

    def turned(image: Image) -> bytes:
        out = io.BytesIO()
        ImageOps.exif_transpose(image).save(out, "JPEG", quality=92, icc_profile=image.info.get("icc_profile"))
        return out.getvalue()

    return _opened(data, turned)


def _converted(data: bytes) -> bytes | None:
    def as_png(image: Image) -> bytes:
        out = io.BytesIO()
        image.convert("RGBA").save(out, "PNG")
        return out.getvalue()

    return _opened(data, as_png)


def _opened(data: bytes, change: Callable[[Image], bytes]) -> bytes | None:
    """What `change` gives for a picture; None when it cannot be opened, or is too large."""
    need("pptx", "PIL", "pptx")
    from PIL import Image

    try:
        with Image.open(io.BytesIO(data)) as image:
            return change(image) if image.width * image.height <= MOST_PIXELS else None
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
