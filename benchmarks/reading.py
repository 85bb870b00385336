"""What reading costs beside pandoc alone on the same file, in one run.

Usage: python benchmarks/reading.py BANK.md [BIGGER.md] [--runs 3]
"""

import argparse
import resource
import statistics
import subprocess
import sys

from tiku import pandoc


def cpu(command: list[str]) -> float:
    """CPU seconds of a command, its children included."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print CPU seconds and ratios, medians of the runs, taken in turn."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("banks", nargs="+")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    ours_by_bank = []
    for bank in options.banks:
        alone, ours = [], []
        for _ in range(options.runs):
            alone.append(cpu([pandoc.executable(), "-f", "gfm", "-t", "json", bank]))
            ours.append(cpu([sys.executable, "-c", "import sys, tiku; tiku.read(sys.argv[1])", bank]))
        ratio = statistics.median(b / a for a, b in zip(alone, ours, strict=True))
        ours_by_bank.append(statistics.median(ours))
        print(f"{bank}: pandoc {statistics.median(alone):.2f} s, tiku {ours_by_bank[-1]:.2f} s, ratio {ratio:.2f}")
    if len(ours_by_bank) > 1:
        print(f"last / first: {ours_by_bank[-1] / ours_by_bank[0]:.1f}")


if __name__ == "__main__":
    main()
