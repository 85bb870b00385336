"""One build at a time in an output folder."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from tiku.errors import SetupError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOCK = ".tiku.lock"


@contextlib.contextmanager
def lock(folder: Path, patience: float) -> Iterator[None]:
    """Have `folder` to ourselves. Raises SetupError when it cannot be written, or another build holds it too long."""
    from filelock import FileLock, Timeout

    try:
        folder.mkdir(parents=True, exist_ok=True)
        held = FileLock(folder / LOCK, timeout=patience)
        held.acquire()
    except Timeout as error:
        raise SetupError(f"another build has been writing to '{folder}' for {patience:.0f} seconds") from error
    except (OSError, NotImplementedError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SetupError(f"cannot write '{folder}': {reason}") from error
    try:
        yield
    finally:
        held.release()
