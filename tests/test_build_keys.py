"""The keys of steps are the same in every process."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tiku.exporters import EXPORTERS

if TYPE_CHECKING:
    from collections.abc import Callable
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


FONTS = """<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>{folder}</dir><cachedir>{folder}/cache</cachedir></fontconfig>
"""


@pytest.mark.parametrize("change", ["version", "size"])
def test_updated_font_is_another_font(tmp_path: Path, need: Callable[..., None], change: str) -> None:
    """With the same path, family and characters: an outline may have been mended, or a width."""
    need("fc-list")
    from fontTools.ttLib import TTFont

    from tiku.render import fonts

    file = tmp_path / "font.ttf"
    source = next(face.file for face in fonts.faces() if face.file.suffix == ".ttf" and not face.variable)
    shutil.copy(source, file)
    (tmp_path / "fonts.conf").write_text(FONTS.format(folder=tmp_path), encoding="utf-8")

    def asked() -> str:
        return subprocess.run(
            [sys.executable, "-c", "from tiku.batch import keys; print(keys.fonts())"],
            env=os.environ | {"FONTCONFIG_FILE": str(tmp_path / "fonts.conf")},
            cwd=tmp_path, capture_output=True, text=True, check=True,
        ).stdout  # fmt: skip

    before = asked()
    assert asked() == before
    os.utime(file, (2_000_000_000, 2_000_000_000))
    assert asked() == before, "no time of a file counts"
    if change == "version":
        with TTFont(file) as font:
            font["head"].fontRevision += 1  # type: ignore[attr-defined]
            font.save(tmp_path / "new")
    else:
        (tmp_path / "new").write_bytes(file.read_bytes() + b"\0\0\0\0")
    (tmp_path / "new").replace(file)
    assert asked() != before
