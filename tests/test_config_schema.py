"""The JSON Schema of tiku.toml, its page, and the file that `tiku init` writes: all say what the check says."""

from __future__ import annotations

import importlib.util
import json
import re
import tomllib
from importlib.resources import files as resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft7Validator

from tiku import config
from tiku.config import draft, schema
from tiku.config.keys import BANK, BUILD, Key, Kind, shown, toml
from tiku.errors import UsageError
from tiku.exporters import EXPORTERS
from tiku.readers.labels import ROLES

if TYPE_CHECKING:
    from types import ModuleType

    from command import Command

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
SCHEMA = json.loads(schema.text(plugins=False))
VALIDATOR = Draft7Validator(SCHEMA)


def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("configuration_page", ROOT / "scripts" / "configuration_page.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def refused(data: dict[str, Any]) -> bool:
    return not VALIDATOR.is_valid(data)


# -- what is published is what is made --------------------------------------------------------------------------------


def test_the_published_schema_and_page_are_those_of_the_table() -> None:
    published = resources("tiku").joinpath("schemas/tiku.schema.json").read_text(encoding="utf-8")
    words = "run scripts/configuration_page.py"
    assert published == schema.text(plugins=False), words
    assert maker().page(PAGE) == PAGE, words


def test_the_schema_is_one() -> None:
    Draft7Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_the_page_tells_every_key_and_option() -> None:
    for key in {*BUILD, *BANK}:
        assert f"| `{key.name}` | {key.summary}" in PAGE
        assert shown(key) in PAGE
    for name in EXPORTERS.builtin:
        for option in EXPORTERS.load(name).options:
            assert f"| `{option.name}` | {option.summary}" in PAGE.partition(f"### `[set.{name}]`")[2]
    for role in ROLES:
        assert f"`{role}`" in PAGE
    for table in config.TABLES:
        assert re.search(rf"^## `\[+{table}", PAGE, re.MULTILINE), table


# -- one verdict ------------------------------------------------------------------------------------------------------

VALUES: list[Any] = [
    True, False, 0, 1, -1, 7, 1.5, "", "a.md", "end", "pdf", "json", "markdown", "classic", "headings", "2 GB", "2GB",
    "2 gb", "utf-8", "true", "A4", "slide", "none", [], ["pdf"], ["a.md"], [1], [["pdf"]], ["pdf", "epbu"], {}, {"a": 1},
]  # fmt: skip
# what only this machine can tell: names of what is there
OPEN = {"theme": ["classic"], "dialect": ["headings"], "encoding": ["utf-8"]}


def verdict(data: dict[str, Any]) -> str:
    """What the check says of `data`; empty when it is right."""
    lines = [f"{name} = {inline(value)}" for name, value in data.items()]
    Path("tiku.toml").write_text("\n".join(lines), encoding="utf-8")
    try:
        config.load()
    except UsageError as error:
        return str(error)
    return ""


def inline(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {inline(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(inline, value)) + "]"
    return toml(value)


def same(data: dict[str, Any]) -> None:
    told = verdict(data)
    assert bool(told) == refused(data), (data, told, [error.message for error in VALIDATOR.iter_errors(data)])


@pytest.mark.parametrize("place", ["build", "bank", "profile"])
@pytest.mark.parametrize(
    "key", [*dict.fromkeys((*BUILD, *BANK)), Key("nothing", Kind.TEXT, "")], ids=lambda key: key.name
)
def test_check_and_schema_agree_on_every_key(tiku: Command, key: Key, place: str) -> None:
    Path("a.md").touch()
    for value in VALUES:
        if isinstance(value, str) and value and value not in OPEN.get(key.name, [value]):
            continue
        if key.name == "source" and isinstance(value, (str, list)) and value not in ("a.md", ["a.md"], [1]):
            continue  # what is there
        bank = {"source": "a.md"}
        tables: dict[str, dict[str, Any]] = {
            "build": {"build": {key.name: value}, "bank": [bank]},
            "bank": {"bank": [{**bank, key.name: value}]},
            "profile": {"profile": {"p": {key.name: value}}, "bank": [bank]},
        }
        same(tables[place])


@pytest.mark.parametrize("name", EXPORTERS.builtin)
def test_check_and_schema_agree_on_every_option(tiku: Command, name: str) -> None:
    Path("a.md").touch()
    for option in [each.name for each in EXPORTERS.load(name).options] + ["nothing"]:
        for value in VALUES:
            if option == "css" and isinstance(value, str) and value not in {"", "a.md"}:
                continue  # what is there
            table = {name: {option: value}}
            same({"bank": [{"source": "a.md"}], "set": table})
            same({"bank": [{"source": "a.md", "set": table}]})
            same({"bank": [{"source": "a.md"}], "profile": {"p": {"set": table}}})


def test_check_and_schema_agree_on_labels_and_tables(tiku: Command) -> None:
    Path("a.md").touch()
    bank = {"source": "a.md"}
    for value in VALUES:
        for role in ("answer", "hint", "nothing"):
            same({"bank": [bank], "labels": {role: value}})
            same({"bank": [{**bank, "labels": {role: value}}]})
        for table in ("build", "set", "labels", "profile", "bank", "nothing"):
            same({"bank": [bank], table: value})
        same({"bank": [bank], "profile": {"p": value}})
        same({"bank": [bank, value]})
    same({})
    same({"bank": [{}]})
    same({"bank": []})


# -- examples ---------------------------------------------------------------------------------------------------------


def shown_configurations() -> list[str]:
    texts = [PAGE, (ROOT / "README.md").read_text(encoding="utf-8")]
    blocks = [block for text in texts for block in re.findall(r"^```toml\n(.*?)^```", text, re.DOTALL | re.MULTILINE)]
    return [block for block in blocks if "[[bank]]" in block] + [(ROOT / "tiku.toml").read_text(encoding="utf-8")]


def test_what_is_shown_is_right(tiku: Command) -> None:
    found = shown_configurations()
    assert len(found) >= 3
    for block in found:
        data = tomllib.loads(block)
        assert not list(VALIDATOR.iter_errors(data)), block
        for bank in data["bank"]:
            path = Path(bank["source"].replace("**/*", "a").replace("*", "a"))
            path.parent.mkdir(exist_ok=True, parents=True)
            path.touch()
        Path("tiku.toml").write_text(block, encoding="utf-8")
        for profile in ["", *data.get("profile", {})]:
            assert len(config.load(profile=profile).orders) >= len(data["bank"])


# -- tiku init --------------------------------------------------------------------------------------------------------


def put(*names: str) -> None:
    for name in names:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).touch()


def banks() -> list[Any]:
    return [bank["source"] for bank in tomllib.loads(Path("tiku.toml").read_text(encoding="utf-8"))["bank"]]


FOUND: dict[str, tuple[list[str], list[Any]]] = {
    "source": (["source/a.md", "source/b.md", "c.md", "x/d.md"], ["source/*.md"]),
    "several kinds": (["source/a.md", "source/b.docx", "source/c.csv"], [["source/*.md", "source/*.csv", "source/*.docx"]]),
    "deep": (["source/one/a.md", "source/b.md"], ["source/**/*.md"]),
    "here": (["a.md", "b.md", "data.json"], ["*.md"]),
    "here, beside a README": (["README.md", "exam.md", "two.docx"], [["*.docx", "exam.md"]]),
    "only a README": (["README.md"], ["source/*.md"]),
    "below": (["one/a.md", "two/b.rst", "node_modules/x/c.md", ".git/d.md", "outputs/e.md"], ["one/*.md", "two/*.rst"]),
    "nothing": ([], ["source/*.md"]),
    "hidden": (["source/.a.md"], ["source/*.md"]),
    "odd names": (["a\udcff.md", "README.md", "b.md", "c\nd/x.md", "e'f \"g\".md"], [["b.md", "e'f \"g\".md"]]),
    "a folder like a pattern": (["a[1]/b.md"], ["source/*.md"]),
}  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_init_proposes_what_is_there(tiku: Command, name: str) -> None:
    files, wanted = FOUND[name]
    put(*files)
    done = tiku("init")
    assert done.code == 0
    assert banks() == wanted
    if wanted == ["source/*.md"] and not any(file.startswith("source/a") for file in files):
        assert "no documents found" in done.err
    else:
        assert config.load().orders


def test_what_init_writes_is_taken_with_every_key(tiku: Command) -> None:
    put("source/a.md", "source/b.md")
    assert tiku("init").code == 0
    text = Path("tiku.toml").read_text(encoding="utf-8")
    assert [order.source for order in config.load().orders] == ["source/a.md", "source/b.md"]
    assert made(config.load()) == made(without())
    whole = re.sub(r"^#(?=[a-z_]+ = |\[)", "", text, flags=re.MULTILINE)
    data = tomllib.loads(whole)
    assert not list(VALIDATOR.iter_errors(data))
    Path("tiku.toml").write_text(whole, encoding="utf-8")
    assert config.load(profile="teacher").folders == ("outputs/teacher",)
    assert set(data["build"]) == {key.name for key in BUILD}
    assert {*data["bank"][0], *data["build"]} == {key.name for key in (*BUILD, *BANK)}
    for name in EXPORTERS.builtin:
        assert set(data["set"].get(name, {})) == {option.name for option in EXPORTERS.load(name).options}
    assert set(data) == set(config.TABLES)


def made(plan: config.Plan) -> list[str]:
    return [str(output) for order in plan.orders for output in order.outputs]


def without() -> config.Plan:
    Path("tiku.toml").rename("other.toml")
    try:
        return config.load()
    finally:
        Path("other.toml").rename("tiku.toml")


def test_init_names_the_schema_for_editors_and_writes_it(tiku: Command) -> None:
    put("a.md")
    assert tiku("init").code == 0
    assert Path("tiku.toml").read_text(encoding="utf-8").startswith(f"#:schema ./{draft.SCHEMA}\n")
    beside = json.loads(Path(draft.SCHEMA).read_text(encoding="utf-8"))
    Draft7Validator(beside).validate(tomllib.loads(Path("tiku.toml").read_text(encoding="utf-8")))


def test_init_overwrites_nothing(tiku: Command) -> None:
    put("a.md")
    Path("tiku.toml").write_text("mine", encoding="utf-8")
    done = tiku("init")
    assert done.code == 2
    assert "'tiku.toml' is there already; it is left as it is" in done.err
    assert not Path(draft.SCHEMA).exists()
    assert Path("tiku.toml").read_text(encoding="utf-8") == "mine"
    Path("tiku.toml").unlink()
    Path(draft.SCHEMA).write_text("mine", encoding="utf-8")
    assert tiku("init").code == 0
    assert Path(draft.SCHEMA).read_text(encoding="utf-8") == "mine"


def test_init_follows_no_dangling_link(tiku: Command) -> None:
    Path("tiku.toml").symlink_to("elsewhere")
    assert tiku("init").code == 2
    assert not Path("elsewhere").exists()


def test_the_schema_is_printed(tiku: Command) -> None:
    done = tiku("init", "--schema")
    assert done.code == 0
    assert json.loads(done.out) == json.loads(schema.text())
    assert list(Path().iterdir()) == []
