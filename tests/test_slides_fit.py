"""Nothing runs off a slide, as LibreOffice and Chromium see it; and they do see it when something does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

import tiku
from banks import REAL, SHOWCASE, bank_at
from banks import bank as bank_of
from slides_fuzz import Fuzz
from slides_judges import Browser, collisions, pptx_findings, wait_for
from tiku.render import deck as deck_module

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tiku.model import Bank

pytestmark = pytest.mark.tools


def banks() -> dict[str, Bank]:
    return {"real": bank_at(REAL), "showcase": bank_at(SHOWCASE), "fuzz": Fuzz(3).bank(10)}


def too_tall(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paginate for a body 15 % taller than it is drawn."""

    def setter(width: float, page: float, objects: dict[str, tuple[float, float]], limit: float = 0.62) -> object:
        return original(width, page * 1.15, objects, limit)

    original = deck_module.Setter
    monkeypatch.setattr(deck_module, "Setter", setter)


@pytest.mark.parametrize("name", ["real", "showcase", "fuzz"])
def test_pptx_fits(name: str, tmp_path: Path, need: Callable[..., None]) -> None:
    need("soffice", "py:pymupdf")
    target = tmp_path / f"{name}.pptx"
    tiku.write(banks()[name], target, time=1_700_000_000)
    assert pptx_findings(target, tmp_path) == []


@pytest.mark.parametrize("name", ["real", "showcase", "fuzz"])
def test_html_fits(name: str, tmp_path: Path, need: Callable[..., None]) -> None:
    need("chromium", "py:playwright")
    from playwright.sync_api import sync_playwright

    target = tmp_path / f"{name}.slides.html"
    tiku.write(banks()[name], target, time=1_700_000_000)
    with sync_playwright() as playwright, Browser(playwright, target) as browser:
        assert browser.findings() == []
        assert browser.complaints == []
        assert [url for url in browser.asked if not url.startswith(("file:", "data:"))] == []


MIXED = """
# 混排

## 1. 代码 `npm عخف` 与 **加粗** 和 [链接](https://example.org)

**Question:** 行内代码 `njlvltadlv عخف` 里有阿拉伯字母，`กขค` 有泰文，**粗体 `code`**、*斜体*、H~2~O、x^2^、~~删~~ 都在一行。

> 引文里有 `code`，很长，长到要换行才放得下：一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十。
>
> | 名 | 值 |
> |----|----|
> | `code عخف` | **粗体** 与 `code` 一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十一二三四五六七八九十 |
> | x^2^ | [链接](https://example.org) |

A. 用 `code عخف`
B. 用 **粗体**

**Answer:** B

**Explanation:** 脚注[^1]里也有。

[^1]: 脚注里有 `code عخف` 和 x^2^。

## 2. 求 $\\frac{a+b}{c}$ 与 $\\sum_{i=1}^n x_i$ 的值，其中 $\\sqrt{\\frac{x^2}{y_1}}$ 很长很长，很长很长，很长很长，$\\frac{a}{b}$

**Question:** 当 $|x|$ 很大时 $\\sigma'(x)\\to 0$。

- $y_q$ 与 $\\langle a, b \\rangle$
- $\\frac{a+b}{c}$ 与 $\\underbrace{a+b}_n$

**Answer:** $|x|$
"""


def test_lines_are_as_tall_as_they_are_said_to_be(tmp_path: Path, need: Callable[..., None]) -> None:
    """Pieces in other fonts, raised or in boxes of their own push no line apart; and the judge sees it when they do."""
    need("chromium", "py:playwright")
    from playwright.sync_api import sync_playwright

    deck, damaged = tmp_path / "mixed.slides.html", tmp_path / "damaged.slides.html"
    tiku.write(bank_of(MIXED), deck, time=1_700_000_000)
    page = deck.read_text(encoding="utf-8")
    damaged.write_text(page.replace("code, i, s, span, sub, sup, u) { line-height: 0; }", "u) { top: 0; }"), "utf-8")
    with sync_playwright() as playwright:
        with Browser(playwright, deck) as browser:
            assert browser.findings() == []
        with Browser(playwright, damaged) as browser:
            assert any(" lines: " in finding for finding in browser.findings())


def test_the_judges_see_a_deck_made_for_a_taller_box(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, need: Callable[..., None]
) -> None:
    need("soffice", "py:pymupdf", "chromium", "py:playwright")
    from playwright.sync_api import sync_playwright

    too_tall(monkeypatch)
    bank = bank_at(REAL)
    tiku.write(bank, tmp_path / "tall.pptx", time=1_700_000_000)
    assert pptx_findings(tmp_path / "tall.pptx", tmp_path)
    tiku.write(bank, tmp_path / "tall.slides.html", time=1_700_000_000)
    with sync_playwright() as playwright, Browser(playwright, tmp_path / "tall.slides.html") as browser:
        found = browser.findings()
        assert found
        # What is too tall can be scrolled, and covers no footer.
        _, slide = max((int(each.split()[-1]), each.split()[1]) for each in found if " body " in each)
        browser.page.evaluate(f"Reveal.slide({int(slide.rstrip(':')) - 1})")
        last = "document.querySelector('.present .flow > :last-child')"
        where = f"{last}.getBoundingClientRect().bottom - document.querySelector('.present footer').getBoundingClientRect().top"
        assert browser.page.evaluate(where) > 0
        browser.page.evaluate("document.querySelector('.present .body').scrollTop = 999")
        assert browser.page.evaluate(where) < 0


def test_code_and_tables_keep_clear_of_what_stands_below(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All their text stays in their shape wherever that stands: only the places of shapes show the fault."""
    lines = "\n".join(f"    x = {number}" for number in range(60))
    rows = "\n".join(f"| {number} | b |" for number in range(10))
    bank = bank_of(f"### 1. A\n\n**答案：**\n\n{lines}\n\n### 2. B\n\n**答案：**\n\n| a | b |\n|---|---|\n{rows}\n")
    tiku.write(bank, tmp_path / "deck.pptx", time=1_700_000_000)
    assert collisions(tmp_path / "deck.pptx") == []
    too_tall(monkeypatch)
    tiku.write(bank, tmp_path / "tall.pptx", time=1_700_000_000)
    found = " ".join(collisions(tmp_path / "tall.pptx"))
    assert "Code" in found
    assert "Table" in found


def test_print_gives_a_page_for_each_slide(tmp_path: Path, need: Callable[..., None]) -> None:
    need("chromium", "py:playwright", "py:pymupdf")
    import pymupdf
    from playwright.sync_api import sync_playwright

    bank = bank_at(REAL)
    bank = replace(bank, sections=(replace(bank.sections[0], questions=bank.sections[0].questions[:4]),))
    target = tmp_path / "deck.slides.html"
    tiku.write(bank, target, time=1_700_000_000)
    with sync_playwright() as playwright, Browser(playwright, target, "?print-pdf") as browser:
        browser.page.wait_for_timeout(800)
        count = browser.page.evaluate("document.querySelectorAll('.slides section').length")
        paper = pymupdf.open("pdf", browser.page.pdf(prefer_css_page_size=True, print_background=True))
    assert len(paper) == count
    assert "多模态" in "".join(page.get_text() for page in paper)


def test_a_phone_shows_a_page_to_scroll_with_answers_behind_buttons(tmp_path: Path, need: Callable[..., None]) -> None:
    need("chromium", "py:playwright")
    from playwright.sync_api import sync_playwright

    target = tmp_path / "deck.slides.html"
    tiku.write(bank_at(SHOWCASE), target, time=1_700_000_000)
    phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
    with sync_playwright() as playwright, Browser(playwright, target, **phone) as browser:
        page = browser.page
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        assert page.evaluate("getComputedStyle(document.querySelector('#q1 .body p')).fontSize") == "17px"
        answer = page.locator("#q4 .fragment")
        assert not answer.is_visible()
        page.locator("#q4 button.show").click()
        assert answer.is_visible()
        assert browser.complaints == []


def test_the_speaker_sees_the_notes(tmp_path: Path, need: Callable[..., None]) -> None:
    need("chromium", "py:playwright")
    from playwright.sync_api import sync_playwright

    target = tmp_path / "deck.slides.html"
    tiku.write(bank_at(SHOWCASE), target, time=1_700_000_000, settings={"explanation": "note"})
    with sync_playwright() as playwright, Browser(playwright, target, "#/q4") as browser:
        wait_for(browser.page, "!!window.Reveal && Reveal.isReady()")
        with browser.page.expect_popup() as popup:
            browser.page.keyboard.press("s")
        wait_for(
            popup.value, "!!document.querySelector('.speaker-controls-notes .value')?.textContent.includes('验证集')"
        )
        assert browser.complaints == []


def test_without_scripts_the_deck_is_a_page_to_read(tmp_path: Path, need: Callable[..., None]) -> None:
    need("chromium", "py:playwright")
    from playwright.sync_api import sync_playwright

    target = tmp_path / "deck.slides.html"
    tiku.write(bank_at(SHOWCASE), target, time=1_700_000_000)
    with sync_playwright() as playwright, Browser(playwright, target, java_script_enabled=False) as browser:
        sections = browser.page.locator(".slides > section").all()
        assert len(sections) > 20
        assert all(section.is_visible() for section in sections)
        assert browser.page.locator("#q4 .fragment").is_visible()
        assert "两者的调和平均数" in browser.page.locator("main").inner_text()


def test_a_screen_reader_hears_an_answer_when_it_is_shown(tmp_path: Path, need: Callable[..., None]) -> None:
    need("chromium", "py:playwright")
    from playwright.sync_api import sync_playwright

    target = tmp_path / "deck.slides.html"
    tiku.write(bank_at(SHOWCASE), target, time=1_700_000_000)
    with sync_playwright() as playwright, Browser(playwright, target, "#/q4") as browser:
        status = browser.page.locator(".aria-status")
        said = "document.querySelector('.aria-status')?.textContent"
        wait_for(browser.page, f"{said}?.includes('测试集')")
        assert "错误" not in str(status.text_content())
        browser.page.keyboard.press("Space")
        wait_for(browser.page, f"{said}.includes('错误')")
        assert browser.page.get_by_role("main").count() == 1
        assert browser.complaints == []
