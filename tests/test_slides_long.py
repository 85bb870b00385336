"""A deck of many slides in Chromium: reveal.js is shown a window of it, and nobody notices but by the speed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import tiku
from banks import bank as bank_of
from banks import numbered
from slides_judges import Browser, wait_for
from slides_reading import html_slides, missing
from tiku.exporters.slides import writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.tools

SHOWN = "Reveal.getCurrentSlide().id"
QUESTIONS = 200
PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}


@pytest.fixture(scope="module")
def deck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A deck above the limit; its last question is in Chinese."""
    chapters = numbered(QUESTIONS).split("\n\n### 101.")
    text = f"## First part\n\n{chapters[0]}\n\n## Second part\n\n### 101.{chapters[1]}\n\n### 201. 末题\n\n**答案：** 梯度会消失\n"
    bank = bank_of(text)
    target = tmp_path_factory.mktemp("long") / "deck.slides.html"
    tiku.write(bank, target, time=1_700_000_000)
    assert missing(bank, html_slides(target)) == []
    return target


@pytest.fixture(scope="module")
def names(deck: Path) -> list[str]:
    """The names of its slides in the order of the file."""
    found = [slide.name for slide in html_slides(deck)]
    assert len(found) > writer.LONG
    return found


@pytest.fixture
def opened(deck: Path, need: Callable[..., None]) -> Iterator[Callable[..., Any]]:
    """A function that opens the deck and gives the page; nothing may go wrong in it."""
    need("chromium", "py:playwright")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browsers: list[Browser] = []

        def open_deck(query: str = "", **context: Any) -> Any:
            browser = Browser(playwright, deck, query, **context)
            browsers.append(browser)
            if not context:
                wait_for(browser.page, "!!window.Reveal && Reveal.isReady() && !!Reveal.getCurrentSlide()")
            return browser.page

        yield open_deck
        for browser in browsers:
            complaints = browser.complaints
            browser.browser.close()
            assert complaints == []


def press(page: Any, key: str, times: int = 1) -> list[str]:
    """The slides shown after each press."""
    shown = []
    for _ in range(times):
        page.keyboard.press(key)
        shown.append(page.evaluate(SHOWN))
    return shown


def test_reveal_knows_a_window_of_the_deck(opened: Callable[..., Any], names: list[str]) -> None:
    page = opened()
    assert page.evaluate("document.querySelectorAll('section').length") < 100
    assert page.evaluate("Reveal.getTotalSlides()") == len(names)
    assert page.evaluate("Reveal.getSlides().map(slide => slide.id)") == names


def test_keys_go_through_all_slides_in_order(opened: Callable[..., Any], names: list[str]) -> None:
    page = opened()
    assert press(page, "Shift+ArrowRight") == [names[-1]]
    assert press(page, "Home") == [names[0]]
    assert press(page, "Alt+ArrowRight", 150) == names[1:151]  # Alt: no stop at answers
    assert press(page, "Alt+ArrowLeft", 150) == names[149::-1]
    assert press(page, "End") == [names[-1]]
    assert press(page, "Alt+ArrowLeft", 80) == names[-2:-82:-1]
    assert page.evaluate("document.querySelectorAll('section').length") < 100
    assert page.evaluate("Reveal.getIndices().h") == len(names) - 81
    assert page.evaluate("Reveal.getProgress()") == pytest.approx((len(names) - 81) / (len(names) - 1), abs=0.01)


def test_answers_come_at_a_further_step_wherever_one_is(opened: Callable[..., Any]) -> None:
    page = opened("#/q150")
    answer = page.locator("#q150 .fragment")
    assert not answer.is_visible()
    assert press(page, "Space") == ["q150"]
    assert answer.is_visible()
    assert press(page, "End")
    page.evaluate("location.hash = '#/q151'")
    wait_for(page, f"{SHOWN} === 'q151'")
    press(page, "ArrowLeft")  # back over a border: shown as it was left
    press(page, "ArrowLeft")
    assert page.evaluate(SHOWN) == "q150"
    assert answer.is_visible()


@pytest.mark.parametrize(
    ("query", "place"), [("#/q170", None), ("#/250", 250), ("#/no-such-name", 0), ("#/q90/0", None)]
)
def test_addresses_lead_anywhere(query: str, place: int | None, opened: Callable[..., Any], names: list[str]) -> None:
    page = opened(query)
    wanted = names[place] if place is not None else query.split("/")[1]
    assert page.evaluate(SHOWN) == wanted
    assert page.evaluate("[document.scrollingElement.scrollTop, document.querySelector('.reveal').scrollTop]") == [0, 0]
    for target in ("q3", "q199", "q101", "q100"):
        page.evaluate(f"location.hash = '#/{target}'")
        wait_for(page, f"{SHOWN} === '{target}'")
        assert page.locator(f"#{target} .title").is_visible()
        assert page.evaluate("document.querySelectorAll('section.present').length") == 1


def test_a_followed_link_takes_the_focus_along(opened: Callable[..., Any]) -> None:
    page = opened()
    page.keyboard.press("ArrowRight")
    page.get_by_role("link", name="Second part").click()
    wait_for(
        page, "document.activeElement.tagName === 'H2' && document.activeElement.closest('section.present') !== null"
    )
    assert "Second part" in page.evaluate("document.activeElement.textContent")
    assert press(page, "ArrowRight") == ["q101"]


def test_the_overview_goes_on_beyond_the_window(opened: Callable[..., Any], names: list[str]) -> None:
    page = opened()
    page.keyboard.press("Escape")
    assert press(page, "ArrowRight", 100) == names[1:101]
    # What stands to the right of the slide in the middle is the next one, and can be clicked.
    box = page.locator(f"#{names[102]}").bounding_box()
    assert (
        box["x"]
        > page.locator(f"#{names[101]}").bounding_box()["x"]
        > page.locator(f"#{names[100]}").bounding_box()["x"]
    )
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    wait_for(page, f"!Reveal.isOverview() && {SHOWN} === '{names[102]}'")
    assert page.locator(f"#{names[102]} .title").is_visible()
    assert press(page, "Alt+ArrowRight") == [names[103]]


def test_the_speaker_sees_the_same_slide_and_the_next(opened: Callable[..., Any], names: list[str]) -> None:
    page = opened("#/q150")
    with page.expect_popup() as popup:
        page.keyboard.press("s")
    place = names.index("q150") + 2
    press(page, "Alt+ArrowRight", 2)

    def shown() -> list[str | None]:
        inside = [frame for frame in popup.value.frames if "receiver" in frame.url]
        step = "document.querySelector('.present .fragment.visible') ? 'answer' : 'question'"
        return [
            frame.evaluate(f"window.Reveal && Reveal.isReady() ? {SHOWN} + ' ' + ({step}) : null") for frame in inside
        ]

    wanted = [f"{names[place]} question", f"{names[place]} answer"]
    for _ in range(100):
        if (found := shown()) == wanted:
            break
        page.wait_for_timeout(100)
    assert found == wanted
    popup.value.keyboard.press("End")  # keys work there too
    wait_for(page, f"{SHOWN} === '{names[-1]}'")


def jump(page: Any, words: str, delay: float = 0) -> str:
    """Ask for `words`, `delay` milliseconds a key; the slide that is shown then."""
    page.keyboard.press("g")
    page.keyboard.type(words, delay=delay)
    page.keyboard.press("Enter")
    page.wait_for_timeout(20)  # a millisecond after it is left, reveal.js closes the box, be it opened again or not
    shown: str = page.evaluate(SHOWN)
    return shown


def test_words_are_found_in_any_script(opened: Callable[..., Any], names: list[str]) -> None:
    page = opened()
    for words, wanted in (
        ("梯度会", "q201"),
        ("q44", "q44"),
        ("T00123A", "q123"),
        ("Why (is", None),
        ("12", names[11]),
    ):
        before = page.evaluate(SHOWN)
        assert jump(page, words) == (wanted or before)


@pytest.mark.parametrize("delay", [0, 250])
def test_words_asked_for_again_are_found_further_on(delay: float, opened: Callable[..., Any], names: list[str]) -> None:
    """Also by those who type slowly: reveal.js jumps whenever they pause."""
    page = opened()
    found = [names.index(jump(page, "ains it", delay)) for _ in range(3)]
    assert found == sorted(set(found))


@pytest.mark.parametrize("query", ["", "?print-pdf"])
def test_all_slides_go_on_paper_a_page_each(
    query: str, opened: Callable[..., Any], names: list[str], deck: Path
) -> None:
    import pymupdf

    page = opened("#/q150") if not query else opened(query, java_script_enabled=True)
    paper = pymupdf.open("pdf", page.pdf(prefer_css_page_size=True, print_background=True))
    assert len(paper) == len(names)
    assert {(round(sheet.rect.width), round(sheet.rect.height)) for sheet in paper} == {(720, 405)}
    for slide, sheet in zip(html_slides(deck), paper, strict=True):
        said = "".join(sheet.get_text().split())
        assert "".join(slide.title.split()) in said
        assert all("".join(line.split()) in said for line in slide.body.splitlines())
    if not query:  # and the deck goes on as before
        assert page.evaluate("document.querySelectorAll('section').length") < 100
        assert page.evaluate(SHOWN) == "q150"
        assert press(page, "Alt+ArrowRight") == [names[names.index("q150") + 1]]
