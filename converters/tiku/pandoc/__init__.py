"""The only package that runs pandoc.

pandoc comes with `pypandoc_binary`, so no system pandoc is needed. It runs sandboxed (it reads no file but its
standard input), with limits on memory and time, and what it warns of comes back as text. Each run is a process of its
own; within `persistent()`, one process (`worker.py`) reads many documents, to the same results.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import signal
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiku.errors import DocumentError, SetupError
from tiku.markup import API_VERSION, check_depth

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tiku.model import Block
    from tiku.pandoc.worker import Keeper

HEAP = "2g"
"""Largest heap of pandoc; over it, it ends with code 251 and a clear message."""
CPU_SECONDS = 300
"""CPU limit of one run: hostile input can make some of pandoc's readers exponential."""


@cache
def executable() -> str:
    """The path of pandoc: the one inside pypandoc_binary, else what pypandoc finds.

    Raises SetupError when there is none.
    """
    spec = find_spec("pypandoc")
    if spec and spec.origin:
        inside = Path(spec.origin).parent / "files" / ("pandoc.exe" if os.name == "nt" else "pandoc")
        if inside.is_file():  # asking pypandoc itself would start pandoc once more, to see its version
            return str(inside)
    try:
        import pypandoc

        return str(pypandoc.get_pandoc_path())
    except (ImportError, OSError) as error:
        raise SetupError("pandoc is missing: pip install pypandoc_binary") from error


def version() -> str:
    """pandoc's version, as it says it."""
    done = subprocess.run([executable(), "--version"], capture_output=True, text=True, check=False)
    return (done.stdout.split() or ["", "unknown"])[1]


@cache
def _keeper() -> Keeper:
    from tiku.pandoc.worker import Keeper, Worker

    return Keeper(lambda: Worker(executable(), HEAP))


def persistent() -> Keeper:
    """A context in which this process keeps one pandoc that reads many documents: for batches of small ones.

    Results are those of plain runs, to the byte. It may be entered again inside itself, and by several threads (one
    reads through the worker at a time, the others by plain runs); a fork of this process keeps a pandoc of its own.
    """
    return _keeper()


def persist() -> None:
    """From now on until this process ends, as within `persistent()`: to be the initializer of a pool of processes."""
    persistent().__enter__()


def run(text: str | bytes, *arguments: str) -> tuple[str, list[str]]:
    """Give `text` to pandoc and return what it printed, and its warnings.

    Raises DocumentError when pandoc refuses the text, runs out of its limits, or prints no UTF-8.
    """
    match arguments:
        case ("-f", source_format, "-t", "json") if isinstance(text, str) and _keeper.cache_info().currsize:
            if answer := _keeper().read(source_format, text, CPU_SECONDS):
                out, said = answer
                return out, _warnings("\n".join("[WARNING] " + each.replace("\n", "\n  ") for each in said))
    return _run_plainly(text, *arguments)


def _run_plainly(text: str | bytes, *arguments: str) -> tuple[str, list[str]]:
    """What `run` returns and raises, by a process of its own."""
    command = [executable(), "+RTS", f"-M{HEAP}", "-RTS", "--sandbox", *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        with contextlib.suppress(OSError, AttributeError):  # prlimit is Linux's; elsewhere the timeout must do
            # the harder limit kills without a reason, so it comes later
            resource.prlimit(process.pid, resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS + 10))
        try:
            out, err = process.communicate(
                text if isinstance(text, bytes) else text.encode("utf-8", "replace"), timeout=4 * CPU_SECONDS
            )
        except BaseException as error:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            if isinstance(error, subprocess.TimeoutExpired):
                raise DocumentError(f"pandoc did not finish in {4 * CPU_SECONDS} seconds") from error
            raise
    complaints = err.decode("utf-8", "replace").strip()
    if process.returncode:
        reason = {251: f"it needs more than {HEAP} of memory", -signal.SIGXCPU: "it takes too long"}.get(
            process.returncode, complaints.splitlines()[0][:300] if complaints else f"exit code {process.returncode}"
        )
        raise DocumentError(f"pandoc cannot read this document: {reason}")
    return out.decode("utf-8"), _warnings(complaints)


def _warnings(complaints: str) -> list[str]:
    """The first line of each warning in what pandoc writes to its standard error."""
    return [line.removeprefix("[WARNING] ") for line in complaints.splitlines() if line.startswith("[WARNING]")]


def read(text: str | bytes, source_format: str, *, look: bool = True) -> tuple[list[Block], list[str]]:
    """Parse `text` as pandoc's `source_format` (``gfm-yaml_metadata_block``); return its blocks and pandoc's warnings.

    With `look` false the caller looks itself whether nodes are nested too deeply. Raises DocumentError when the text
    cannot be parsed.
    """
    out, warnings = run(text, "-f", source_format, "-t", "json")
    try:
        document: dict[str, Any] = json.loads(out)
    except (ValueError, RecursionError) as error:
        raise DocumentError("the document is nested too deeply") from error
    blocks: list[Block] = document["blocks"]
    if look:
        check_depth(blocks)
    if ("\\u00" in out and _ESCAPED.search(out)) or _CONTROLS.search(out):
        _without_controls(blocks)
    return blocks, warnings


# Sources are rid of control characters before pandoc sees them, but `&#1;` makes new ones. In pandoc's JSON those below
# U+0020 are escaped. (U+FDD0 to U+FDD2 are the line marks of `readers.lines`.)
_ESCAPED = re.compile(r"\\u00(?:0[0-8b-f]|1[0-9a-f]|7f)")
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd3-\ufdef\ufffe\uffff]")


def _without_controls(nodes: Any) -> None:
    """Remove control characters from all texts below `nodes`, in place."""
    stack = [nodes]
    while stack:
        item = stack.pop()
        for key, value in list(item.items() if isinstance(item, dict) else enumerate(item)):
            if isinstance(value, str):
                item[key] = _CONTROLS.sub("", value)
            elif isinstance(value, list | dict):
                stack.append(value)


def write(blocks: Iterable[Block], target_format: str, *arguments: str) -> str:
    """`blocks` in pandoc's `target_format`."""
    document = {"pandoc-api-version": API_VERSION, "meta": {}, "blocks": list(blocks)}
    return run(json.dumps(document, ensure_ascii=False), "-f", "json", "-t", target_format, *arguments)[0]
