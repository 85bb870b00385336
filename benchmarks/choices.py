"""How many choices of a corpus's choice questions are counted right.

Usage: python benchmarks/choices.py CORPUS [--command tiku]

CORPUS is a folder with a ``truth.json`` (ID -> {"file", "lines", "mcq"}). The truth about choices is counted here, in the
text of each question as it is typed, by a rule of its own: lines ``- A: …``, ``- A. …``, ``A - …`` up to the next
question. Nothing of tiku's readers is used.
"""

import argparse
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

CHOICE = re.compile(r"^\s*(?:[-*]\s+)?([A-H])(?:\s*[:.．、)]|\s+-\s)\s*\S")
REVERSED = re.compile(r"^`[^`]+`\s+-\s+([A-H])\s*$")  # `undefined` - D, in a right-to-left document


def counted(lines: list[str]) -> int:
    """The choices typed in the lines of one question: letters in rising order from A, before the answer is told."""
    letters: list[str] = []
    fenced = False
    for line in lines:
        fenced ^= line.lstrip().startswith("```")
        if fenced or line.lstrip().startswith("<details"):
            if line.lstrip().startswith("<details"):
                break
            continue
        found = CHOICE.match(line) or REVERSED.match(line)
        if found and ord(found[1]) == ord("A") + len(letters):
            letters.append(found[1])
    return len(letters)


def main() -> int:
    """Compare, print one line a document and the total."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--command", default="tiku")
    options = parser.parse_args()
    truth = json.loads((options.corpus / "truth.json").read_text(encoding="utf-8"))
    right = total = 0
    for name, entry in truth.items():
        if not entry.get("mcq") or not entry.get("lines"):
            continue
        path = options.corpus / entry["file"]
        text = path.read_text(encoding="utf-8").split("\n")
        done = subprocess.run(
            [*shlex.split(options.command), "inspect", "--format", "json", str(path)], capture_output=True, check=False
        )
        found = {q["line"]: q["choices"] for q in json.loads(done.stdout)["documents"][0]["questions"]}
        ends = [*entry["lines"][1:], len(text) + 1]
        wrong = []
        for line, end in zip(entry["lines"], ends, strict=True):
            wanted = counted(text[line : end - 1])
            got = next((found[near] for near in (line, line - 1, line + 1) if near in found), 0)
            if wanted < 2:
                continue
            total += 1
            right += got == wanted
            if got != wanted:
                wrong.append(f"line {line}: {got}, not {wanted}")
        print(f"{name}: {'; '.join(wrong) or 'all right'}")
    print(f"choices counted right: {right} of {total} ({right / max(total, 1):.1%})")
    return 0 if right >= 0.98 * total else 1


if __name__ == "__main__":
    sys.exit(main())
