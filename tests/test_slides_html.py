"""The HTML deck as a file: nothing from outside, a strict policy, structure for those who do not see it."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import TYPE_CHECKING

import pytest

import tiku
from banks import SHOWCASE, bank_at
from banks import bank as bank_of
from slides_reading import html_slides
from test_pptx_package import HOSTILE
from tiku.errors import SetupError, UsageError
from tiku.exporters.slides import writer

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def showcase(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("slides") / "showcase.slides.html"
    assert tiku.write(bank_at(SHOWCASE), target, time=1_700_000_000) == []
    return target


def test_nothing_is_loaded_from_outside(showcase: Path) -> None:
    text = showcase.read_text(encoding="utf-8")
    body = text[text.index("<body>") : text.index("<!--", text.index("</main>"))]
    assert not re.search(
        r"<(?:script|link|iframe|object|embed)\b[^>]*(?:src|href)=", text[: text.index("<style>")] + body
    )
    assert set(re.findall(r'<img src="([a-z]+:)', body)) == {"data:"}


def test_the_policy_names_each_script(showcase: Path) -> None:
    text = showcase.read_text(encoding="utf-8")
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    assert "default-src 'none'" in policy[1]
    assert "unsafe-eval" not in policy[1]
    assert "'unsafe-inline'" not in policy[1].split("script-src")[1].split(";")[0]
    frame = text[: text.index("<body>")] + text[text.index("</main>") :]
    scripts = re.findall(r"<script>(.*?)</script>", frame, re.DOTALL)
    assert len(scripts) == 3 + len(writer.SCRIPTS)
    for script in scripts:
        assert base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() in policy[1]
    assert "MIT" in text
    assert writer.speaker_script()


def test_slides_are_named_sections_with_headings(showcase: Path) -> None:
    text = showcase.read_text(encoding="utf-8")
    assert '<html lang="zh-CN" dir="ltr" class="scroll">' in text
    assert "<main" in text
    names = [slide.name for slide in html_slides(showcase)]
    assert len(names) == len(set(names))
    for name in names:
        assert f'id="/{name}"' in text  # where links lead without scripts


def test_lists_are_lists_again(tmp_path: Path) -> None:
    bank = bank_of("### 1. A\n\n**答案：**\n\n3. one\n\n   more\n4. two\n   - inner\n5. three\n")
    target = tmp_path / "deck.slides.html"
    tiku.write(bank, target, time=1_700_000_000, answers="inline")
    text = re.sub(r' style="[^"]*"', "", target.read_text(encoding="utf-8"))
    wanted = (
        '<ol start="3"><li><p>one</p><p>more</p></li><li><p>two</p><ul><li><p>inner</p></li></ul></li>'
        "<li><p>three</p></li></ol>"
    )
    assert wanted in text


def test_right_to_left(tmp_path: Path) -> None:
    bank = bank_of("### 1. سؤال\n\n**الجواب:** نعم، هذا صحيح\n\n", language="ar")
    target = tmp_path / "deck.slides.html"
    tiku.write(bank, target, time=1_700_000_000)
    assert 'lang="ar" dir="rtl"' in target.read_text(encoding="utf-8")


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    target = tmp_path / "deck.slides.html"
    tiku.write(bank_of(HOSTILE), target, time=1_700_000_000)
    text = target.read_text(encoding="utf-8")
    slides = text[text.index('<main class="slides"') : text.index("</main>")]
    assert not re.search(r"<(script|iframe|object|embed)\b", slides)
    assert not re.search(r"<[^>]*\son\w+\s*=", slides)
    assert "javascript:" not in slides
    assert "\x01" not in slides
    assert "kept text" in slides


def test_a_missing_reveal_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    writer._vendor.cache_clear()
    monkeypatch.setattr(writer, "files", lambda _name: tmp_path)
    with pytest.raises(SetupError, match="make install"):
        writer._vendor("reveal.js")
    writer._vendor.cache_clear()


def test_themes_are_light_and_dark(tmp_path: Path) -> None:
    bank = bank_of("### 1. A\n\n**答案：** b\n")
    tiku.write(bank, tmp_path / "d.slides.html", theme="dark", time=1_700_000_000)
    assert 'data-theme="dark"' in (tmp_path / "d.slides.html").read_text(encoding="utf-8")
    with pytest.raises(UsageError, match="theme"):
        tiku.write(bank, tmp_path / "d.slides.html", theme="neon", time=1_700_000_000)
