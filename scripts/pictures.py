"""Make the pictures in README.md from outputs/: one of each kind of output, small.

Needs poppler (pdftoppm), Chromium and LibreOffice; `make pictures` sees to them. Reads what `tiku build` made of the
real bank and of the showcase; writes docs/pictures/*.png.
"""

import io
import json
import re
import sqlite3
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from xml.etree.ElementTree import fromstring

import zstandard
from PIL import Image, ImageOps

ROOT = Path(__file__).parent.parent
OUTPUTS = ROOT / "outputs"
PICTURES = ROOT / "docs" / "pictures"
WIDTH = 560
"""Pixels: half the width of a page of README.md, twice as dense."""
LARGEST = 60_000
"""Bytes of one picture."""


def run(*command: object) -> None:
    """Run a tool quietly; its output only when it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        sys.exit(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def save(picture: Image.Image, name: str, width: int = WIDTH) -> None:
    """`picture`, at most `width` pixels wide, in as few colours as it takes."""
    picture = picture.convert("RGB")
    if picture.width > width:
        picture = picture.resize((width, round(picture.height * width / picture.width)), Image.Resampling.LANCZOS)
    for colours in (128, 64, 32, 16):
        out = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() <= LARGEST:
            break
    (PICTURES / name).write_bytes(out.getvalue())
    print(f"{name}: {picture.width} x {picture.height}, {out.tell()} bytes")


def beside(pictures: list[Image.Image], gap: int = 16) -> Image.Image:
    """`pictures` side by side, on white, each with a line round it."""
    pictures = [ImageOps.expand(picture.convert("RGB"), 2, "#c8c8c8") for picture in pictures]
    height = max(picture.height for picture in pictures)
    out = Image.new("RGB", (sum(p.width for p in pictures) + gap * (len(pictures) - 1), height), "white")
    left = 0
    for picture in pictures:
        out.paste(picture, (left, 0))
        left += picture.width + gap
    return out


def shot(page: str, folder: Path, name: str, size: tuple[int, int], scale: float = 2) -> Image.Image:
    """A page, by its address, as Chromium shows it."""
    target = folder / name
    run("chromium", "--headless", "--no-sandbox", "--hide-scrollbars", "--disable-gpu", "--virtual-time-budget=4000",
        f"--force-device-scale-factor={scale}", f"--window-size={size[0]},{size[1]}", f"--screenshot={target}",
        page)  # fmt: skip
    return Image.open(target)


def pdf_pages(file: Path, folder: Path, *pages: int, dpi: int = 110) -> list[Image.Image]:
    """Pages of a PDF, counted from 1."""
    out = []
    for page in pages:
        name = folder / f"{file.stem}-{page}"
        run("pdftoppm", "-r", dpi, "-f", page, "-l", page, "-png", "-singlefile", file, name)
        out.append(Image.open(name.with_suffix(".png")))
    return out


def guide(folder: Path) -> None:
    """Two pages of the study guide."""
    source = OUTPUTS / "gpt-2-to-gpt-4.pdf"
    save(beside(pdf_pages(source, folder, 1, 3, dpi=80)), "pdf.png", 2 * WIDTH // 2 + 160)


def book(folder: Path) -> None:
    """A page of the e-book, on a screen as narrow as a phone's."""
    inside = folder / "book"
    with zipfile.ZipFile(OUTPUTS / "showcase.epub") as package:
        package.extractall(inside)
        container = fromstring(package.read("META-INF/container.xml"))
        opf = next(element.get("full-path") for element in container.iter() if element.tag.endswith("rootfile"))
        root = fromstring(package.read(str(opf)))
    items = {e.get("id"): e.get("href") for e in root.iter() if e.tag.endswith("}item")}
    spine = [items[e.get("idref")] for e in root.iter() if e.tag.endswith("}itemref")]
    pages = [(inside / str(opf)).parent / str(name) for name in spine]
    wanted = next(page for page in pages if "basket" in page.read_text(encoding="utf-8"))
    contents = next(page for page in pages if "nav" in page.read_text(encoding="utf-8")[:2000])
    shots = [shot(page.as_uri(), folder, f"{page.stem}.png", (390, 640), 1.5) for page in (contents, wanted)]
    save(beside(shots), "epub.png", 640)


def cards(folder: Path) -> None:
    """Both sides of a card, by the deck's own templates and styles."""
    with zipfile.ZipFile(OUTPUTS / "gpt-2-to-gpt-4.apkg") as package:
        names = package.namelist()
        name = next(name for name in ("collection.anki21b", "collection.anki21", "collection.anki2") if name in names)
        data = package.read(name)
    if name.endswith("b"):
        data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    (folder / "collection").write_bytes(data)
    database = sqlite3.connect(folder / "collection")
    models = json.loads(database.execute("select models from col").fetchone()[0])
    fields, identifier = database.execute("select flds, mid from notes order by id limit 1").fetchone()
    database.close()
    model = models[str(identifier)]
    values = dict(zip((field["name"] for field in model["flds"]), fields.split("\x1f"), strict=True))
    front = filled(model["tmpls"][0]["qfmt"], values)
    back = filled(model["tmpls"][0]["afmt"], {**values, "FrontSide": front})
    shots = []
    for side, body in (("front", front), ("back", back)):
        page = folder / f"{side}.html"
        page.write_text(
            f'<!doctype html><meta charset="utf-8"><style>{model["css"]}</style>'
            f'<body class="card card1">{body}</body>', encoding="utf-8")  # fmt: skip
        shots.append(shot(page.as_uri(), folder, f"{side}.png", (400, 560), 1.5))
    save(beside(shots), "anki.png", 640)


def filled(template: str, values: dict[str, str]) -> str:
    """What Anki makes of a card template: sections shown where their field is filled, fields replaced."""
    for _ in range(4):
        template = re.sub(
            r"\{\{([#^])([^}]+)\}\}((?:(?!\{\{[#^]).)*?)\{\{/\2\}\}",
            lambda found: found[3] if bool(values.get(found[2].strip())) == (found[1] == "#") else "",
            template,
            flags=re.DOTALL,
        )
    return re.sub(r"\{\{(?:[\w-]+:)*([^}]+)\}\}", lambda found: values.get(found[1].strip(), ""), template)


def decks(folder: Path) -> None:
    """Slides: a question and its answer in PowerPoint, one in the browser."""
    profile = f"-env:UserInstallation=file://{folder}/office"
    run("soffice", "--headless", profile, "--convert-to", "pdf", "--outdir", folder, OUTPUTS / "showcase.pptx")
    question, answer = slide_numbers(folder / "showcase.pdf")
    save(beside(pdf_pages(folder / "showcase.pdf", folder, question, answer, dpi=60)), "pptx.png", 640)
    source = OUTPUTS / "showcase.slides.html"
    slides = re.findall(r"<section\b.*?</section>", source.read_text(encoding="utf-8"), re.DOTALL)
    numbers = [next(n for n, text in enumerate(slides) if words in text) for words in ("损失震荡", "basket")]
    shots = [shot(f"{source.as_uri()}#/{n}", folder, f"slide{n}.png", (960, 540), 1) for n in numbers]
    save(beside(shots), "slides.png", 640)


def slide_numbers(file: Path) -> tuple[int, int]:
    """The pages of a drawn deck on which the question of a coding task stands, and its answer."""
    done = subprocess.run(["pdftotext", file, "-"], capture_output=True, text=True, check=True)
    pages = done.stdout.split("\f")
    question = next(number for number, text in enumerate(pages, 1) if "def add" in text)
    return question, question + 1


def main() -> None:
    """All pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        guide(folder)
        book(folder)
        cards(folder)
        decks(folder)


if __name__ == "__main__":
    main()
