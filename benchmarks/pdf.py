"""Time and memory of the PDF exporter beside a yardstick command, in one session.

Usage:
    benchmarks/pdf.py SOURCE... [--beside COMMAND] [--times N] [--theme NAME]

For each SOURCE: wall seconds, CPU seconds and the largest process of `tiku convert SOURCE -o FILE.pdf`, the best of N
runs (default 3), and, with --beside, of COMMAND with {source} and {folder} in it, run in turn with ours, and the ratio
of the walls. Quote ratios of one session, never seconds of two.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path


def resident(group: int) -> int:
    """The largest resident size, in kB, among the processes of the session `group`."""
    most = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                session = int(entry.joinpath("stat").read_text().rpartition(")")[2].split()[3])
                if session == group or group in ancestors(int(entry.name)):
                    pages = int(entry.joinpath("statm").read_text().split()[1])
                    most = max(most, pages * os.sysconf("SC_PAGE_SIZE") // 1024)
            except (OSError, ValueError, IndexError):
                continue
    return most


def ancestors(process: int) -> set[int]:
    """The parents of `process`, up to the first."""
    found: set[int] = set()
    while process > 1 and process not in found:
        found.add(process)
        stat = Path(f"/proc/{process}/stat").read_text()
        process = int(stat.rpartition(")")[2].split()[1])
    return found


def measure(command: list[str]) -> tuple[float, float, int]:
    """Wall seconds, CPU seconds and the largest process in MB of one run. Raises SystemExit when it fails."""
    before = os.times()
    began = time.perf_counter()
    most = 0
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        stop = threading.Event()

        def watch() -> None:
            nonlocal most
            while not stop.wait(0.05):
                most = max(most, resident(process.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        code = process.wait()
        wall = time.perf_counter() - began
        stop.set()
        watcher.join()
    after = os.times()
    if code:
        raise SystemExit(f"exit code {code}: {shlex.join(command)}")
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return wall, cpu, most // 1024


def main() -> None:
    """Measure and print a line for each source and command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", nargs="+", type=Path)
    parser.add_argument("--beside", default="")
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--theme", default="")
    options = parser.parse_args()
    tiku = str(Path(sys.executable).with_name("tiku"))
    for source in options.sources:
        with tempfile.TemporaryDirectory() as folder:
            target = Path(folder, "out.pdf")
            ours = [tiku, "convert", str(source), "-o", str(target), "-q"]
            ours += ["--theme", options.theme] if options.theme else []
            commands = {"tiku": ours}
            if options.beside:
                filled = options.beside.format(source=shlex.quote(str(source)), folder=shlex.quote(folder))
                commands["beside"] = shlex.split(filled)
            best: dict[str, tuple[float, float, int]] = {}
            for _ in range(options.times):
                for name, command in commands.items():
                    best[name] = min(best.get(name, (1e9, 1e9, 0)), measure(command))
            for name, (wall, cpu, memory) in best.items():
                print(f"{source.name}: {name} {wall:.2f} s, {cpu:.2f} s CPU, largest process {memory} MB")
            print(f"{source.name}: {target.stat().st_size} bytes", end="")
            print(f", ratio of walls {best['tiku'][0] / best['beside'][0]:.2f}" if "beside" in best else "")


if __name__ == "__main__":
    main()
