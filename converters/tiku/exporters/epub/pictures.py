"""The pictures of a book: named by their content, only those used, each in a form that readers show."""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from typing import TYPE_CHECKING, Any

from tiku.errors import SetupError
from tiku.exporters.epub.package import File
from tiku.plugins import need
from tiku.render.conversions import converted

if TYPE_CHECKING:
    from tiku.exporters.epub.content import ContentWriter
    from tiku.model import Bank, Media

LARGEST_BYTES = 5_000_000
LARGEST_SIDE = 4_000
"""Pixels; over either of these a picture is reported: old e-readers show nothing, or stop."""
_DEEPEST = 100_000_000
"""Pixels that are decoded at most: a small file can claim more than memory holds."""


class Pictures:
    """Takes pictures out of the bank as the content asks for them."""

    def __init__(self, bank: Bank) -> None:
        self._media = {media.name: media for media in bank.media}
        self._taken: dict[str, str] = {}
        self.files: list[File] = []
        self.formulas: dict[str, File] = {}
        """Pictures of formulas by path."""
        self.animated = False

    def take(self, name: str, writer: ContentWriter) -> str:
        """The path of the picture `name` in the book; empty, after a complaint, when it cannot be shown."""
        if name not in self._taken:
            media = self._media.get(name)
            if media is None:
                writer.complain(
                    "Q302", f"picture '{name[:60]}' is not in the bank; its description stands in its place"
                )
            self._taken[name] = self._add(media, writer) if media else ""
        return self._taken[name]

    def add_formula(self, mime: str, suffix: str, content: bytes) -> str:
        """The path in the book of the picture of a formula."""
        name = hashlib.sha256(content).hexdigest()[:16]
        href = f"math/{name}.{suffix}"
        self.formulas.setdefault(href, File(f"m-{name}", href, mime, content))
        return href

    def _add(self, media: Media, writer: ContentWriter) -> str:
        try:
            mime, suffix, content, side = self._fit(media)
        except SetupError:
            raise
        except Exception as error:  # noqa: BLE001 - decoders raise whatever they like on a damaged picture
            # Pillow's own words name an address in memory: other bytes every time.
            reason = re.sub(r"\s*<[^>]*>", "", " ".join(str(error).split()))[:80] or type(error).__name__
            writer.complain(
                "Q302", f"picture '{media.name[:60]}' cannot be read ({reason}); its description stands in its place"
            )
            return ""
        if len(content) > LARGEST_BYTES or side > LARGEST_SIDE:
            size = f"{len(content) / 1e6:.1f} MB, {side} pixels on its longer side"
            writer.complain("Q305", f"picture '{media.name[:60]}' is large for an e-reader: {size}")
        name = hashlib.sha256(content).hexdigest()[:16]
        href = f"images/{name}.{suffix}"
        if all(file.href != href for file in self.files):
            self.files.append(File(f"i-{name}", href, mime, content))
        return href

    def _fit(self, media: Media) -> tuple[str, str, bytes, int]:
        """(media type, suffix, content, longer side in pixels) of the picture as EPUB's core media types know it.

        Raises whatever the decoder does.
        """
        from tiku.render import svg

        if svg.is_svg(media.data):
            return "image/svg+xml", "svg", svg.clean(media.data), 0
        image_module: Any = need("epub", "PIL.Image", "epub")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of large ones we tell ourselves
            picture = image_module.open(io.BytesIO(media.data))
        with picture:
            kind, side = picture.format, max(picture.size)
            self.animated = self.animated or getattr(picture, "n_frames", 1) > 1
            if kind in {"PNG", "GIF"}:
                return f"image/{kind.lower()}", kind.lower(), media.data, side
            if kind in {"JPEG", "MPO"} and picture.mode in {"RGB", "L"}:
                return "image/jpeg", "jpg", media.data, side
            if picture.size[0] * picture.size[1] > _DEEPEST:
                raise ValueError(f"{picture.size[0]} × {picture.size[1]} pixels are too many to convert")
            # WebP and whatever else old readers lack becomes PNG, photographs in CMYK JPEG.
            name, suffix = ("JPEG", "jpg") if picture.mode == "CMYK" else ("PNG", "png")
            content = converted(f"epub {name}", media.data, lambda: _encoded(picture, name)) or b""
            return f"image/{name.lower()}", suffix, content, side


def _encoded(picture: Any, name: str) -> bytes:
    out = io.BytesIO()
    clear = "A" in picture.getbands() or "transparency" in picture.info
    picture.convert("RGBA" if clear and name == "PNG" else "RGB").save(
        out, name, **({"quality": 90} if name == "JPEG" else {})
    )
    return out.getvalue()
