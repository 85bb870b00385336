"""The package file: a zip of the database, the pictures under numbers, and the list of their names.

Two forms. *Legacy*: ``collection.anki2`` as it is and ``media`` as JSON; every Anki, AnkiDroid and AnkiMobile opens it.
*Latest*: all of it compressed by Zstandard, ``media`` a protobuf message, and ``meta`` that says so (Anki 2.1.50+).
"""

from __future__ import annotations

import hashlib
import json
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiku.plugins import need

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiku.model import Media

CHUNK = 1 << 20
LEVEL = 4
"""Of deflate: a twenty-fifth larger than 6, in two thirds of its time."""


def pack(
    target: Path, database: bytes | Path, media: Mapping[str, Media], seconds: int, *, latest: bool = False
) -> None:
    """Write the package `target` from `database` (bytes or a file) and `media` by their names in Anki's folder.

    `seconds` is the time its entries carry. Raises SetupError when `latest` is wanted and there is no Zstandard.
    """
    names = sorted(media)
    stamp = time.gmtime(min(max(seconds, 315_532_800), 4_354_819_198))[:6]  # 1980 to 2107: what a zip can say
    with zipfile.ZipFile(target, "w") as archive:
        if latest:
            _pack_latest(archive, database, names, media, stamp)
            return
        _entry(archive, "collection.anki2", stamp, database)
        for index, name in enumerate(names):
            _entry(archive, str(index), stamp, media[name].data)
        listing = {str(index): name for index, name in enumerate(names)}
        _entry(archive, "media", stamp, json.dumps(listing, ensure_ascii=False).encode())


def _pack_latest(
    archive: zipfile.ZipFile,
    database: bytes | Path,
    names: list[str],
    media: Mapping[str, Media],
    stamp: tuple[int, ...],
) -> None:
    zstd = _zstandard()
    _entry(archive, "meta", stamp, b"\x08\x03", store=True)  # PackageMetadata{version: LATEST}
    _entry(archive, "collection.anki21b", stamp, database, zstd=zstd)
    for index, name in enumerate(names):
        _entry(archive, str(index), stamp, zstd(media[name].data), store=True)
    listing = b"".join(_message(1, _media_entry(name, media[name].data)) for name in names)
    _entry(archive, "media", stamp, zstd(listing), store=True)


def _entry(
    archive: zipfile.ZipFile,
    name: str,
    stamp: tuple[int, ...],
    content: bytes | Path,
    *,
    store: bool = False,
    zstd: Any = None,
) -> None:
    info = zipfile.ZipInfo(name, stamp)  # type: ignore[arg-type]
    info.compress_type = zipfile.ZIP_STORED if store or zstd else zipfile.ZIP_DEFLATED
    info._compresslevel = LEVEL  # type: ignore[attr-defined] # noqa: SLF001 - public from Python 3.13 on
    info.external_attr = 0o644 << 16
    info.create_system = 3  # the same on every system
    if isinstance(content, Path):
        info.file_size = content.stat().st_size  # lets zipfile choose zip64 only where it is needed
    with archive.open(info, "w") as out:
        if isinstance(content, bytes):
            out.write(zstd(content) if zstd else content)
            return
        with content.open("rb") as file:
            if zstd is not None:
                zstd.stream(file, out)
                return
            while piece := file.read(CHUNK):
                out.write(piece)


class _Zstandard:
    """Zstandard from the package ``zstandard``."""

    def __init__(self) -> None:
        self._library = need("apkg", "zstandard", "anki")

    def __call__(self, data: bytes) -> bytes:
        """`data`, compressed."""
        out: bytes = self._library.ZstdCompressor(level=3, threads=0).compress(data)
        return out

    def stream(self, source: Any, target: Any) -> None:
        """Compress the file `source` into the file `target`."""
        self._library.ZstdCompressor(level=3, threads=0).copy_stream(source, target)


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
