"""What a persistent pandoc saves on many small documents, and whether its results are those of plain runs.

Usage: python benchmarks/pandoc_workers.py DOCUMENT... [--count 200] [--runs 3]     CPU for each document, memory
       python benchmarks/pandoc_workers.py --equal FOLDER...                       every document below the folders

The documents are read again and again, in turn, until there are --count. Each is what the Markdown reader gives to
pandoc. The loop to compare with is one `pandoc lua` that reads the same texts and writes HTML, and does nothing else.
Exit status: 1 when a result differs.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import tiku
from tiku import pandoc
from tiku.errors import DocumentError
from tiku.pandoc import worker
from tiku.readers import foreign, markdown

HTML = foreign._EXTENSIONS["html"]  # noqa: SLF001 - the very format that the reader uses
FORMATS = {
    ".md": (markdown.FORMAT, "gfm", "commonmark_x", HTML),
    ".txt": (markdown.FORMAT,),
    ".rst": ("rst", markdown.FORMAT),
    ".org": ("org", markdown.FORMAT),
    ".tex": ("latex",),
    ".html": (HTML, f"{HTML}-raw_html"),
}
LOOP = """
local options = pandoc.ReaderOptions {}
for number = 1, tonumber(arg[2]) do
  local file = io.open(arg[1] .. '/' .. number, 'rb')
  local text = file:read('a')
  file:close()
  io.stdout:write(pandoc.write(pandoc.read(text, arg[3], options, {}), 'html'))
end
"""


def cpu() -> float:
    """CPU seconds of this process and of the children it has waited for."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in usages)


def asked(document: str) -> tuple[str, str]:
    """The text and the format that reading `document` first asks pandoc for."""
    calls: list[tuple[str, str]] = []
    run = pandoc.run

    def note(text: str | bytes, *arguments: str) -> tuple[str, list[str]]:
        if isinstance(text, str):
            calls.append((text, arguments[1]))
        return run(text, *arguments)

    pandoc.run = note
    try:
        tiku.read(document)
    finally:
        pandoc.run = run
    return calls[0]


def by_worker(texts: list[tuple[str, str]]) -> int:
    """Read all through the worker; the most bytes it had in memory."""
    most = 0
    with pandoc.persistent() as keeper:
        for text, source_format in texts:
            pandoc.run(text, "-f", source_format, "-t", "json")
            if keeper._worker:  # noqa: SLF001
                most = max(most, worker._usage(keeper._worker._process.pid)[1])  # noqa: SLF001
    return most


def by_plain_runs(texts: list[tuple[str, str]]) -> None:
    """Read each by a process of its own."""
    for text, source_format in texts:
        pandoc.run(text, "-f", source_format, "-t", "json")


def by_loop(texts: list[tuple[str, str]]) -> None:
    """Read all in one `pandoc lua`, and write HTML."""
    with tempfile.TemporaryDirectory() as folder:
        for number, (text, _) in enumerate(texts, 1):
            Path(folder, str(number)).write_text(text, encoding="utf-8")
        script = Path(folder, "loop.lua")
        script.write_text(LOOP, encoding="utf-8")
        command = [pandoc.executable(), "lua", str(script), folder, str(len(texts)), texts[0][1]]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)


def measure(documents: list[str], count: int, runs: int) -> None:
    """Print CPU milliseconds for each document, the ways taken in turn, and the memory of a long run."""
    first = [asked(document) for document in documents]
    texts = (first * (count // len(first) + 1))[:count]
    ways = {"worker": by_worker, "plain runs": by_plain_runs, "pandoc lua to HTML": by_loop}
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(runs):
        for name, way in ways.items():
            before = cpu()
            way(texts)
            spent[name].append(cpu() - before)
    for name, seconds in spent.items():
        ratio = statistics.median(a / b for a, b in zip(spent["worker"], seconds, strict=True))
        each = statistics.median(seconds) / count * 1000
        print(f"{name}: {each:.1f} ms of CPU for each of {count} documents; the worker needs {ratio:.2f} of it")
    worker.RECYCLE = 10**9
    for total in (50, 200, 1000):
        print(f"memory of one worker over {total} documents: {by_worker((texts * 1000)[:total]) / 1e6:.0f} MB")


def equal(folders: list[str]) -> bool:
    """Whether every document below `folders` gives the same text of JSON, warnings or error both ways."""
    same = refused = different = 0
    with pandoc.persistent() as keeper:
        for path in sorted(path for folder in folders for path in Path(folder).rglob("*") if path.suffix in FORMATS):
            text = path.read_bytes().decode("utf-8", "replace")
            for source_format in FORMATS[path.suffix]:
                ours = keeper.read(source_format, text, pandoc.CPU_SECONDS)
                if ours is None:
                    refused += 1
                    continue
                try:
                    reference: object = pandoc._run_plainly(text, "-f", source_format, "-t", "json")  # noqa: SLF001
                except DocumentError as error:
                    reference = error.message
                if (ours[0], list(ours[1])) == reference:
                    same += 1
                else:
                    different += 1
                    print(f"{path} as {source_format}: not the same")
    print(f"{same} the same, {different} not, {refused} left to plain runs")
    return not different


def main() -> None:
    """See the module's docstring."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("documents", nargs="+")
    parser.add_argument("--equal", action="store_true")
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    if options.equal:
        sys.exit(not equal(options.documents))
    measure(options.documents, options.count, options.runs)


if __name__ == "__main__":
    main()
