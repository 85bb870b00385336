"""PNG pictures of few colours in which most rows are alike, as a cover is: those rows are compressed once a process.

The format is https://www.w3.org/TR/png-3/; a row begins with its filter type, 0. Pieces of a deflate stream
(https://www.rfc-editor.org/rfc/rfc1951) that end in a full flush can stand one after the other.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_ADLER = 65_521
"""The modulus of https://www.rfc-editor.org/rfc/rfc1950#section-9."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Some rows of a picture."""

    packed: bytes
    """They compressed."""
    checksum: int
    """Their Adler-32."""
    size: int


def piece(rows: bytes) -> Piece:
    """`rows`, each its filter type and then a palette index for each pixel."""
    # Even areas are runs of one byte: to look for anything else takes four times as long and gains a tenth.
    packer = zlib.compressobj(6, zlib.DEFLATED, -15, 8, zlib.Z_RLE)
    return Piece(packer.compress(rows) + packer.flush(zlib.Z_FULL_FLUSH), zlib.adler32(rows), len(rows))


def alike(row: bytes, count: int) -> list[Piece]:
    """`row`, `count` times: in pieces of 1, 2, 4, … rows, of which few exist."""
    return [_repeated(row, 1 << bit) for bit in range(count.bit_length()) if count >> bit & 1]


@lru_cache(maxsize=64)
def _repeated(row: bytes, count: int) -> Piece:
    return piece(row * count)


def png(width: int, height: int, palette: bytes, pieces: Iterable[Piece]) -> bytes:
    """A picture of `pieces` from top to bottom; `palette` has three bytes a colour."""
    packed, low, high = [b"\x78\x01"], 1, 0
    for each in pieces:
        packed.append(each.packed)
        high = (high + (each.checksum >> 16) + (low - 1) * each.size) % _ADLER
        low = (low - 1 + (each.checksum & 0xFFFF)) % _ADLER
    packed.append(b"\x03\x00" + struct.pack(">HH", high, low))  # a last block, empty; the checksum of all
    header = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"PLTE", palette), (b"IDAT", b"".join(packed)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(data, zlib.crc32(name)))
