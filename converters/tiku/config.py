"""``tiku.toml``: the banks of a build and what is made of each."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from tiku.build import Order, Output, refuse_targets
from tiku.errors import UsageError
from tiku.exporters import EXPORTERS, Answers, Exporter
from tiku.keeping import Keeping
from tiku.plugins import suggest
from tiku.readers import SUFFIXES

DEFAULT = "tiku.toml"
FORMATS = ["pdf", "epub", "apkg", "pptx", "slides"]
THEMED = ("pdf",)
"""The formats that take a theme."""
_TOP = ("build", "bank", "set", "labels")
_BUILD = ("output", "formats", "answers", "theme", "strict", "ledger")
_BANK = (
    "source",
    "title",
    "language",
    "author",
    "dialect",
    "encoding",
    "from",
    "formats",
    "answers",
    "theme",
    "output",
)


def load(name: str = "", *, strict: bool = False, frozen: bool = False, tombstones: bool = False) -> list[Order]:
    """The orders that the configuration `name` stands for (default: tiku.toml; without one, source/ to outputs/).

    Paths in it are relative to its folder. Raises UsageError for anything it does not know, and when two outputs would
    be the same file.
    """
    path = Path(name or DEFAULT)
    if name and not path.is_file():
        raise UsageError(f"no such configuration: '{name}'")
    data: dict[str, Any] = {"bank": [{"source": [f"source/*{suffix}" for suffix in SUFFIXES]}]}
    if path.is_file():
        try:
            data = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{path}: {error}") from error
    keeping = Keeping(frozen=frozen, tombstones=tombstones)
    return _orders(data, path, strict=strict, keeping=keeping)


def _known(table: Any, keys: tuple[str, ...], where: str) -> dict[str, Any]:
    if not isinstance(table, dict):
        raise UsageError(f"{where} should be a table")
    if unknown := sorted(set(table) - set(keys)):
        raise UsageError(f"{where}: unknown key '{unknown[0]}'{suggest(unknown[0], list(keys))}")
    return table


def _text(table: dict[str, Any], key: str, where: str, default: str = "") -> str:
    value = table.get(key, default)
    if not isinstance(value, str):
        raise UsageError(f"{where}: '{key}' should be text")
    return value


def _texts(table: dict[str, Any], key: str, where: str, default: list[str]) -> list[str]:
    value = table.get(key, default)
    items = value if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in items):
        raise UsageError(f"{where}: '{key}' should be text or a list of texts")
    return items


def _flag(table: dict[str, Any], key: str, where: str, *, default: bool) -> bool:
    value = table.get(key, default)
    if not isinstance(value, bool):
        raise UsageError(f"{where}: '{key}' should be true or false")
    return value


def _orders(data: dict[str, Any], path: Path, *, strict: bool, keeping: Keeping) -> list[Order]:
    _known(data, _TOP, str(path))
    build = _known(data.get("build", {}), _BUILD, f"{path}: [build]")
    banks = data.get("bank", [])
    if not isinstance(banks, list) or not banks:
        raise UsageError(f"{path}: there is no [[bank]] in it")
    settings = _known(data.get("set", {}), tuple(EXPORTERS.names()), f"{path}: [set]")
    for name, table in settings.items():
        _known(table, tuple(option.name for option in EXPORTERS.load(name).options), f"{path}: [set.{name}]")
    strict = _flag(build, "strict", f"{path}: [build]", default=False) or strict
    keeping = replace(keeping, write=_flag(build, "ledger", f"{path}: [build]", default=True))
    orders: list[Order] = []
    for index, entry in enumerate(banks, 1):
        where = f"{path}: [[bank]] {index}"
        bank = {**build, **_known(entry, _BANK, where)}
        outputs = _outputs(bank, path.parent, settings, where)
        options = {
            "title": _text(bank, "title", where),
            "language": _text(bank, "language", where),
            "authors": tuple(_texts(bank, "author", where, [])),
            "dialect": _text(bank, "dialect", where),
        }
        for source in _sources(bank, path.parent, where):
            made = tuple(replace(each, target=_named(each.target, source)) for each in outputs)
            orders.append(Order(source, made, _text(bank, "from", where), options, strict, keeping))
    refuse_targets([(order.source, output.target) for order in orders for output in order.outputs])
    return orders


def _named(target: Path, source: str) -> Path:
    return target.with_name(Path(source).stem + target.name)


def _outputs(bank: dict[str, Any], folder: Path, settings: dict[str, Any], where: str) -> list[Output]:
    """What is made of each source of a bank; the targets still lack the source's stem."""
    output = folder / _text(bank, "output", where, "outputs")
    answers, theme = _text(bank, "answers", where), _text(bank, "theme", where)
    if answers and answers not in list(Answers):
        raise UsageError(f"{where}: answers cannot be '{answers}'{suggest(answers, list(Answers))}")
    made: list[Output] = []
    for name in dict.fromkeys(_texts(bank, "formats", where, FORMATS)):
        exporter: Exporter = EXPORTERS.load(name)
        # One place and one theme are said for all formats: each takes what it knows.
        place = answers if answers in list(exporter.answers) else ""
        look = theme if name in THEMED else ""
        made.append(Output(name, output / exporter.suffix, place, look, settings.get(name, {})))
    return made


def _sources(bank: dict[str, Any], folder: Path, where: str) -> list[str]:
    patterns = _texts(bank, "source", where, [])
    found: list[str] = []
    for pattern in patterns:
        if any(char in pattern for char in "*?["):
            # glob's own patterns are relative: an absolute one is taken from its root.
            root = Path(Path(pattern).anchor) if Path(pattern).is_absolute() else folder
            parts = Path(pattern).relative_to(root) if root is not folder else Path(pattern)
            found += sorted(str(path) for path in root.glob(str(parts)) if path.is_file())
        else:
            found.append(str(folder / pattern))
    if not found:
        raise UsageError(f"{where}: no source matches {', '.join(patterns) or '(no source given)'}")
    return list(dict.fromkeys(found))
