"""A zip archive written from front to back, its list of entries kept as packed bytes (PKWARE APPNOTE 6.3.10, chapter 4).

The standard library keeps an object for each entry until the archive is closed. A deck of slides has two or three entries
a slide: for a large bank those objects take a third of the memory of the model. And for an entry of a few hundred bytes,
as a small book has by the dozen, it sets up tables of a quarter of a megabyte.
"""

from __future__ import annotations

import datetime as dt
import struct
import zlib
from typing import TYPE_CHECKING

from tiku.errors import ExportError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType
    from typing import BinaryIO, Self

BUFFER = 1 << 16
"""Bytes that a file which an archive goes to should hold back: a small one is then written at once."""
LEVEL = 4
"""Of deflate: a fortieth larger than zlib's own choice, 6, in less than half of its time."""
FIRST = dt.datetime(1980, 1, 1, tzinfo=dt.UTC)
LAST = dt.datetime(2107, 12, 31, 23, 59, 58, tzinfo=dt.UTC)
"""The times that a zip can say."""
# Each begins with its signature and the version needed to read it, as far as it has these.
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4sBB5H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END_64 = struct.Struct("<4sQBBH2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
_OFFSET_64 = struct.Struct("<2HQ")
_SHORT, _LONG = 0xFFFF, 0xFFFFFFFF
"""The largest numbers of two and of four bytes: they say that ZIP64's field has the real number."""
MOST = _SHORT - 1
"""Entries of an archive that programs without ZIP64 read."""
_PLAIN, _ZIP64 = 20, 45
_UNIX = 3
_UTF8 = 0x800
_MODE = 0o644 << 16


def _window(size: int) -> int:
    """The bits of deflate's window for so many bytes: one that holds them all finds the same, and is set up sooner."""
    return min(zlib.MAX_WBITS, max(9, size.bit_length()))


class Archive:
    """Writes entries to `file`; all bear the time `when`, as near as a zip can say it.

    A context manager: the list of entries is written when its body ends well. `count` is the number of entries so far.
    """

    def __init__(self, file: BinaryIO, when: dt.datetime) -> None:
        when = min(max(when, FIRST), LAST)
        self._time = when.hour << 11 | when.minute << 5 | when.second // 2
        self._day = (when.year - FIRST.year) << 9 | when.month << 5 | when.day
        self._file = file
        self._offset = file.tell()
        self.count = 0
        self._entries = bytearray()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._finish()

    def put(self, name: str, content: bytes | str | Iterable[str | bytes], *, deflate: bool = True) -> None:
        """Write one entry, text as UTF-8. What comes in pieces is held in memory compressed only.

        Raises ExportError for 4 GB or more.
        """
        whole = content.encode() if isinstance(content, str) else content
        window = _window(len(whole)) if isinstance(whole, bytes) else zlib.MAX_WBITS
        packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -window) if deflate else None
        packed = bytearray()
        size = check = 0
        for piece in (whole,) if isinstance(whole, bytes) else whole:
            data = piece.encode() if isinstance(piece, str) else piece
            size += len(data)
            check = zlib.crc32(data, check)
            packed += packer.compress(data) if packer else data
        if packer:
            packed += packer.flush()
        if max(size, len(packed)) >= _LONG:
            raise ExportError(f"{name} is too large for a zip archive")
        path = name.encode()
        flags = 0 if path.isascii() else _UTF8
        method = zlib.DEFLATED if deflate else 0
        common = (flags, method, self._time, self._day, check, len(packed), size, len(path))
        far = self._offset >= _LONG
        extra = _OFFSET_64.pack(1, 8, self._offset) if far else b""
        version, offset = (_ZIP64, _LONG) if far else (_PLAIN, self._offset)
        self._entries += _CENTRAL.pack(b"PK\1\2", version, _UNIX, version, *common, len(extra), 0, 0, 0, _MODE, offset)
        self._entries += path + extra
        self.count += 1
        self._write(_LOCAL.pack(b"PK\3\4", version, *common, 0) + path)
        self._write(packed)

    def _write(self, data: bytes | bytearray) -> None:
        self._file.write(data)
        self._offset += len(data)

    def _finish(self) -> None:
        """Write the list of entries and what ends an archive."""
        start, size, count = self._offset, len(self._entries), self.count
        self._write(self._entries)
        if count > MOST or max(start, size) >= _LONG:
            end = self._offset
            self._write(
                _END_64.pack(b"PK\6\6", _END_64.size - 12, _ZIP64, _UNIX, _ZIP64, 0, 0, count, count, size, start)
            )
            self._write(_LOCATOR_64.pack(b"PK\6\7", 0, end, 1))
        few = min(count, _SHORT)
        self._write(_END.pack(b"PK\5\6", 0, 0, few, few, min(size, _LONG), min(start, _LONG), 0))
