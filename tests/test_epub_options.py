"""What ``--set epub.KEY=VALUE`` changes; pictures and the cover."""

from __future__ import annotations

import io
import zlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from PIL import Image

import banks
import epub_judges
import epub_reading
from test_epub_book import export
from tiku.errors import ExportError, UsageError
from tiku.exporters.epub import cover, flat, raster
from tiku.model import Bank, Media, Section
from tiku.render import fonts
from tiku.render.mathematics import picture

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MATH = "### 1. Title\n\n**Question:** What is $x^2$?\n\n**Answer:**\n\n$$\\frac{1}{2}$$\n\nor $\\text{中}$.\n"
JAPANESE = "### 1. 題名\n\n**問題：** これは何ですか。\n\n**答え：** それはこれです。\n\n```python\nprint(1)\n```\n"


def _with_picture(*media: Media) -> Bank:
    bank = banks.bank(banks.numbered(1))
    nodes = [{"t": "Image", "c": [["", [], []], [{"t": "Str", "c": each.mime}], [each.name, ""]]} for each in media]
    question = replace(bank.questions[0], prompt=({"t": "Para", "c": nodes},))
    return replace(bank, sections=(replace(bank.sections[0], questions=(question,)),), media=media)


def _picture(kind: str, size: tuple[int, int] = (8, 8), mode: str = "RGB", **more: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, kind, **more)
    return out.getvalue()


# -- formulas ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["svg", "png"])
def test_formulas_as_pictures_keep_their_latex_as_text(tmp_path: Path, way: str) -> None:
    bank = banks.bank(MATH, language="en")
    book, problems = export(bank, tmp_path / "book.epub", "inline", math=way)
    drawn = [each for page in book.pages.values() for each in page.iter(f"{epub_reading.X}img")]
    alts = {each.get("alt"): each.get("src", "") for each in drawn if each.get("class") == "math"}
    assert set(alts) == {"x^2", "\\frac{1}{2}"}
    assert all(f"EPUB/{name}" in book.files and name.endswith(way) for name in alts.values())
    # A character the formula font lacks would be a box: the LaTeX is shown, and said.
    assert [problem.code for problem in problems] == ["Q303"]
    assert book.metadata("schema:accessMode") == ["textual", "visual"]
    assert "latex" in book.metadata("schema:accessibilityFeature")
    assert b"mathml" not in book.files["EPUB/content.opf"]


def test_a_drawn_formula_has_its_shape() -> None:
    """A fraction: ink above the line, a line across, ink below; the hole of a zero is white."""
    image = Image.open(io.BytesIO(raster.png(picture(r"\frac{0}{1}", display=True).svg, 16)))
    assert image.mode == "L"
    dark = [sum(image.getpixel((x, y)) < 128 for x in range(image.width)) for y in range(image.height)]
    line = max(range(len(dark)), key=dark.__getitem__)
    assert dark[line] > 0.5 * image.width
    assert any(dark[: line - 6])
    assert any(dark[line + 6 :])
    zero = next(y for y in range(image.height) if dark[y])
    middle = (zero + line) // 2
    row = "".join("#" if image.getpixel((x, middle)) < 128 else "." for x in range(image.width)).strip(".")
    assert "#." in row
    assert row.count("#") >= 2


# -- fonts, vertical lines, claims ------------------------------------------------------------------------------------


def test_embedded_fonts_have_every_character(tmp_path: Path) -> None:
    from fontTools.ttLib import TTFont

    if not fonts.faces():
        pytest.skip("no fonts here")
    book, problems = export(banks.bank_at(banks.REAL), tmp_path / "book.epub", fonts="embed")
    assert problems == []
    found: set[int] = set()
    for name, data in book.files.items():
        if name.startswith("EPUB/fonts/"):
            assert len(data) < 1_000_000
            found |= set(TTFont(io.BytesIO(data)).getBestCmap())
    seen = set("".join(epub_reading.seen(page) for path, page in book.pages.items() if "cover" not in path))
    assert {each for each in seen if each.isprintable() and ord(each) not in found} <= {"\ufe0e"}
    assert b"@font-face" in book.files["EPUB/book.css"]
    again, _ = export(banks.bank_at(banks.REAL), tmp_path / "again.epub", fonts="embed")
    assert again.files == book.files


def test_no_font_is_embedded_by_default(tmp_path: Path) -> None:
    book, _ = export(banks.bank_at(banks.REAL), tmp_path / "book.epub")
    assert not [name for name in book.files if "font" in name]


def test_vertical_lines_turn_pages_to_the_left(tmp_path: Path) -> None:
    bank = banks.bank(JAPANESE, language="ja")
    book, _ = export(bank, tmp_path / "book.epub", vertical=True)
    assert epub_reading.faults(book, bank, layout="links") == []
    assert next(book.opf.iter(f"{epub_reading.OPF}spine")).get("page-progression-direction") == "rtl"
    assert b"vertical-rl" in book.files["EPUB/book.css"]
    assert "verticalWriting" in book.metadata("schema:accessibilityFeature")
    with pytest.raises(UsageError, match="vertical"):
        export(banks.bank(MATH, language="en"), tmp_path / "no.epub", vertical=True)


def test_conformance_is_claimed_only_in_the_users_words(tmp_path: Path) -> None:
    bank = banks.bank(MATH, language="en")
    claim = {"conforms": "EPUB Accessibility 1.1 - WCAG 2.2 Level AA", "certifier": "A. Person"}
    book, _ = export(bank, tmp_path / "book.epub", **claim)
    assert book.metadata("dcterms:conformsTo") == [claim["conforms"]]
    assert book.metadata("a11y:certifiedBy") == ["A. Person"]
    with pytest.raises(UsageError, match="certifier"):
        export(bank, tmp_path / "no.epub", certifier="A. Person")


def test_a_bank_without_questions_is_no_book(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="questions"):
        export(Bank(title="Empty", sections=(Section(),)), tmp_path / "no.epub")


@pytest.mark.tools
@pytest.mark.parametrize(
    ("text", "settings"),
    [
        (MATH, {"math": "svg"}),
        (MATH, {"math": "png"}),
        (JAPANESE, {"vertical": True, "conforms": "EPUB Accessibility 1.1 - WCAG 2.2 Level AA", "certifier": "A"}),
    ],
)
def test_epubcheck_accepts_the_options(
    tmp_path: Path, need: Callable[..., None], text: str, settings: dict[str, object]
) -> None:
    need("java", "py:epubcheck")
    export(banks.bank(text), tmp_path / "book.epub", **settings)
    assert epub_judges.epubcheck(tmp_path / "book.epub") == []


def test_a_style_sheet_of_ones_own_loads_nothing(tmp_path: Path) -> None:
    own = tmp_path / "own.css"
    own.write_text(
        "@import 'http://evil.example/x.css';\nh1 { background: url(http://evil.example/x); color: red }", "utf-8"
    )
    book, _ = export(banks.bank(MATH), tmp_path / "book.epub", css=str(own))
    css = book.files["EPUB/book.css"].decode()
    assert "color: red" in css
    assert "evil" not in css
    with pytest.raises(UsageError, match=r"none\.css"):
        export(banks.bank(MATH), tmp_path / "no.epub", css=str(tmp_path / "none.css"))


def test_a_question_too_long_for_a_small_file_is_reported(tmp_path: Path) -> None:
    text = "### 1. Title\n\n**Question:** Why?\n\n**Answer:** " + "word " * 60_000
    bank = banks.bank(text)
    book, problems = export(bank, tmp_path / "book.epub")
    assert [(problem.code, problem.line) for problem in problems] == [("Q306", 1)]
    assert epub_reading.faults(book, bank, layout="links") == []


# -- pictures ---------------------------------------------------------------------------------------------------------


def test_pictures_are_named_by_content_and_changed_only_where_readers_need_it(tmp_path: Path) -> None:
    png, jpeg, webp = _picture("PNG"), _picture("JPEG"), _picture("WEBP", mode="RGBA")
    cmyk = _picture("JPEG", mode="CMYK")
    media = (
        Media("a.png", "image/png", png), Media("again.png", "image/png", png), Media("b.jpg", "image/jpeg", jpeg),
        Media("c.webp", "image/webp", webp), Media("d.jpg", "image/jpeg", cmyk), Media("lie.gif", "image/gif", png),
    )  # fmt: skip
    book, problems = export(_with_picture(*media), tmp_path / "book.epub")
    assert problems == []
    found = {name: data for name, data in book.files.items() if name.startswith("EPUB/images/")}
    assert len(found) == 4
    assert png in found.values()
    assert jpeg in found.values()
    kinds = sorted((Image.open(io.BytesIO(data)).format, Image.open(io.BytesIO(data)).mode) for data in found.values())
    assert kinds == [("JPEG", "RGB"), ("JPEG", "RGB"), ("PNG", "RGB"), ("PNG", "RGBA")]


def test_moving_pictures_are_no_known_hazard_and_large_ones_are_reported(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (4, 4), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:])
    large = _picture("PNG", (4100, 10))
    media = (Media("m.gif", "image/gif", out.getvalue()), Media("large.png", "image/png", large))
    book, problems = export(_with_picture(*media), tmp_path / "book.epub")
    assert [problem.code for problem in problems] == ["Q305"]
    assert book.metadata("schema:accessibilityHazard") == ["unknown"]


def test_a_picture_without_description_is_admitted(tmp_path: Path) -> None:
    bank = _with_picture(Media("a.png", "", _picture("PNG")))
    book, _ = export(bank, tmp_path / "book.epub")
    assert book.metadata("schema:accessModeSufficient") == ["textual,visual"]
    assert "alternativeText" not in book.metadata("schema:accessibilityFeature")
    assert "1" in book.metadata("schema:accessibilitySummary")[0]


# -- the cover --------------------------------------------------------------------------------------------------------


def test_the_cover_tells_title_count_and_language(tmp_path: Path) -> None:
    book, _ = export(banks.bank_at(banks.SHOWCASE), tmp_path / "book.epub")
    words = epub_reading.squeezed(book.files["EPUB/cover.svg"].decode())
    assert "题库示例" in words
    assert "共11题" in words
    assert "简体中文" in words
    image = Image.open(io.BytesIO(book.files["EPUB/cover.png"]))
    assert image.size == (1200, 1600)
    assert len(image.convert("L").getcolors()) > 5  # letters were drawn
    alt = next(book.pages["EPUB/cover.xhtml"].iter(f"{epub_reading.X}img")).get("alt", "")
    assert "题库示例" in alt


def test_the_cover_is_the_same_whatever_was_drawn_before_it() -> None:
    mine = cover.Cover("题库 One", "An Author", "1 question", "English", "en", "ltr")
    first = cover.png(mine)
    for other in ("W" * 300, "عنوان", ""):
        cover.png(cover.Cover(other, other, other, other, "ar", "rtl"))
    assert cover.png(mine) == first
    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(cover.png, [mine] * 8)) == {first}


def test_the_colours_of_the_cover_are_those_of_its_drawing() -> None:
    image = Image.open(io.BytesIO(cover.png(cover.Cover("I", "", "I", "", "en", "ltr")))).convert("RGB")
    image.load()
    for place, colour in (((5, 5), 0x1F3A4D), ((5, 1595), 0x172C3B), ((600, 1180), 0xE0B354), ((99, 1178), 0x1F3A4D)):
        assert image.getpixel(place) == tuple(colour.to_bytes(3, "big"))
    colours = {colour for _, colour in image.getcolors(256)}
    assert (255, 255, 255) in colours


@pytest.mark.parametrize(("rows", "count"), [(b"\0\1\2", 1), (b"\0\1\1", 1023), (b"\0\0\1", 4097)])
def test_rows_that_are_alike_are_whole(rows: bytes, count: int) -> None:
    colours = bytes(range(9))
    single = flat.piece(b"\0\2\2" * 3)
    data = flat.png(2, count + 3, colours, [*flat.alike(rows, count), single])
    image = Image.open(io.BytesIO(data))
    assert image.size == (2, count + 3)
    assert len(zlib.decompress(data[data.index(b"IDAT") + 4 :])) == 3 * (count + 3)  # it compares the checksum
    assert image.tobytes() == rows[1:] * count + b"\2\2" * 3


@pytest.mark.parametrize("title", ["", "题" * 200, "W" * 300, "a " * 200, "عنوان طويل جدا للكتاب", "😀 \u0378"])
def test_any_title_fits_the_cover(title: str) -> None:
    found = cover.Cover(title, "An Author", "1 question", "English", "en", "ltr")
    size, lines = cover.arranged(title)
    assert len(lines) * size * 1.35 < 900
    assert all(cover.width(line) * size <= 1100 for line in lines)
    assert cover.svg(found)
    assert cover.png(found)
