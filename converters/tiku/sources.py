"""Where documents come from: files and standard input."""

from __future__ import annotations

import sys
from pathlib import Path

from tiku.errors import DocumentError

MAX_SOURCE_BYTES = 500_000_000


def read_bytes(source: str) -> bytes:
    """What `source`, a path or ``-``, holds. Raises DocumentError when it cannot be read, or is no plain file."""
    if source == "-":
        data = sys.stdin.buffer.read(MAX_SOURCE_BYTES + 1)
        if len(data) > MAX_SOURCE_BYTES:
            raise DocumentError(f"larger than {MAX_SOURCE_BYTES // 1_000_000} MB", file=source)
        return data
    path = Path(source)
    try:
        if not path.is_file():
            raise DocumentError("no such file" if not path.exists() else "not a plain file", file=source)
        if path.stat().st_size > MAX_SOURCE_BYTES:
            raise DocumentError(f"larger than {MAX_SOURCE_BYTES // 1_000_000} MB", file=source)
        return path.read_bytes()
    except (OSError, ValueError) as error:
        raise DocumentError(f"cannot be read: {getattr(error, 'strerror', None) or error}", file=source) from error
