"""Fingerprints of texts: whether two are equal, and how alike they are, without keeping the texts."""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from struct import pack, unpack, unpack_from
from zlib import crc32

SIZE = 64
"""Most values in a sketch: the estimate of likeness is then good to about 1/√64 of itself at worst."""
_NOT_WIDE = re.compile("[^\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+")


def fold(text: str) -> str:
    """`text` without white space, NFC and case folded."""
    # Not NFKC, which takes thirty times as long on Chinese: what it would make equal is found to be alike all the same.
    return "".join(unicodedata.normalize("NFC", text).casefold().split())


class Fingerprint:
    """What is remembered of a text.

    Made of the text (folded), or of a digest and a sketch that were stored. The sketch is a bottom-k sketch of the
    text's shingles (https://en.wikipedia.org/wiki/MinHash#Variant_with_a_single_hash_function), made when first needed.
    """

    __slots__ = ("_sketch", "_text", "digest")

    def __init__(self, text: str = "", *, digest: str = "", sketch: tuple[int, ...] = ()) -> None:
        self._text = text
        self._sketch: tuple[int, ...] | None = None if text else sketch
        self.digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:12] if text else digest
        """Equal for equal texts; empty for the empty text."""

    @property
    def sketch(self) -> tuple[int, ...]:
        """The smallest hashes of the text's shingles, sorted."""
        if self._sketch is None:
            self._sketch = _sketch(self._text)
        return self._sketch

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Fingerprint) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)

    def __bool__(self) -> bool:
        return bool(self.digest)

    def likeness(self, other: Fingerprint) -> float:
        """The share of shingles that both have, 0 to 1."""
        if self.digest == other.digest:
            return 1.0
        one, two = self.sketch, other.sketch
        if not one or not two:
            return 0.0
        union = sorted({*one, *two})[:SIZE]
        return len({*one} & {*two} & {*union}) / len(union)

    def stored(self) -> str:
        """The fingerprint as text: ``digest:sketch``, the sketch in base64, three bytes a value."""
        if not self.digest:
            return ""
        count = len(self.sketch)
        four, data = pack(f">{count}I", *self.sketch), bytearray(3 * count)
        data[0::3], data[1::3], data[2::3] = four[1::4], four[2::4], four[3::4]
        return f"{self.digest}:{base64.b64encode(data).decode()}"

    @classmethod
    def load(cls, stored: str) -> Fingerprint:
        """The fingerprint that `stored` is. Raises ValueError when it is none."""
        digest, _, sketch = stored.partition(":")
        data = base64.b64decode(sketch, validate=True)
        count = len(data) // 3
        four = bytearray(4 * count)
        four[1::4], four[2::4], four[3::4] = data[0::3], data[1::3], data[2::3]
        return cls(digest=digest, sketch=unpack(f">{count}I", four))


def _sketch(text: str) -> tuple[int, ...]:
    # Three Chinese signs say as much as five letters.
    wide = len(text) - sum(map(len, _NOT_WIDE.findall(text)))
    length = 3 if wide * 3 > len(text) else 5
    data = text.encode("utf-32-le", "replace")
    step = 4 * length
    shingles: list[bytes] = [] if len(data) >= step else [data]
    for start in range(0, min(step, len(data)), 4):  # those that begin here and do not overlap, at once
        shingles += unpack_from(f"{step}s" * ((len(data) - start) // step), data, start)
    # CRC-32 alone is linear, which would make neighbours of small values small: the product spreads them.
    values = {value * 2_654_435_761 >> 8 & 0xFFFFFF for value in map(crc32, shingles)}
    return tuple(sorted(values)[:SIZE])
