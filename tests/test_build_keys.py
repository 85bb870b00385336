"""The keys of steps are the same in every process."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tiku.exporters import EXPORTERS

if TYPE_CHECKING:
    from pathlib import Path

PRINT = """
import sys
from pathlib import Path
from tiku.batch import keys
from tiku.exporters import EXPORTERS
from tiku.orders import Order, Output

options = {"language": "zh-CN", "labels": {"answer": ("A", "B"), "hint": ("C",)}, "author": ("D", "E")}
print(keys.key_of("read", keys.for_reading(Order("a.md", (), options=options), "0")))
for name in sys.argv[1:]:
    made = keys.for_export(EXPORTERS.load(name), Output(name, Path("a"), settings={"b": 1, "c": 2}), "0", "0")
    print(name, keys.key_of("export", made), made)
"""


@pytest.mark.parametrize("seed", ["1", "2"])
def test_keys_do_not_hang_on_the_order_of_sets(seed: str, tmp_path: Path) -> None:
    """A key with a set's order in it would have every build of a new process make its outputs anew."""

    def said(seed: str) -> str:
        return subprocess.run(
            [sys.executable, "-c", PRINT, *EXPORTERS.builtin],
            env=os.environ | {"PYTHONHASHSEED": seed}, cwd=tmp_path, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    assert said(seed).splitlines() == said("3").splitlines()
