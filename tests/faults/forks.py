"""A fork that ends as a program would: with an exit code, its words written, never as its parent."""

from __future__ import annotations

import contextlib
import os
import sys
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable

FAULT = 70
"""The exit code of a fork that raised what is no SystemExit (EX_SOFTWARE)."""


def live(function: Callable[[], object]) -> NoReturn:
    """In a fork: run `function`, and end this process with its exit code."""
    code = FAULT
    try:
        function()
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    except BaseException:  # noqa: BLE001 - a fork must not go on as its parent
        import traceback

        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(code)
