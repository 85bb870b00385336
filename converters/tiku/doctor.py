"""Is everything here that tiku needs? ``tiku doctor`` looks, and says how to mend what is missing."""

from __future__ import annotations

import ctypes.util
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from tiku.errors import TikuError

if TYPE_CHECKING:
    from collections.abc import Iterator

_LIBRARIES = (
    ("pango-1.0", "Pango", True, "libpango-1.0-0"),
    ("pangoft2-1.0", "Pango for FreeType", True, "libpangoft2-1.0-0"),
    ("harfbuzz-subset", "HarfBuzz subset (without it fonts take 20 times longer)", False, "libharfbuzz-subset0"),
)
_PACKAGES = (
    ("weasyprint", "pdf"), ("pikepdf", "pdf"), ("ebooklib", "epub"), ("fontTools", "epub"), ("PIL", "epub"),
    ("resvg_py", "pptx"), ("ziamath", "all"),
)  # fmt: skip
_SCRIPTS = (
    ("zh-cn", "Simplified Chinese", "fonts-noto-cjk"), ("zh-tw", "Traditional Chinese", "fonts-noto-cjk"),
    ("ja", "Japanese", "fonts-noto-cjk"), ("ko", "Korean", "fonts-noto-cjk"), ("ar", "Arabic", "fonts-noto-core"),
    ("ru", "Cyrillic", "fonts-noto-core"), ("en", "Latin", "fonts-dejavu-core"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    good: bool
    text: str
    remedy: str = ""
    needed: bool = True
    """Whether something cannot be made without it."""


def examine() -> Iterator[Finding]:
    """Look at pandoc, libraries, packages and fonts, one finding each."""
    from tiku import pandoc

    try:
        yield Finding(True, f"pandoc {pandoc.version()}")
    except (TikuError, OSError) as error:
        yield Finding(False, f"pandoc: {error}", "pip install pypandoc_binary")
    for name, words, needed, package in _LIBRARIES:
        there = ctypes.util.find_library(name) is not None
        yield Finding(there, words, f"apt-get install {package}", needed)
    for module, extra in _PACKAGES:
        yield Finding(find_spec(module) is not None, f"Python package {module}", f"pip install 'tiku[{extra}]'")
    if shutil.which("fc-list") is None:
        yield Finding(False, "fontconfig", "apt-get install fontconfig")
        return
    for language, words, package in _SCRIPTS:
        done = subprocess.run(["fc-list", f":lang={language}", "family"], capture_output=True, text=True, check=False)
        there = bool(done.stdout.strip())
        yield Finding(there, f"a font for {words}", f"apt-get install {package}", needed=language in {"zh-cn", "en"})
