"""Readers and exporters by name: built-ins from a table of strings, strangers from entry points.

Listing names imports nothing; a wrong name says "did you mean"; a missing library says which extra to install.
"""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tiku.errors import SetupError, UsageError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


def suggest(wrong: str, known: list[str]) -> str:
    """`, did you mean 'x'?` or the list of what there is."""
    near = get_close_matches(wrong, known, n=1)
    return f", did you mean '{near[0]}'?" if near else f" (known: {', '.join(sorted(known))})"


class Registry:
    """One kind of plug-in.

    `kind` is the word for messages (``exporter``), `group` the entry-point group (``tiku.exporters``), `builtin` maps
    a name to ``module:attribute``. A built-in's name stays its own.
    """

    def __init__(self, kind: str, group: str, builtin: dict[str, str]) -> None:
        self.kind = kind
        self.group = group
        self.builtin = builtin
        self._strangers: dict[str, EntryPoint] | None = None

    def _entries(self) -> dict[str, EntryPoint]:
        # Reading the entry points of all installed packages costs more than a small run: only when it is needed.
        if self._strangers is None:
            from importlib.metadata import entry_points

            self._strangers = {entry.name: entry for entry in entry_points(group=self.group)}
        return self._strangers

    def names(self) -> list[str]:
        """All names, built-ins first; imports no plug-in."""
        return [*self.builtin, *sorted(set(self._entries()) - set(self.builtin))]

    def strangers(self) -> str:
        """The plug-ins that are not ours, each with its distribution's version."""
        entries = [(name, entry.dist) for name, entry in sorted(self._entries().items())]
        return ", ".join(f"{name} {dist.name} {dist.version}" if dist else name for name, dist in entries)

    def load(self, name: str) -> Any:
        """The plug-in object called `name`.

        Raises UsageError for an unknown name, SetupError when a library it needs is missing.
        """
        # a built-in is found without reading what else is installed, which costs more than a small document
        entry = None if name in self.builtin else self._entries().get(name)
        if entry is None and name not in self.builtin:
            raise UsageError(f"unknown {self.kind} '{name}'{suggest(name, self.names())}")
        try:
            if entry is not None:
                return entry.load()
            module, _, attribute = self.builtin[name].partition(":")
            return getattr(import_module(module), attribute)
        except ImportError as error:
            raise SetupError(f"{self.kind} '{name}' cannot be loaded: {error}") from error


def need(user: str, module: str, extra: str) -> Any:
    """Import `module` for the plug-in `user`; raises SetupError that names the extra when it is not installed."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise SetupError(f"'{user}' needs '{error.name}': pip install 'tiku[{extra}]'") from error
    except OSError as error:  # WeasyPrint's way to say that Pango is not there
        reason = str(error).splitlines()[0] if str(error) else "a system library is missing"
        raise SetupError(f"'{user}' cannot load '{module}': {reason}; run 'tiku doctor'") from error
