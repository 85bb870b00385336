"""Pictures brought into another form: a step of its own, which whoever calls an exporter may remember."""

from __future__ import annotations

import contextlib
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Make = Callable[[], bytes | None]
    Remember = Callable[[str, bytes, Make], bytes | None]

_REMEMBER: ContextVar[Remember | None] = ContextVar("remember", default=None)


def converted(kind: str, data: bytes, make: Make) -> bytes | None:
    """What `make` gives for the picture `data`, or gave once; None when it cannot be converted.

    `kind` names the conversion with all that it depends on besides the picture and the libraries' versions.
    """
    remember = _REMEMBER.get()
    return remember(kind, data, make) if remember else make()


@contextlib.contextmanager
def remembering(remember: Remember | None) -> Iterator[None]:
    """Have `remember` asked for every conversion meanwhile."""
    token = _REMEMBER.set(remember)
    try:
        yield
    finally:
        _REMEMBER.reset(token)
