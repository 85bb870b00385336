"""From pandoc's AST to a flow."""

from __future__ import annotations

import re
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from tiku.errors import SetupError
from tiku.markup import plain_text, safe_link
from tiku.problems import Problem
from tiku.render import mathematics
from tiku.render.highlight import highlight
from tiku.render.locales import direction
from tiku.render.paginate import linear, metrics, pictures, rawhtml
from tiku.render.paginate.flow import (
    BOLD,
    CODE,
    ITALIC,
    OBJECT,
    SMALLCAPS,
    STRIKE,
    SUB,
    SUPER,
    UNDERLINE,
    Cell,
    Code,
    Container,
    Formula,
    Item,
    Paragraph,
    Picture,
    Place,
    Rule,
    Run,
    Table,
)
from tiku.render.paginate.grid import MOST_COLUMNS, filled, spots

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tiku.model import Bank, Block, Inline
    from tiku.render.paginate.flow import Rows

_STYLES = {
    "Emph": ITALIC, "Strong": BOLD, "Underline": UNDERLINE, "Strikeout": STRIKE, "Superscript": SUPER,
    "Subscript": SUB, "SmallCaps": SMALLCAPS, "Span": 0,
}  # fmt: skip
_ALIGN = {"AlignLeft": "start", "AlignRight": "end", "AlignCenter": "center"}
_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_BIDI_CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_STRONG_LTR = re.compile("[A-Za-z\u00c0-\u02af\u0370-\u058f\u0900-\u1fff\u3040-\ud7ff]")
_ALL = sys.maxsize
"""All columns of a row are heads."""
_STRONG = re.compile(f"({_RTL.pattern})|{_STRONG_LTR.pattern}")
MAX_INDENTS = 5
"""Deeper lists are set no further in: hostile nesting must not eat the width of a slide."""
MARKER_EM = 1.6
"""Room for a bullet or a short number, em."""
LABEL_GAP = 0.35
"""Between the label of a choice and its text, em."""
WIDEST_LABEL = 10.0
"""In em: beside longer labels their text begins on the next line, or overhangs."""


def clean(text: str) -> str:
    """`text` without what XML cannot hold, and without controls that could turn the text after it around."""
    if text.isascii() and text.isprintable():
        return text
    return _BIDI_CONTROLS.sub("", _NOT_XML.sub("", text))


class Builder:
    """Makes flows for one bank; `problems` fills with what could not be taken as it is."""

    def __init__(self, bank: Bank, user: str) -> None:
        self.user = user
        """The exporter, for messages about missing libraries; its extra has the same name."""
        self.media = {media.name: media for media in bank.media}
        self.problems: list[Problem] = []
        self.file = ""
        self.line = 0
        self.objects: dict[str, tuple[float, float]] = {}
        """Width and height in em of the inline formulas met so far."""
        self._sizes: dict[str, tuple[float, float]] = {}
        self.rtl = direction(bank.language) == "rtl"
        self._serial = 0
        self._notes: list[list[Block]] = []
        self._calls = 0

    # -- blocks ---------------------------------------------------------------------------------------------------

    def flow(self, blocks: Iterable[Block]) -> list[Item]:
        """The items of `blocks`, with the footnotes called in them at the end."""
        out: list[Item] = []
        self._blocks(blocks, (), out)
        self._footnotes(out)
        return out

    def title(self, inlines: Iterable[Inline]) -> tuple[Run, ...]:
        """Inlines as runs of one line: no breaks, pictures as their alt text, formulas inline."""
        pieces = self._inlines(inlines, 0, "")
        flat: list[Run] = []
        for piece in pieces:
            if isinstance(piece, Picture):
                flat.append(Run(piece.alt))
            elif isinstance(piece, Formula):
                flat.append(self._inline_formula(piece.latex, 0))
            else:
                flat.append(piece._replace(text=piece.text.replace("\n", " ")))
        self._notes.clear()
        return self._joined(flat)

    def turned(self, text: str) -> bool:
        """Whether a paragraph of `text` runs from right to left.

        As most of its letters do, and without letters as the bank does. In a bank from right to left its first letter
        decides as well (Unicode Standard Annex 9, rule P2): its sentences are full of Latin names.
        """
        if text.isascii():
            return self.rtl and not _STRONG_LTR.search(text)
        first = _STRONG.search(text)
        if first is None or (self.rtl and first[1]):
            return self.rtl
        return len(_RTL.findall(text)) > len(_STRONG_LTR.findall(text))

    def container(self, kind: str, indent: float, start: int = 1, style: str = "", delimiter: str = "") -> Container:
        """A new container, unlike all others."""
        self._serial += 1
        return Container(kind, self._serial, indent, start, style, delimiter)

    def labelled(self, label: str, blocks: Iterable[Block]) -> list[Item]:
        """The items of `blocks` with a bold label before the first, on its line when that is text."""
        items = self.flow(blocks)
        lead = Run(label + " ", BOLD, tone="label")
        if items and isinstance(items[0], Paragraph) and not items[0].path:
            items[0].runs = (lead, *items[0].runs)
            return items
        return [Paragraph(runs=(Run(label, BOLD, tone="label"),), role="label", keep=True, rtl=self.rtl), *items]

    def choices(self, labelled: Iterable[tuple[str, list[Item], bool]]) -> list[Item]:
        """Choices as ``(label, items, whether correct)`` set as a list of their own."""
        rows = list(labelled)
        widest = max((metrics.measure((Run(f"{label}.", BOLD),)).width for label, _, _ in rows), default=0.0)
        box = self.container("choice", min(max(MARKER_EM, widest + LABEL_GAP), WIDEST_LABEL))
        out: list[Item] = []
        for index, (label, items, correct) in enumerate(rows):
            place = Place(box, index)
            if not items or not isinstance(items[0], Paragraph) or items[0].path:
                items = [Paragraph(role="choice"), *items]  # noqa: PLW2901 - the list gets its first line
            for item in items:
                item.path = (place, *item.path)
            head = items[0]
            if isinstance(head, Paragraph):
                head.first, head.role, head.correct = True, "choice", correct
                head.rtl = head.rtl or self.rtl
                head.runs = (Run(f"{label}.\t", BOLD, tone="label"), *head.runs)
                head.keep = len(items) > 1
            out += items
        return out

    def _blocks(self, blocks: Iterable[Block], path: tuple[Place, ...], out: list[Item]) -> None:
        for node in blocks:
            kind, content = node["t"], node.get("c")
            if kind in {"Para", "Plain"}:
                self._text(content, path, out)
            elif kind == "BulletList":
                self._list(self.container("bullet", self._indent(path, MARKER_EM)), content or [], path, out)
            elif kind == "OrderedList":
                (start, style, delimiter), items = content  # type: ignore[misc]
                digits = len(str(start + len(items)))
                indent = self._indent(path, MARKER_EM + 0.7 * max(0, digits - 1))
                box = self.container("number", indent, start, style["t"], delimiter["t"])
                self._list(box, items, path, out)
            elif kind == "CodeBlock":
                self._code(content, path, out)
            elif kind == "BlockQuote":
                self._blocks(content or [], (*path, Place(self.container("quote", self._indent(path, 1.0)), 0)), out)
            elif kind == "Div":
                self._blocks(content[1], path, out)  # type: ignore[index]
            elif kind == "Header":
                start = len(out)
                self._text(content[2], path, out)  # type: ignore[index]
                for item in out[start:]:
                    item.keep = True
                    if isinstance(item, Paragraph):
                        item.role = "heading"
                        item.runs = tuple(run._replace(style=run.style | BOLD) for run in item.runs)
            elif kind == "Table":
                self._table(content, path, out)
            elif kind == "Figure":
                self._figure(content, path, out)
            elif kind == "DefinitionList":
                self._definitions(content, path, out)
            elif kind == "LineBlock":
                joined: list[Inline] = []
                for index, verse in enumerate(content or []):
                    joined += [{"t": "LineBreak"}] if index else []
                    joined += verse
                self._text(joined, path, out)
            elif kind == "HorizontalRule":
                out.append(Rule(path=path))
            elif kind == "RawBlock":
                self._raw(content, path, out)
            else:
                self.complain("Q302", f"a block of type {kind} is shown as text")
                self._text([{"t": "Str", "c": plain_text([node])}], path, out)

    @staticmethod
    def _indent(path: tuple[Place, ...], wanted: float) -> float:
        return wanted if len(path) < MAX_INDENTS else 0.0

    def _list(self, box: Container, items: Iterable[list[Block]], path: tuple[Place, ...], out: list[Item]) -> None:
        for index, blocks in enumerate(items):
            here = (*path, Place(box, index))
            start = len(out)
            self._blocks(blocks, here, out)
            if len(out) == start:
                out.append(Paragraph(path=here))
            if (
                out[start].path[: len(here)] != here
                or len(out[start].path) > len(here)
                or not isinstance(out[start], Paragraph)
            ):
                out.insert(start, Paragraph(path=here, keep=True))  # the marker needs a line of its own
            out[start].first = True

    def _text(self, inlines: Any, path: tuple[Place, ...], out: list[Item]) -> None:
        pending: list[Run] = []
        found = 0

        def finish(*, keep: bool = False) -> None:
            runs = self._joined(pending, trim=True)
            pending.clear()
            if runs:
                text = "".join(run.text for run in runs)
                # Items of one list turn together: their marks stand on one side.
                rtl = self.rtl if path and self.rtl else self.turned(text)
                out.append(Paragraph(path=path, runs=runs, rtl=rtl, keep=keep))

        for piece in self._inlines(inlines, 0, ""):
            if isinstance(piece, Run):
                pending.append(piece)
                continue
            finish(keep=True)  # it says what is shown
            piece.path = path
            out.append(piece)
            found += 1
        finish()

    def _code(self, content: Any, path: tuple[Place, ...], out: list[Item]) -> None:
        (_, classes, _), code = content
        language = classes[0] if classes else ""
        rows: list[list[Run]] = [[]]
        for tone, text in highlight(clean(code.expandtabs(4)), language):
            for index, part in enumerate(text.split("\n")):
                if index:
                    rows.append([])
                if part:
                    rows[-1].append(Run(part, CODE, tone=tone))
        while len(rows) > 1 and not rows[-1]:
            rows.pop()
        out.append(Code(path=path, lines=tuple(tuple(row) for row in rows), language=language))

    def _figure(self, content: Any, path: tuple[Place, ...], out: list[Item]) -> None:
        _, (_, caption), blocks = content
        start = len(out)
        self._blocks(blocks, path, out)
        for item in out[start:]:
            item.keep = bool(caption)
        start = len(out)
        self._blocks(caption, path, out)
        for item in out[start:]:
            if isinstance(item, Paragraph):
                item.role, item.align, item.scale = "caption", "center", 0.85

    def _definitions(self, content: Any, path: tuple[Place, ...], out: list[Item]) -> None:
        for term, definitions in content:
            start = len(out)
            self._text(term, path, out)
            for item in out[start:]:
                item.keep = True
                if isinstance(item, Paragraph):
                    item.runs = tuple(run._replace(style=run.style | BOLD) for run in item.runs)
            inner = (*path, Place(self.container("plain", self._indent(path, MARKER_EM)), 0))
            for blocks in definitions:
                self._blocks(blocks, inner, out)

    def _raw(self, content: Any, path: tuple[Place, ...], out: list[Item]) -> None:
        if content[0].startswith("html"):
            for text in rawhtml.paragraphs(content[1]):
                self._text([{"t": "Str", "c": text}], path, out)
        elif content[1].strip():
            self.complain("Q302", f"raw {content[0]} is shown as its source")
            self._code((["", [], []], content[1]), path, out)

    # -- tables ---------------------------------------------------------------------------------------------------

    def _table(self, content: Any, path: tuple[Place, ...], out: list[Item]) -> None:
        _, (_, caption), specs, (_, head), bodies, (_, foot) = content
        start = len(out)
        self._blocks(caption, path, out)
        for item in out[start:]:
            item.keep = True
            if isinstance(item, Paragraph):
                item.role, item.scale = "caption", 0.85
        aligns = [_ALIGN.get(spec[0]["t"], "") for spec in specs]
        groups = [[(row, 0) for row in foot]]
        for _, heads, between, body in reversed(bodies):
            groups.insert(0, [*((row, _ALL) for row in between), *((row, heads) for row in body)])
        given = [row for group in groups for row, _ in group]
        width = max([len(specs), *(len(row[1]) for row in (*head, *given))])
        after: list[Item] = []
        shown = head if any(cell[4] for row in head for cell in row[1]) else []
        top = self._rows([(row, _ALL) for row in shown], width, aligns, after)
        rows = tuple(row for group in groups for row in self._rows(group, width, aligns, after))
        if not rows:
            top, rows = (), top
        columns = max((cell.column + cell.across for row in (*top, *rows) for cell in row), default=0)
        if 0 < columns <= MOST_COLUMNS:
            top, rows = filled(top, columns, head=True), filled(rows, columns)
        if columns:
            out.append(Table(path=path, columns=columns, head=top, rows=rows))
        for item in after:
            item.path = path
        out += after

    def _rows(self, given: list[tuple[Any, int]], width: int, aligns: list[str], after: list[Item]) -> Rows:
        """Rows of one part of a table, each with the number of its first columns that are heads."""
        out: list[tuple[Cell, ...]] = []
        places = spots([[(cell[2], cell[3]) for cell in row[1]] for row, _ in given], width)
        for (row, heads), here in zip(given, places, strict=True):
            cells: list[Cell] = []
            for (_, align, _, _, blocks), spot in zip(row[1], here, strict=True):
                items: list[Item] = []
                self._blocks(blocks, (), items)
                default = aligns[spot.column] if spot.column < len(aligns) else ""
                side = _ALIGN.get(align["t"], "") or default
                is_head = spot.column < heads
                paragraphs = tuple(self._cell_text(items, after, side, bold=is_head))
                cells.append(Cell(paragraphs, *spot, is_head))
            out.append(tuple(cells))
        return tuple(out)

    def _cell_text(self, items: list[Item], after: list[Item], side: str, *, bold: bool) -> Iterable[Paragraph]:
        """What a cell can hold: paragraphs; its pictures follow the table."""
        for item in items:
            runs: tuple[Run, ...] = ()
            if isinstance(item, Paragraph):
                runs = item.runs
                if item.path and item.first:
                    place = item.path[-1]
                    number = f"{place.container.start + place.number}. " if place.container.kind == "number" else "• "
                    runs = (Run(number), *runs)
            elif isinstance(item, Code):
                joined: list[Run] = []
                for index, row in enumerate(item.lines):
                    joined += [Run("\n", CODE)] if index else []
                    joined += row
                runs = tuple(joined)
            elif isinstance(item, Formula):
                runs = (self._inline_formula(item.latex, 0),)
            elif isinstance(item, Table):
                for cells in (*item.head, *item.rows):
                    for cell in cells:
                        yield from cell.paragraphs
                continue
            elif isinstance(item, Picture):
                after.append(item)
                runs = (Run(f"[{item.alt}]", ITALIC),) if item.alt else ()
            if runs:
                if bold:
                    runs = tuple(run._replace(style=run.style | BOLD) for run in runs)
                text = "".join(run.text for run in runs)
                yield Paragraph(runs=runs, align=side, role="cell", rtl=self.turned(text))

    # -- inlines --------------------------------------------------------------------------------------------------

    def _inlines(self, nodes: Any, style: int, link: str, language: str = "") -> list[Run | Picture | Formula]:
        out: list[Run | Picture | Formula] = []
        for node in nodes:
            kind, content = node["t"], node.get("c")
            if kind == "Str":
                out.append(Run(clean(content), style, link, "", "", language))
            elif kind in {"Space", "SoftBreak"}:
                out.append(Run(" ", style, link, "", "", language))
            elif kind == "LineBreak":
                out.append(Run("\n", style, link, "", "", language))
            elif kind == "Span":
                spoken = next((value for key, value in content[0][2] if key == "lang"), "")
                out += self._inlines(content[1], style, link, spoken or language)
            elif kind in _STYLES:
                out += self._inlines(content, style | _STYLES[kind], link, language)
            elif kind == "Code":
                out.append(Run(clean(content[1]).replace("\n", " "), style | CODE, link))
            elif kind == "Link":
                target = content[2][0]
                inner = self._inlines(content[1], style, target if safe_link(target) else link, language)
                out += inner or [Run(clean(target), style, target if safe_link(target) else link)]
            elif kind == "Math":
                out += self._formula(content, style)
            elif kind == "Image":
                out.append(self._picture(content, style, link))
            elif kind == "Quoted":
                left, right = "‘’" if content[0]["t"] == "SingleQuote" else "“”"
                inner = self._inlines(content[1], style, link, language)
                out += [Run(left, style, link), *inner, Run(right, style, link)]
            elif kind == "Cite":
                out += self._inlines(content[1], style, link, language)
            elif kind == "Note":
                self._notes.append(content)
                out.append(Run(f"[{self._calls + len(self._notes)}]", style | SUPER))
            elif kind == "RawInline":
                if content[0].startswith("html"):
                    if re.match(r"<\s*br\b", content[1], re.IGNORECASE):
                        out.append(Run("\n", style, link))
                elif content[1]:
                    out.append(Run(clean(content[1]), style | CODE))
            else:
                self.complain("Q302", f"an inline of type {kind} is shown as text")
                out.append(Run(clean(plain_text([node])), style, link))
        return out

    @staticmethod
    def _joined(pieces: Iterable[Any], *, trim: bool = False) -> tuple[Run, ...]:
        """Runs with neighbours set alike made one, blanks folded, and empty ones left out."""
        out: list[Run] = []
        for run in pieces:
            if not run.text:
                continue
            if out and not run.latex and not out[-1].latex and out[-1][1:] == run[1:]:
                out[-1] = run._replace(text=out[-1].text + run.text)
            else:
                out.append(run)
        if trim:
            while out and not out[0].latex and not out[0].text.strip(" \n"):
                out.pop(0)
            while out and not out[-1].latex and not out[-1].text.strip(" \n"):
                out.pop()
            if out and not out[0].latex:
                out[0] = out[0]._replace(text=out[0].text.lstrip(" \n"))
            if out and not out[-1].latex:
                out[-1] = out[-1]._replace(text=out[-1].text.rstrip(" \n"))
        return tuple(out)

    def _formula(self, content: Any, style: int) -> list[Run | Picture | Formula]:
        latex = clean(content[1]).strip()
        if find_spec("ziamath") is None:
            raise SetupError(f"'{self.user}' needs 'ziamath': pip install 'tiku[{self.user}]'")
        try:
            mathematics.mathml(latex, display=False)
            if content[0]["t"] == "DisplayMath":
                size = mathematics.picture(latex, display=True)
                return [Formula(latex=latex, width=size.width, height=size.height)]
            return [self._inline_formula(latex, style)]
        except mathematics.MathError as error:
            self.complain("Q303", f"formula '{latex[:60]}' shown as LaTeX: {error}")
            return [Run(latex.replace("\n", " "), style | CODE)]

    def _inline_formula(self, latex: str, style: int) -> Run:
        try:
            if latex not in self.objects:
                size = mathematics.picture(latex, display=False)
                # Another renderer's fonts are wider, and some set formulas in one line as text.
                flat = metrics.measure(linear.runs(latex, BOLD)).width
                self.objects[latex] = (max(size.width * 1.25, flat) + 2 * metrics.GAP, size.height * 1.15)
        except mathematics.MathError:
            return Run(latex, style | CODE)
        return Run(OBJECT, style, latex=latex)

    def _picture(self, content: Any, style: int, link: str) -> Run | Picture:
        _, alt, (name, title) = content
        words = clean(" ".join(plain_text(alt).split()))
        media = self.media.get(name)
        if name not in self._sizes:
            self._sizes[name] = pictures.size(media) if media else (0.0, 0.0)
        width, height = self._sizes[name]
        if not width or not height:
            self.complain("Q302", f"the picture '{words or name}' cannot be shown; its description stands in its place")
            return Run(f"[{words or name}]", style | ITALIC, link)
        return Picture(name=name, alt=words, title=clean(title), link=link, width=width, height=height)

    # -- the rest -------------------------------------------------------------------------------------------------

    def _footnotes(self, out: list[Item]) -> None:
        while self._notes:
            notes, self._notes = self._notes, []
            for blocks in notes:
                self._calls += 1
                start = len(out)
                self._blocks(blocks, (), out)
                for item in out[start:]:
                    if isinstance(item, Paragraph):
                        item.role, item.scale = "note", 0.85
                if len(out) > start and isinstance(head := out[start], Paragraph) and not head.path:
                    head.runs = (Run(f"[{self._calls}]", SUPER), Run(" "), *head.runs)
                else:
                    out.insert(
                        start, Paragraph(runs=(Run(f"[{self._calls}]", SUPER),), role="note", scale=0.85, keep=True)
                    )
        self._calls = 0

    def complain(self, code: str, message: str) -> None:
        """Add a problem about the place being set, once."""
        problem = Problem(code, message, self.file, self.line)
        if problem not in self.problems:
            self.problems.append(problem)
