"""Pictures on slides: which way up, how large."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING

import pytest
from PIL import Image

import tiku

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("turned", [1, 3, 6, 8])
def test_photos_stand_as_the_camera_was_held(turned: int, tmp_path: Path) -> None:
    """In both outputs in their true proportion; PowerPoint knows no orientation, so the picture itself is turned."""
    photo = Image.new("RGB", (80, 40), "white")
    photo.paste("red", (0, 0, 10, 10))  # in the upper left corner of what the sensor saw
    exif = Image.Exif()
    exif[0x0112] = turned
    photo.save(tmp_path / "p.jpg", exif=exif, quality=95)
    (tmp_path / "a.md").write_text("### 1. Photo\n\n**Question:** ![a photo](p.jpg)\n\n**Answer:** Yes.\n", "utf-8")
    bank = tiku.read(tmp_path / "a.md").bank
    tiku.write(bank, tmp_path / "a.pptx", time=1_700_000_000)
    tiku.write(bank, tmp_path / "a.slides.html", time=1_700_000_000)
    width, height = (40, 80) if turned > 4 else (80, 40)
    with zipfile.ZipFile(tmp_path / "a.pptx") as package:
        name = next(name for name in package.namelist() if "media" in name)
        shown = Image.open(io.BytesIO(package.read(name)))
        assert shown.size == (width, height)
        corner = {1: (4, 4), 3: (75, 35), 6: (35, 4), 8: (4, 75)}[turned]
        red, green, _ = shown.convert("RGB").getpixel(corner)
        assert red > 200
        assert green < 100
        slide = next(part for part in map(package.read, package.namelist()) if b"<p:pic>" in part).decode()
        found = re.search(r'<p:pic>.*?<a:ext cx="(\d+)" cy="(\d+)"', slide, re.DOTALL)
        assert found is not None
        assert int(found[1]) / int(found[2]) == pytest.approx(width / height, rel=0.02)
    page = (tmp_path / "a.slides.html").read_text("utf-8")
    size = re.search(r'<img [^>]*width="(\d+)" height="(\d+)"', page)
    assert size is not None
    assert int(size[1]) / int(size[2]) == pytest.approx(width / height, rel=0.05)
