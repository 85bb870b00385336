"""A user's own .pptx or .potx as the template: its masters, layouts, themes and pictures, without its slides."""

from __future__ import annotations

import posixpath
import re
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple
from xml.etree.ElementTree import Element, ParseError, fromstring

from tiku.errors import ExportError
from tiku.exporters.pptx.template import Layout, Template, builtin
from tiku.exporters.pptx.xml import EMU, A, P, R, text
from tiku.render.paginate.measure import leading
from tiku.render.slide import TITLE_SIZES, Box, Geometry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LARGEST = 300_000_000
"""Bytes unpacked: a template is smaller, a zip bomb is not."""
_KEPT = frozenset(
    {"slideMaster", "slideLayout", "theme", "image", "notesMaster", "presProps", "tableStyles", "font", "themeOverride"}
)
"""Kinds of relationships that are followed; slides, comments, macros and settings of printers stay behind."""
MARGIN = 14.0
"""Kept free at an edge of the slide that a placeholder reaches beyond, in points of a slide 540 high."""
_ROW = re.compile(r"<Relationship\b[^>]*>(?:\s*</Relationship>)?")


def load(path: Path, language: str) -> Template:
    """The template in the file `path`. Raises ExportError when it is no presentation or has no usable layout."""
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > LARGEST:
                raise ExportError(f"the theme '{path}' is larger than {LARGEST // 1_000_000} MB unpacked")
            parts = {entry.filename: archive.read(entry) for entry in archive.infolist() if not entry.is_dir()}
        return _Reader(parts).template(language)
    except OSError as error:
        raise ExportError(f"the theme '{path}' cannot be read: {error.strerror or error}") from error
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise ExportError(f"the theme '{path}' is no .pptx file: {error}") from error
    except (KeyError, ValueError, ParseError, StopIteration, TypeError) as error:
        raise ExportError(f"the theme '{path}' is damaged: {type(error).__name__} {error}") from error


class _Reader:
    def __init__(self, parts: dict[str, bytes]) -> None:
        self.parts = parts
        main = next(target for kind, target, _ in self.rels("") if kind == "officeDocument")
        self.main = main
        self.presentation = self.xml(main)

    def xml(self, name: str) -> Element:
        data = self.parts[name]
        if b"<!DOCTYPE" in data[:2000] or b"<!ENTITY" in data:
            raise ValueError(f"{name} declares entities")
        return fromstring(data)  # noqa: S314 - no entities, and the user's own file

    def rels(self, part: str) -> list[tuple[str, str, str]]:
        """Kind, target and id of each relationship inside the package."""
        folder, name = posixpath.split(part)
        path = posixpath.join(folder, "_rels", f"{name}.rels")
        if path not in self.parts:
            return []
        out = []
        for row in self.xml(path):
            if row.get("TargetMode") != "External":
                target = row.get("Target", "")
                target = target[1:] if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
                out.append((row.get("Type", "").rpartition("/")[2], target, row.get("Id", "")))
        return out

    # -- parts ----------------------------------------------------------------------------------------------------

    def kept(self) -> dict[str, bytes]:
        """Every part that masters, layouts and themes need, with relationships to these only."""
        out: dict[str, bytes] = {}
        queue = [target for kind, target, _ in self.rels(self.main) if kind in _KEPT]
        while queue:
            name = queue.pop()
            if name in out or name not in self.parts:
                continue
            out[name] = self.parts[name]
            followed = [row for row in self.rels(name) if row[0] in _KEPT and row[1] in self.parts]
            queue += [target for _, target, _ in followed]
            folder, base = posixpath.split(name)
            path = f"{folder}/_rels/{base}.rels"
            if path in self.parts:
                ids = {identifier for _, _, identifier in followed}
                out[path] = _filtered(self.parts[path].decode("utf-8"), ids)
                if lost := {identifier for _, _, identifier in self.rels(name)} - ids:
                    out[name] = _without(out[name], lost)
        return out

    def types(self, kept: dict[str, bytes]) -> tuple[dict[str, str], dict[str, str]]:
        """The content types of the kept parts: by suffix, and by name."""
        defaults: dict[str, str] = {}
        overrides: dict[str, str] = {}
        for row in self.xml("[Content_Types].xml"):
            if row.tag.endswith("Default"):
                defaults[row.get("Extension", "").lower()] = row.get("ContentType", "")
            elif (name := row.get("PartName", "").lstrip("/")) in kept:
                overrides[name] = row.get("ContentType", "")
        return defaults, overrides

    # -- layouts --------------------------------------------------------------------------------------------------

    def template(self, language: str) -> Template:
        """The whole."""
        size = self.presentation.find(f"{{{P}}}sldSz")
        if size is None:
            raise ValueError("no slide size")
        width, height = int(size.get("cx", "0")) / EMU, int(size.get("cy", "0")) / EMU
        if not (200 <= width <= 5000 and 200 <= height <= 5000):
            raise ValueError(f"a slide of {width:.0f} x {height:.0f} points")
        factor = height / 540
        slide = Box(0.0, 0.0, width / factor, 540.0)
        kept = self.kept()
        masters = [target for kind, target, _ in self.rels(self.main) if kind == "slideMaster"]
        if not masters:
            raise ValueError("no slide master")
        master = _placeholders(self.xml(masters[0]), {}, factor)
        parts = [target for kind, target, _ in self.rels(masters[0]) if kind == "slideLayout"]
        found = [self.layout(part, master, factor) for part in parts]
        text_layout = _choose(found, ("obj", "tx"), lambda holders: "title" in holders and "body" in holders)
        title_layout = _choose(found, ("title",), lambda holders: "title" in holders) or text_layout
        if text_layout is None or title_layout is None:
            raise ExportError("the theme has no layout with a title and a text placeholder")
        section = _choose(found, ("secHead",), lambda _holders: False) or title_layout
        bare = _choose(found, ("titleOnly",), lambda holders: set(holders) == {"title"}) or text_layout
        chosen = {"title": title_layout, "section": section, "text": text_layout, "bare": bare}
        layouts = {
            "title": _on_slide(title_layout, "subTitle", slide),
            "section": _on_slide(section, "body", slide),
            "text": _on_slide(text_layout, "body", slide),
            "bare": replace(_on_slide(bare, "", slide), body=""),
        }
        ours = builtin(language)
        if not any("notesMaster" in name for name in kept):
            kept |= {name: data for name, data in ours.parts.items() if "notesMaster" in name or "themeNotes" in name}
        kept |= {name: ours.parts[name] for name in ("_rels/.rels", "docProps/app.xml", "ppt/viewProps.xml")}
        for name in ("ppt/presProps.xml", "ppt/tableStyles.xml"):
            kept.setdefault(name, ours.parts[name])
        defaults, overrides = self.types(kept)
        return Template(
            kept,
            layouts,
            geometry=_geometry(slide, chosen, layouts, master),
            factor=factor,
            footers="ftr" in text_layout.holders and "sldNum" in text_layout.holders,
            own=False,
            masters=self.masters(),
            default_text=self.default_text(),
            defaults=defaults,
            overrides=overrides,
        )

    def layout(self, part: str, master: _Holders, factor: float) -> _Found:
        """The layout in `part`."""
        root = self.xml(part)
        content = root.find(f"{{{P}}}cSld")
        label = content.get("name", "") if content is not None else ""
        return _Found(
            part, root.get("type", ""), label or posixpath.basename(part), _placeholders(root, master, factor)
        )

    def masters(self) -> list[tuple[str, str]]:
        """The masters' ids and part names."""
        rels = {identifier: target for kind, target, identifier in self.rels(self.main) if kind == "slideMaster"}
        rows = self.presentation.findall(f"{{{P}}}sldMasterIdLst/{{{P}}}sldMasterId")
        return [(row.get("id", ""), rels[row.get(f"{{{R}}}id", "")]) for row in rows]

    def default_text(self) -> str:
        """The default text style as it is written, extensions left out."""
        found = re.search(rb"<p:defaultTextStyle\b.*?</p:defaultTextStyle>", self.parts[self.main], re.DOTALL)
        return re.sub(r"<a:extLst>.*?</a:extLst>", "", found[0].decode("utf-8"), flags=re.DOTALL) if found else ""


def _filtered(rels: str, ids: set[str]) -> bytes:
    """A relationships part with the rows of `ids` only."""

    def keep(row: re.Match[str]) -> str:
        found = re.search(r"""\bId\s*=\s*["']([^"']*)""", row[0])
        return row[0] if found and found[1] in ids else ""

    return _ROW.sub(keep, rels).encode()


def _without(part: bytes, ids: set[str]) -> bytes:
    """A part without the links and tags that used relationships which are gone."""
    out = part.decode("utf-8")
    for identifier in sorted(ids):
        out = re.sub(
            rf'<(a:hlink\w+|p:tags)\b[^>]*\br:(?:id|embed)="{re.escape(identifier)}"[^>]*?(?:/>|>.*?</\1>)',
            "",
            out,
            flags=re.DOTALL,
        )
    return re.sub(r"<p:custDataLst>\s*</p:custDataLst>", "", out).encode()


class _Holder(NamedTuple):
    """A placeholder."""

    attributes: str
    """Those that name it."""
    box: Box | None
    """In points of a slide 540 high; None when it says nowhere where it stands."""


_Holders = dict[str, _Holder]
"""Placeholders by kind."""


class _Found(NamedTuple):
    """A layout of the template."""

    part: str
    kind: str
    label: str
    """What PowerPoint calls it."""
    holders: _Holders


def _placeholders(root: Element, master: _Holders, factor: float) -> _Holders:
    """The placeholders of a layout or master; they stand where their master's do when they say nothing themselves."""
    out: _Holders = {}
    for shape in root.iter(f"{{{P}}}sp"):
        holder = shape.find(f"{{{P}}}nvSpPr/{{{P}}}nvPr/{{{P}}}ph")
        if holder is None:
            continue
        kind = holder.get("type", "body")
        kind = {"ctrTitle": "title", "obj": "body"}.get(kind, kind)
        if kind in out:
            continue
        attributes = " ".join(
            f'{key}="{text(holder.get(key, ""))}"' for key in ("type", "sz", "idx") if holder.get(key)
        )
        frame = shape.find(f"{{{P}}}spPr/{{{A}}}xfrm")
        inherited = master.get(kind) or (master.get("body") if kind == "subTitle" else None)
        box = _box(frame, factor) if frame is not None else inherited.box if inherited else None
        out[kind] = _Holder(attributes, box)
    return out


def _box(frame: Element, factor: float) -> Box | None:
    offset, extent = frame.find(f"{{{A}}}off"), frame.find(f"{{{A}}}ext")
    if offset is None or extent is None:
        return None
    numbers = [
        int(offset.get("x", "0")),
        int(offset.get("y", "0")),
        int(extent.get("cx", "0")),
        int(extent.get("cy", "0")),
    ]
    return Box(*(number / EMU / factor for number in numbers))


def _choose(found: list[_Found], types: tuple[str, ...], fits: Callable[[_Holders], bool]) -> _Found | None:
    """The first layout of one of `types` that has a title, else the first that `fits`."""
    for each in found:
        holders = each.holders
        if each.kind in types and "title" in holders and (each.kind not in {"obj", "tx"} or "body" in holders):
            return each
    return next((each for each in found if fits(each.holders)), None)


def _on_slide(found: _Found, body: str, slide: Box) -> Layout:
    """A layout for us, its boxes cut off where they reach beyond `slide`. Raises ExportError when too little is left."""
    holders = found.holders
    title = holders["title"]
    text_holder = holders.get(body) or holders.get("subTitle") or holders.get("body")
    least = slide.height / 3 if body == "body" and found.kind != "secHead" else leading(TITLE_SIZES[-1])
    boxes: list[Box | None] = []
    for holder, height in ((title, leading(TITLE_SIZES[-1])), (text_holder if body else None, least)):
        box = _clipped(holder.box, slide) if holder and holder.box else None
        if box and (box.width < slide.width / 3 or box.height < height):
            raise ExportError(
                f"the layout '{found.label}' of the theme reaches so far beyond its slide that too little is left for text: "
                "move its placeholders onto the slide, or give the slides the size that the layouts were made for"
            )
        boxes.append(box)
    return Layout(found.part, title.attributes, text_holder.attributes if text_holder else "", boxes[0], boxes[1])


def _clipped(box: Box, slide: Box) -> Box | None:
    """What of `box` is on the slide, with a margin where it was cut; None when all of it is."""
    right, bottom = box.left + box.width, box.top + box.height
    near = 1.0  # rounding is no fault
    left = box.left if box.left > -near else MARGIN
    top = box.top if box.top > -near else MARGIN
    right = right if right < slide.width + near else slide.width - MARGIN
    bottom = bottom if bottom < slide.height + near else slide.height - MARGIN
    cut = Box(left, top, right - left, bottom - top)
    return None if _same(cut, box) else cut


def _same(one: Box, other: Box) -> bool:
    pairs = ((one.left, other.left), (one.top, other.top), (one.width, other.width), (one.height, other.height))
    return all(abs(a - b) < 0.01 for a, b in pairs)


def _geometry(slide: Box, chosen: dict[str, _Found], layouts: dict[str, Layout], master: _Holders) -> Geometry:
    """The boxes of the layouts, mended where they leave no room for text."""

    def titles(first: str, second: str, otherwise: Box) -> Box:
        """The title's box of one layout, no larger than that of another which is measured by it too."""
        boxes = [layouts[kind].title_box or chosen[kind].holders["title"].box or otherwise for kind in (first, second)]
        return replace(boxes[0], width=min(box.width for box in boxes), height=min(box.height for box in boxes))

    width, height = slide.width, slide.height
    holders, cover = chosen["text"].holders, chosen["title"].holders
    title = titles("text", "bare", Box(width * 0.05, 26, width * 0.9, 76))
    body = layouts["text"].body_box or holders["body"].box
    number = holders.get("sldNum") or master.get("sldNum")
    foot = number.box if number else None
    foot_top = height - 34
    if foot and height * 0.7 < foot.top < height - 20:
        foot_top = foot.top + max(0.0, (foot.height - 20) / 2)
    if body is None or body.width < width * 0.4 or body.height < height * 0.4:
        top = min(title.top + title.height + 10, height * 0.4)
        body = Box(width * 0.05, top, width * 0.9, foot_top - top - 8)
    bottom = min(body.top + body.height, foot_top - 6)
    body = Box(body.left, body.top, body.width, max(120.0, bottom - body.top))
    cover_title = titles("title", "section", Box(width * 0.08, 150, width * 0.84, 130))
    below = cover.get("subTitle") or cover.get("body")
    sub = layouts["title"].body_box or (below.box if below else None) or Box(width * 0.08, 312, width * 0.84, 140)
    footer = Box(body.left, min(foot_top, height - 24), body.width, 20)
    return Geometry(width, height, title, body, footer, cover_title, sub)
