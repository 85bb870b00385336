"""What a wheel and an sdist of tiku hold: all data, the vendored library with its licence, nothing a build wrote."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "converters" / "tiku"


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the wheel and the sdist, built without the network from a copy of what git would take."""
    folder = tmp_path_factory.mktemp("built")
    copied = folder / "tiku"
    ignored = shutil.ignore_patterns(".venv", ".git", "__pycache__", "*.egg-info", ".*_cache", ".hypothesis", ".judges")
    shutil.copytree(ROOT, copied, ignore=ignored)
    (copied / "outputs" / "made.pdf").write_bytes(b"%PDF")
    code = "from hatchling.build import build_sdist, build_wheel; build_wheel('dist'); build_sdist('dist')"
    subprocess.run([sys.executable, "-c", code], cwd=copied, check=True, capture_output=True, timeout=120)
    return copied / "dist"


@pytest.fixture(scope="session")
def wheel(built: Path) -> set[str]:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as package:
        assert package.testzip() is None
        return set(package.namelist())


@pytest.fixture(scope="session")
def sdist(built: Path) -> set[str]:
    with tarfile.open(next(built.glob("*.tar.gz"))) as package:
        return {name.partition("/")[2] for name in package.getnames()}


def data_files() -> list[str]:
    """Every file of the package that is no Python code, as a path in the wheel."""
    found = [path for path in PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    return sorted(f"tiku/{path.relative_to(PACKAGE).as_posix()}" for path in found)


def test_the_wheel_holds_every_file_of_the_package(wheel: set[str]) -> None:
    assert set(data_files()) - wheel == set()
    for wanted in (
        "tiku/py.typed", "tiku/rules.toml", "tiku/schemas/bank.schema.json", "tiku/locales/zh.toml", "tiku/readers/labels.toml",
        "tiku/readers/dialects/headings.toml", "tiku/themes/classic/theme.toml", "tiku/vendor/reveal/reveal.js",
        "tiku/vendor/reveal/LICENSE",
    ):  # fmt: skip
        assert wanted in wheel


def test_the_wheel_holds_nothing_else(wheel: set[str]) -> None:
    assert {name.split("/")[0] for name in wheel if ".dist-info/" not in name} == {"tiku"}
    assert not [name for name in wheel if "__pycache__" in name or name.endswith(".pyc")]


def test_the_sdist_holds_the_sources_and_nothing_a_build_wrote(sdist: set[str]) -> None:
    wanted = ["pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md", "ARCHITECTURE.md", "Makefile",
              "tiku.toml", "source/showcase.md", "tests/test_packaging.py", "converters/tiku/cli.py"]  # fmt: skip
    assert set(wanted) - sdist == set()
    assert not [name for name in sdist if name.startswith(("outputs", "dist", ".git/", ".venv"))]
    assert {f"converters/{name}" for name in data_files()} - sdist == set()


def test_what_is_built_in_a_fresh_clone_fetches_the_library(tmp_path: Path) -> None:
    for name in ("pyproject.toml", "README.md", "LICENSE", "scripts/vendor.py", "converters/tiku/__init__.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    # No registry is asked: pip's is a folder without the wheel.
    code = "from hatchling.build import build_wheel; build_wheel('dist')"
    environment = {"PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "scripts")}
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode != 0
    assert "sphinx-revealjs" in done.stderr
    shutil.copytree(PACKAGE / "vendor", tmp_path / "converters" / "tiku" / "vendor")
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=120)


def test_the_metadata_says_what_is_promised(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as package:
        folder = next(name for name in package.namelist() if name.endswith("/METADATA")).rsplit("/", 1)[0]
        metadata = package.read(f"{folder}/METADATA").decode("utf-8")
        scripts = package.read(f"{folder}/entry_points.txt").decode("utf-8")
        licences = [name for name in package.namelist() if name.startswith(f"{folder}/licenses/")]
    assert "License-Expression: AGPL-3.0-or-later" in metadata
    assert "Requires-Python: >=3.11" in metadata
    assert "tiku = tiku.cli:run" in scripts
    assert licences == [f"{folder}/licenses/LICENSE"]
    assert "GNU AFFERO GENERAL PUBLIC LICENSE" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_an_installed_wheel_works_from_anywhere(built: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--target", str(site)]
    subprocess.run([*command, str(next(built.glob("*.whl")))], check=True, timeout=120)
    source = tmp_path / "a.md"
    source.write_text("### 1. T\n\n**Answer:** x\n", encoding="utf-8")
    code = "import sys, tiku; assert tiku.__file__.startswith(sys.argv[1]), tiku.__file__; from tiku.cli import main; "
    code += "sys.argv[1:] = ['convert', 'a.md', '-t', 'slides,json,md', '-o', 'out']; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, str(site)], cwd=tmp_path, env={"PYTHONPATH": str(site), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.json", "a.md", "a.slides.html"]


def test_every_extra_is_in_all_and_every_dependency_in_the_locks() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = set(project["optional-dependencies"]) - {"all"}
    everything = project["optional-dependencies"]["all"][0]
    # "all" is all formats; these are other places and ways to work.
    assert {name for name in extras if name not in everything} == {"cluster", "remote", "watch"}

    def names(lines: list[str]) -> set[str]:
        stop = str.maketrans("<>=;[ \\", "\n" * 7)
        return {line.translate(stop).split("\n")[0].lower().replace("_", "-") for line in lines if line.strip()}

    for lock, left_out in (("requirements.lock", {"cluster", "remote"}), ("requirements-test.lock", set())):
        chosen = [each for extra in extras - left_out for each in project["optional-dependencies"][extra]]
        wanted = names([*chosen, *project["dependencies"]])
        lines = (ROOT / lock).read_text(encoding="utf-8").splitlines()
        pinned = names([line for line in lines if line and line[0].isalpha()])
        assert wanted - pinned == set(), lock
    assert "weasyprint>=70" in project["optional-dependencies"]["pdf"]
