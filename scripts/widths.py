"""Measure the table of character widths for pagination: the widest of the fonts a viewer is likely to fall back on.

Run on a machine with DejaVu, Liberation and Noto fonts; writes ``converters/tiku/render/paginate/widths.txt``. The
table is committed, so that a deck is paginated alike wherever it is made.
"""

import math
import subprocess
import unicodedata
from pathlib import Path

from fontTools.ttLib import TTCollection, TTFont

TARGET = Path(__file__).parent.parent / "converters" / "tiku" / "render" / "paginate" / "widths.txt"
HEAD = """\
# Advance widths in 1/100 em, regular and bold: the widest of {count} font files (DejaVu Sans and Serif, Liberation
# Sans, Serif and Narrow, Noto Sans and Serif with the Noto Sans of each script, Noto Sans CJK, Noto Color Emoji),
# upright and italic. Only the numbers are kept. Lines: first and last code point, regular, bold. By scripts/widths.py.
"""
WANTED = (
    "DejaVuSans",
    "DejaVuSerif",
    "Liberation",
    "NotoSans",
    "NotoSerif-",
    "NotoNaskh",
    "NotoKufi",
    "NotoColorEmoji",
)
GENERAL = ("DejaVu", "Liberation", "NotoSans-", "NotoSerif-", "NotoSansCJK")
UNWANTED = ("Mono", "Math", "Black", "Display", "UI-", "Thin", "ExtraLight", "NotoSansSymbols2")


def faces() -> list[tuple[bool, Path, int]]:
    """Whether it is bold, its file and its number there, for each face to measure."""
    listing = subprocess.run(
        ["fc-list", "--format", "%{file}|%{index}|%{style}\n"], capture_output=True, text=True, check=True
    )
    found = set()
    for line in listing.stdout.splitlines():
        file, index, style = line.split("|")
        name = Path(file).name
        if name.startswith(WANTED) and not any(word in name for word in UNWANTED):
            if not name.endswith(".ttc"):
                index = "0"
            found.add(("Bold" in style or "Bold" in name, Path(file), int(index) & 0xFFFF))
    return sorted(found)


def main() -> None:
    """Measure and write."""
    widths: tuple[dict[int, int], dict[int, int]] = ({}, {})
    measured = set()
    for bold, file, index in faces():
        collection = TTCollection(file, lazy=True).fonts if file.suffix == ".ttc" else [TTFont(file, lazy=True)]
        font = collection[index]
        if "Mono" in (font["name"].getDebugName(1) or ""):
            continue
        measured.add(file.name)
        unit, advances = font["head"].unitsPerEm, font["hmtx"].metrics
        general = file.name.startswith(GENERAL)
        emoji = "Emoji" in file.name
        for code, glyph in font.getBestCmap().items():
            # The font of a script draws that script; its Latin letters and digits are not what a line falls back on.
            if (code < 0x530 or 0x1E00 <= code < 0x2070) and not (general or (emoji and code in (0xA9, 0xAE))):
                continue
            width = math.ceil(advances[glyph][0] / unit * 100 - 0.01)
            for table in (widths[1],) if bold else widths:
                table[code] = max(table.get(code, 0), width)
    rows: list[list[int]] = []
    for code in sorted(widths[0].keys() | widths[1].keys()):
        char = chr(code)
        # Beyond the basic plane the rule for unknown characters is good enough, but for emoji.
        if code < 32 or 0xE000 <= code <= 0xF8FF or (code >= 0x10000 and not 0x1F000 <= code < 0x20000):
            continue
        regular = widths[0].get(code, widths[1].get(code, 0))
        pair = [regular, max(regular, widths[1].get(code, 0))]
        # Any character that can be wide in an East Asian font is set in one by some viewer.
        wide = unicodedata.east_asian_width(char)
        letter = unicodedata.category(char).startswith("L")  # Greek, Cyrillic and accented letters are "ambiguous" too
        least = 100 if (wide in "WF" or (wide == "A" and not letter)) and not unicodedata.combining(char) else 0
        pair = [max(least, value) for value in pair]
        if unicodedata.category(char) in ("Cf", "Mn", "Me"):
            pair = [0, 0]
        # Rounded up in coarse steps where a few percent do not matter, so that the table stays small.
        if code >= 0x530:
            pair = [-(-max(pair) // 15) * 15] * 2
        # A font of ideographs has some at 101 or so; runs stay long when they count as one em.
        if least and max(pair) <= 120:
            pair = [100, 100]
        if rows and rows[-1][1] == code - 1 and rows[-1][2:] == pair:
            rows[-1][1] = code
        else:
            rows.append([code, code, *pair])
    lines = [f"{first:X} {last:X} {regular} {bold}" for first, last, regular, bold in rows]
    TARGET.write_text(HEAD.format(count=len(measured)) + "\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
