"""What all tests share: judges that must be there in CI, and no time or place leaking in from the machine."""

from __future__ import annotations

import os
import shutil
import signal
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from command import Command

# A shell starts what it puts in the background with interrupts ignored, and so would be all that the tests start.
signal.signal(signal.SIGINT, signal.default_int_handler)


def missing(*names: str) -> list[str]:
    """Those of `names`, programs or (with a dot or underscore) Python modules as ``py:anki``, that are not here."""
    return [
        name
        for name in names
        if (find_spec(name.removeprefix("py:")) is None if name.startswith("py:") else shutil.which(name) is None)
    ]


@pytest.fixture
def need() -> Callable[..., None]:
    """A function that stops a test whose judge is missing: a failure in CI, a skip elsewhere.

    ``need("soffice", "pdftotext", "py:anki")``.
    """

    def stop_without(*names: str) -> None:
        if lacking := missing(*names):
            words = f"judges missing: {', '.join(lacking)}"
            if os.environ.get("CI"):
                pytest.fail(words)
            pytest.skip(words)

    return stop_without


@pytest.fixture
def tiku(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Command:
    """The command ``tiku``, called in a new empty folder: ``tiku("convert", "a.md", "-t", "json")``."""
    from command import Command

    monkeypatch.chdir(tmp_path)
    # What another test made must not come back here.
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
    return Command(monkeypatch, capsys)


@pytest.fixture(autouse=True)
def _no_ambient_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
