"""Fingerprints of texts: whether two are equal, and how alike they are, without keeping the texts."""

from __future__ import annotations

import base64
import hashlib
import re
import unicodedata
from itertools import compress
from struct import pack, unpack

SIZE = 64
"""Most values in a sketch: the estimate of likeness is then good to about 1/√64 of itself at worst."""
_NOT_WIDE = re.compile("[^\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]+")
_WIDE, _DOUBT = 1, 2
_KINDS = bytes(
    _DOUBT if high in {0x2E, 0xA4, 0xD7} else high == 0x11 or (0x2F <= high <= 0xD6 and not 0xA5 <= high <= 0xAB)
    or high in {0xF9, 0xFA} for high in range(256)
)  # fmt: skip
"""What the high byte of a character tells: whether it is wide, or that the low byte decides."""


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
        """The fingerprint as text: ``digest~sketch``, the sketch in base64, three bytes a value."""
        if not self.digest:
            return ""
        count = len(self.sketch)
        four, data = pack(f">{count}I", *self.sketch), bytearray(3 * count)
        data[0::3], data[1::3], data[2::3] = four[1::4], four[2::4], four[3::4]
        return f"{self.digest}~{base64.b64encode(data).decode()}"

    @classmethod
    def load(cls, stored: str) -> Fingerprint:
        """The fingerprint that `stored` is. Raises ValueError when it is none."""
        digest, _, sketch = stored.partition("~")
        digest, _, _ = digest.partition(":")  # sketches of another kind, before the first release: the digest holds
        data = base64.b64decode(sketch, validate=True)
        count = len(data) // 3
        four = bytearray(4 * count)
        four[1::4], four[2::4], four[3::4] = data[0::3], data[1::3], data[2::3]
        return cls(digest=digest, sketch=unpack(f">{count}I", four))


_FACTORS = (0x9E37_79B9_7F, 0xC2B2_AE3D_27, 0x1656_67B1_9F, 0xD6E8_FEB8_67, 0xA076_1D64_79)
"""Odd numbers of 40 bits, one for each place in a shingle."""
_FACTOR = {
    size: sum(factor << 64 * (size - 1 - place) for place, factor in enumerate(_FACTORS[:size])) for size in (3, 5)
}
"""All of them as the digits of one number, the first one the highest, by the size of a shingle."""
_FEW = tuple(bytes(byte < limit for byte in range(256)) for limit in range(257))
"""Tables for `bytes.translate`: 1 for a byte below the limit, else 0."""


def _sketch(text: str) -> tuple[int, ...]:
    data = text.encode("utf-32-le", "replace")
    # Three Chinese signs say as much as five letters.
    hashed = _hashes(data, 3 if _wide(text, data) * 3 > len(text) else 5)
    count = len(hashed) // 8
    low = bytearray(4 * count)
    low[0::4], low[1::4], low[2::4] = hashed[2::8], hashed[3::8], hashed[4::8]
    values = unpack(f"<{count}I", low)
    if count > 2 * SIZE:  # most are too large: only those whose highest byte is small are sorted
        small = compress(values, hashed[4::8].translate(_FEW[min(256, 3 * SIZE * 128 // count + 1)]))
        if len(least := sorted({*small})) >= SIZE:
            return tuple(least[:SIZE])
    return tuple(sorted({*values})[:SIZE])


def _wide(text: str, data: bytes) -> int:
    """How many characters of `text`, which is `data` in UTF-32, are wide."""
    kinds = data[1::4].translate(_KINDS)
    if _DOUBT in kinds or data[2::4].count(0) < len(text):
        return len(text) - sum(map(len, _NOT_WIDE.findall(text)))
    return kinds.count(_WIDE)


def _hashes(data: bytes, size: int) -> bytes:
    """The hash of each shingle of `size` characters of a text in UTF-32, 8 bytes each, of which bits 16 to 39 count.

    Multilinear hashing (Lemire and Kaser, 'Strongly universal string hashing is fast', 2014): two independent values
    are all that a bottom-k sketch needs (Thorup, 'Bottom-k and priority sampling', 2013). All sums are made at once, as
    the digits of a product: no digit overflows, for five products of 21 and 40 bits are less than 2**64.
    """
    digits = bytearray(2 * len(data))
    digits[0::8], digits[1::8], digits[2::8] = data[0::4], data[1::4], data[2::4]
    product = int.from_bytes(digits, "little") * _FACTOR[size]
    # The digits before hold sums of less than a shingle, and so do those behind but for a text that is shorter than one.
    first, count = 8 * (size - 1), max(1, len(data) // 4 - size + 1)
    return product.to_bytes(len(digits) + first, "little")[first : first + 8 * count]
