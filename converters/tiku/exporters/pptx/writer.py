"""A deck as a package of parts, written straight into the zip file: the time grows with the slides, not their square."""

# ruff: noqa: E501 - markup is easier to check in one piece

from __future__ import annotations

import datetime as dt
import posixpath
import re
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from tiku.exporters.pptx import pictures
from tiku.exporters.pptx.shapes import ShapeWriter
from tiku.exporters.pptx.template import Template, builtin
from tiku.exporters.pptx.text import TextWriter
from tiku.exporters.pptx.xml import DECLARATION, NAMESPACES, PACKAGE_RELS, R, emu, language_tag, text
from tiku.problems import Problem
from tiku.render.archive import MOST, Archive
from tiku.render.deck import Deck
from tiku.render.paginate.flow import Paragraph, Picture
from tiku.render.paginate.measure import Setter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tiku.exporters import ExportOptions
    from tiku.model import Bank
    from tiku.render.slide import Slide

_TREE = (
    '<p:nvGrpSpPr><p:cNvPr id="1" name=""/><p:cNvGrpSpPr/><p:nvPr/></p:nvGrpSpPr><p:grpSpPr><a:xfrm><a:off x="0" y="0"/>'
    '<a:ext cx="0" cy="0"/><a:chOff x="0" y="0"/><a:chExt cx="0" cy="0"/></a:xfrm></p:grpSpPr>'
)
# Text boxes take their fonts from here in LibreOffice; without it a run may keep the font of the one before it.
_DEFAULT_TEXT = (
    "<p:defaultTextStyle>"
    + "".join(
        f'<a:lvl{level}pPr marL="0" algn="l" rtl="0"><a:defRPr sz="1800" kern="1200"><a:solidFill><a:schemeClr val="tx1"/></a:solidFill>'
        f'<a:latin typeface="+mn-lt"/><a:ea typeface="+mn-ea"/><a:cs typeface="+mn-cs"/></a:defRPr></a:lvl{level}pPr>'
        for level in range(1, 10)
    )
    + "</p:defaultTextStyle>"
)
NEAR = 8
"""Most links lead to a slide at most so many further on: then relationships need not be kept for the whole deck."""
_TYPE = "application/vnd.openxmlformats-officedocument.presentationml"
_TYPES = {
    "ppt/slideMasters/": f"{_TYPE}.slideMaster+xml", "ppt/slideLayouts/": f"{_TYPE}.slideLayout+xml",
    "ppt/notesMasters/": f"{_TYPE}.notesMaster+xml", "ppt/presProps": f"{_TYPE}.presProps+xml",
    "ppt/viewProps": f"{_TYPE}.viewProps+xml", "ppt/tableStyles": f"{_TYPE}.tableStyles+xml",
    "ppt/theme/": "application/vnd.openxmlformats-officedocument.theme+xml",
    "docProps/app": "application/vnd.openxmlformats-officedocument.extended-properties+xml",
}  # fmt: skip


def write(bank: Bank, path: Path, options: ExportOptions) -> list[Problem]:
    """Write `bank` as a deck to `path`; return what could not be shown."""
    if options.theme:
        from tiku.exporters.pptx.usertemplate import load

        template = load(Path(options.theme), bank.language)
    else:
        template = builtin(bank.language)
    deck = Deck(
        bank, options.answers, "pptx", explanation=str(options.settings["explanation"]), geometry=template.geometry
    )
    when = dt.datetime.fromtimestamp(options.time, dt.UTC)
    with path.open("wb") as file, Archive(file, when) as archive:
        package = _Package(bank, template, archive, when)
        for slide in deck.slides():
            package.slide(slide, deck)
        package.finish()
    if archive.count > MOST:
        said = f"{package.count:,} slides make {archive.count:,} parts, and LibreOffice opens no file of 65,535 or more"
        package.problems.append(Problem("Q307", said, deck.builder.file, 0))
    return [*deck.problems, *package.problems]


class _Package:
    def __init__(self, bank: Bank, template: Template, archive: Archive, when: dt.datetime) -> None:
        self.bank = bank
        self.template = template
        self.archive = archive
        self.when = when
        self.language = language_tag(bank.language)
        self.problems: list[Problem] = []
        self.names: dict[str, int] = {}
        self.count = 0
        self.rels: dict[int, list[tuple[str, str]]] = {}
        """Of the slides so far, until all slides that they name have their numbers."""
        self.noted: list[int] = []
        self.media = {media.name: media for media in bank.media}
        self.fills: dict[str, str] = {}
        self.files: dict[str, str] = {}
        self.notes_master = next(name for name in template.parts if re.fullmatch(r"ppt/notesMasters/[^/]+\.xml", name))
        self.anchors = {question.id: f"q{number}" for number, question in enumerate(bank.questions, 1)}
        # First what makes `file` and archive tools see a presentation.
        self.put("_rels/.rels", template.parts["_rels/.rels"])
        self.put("docProps/core.xml", self._core())

    def put(self, name: str, content: bytes | str | Iterable[str]) -> None:
        self.archive.put(name, content, deflate=not name.endswith((".png", ".jpg")))

    # -- slides ---------------------------------------------------------------------------------------------------

    def slide(self, slide: Slide, deck: Deck) -> None:
        """Write one slide; its relationships are kept until all slides have their numbers."""
        self.count = number = self.count + 1
        self.names[slide.name] = number
        has_text = any(isinstance(item, Paragraph) for item in slide.items)
        kind = {"title": "title", "section": "section"}.get(slide.kind, "text" if has_text else "bare")
        layout = self.template.layouts[kind]
        rels: list[tuple[str, str]] = [("slideLayout", layout.part)]
        self.rels[number] = rels

        def relate(what: str, target: str) -> str:
            pair = (what, target)
            if pair not in rels:
                rels.append(pair)
            return f"rId{rels.index(pair) + 1}"

        geometry = self.template.geometry
        setter = Setter(geometry.body.width, geometry.body.height, deck.builder.objects, slide.limit)
        anchored = self.anchors
        own = self.template.own
        writer = TextWriter(
            self.language,
            setter,
            self.template.factor,
            relate,
            lambda name: anchored.get(name) or (name if name in deck.names or name == slide.link[1] else ""),
            own=own,
            rtl=deck.rtl,
        )
        shapes = ShapeWriter(writer, lambda name: self._fill(name, relate, deck))
        cover = slide.kind in {"title", "section"}
        align = "" if not own else "ctr" if cover else "r" if deck.rtl else "l"
        words = shapes.line_of_text(slide.title, slide.title_size, align=align)
        shapes.placeholder("Title", layout.title, layout.title_box, words, "" if not own else "b" if cover else "ctr")
        if cover:
            if slide.items:
                below = [item for item in slide.items if isinstance(item, Paragraph)]
                for item in below:
                    item.align = item.align if own else "inherit"
                paragraphs = writer.paragraphs(below, slide.size)
                if layout.body:
                    shapes.placeholder("Subtitle", layout.body, layout.body_box, paragraphs, "t" if own else "")
                else:
                    shapes.box("Subtitle", geometry.subtitle, paragraphs)
        else:
            shapes.body(slide.items, slide.size, geometry.body, slide.height, centred=slide.centred, holder=layout.body)
            shapes.footer(geometry.footer, slide.left, slide.progress, slide.link, holders=self.template.footers)
        if slide.notes:
            relate("notesSlide", f"ppt/notesSlides/notesSlide{number}.xml")
            self.noted.append(number)
            self._notes(number, slide, deck)
        tree = f"<p:cSld><p:spTree>{_TREE}{''.join(shapes.out)}</p:spTree></p:cSld><p:clrMapOvr><a:masterClrMapping/></p:clrMapOvr>"
        self.put(f"ppt/slides/slide{number}.xml", f"{DECLARATION}<p:sld {NAMESPACES}>{tree}</p:sld>")
        self._relate_slide(number - NEAR)

    def _notes(self, number: int, slide: Slide, deck: Deck) -> None:
        from tiku.exporters.pptx.notes import notes_slide

        for item in slide.notes:
            if isinstance(item, Picture):
                said = f"speaker notes cannot show the picture '{item.alt or item.name}'; its description stands in its place"
                deck.builder.complain("Q302", said)
        self.put(
            f"ppt/notesSlides/notesSlide{number}.xml", notes_slide(slide.notes, self.language, deck.builder.objects)
        )
        rels = [("notesMaster", self.notes_master), ("slide", f"ppt/slides/slide{number}.xml")]
        self.put(f"ppt/notesSlides/_rels/notesSlide{number}.xml.rels", self._rels(rels, "ppt/notesSlides"))

    def _fill(self, name: str, relate: Callable[[str, str], str], deck: Deck) -> str:
        if name not in self.files:
            found = pictures.embeddable(self.media[name])
            self.files[name] = ""
            if found:
                suffix, data = found
                self.files[name] = f"ppt/media/{name.rpartition('.')[0]}.{suffix}"
                self.put(self.files[name], data)
                if self.media[name].mime == "image/svg+xml":
                    self.put(f"ppt/media/{name}", pictures.harmless_svg(self.media[name].data))
            else:
                self.problems.append(
                    Problem(
                        "Q302",
                        f"the picture {name} cannot be drawn; its description stands in its place",
                        deck.builder.file,
                        deck.builder.line,
                    )
                )
        if not self.files[name]:
            return ""
        embed = relate("image", self.files[name])
        vector = ""
        if self.media[name].mime == "image/svg+xml":
            other = relate("image", f"ppt/media/{name}")
            vector = (
                '<a:extLst><a:ext uri="{96DAC541-7B7A-43D3-8B79-37D633B846F1}"><asvg:svgBlip '
                f'xmlns:asvg="http://schemas.microsoft.com/office/drawing/2016/SVG/main" r:embed="{other}"/></a:ext></a:extLst>'
            )
        return (
            f'<p:blipFill><a:blip r:embed="{embed}">{vector}</a:blip><a:stretch><a:fillRect/></a:stretch></p:blipFill>'
        )

    # -- the rest of the package ---------------------------------------------------------------------------------------

    def _rels(self, rels: Iterable[tuple[str, str]], folder: str) -> Iterator[str]:
        """A list of relationships, in pieces: that of the presentation names every slide."""
        yield f'{DECLARATION}<Relationships xmlns="{PACKAGE_RELS}">'
        for index, (kind, target) in enumerate(rels, 1):
            external = ""
            where = target
            if kind == "hyperlink":
                external = ' TargetMode="External"'
            elif kind == "slide" and not target.startswith("ppt/"):
                where = f"slide{self.names.get(target, 1)}.xml"
            else:
                where = posixpath.relpath(target, folder)
            yield f'<Relationship Id="rId{index}" Type="{R}/{kind}" Target="{text(where)}"{external}/>'
        yield "</Relationships>"

    def _relate_slide(self, number: int, *, last: bool = False) -> None:
        """Write the relationships of a slide, unless they name a slide that is still to come."""
        rels = self.rels.get(number, [])
        known = all(kind != "slide" or target in self.names for kind, target in rels)
        if rels and (known or last):
            del self.rels[number]
            self.put(f"ppt/slides/_rels/slide{number}.xml.rels", self._rels(rels, "ppt/slides"))

    def finish(self) -> None:
        """Write what needs the number of slides: relationships, the presentation, the list of types."""
        for number in [*self.rels]:
            self._relate_slide(number, last=True)
        notes = bool(self.noted)
        kept = [name for name in self.template.parts if name != "_rels/.rels" and (notes or not self._only_notes(name))]
        for name in kept:
            self.put(name, self.template.parts[name])
        numbers = range(1, self.count + 1)
        masters = "".join(
            f'<p:sldMasterId id="{text(number)}" r:id="rId{place}"/>'
            for place, (number, _) in enumerate(self.template.masters, 1)
        )
        first = len(self.template.masters)
        notes_list = ""
        rest = [
            ("presProps", "ppt/presProps.xml"),
            ("viewProps", "ppt/viewProps.xml"),
            ("theme", self._theme()),
            ("tableStyles", "ppt/tableStyles.xml"),
        ]
        if notes:
            rest.insert(0, ("notesMaster", self.notes_master))
            notes_list = (
                f'<p:notesMasterIdLst><p:notesMasterId r:id="rId{first + self.count + 1}"/></p:notesMasterIdLst>'
            )
        geometry, k = self.template.geometry, self.template.factor
        size = f'<p:sldSz cx="{emu(geometry.width * k)}" cy="{emu(geometry.height * k)}"/><p:notesSz cx="6858000" cy="9144000"/>'
        head = f'{DECLARATION}<p:presentation {NAMESPACES} saveSubsetFonts="1"><p:sldMasterIdLst>{masters}</p:sldMasterIdLst>{notes_list}<p:sldIdLst>'
        slides = (f'<p:sldId id="{255 + number}" r:id="rId{number + first}"/>' for number in numbers)
        foot = f"</p:sldIdLst>{size}{self.template.default_text or _DEFAULT_TEXT}</p:presentation>"
        self.put("ppt/presentation.xml", chain([head], slides, [foot]))
        rels = chain(
            (("slideMaster", part) for _, part in self.template.masters),
            (("slide", f"ppt/slides/slide{number}.xml") for number in numbers),
            rest,
        )
        self.put("ppt/_rels/presentation.xml.rels", self._rels(rels, "ppt"))
        self.put("[Content_Types].xml", self._types(kept))

    def _theme(self) -> str:
        """The theme of the first master."""
        folder, name = posixpath.split(self.template.masters[0][1])
        rels = self.template.parts[f"{folder}/_rels/{name}.rels"].decode("utf-8")
        found = re.search(r'Target="([^"]*theme[^"/]*\.xml)"', rels)
        return posixpath.normpath(posixpath.join(folder, found[1])).lstrip("/") if found else "ppt/theme/theme1.xml"

    @staticmethod
    def _only_notes(name: str) -> bool:
        return "notesMaster" in name or "themeNotes" in name

    def _types(self, parts: list[str]) -> Iterator[str]:
        """The content type of every part, in pieces."""
        suffixes = {
            suffix: kind for suffix, kind in self.template.defaults.items() if suffix not in {"rels", "xml"}
        } | {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "svg": "image/svg+xml"}
        yield f'{DECLARATION}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        yield '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        yield '<Default Extension="xml" ContentType="application/xml"/>'
        for suffix, kind in suffixes.items():
            yield f'<Default Extension="{suffix}" ContentType="{kind}"/>'
        for name, kind in self._kinds(parts):
            yield f'<Override PartName="/{name}" ContentType="{kind}"/>'
        yield "</Types>"

    def _kinds(self, parts: list[str]) -> Iterator[tuple[str, str]]:
        yield "ppt/presentation.xml", f"{_TYPE}.presentation.main+xml"
        yield "docProps/core.xml", "application/vnd.openxmlformats-package.core-properties+xml"
        for name in parts:
            kind = self.template.overrides.get(name) or next(
                (value for prefix, value in _TYPES.items() if name.startswith(prefix) and not name.endswith(".rels")),
                "",
            )
            if kind:
                yield name, kind
        for number in range(1, self.count + 1):
            yield f"ppt/slides/slide{number}.xml", f"{_TYPE}.slide+xml"
        for number in self.noted:
            yield f"ppt/notesSlides/notesSlide{number}.xml", f"{_TYPE}.notesSlide+xml"

    def _core(self) -> str:
        stamp = self.when.strftime("%Y-%m-%dT%H:%M:%SZ")
        creator = ", ".join(self.bank.authors)
        return (
            f'{DECLARATION}<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
            'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:dcterms="http://purl.org/dc/terms/" '
            'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
            f"<dc:title>{text(self.bank.title)}</dc:title><dc:creator>{text(creator)}</dc:creator>"
            f"<dc:language>{self.language}</dc:language>"
            f'<dcterms:created xsi:type="dcterms:W3CDTF">{stamp}</dcterms:created>'
            f'<dcterms:modified xsi:type="dcterms:W3CDTF">{stamp}</dcterms:modified></cp:coreProperties>'
        )
