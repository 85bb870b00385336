"""What the small commands load: a heavy library at the top of a module makes every call slow."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "source" / "gpt-2-to-gpt-4.md"
HEAVY = {
    "weasyprint", "ebooklib", "pypandoc", "lxml", "rich", "markdown_it", "yaml", "pikepdf", "pptx", "jinja2", "nh3",
    "PIL", "pygments", "ziamath", "latex2mathml", "fontTools", "numpy", "sqlite3", "xml", "html", "http",
    "urllib.request", "asyncio", "importlib.metadata", "email", "logging", "concurrent", "multiprocessing", "tomllib", "zipfile",
    "subprocess", "tempfile",
}  # fmt: skip


def loaded(*arguments: str) -> set[str]:
    """The modules in memory when `tiku ARGUMENTS` ends, by their first name and whole."""
    code = (
        "import sys, atexit\n"
        "atexit.register(lambda: print('MODULES', *sys.modules, file=sys.__stderr__))\n"
        "sys.argv[0] = 'tiku'\n"
        "from tiku.cli import main\n"
        "main()"
    )
    command = [sys.executable, "-X", "frozen_modules=on", "-c", code, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    line = next(line for line in done.stderr.splitlines() if line.startswith("MODULES"))
    names = line.split()[1:]
    return {name.split(".")[0] for name in names} | set(names)


def baseline() -> set[str]:
    """What click alone loads: none of our doing."""
    command = [sys.executable, "-c", "import sys, click; print(*sys.modules)"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return {name.split(".")[0] for name in names} | set(names)


@pytest.mark.parametrize("arguments", [["--version"], ["--help"], ["convert", "--help"]], ids=" ".join)
def test_small_answers_load_nothing_heavy(arguments: list[str]) -> None:
    assert (loaded(*arguments) & HEAVY) - baseline() == set()


def test_version_loads_little_of_ours() -> None:
    ours = {name for name in loaded("--version") if name.startswith("tiku")}
    assert ours <= {
        "tiku",
        "tiku.cli",
        "tiku.errors",
        "tiku.build_command",
        "tiku.ids_command",
        "tiku.init_command",
        "tiku.printer",
    }


def test_a_conversion_loads_only_what_its_format_needs(tmp_path: Path) -> None:
    found = loaded("convert", str(SOURCE), "-o", str(tmp_path / "a.json"))
    assert (
        found & {"weasyprint", "ebooklib", "pikepdf", "pptx", "jinja2", "rich", "fontTools", "ziamath", "PIL"} == set()
    )
    assert "tiku.readers.markdown" in found


def test_the_door_resolves_names_on_first_use() -> None:
    code = (
        "import sys, tiku\n"
        "assert not [name for name in sys.modules if name.startswith('tiku.')]\n"
        "tiku.Bank; assert 'tiku.build' not in sys.modules\n"
        "tiku.read; assert 'tiku.build' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    import tiku

    assert all(getattr(tiku, name) for name in tiku.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = tiku.nothing
