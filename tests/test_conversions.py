"""A picture's conversion is a step of its own: made once for all documents and builds."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from tiku.exporters.epub import pictures as of_epub
from tiku.exporters.pptx import pictures as of_pptx
from tiku.render.conversions import converted, remembering

if TYPE_CHECKING:
    import pytest

    from command import Command

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="40" height="30"><rect width="40" height="30" fill="red"/></svg>'
CONFIG = '[build]\nformats = ["pptx", "epub"]\njobs = 1\n[[bank]]\nsource = "*.md"\n'


def test_a_build_converts_a_picture_once(tiku: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    for module, name in ((of_pptx, "_drawn"), (of_pptx, "_converted"), (of_epub, "_encoded")):
        plain = getattr(module, name)
        monkeypatch.setattr(
            module, name, lambda *given, _plain=plain, _name=name: calls.append(_name) or _plain(*given)
        )
    Path("a.svg").write_text(SVG, encoding="utf-8")
    out = io.BytesIO()
    Image.new("RGB", (30, 20), "blue").save(out, "WEBP", lossless=True)
    Path("b.webp").write_bytes(out.getvalue())
    text = "## 1. Look\n\n![red](a.svg) ![blue](b.webp)\n\nAnswer: yes\n"
    Path("one.md").write_text(text, encoding="utf-8")
    Path("two.md").write_text(text, encoding="utf-8")
    Path("tiku.toml").write_text(CONFIG, encoding="utf-8")
    assert tiku("build").code == 0
    assert sorted(calls) == ["_converted", "_drawn", "_encoded"]
    before = Path("outputs/one.pptx").read_bytes()
    Path("one.md").write_text(text + "\nMore.\n", encoding="utf-8")
    assert tiku("build").code == 0
    assert len(calls) == 3
    Path("one.md").write_text(text, encoding="utf-8")
    assert tiku("build", "--no-cache").code == 0
    assert len(calls) == 9
    assert Path("outputs/one.pptx").read_bytes() == before


def test_without_a_memory_each_conversion_is_made() -> None:
    made: list[int] = []
    for _ in range(2):
        converted("x", b"1", lambda: made.append(1) or b"")  # type: ignore[func-returns-value]
    with remembering(lambda kind, data, make: b"kept"):
        assert converted("x", b"1", lambda: b"new") == b"kept"
    assert len(made) == 2
