"""How long the EPUB exporter takes, beside what zipping the same files takes, and how much memory.

Usage:
    python benchmarks/epub.py [COUNT ...] [--source FILE]

Without --source it makes banks of COUNT questions (default 1000 and 10000) of about 650 characters. CPU seconds of one
process, reading not included; the best of three, as other work on the machine only ever adds.
"""

from __future__ import annotations

import argparse
import json
import pickle
import random
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any

import tiku
from tiku.exporters.epub import package
from tiku.readers import ReadOptions, reader_for


def made(count: int) -> str:
    """A Markdown document of `count` questions of about 650 characters each."""
    # Text that zips about as well as real text does: neither repeated nor evenly random.
    rolls = random.Random(count)
    words = [
        "".join(chr(0x4E00 + rolls.randrange(2500)) for _ in range(rolls.choice((2, 2, 3, 4)))) for _ in range(900)
    ]
    weights = [1 / (place + 5) for place in range(900)]

    def prose(length: int) -> str:
        return "".join(rolls.choices(words, weights, k=length // 2))[:length]

    return "\n\n".join(
        f"### {n}. {prose(14)}\n\n**题目：** {prose(40)}？\n\n**答案：**\n\n{prose(60)}：\n\n"
        + "\n\n".join(f"{item}. **{prose(5)}：** {prose(90)}。" for item in range(1, 5))
        + f"\n\n**解析：**\n\n{prose(130)}。"
        for n in range(1, count + 1)
    )


def peak() -> int:
    """The most memory this process has had, KB; Linux's ru_maxrss begins with that of the process that started it."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return int(status.partition("VmHWM:")[2].split()[0])


def measured(pickled: Path) -> dict[str, Any]:
    """CPU seconds of writing the book of a bank and of zipping the same files, and the memory that took."""
    with pickled.open("rb") as file:
        bank = pickle.load(file)
    before = peak()
    kept: list[package.Package] = []
    whole = package.write
    book = __import__("tiku.exporters.epub.book", fromlist=["book"])
    book.write_package = lambda made, *rest: (kept.append(made), whole(made, *rest))
    with tempfile.TemporaryDirectory() as folder:
        began = time.process_time()
        tiku.write(bank, Path(folder) / "book.epub")
        writing = time.process_time() - began
        memory = peak() - before
        began = time.process_time()
        with zipfile.ZipFile(Path(folder) / "plain.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for file in kept[0].files:
                archive.writestr(file.href, file.content)
        zipping = time.process_time() - began
        size = (Path(folder) / "book.epub").stat().st_size
    return {"questions": len(bank.questions), "write": writing, "zip": zipping, "memory": memory / 1024, "bytes": size}


def main() -> int:
    """Measure each bank in processes of its own, and print a line for it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("counts", nargs="*", type=int, default=[1000, 10000], metavar="COUNT")
    parser.add_argument("--source", type=Path, metavar="FILE")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(measured(options.one)))
        return 0
    print("questions   write s    zip s   ratio   MB over the model   book MB")
    with tempfile.TemporaryDirectory() as folder:
        sources = [options.source] if options.source else []
        for count in [] if sources else options.counts:
            sources.append(Path(folder) / f"{count}.md")
            sources[-1].write_text(made(count), encoding="utf-8")
        for source in sources:
            reader = reader_for("markdown", source.name)
            bank = reader.read(source.read_bytes(), ReadOptions(file=source.name)).bank
            pickled = Path(folder) / "bank.pickle"
            pickled.write_bytes(pickle.dumps(bank))
            command = [sys.executable, __file__, "--one", str(pickled)]
            runs = [
                json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout) for _ in range(3)
            ]
            best = min(runs, key=lambda run: run["write"])
            zipping = min(run["zip"] for run in runs)
            print(
                f"{best['questions']:9} {best['write']:9.2f} {zipping:8.2f} {best['write'] / zipping:7.2f}"
                f" {max(run['memory'] for run in runs):19.0f} {best['bytes'] / 1e6:9.1f}"
            )
    return 0


if __name__ == "__main__":
    sys.exit(main())
