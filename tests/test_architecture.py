"""Who may import whom, who may start programs, who may print, who may know the time."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "converters" / "tiku"
# From the ground up; a module imports its own row and those above it.
ROWS = [
    {"model", "errors"},
    {"problems", "plugins", "markup", "files", "collector", "jsontext", "sources", "storage", "network"},
    {"serial", "pandoc"},
    {"readers", "render", "identity", "matching", "sketches", "ledger"},
    {"exporters"},
    {"checks", "build", "orders", "keeping"},
    {"inspection", "config", "doctor", "progress", "printer"},
    {"batch"},
    {"cli", "build_command", "ids_command", "init_command"},
]
RANK = {name: number for number, row in enumerate(ROWS) for name in row}
# Modules that may start a program, and why.
STARTERS = {
    "pandoc": "the only one that runs pandoc",
    "pandoc.worker": "keeps a pandoc for many documents",
    "doctor": "asks fontconfig which fonts there are",
    "render.fonts": "asks fontconfig which fonts there are",
    "exporters.pdf.child": "renders in a process of its own, which Pango may kill",
}
# Modules that may print, and why.
PRINTERS = {
    "cli": "the command",
    "printer": "what the commands say",
    "build_command": "a command",
    "ids_command": "a command",
    "init_command": "a command",
    "progress": "the bar",
    "exporters.pdf.render": "answers the process that started it, over its standard output",
    "exporters.pdf.assemble": "tells the process that started it how far it is, over its standard output",
}


def modules() -> dict[str, ast.Module]:
    """Every module of tiku by its name without ``tiku.``."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts[0] != "vendor":
            found[".".join(parts).removesuffix(".__init__")] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def imported(tree: ast.Module) -> set[str]:
    """The modules that `tree` imports anywhere, absolute names."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            module = node.module or ""
            names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return names


def ours(tree: ast.Module) -> set[str]:
    return {name.removeprefix("tiku.") for name in imported(tree) if name.startswith("tiku.")}


MODULES = modules()
# `tiku` itself is the door: it names everything lazily.
INNER = {name: tree for name, tree in MODULES.items() if name not in {"__init__", "__main__"}}


def test_every_module_has_its_row() -> None:
    assert {name.split(".")[0] for name in INNER} <= set(RANK), (
        "give the new module its row, and ARCHITECTURE.md a line"
    )
    assert {name for name in RANK if name not in {name.split(".")[0] for name in INNER}} == set()


@pytest.mark.parametrize("name", INNER)
def test_a_module_imports_only_from_its_row_or_those_before_it(name: str) -> None:
    home = name.split(".", maxsplit=1)[0]
    wrong = {other for other in ours(INNER[name]) if RANK.get(other.split(".")[0], 0) > RANK[home]}
    assert wrong == set()


def test_readers_and_render_do_not_know_each_other() -> None:
    pairs = [("readers", "render"), ("render", "readers"), ("readers", "exporters"), ("render", "exporters")]
    for home, other in pairs:
        wrong = {
            (name, each)
            for name, tree in INNER.items()
            if name.split(".")[0] == home
            for each in ours(tree)
            if each.split(".")[0] == other
        }
        assert wrong == set()


def test_no_exporter_imports_another() -> None:
    exporters = {name.split(".")[1] for name in INNER if name.startswith("exporters.")}
    wrong = {
        (name, each)
        for name, tree in INNER.items()
        if name.startswith("exporters.")
        for each in ours(tree)
        if each.split(".")[0] == "exporters"
        and each.split(".")[1:2]
        and each.split(".")[1] in exporters - {name.split(".")[1]}
    }
    assert wrong == set()


def test_the_model_imports_nothing_of_ours() -> None:
    assert ours(INNER["model"]) == set()
    assert ours(INNER["errors"]) == set()


def test_only_few_start_programs_and_only_one_pandoc() -> None:
    starters = {name for name, tree in INNER.items() if {"subprocess", "pypandoc", "os.system"} & imported(tree)}
    assert starters <= set(STARTERS)
    texts = {name: ast.unparse(tree) for name, tree in INNER.items()}
    assert {name for name, text in texts.items() if "pypandoc" in text and name != "doctor"} == {"pandoc"}


def test_only_the_command_prints() -> None:
    pattern = re.compile(r"\bprint\(|click\.echo|sys\.(stdout|stderr)\.write|Console\(")
    assert {name for name, tree in INNER.items() if pattern.search(_code(tree))} <= set(PRINTERS)


def test_no_output_knows_the_clock_chance_or_the_machine() -> None:
    pattern = re.compile(
        r"\.(now|today|utcnow|localtime|uuid1|uuid4|urandom|getnode|gethostname|mktime|ctime)\(|time\.time\(|"
        r"\b(random|secrets|socket|getpass|locale)\.|import (random|secrets|locale)\b"
    )
    for name, tree in INNER.items():
        if name.split(".")[0] in {"exporters", "render", "readers", "serial", "identity", "model", "markup"}:
            assert pattern.search(_code(tree)) is None, name


def _code(tree: ast.Module) -> str:
    """The code of a module without its strings and docstrings."""

    class Blank(ast.NodeTransformer):
        def visit_Constant(self, node: ast.Constant) -> ast.Constant:
            return ast.Constant("") if isinstance(node.value, str) else node

    return ast.unparse(Blank().visit(ast.parse(ast.unparse(tree))))


def test_data_is_found_as_a_resource_never_by_file() -> None:
    assert {name for name, tree in INNER.items() if "__file__" in _code(tree)} == set()


def test_converters_holds_nothing_else() -> None:
    inside = {path.name for path in PACKAGE.parent.iterdir() if not path.name.startswith((".", "__"))}
    assert {name for name in inside if not name.endswith(".egg-info")} == {"tiku"}
