"""The fonts that are installed: which families a language is set in, which file a family is, which characters have one.

fontconfig is asked once, through ``fc-list``; which families suit a language is told by ``fonts.toml``.
"""

from __future__ import annotations

import shutil
import subprocess
import tomllib
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

_FORMAT = (
    "%{family}\t%{style}\t%{weight}\t%{slant}\t%{variable}\t%{lang}\t%{file}\t%{index}\t%{fontversion}\t%{charset}\n"
)
_BOLD = 180
"""fontconfig's weight from which a face counts as bold (FC_WEIGHT_DEMIBOLD)."""
SCRIPTS_THAT_CRASH = frozenset({"sc", "tc", "hk", "jp", "kr"})
"""Groups without a font for which Pango ends the process instead of drawing boxes."""


@dataclass(frozen=True, slots=True)
class Face:
    """One face of one font file."""

    family: str
    bold: bool
    italic: bool
    variable: bool
    """A variable font: slow to embed, and with CFF2 outlines not valid in a PDF."""
    languages: frozenset[str]
    """In fontconfig's spelling: ``zh-cn``, ``ar``."""
    file: Path
    index: int
    """Which face of a collection (.ttc)."""
    charset: str
    """fontconfig's list of code points: hexadecimal ranges between blanks."""
    version: str = ""
    """As the font itself says."""


@cache
def faces() -> tuple[Face, ...]:
    """Every face that fontconfig knows, in a fixed order; empty without fontconfig."""
    if not shutil.which("fc-list"):
        return ()
    done = subprocess.run(
        ["fc-list", "--format", _FORMAT],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        check=False,
    )
    found: list[Face] = []
    for line in done.stdout.splitlines():
        fields = line.split("\t")
        if len(fields) != 10:
            continue
        names, _, weight, slant, variable, languages, file, index, version, charset = fields
        found.extend(
                Face(
                    name.strip(), _number(weight) >= _BOLD, _number(slant) > 0, variable == "True",
                    frozenset(languages.split("|")), Path(file), int(_number(index)) & 0xFFFF, charset, version,
                )
            for name in names.split(",")
        )  # fmt: skip
    return tuple(sorted(found, key=lambda face: (face.family, str(face.file), face.index, face.bold)))


def _number(text: str) -> float:
    # A variable font has a range: "[40 210]"; its lower end stands for it.
    first = text.strip("[]").split(" ")[0]
    try:
        return float(first)
    except ValueError:
        return 0.0


@cache
def families() -> frozenset[str]:
    """The names of all installed families."""
    return frozenset(face.family for face in faces())


def packages() -> tuple[str, ...]:
    """The Python packages that may bring fonts."""
    return tuple(_table()["packages"])


@cache
def packaged() -> dict[str, Path]:
    """Families that come with an installed Python package (the extra ``tiku[fonts]``), with their files."""
    found: dict[str, Path] = {}
    for package, names in _table()["packages"].items():
        spec = find_spec(package)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            for family, file in names.items():
                path = next(iter(sorted(Path(folder).rglob(file))), None)
                if path:
                    found.setdefault(family, path)
    return found


@cache
def _table() -> dict[str, Any]:
    return tomllib.loads(files("tiku.render").joinpath("fonts.toml").read_text(encoding="utf-8"))


def group(language: str) -> str:
    """The group of `fonts.toml` that a BCP 47 tag belongs to: ``sc`` for ``zh-CN``, ``latin`` by default."""
    parts = language.replace("_", "-").lower().split("-")
    groups: dict[str, str] = _table()["groups"]
    if "hant" in parts and parts[0] == "zh":
        return groups.get(f"zh-{parts[-1]}", "tc") if parts[-1] != "hant" else "tc"
    for end in range(len(parts), 0, -1):
        if found := groups.get("-".join(parts[:end])):
            return found
    return "latin"


@cache
def family_for(language: str, style: str = "serif") -> tuple[str, ...]:
    """The installed families that `language` is set in, best first; `style` is ``serif``, ``sans`` or ``mono``.

    Empty when there is none: see `has_font_for`.
    """
    return _installed(_table()[style].get(group(language), ()))


@cache
def stack(language: str, style: str = "serif") -> tuple[str, ...]:
    """A whole font-family list: the language's own, then what a mixed text may need besides.

    Emoji are not in it: they are found by fallback, and a colour font that is named also draws the digits.
    """
    table = _table()
    first = ["latin"] if style == "mono" else []
    order = [*first, group(language), *(name for name in table["rest"]["groups"])]
    names: list[str] = []
    for each in dict.fromkeys(order):
        # One family of a group is enough: the others only take its place where it is missing. CJK families are large
        # but not complete, so that a second one helps; that of another script would draw the Latin letters.
        own = each == group(language) and each in SCRIPTS_THAT_CRASH
        names += _installed(table[style].get(each, ()))[: 2 if own else 1]
    names += _installed(table["rest"]["symbols"])[:3]
    return tuple(dict.fromkeys(names))


def _installed(wanted: Any) -> tuple[str, ...]:
    there = families() | packaged().keys()
    return tuple(name for name in wanted if name in there)


@cache
def has_font_for(language: str) -> bool:
    """Whether a font for the script of `language` is installed."""
    name = group(language)
    known = _table()["known-by"][name]
    return bool(family_for(language, "serif") or family_for(language, "sans")) or any(
        known in face.languages for face in faces()
    )


@cache
def font_face(family: str, *, bold: bool = False) -> Face | None:
    """An upright face of `family`, a static one if there is one; with `bold` a real bold one."""
    fitting = [face for face in faces() if face.family == family and not face.italic]
    wanted = [face for face in fitting if face.bold == bold or (face.variable and bold)]
    return min(wanted, key=lambda face: face.variable, default=None)


def _points(path: Path) -> list[int]:
    """The code points that a font file has glyphs for."""
    from fontTools.ttLib import TTFont

    with TTFont(path, lazy=True) as font:
        return sorted(font.getBestCmap() or {})


@cache
def _charsets() -> tuple[str, ...]:
    """What the installed faces have glyphs for, each once; the longest first, as they are the likeliest to help."""
    return tuple(sorted({face.charset for face in faces()}, key=lambda charset: (-len(charset), charset)))


@cache
def _runs(charset: str) -> tuple[list[int], list[int]]:
    """Starts and ends of the runs of code points in fontconfig's `charset`."""
    starts: list[int] = []
    ends: list[int] = []
    for run in charset.split():
        first, _, last = run.partition("-")
        starts.append(int(first, 16))
        ends.append(int(last or first, 16))
    return starts, ends


@cache
def _packaged_points() -> frozenset[int]:
    """The code points of the fonts that come with packages and are not installed besides."""
    return frozenset(
        point for family, path in packaged().items() if family not in families() for point in _points(path)
    )


def covers(character: str) -> bool:
    """Whether any installed font has a glyph for `character`. Reads no more of the fonts' lists than it must."""
    point = ord(character)
    for charset in _charsets():
        starts, ends = _runs(charset)
        place = bisect_right(starts, point) - 1
        if place >= 0 and point <= ends[place]:
            return True
    return point in _packaged_points()
