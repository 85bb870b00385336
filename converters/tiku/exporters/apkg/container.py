"""The package file: a zip of the database, the pictures under numbers, and the list of their names.

Two forms. *Legacy*: ``collection.anki2`` as it is and ``media`` as JSON; every Anki, AnkiDroid and AnkiMobile opens it.
*Latest*: all of it compressed by Zstandard, ``media`` a protobuf message, and ``meta`` that says so (Anki 2.1.50+).
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from typing import TYPE_CHECKING

from tiku.plugins import need
from tiku.render.archive import BUFFER, Archive

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from tiku.model import Media

CHUNK = 1 << 20


def pack(
    target: Path, database: bytes | Path, media: Mapping[str, Media], seconds: int, *, latest: bool = False
) -> None:
    """Write the package `target` from `database` (bytes or a file) and `media` by their names in Anki's folder.

    `seconds` is the time its entries carry. Raises SetupError when `latest` is wanted and there is no Zstandard.
    """
    names = sorted(media)
    with target.open("wb", BUFFER) as file, Archive(file, dt.datetime.fromtimestamp(seconds, dt.UTC)) as archive:
        if latest:
            _pack_latest(archive, database, names, media)
            return
        archive.put("collection.anki2", database if isinstance(database, bytes) else _pieces(database))
        for index, name in enumerate(names):
            archive.put(str(index), media[name].data)
        listing = {str(index): name for index, name in enumerate(names)}
        archive.put("media", json.dumps(listing, ensure_ascii=False))


def _pack_latest(archive: Archive, database: bytes | Path, names: list[str], media: Mapping[str, Media]) -> None:
    zstd = _zstandard()
    archive.put("meta", b"\x08\x03", deflate=False)  # PackageMetadata{version: LATEST}
    packed = zstd(database) if isinstance(database, bytes) else zstd.pieces(_pieces(database))
    archive.put("collection.anki21b", packed, deflate=False)
    for index, name in enumerate(names):
        archive.put(str(index), zstd(media[name].data), deflate=False)
    listing = b"".join(_message(1, _media_entry(name, media[name].data)) for name in names)
    archive.put("media", zstd(listing), deflate=False)


def _pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            yield piece


class _Zstandard:
    """Zstandard from the package ``zstandard``."""

    def __init__(self) -> None:
        self._library = need("apkg", "zstandard", "anki")

    def __call__(self, data: bytes) -> bytes:
        """`data`, compressed."""
        out: bytes = self._library.ZstdCompressor(level=3, threads=0).compress(data)
        return out

    def pieces(self, data: Iterable[bytes]) -> Iterator[bytes]:
        """The pieces `data`, compressed together."""
        packer = self._library.ZstdCompressor(level=3, threads=0).compressobj()
        for piece in data:
            yield packer.compress(piece)
        yield packer.flush()


def _zstandard() -> _Zstandard:
    return _Zstandard()


# -- protobuf: MediaEntries{repeated MediaEntry{name = 1, size = 2, sha1 = 3} entries = 1}
#    https://protobuf.dev/programming-guides/encoding/


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _message(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(content)) + content


def _media_entry(name: str, data: bytes) -> bytes:
    digest = hashlib.sha1(data).digest()  # noqa: S324 - the format's choice
    return _message(1, name.encode()) + _varint(2 << 3) + _varint(len(data)) + _message(3, digest)
