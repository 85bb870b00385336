"""The file: reveal.js, our style and script, and a section for each slide."""

# ruff: noqa: E501 - markup is easier to check in one piece

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from html import escape
from importlib.resources import files
from itertools import chain, islice
from typing import TYPE_CHECKING

from tiku.errors import SetupError, UsageError
from tiku.exporters.slides.content import ContentWriter, number
from tiku.markup import scheme
from tiku.render import svg
from tiku.render.deck import Deck
from tiku.render.locales import direction, tag
from tiku.render.paginate.measure import Setter, gap, leading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tiku.exporters import ExportOptions
    from tiku.model import Bank
    from tiku.problems import Problem
    from tiku.render.slide import Slide

THEMES = ("", "light", "dark")
SCRIPTS = ("window.js", "jump.js", "deck.js", "scroll.js")
LONG = 300
"""From so many slides on a browser must not lay out all at once: assets/window.js and scroll.css."""
PART = 40
"""Slides that the page to scroll lays out together."""
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


def write(bank: Bank, path: Path, options: ExportOptions) -> list[Problem]:
    """Write `bank` as an HTML deck to `path`; return what could not be shown."""
    if options.theme not in THEMES:
        raise UsageError(f"'slides' has no theme '{options.theme}' (known: light, dark)")
    deck = Deck(bank, options.answers, "slides", explanation=str(options.settings["explanation"]), stepwise=True)
    page = _Page(bank, deck, options.theme)
    sections = (page.slide(slide) for slide in deck.slides())
    first = list(islice(sections, LONG))
    long = len(first) == LONG
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.write(page.before(long=long))
        if long:
            for part in _parts(chain(first, sections)):
                file.write('<div class="part">\n')
                file.writelines(part)
                file.write("</div>\n")
        else:
            file.writelines(first)
        file.write(page.after())
    return deck.problems


def _parts(sections: Iterator[str]) -> Iterator[list[str]]:
    """The sections in groups of `PART`, the last one smaller."""
    while part := list(islice(sections, PART)):
        yield part


@cache
def _vendor(name: str) -> str:
    """A file of reveal.js. Raises SetupError when it was never fetched."""
    resource = files("tiku").joinpath("vendor", "reveal", name)
    if not resource.is_file():
        raise SetupError("reveal.js is missing: run 'make install', or install tiku again from a wheel")
    text = resource.read_text(encoding="utf-8")
    return re.sub(r"//# sourceMappingURL=.*", "", text).replace("</script", "<\\/script")


@cache
def _asset(name: str) -> str:
    return files("tiku.exporters.slides").joinpath("assets", name).read_text(encoding="utf-8")


def _last_scripts() -> list[str]:
    """The scripts after the last slide."""
    return [_vendor("reveal.js"), _vendor("notes.js"), *map(_asset, SCRIPTS)]


def _hash(script: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() + "'"


@cache
def speaker_script() -> str:
    """The script inside the window that the notes plugin writes: the policy must name it."""
    found = re.search(r'document\.write\("((?:[^"\\]|\\.)*)"\)', _vendor("notes.js"), re.DOTALL)
    if not found:
        return ""

    def plain(escaped: re.Match[str]) -> str:
        sequence = escaped[1]
        return (
            chr(int(sequence[1:], 16))
            if sequence[0] in "xu" and len(sequence) > 1
            else _ESCAPES.get(sequence, sequence)
        )

    page = re.sub(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|.)", plain, found[1], flags=re.DOTALL)
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    return script[1] if script else ""


class _Page:
    def __init__(self, bank: Bank, deck: Deck, theme: str) -> None:
        self.bank = bank
        self.deck = deck
        self.theme = theme
        self.anchors = {question.id: f"q{place}" for place, question in enumerate(bank.questions, 1)}
        self.media = {media.name: media for media in bank.media}
        self.content = ContentWriter(self._link, self._picture, rtl=deck.rtl)

    def _link(self, target: str) -> str:
        if target.startswith("#"):
            name = target[1:]
            return f"#/{self.anchors.get(name, name)}" if name in self.anchors or name in self.deck.names else ""
        return target if scheme(target) in {"http", "https", "mailto", "tel", "ftp"} else ""

    def _picture(self, name: str) -> str:
        media = svg.harmless(self.media[name])
        return f"data:{media.mime};base64,{base64.b64encode(media.data).decode('ascii')}"

    # -- the frame ------------------------------------------------------------------------------------------------

    def before(self, *, long: bool) -> str:
        """Everything up to the first slide."""
        scripts = [_asset("first.js"), *_last_scripts()]
        hashes = " ".join(_hash(script) for script in [*scripts, speaker_script()] if script)
        policy = (
            f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data:; "
            "frame-src 'self' file:; base-uri 'none'; form-action 'none'"
        )
        terms = self.deck.terms
        kind = "scroll long" if long else "scroll"
        theme = f' data-theme="{self.theme}"' if self.theme else ""
        return (
            f'<!DOCTYPE html>\n<html lang="{escape(tag(self.bank.language))}" dir="{direction(self.bank.language)}" class="{kind}"{theme}>\n<head>\n'
            f'<meta charset="utf-8">\n<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n<meta name="generator" content="tiku">\n'
            f"<title>{escape(self.bank.title or terms['questions'])}</title>\n"
            f"<style>{_vendor('reset.css')}</style>\n<style media='screen'>{_vendor('reveal.css')}</style>\n"
            f"<style>{_asset('deck.css')}{_asset('scroll.css')}{_asset('print.css')}</style>\n"
            f"<script>{_asset('first.js')}</script>\n</head>\n<body>\n"
            f'<div class="reveal">\n<main class="slides" aria-label="{escape(self.bank.title or terms["questions"])}">\n'
        )

    def after(self) -> str:
        """Everything after the last slide."""
        return (
            "</main>\n</div>\n"
            f"<!--\n{_vendor('LICENSE')}\n-->\n"
            + "".join(f"<script>{script}</script>\n" for script in _last_scripts())
            + "</body>\n</html>\n"
        )

    # -- slides ---------------------------------------------------------------------------------------------------

    def slide(self, slide: Slide) -> str:
        """One slide as a section."""
        geometry = self.deck.geometry
        setter = Setter(geometry.body.width, geometry.body.height, self.deck.builder.objects, slide.limit)
        cut = slide.hidden_from if slide.hidden_from >= 0 else len(slide.items)
        inner = self.content.items(slide.items[:cut], slide.size, setter)
        if cut < len(slide.items):
            inner += f'<div class="fragment" data-show="{escape(self.deck.terms["show_answer"])}">{self.content.items(slide.items[cut:], slide.size, setter)}</div>'
        level = "h1" if slide.kind == "title" else "h2"
        title = f'<{level} class="title" id="/{slide.name}" style="font-size:{number(slide.title_size)}px;line-height:{number(leading(slide.title_size))}px">{self.content.runs(slide.title)}</{level}>'
        body = ""
        if inner:
            gaps = f"--gap:{number(gap(slide.size))}px;--first:{number(setter.gap(slide.items[0], slide.size))}px"
            style = f"font-size:{number(slide.size)}px;line-height:{number(leading(slide.size))}px;{gaps}"
            body = f'<div class="body" style="{style}"><div class="flow">{inner}</div></div>'
        foot = ""
        if slide.left or slide.progress or slide.link[1]:
            way = f'<a href="#/{slide.link[1]}">{escape(slide.link[0])}</a>' if slide.link[1] else ""
            foot = f'<footer><span class="where">{escape(slide.left)}</span>{way}<span class="count">{escape(slide.progress)}</span></footer>'
        notes = ""
        if slide.notes:
            notes = f'<aside class="notes">{self.content.items(slide.notes, 20.0, setter)}</aside>'
        classes = slide.kind + (" centred" if slide.centred else "")
        return f'<section id="{slide.name}" class="{classes}">{title}{body}{foot}{notes}</section>\n'
