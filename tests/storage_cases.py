"""What holds for every store: asked by the tests of files, of memory, and of a server."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tiku import storage

if TYPE_CHECKING:
    from pathlib import Path


def stamps_tell_objects_apart(name: str, source: Path) -> None:
    """Two objects of the same length at `name`, sent from the file `source`, have stamps of their own."""
    assert storage.stamp(name) is None
    seen = set()
    for data in (b"one", b"two"):
        source.write_bytes(data)
        stamp = storage.put(source, name)
        assert stamp == storage.stamp(name)
        seen.add(stamp)
    assert len(seen) == 2
    storage.remove(name)
    assert storage.stamp(name) is None
