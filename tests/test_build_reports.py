"""`tiku build --report` and what a build says: for people, for CI, for other programs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from banks import numbered

if TYPE_CHECKING:
    from command import Command

CONFIG = '[build]\nformats = ["json", "md"]\n[[bank]]\nsource = "source/*.md"\n'


@pytest.fixture
def three(tiku: Command) -> Command:
    """A folder with a good document, one with a warning, and one without questions."""
    Path("source").mkdir()
    Path("source/a.md").write_text(numbered(2), encoding="utf-8")
    Path("source/b.md").write_text("## 1. A?\n\n## 2. B?\n\nAnswer: x\n", encoding="utf-8")
    Path("source/c.md").write_text("nothing here\n", encoding="utf-8")
    Path("tiku.toml").write_text(CONFIG, encoding="utf-8")
    return tiku


def test_json_tells_all(three: Command) -> None:
    done = three("build", "-j", "1", "--report", "json")
    assert done.code == 1
    report = json.loads(done.out)
    assert report["report"] == 1
    states = {(row["source"], row["label"]): row["state"] for row in report["results"]}
    assert states["source/a.md", "outputs/a.json"] == "made"
    assert states["source/c.md", "source/c.md"] == "failed"
    assert {"read", "md"} <= set(report["steps"])
    codes = {(row["file"], row["code"]) for row in report["problems"]}
    assert ("source/c.md", "Q001") in codes
    assert any(file == "source/b.md" for file, _ in codes)
    again = json.loads(three("build", "-j", "1", "--report", "json").out)
    assert {row["state"] for row in again["results"] if row["target"]} == {"fresh"}
    assert again["problems"] == report["problems"]


def test_junit_counts_and_escapes(three: Command) -> None:
    Path("source/b.md").rename("source/b\x02.md")
    Path("source/b\x02.md").write_text("## 1. <A> & \x01 B?\n", encoding="utf-8")
    assert three("build", "-j", "1", "--report", "junit=made/report.xml").code == 1
    root = ET.parse("made/report.xml").getroot()
    assert root.tag == "testsuites"
    suites = {suite.get("name"): suite for suite in root}
    assert set(suites) == {"source/a.md", "source/b?.md", "source/c.md"}
    assert suites["source/a.md"].get("errors") == "0"
    assert suites["source/c.md"].get("errors") == "1"
    for suite in suites.values():
        assert suite.get("tests") == str(len(suite.findall("testcase")))
        assert suite.get("errors") == str(len(suite.findall("testcase/error")))
    assert root.get("errors") == "1"
    assert "no questions found" in (suites["source/c.md"].find("testcase/error").text or "")  # type: ignore[union-attr]


def test_github_and_sarif_point_at_lines(three: Command) -> None:
    done = three("build", "-j", "1", "--report", "github", "--report", "sarif=made.sarif")
    assert "::error file=source/c.md" in done.out
    assert "::warning file=source/b.md,line=" in done.out
    results = json.loads(Path("made.sarif").read_text(encoding="utf-8"))["runs"][0]["results"]
    assert {"Q001"} <= {result["ruleId"] for result in results}


def test_a_wrong_report_is_refused_before_anything_is_made(three: Command) -> None:
    done = three("build", "--report", "junitt")
    assert done.code == 2
    assert "did you mean 'junit'" in done.err
    assert not Path("outputs").exists()


def test_the_summary_and_the_profile(three: Command) -> None:
    done = three("build", "-j", "1", "--profile-build")
    assert "3 documents, 4 outputs: 4 made, 0 up to date, 1 failed" in done.err
    assert "read " in done.err
    done = three("build", "-j", "1")
    assert "0 made, 4 up to date, 1 failed" in done.err
    assert "->" not in done.err


def test_fail_fast_stops_and_keep_going_does_not(three: Command) -> None:
    Path("source/0.md").write_text("nothing\n", encoding="utf-8")
    assert three("build", "-j", "1", "--fail-fast").code == 1
    assert not Path("outputs/a.json").exists()
    Path("tiku.toml").write_text(CONFIG.replace("[build]", "[build]\nkeep_going = false"), encoding="utf-8")
    assert three("build", "-j", "1").code == 1
    assert not Path("outputs/a.json").exists()
    assert three("build", "-j", "1", "--keep-going").code == 1
    assert Path("outputs/a.json").exists()


@pytest.mark.parametrize("url", ["dask", "dask://", "ray://here:1"])
def test_a_wrong_executor_is_refused(three: Command, url: str) -> None:
    done = three("build", "--executor", url)
    assert done.code == 2
    assert "dask://HOST:PORT" in done.err


def test_processes_and_this_process_make_the_same(three: Command) -> None:
    assert three("build", "-j", "1", "--cache", "one").code == 1
    before = {path.name: path.read_bytes() for path in Path("outputs").glob("[!.]*")}
    for path in Path("outputs").glob("[!.]*"):
        path.unlink()
    assert three("build", "-j", "2", "--cache", "two").code == 1
    assert before == {path.name: path.read_bytes() for path in Path("outputs").glob("[!.]*")}
