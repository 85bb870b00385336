"""Bring reveal.js into the package: from the registry, by name, version and hash; never committed.

The files come out of the wheel of `sphinx-revealjs`, which carries the built library, and go, with its licence, to
``converters/tiku/vendor/reveal`` (git-ignored; a wheel of tiku ships it). Whoever builds tiku runs it, `pip install .`
in a fresh clone too: hatchling calls `Vendored`.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NAME, VERSION = "sphinx-revealjs", "3.2.1"
TARGET = Path(__file__).parent.parent / "converters" / "tiku" / "vendor" / "reveal"
HASH = "805bed3ca459346e0f01967d5ed1c40d6b7b917de1541e1e4566c8341fe7017b"
INSIDE = "sphinx_revealjs/_static/revealjs/"
FILES = ("LICENSE", "dist/reveal.js", "dist/reveal.css", "dist/reset.css", "plugin/notes/notes.js")


def main() -> None:
    """Fetch, verify and unpack, unless that was done."""
    stamp = TARGET / "VERSION"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == HASH:
        return
    with tempfile.TemporaryDirectory() as folder:
        wanted = Path(folder) / "wanted.txt"
        wanted.write_text(f"{NAME}=={VERSION} --hash=sha256:{HASH}\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        subprocess.run([*command, "--require-hashes", "-r", str(wanted), "-d", folder], check=True)
        wheel = next(Path(folder).glob("*.whl"))
        if hashlib.sha256(wheel.read_bytes()).hexdigest() != HASH:
            sys.exit(f"{NAME} {VERSION}: its hash is not the one in {Path(__file__).name}")
        shutil.rmtree(TARGET, ignore_errors=True)
        TARGET.mkdir(parents=True)
        with zipfile.ZipFile(wheel) as package:
            for name in FILES:
                (TARGET / Path(name).name).write_bytes(package.read(INSIDE + name))
    stamp.write_text(HASH, encoding="utf-8")


class Vendored(BuildHookInterface):
    """The hook of pyproject.toml: no wheel and no sdist is made without the files."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 -- hatchling's signature
        """Fetch what is missing, before hatchling looks at what there is."""
        main()


if __name__ == "__main__":
    main()
