"""Python's cyclic garbage collector, stopped for work that makes no cycles."""

from __future__ import annotations

import contextlib
import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextlib.contextmanager
def stopped() -> Iterator[None]:
    """Without the collector, which would walk a bank's nodes again and again and find nothing.

    An AST has no cycles, and neither has what is written of one: reference counts free them. It may be entered again
    inside itself.
    """
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
