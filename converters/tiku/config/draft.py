"""The file that `tiku init` writes: every key in it, those that are not set behind a ``#``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tiku.config.keys import BANK, BUILD, OF_BANKS, TABLES, Key, shown, toml
from tiku.config.patterns import is_pattern
from tiku.exporters import EXPORTERS
from tiku.readers import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SCHEMA = "tiku.schema.json"
"""The file beside it that editors complete and check by."""
PLACE = "source"
"""The folder for documents when nothing else is found."""
_DOCUMENTS = (".md", ".markdown", ".docx", ".odt", ".rst", ".org", ".tex", ".ipynb")
"""What is a document wherever it lies; a text or a table may be anything outside of ``source/``."""
_NEVER = frozenset("outputs build dist docs tests test node_modules venv env".split())
_FURNITURE = frozenset(
    "readme changelog changes contributing license licence authors security code_of_conduct notes todo".split()
)
_HEAD = f"""#:schema ./{SCHEMA}
# What `tiku build` makes. Paths lead from this file. A key behind a '#' is not set: it shows a value, or the default.
"""
_SHARED = f"""# and, for this bank alone, of the keys above: {", ".join(key.name for key in OF_BANKS)}
"""
_SET = """
# Options of a format, for all banks. For one bank: [bank.set.pdf] right below its keys.
"""
_LABELS = """
# Your own words for the parts of a question, beside those that tiku knows. For one bank: [bank.labels] below its keys.
#[labels]
#answer = ["Musterantwort"]
#explanation = ["讲解"]
"""
_PROFILES = """
# A profile: with `tiku build --profile teacher`, its keys hold instead of those of [build] and of every bank.
# It takes all keys of [build].
#[profile.teacher]
#output = "outputs/teacher"
#answers = "inline"
#[profile.teacher.set.pdf]
#ticks = 0
"""


def text(sources: list[list[str]]) -> str:
    """A configuration with a bank for each of `sources`, lists of patterns."""
    parts = [_HEAD, f"\n# {_sentence(TABLES['build'])}\n[build]\n"]
    parts += [_entry(key, key.default if key.name in {"output", "formats"} else None) for key in BUILD]
    parts.append(f"\n# {_sentence(TABLES['bank'])}\n")
    for number, patterns in enumerate(sources):
        one = patterns[0] if len(patterns) == 1 else patterns
        if number:
            parts.append(f"\n[[bank]]\nsource = {toml(one)}\n")
        else:
            own = [key for key in BANK if key not in OF_BANKS]
            parts += ["[[bank]]\n", *(_entry(key, one if key.name == "source" else None) for key in own), _SHARED]
    parts.append(_SET)
    tables = [(name, EXPORTERS.load(name).options) for name in EXPORTERS.builtin]
    parts.append("\n".join(f"#[set.{name}]\n{''.join(map(_option, options))}" for name, options in tables if options))
    return "".join([*parts, _LABELS, _PROFILES])


def _sentence(words: str) -> str:
    return words[0].upper() + words[1:] + "."


def _entry(key: Key, value: Any) -> str:
    """A key with what it is for; without a value, behind a ``#``."""
    summary = f"# {key.summary}" + ("" if value else f" (default: {shown(key)})")
    example = key.example or key.default
    return f"{summary}\n{key.name} = {toml(value)}\n" if value else f"{summary}\n#{key.name} = {toml(example)}\n"


def _option(option: Any) -> str:
    values = ", ".join(option.choices) or option.range
    return f"# {option.summary}{f' ({values})' if values else ''}\n#{option.name} = {toml(option.default)}\n"


def sources(folder: Path) -> list[list[str]]:
    """The documents in `folder`, as patterns, a list for each bank: those in ``source/``, else here and one below.

    Empty when there are none.
    """
    if found := _patterns(folder / PLACE, f"{PLACE}/", tuple(SUFFIXES)):
        return [found]
    folders = [path for path in sorted(folder.iterdir()) if path.is_dir() and _ordinary(path.name)]
    banks = [_here(folder), *(_patterns(path, f"{path.name}/", _DOCUMENTS) for path in folders)]
    return [bank for bank in banks if bank]


def _ordinary(name: str) -> bool:
    """Whether a folder of that name may hold documents, and the name means itself in a pattern."""
    return name[0] not in "._" and name.isprintable() and name.lower() not in _NEVER and not is_pattern(name)


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        # a name in another encoding cannot be written down
        if path.is_file() and not path.name.startswith(".") and path.name.isprintable():
            yield path


def _here(folder: Path) -> list[str]:
    """The documents beside the configuration: by pattern, unless other texts lie among them."""
    files = [path for path in _files(folder) if path.suffix in _DOCUMENTS]
    documents = [path for path in files if path.stem.lower() not in _FURNITURE]
    others = {path.suffix for path in files if path not in documents}
    suffixes = dict.fromkeys(path.suffix for path in documents)
    single = [path.name for path in documents if path.suffix in others]
    return [f"*{suffix}" for suffix in suffixes if suffix not in others] + single


def _patterns(folder: Path, start: str, suffixes: tuple[str, ...]) -> list[str]:
    """Patterns for the documents in `folder` and below it."""
    if not folder.is_dir():
        return []
    own = {path.suffix for path in _files(folder)}
    deep = {path.suffix for path in folder.glob("*/**/*") if path.is_file() and path.name[0] != "."}
    return [f"{start}{'**/' if suffix in deep else ''}*{suffix}" for suffix in suffixes if suffix in own | deep]
