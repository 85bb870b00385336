"""What a batch build costs: `python benchmarks/batch.py MAKE_BANK [--documents 1000] [--folder DIR]`.

MAKE_BANK is a script ``make_bank.py N --seed S -o FILE`` that makes a bank of N distinct questions. Builds documents of
15 questions to json, apkg and epub, and prints, beside one `tiku convert` for each document (a sample of them, scaled)
and one ``pandoc lua`` loop that only reads them and writes HTML: CPU of cold builds with one and with two processes,
wall of a build after nothing, and after one document, has changed, and peak memory.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tiku.pandoc import executable

TIKU = [sys.executable, "-m", "tiku"]
CONFIG = '[build]\nformats = ["json", "apkg", "epub"]\n[[bank]]\nsource = "source/*.md"\n'
LOOP = """
for name in io.lines(arg[1]) do
  local file = io.open(name, 'rb'); local text = file:read('a'); file:close()
  io.write(pandoc.write(pandoc.read(text, 'gfm'), 'html'))
end
"""


def run(command: list[str], **options: object) -> tuple[float, float, int]:
    """Wall and CPU seconds of `command` with its children, and the largest resident set (KiB) of any of them."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    script = (
        "import resource, subprocess, sys\n"
        "code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *command], capture_output=True, text=True, check=True, **options,  # type: ignore[call-overload]
    )  # fmt: skip
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    peak, code = map(int, done.stdout.split())
    if code:
        raise SystemExit(f"{command} ended with {code}")
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, peak


def main() -> None:
    """Make the documents if they are not there, and print one line for each figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("make_bank", type=Path)
    parser.add_argument("--documents", type=int, default=1000)
    parser.add_argument("--singles", type=int, default=40, help="documents that are converted one by one")
    parser.add_argument("--folder", type=Path, default=Path("batch-benchmark"))
    options = parser.parse_args()
    folder: Path = options.folder.absolute()
    source = folder / "source"
    source.mkdir(parents=True, exist_ok=True)
    for number in range(options.documents):
        path = source / f"d{number:05}.md"
        if not path.exists():
            command = [sys.executable, str(options.make_bank), "15", "--seed", str(number), "-o", str(path)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    documents = sorted(source.glob("*.md"))[: options.documents]

    def place(name: str) -> Path:
        """A folder for a build, with all documents, that was never there.

        On ext4 each new file costs half a millisecond more as long as many that were deleted are remembered.
        """
        home = folder / f"{name}-{os.getpid()}"
        (home / "source").mkdir(parents=True)
        for path in documents:
            shutil.copyfile(path, home / "source" / path.name)
        (home / "tiku.toml").write_text(CONFIG, encoding="utf-8")
        return home

    def build(home: Path, *more: str) -> tuple[float, float, int]:
        return run([*TIKU, "build", "-q", "--cache", "cache", *more], cwd=home)

    names = folder / "names"
    names.write_text("".join(f"{path}\n" for path in documents), encoding="utf-8")
    (folder / "loop.lua").write_text(LOOP, encoding="utf-8")
    count = len(documents)

    def each(seconds: float) -> str:
        return f"CPU {seconds:7.1f} s  {1000 * seconds / count:6.1f} ms a document"

    _, loop, _ = run([executable(), "lua", str(folder / "loop.lua"), str(names)])
    print(f"pandoc lua loop    {each(loop)}")
    singles = documents[:: max(1, count // options.singles)][: options.singles]
    spent = 0.0
    for path in singles:
        spent += run(
            [*TIKU, "convert", str(path), "-q", "-t", "json,apkg,epub", "-o", str(folder / "single") + os.sep]
        )[1]
    single = spent / len(singles) * count
    print(f"one convert each   {each(single)} (from {len(singles)})")
    alone, cpu, peak = build(place("one"), "-j", "1")
    print(f"build -j 1         {each(cpu)}, wall {alone:.1f} s, {peak / 1024:.0f} MiB")
    print(f"  {cpu / single:.2f} of single converts (bar 0.5), {cpu / loop:.2f} of the loop (bar 1.6)")
    home = place("two")
    wall, _, peak = build(home, "-j", "2")
    print(f"build -j 2         wall {wall:.1f} s, {wall / alone:.2f} of -j 1 (bar 0.6), {peak / 1024:.0f} MiB")
    wall, cpu, peak = build(home)
    print(f"nothing changed    CPU {cpu:.2f} s, wall {wall:.2f} s (bar 1.5), {peak / 1024:.0f} MiB")
    with (home / "source" / documents[count // 2].name).open("a", encoding="utf-8") as file:
        file.write("\nOne more sentence.\n")
    wall, cpu, peak = build(home)
    print(f"one changed        CPU {cpu:.2f} s, wall {wall:.2f} s (bar 2.5), {peak / 1024:.0f} MiB")


if __name__ == "__main__":
    main()
