"""Write the tables of docs/configuration.md and the published JSON Schema, from the table of keys and the exporters."""

import re
from pathlib import Path

from tiku.config import schema
from tiku.config.keys import BANK, BUILD, OF_BANKS, Key, shown, toml
from tiku.exporters import EXPORTERS, Option
from tiku.readers.labels import ROLES

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "configuration.md"
SCHEMA = ROOT / "converters" / "tiku" / "schemas" / "tiku.schema.json"


def _keys(keys: list[Key]) -> str:
    rows = []
    for key in keys:
        choices = f": {', '.join(f'`{each}`' for each in key.choices)}" if key.choices else ""
        rows.append(f"| `{key.name}` | {key.summary}{choices} | {key.kind} | {shown(key)} |")
    return "\n".join(["| key | what it says | value | default |", "|---|---|---|---|", *rows])


def _options(options: tuple[Option, ...]) -> str:
    rows = []
    for option in options:
        values = ", ".join(f"`{each}`" for each in option.choices) or option.range
        rows.append(
            f"| `{option.name}` | {option.summary}{f': {values}' if values else ''} | `{toml(option.default)}` |"
        )
    return "\n".join(["| option | what it says | default |", "|---|---|---|", *rows])


def tables() -> dict[str, str]:
    """The tables of the page by their marks."""
    formats = [(name, EXPORTERS.load(name).options) for name in EXPORTERS.builtin]
    return {
        "build": _keys(list(BUILD)),
        "bank": _keys([key for key in BANK if key not in OF_BANKS]),
        "set": "\n\n".join(f"### `[set.{name}]`\n\n{_options(options)}" for name, options in formats if options),
        "labels": ", ".join(f"`{role}`" for role in ROLES) + ".",
    }


def page(text: str) -> str:
    """The page `text` with its tables made anew."""
    for name, table in tables().items():
        mark = re.compile(rf"(<!-- {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text, count = mark.subn(lambda found, table=table: f"{found[1]}\n{table}\n\n{found[2]}", text)
        if count != 1:
            raise SystemExit(f"{PAGE.name}: the mark '{name}' should stand there once")
    return text


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    SCHEMA.write_text(schema.text(plugins=False), encoding="utf-8", newline="\n")
    print(f"wrote {PAGE.name}, {SCHEMA.name}")
