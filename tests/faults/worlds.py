"""Small worlds to build, and looks at what a build did."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

CONFIG = """[build]
formats = [{formats}]
cache = "cache"
language = "en"
[[bank]]
source = "source/*.md"
"""


def document(name: str, count: int = 2) -> str:
    """A document whose every text tells where it comes from."""
    questions = "\n\n".join(
        f"### {n}. {name} title {n}\n\n**Question:** What of {name}-{n}?\n\n**Answer:** That of {name}-{n}."
        for n in range(1, count + 1)
    )
    return f"# Bank {name}\n\n{questions}\n"


def make(folder: Path, count: int = 1, formats: tuple[str, ...] = ("json", "md", "apkg")) -> Path:
    """A folder with `count` documents and a configuration."""
    (folder / "source").mkdir(parents=True)
    for number in range(1, count + 1):
        (folder / "source" / f"d{number}.md").write_text(document(f"d{number}"), encoding="utf-8")
    quoted = ", ".join(f'"{each}"' for each in formats)
    (folder / "tiku.toml").write_text(CONFIG.format(formats=quoted), encoding="utf-8")
    return folder


def build(world: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """``tiku build`` in a process of its own: exit code and words."""
    done = subprocess.run(
        [sys.executable, "-m", "tiku", "build", *arguments],
        cwd=world, env={**os.environ, **environment}, capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    assert "a fault of tiku itself" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def hashes(folder: Path, pattern: str = "**/[!.]*") -> dict[str, str]:
    """The hash of each file that is not hidden, by its path from `folder`."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.glob(pattern))
        if path.is_file()
    }


def outputs(world: Path) -> dict[str, str]:
    """The hash of each output."""
    return hashes(world / "outputs")


def stamps(world: Path) -> dict[str, tuple[int, int]]:
    """Inode and time of each output: another one has been written."""
    return {
        path.name: (path.stat().st_ino, path.stat().st_mtime_ns) for path in sorted((world / "outputs").glob("[!.]*"))
    }


def processes_with(variable: str) -> dict[int, str]:
    """The command line of each living process with this setting in its environment."""
    out = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if variable.encode() in (entry / "environ").read_bytes().split(b"\0"):
                    out[int(entry.name)] = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
    return out
