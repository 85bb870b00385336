"""Same input, same bytes: in another process, another time zone, with another hash seed, in another locale."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from banks import REAL, SHOWCASE
from tiku.exporters import EXPORTERS

if TYPE_CHECKING:
    from pathlib import Path

FORMATS = list(EXPORTERS.builtin)


def converted(folder: Path, formats: list[str], **environment: str) -> dict[str, str]:
    """The SHA-256 of each output of both banks in `source`, made by a process of its own in `folder`."""
    out = folder / "out"
    command = [sys.executable, "-m", "tiku", "convert", "source/real.md", "source/showcase.md", "-q", "-o", str(out)]
    allowed = {
        key: value for key, value in os.environ.items() if key not in {"TZ", "LC_ALL", "LANG", "SOURCE_DATE_EPOCH"}
    }
    done = subprocess.run(
        [*command, "-t", ",".join(formats)], cwd=folder, env={**allowed, **environment}, capture_output=True, text=True,
        check=False, timeout=180,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(out.iterdir())}


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """Two folders with the same sources: same contents, same modification times."""
    made = tmp_path / "one", tmp_path / "two" / "deeper"
    for folder in made:
        shutil.copytree(SHOWCASE.parent / "images", folder / "source" / "images")
        for name, source in (("real.md", REAL), ("showcase.md", SHOWCASE)):
            target = folder / "source" / name
            shutil.copyfile(source, target)
            os.utime(target, (1_600_000_000, 1_600_000_000))
    return made


def test_the_same_bytes_twice(folders: tuple[Path, Path]) -> None:
    one = converted(folders[0], FORMATS, TZ="Asia/Shanghai", PYTHONHASHSEED="1", LC_ALL="C.UTF-8", LANG="zh_CN.UTF-8")
    time.sleep(1.1)  # whatever writes the time of day in whole seconds is found out
    two = converted(folders[1], FORMATS, TZ="America/St_Johns", PYTHONHASHSEED="2", LC_ALL="C", PYTHONUTF8="0")
    assert len(one) == 2 * len(FORMATS)
    assert one == two
    # and over what stands there: an exporter that reads its earlier output finds nothing new
    assert converted(folders[0], FORMATS) == one


def test_another_character_is_other_bytes(folders: tuple[Path, Path]) -> None:
    one = converted(folders[0], FORMATS)
    for name in ("real.md", "showcase.md"):
        source = folders[1] / "source" / name
        text = source.read_text(encoding="utf-8")
        place = text.rindex("。" if "。" in text else ".")
        source.write_text(f"{text[:place]}！{text[place + 1 :]}", encoding="utf-8")
        os.utime(source, (1_600_000_000, 1_600_000_000))
    two = converted(folders[1], FORMATS)
    assert set(one) == set(two)
    assert [name for name in one if one[name] == two[name]] == []


def test_the_time_in_an_output_is_the_environments_when_it_has_one(folders: tuple[Path, Path]) -> None:
    one = converted(folders[0], FORMATS, SOURCE_DATE_EPOCH="1500000000")
    for source in (folders[1] / "source").glob("*.md"):
        os.utime(source, (1_700_000_000, 1_700_000_000))
    assert converted(folders[1], FORMATS, SOURCE_DATE_EPOCH="1500000000") == one
