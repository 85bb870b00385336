"""Real readers look at decks: LibreOffice draws PPTX, Chromium lays out HTML; what does not fit is told."""

from __future__ import annotations

import re
import shutil
import subprocess
import unicodedata
import zipfile
from collections import Counter
from itertools import combinations
from typing import TYPE_CHECKING, Any, NamedTuple

from lxml import etree

from slides_reading import MC, A, P, folded, slide_parts

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self

FORGIVEN = 3.0
"""Points or pixels of excess that nobody sees."""
_LABEL = re.compile(r"\(?(\d+|[A-Za-z])[.)]|•")


def drawn(deck: Path, folder: Path) -> Path:
    """`deck` as LibreOffice draws it, in PDF."""
    profile = (folder / "profile").as_uri()
    command = [
        "soffice",
        f"-env:UserInstallation={profile}",
        "--headless",
        "--convert-to",
        "pdf",
        "--outdir",
        str(folder),
    ]
    subprocess.run([*command, str(deck)], check=True, capture_output=True, timeout=1800)
    return folder / f"{deck.stem}.pdf"


class _Box(NamedTuple):
    """A shape: what it says, formulas as they are drawn, and its edges in points."""

    text: str
    left: float
    top: float
    right: float
    bottom: float

    def excess(self, left: float, top: float, right: float, bottom: float) -> float:
        """How far a rectangle reaches out of it on its worst side."""
        return max(self.left - left, self.top - top, right - self.right, bottom - self.bottom)


def _frame(shape: etree._Element) -> _Box | None:
    """Where a shape stands; None when its layout says so."""
    frame = next(shape.iter(A + "xfrm", P + "xfrm"), None)
    if frame is None:
        return None
    left, top, width, height = (
        int(frame.find(A + tag).get(key)) / 12700
        for tag, key in (("off", "x"), ("off", "y"), ("ext", "cx"), ("ext", "cy"))
    )
    return _Box("", left, top, left + width, top + height)


def _boxes(deck: Path) -> list[list[_Box]]:
    """For each slide its shapes."""
    out = []
    with zipfile.ZipFile(deck) as package:
        for part in slide_parts(package):
            shapes = []
            for shape in etree.fromstring(package.read(part)).iter(P + "sp", P + "graphicFrame"):
                text = folded("".join(node.text or "" for node in shape.iter(A + "t")))
                # Where its layout says where it stands, only the slide's edges are known.
                box = _frame(shape) or _Box("", -9999, -9999, 9999, 9999)
                shapes.append(box._replace(text=text))
            out.append(shapes)
    return out


def collisions(deck: Path) -> list[str]:
    """Shapes that lie one over another or off the slide: code, tables and pictures hold their text wherever they are."""
    found = []
    with zipfile.ZipFile(deck) as package:
        size = next(etree.fromstring(package.read("ppt/presentation.xml")).iter(P + "sldSz"))
        slide = _Box("", 0, 0, int(size.get("cx")) / 12700, int(size.get("cy")) / 12700)
        for number, part in enumerate(slide_parts(package), 1):
            frames = []
            for shape in etree.fromstring(package.read(part)).iter(P + "sp", P + "pic", P + "graphicFrame"):
                box = _frame(shape)
                if box and not any(True for _ in shape.iterancestors(MC + "Fallback")):
                    frames.append((next(shape.iter(P + "cNvPr")).get("name"), box))
            found += [f"slide {number}: {name} is off it" for name, box in frames if slide.excess(*box[1:]) > FORGIVEN]
            for (one, first), (other, second) in combinations(frames, 2):
                across = min(first.right, second.right) - max(first.left, second.left)
                down = min(first.bottom, second.bottom) - max(first.top, second.top)
                if min(across, down) > FORGIVEN:
                    found.append(f"slide {number}: {one} and {other} overlap by {min(across, down):.0f} pt")
    return found


def with_fonts(deck: Path, target: Path, fonts: str) -> Path:
    """Copy `deck` to `target` with the fonts of its theme replaced: ``Latin/East Asian``."""
    latin, _, asian = fonts.partition("/")
    with zipfile.ZipFile(deck) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            if name.startswith("ppt/theme/") and name.endswith(".xml"):
                text = re.sub(r'(<a:latin typeface=")[^"]*', rf"\g<1>{latin}", data.decode("utf-8"))
                data = re.sub(r'(<a:ea typeface=")[^"]*', rf"\g<1>{asian or latin}", text).encode("utf-8")
            new.writestr(name, data)
    return target


def pptx_findings(deck: Path, folder: Path) -> list[str]:
    """Lines that LibreOffice draws off the slide or out of their box, text that it does not draw, shapes that overlap."""
    return collisions(deck) + findings_on(deck, drawn(deck, folder))


def holds(piece: str, box: _Box) -> bool:
    """Whether a short piece with letters may be of the text of `box`."""
    return any(char.isalnum() for char in piece) and not Counter(piece) - Counter(box.text)


def findings_on(deck: Path, paper: Path) -> list[str]:
    """The same for a deck drawn already."""
    import pymupdf

    found = []
    flags = pymupdf.TEXTFLAGS_DICT & ~pymupdf.TEXT_MEDIABOX_CLIP & ~pymupdf.TEXT_PRESERVE_IMAGES
    document = pymupdf.open(paper)
    slides = _boxes(deck)
    assert len(slides) == len(document)
    for number, (shapes, page) in enumerate(zip(slides, document, strict=True), 1):
        seen = ""
        for block in page.get_text("rawdict", flags=flags)["blocks"]:
            for line in block.get("lines", []):
                # Blanks and joiners may hang over the edge of a line, in Arabic over its left one: nobody sees them.
                spans = [
                    (span, chars)
                    for span in line["spans"]
                    if (
                        chars := [char for char in span["chars"] if unicodedata.category(char["c"]) not in {"Zs", "Cf"}]
                    )
                ]
                if not spans:
                    continue
                text = folded("".join(char["c"] for span in line["spans"] for char in span["chars"]))
                seen += text
                base = max(char["origin"][1] for _, chars in spans for char in chars)
                size = max(span["size"] for span, _ in spans)
                # Closing marks may, too, by the rules of setting.
                hangs = unicodedata.category(spans[-1][1][-1]["c"]) in {"Po", "Pe", "Pf"}
                left = min(char["bbox"][0] for _, chars in spans for char in chars)
                right = max(char["bbox"][2] for _, chars in spans for char in chars) - (size if hangs else 0)
                ink = (left, base - 0.8 * size, right, base + 0.15 * size)
                if _Box("", 0, 0, page.rect.width, page.rect.height).excess(*ink) > FORGIVEN:
                    found.append(f"slide {number}: off the slide: {text[:30]}")
                # Labels of lists stand in no text; a short piece may belong to any shape that has its letters. (Parts of
                # a joined emoji are told beside it, where nothing is drawn.)
                bare = _LABEL.sub("", text, count=1)
                if len(bare) > 3:
                    out = [box.excess(*ink) for box in shapes if text in box.text or bare in box.text]
                else:
                    out = [box.excess(*ink) for box in shapes if holds(bare, box)]
                if out and min(out) > FORGIVEN:
                    found.append(f"slide {number}: {min(out):.0f} pt out of its box: {text[:30]}")
        wanted = Counter("".join(box.text for box in shapes))
        lost = sum((wanted - Counter(seen)).values())
        if lost > max(3, 0.02 * wanted.total()):
            found.append(f"slide {number}: {lost} of {wanted.total()} characters are not drawn")
    return found


# Text of the slide shown that reaches over its edges; content taller or wider than the box that holds it; text whose
# lines are not as tall as they are said to be, and rows of tables taller than theirs, wherever they stand: what is a
# pixel too tall on a slide with room to spare is the one that runs over on a full one.
_MEASURE = """
async (index) => {
  const slide = Reveal.getSlides()[index], at = Reveal.getIndices(slide);
  Reveal.slide(at.h, at.v, 99);
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  const edge = document.querySelector('.reveal').getBoundingClientRect(), found = [];
  const body = slide.querySelector('.body');
  if (body && body.scrollHeight > body.clientHeight) found.push('body ' + (body.scrollHeight - body.clientHeight));
  if (body && body.scrollWidth > body.clientWidth) found.push('wide ' + (body.scrollWidth - body.clientWidth));
  const title = slide.querySelector('.title');
  if (title.scrollHeight > title.clientHeight + 1) found.push('title ' + (title.scrollHeight - title.clientHeight));
  for (const block of slide.querySelectorAll('.flow p, .flow h3, .flow pre')) {
    const style = getComputedStyle(block), line = parseFloat(style.lineHeight);
    const lines = (block.clientHeight - parseFloat(style.paddingTop) - parseFloat(style.paddingBottom)) / line;
    if (Math.abs(lines - Math.round(lines)) * line > 0.5)
      found.push(lines.toFixed(2) + ' lines: ' + block.textContent.slice(0, 30));
  }
  for (const row of slide.querySelectorAll('.flow tr'))
    if (row.offsetHeight > parseFloat(row.style.height) + 1)
      found.push('row ' + (row.offsetHeight - parseFloat(row.style.height)));
  for (const table of slide.querySelectorAll('.flow table')) {
    const rows = [...table.rows].reduce((sum, row) => sum + parseFloat(row.style.height), 0);
    if (table.offsetHeight > rows + 0.6) found.push('table ' + (table.offsetHeight - rows));
  }
  const walker = document.createTreeWalker(slide, NodeFilter.SHOW_TEXT);
  for (let node; (node = walker.nextNode());) {
    if (!node.textContent.trim() || node.parentElement.closest('aside')) continue;
    const range = document.createRange(); range.selectNodeContents(node);
    for (const r of range.getClientRects())
      if (r.width > 1 && Math.max(
        r.bottom - edge.bottom, r.right - edge.right, edge.left - r.left, edge.top - r.top) > 3)
        { found.push('text ' + node.textContent.slice(0, 30)); break; }
  }
  return found;
}
"""


def wait_for(page: Any, condition: str, seconds: float = 20) -> None:
    """Wait until `condition` is true: the deck's policy forbids the way Playwright has for this."""
    for _ in range(int(seconds * 10)):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    raise AssertionError(condition)


class Browser:
    """Chromium with one deck open; what it asks the network for and complains of is kept."""

    def __init__(self, playwright: Any, deck: Path, query: str = "", **context: Any) -> None:
        self.browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        self.context = self.browser.new_context(**{"viewport": {"width": 1280, "height": 720}, **context})
        self.page = self.context.new_page()
        self.asked: list[str] = []
        self.complaints: list[str] = []
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("console", self._heard)
        self.page.goto(deck.as_uri() + query)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.browser.close()

    def _heard(self, message: Any) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    def findings(self) -> list[str]:
        """What does not fit, slide by slide."""
        wait_for(self.page, "!!window.Reveal && Reveal.isReady()")
        count = self.page.evaluate("Reveal.getSlides().length")
        return [
            f"slide {index + 1}: {each}"
            for index in range(count)
            for each in self.page.evaluate(f"({_MEASURE})({index})")
        ]
