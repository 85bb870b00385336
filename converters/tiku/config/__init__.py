"""``tiku.toml``: the banks of a build and what is made of each. ``docs/configuration.md`` tells it to users."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiku import storage
from tiku.config import sources, values
from tiku.config.document import Document, open_document
from tiku.config.keys import BANK, BUILD, FORMATS, TABLES
from tiku.errors import UsageError
from tiku.exporters import EXPORTERS, Exporter
from tiku.keeping import Keeping
from tiku.orders import Order, Output, refuse_targets, staging
from tiku.plugins import suggest
from tiku.readers import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tiku.config.document import Place

__all__ = ["DEFAULT", "Plan", "load"]

DEFAULT = "tiku.toml"
THEMED = ("pdf",)
"""The formats that take a theme."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a build is to make, and how it runs."""

    orders: list[Order]
    jobs: int
    """Processes that work at once; 0 is one for each processor."""
    cache: str | None
    """The folder where finished work is kept; empty is the one under the user's cache folder, None keeps nothing."""
    cache_size: int
    """How many bytes may be kept there."""
    keep_going: bool
    """Whether the build goes on after a document has failed."""
    folders: tuple[str, ...]
    """The output folders, each once: every target lies in one of them, or below."""


def load(
    name: str = "", *, profile: str = "", strict: bool = False, frozen: bool = False, tombstones: bool = False
) -> Plan:
    """What the configuration `name` stands for (default: tiku.toml; without one, source/ to outputs/).

    `profile` names one of its profiles. Paths in it lead from its folder. Raises UsageError for anything it does not
    know, and when two outputs would be the same file.
    """
    path = Path(name or DEFAULT)
    if name and not path.is_file():
        raise UsageError(f"no such configuration: '{name}'")
    if path.is_file():
        document = open_document(path)
    else:
        document = Document(path, "", {"bank": [{"source": [f"source/*{suffix}" for suffix in SUFFIXES]}]})
    return _Loader(document, profile).plan(strict=strict, frozen=frozen, tombstones=tombstones)


@dataclass(slots=True)
class _Bank:
    """One ``[[bank]]`` with all that holds for it."""

    place: Place
    entry: dict[str, Any]
    """Its keys, over those of [build], under those of the profile."""
    output: Path
    url: str
    """Where outputs go from there; empty when they stay."""
    settings: dict[str, dict[str, Any]]
    labels: dict[str, tuple[str, ...]]


class _Loader:
    """Checks all of a document, then makes its plan."""

    def __init__(self, document: Document, profile: str) -> None:
        self.document = document
        self.folder = document.path.parent
        data = values.table(document, (), document.data, TABLES)
        self.build = self._checked(("build",), data.get("build", {}))
        self.settings = values.settings(document, ("set",), data.get("set", {}))
        self.labels = values.labels(document, ("labels",), data.get("labels", {}))
        self.profile, self.over = self._profile(data.get("profile", {}), profile)
        self.run = {**self.build, **self.profile}
        entries = data.get("bank", [])
        if not isinstance(entries, list) or not entries:
            raise document.error((), "there is no [[bank]] in it")
        self.banks = [self._bank(("bank", number), entry) for number, entry in enumerate(entries, 1)]

    def plan(self, *, strict: bool, frozen: bool, tombstones: bool) -> Plan:
        """The plan; `strict`, `frozen` and `tombstones` as on the command line."""
        strict = strict or self.run.get("strict", False)
        # Who keeps no ledgers has none of a source's former name either.
        write = self.run.get("ledger", True)
        keeping = Keeping(write=write, former=write, frozen=frozen, tombstones=tombstones)
        orders = [order for bank in self.banks for order in self._orders(bank, strict=strict, keeping=keeping)]
        refuse_targets([(order.source, output.target) for order in orders for output in order.outputs])
        cache = self.run.get("cache", True)
        where = str(self.folder / cache) if isinstance(cache, str) else "" if cache else None
        folders = tuple(dict.fromkeys(str(bank.output) for bank in self.banks))
        size = self.run.get("cache_size", values.size("2 GB"))
        return Plan(orders, self.run.get("jobs", 0), where, size, self.run.get("keep_going", True), folders)

    def _checked(self, place: Place, entry: Any, *more: str) -> dict[str, Any]:
        keys = BANK if place[0] == "bank" else BUILD
        entry = values.table(self.document, place, entry, [*(key.name for key in keys), *more])
        found = values.checked(self.document, place, entry, keys)
        self._look_up(place, found)
        return found

    def _look_up(self, place: Place, found: dict[str, Any]) -> None:
        """Make files of `found` lead from here, and see whether they are there."""
        try:
            key = "output"
            if storage.is_remote(found.get(key, "")) and storage.scheme(found[key]) not in storage.PLACES:
                raise UsageError(f"'output' cannot be a URL of the kind '{storage.scheme(found[key])}'")
            key = "dialect"
            if dialect := found.get(key, ""):
                from tiku.readers import dialects

                if dialect.endswith(".toml"):
                    found[key] = str(self.folder / dialect)
                dialects.named(found[key])
            key = "theme"
            if theme := found.get(key, ""):
                from tiku.exporters.pdf import theme as themes

                if theme not in themes.names() and (self.folder / theme).is_dir():
                    found[key] = str(self.folder / theme)
                themes.load(found[key])
        except UsageError as error:
            raise self.document.error(place, error.message, key) from error
        except OSError as error:  # a name that is too long
            raise self.document.error(place, f"'{key}': {error.strerror or error}", key) from error

    def _profile(self, profiles: Any, wanted: str) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """The keys and the options of the profile `wanted`; all of them are checked."""
        if not isinstance(profiles, dict):
            raise self.document.error(("profile",), "should be a table")
        found = {
            name: (
                self._checked(("profile", name), entry, "set"),
                values.settings(self.document, ("profile", name, "set"), entry.get("set", {})),
            )
            for name, entry in profiles.items()
        }
        if wanted and wanted not in found:
            hint = suggest(wanted, list(found)) if found else " (there is none)"
            raise UsageError(f"unknown profile '{wanted}'{hint}", file=str(self.document.path))
        return found[wanted] if wanted else ({}, {})

    def _bank(self, place: Place, entry: Any) -> _Bank:
        own = self._checked(place, entry, "set", "labels")
        whole = {**self.build, **own, **self.profile}
        named = {
            name: {"deck": own["deck"]} for name in whole.get("formats", FORMATS) if own.get("deck") and _deck(name)
        }
        mine = values.settings(self.document, (*place, "set"), entry.get("set", {}))
        labels = values.labels(self.document, (*place, "labels"), entry.get("labels", {}))
        settings = _joined(self.settings, named, mine, self.over)
        said = whole.get("output", "")
        url = said if storage.is_remote(said) else ""
        output = staging(url) if url else self.folder / (storage.local(said) or "outputs")
        return _Bank(place, whole, output, url, settings, {**self.labels, **labels})

    def _orders(self, bank: _Bank, *, strict: bool, keeping: Keeping) -> Iterator[Order]:
        entry = bank.entry
        options = {
            "title": entry.get("title", ""),
            "language": entry.get("language", ""),
            "authors": tuple(entry.get("author", ())),
            "dialect": entry.get("dialect", ""),
            "encoding": entry.get("encoding", ""),
            "labels": bank.labels,
        }
        patterns = entry.get("source", [])
        try:
            found = sources.find(patterns, self.folder, [each.output for each in self.banks])
        except UsageError as error:
            raise self.document.error(bank.place, error.message, "source") from error
        if not found and not self.document.path.is_file():
            raise UsageError(
                f"there is no {self.document.path} here, and no source in source/;"
                f" 'tiku init' writes a {DEFAULT} to begin with"
            )
        if not found:
            words = f"no source matches {', '.join(patterns) or '(no source given)'}"
            raise self.document.error(bank.place, words, "source")
        made = list(self._outputs(bank))
        for source in found:
            start = str(bank.output / source.stem)
            url = storage.join(bank.url, source.stem) if bank.url else ""
            outputs = tuple(
                Output(name, Path(start + suffix), answers, theme, settings, url and url + suffix)
                for name, suffix, answers, theme, settings in made
            )
            yield Order(source.name, outputs, entry.get("from", ""), options, strict, keeping)

    def _outputs(self, bank: _Bank) -> Iterator[tuple[str, str, str, str, dict[str, Any]]]:
        """What is made of each source: format, suffix, place of the answers, theme, options."""
        answers, theme = bank.entry.get("answers", ""), bank.entry.get("theme", "")
        for name in dict.fromkeys(bank.entry.get("formats", FORMATS)):
            exporter: Exporter = EXPORTERS.load(name)
            # One place and one theme are said for all formats: each takes what it knows.
            place = answers if answers in list(exporter.answers) else ""
            look = theme if name in THEMED else ""
            yield name, exporter.suffix, place, look, bank.settings.get(name, {})


def _deck(name: str) -> bool:
    """Whether a format has decks, with names."""
    return any(option.name == "deck" for option in EXPORTERS.load(name).options)


def _joined(*all_settings: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The options of all, the later ones over the earlier."""
    out: dict[str, dict[str, Any]] = {}
    for settings in all_settings:
        for name, options in settings.items():
            out[name] = {**out.get(name, {}), **options}
    return out
