"""What an output is made of, as hashes: the same ingredients, the same key; nothing here looks at a clock.

The ingredients of a step are a flat dictionary of texts, so that a later build can say which one has changed
(`tiku build --explain`).
"""

from __future__ import annotations

import contextlib
import json
import platform
import zlib
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiku import __version__
from tiku.files import digest_at, digest_below, digest_of
from tiku.readers import READERS, SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tiku.exporters import Exporter
    from tiku.orders import Order, Output

Made = dict[str, str]
"""The ingredients of a step: what each is for, and its hash or value."""
SHORT = 16
"""Hexadecimal digits by which an ingredient is remembered; keys themselves are whole."""


def key_of(kind: str, made: Mapping[str, Any]) -> str:
    """The key of the step `kind` with the ingredients `made`."""
    return digest_of(json.dumps([kind, made], ensure_ascii=False, sort_keys=True, default=str).encode())


@cache
def own() -> str:
    """tiku's version, and the hash of its code and data: what is changed in a checkout counts."""
    with contextlib.suppress(TypeError):
        folder = Path(str(files("tiku")))
        return f"{__version__} {digest_below(folder, without=frozenset({'__pycache__'}))[:SHORT]}"
    return __version__


@cache
def pandoc() -> str:
    """pandoc's version."""
    from tiku.pandoc import version as asked

    return asked()


@cache
def fonts() -> str:
    """The hash of the list of fonts that this machine offers, with their versions and sizes.

    Not of what they hold: that is a gigabyte on many a machine.
    """
    from tiku.render.fonts import faces, packages

    found = faces()
    sizes = {face.file: _size(face.file) for face in found}

    # Each process has its own order of sets, and fontconfig's is no one's promise.
    each = sorted(
        f"{face.file} {face.index} {face.family} {face.bold} {face.italic} {face.variable} "
        f"{sorted(face.languages)} {face.charset} {face.version} {sizes[face.file]}"
        for face in found
    )
    each += [f"{name} {_library(name)}" for name in packages()]
    return digest_of("\n".join(each).encode("utf-8", "surrogateescape"))[:SHORT]


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


@cache
def _pango() -> str:
    """The version of Pango, which breaks the PDF's lines."""
    import ctypes

    for name in ("libpango-1.0.so.0", "libpango-1.0.dylib", "libpango-1.0-0.dll"):
        with contextlib.suppress(OSError, AttributeError):
            asked = ctypes.CDLL(name).pango_version_string
            asked.restype = ctypes.c_char_p
            return bytes(asked()).decode("ascii", "replace")
    return "none"


def _python() -> str:
    """Python's version and zlib's, which decides on the bytes of a package."""
    return f"{platform.python_version()} {zlib.ZLIB_RUNTIME_VERSION}"


COMMON = ("python", "jinja2", "lxml", "nh3", "pygments")
"""What every exporter may use; ``tools`` of an exporter names more."""
_SPECIAL: dict[str, Callable[[], str]] = {"fonts": fonts, "pango": _pango, "python": _python}
"""Tools that are no distributions."""


@cache
def _library(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "none"


def for_reading(order: Order, source: str | None) -> Made:
    """The ingredients of reading, but for the files that only come up while it goes on.

    `source` is the hash of the document, or of a folder's list of documents.
    """
    made: Made = {"source": source or "", "name": order.source, "tiku": own(), "pandoc": pandoc()}
    made["reader"] = order.reader or SUFFIXES.get(Path(order.source).suffix.lower(), "")
    if made["reader"] not in READERS.builtin:
        made["plug-ins"] = READERS.strangers()
    for name, value in order.options.items():
        if value:
            made[f"option {name}"] = json.dumps(value, ensure_ascii=False, sort_keys=True, default=list)
    return made


def for_export(exporter: Exporter, output: Output, content: str, time: str) -> Made:
    """The ingredients of one output: `content` is the hash of the bank, `time` what the output may carry."""
    from tiku.exporters import EXPORTERS

    made: Made = {"content": content, "format": output.format, "tiku": own(), "time": time}
    if output.answers:
        made["answers"] = output.answers
    if output.theme:
        hashes = [_at(str(folder)) for folder in getattr(exporter, "folders", lambda _: [])(output.theme)]
        made["theme"] = " ".join([output.theme, _at(output.theme), *hashes]).strip()
    paths = {option.name for option in exporter.options if option.file}
    for name, value in output.settings.items():
        made[f"option {name}"] = f"{value} {_at(str(value))}".strip() if name in paths else str(value)
    for name in (*COMMON, *getattr(exporter, "tools", ())):
        made[name] = _SPECIAL[name]() if name in _SPECIAL else _library(name)
    if output.format not in EXPORTERS.builtin:
        made["plug-ins"] = EXPORTERS.strangers()
    return made


def for_conversion(kind: str, picture: str) -> Made:
    """The ingredients of a picture's conversion: `picture` is its hash."""
    tools = {name: _library(name) for name in ("pillow", "resvg-py", "lxml")}
    return {"kind": kind, "picture": picture, "tiku": own(), "python": _python(), **tools}


def forget() -> None:
    """Look at the user's themes and style sheets again: they may have changed since the last build or job."""
    _at.cache_clear()


@cache
def _at(name: str) -> str:
    """The hash of the user's file or folder called `name`; empty when there is none."""
    path = Path(name)
    if path.is_dir():
        return digest_below(path)[:SHORT]
    return (digest_at(path) or "")[:SHORT]


def difference(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """What has changed between two sets of ingredients, in words."""
    out = []
    for name in sorted({*before, *now}):
        old, new = before.get(name), now.get(name)
        if old == new:
            continue
        if old is None:
            out.append(f"{name} is new")
        elif new is None:
            out.append(f"{name} is no longer there")
        elif name in _SHOWN or name.startswith("option "):
            out.append(f"{name}: {old} -> {new}")
        else:
            out.append(f"{name} has changed")
    return out


_SHOWN = frozenset({"pandoc", "reader", "answers", "theme", "time", "weasyprint", "pikepdf", "ebooklib", "tiku"})
"""Ingredients that say something as they are; the others are hashes."""
