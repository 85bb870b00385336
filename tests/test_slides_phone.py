"""The HTML deck as a page to scroll: on a phone, without scripts, and when the deck cannot start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import tiku
from banks import SHOWCASE, bank_at, numbered
from banks import bank as bank_of
from slides_judges import Browser
from slides_reading import html_slides
from tiku.exporters.slides import writer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.tools

PHONE = {"viewport": {"width": 360, "height": 740}, "is_mobile": True, "has_touch": True}
WIDE = r"""
## A chapter whose title is so long that it needs more than one line on a phone

### 1. Pneumonoultramicroscopicsilicovolcanoconiosis_and_an_identifier_that_never_ends

**Question:** See <https://example.org/a/very/long/path/that/does/not/break/anywhere?query=1234567890abcdefghijkl>

| Configuration | Throughput | Latency | Availability | Internationalization | Cost |
|---|---|---|---|---|---|
| Containerization | 1000 | 12 ms | 99.9 % | yes | high |

**Answer:**

$$\sum_{i=1}^{n} \frac{a_i x_i + b_i y_i + c_i z_i}{\sqrt{x_i^2 + y_i^2 + z_i^2}} = \int_0^\infty f(x)\,dx
+ \int_0^\infty g(y)\,dy$$

### 2. Second

**Answer:** Because $\frac{a}{b}$, see [the first](#q1).

### 3. Third

**Question:** Which?

<table><tr><th>A</th><th>B</th></tr><tr><td><pre><code>for i in x:
    f(i)
</code></pre></td><td>none</td></tr></table>

**Answer:** A
"""
ARABIC = (
    "## الفصل الأول\n\n### 1. ما هو التعلم؟\n\n**السؤال:** ما هو؟\n\n- A. نوع\n- B. فرع\n\n"
    "**الجواب:** B\n\n**الشرح:** شرح `a[1]`\n"
)


@pytest.fixture(scope="module")
def decks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("phone")
    banks = {
        "showcase": bank_at(SHOWCASE),
        "wide": bank_of(WIDE),
        "arabic": bank_of(ARABIC, language="ar"),
        "long": bank_of("## First part\n\n" + numbered(200).replace("### 101.", "## Second part\n\n### 101.")),
    }
    for name, bank in banks.items():
        tiku.write(bank, folder / f"{name}.slides.html", time=1_700_000_000)
    return {name: folder / f"{name}.slides.html" for name in banks}


@pytest.fixture
def opened(decks: dict[str, Path], need: Callable[..., None]) -> Iterator[Callable[..., Any]]:
    """A function that opens a deck on a phone, or as said, and gives the page."""
    need("chromium", "py:playwright")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browsers: list[Browser] = []

        def open_deck(name: str, query: str = "", **context: Any) -> Any:
            browsers.append(Browser(playwright, decks[name], query, **{**PHONE, **context}))
            return browsers[-1].page

        yield open_deck
        for browser in browsers:
            browser.browser.close()
            assert browser.complaints == []


def top_of(page: Any, name: str) -> float:
    """Where the title of a slide stands below the window's upper edge, once nothing moves any more."""
    page.wait_for_timeout(300)
    return float(page.evaluate(f"document.querySelector('#{name} .title').getBoundingClientRect().top"))


@pytest.mark.parametrize("query", ["", "#/q3"])
def test_code_in_a_cell_keeps_its_lines_and_their_indentation(query: str, opened: Callable[..., Any]) -> None:
    """On a phone, and as a slide."""
    page = opened("wide", query, **({"viewport": {"width": 1280, "height": 720}, "is_mobile": False} if query else {}))
    cell = page.locator("#q3 td").first
    assert cell.evaluate("cell => cell.innerText") == "for i in x:\n    f(i)"
    left = """cell => [...cell.querySelectorAll("code")].map(code => {
      const range = new Range();
      const at = code.innerText.search(/\\S/);
      if (at < 0) return null;
      range.setStart(code.firstChild, at);
      range.setEnd(code.firstChild, at + 1);
      return range.getBoundingClientRect().left;
    }).filter(each => each !== null)"""
    first, second = cell.evaluate(left)
    assert second > first + 15


def test_a_long_page_is_laid_out_as_far_as_it_is_seen(opened: Callable[..., Any]) -> None:
    page = opened("long")
    parts = page.evaluate(
        "[...document.querySelectorAll('.part')].map(part => part.checkVisibility({contentVisibilityAuto: true})"
        " && part.querySelector('p').checkVisibility({contentVisibilityAuto: true}))"
    )
    assert parts[0]
    assert parts.count(True) < len(parts) / 2


def test_far_words_are_found_on_the_page(opened: Callable[..., Any]) -> None:
    page = opened("long")
    assert page.evaluate("window.find('T00190E')")
    page.wait_for_timeout(300)
    box = page.evaluate(
        "(() => { const r = getSelection().getRangeAt(0).getBoundingClientRect(); return [r.top, r.bottom]; })()"
    )
    assert 0 <= box[0] < box[1] <= 740
    assert page.evaluate("getSelection().anchorNode.parentElement.closest('section').id").endswith("190")
    assert not page.evaluate("window.find('T00777E')")


@pytest.mark.parametrize("scripts", [True, False])
def test_an_address_leads_to_its_slide(scripts: bool, opened: Callable[..., Any]) -> None:
    page = opened("long", "#/q150", java_script_enabled=scripts)
    if not scripts:  # nothing can be asked without scripts but what is seen
        page.wait_for_timeout(300)
        box = page.locator("#q150 .title").bounding_box()
        assert 0 <= box["y"] < 100
        return
    assert 0 <= top_of(page, "q150") < 100
    assert page.evaluate("document.activeElement.closest('section').id") == "q150"
    page.evaluate("scrollTo(0, 0)")
    page.get_by_role("link", name="Second part").tap()
    assert 0 <= top_of(page, "s2") < 100
    assert page.evaluate("document.activeElement.closest('section').id") == "s2"
    page.go_back()
    page.evaluate("location.hash = '#/q3'")
    assert 0 <= top_of(page, "q3") < 100


def test_all_slides_go_on_paper(opened: Callable[..., Any], decks: dict[str, Path]) -> None:
    import pymupdf

    page = opened("long")
    paper = "".join("".join(sheet.get_text().split()) for sheet in pymupdf.open("pdf", page.pdf()))
    for slide in html_slides(decks["long"]):
        assert "".join(slide.title.split()) in paper
        assert all("".join(line.split()) in paper for line in slide.body.splitlines())
    assert "Showanswer" not in paper


@pytest.mark.parametrize("name", ["showcase", "wide", "arabic"])
@pytest.mark.parametrize("scripts", [True, False])
def test_nothing_is_wider_than_the_screen(name: str, scripts: bool, opened: Callable[..., Any]) -> None:
    page = opened(name, java_script_enabled=scripts)
    if scripts:
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        assert page.evaluate(
            "[...document.querySelectorAll('section, section .title, section footer')]"
            ".every(box => box.getBoundingClientRect().right <= 360 && box.getBoundingClientRect().left >= 0)"
        )
    else:
        assert page.locator("main").bounding_box()["width"] <= 360


def test_what_is_too_wide_scrolls_by_itself_and_whole_words_stay(opened: Callable[..., Any]) -> None:
    page = opened("wide")
    body = page.locator(".body:has(table)").first
    assert body.evaluate("box => box.scrollWidth > box.clientWidth && getComputedStyle(box).overflowX === 'auto'")
    lines = (
        "(text => { const r = document.createRange(); r.selectNodeContents(text);"
        " return new Set([...r.getClientRects()].map(box => box.top)).size; })"
    )
    assert body.locator("th p", has_text="Throughput").evaluate(lines) == 1


@pytest.mark.parametrize("name", ["showcase", "wide", "arabic", "long"])
def test_a_thumb_hits_buttons_and_ways(name: str, opened: Callable[..., Any]) -> None:
    page = opened(name)
    small = page.evaluate(
        "[...document.querySelectorAll('footer a, .contents .body a, button')]"
        ".map(each => [each.textContent, each.getBoundingClientRect()])"
        ".filter(([, box]) => box.height < 44 || box.width < 44).map(([text, box]) => `${text} ${box.width}x${box.height}`)"
    )
    assert small == []
    assert page.locator("footer a, .contents .body a, button").count() > 0


def test_a_shown_answer_has_the_focus_and_the_way_on_follows(opened: Callable[..., Any]) -> None:
    page = opened("showcase")
    page.locator("#q4 button.show").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.className") == "fragment shown"
    assert page.locator("#q4 button").count() == 0
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.getAttribute('href')") == "#/a4"  # to the explanation
    assert page.evaluate(
        "document.querySelector('#q4 .fragment').compareDocumentPosition(document.activeElement)"
        " & Node.DOCUMENT_POSITION_FOLLOWING"
    )


def test_right_to_left_starts_at_the_right(opened: Callable[..., Any]) -> None:
    page = opened("arabic")
    right = (
        "(line => { const r = document.createRange(); r.selectNodeContents(line);"
        " return r.getBoundingClientRect().right; })"
    )
    for line in (".title h1, section.title .title", "section.title .body p", "#q1 .body p", "#q1 .where"):
        assert page.locator(line).first.evaluate(right) > 320


def test_a_deck_that_cannot_start_is_a_page_to_read(decks: dict[str, Path], need: Callable[..., None]) -> None:
    need("chromium", "py:playwright")
    from playwright.sync_api import sync_playwright

    text = decks["long"].read_text(encoding="utf-8")
    broken = decks["long"].with_name("broken.slides.html")
    last = writer._asset("deck.js")
    assert last in text
    broken.write_text(text.replace(last, last + " "), encoding="utf-8")  # not the script that the policy names
    with sync_playwright() as playwright, Browser(playwright, broken) as browser:
        assert browser.page.evaluate("document.documentElement.className") == "scroll long"
        assert browser.page.locator("#q1 .body").is_visible()
        assert browser.complaints
