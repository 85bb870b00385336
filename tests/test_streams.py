"""Standard streams that are closed, full, or of another encoding, and folders that are gone: no traceback, nothing lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from banks import numbered

CONFIG = '[build]\nformats = ["json", "md"]\ncache = "kept"\n[[bank]]\nsource = "source/*.md"\n'
BUILD = f"{sys.executable} -m tiku build"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of one document with a Chinese name."""
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "题.md").write_text(numbered(1), encoding="utf-8")
    (tmp_path / "tiku.toml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def shell(command: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[bytes]:
    """What a shell makes of `command`."""
    return subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        capture_output=True,
        timeout=120,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&-", "<&- >&- 2>&-"])
@pytest.mark.parametrize("quiet", ["", "-q"])
def test_closed_streams_cost_nothing(closed: str, quiet: str, folder: Path) -> None:
    done = shell(f"{BUILD} {quiet} -j 1 {closed}", folder)
    assert done.returncode == 0, done.stderr
    assert b"Traceback" not in done.stderr
    made = sorted(path.name for path in (folder / "outputs").glob("*.*") if not path.name.startswith("."))
    assert made == ["题.json", "题.md"]
    assert json.loads((folder / "outputs" / "题.json").read_bytes())


@pytest.mark.parametrize("encoding", ["gb18030", "ascii"])
def test_reports_are_utf_8_whatever_the_terminal_is(encoding: str, folder: Path) -> None:
    for style, parse in (("json", json.loads), ("junit", ET.fromstring)):
        done = shell(f"{BUILD} -q -j 1 --report {style}", folder, PYTHONIOENCODING=encoding)
        assert done.returncode == 0
        assert parse(done.stdout) is not None
        assert "题.json" in done.stdout.decode("utf-8")


def test_a_full_standard_output_is_the_environment(folder: Path) -> None:
    done = shell(f"{BUILD} -q -j 1 --report json > /dev/full", folder)
    assert done.returncode == 3
    assert b"cannot write the report to standard output" in done.stderr


@pytest.mark.parametrize("file", ["source/题.md", "./tiku.toml", "outputs/题.json"])
def test_a_report_takes_nothing_s_place(file: str, folder: Path) -> None:
    assert shell(f"{BUILD} -q -j 1", folder).returncode == 0
    before = (folder / file).read_bytes()
    done = shell(f"{BUILD} -q -j 1 --report json={file}", folder)
    assert done.returncode == 2
    assert f"--report: '{file}' is ".encode() in done.stderr
    assert (folder / file).read_bytes() == before


def test_two_reports_do_not_share_a_stream(folder: Path) -> None:
    done = shell(f"{BUILD} -q -j 1 --report json --report junit", folder)
    assert done.returncode == 2
    assert b"only one report" in done.stderr


def test_a_place_that_takes_no_file_ends_the_build(folder: Path) -> None:
    if not Path("/proc/self").is_dir():
        pytest.skip("no /proc here")
    done = shell(f"{BUILD} -q -j 1 --report json=/proc/x.json", folder)
    assert done.returncode == 3
    assert b"cannot write '/proc/x.json'" in done.stderr


def test_a_folder_that_is_gone(folder: Path) -> None:
    done = shell(f"mkdir gone && cd gone && rmdir ../gone && {sys.executable} -m tiku convert a.md -t json", folder)
    assert done.returncode == 3
    assert b"the current folder is gone" in done.stderr


@pytest.mark.parametrize("address", ["dask://127.0.0.1", "dask://host:abc", "dask://", "tcp://host:1"])
def test_an_executor_s_address_is_checked(address: str, folder: Path) -> None:
    done = shell(f"{BUILD} --executor {address}", folder)
    assert done.returncode == 2
    assert b"dask://HOST:PORT" in done.stderr
