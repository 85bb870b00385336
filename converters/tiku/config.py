"""``tiku.toml``: the banks of a build and what is made of each."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from tiku.build import Order, Output
from tiku.errors import UsageError
from tiku.exporters import EXPORTERS, Exporter
from tiku.keeping import Keeping
from tiku.plugins import suggest
from tiku.readers import SUFFIXES

DEFAULT = "tiku.toml"
FORMATS = ["pdf", "epub", "apkg", "pptx", "slides"]
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


def _orders(data: dict[str, Any], path: Path, *, strict: bool, keeping: Keeping) -> list[Order]:
    _known(data, _TOP, str(path))
    build = _known(data.get("build", {}), _BUILD, f"{path}: [build]")
    banks = data.get("bank", [])
    if not isinstance(banks, list) or not banks:
        raise UsageError(f"{path}: there is no [[bank]] in it")
    folder = path.parent
    orders, seen = [], dict[Path, str]()
    for index, entry in enumerate(banks, 1):
        bank = _known(entry, _BANK, f"{path}: [[bank]] {index}")
        output = folder / str(bank.get("output", build.get("output", "outputs")))
        names = _texts(bank.get("formats", build.get("formats", FORMATS)))
        for source in _sources(bank, folder, f"{path}: [[bank]] {index}"):
            outputs: list[Output] = []
            for name in names:
                exporter: Exporter = EXPORTERS.load(name)
                target = output / f"{Path(source).stem}{exporter.suffix}"
                if (other := seen.setdefault(target, source)) != source or target in {o.target for o in outputs}:
                    raise UsageError(f"'{other}' and '{source}' would both write '{target}'")
                places = [str(place) for place in exporter.answers]
                answers = str(bank.get("answers", build.get("answers", "")))
                outputs.append(
                    Output(
                        name,
                        target,
                        answers if answers in places else "",
                        str(bank.get("theme", build.get("theme", ""))) if name == "pdf" else "",
                        data.get("set", {}).get(name, {}),
                    )
                )
            options = {
                "title": str(bank.get("title", "")),
                "language": str(bank.get("language", "")),
                "authors": tuple(_texts(bank.get("author", []))),
                "dialect": _dialect(str(bank.get("dialect", "")), folder),
                "encoding": str(bank.get("encoding", "")),
                "labels": {str(role): tuple(_texts(words)) for role, words in data.get("labels", {}).items()},
            }
            order = Order(
                source,
                tuple(outputs),
                str(bank.get("from", "")),
                options,
                strict or bool(build.get("strict")),
                replace(keeping, write=bool(build.get("ledger", True))),
            )
            orders.append(order)
    return orders


def _dialect(name: str, folder: Path) -> str:
    """A dialect's name; a file is relative to the configuration."""
    return str(folder / name) if name.endswith(".toml") else name


def _texts(value: Any) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]


def _sources(bank: dict[str, Any], folder: Path, where: str) -> list[str]:
    patterns = _texts(bank.get("source", []))
    found: list[str] = []
    for pattern in patterns:
        if any(char in pattern for char in "*?["):
            found += sorted(str(path) for path in folder.glob(pattern) if path.is_file())
        else:
            found.append(str(folder / pattern))
    if not found:
        raise UsageError(f"{where}: no source matches {', '.join(patterns) or '(no source given)'}")
    return list(dict.fromkeys(found))
