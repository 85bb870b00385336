"""HTML slides in Chromium: where the keyboard leads, what paper looks like, lists that go on from slide to slide."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

import tiku
from banks import SHOWCASE, bank_at
from banks import bank as bank_of
from slides_judges import Browser, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

READY = "!!window.Reveal && Reveal.isReady()"
FOCUSED = (
    "(e => e.closest('section') ? e.closest('section').classList.contains('present') : null)(document.activeElement)"
)


@pytest.fixture
def opened(tmp_path: Path, need: Callable[..., None]) -> Iterator[Callable[..., Any]]:
    """A function that opens the showcase at an address, in a browser with some settings."""
    need("chromium", "py:playwright")
    from playwright.sync_api import sync_playwright

    target = tmp_path / "showcase.slides.html"
    tiku.write(bank_at(SHOWCASE), target, time=1_700_000_000)
    with sync_playwright() as playwright:
        browsers: list[Browser] = []

        def open_deck(address: str = "", **context: Any) -> Any:
            browsers.append(Browser(playwright, target, address, **context))
            if not address.startswith("?print"):  # there reveal.js does not start
                wait_for(browsers[-1].page, READY)
            return browsers[-1].page

        yield open_deck
        for each in browsers:
            each.browser.close()


@pytest.mark.tools
def test_the_keyboard_stays_on_the_slide_that_is_shown(opened: Callable[..., Any]) -> None:
    page = opened("#/s1")
    found = []
    for _ in range(12):
        page.keyboard.press("Tab")
        found.append(page.evaluate(FOCUSED))
    assert False not in found
    page.evaluate("Reveal.slide(2)")  # the contents: links there can be reached
    found = []
    for _ in range(6):
        page.keyboard.press("Tab")
        found.append(page.evaluate(FOCUSED))
    assert found.count(True) >= 3
    page.keyboard.press("Escape")  # the overview shows the others as well
    assert page.locator("section.future .title").first.is_visible()


@pytest.mark.tools
def test_paper_is_light_in_a_dark_room(opened: Callable[..., Any]) -> None:
    paper = "getComputedStyle(document.documentElement).getPropertyValue('--paper').trim()"
    page = opened("?print-pdf", color_scheme="dark")
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate(paper) == "#ffffff"
    page.emulate_media(media="screen", color_scheme="dark")
    assert page.evaluate(paper) != "#ffffff"


def test_a_list_that_goes_on_repeats_no_number(tmp_path: Path) -> None:
    """On each slide as many markers as items begin there."""
    inner = "\n".join(f"   {number}. deep {number} {'模型' * 40}" for number in range(1, 13))
    bank = bank_of(f"### 1. A\n\n**答案：**\n\n7. first\n8. second\n{inner}\n9. third\n")
    tiku.write(bank, tmp_path / "a.slides.html", time=1_700_000_000)
    text = (tmp_path / "a.slides.html").read_text("utf-8")
    slides = re.findall(r"<section .*?</section>", text, re.DOTALL)
    assert sum(slide.count("<li>") for slide in slides) == 3 + 12
    assert any('<li class="rest"><ol' in slide for slide in slides)
