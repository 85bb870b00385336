"""What Anki decks cost: our package writer beside genanki's, on the same notes, in one run.

    python benchmarks/anki.py [NOTES] [--genanki PYTHON] [--rounds N]

PYTHON is an interpreter that has genanki 0.13 (it is no dependency of ours). Each builder runs in a process of its own;
printed are CPU seconds (user and system), the peak of memory, and the size of the package. Read the ratios of one run.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

MAKE = '''
import hashlib
WORDS = "注意力 机制 模型 训练 参数 gradient descent token layer residual 多头 编码 解码 语料 权重 softmax ".split()
def notes(count):
    """Four fields of HTML, about 2 KB, with words in an order that does not repeat."""
    for number in range(count):
        seed = hashlib.sha512(str(number).encode()).digest() * 3
        words = [WORDS[each % len(WORDS)] for each in seed]
        text = [" ".join(words[start : start + 24]) for start in range(0, 192, 24)]
        answer = "".join(f"<p>{each}</p>" for each in text[1:6])
        yield str(number), f"<p>{text[0]}</p>", answer, f"<p>{text[6]} {text[7]}</p>"
'''
GENANKI = (
    MAKE
    + """
import sys, genanki
model = genanki.Model(1607392319, "QA", fields=[{"name": n} for n in ("Number", "Prompt", "Answer", "Explanation")],
    templates=[{"name": "Card 1", "qfmt": "{{Prompt}}", "afmt": "{{FrontSide}}<hr>{{Answer}}{{Explanation}}"}])
deck = genanki.Deck(2059400110, "bench")
for fields in notes(int(sys.argv[1])):
    deck.add_note(genanki.Note(model=model, fields=list(fields)))
genanki.Package(deck).write_to_file(sys.argv[2])
"""
)
TIKU = (
    MAKE
    + """
import sys, tempfile
from tiku.exporters.apkg.collection import Collection
from tiku.exporters.apkg.container import pack
from tiku.model import Question
from tiku.render.anki.notes import Note
from tiku.render.anki.notetypes import Form, field_names, note_types
names = field_names()
kind = note_types()[Form.OPEN].id
places = [names.index(name) for name in ("Number", "Prompt", "Answer", "Explanation")]
question = Question("q")
def made():
    for index, values in enumerate(notes(int(sys.argv[1]))):
        fields = [""] * len(names)
        for place, value in zip(places, values):
            fields[place] = value
        fields[0] = guid = f"tk{index:018x}"
        created = 1_700_000_000_000 + index
        yield Note(question, guid, created, 1_700_000_000, kind, tuple(fields), ("bench",), "bench", (0,))
with tempfile.TemporaryDirectory() as folder:
    with Collection(folder + "/collection", 1_700_000_000, "bench", "") as collection:
        for note in made():
            collection.add(note)
    pack(__import__("pathlib").Path(sys.argv[2]), folder + "/collection", {}, 1_700_000_000)
"""
)


def measure(python: str, code: str, count: int) -> tuple[float, float, float]:
    """CPU seconds, peak MB and MB of package of one builder."""
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "deck.apkg"
        child = subprocess.Popen([python, "-c", code, str(count), str(target)])
        _, status, usage = os.wait4(child.pid, 0)
        if status:
            raise SystemExit(f"the builder failed: {python}")
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, target.stat().st_size / 1e6


def main() -> None:
    """Run both builders in turn and print their costs and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notes", nargs="?", type=int, default=100_000)
    parser.add_argument("--genanki", metavar="PYTHON", default="", help="an interpreter that has genanki")
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    for _ in range(given.rounds):
        ours = measure(sys.executable, TIKU, given.notes)
        print(f"tiku     {ours[0]:7.2f} s CPU {ours[1]:7.0f} MB peak {ours[2]:8.2f} MB package")
        if given.genanki:
            theirs = measure(given.genanki, GENANKI, given.notes)
            print(f"genanki  {theirs[0]:7.2f} s CPU {theirs[1]:7.0f} MB peak {theirs[2]:8.2f} MB package")
            ratios = [one / two for one, two in zip(ours, theirs, strict=True)]
            print(f"ratio    {ratios[0]:7.2f}       {ratios[1]:7.2f}         {ratios[2]:8.2f}")


if __name__ == "__main__":
    main()
