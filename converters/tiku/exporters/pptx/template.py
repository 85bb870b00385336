"""What a deck is built on: the parts of a presentation without slides, and its layouts."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from tiku.render.locales import primary
from tiku.render.slide import Geometry

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from tiku.render.slide import Box

EAST_ASIAN = {"ja": "Yu Gothic", "ko": "Malgun Gothic", "zh-hant": "Microsoft JhengHei"}


@dataclass(frozen=True, slots=True)
class Layout:
    """One slide layout."""

    part: str
    """Its name in the package: ``ppt/slideLayouts/slideLayout1.xml``."""
    title: str = 'type="title"'
    """The attributes of its title placeholder."""
    body: str = 'idx="1"'
    """The attributes of its placeholder for text; empty when it has none."""
    title_box: Box | None = None
    """Where a slide has to put the title, in points of the geometry, when the layout's own place does not do."""
    body_box: Box | None = None
    """The same for text."""


@dataclass(slots=True)
class Template:
    """Parts by name, and which layout serves which kind of slide."""

    parts: dict[str, bytes]
    layouts: dict[str, Layout]
    """For ``title``, ``section``, ``text`` (with a body) and ``bare`` (title alone)."""
    geometry: Geometry = field(default_factory=Geometry)
    factor: float = 1.0
    """Points of the slide in a point of the geometry."""
    footers: bool = True
    """Whether the layouts have placeholders for footer and number."""
    own: bool = True
    """Whether it is ours: a user's says itself how titles are aligned."""
    masters: list[tuple[str, str]] = field(
        default_factory=lambda: [("2147483648", "ppt/slideMasters/slideMaster1.xml")]
    )
    """The slide masters: id and part."""
    default_text: str = ""
    """Its ``p:defaultTextStyle``; ours when empty."""
    defaults: dict[str, str] = field(default_factory=dict)
    """Content types by suffix, besides ours."""
    overrides: dict[str, str] = field(default_factory=dict)
    """Content types by part."""


@cache
def _skeleton() -> dict[str, str]:
    out: dict[str, str] = {}

    def visit(folder: Traversable, prefix: str) -> None:
        for entry in sorted(folder.iterdir(), key=lambda each: each.name):
            name = prefix + entry.name
            if entry.is_dir():
                visit(entry, name + "/")
            else:
                out[name] = entry.read_text(encoding="utf-8")

    visit(files("tiku.exporters.pptx").joinpath("skeleton"), "")
    return out


def builtin(language: str) -> Template:
    """Our own template, its East Asian face chosen by `language`."""
    tag = language.lower()
    hant = primary(tag) == "zh" and any(part in tag for part in ("hant", "tw", "hk", "mo"))
    face = EAST_ASIAN.get("zh-hant" if hant else primary(tag), "Microsoft YaHei")
    # A name that begins with a dot would be left out of some archives, so the file is called otherwise.
    renamed = {"_rels/package.rels": "_rels/.rels"}
    parts = {renamed.get(name, name): text.replace("@EAST_ASIAN@", face).encode() for name, text in _skeleton().items()}
    folder = "ppt/slideLayouts/slideLayout"
    return Template(
        parts,
        {
            "title": Layout(f"{folder}1.xml", 'type="ctrTitle"', 'type="subTitle" idx="1"'),
            "section": Layout(f"{folder}2.xml", body='type="body" idx="1"'),
            "text": Layout(f"{folder}3.xml"),
            "bare": Layout(f"{folder}4.xml", body=""),
        },
    )
