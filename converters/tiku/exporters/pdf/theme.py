"""Themes: a folder with ``theme.toml``, templates and style sheets, that may build on a parent theme.

Built-in themes are folders of ``tiku/themes``; a user's own is any folder, whose ``parent`` is the name of a built-in
theme or a path beside it.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiku.errors import UsageError
from tiku.plugins import suggest

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from jinja2 import Environment

DEFAULT = "classic"
MAX_PARENTS = 8


@dataclass(frozen=True, slots=True)
class Layer:
    """One theme folder and what its ``theme.toml`` says."""

    folder: Traversable
    settings: dict[str, Any]


@dataclass(frozen=True)
class Theme:
    """A theme with its parents, the most remote one first."""

    layers: tuple[Layer, ...]
    settings: dict[str, Any] = field(repr=False)
    """All ``theme.toml`` files merged, table by table."""

    @cached_property
    def css(self) -> str:
        """The style sheets of all layers, parents first."""
        return "\n".join(
            layer.folder.joinpath(name).read_text(encoding="utf-8")
            for layer in self.layers
            for name in layer.settings.get("styles", ())
        )

    @cached_property
    def templates(self) -> Environment:
        """Jinja templates; a theme's own take the place of its parents'. All text is escaped unless it is Markup."""
        from jinja2 import DictLoader, Environment, StrictUndefined

        texts = {
            item.name: item.read_text(encoding="utf-8")
            for layer in self.layers
            for item in sorted(layer.folder.iterdir(), key=lambda item: item.name)
            if item.name.endswith(".html")
        }
        return Environment(
            loader=DictLoader(texts), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )


def names() -> list[str]:
    """The built-in themes."""
    folder = files("tiku").joinpath("themes")
    return sorted(item.name for item in folder.iterdir() if item.joinpath("theme.toml").is_file())


def load(name: str) -> Theme:
    """The theme called `name` (a built-in one, or the path of a folder; empty for the default) with its parents.

    Raises UsageError when there is no such theme, or its ``theme.toml`` cannot be read.
    """
    layers: list[Layer] = []
    wanted: str | None = name or DEFAULT
    beside = Path()
    while wanted is not None:
        folder, beside = _folder(wanted, beside)
        try:
            settings = tomllib.loads(folder.joinpath("theme.toml").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise UsageError(f"theme '{wanted}': its theme.toml cannot be read: {error}") from error
        layers.insert(0, Layer(folder, settings))
        if len(layers) > MAX_PARENTS:
            raise UsageError(f"theme '{name}': its parents go round in a circle")
        wanted = settings.get("parent")
        if wanted is not None and not isinstance(wanted, str):
            raise UsageError(f"theme '{name}': 'parent' in its theme.toml is no text")
    merged: dict[str, Any] = {}
    for layer in layers:
        _merge(merged, layer.settings)
    return Theme(tuple(layers), merged)


def _folder(name: str, beside: Path) -> tuple[Traversable, Path]:
    built_in = files("tiku").joinpath("themes")
    if name in names():
        return built_in.joinpath(name), Path()
    path = beside / name
    if path.joinpath("theme.toml").is_file():
        return path, path.parent
    if path.is_dir():
        raise UsageError(f"theme '{name}': there is no theme.toml in that folder")
    raise UsageError(f"unknown theme '{name}'{suggest(name, names())}")


def _merge(into: dict[str, Any], other: dict[str, Any]) -> None:
    for key, value in other.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            _merge(into[key], value)
        else:
            into[key] = dict(value) if isinstance(value, dict) else value
