"""The PPTX package itself: valid, complete, readable by others; a user's template; hostile content."""

from __future__ import annotations

import zipfile
from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from lxml import etree

import tiku
from banks import SHOWCASE, bank_at, numbered
from banks import bank as bank_of
from slides_fuzz import Fuzz, png
from slides_reading import MC, A, P, R, pptx_slides, relationships, slide_parts
from tiku.errors import ExportError
from tiku.exporters.pptx import emoji
from tiku.exporters.pptx.omml import Converter
from tiku.render.paginate import metrics
from tiku.render.paginate.flow import Run
from tiku.render.slide import FOOTER_SIZE

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tiku.model import Bank

M = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"


@pytest.fixture(scope="module")
def showcase(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("pptx") / "showcase.pptx"
    assert tiku.write(bank_at(SHOWCASE), target, time=1_700_000_000, settings={"explanation": "note"}) == []
    return target


def trees(deck: Path) -> list[etree._Element]:
    with zipfile.ZipFile(deck) as package:
        return [etree.fromstring(package.read(part)) for part in slide_parts(package)]


def test_every_slide_has_a_title_and_unique_ids(showcase: Path) -> None:
    for tree in trees(showcase):
        kinds = [holder.get("type") for holder in tree.iter(P + "ph")]
        assert any(kind in {"title", "ctrTitle"} for kind in kinds)
        ids = [element.get("id") for element in tree.iter(P + "cNvPr")]
        assert len(ids) == len(set(ids))


def test_every_run_has_a_language_and_every_picture_words(showcase: Path) -> None:
    for tree in trees(showcase):
        for run in tree.iter(A + "r"):
            assert run.find(A + "rPr").get("lang")
        for picture in tree.iter(P + "pic"):
            assert picture.find(f"{P}nvPicPr/{P}cNvPr").get("descr")
        for formula in tree.iter(MC + "Choice"):
            assert formula.getparent().find(MC + "Fallback") is not None


def test_relationships_lead_somewhere_and_are_used(showcase: Path) -> None:
    with zipfile.ZipFile(showcase) as package:
        names = set(package.namelist())
        assert len(names) == len(package.namelist())
        for part in slide_parts(package):
            rels = relationships(package, part)
            used = {
                value
                for element in etree.fromstring(package.read(part)).iter()
                for key, value in element.items()
                if key.startswith(R)
            }
            assert used <= set(rels)
            for kind, target in rels.values():
                assert kind == "hyperlink" or target in names


def test_questions_link_to_answers_and_back(showcase: Path) -> None:
    slides = pptx_slides(showcase)
    numbers = {slide.name: place for place, slide in enumerate(slides)}
    question = next(slide for slide in slides if "什么是过拟合" in slide.body)
    answer = slides[numbers[question.links[-1]]]
    assert "正则化" in answer.body
    assert answer.links[-1] == question.name


def test_tables_formulas_code_and_lists_are_native(showcase: Path) -> None:
    everything = trees(showcase)
    assert sum(len(list(tree.iter(A + "tbl"))) for tree in everything) == 1
    assert sum(len(list(tree.iter(M + "oMathPara"))) for tree in everything) == 2
    assert any(list(tree.iter(A + "buAutoNum")) for tree in everything)
    assert not any(list(tree.iter(P + "transition")) for tree in everything)


def test_python_pptx_reads_it(showcase: Path, need: Callable[..., None]) -> None:
    need("py:pptx")
    from pptx import Presentation

    deck = Presentation(str(showcase))
    slides = list(deck.slides)
    assert slides[0].shapes.title.text_frame.text == "题库示例 · A tour of tiku"
    assert any(shape.has_table for slide in slides for shape in slide.shapes)
    assert any("梯度消失" in slide.notes_slide.notes_text_frame.text for slide in slides if slide.has_notes_slide)
    assert deck.core_properties.title == "题库示例 · A tour of tiku"
    question, answer = slides[4], slides[5]
    (there,) = [shape.click_action.target_slide for shape in question.shapes if shape.name.startswith("Link")]
    assert there.slide_id == answer.slide_id


@pytest.mark.tools
@pytest.mark.parametrize("name", ["showcase", "fuzz", "theme"])
def test_openxml_audit_finds_nothing(name: str, showcase: Path, tmp_path: Path, need: Callable[..., None]) -> None:
    need("py:openxml_audit", "py:pptx")
    from openxml_audit import validate_pptx

    deck = showcase
    if name == "fuzz":
        deck = tmp_path / "fuzz.pptx"
        tiku.write(Fuzz(5).bank(6), deck, time=1_700_000_000)
    if name == "theme":
        deck = tmp_path / "themed.pptx"
        tiku.write(bank_at(SHOWCASE), deck, time=1_700_000_000, theme=str(template(tmp_path)))
    result = validate_pptx(str(deck))
    assert [str(error) for error in result.errors] == []


def test_a_deck_that_libreoffice_does_not_open_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tiku.exporters.pptx.writer.MOST", 10)
    (problem,) = tiku.write(bank_of("### 1. A\n\n**答案：** b\n"), tmp_path / "deck.pptx", time=1_700_000_000)
    assert problem.code == "Q307"
    assert "4 slides" in problem.message


# -- templates -----------------------------------------------------------------------------------------------------


def template(folder: Path) -> Path:
    """A template of python-pptx's, 4:3, with a slide that must not get into decks."""
    from pptx import Presentation

    deck = Presentation()
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "OLD SLIDE"
    slide.notes_slide.notes_text_frame.text = "OLD NOTES"
    deck.save(str(folder / "mine.pptx"))
    return folder / "mine.pptx"


def test_a_users_template_is_used(tmp_path: Path, need: Callable[..., None]) -> None:
    need("py:pptx")
    from pptx import Presentation

    target = tmp_path / "deck.pptx"
    bank = bank_at(SHOWCASE)
    tiku.write(bank, target, time=1_700_000_000, theme=str(template(tmp_path)))
    deck = Presentation(str(target))
    assert deck.slide_width == 9144000
    assert deck.slides[0].slide_layout.name == "Title Slide"
    assert "Title and Content" in {slide.slide_layout.name for slide in deck.slides}
    assert "OLD" not in "".join(slide.title + slide.body + slide.notes for slide in pptx_slides(target))
    with zipfile.ZipFile(target) as package:
        assert all(Counter(package.namelist()).values())
        assert not any(name.startswith("ppt/printerSettings") for name in package.namelist())
    first = target.read_bytes()
    tiku.write(bank, target, time=1_700_000_000, theme=str(tmp_path / "mine.pptx"))
    assert target.read_bytes() == first


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 damaged"])
def test_a_damaged_template_is_an_error_not_a_traceback(content: bytes, tmp_path: Path) -> None:
    theme = tmp_path / "bad.pptx"
    theme.write_bytes(content)
    with pytest.raises(ExportError, match="theme"):
        tiku.write(bank_of("### 1. A\n\n**答案：** b\n"), tmp_path / "deck.pptx", theme=str(theme))
    with pytest.raises(ExportError, match="theme"):
        tiku.write(bank_of("### 1. A\n\n**答案：** b\n"), tmp_path / "deck.pptx", theme=str(tmp_path / "none.pptx"))


# -- formulas ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("latex", "wanted"),
    [
        (r"\frac{a}{b}", ["f", "num", "den"]),
        (r"x_i^2", ["sSubSup"]),
        (r"\sum_{i=1}^n x_i", ["nary", "sSub"]),
        (r"\sqrt[3]{x}", ["rad", "deg"]),
        (r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}", ["m", "mr"]),
        (r"\hat{y}", ["acc"]),
        (r"\left( \frac{1}{2} \right)", ["d", "f"]),
        (r"\int_0^1 f(x)\,dx", ["nary"]),
    ],
)
def test_latex_becomes_omml(latex: str, wanted: list[str]) -> None:
    tree = etree.fromstring(f'<x xmlns:m="{M[1:-1]}">{Converter().inline(latex)}</x>')
    tags = {etree.QName(element).localname for element in tree.iter()}
    assert set(wanted) <= tags


# -- hostile content -----------------------------------------------------------------------------------------------

HOSTILE = """### 1. <img src=x onerror=alert(1)> Title & "quotes" <b>

**Question:** Text \x01\x1f with controls <script>alert(2)</script> and [a link](javascript:alert(3)) and
[another](file:///etc/passwd) and [one more](#nowhere).

<iframe src="https://example.org/x"></iframe>
<div onclick="alert(4)">kept text</div>

**Answer:** ok
"""


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    target = tmp_path / "deck.pptx"
    tiku.write(bank_of(HOSTILE), target, time=1_700_000_000)
    with zipfile.ZipFile(target) as package:
        for name in package.namelist():
            if name.endswith((".xml", ".rels")):
                etree.fromstring(package.read(name))
            assert b"javascript:" not in package.read(name)
            assert b"file:///" not in package.read(name)


def deep(depth: int) -> Bank:
    node: dict[str, object] = {"t": "Para", "c": [{"t": "Str", "c": "inside"}]}
    for _ in range(depth):
        node = {"t": "BulletList", "c": [[node]]}
    return tiku.Bank(sections=(tiku.Section(questions=(tiku.Question(id="q", prompt=(node,)),)),))


@pytest.mark.parametrize("suffix", [".pptx", ".slides.html"])
def test_deep_nesting_and_huge_words_end_well(suffix: str, tmp_path: Path) -> None:
    tiku.write(deep(60), tmp_path / f"deep{suffix}", time=1_700_000_000)
    text = {"t": "Para", "c": [{"t": "Str", "c": "x" * 20_000}]}
    bank = tiku.Bank(sections=(tiku.Section(questions=(tiku.Question(id="q", prompt=(text,), answer=(text,)),)),))
    assert tiku.write(bank, tmp_path / f"huge{suffix}", time=1_700_000_000) == []


def test_a_link_in_two_directions_is_two_runs(tmp_path: Path) -> None:
    """LibreOffice draws the parts of such a link one over another when it is one run."""
    target = tmp_path / "deck.pptx"
    tiku.write(bank_of("### 1. A\n\n**答案：** [שלום world](https://example.org)\n"), target, time=1_700_000_000)
    words = [
        "".join(run.itertext()).strip()
        for tree in trees(target)
        for run in tree.iter(A + "r")
        if run.find(f"{A}rPr/{A}hlinkClick") is not None
    ]
    assert "שלום" in words
    assert "world" in words


# -- emoji ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("plain, 中文 → ★ ▲ ©", ["plain, 中文 → ★ ▲ ©"]),
        ("1 ✅ok", ["1 ", "✅", "ok"]),
        ("☀ and ☀\ufe0f", ["☀ and ", "☀\ufe0f", ""]),
        ("⌚\ufe0e", ["⌚\ufe0e"]),
        ("1\ufe0f\u20e32\ufe0f\u20e3", ["", "1\ufe0f\u20e32\ufe0f\u20e3", ""]),
        ("a👨\u200d👩\u200d👧中", ["a", "👨\u200d👩\u200d👧", "中"]),
        ("❤\ufe0f\u200d🔥👍🏽", ["", "❤\ufe0f\u200d🔥👍🏽", ""]),
        ("🏴\U000e0067\U000e0062\U000e007f🇨🇳。", ["", "🏴\U000e0067\U000e0062\U000e007f🇨🇳", "。"]),
    ],
)
def test_emoji_are_told_from_signs(text: str, pieces: list[str]) -> None:
    assert emoji.split(text) == pieces


def test_emoji_are_set_in_their_own_face(tmp_path: Path) -> None:
    """Otherwise some are black and some coloured, and with DejaVu Sans LibreOffice lays them one over another."""
    target = tmp_path / "deck.pptx"
    tiku.write(
        bank_of("### 1. A\n\n**答案：** 先 ⚠️ 再 [去 ✅](https://example.org) `x ❌` **好🚀**\n"),
        target,
        time=1_700_000_000,
    )
    faces = {
        run.findtext(A + "t"): {
            face.get("typeface") for tag in ("latin", "ea") for face in run.iterfind(f"{A}rPr/{A}{tag}")
        }
        for tree in trees(target)
        for run in tree.iter(A + "r")
    }
    for symbol in ("⚠️", "✅", "❌", "🚀"):
        assert faces[symbol] == {"Segoe UI Emoji"}
    assert faces["x "] == {"Consolas"}
    assert faces["好"] == set()


# -- links ---------------------------------------------------------------------------------------------------------


def linked(deck: Path) -> list[str]:
    """The texts of runs that lead out of the deck."""
    return [
        run.findtext(A + "t")
        for tree in trees(deck)
        for run in tree.iter(A + "r")
        if run.find(f"{A}rPr/{A}hlinkClick") is not None and not run.find(f"{A}rPr/{A}hlinkClick").get("action")
    ]


@pytest.mark.parametrize(
    "words", ["머신러닝 고유값(eigenvalue) " * 8, "机器学习，基础（偏差）与方差。" * 8, "some latin words " * 8]
)
def test_a_link_longer_than_a_line_may_end_lines_anywhere(words: str, tmp_path: Path) -> None:
    """LibreOffice sets the lines of a link that is one run too close, Korean ones one over another."""
    target = tmp_path / "deck.pptx"
    tiku.write(bank_of(f"### 1. A\n\n**答案：** 见 [{words}](https://example.org)\n"), target, time=1_700_000_000)
    pieces = linked(target)
    assert "".join(pieces) == words.strip()
    assert max(map(len, pieces)) < 20
    assert not any(piece[0] in "，。）" for piece in pieces)


def test_a_short_link_is_one_run_but_in_a_narrow_column(tmp_path: Path) -> None:
    target = tmp_path / "deck.pptx"
    words = "some words of a link that is shorter than a line"
    cell = "long words that make a column of a table wide, and wider, and wider than all the others " * 4
    table = f"| a | b |\n|---|---|\n| [{words}](https://example.org) | {cell} |\n"
    tiku.write(bank_of(f"### 1. A\n\n**答案：** [{words}](https://example.org)\n\n{table}"), target, time=1_700_000_000)
    pieces = linked(target)
    assert pieces[0] == words
    assert pieces[1:3] == ["some ", "words "]


def test_a_line_break_in_a_link_is_one(tmp_path: Path) -> None:
    target = tmp_path / "deck.pptx"
    tiku.write(bank_of("### 1. A\n\n**答案：** [one\\\ntwo](https://example.org)\n"), target, time=1_700_000_000)
    assert linked(target) == ["one", "two"]
    assert any(tree.find(f".//{A}br") is not None for tree in trees(target))


def test_a_choice_without_arabic_letters_reads_from_left_to_right(tmp_path: Path) -> None:
    """Beside Arabic ones: at the right edge, but "A. {}", not "{} .A"."""
    target = tmp_path / "deck.pptx"
    source = "---\nlang: ar\n---\n\n### 1. سؤال\n\nما هو الناتج؟\n\n- A. `{}`\n- B. خطأ\n\n**الإجابة:** A\n"
    tiku.write(bank_of(source), target, time=1_700_000_000)
    sides = {
        "".join(paragraph.itertext()): (paragraph.find(A + "pPr").get("algn"), paragraph.find(A + "pPr").get("rtl"))
        for tree in trees(target)
        for paragraph in tree.iter(A + "p")
    }
    assert sides["A. {}"] == ("r", "0")
    assert sides["B. خطأ"] == ("r", "1")


NOTED = r"""---
title: N
language: en
---

### 1. Notes

**Question:** Q?

**Answer:** A.

**Explanation:** Because $\frac{a}{bc} = x^{y^z}$:

3. three
4. four
    - inner

- dot

| a | b |
|---|---|
|   | 2 |

```python
for i in x:
    pass
```

$$\frac{n}{k+1}$$

![A drawing](a.png)
"""


def test_notes_say_all_that_text_can_and_pictures_that_they_lose_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(png(40, 30, 120))
    (tmp_path / "bank.md").write_text(NOTED, encoding="utf-8")
    target = tmp_path / "deck.pptx"
    problems = tiku.write(tiku.read(tmp_path / "bank.md").bank, target, settings={"explanation": "note"})
    (notes,) = [slide.notes for slide in pptx_slides(target) if slide.notes]
    assert notes.strip().splitlines() == [
        "Explanation",
        "Because a/(bc) = x^(y^z):",
        "3. three",
        "4. four",
        "• inner",
        "• dot",
        "a  |  b",
        "  |  2",
        "for i in x:",
        "    pass",
        "n/(k + 1)",
        "[A drawing]",
    ]
    (problem,) = problems
    assert (problem.code, problem.line) == ("Q302", 6)
    assert "A drawing" in problem.message
    assert problem.file.endswith("bank.md")


# -- templates whose layouts do not suit their slides -----------------------------------------------------------------


def resized(folder: Path, width: float, height: float) -> Path:
    """python-pptx's own template with slides of another size in inches, its layouts still those for 10 x 7.5."""
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    deck.slide_width, deck.slide_height = Inches(width), Inches(height)
    path = folder / "resized.pptx"
    deck.save(str(path))
    return path


def off_slide(deck: Path) -> list[str]:
    """The text shapes of a deck that reach beyond its slides."""
    from pptx import Presentation

    read = Presentation(str(deck))
    return [
        shape.name
        for slide in read.slides
        for shape in slide.shapes
        if shape.has_text_frame
        and not (
            shape.left >= 0
            and shape.top >= 0
            and shape.left + shape.width <= read.slide_width
            and shape.top + shape.height <= read.slide_height
        )
    ]


@pytest.mark.parametrize("size", [(10, 5.625), (7.5, 10), (5, 7.5), (13.333, 7.5)])
def test_no_text_stands_beyond_a_slide_smaller_than_its_layouts(
    size: tuple[float, float], tmp_path: Path, need: Callable[..., None]
) -> None:
    need("py:pptx")
    theme = resized(tmp_path, *size)
    tiku.write(bank_at(SHOWCASE), tmp_path / "deck.pptx", time=1_700_000_000, theme=str(theme))
    assert off_slide(tmp_path / "deck.pptx") == []


def test_a_layout_with_too_little_on_its_slide_is_refused_by_name(tmp_path: Path, need: Callable[..., None]) -> None:
    need("py:pptx")
    from pptx import Presentation
    from pptx.util import Inches

    deck = Presentation()
    deck.slide_layouts[1].placeholders[1].left = Inches(8)
    deck.slide_layouts[1].placeholders[1].width = Inches(9)
    deck.save(str(tmp_path / "off.pptx"))
    with pytest.raises(ExportError, match=r"layout 'Title and Content' .* move its placeholders"):
        tiku.write(bank_of(numbered(1)), tmp_path / "deck.pptx", theme=str(tmp_path / "off.pptx"))


def test_the_footer_of_a_narrow_slide_holds_its_link_in_one_line(tmp_path: Path, need: Callable[..., None]) -> None:
    need("py:pptx")
    from pptx import Presentation
    from pptx.util import Inches

    theme = resized(tmp_path, 5, 7.5)
    narrow = Presentation(str(theme))
    narrow.slide_layouts[1].placeholders[1].left = Inches(0.25)
    narrow.slide_layouts[1].placeholders[1].width = Inches(4.5)
    narrow.save(str(theme))
    bank = bank_of("---\nlanguage: en\n---\n\n## A chapter with a long name\n\n" + numbered(1))
    target = tmp_path / "deck.pptx"
    tiku.write(bank, target, time=1_700_000_000, theme=str(theme))
    found = [
        slide.shapes
        for slide in Presentation(str(target)).slides
        if any("Back to" in shape.text_frame.text for shape in slide.shapes if shape.has_text_frame)
    ]
    back = next(shape for shape in found[0] if shape.name.startswith("Link"))
    words = metrics.measure((Run(back.text_frame.text),)).width * FOOTER_SIZE
    assert back.width.pt >= words
    foot = sorted((shape for shape in found[0] if abs(shape.top - back.top) < 10), key=lambda shape: shape.left)
    assert len(foot) > 1
    assert all(one.left + one.width <= other.left for one, other in pairwise(foot))


def test_the_markers_of_deep_lists_have_room(tmp_path: Path) -> None:
    deep = "\n".join("  " * level + f"- level {level}" for level in range(8))
    target = tmp_path / "deck.pptx"
    tiku.write(bank_of(f"### 1. A\n\n**Question:** Q\n\n**Answer:**\n\n{deep}\n"), target, time=1_700_000_000)
    found = [
        (int(properties.get("marL")), -int(properties.get("indent")))
        for tree in trees(target)
        for properties in tree.iter(A + "pPr")
        if properties.find(A + "buChar") is not None
    ]
    assert len(found) == 8
    assert all(0 < hanging <= margin for margin, hanging in found)
    assert len({hanging for _, hanging in found}) == 1
