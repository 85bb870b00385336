"""A user's own .pptx or .potx as the template: its masters, layouts, themes and pictures, without its slides."""

from __future__ import annotations

import posixpath
import re
import zipfile
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, ParseError, fromstring

from tiku.errors import ExportError
from tiku.exporters.pptx.template import Layout, Template, builtin
from tiku.exporters.pptx.xml import EMU, A, P, R, text
from tiku.render.slide import Box, Geometry

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 300_000_000
"""Bytes unpacked: a template is smaller, a zip bomb is not."""
_KEPT = frozenset(
    {"slideMaster", "slideLayout", "theme", "image", "notesMaster", "presProps", "tableStyles", "font", "themeOverride"}
)
"""Kinds of relationships that are followed; slides, comments, macros and settings of printers stay behind."""
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
        kept = self.kept()
        masters = [target for kind, target, _ in self.rels(self.main) if kind == "slideMaster"]
        if not masters:
            raise ValueError("no slide master")
        master = _placeholders(self.xml(masters[0]), {})
        layouts = [target for kind, target, _ in self.rels(masters[0]) if kind == "slideLayout"]
        found = [(name, self.xml(name).get("type", ""), _placeholders(self.xml(name), master)) for name in layouts]
        text_layout = _choose(found, ("obj", "tx"), lambda holders: "title" in holders and "body" in holders)
        title_layout = _choose(found, ("title",), lambda holders: "title" in holders) or text_layout
        if text_layout is None or title_layout is None:
            raise ExportError("the theme has no layout with a title and a text placeholder")
        section = _choose(found, ("secHead",), lambda _holders: False) or title_layout
        bare = _choose(found, ("titleOnly",), lambda holders: set(holders) == {"title"}) or text_layout
        ours = builtin(language)
        if not any("notesMaster" in name for name in kept):
            kept |= {name: data for name, data in ours.parts.items() if "notesMaster" in name or "themeNotes" in name}
        kept |= {name: ours.parts[name] for name in ("_rels/.rels", "docProps/app.xml", "ppt/viewProps.xml")}
        for name in ("ppt/presProps.xml", "ppt/tableStyles.xml"):
            kept.setdefault(name, ours.parts[name])
        defaults, overrides = self.types(kept)
        return Template(
            kept,
            {
                "title": _layout(title_layout, "subTitle"),
                "section": _layout(section, "body"),
                "text": _layout(text_layout, "body"),
                "bare": Layout(bare[0], bare[2]["title"][0], ""),
            },
            geometry=_geometry(width / factor, 540.0, factor, text_layout[2], title_layout[2], master),
            factor=factor,
            footers="ftr" in text_layout[2] and "sldNum" in text_layout[2],
            own=False,
            masters=self.masters(),
            default_text=self.default_text(),
            defaults=defaults,
            overrides=overrides,
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


def _placeholders(root: Element, master: dict[str, tuple[str, Box | None]]) -> dict[str, tuple[str, Box | None]]:
    """Placeholders by kind: the attributes that name them, and their boxes in points (their master's when they say none)."""
    out: dict[str, tuple[str, Box | None]] = {}
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
        inherited = master.get(kind, master.get("body", ("", None)) if kind == "subTitle" else ("", None))[1]
        out[kind] = (attributes, _box(frame) if frame is not None else inherited)
    return out


def _box(frame: Element) -> Box | None:
    offset, extent = frame.find(f"{{{A}}}off"), frame.find(f"{{{A}}}ext")
    if offset is None or extent is None:
        return None
    numbers = [
        int(offset.get("x", "0")),
        int(offset.get("y", "0")),
        int(extent.get("cx", "0")),
        int(extent.get("cy", "0")),
    ]
    return Box(*(number / EMU for number in numbers))


_Found = tuple[str, str, dict[str, tuple[str, "Box | None"]]]


def _choose(found: list[_Found], types: tuple[str, ...], fits: object) -> _Found | None:
    """The first layout of one of `types` that has a title, else the first that `fits`."""
    for name, kind, holders in found:
        if kind in types and "title" in holders and (kind not in {"obj", "tx"} or "body" in holders):
            return name, kind, holders
    return next((each for each in found if fits(each[2])), None)  # type: ignore[operator]


def _layout(found: _Found, body: str) -> Layout:
    name, _, holders = found
    holder = holders.get(body) or holders.get("subTitle") or holders.get("body")
    return Layout(name, holders["title"][0], holder[0] if holder else "")


def _geometry(
    width: float,
    height: float,
    factor: float,
    holders: dict[str, tuple[str, Box | None]],
    cover: dict[str, tuple[str, Box | None]],
    master: dict[str, tuple[str, Box | None]],
) -> Geometry:
    """The boxes of the layouts in points of a slide 540 high, mended where they leave no room for text."""

    def scaled(box: Box | None) -> Box | None:
        return Box(box.left / factor, box.top / factor, box.width / factor, box.height / factor) if box else None

    title = scaled(holders["title"][1]) or Box(width * 0.05, 26, width * 0.9, 76)
    body = scaled(holders["body"][1])
    foot = scaled((holders.get("sldNum") or master.get("sldNum") or ("", None))[1])
    foot_top = foot.top + max(0.0, (foot.height - 20) / 2) if foot and foot.top > height * 0.7 else height - 34
    if body is None or body.width < width * 0.4 or body.height < height * 0.4:
        top = min(title.top + title.height + 10, height * 0.4)
        body = Box(width * 0.05, top, width * 0.9, foot_top - top - 8)
    bottom = min(body.top + body.height, foot_top - 6)
    body = Box(body.left, body.top, body.width, max(120.0, bottom - body.top))
    cover_title = scaled(cover["title"][1]) or Box(width * 0.08, 150, width * 0.84, 130)
    sub = scaled((cover.get("subTitle") or cover.get("body") or ("", None))[1]) or Box(
        width * 0.08, 312, width * 0.84, 140
    )
    footer = Box(body.left, min(foot_top, height - 24), body.width, 20)
    return Geometry(width, height, title, body, footer, cover_title, sub)
