"""What CI gives to users: the action, the container, the GitLab example. Their scripts are run, their formats asked."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from tiku.cli import main_group

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "action.yml").read_text(encoding="utf-8")
ACTION: dict[str, Any] = yaml.safe_load(TEXT)
STEPS: list[dict[str, Any]] = ACTION["runs"]["steps"]
PAGE = (ROOT / "docs" / "ci.md").read_text(encoding="utf-8")
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
BUILD_OPTIONS = {
    option
    for parameter in main_group.commands["build"].params
    for option in (*parameter.opts, *parameter.secondary_opts)
}


def examples() -> dict[str, str]:
    """The YAML shown on the page, by the file it stands for."""
    found = re.findall(r"^```yaml\n# (\S+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    return dict(found)


def judged(schema: str, text: str, tmp_path: Path) -> int:
    from check_jsonschema import main as check

    path = tmp_path / "judged.yml"
    path.write_text(text, encoding="utf-8")
    done = CliRunner().invoke(check, ["--builtin-schema", schema, str(path)])
    return done.exit_code


# -- formats ----------------------------------------------------------------------------------------------------------


def test_the_action_follows_the_published_schema(tmp_path: Path) -> None:
    assert judged("vendor.github-actions", TEXT, tmp_path) == 0
    assert judged("vendor.github-actions", TEXT.replace("using: composite", "using: composed"), tmp_path) == 1
    assert judged("vendor.github-actions", TEXT.replace("shell: bash", "shel: bash", 1), tmp_path) == 1


def test_the_examples_follow_the_published_schemas(tmp_path: Path) -> None:
    shown = examples()
    assert set(shown) == {".github/workflows/tiku.yml", ".gitlab-ci.yml"}
    assert judged("vendor.github-workflows", shown[".github/workflows/tiku.yml"], tmp_path) == 0
    assert judged("vendor.gitlab-ci", shown[".gitlab-ci.yml"], tmp_path) == 0
    assert judged("vendor.gitlab-ci", shown[".gitlab-ci.yml"].replace("script:", "scripts:"), tmp_path) == 1


def test_the_page_tells_every_input() -> None:
    for name, about in ACTION["inputs"].items():
        row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{name}` |"))
        assert about["default"] in row or name == "config"
    used = yaml.safe_load(examples()[".github/workflows/tiku.yml"])["jobs"]["build"]["steps"][1]["with"]
    assert set(used) <= set(ACTION["inputs"])


def test_actions_of_others_are_pinned_by_hash() -> None:
    uses = re.findall(r"uses: (\S+)(.*)", TEXT + PAGE)
    assert len(uses) == 6
    for name, comment in uses:
        if not name.startswith("OWNER/"):
            assert re.fullmatch(r"actions/[a-z/-]+@[0-9a-f]{40}", name)
            assert re.fullmatch(r" # v\d+\.\d+\.\d+", comment)


def test_no_input_becomes_part_of_a_script() -> None:
    for step in STEPS:
        assert "${{" not in step.get("run", ""), step["name"]
        assert step.get("shell", "bash") == "bash"


def test_steps_and_outputs_that_are_spoken_of_are_there() -> None:
    ids = {step["id"] for step in STEPS if "id" in step}
    assert set(re.findall(r"steps\.(\w+)\.", TEXT)) == ids
    spoken = set(re.findall(r"inputs\.([\w-]+)", TEXT))
    assert spoken == set(ACTION["inputs"])


def test_only_options_that_exist_are_used() -> None:
    shown = " ".join([step.get("run", "") for step in STEPS])
    build = [line for line in (shown + PAGE + DOCKERFILE).splitlines() if "tiku build" in line or "arguments" in line]
    used = set(re.findall(r"(?<![\w-])(--[a-z][a-z-]*)", " ".join(build)))
    docker = {"--rm", "--target", "--output"}
    assert used - docker <= BUILD_OPTIONS
    assert {"--frozen", "--report", "--cache", "--no-cache", "--profile", "--config", "--strict"} <= used


# -- the scripts ------------------------------------------------------------------------------------------------------


def run(name: str, folder: Path, **environment: str) -> tuple[int, str, dict[str, str]]:
    """Run the step called `name` as the runner does; its exit code, what it says, its outputs."""
    step = next(step for step in STEPS if step.get("name") == name)
    output = folder / "github-output"
    output.write_text("", encoding="utf-8")
    wanted = {
        "PATH": os.environ["PATH"], "GITHUB_OUTPUT": str(output), "RUNNER_TEMP": str(folder), "RUNNER_OS": "Linux",
        "GITHUB_ACTION_PATH": str(ROOT), "LANG": "C.UTF-8",
    }  # fmt: skip
    unset = dict.fromkeys(step.get("env", {}), "")
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**wanted, **unset, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    lines = output.read_text(encoding="utf-8").splitlines()
    return done.returncode, done.stdout + done.stderr, dict(line.split("=", 1) for line in lines)


@pytest.fixture
def echo(tmp_path: Path) -> str:
    """A program in the place of tiku that says its arguments, one a line."""
    path = tmp_path / "tiku"
    path.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\nexit "${CODE:-0}"\n', encoding="utf-8")
    path.chmod(0o755)
    return str(path)


def test_the_build_step_says_what_the_inputs_say(tmp_path: Path, echo: str) -> None:
    code, said, outputs = run("Build", tmp_path, TIKU=echo, FROZEN="true", STRICT="false", CACHE="true")
    report = f"{tmp_path}/tiku-report.json"
    assert code == 0
    assert said.splitlines() == [
        "build", "--report", "github", "--report", f"json={report}", "--frozen", "--cache", f"{tmp_path}/tiku-cache",
    ]  # fmt: skip
    assert outputs == {"report": report}
    code, said, _ = run(
        "Build", tmp_path, TIKU=echo, FROZEN="false", STRICT="true", CACHE="false", CONFIG="my conf.toml", PROFILE="t",
        WORDS="--jobs 2\n  --fail-fast $(touch bad) `touch bad` ; touch bad *",
    )  # fmt: skip
    assert said.splitlines()[5:] == [
        "--config", "my conf.toml", "--profile", "t", "--strict", "--no-cache", "--jobs", "2", "--fail-fast",
        "$(touch", "bad)", "`touch", "bad`", ";", "touch", "bad", "*",
    ]  # fmt: skip
    assert not (tmp_path / "bad").exists()
    assert run("Build", tmp_path, TIKU=echo, CODE="3")[0] == 3


def test_the_check_step_fails_the_job_only_at_its_end(tmp_path: Path, echo: str) -> None:
    (tmp_path / "a.md").touch()
    (tmp_path / "b.md").touch()
    code, said, outputs = run("Check", tmp_path, TIKU=echo, DOCUMENTS="*.md $(touch bad)")
    assert (code, outputs) == (0, {})
    assert said.splitlines() == ["check", "--format", "github", "--", "a.md", "b.md", "$(touch", "bad)"]
    code, _, outputs = run("Check", tmp_path, TIKU=echo, DOCUMENTS="*.md", CODE="1")
    assert (code, outputs) == (0, {"failed": "true"})
    assert run("Say what the check found", tmp_path)[0] == 1


def test_the_cache_is_named_by_what_it_holds(tmp_path: Path) -> None:
    def named() -> str:
        return run("Name the finished work", tmp_path)[2]["key"]

    empty = named()
    assert re.fullmatch(r"tiku-Linux-[0-9a-f]{64}", empty)
    (tmp_path / "tiku-cache" / "objects").mkdir()
    (tmp_path / "tiku-cache" / "objects" / "ab").write_text("x", encoding="utf-8")
    full = named()
    assert full != empty
    os.utime(tmp_path / "tiku-cache" / "objects" / "ab", (1, 1))
    assert named() == full
    restore = next(step for step in STEPS if step.get("id") == "restore")["with"]
    save = next(step for step in STEPS if "cache/save" in step.get("uses", ""))["with"]
    assert restore["path"] == save["path"]
    assert full.startswith(restore["restore-keys"].replace("${{ runner.os }}", "Linux"))


def test_the_steps_build_a_real_document(tmp_path: Path) -> None:
    program = tmp_path / "tiku"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m tiku "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "a.md").write_text("### 1. T\n\n**Answer:** x\n", encoding="utf-8")
    (tmp_path / "tiku.toml").write_text('[[bank]]\nsource = "source/*.md"\nformats = "json"\n', encoding="utf-8")
    code, said, _ = run("Check", tmp_path, TIKU=str(program), DOCUMENTS="source/*.md")
    assert code == 0, said
    code, said, outputs = run("Build", tmp_path, TIKU=str(program), FROZEN="true", CACHE="true")
    assert code == 0, said
    assert (tmp_path / "outputs" / "a.json").is_file()
    assert Path(outputs["report"]).is_file()
    assert any((tmp_path / "tiku-cache").iterdir())
    (tmp_path / "source" / "b.md").write_text("nothing\n", encoding="utf-8")
    code, said, _ = run("Build", tmp_path, TIKU=str(program), FROZEN="true", CACHE="true")
    assert code == 1
    assert "::error file=source/b.md" in said


# -- times of commits -------------------------------------------------------------------------------------------------


def git(folder: Path, *arguments: str, when: str = "2020-01-01T00:00:00Z") -> None:
    identity = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    environment = {**os.environ, **identity, "GIT_COMMITTER_DATE": when, "GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", *arguments], cwd=folder, env=environment, check=True, capture_output=True, timeout=60)


def commit_times(folder: Path, **environment: str) -> str:
    script = ROOT / "scripts" / "commit_times.sh"
    base = {"PATH": os.environ["PATH"], "GIT_CONFIG_GLOBAL": os.devnull, **environment}
    done = subprocess.run([script], cwd=folder, env=base, check=True, capture_output=True, text=True, timeout=60)
    return done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    folder = tmp_path / "repository"
    (folder / "deep").mkdir(parents=True)
    git(folder, "init", "-q")
    for number, names in enumerate((["a.md", "deep/题 b\n.md", "deep/c.md"], ["deep/c.md"], ["a.md"])):
        for name in names:
            (folder / name).write_text(str(number), encoding="utf-8")
        git(folder, "add", "-A")
        git(folder, "commit", "-qm", "x", when=f"{2020 + number}-01-01T00:00:00Z")
    for path in folder.rglob("*.md"):
        os.utime(path, (5, 5))
    return folder


YEAR = {2020: 1577836800, 2021: 1609459200, 2022: 1640995200}


def test_documents_get_the_times_of_their_commits(repository: Path) -> None:
    (repository / "new.md").write_text("", encoding="utf-8")
    os.utime(repository / "new.md", (5, 5))
    assert commit_times(repository / "deep") == ""
    assert (repository / "a.md").stat().st_mtime == 5
    assert commit_times(repository) == ""
    times = {path.name: int(path.stat().st_mtime) for path in repository.rglob("*.md")}
    assert times == {"a.md": YEAR[2022], "题 b\n.md": YEAR[2020], "c.md": YEAR[2021], "new.md": 5}


def test_without_the_history_all_have_the_time_of_the_commit(repository: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", repository.as_uri(), "shallow")
    assert commit_times(tmp_path / "shallow") == f"SOURCE_DATE_EPOCH={YEAR[2022]}\n"
    assert commit_times(repository, SOURCE_DATE_EPOCH="7") == ""


def test_without_git_or_commits_nothing_happens(tmp_path: Path) -> None:
    assert commit_times(tmp_path) == ""
    git(tmp_path, "init", "-q")
    assert commit_times(tmp_path) == ""


# -- the container ----------------------------------------------------------------------------------------------------


def copied() -> set[str]:
    """What the Dockerfile takes from the folder it is built in."""
    lines = [line.split() for line in DOCKERFILE.splitlines() if line.startswith("COPY") and "--from" not in line]
    return {word.rstrip("/") for line in lines for word in line[1:-1] if not word.startswith("--")}


def test_the_container_takes_what_is_there_and_what_is_let_through() -> None:
    assert [name for name in copied() if not (ROOT / name).exists()] == []
    let = {
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")
    }
    assert let == copied()


def test_the_container_has_all_that_make_install_reads(tmp_path: Path) -> None:
    for name in copied():
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not (ROOT / name).is_dir():
            shutil.copy(ROOT / name, target)
        else:
            target.mkdir(exist_ok=True)
    done = subprocess.run(
        ["make", "--dry-run", "install"], cwd=tmp_path, capture_output=True, text=True, check=True, timeout=60
    )
    read = set(re.findall(r"(?:scripts/[\w.]+|requirements[\w.-]*\.lock)", done.stdout))
    assert read == {"scripts/system.sh", "requirements.lock"}
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text(encoding="utf-8"))
    read.add(project["tool"]["hatch"]["build"]["hooks"]["custom"]["path"])
    assert [name for name in read if not (tmp_path / name).is_file()] == []


def test_the_container_checks_builds_and_has_no_rights() -> None:
    assert re.search(
        r"^RUN tiku doctor \\\n && tiku check source/\*\.md \\\n && tiku build --frozen", DOCKERFILE, re.MULTILINE
    )
    assert DOCKERFILE.rindex("USER 1000") > DOCKERFILE.rindex("make install")
    assert "make system" in DOCKERFILE
    assert re.findall(r"^FROM (\S+)(?: AS (\w+))?$", DOCKERFILE, re.MULTILINE) == [
        ("python:3.11-slim-bookworm", "base"), ("base", "build"), ("scratch", "outputs"), ("base", "tiku"),
    ]  # fmt: skip
