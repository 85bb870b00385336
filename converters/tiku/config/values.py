"""One value of ``tiku.toml``, one table of it: right, or refused in words."""

from __future__ import annotations

import codecs
import os
import re
from typing import TYPE_CHECKING, Any

from tiku.config.keys import SIZE_PATTERN, UNITS, Key, Kind
from tiku.errors import UsageError
from tiku.exporters import EXPORTERS
from tiku.plugins import Registry, suggest
from tiku.readers import READERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tiku.config.document import Document, Place
    from tiku.exporters import Exporter, Option


def table(document: Document, place: Place, value: Any, known: Iterable[str]) -> dict[str, Any]:
    """`value`, if it is a table with no key but the `known`."""
    names = list(known)
    if not isinstance(value, dict):
        raise document.error(place, "should be a table")
    if unknown := next((name for name in value if name not in names), None):
        raise document.error(place, f"unknown key '{unknown}'{suggest(unknown, names)}", unknown)
    return value


def checked(document: Document, place: Place, given: dict[str, Any], keys: tuple[Key, ...]) -> dict[str, Any]:
    """What `given` says for `keys`: texts as lists, sizes in bytes. Raises UsageError for a wrong value."""
    out: dict[str, Any] = {}
    for key in keys:
        if key.name in given:
            try:
                out[key.name] = _value(key, given[key.name])
            except UsageError as error:
                raise document.error(place, error.message, key.name) from error
    return out


def _value(key: Key, value: Any) -> Any:
    typed = _typed(key, value)
    if key.filled and not typed:
        raise UsageError(f"'{key.name}' is empty: name a format, or leave it out")
    for text in typed if isinstance(typed, list) else [typed]:
        if not isinstance(text, str):
            continue
        if "\0" in text:
            raise UsageError(f"'{key.name}' holds a NUL character")
        if text and key.choices and text not in key.choices:
            raise UsageError(f"'{key.name}' cannot be '{text}'{suggest(text, list(key.choices))}")
        if text or key.kind is Kind.TEXTS:
            _known(key, text)
    return typed


def _known(key: Key, text: str) -> None:
    """Look up a name in what is there. Raises UsageError when it is not."""
    match key.name:
        case "formats":
            _registered(EXPORTERS, text)
        case "from":
            _registered(READERS, text)
        case "encoding":
            try:
                codecs.lookup(text)
            except (LookupError, ValueError) as error:
                raise UsageError(f"unknown encoding '{text}' (for example: utf-8, gb18030, shift_jis)") from error


def _registered(registry: Registry, name: str) -> None:
    # reading the entry points of all that is installed costs more than a small build
    if name not in registry.builtin and name not in registry.names():
        raise UsageError(f"unknown {registry.kind} '{name}'{suggest(name, registry.names())}")


def _typed(key: Key, value: Any) -> Any:
    match key.kind:
        case Kind.TEXT if isinstance(value, str):
            return value
        case Kind.TEXTS:
            items = value if isinstance(value, list) else [value]
            if all(isinstance(item, str) for item in items):
                return items
        case Kind.FLAG if isinstance(value, bool):
            return value
        case Kind.WHOLE if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        case Kind.SIZE if isinstance(value, str) and re.fullmatch(SIZE_PATTERN, value):
            return size(value)
        case Kind.STORE if isinstance(value, bool) or (isinstance(value, str) and value):
            return value
    raise UsageError(f"'{key.name}' should be {key.kind}")


def size(text: str) -> int:
    """The bytes of ``2 GB``; raises UsageError for what is no size."""
    if not re.fullmatch(SIZE_PATTERN, text):
        raise UsageError(f"'{text}' is not {Kind.SIZE}")
    unit = next(unit for unit in sorted(UNITS, key=len, reverse=True) if text.endswith(unit))
    return int(float(text.removesuffix(unit)) * UNITS[unit])


def settings(document: Document, place: Place, value: Any) -> dict[str, dict[str, Any]]:
    """The tables ``[set.FORMAT]`` at `place`: format -> option -> typed value."""
    out: dict[str, dict[str, Any]] = {}
    formats = (
        EXPORTERS.builtin if isinstance(value, dict) and set(value) <= set(EXPORTERS.builtin) else EXPORTERS.names()
    )
    for name, entries in table(document, place, value, formats).items():
        exporter: Exporter = EXPORTERS.load(name)
        options = {option.name: option for option in exporter.options}
        here = (*place, name)
        out[name] = {}
        for key, each in table(document, here, entries, options).items():
            try:
                out[name][key] = option_value(options[key], each, document)
            except UsageError as error:
                raise document.error(here, error.message, key) from error
    return out


def option_value(option: Option, value: Any, document: Document) -> Any:
    """A value of an exporter's option; TOML has types, so that `"yes"` is no flag here. A path leads from the file."""
    for kind, words in ((bool, "true or false"), (int, "a whole number"), (str, "text")):
        if isinstance(option.default, kind):
            if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
                raise UsageError(f"'{option.name}' should be {words}")
            break
    if option.choices and value not in option.choices:
        raise UsageError(f"'{option.name}' cannot be '{value}'{suggest(value, list(option.choices))}")
    parsed = option.parse(value)
    if not (option.file and parsed):
        return parsed
    path = document.path.parent / str(parsed)
    if not os.path.isfile(path):  # noqa: PTH113 - a name may be too long to ask for
        raise UsageError(f"'{option.name}': no such file: '{path}'")
    return str(path)


def labels(document: Document, place: Place, value: Any) -> dict[str, tuple[str, ...]]:
    """The table ``[labels]`` at `place`: role -> words."""
    from tiku.readers.labels import ROLES

    keys = tuple(Key(role, Kind.TEXTS, "") for role in ROLES)
    found = checked(document, place, table(document, place, value, ROLES), keys)
    return {role: tuple(words) for role, words in found.items()}
