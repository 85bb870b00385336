"""The long test of slides, by hand: decks of 100 fuzzed questions each, drawn by LibreOffice in several fonts.

Usage: python tests/slides_sweep.py [SEED ...]   (default: 41 to 50, a thousand questions; an hour or so)

The fonts must be installed. Chromium's part is quick: the same banks as HTML slides, on screen.
"""

import sys
import tempfile
from pathlib import Path

import tiku
from slides_fuzz import Fuzz
from slides_judges import Browser, pptx_findings, with_fonts

FONTS = ("", "Liberation Serif/Noto Serif CJK SC", "DejaVu Sans/Noto Sans CJK JP")


def main() -> int:
    """Judge each deck; 1 when anything does not fit."""
    from playwright.sync_api import sync_playwright

    bad = 0
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        for seed in [int(each) for each in sys.argv[1:]] or range(41, 51):
            bank = Fuzz(seed).bank(100)
            deck, page = folder / f"{seed}.pptx", folder / f"{seed}.slides.html"
            tiku.write(bank, deck, time=1_700_000_000)
            tiku.write(bank, page, time=1_700_000_000)
            with Browser(playwright, page) as browser:
                results = {"HTML": browser.findings()}
            for fonts in FONTS:
                copy = with_fonts(deck, folder / "copy.pptx", fonts) if fonts else deck
                results[f"PPTX {fonts or 'as it is'}"] = pptx_findings(copy, folder)
            for what, found in results.items():
                sys.stdout.write("\n  ".join([f"seed {seed}: {what}: {len(found)} findings", *found]) + "\n")
                sys.stdout.flush()
                bad += len(found)
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
