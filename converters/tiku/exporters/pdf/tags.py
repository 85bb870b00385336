"""The structure tree: every marked content owned or an artifact, lists as the standard wants them, nothing needless."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pikepdf
from pikepdf import Array, Dictionary, Name

from tiku.exporters.pdf import spacing

if TYPE_CHECKING:
    from pathlib import Path

_MARKED = re.compile(rb"/(\w+)\s*<<\s*/MCID (\d+)\s*>>\s*BDC")
_HEADING = re.compile(r"/H[1-6]")
_NEEDLESS = {"/Span", "/NonStruct"}


class Tree:
    """The structure tree of one file while it is cleaned."""

    def __init__(self, pdf: pikepdf.Pdf, *, chunk: bool = False) -> None:
        self.chunk = chunk
        """Whether this is only a part of a book."""
        self.pdf = pdf
        self.root = pdf.Root.StructTreeRoot
        self.pages = {page.obj.objgen: index for index, page in enumerate(pdf.pages)}
        self.owners: list[dict[int, Any]] = [{} for _ in pdf.pages]
        """For each page the owner of each marked content."""
        self.headings: list[Any] = []
        self.tables: list[Any] = []
        self.spaces: dict[Any, dict[bytes, tuple[bytes, float]]] = {}
        self.annotations: list[tuple[Any, Any]] = []
        """(annotation, its owner) in reading order."""

    def clean(self) -> None:
        """Rewrite tree, parent tree and the marks in the pages."""
        document = self.root.K[0] if isinstance(self.root.K, Array) else self.root.K
        self._element(document)
        document.P = self.root
        self._headings()
        for table in self.tables:
            self._table(table)
        for index, page in enumerate(self.pdf.pages):
            self._page(page, self.owners[index])
        self.write_parents()

    def write_parents(self) -> None:
        """The parent tree: for each page its owners by mark, then the owner of each annotation."""
        numbers: list[Any] = []
        for index, page in enumerate(self.pdf.pages):
            owned = self.owners[index]
            page.obj.StructParents = index
            row = [owned.get(mark) for mark in range(max(owned, default=-1) + 1)]
            numbers += [index, self.pdf.make_indirect(Array(row))]
        key = len(self.pdf.pages)
        for annotation, owner in self.annotations:
            annotation.StructParent = key
            numbers += [key, owner]
            key += 1
        self.root.ParentTree = self.pdf.make_indirect(Dictionary(Nums=Array(numbers)))
        self.root.ParentTreeNextKey = key

    def _element(self, element: Any) -> None:
        """Clean `element` and all below it: elements, marks on its own page, references to annotations."""
        kids: list[Any] = []
        kind = str(element.S)
        page = element.get("/Pg")
        if _HEADING.fullmatch(kind):
            self.headings.append(element)
        elif kind == "/Table":
            self.tables.append(element)
        for kid in element.get("/K", ()):
            if not isinstance(kid, Dictionary):
                kids.append(int(kid))
                continue
            if kid.get("/Type") == Name.OBJR:
                kids.append(kid)
                self.annotations.append((kid.Obj, element))
                continue
            self._element(kid)
            inner = kid.get("/K")
            if inner is None and str(kid.S) not in {"/TD", "/TH", "/Figure"}:
                continue
            same_page = page is not None and kid.get("/Pg") is not None and kid.Pg.objgen == page.objgen
            hoisted = list(inner) if inner is not None else []
            if same_page and "/A" not in kid and "/Lang" not in kid and self._needless(kid, hoisted):
                for each in hoisted:
                    if isinstance(each, Dictionary) and each.get("/Type") != Name.OBJR:
                        each.P = element
                self._take_over(kid, element)
                kids += hoisted
            else:
                kid.P = element
                kids.append(kid)
        if kind == "/LI":
            kids = self._list_item(element, kids)
        elif kind == "/LBody":
            kids = self._list_body(element, kids)
        elif kind == "/Link":
            kids = self._link(element, kids)
        if kids:
            element.K = Array(kids)
        elif "/K" in element:
            del element.K
        marks = self.owners[self.pages[page.objgen]] if page is not None and page.objgen in self.pages else {}
        for kid in kids:
            if not isinstance(kid, Dictionary):
                marks[int(kid)] = element

    @staticmethod
    def _needless(element: Any, kids: list[Any]) -> bool:
        """Whether `element` says nothing: its kids can stand in its place."""
        if str(element.S) in _NEEDLESS:
            return True
        # A division only groups; but text may not stand in an article or a section without a paragraph.
        return Name.Div == element.S and all(isinstance(kid, Dictionary) and "/S" in kid for kid in kids)

    def _list_body(self, body: Any, kids: list[Any]) -> list[Any]:
        """The one paragraph of a list item is no element of its own."""
        only = kids[0] if len(kids) == 1 and isinstance(kids[0], Dictionary) else None
        if only is None or only.get("/S") != Name.P or "/A" in only or only.Pg.objgen != body.Pg.objgen:
            return kids
        inner = list(only.get("/K", ()))
        for each in inner:
            if isinstance(each, Dictionary) and each.get("/Type") != Name.OBJR:
                each.P = body
        self._take_over(only, body)
        return inner

    def _link(self, link: Any, kids: list[Any]) -> list[Any]:
        """A picture's link annotation belongs to the link, which is then called as the picture is."""
        hoisted: list[Any] = []
        for kid in kids:
            if not isinstance(kid, Dictionary) or kid.get("/S") != Name.Figure:
                continue
            inner = list(kid.get("/K", ()))
            references = [each for each in inner if isinstance(each, Dictionary) and each.get("/Type") == Name.OBJR]
            if references:
                kid.K = Array([each for each in inner if not isinstance(each, Dictionary)])
                hoisted += references
                self._take_over(kid, link)
            if "/Alt" in kid and "/Alt" not in link:
                link.Alt = kid.Alt
        return [*hoisted, *kids]

    def _headings(self) -> None:
        """Close gaps in the levels of headings: after an H2 comes no H4, whatever the source holds."""
        levels: list[int] = []
        for heading in self.headings:
            level = int(str(heading.S)[2:])
            if not levels and self.chunk:
                levels = list(range(1, level))  # it begins in the middle of the book
            while levels and levels[-1] >= level:
                levels.pop()
            levels.append(level)
            heading.S = Name(f"/H{len(levels)}")

    @staticmethod
    def _table(table: Any) -> None:
        """A table without head cells gets them in its first row; a single row is no table at all."""
        rows: list[Any] = []
        groups: list[Any] = []
        for kid in table.get("/K", ()):
            if not isinstance(kid, Dictionary):
                continue
            if kid.get("/S") == Name.TR:
                rows.append(kid)
            elif kid.get("/S") in {Name.THead, Name.TBody, Name.TFoot}:
                groups.append(kid)
                rows += [row for row in kid.get("/K", ()) if isinstance(row, Dictionary) and row.get("/S") == Name.TR]
        cells = [
            [
                cell
                for cell in row.get("/K", ())
                if isinstance(cell, Dictionary) and cell.get("/S") in {Name.TD, Name.TH}
            ]
            for row in rows
        ]
        if not rows or any(cell.S == Name.TH for row in cells for cell in row):
            return
        if len(rows) == 1:
            for element in [table, *groups, *rows, *cells[0]]:
                element.S = Name.Div
                if "/A" in element:
                    del element.A
            return
        for cell in cells[0]:
            cell.S = Name.TH
            cell.A = Dictionary(O=Name.Table, Scope=Name.Column)

    def _take_over(self, old: Any, new: Any) -> None:
        for index in range(len(self.annotations) - 1, -1, -1):
            annotation, owner = self.annotations[index]
            if owner.objgen != old.objgen:
                break
            self.annotations[index] = (annotation, new)

    def _list_item(self, item: Any, kids: list[Any]) -> list[Any]:
        """Kids of a list item: a label, and one body that holds all the rest."""
        labels: list[Any] = []
        rest: list[Any] = []
        for kid in kids:
            kind = kid.get("/S") if isinstance(kid, Dictionary) else None
            if kind == Name.Lbl:
                labels.append(kid)
            elif kind == Name.LBody:
                self._take_over(kid, item)
                rest += list(kid.get("/K", ()))
            else:
                rest.append(kid)
        if not rest:
            return labels
        body = self.pdf.make_indirect(Dictionary(Type=Name.StructElem, S=Name.LBody, P=item, Pg=item.Pg, K=Array(rest)))
        rest = self._list_body(body, rest)
        body.K = Array(rest)
        marks = self.owners[self.pages[item.Pg.objgen]]
        for kid in rest:
            if not isinstance(kid, Dictionary):
                marks[int(kid)] = body
            elif kid.get("/Type") != Name.OBJR:
                kid.P = body
        self._take_over(item, body)
        return [*labels, body]

    def _spaces(self, resources: Any) -> dict[bytes, tuple[bytes, float]]:
        """The space of each font in `resources`, which most pages share."""
        if resources.objgen not in self.spaces:
            found = {
                name.lstrip("/").encode(): spacing.space_of(font) for name, font in resources.get("/Font", {}).items()
            }
            self.spaces[resources.objgen] = {name: space for name, space in found.items() if space}
        return self.spaces[resources.objgen]

    def _page(self, page: pikepdf.Page, owned: dict[int, Any]) -> None:
        """Make every mark without an owner an artifact: it is a running head."""

        def change(found: re.Match[bytes]) -> bytes:
            if int(found[2]) in owned:
                return found[0]
            return b"/Artifact <</Type /Pagination>> BDC"

        content = spacing.close_gaps(page.Contents.read_bytes(), self._spaces(page.obj.Resources))
        # WeasyPrint leaves the matrix of its top-left origin in force: what is stamped later must not stand under it.
        page.Contents = self.pdf.make_stream(b"q\n" + _MARKED.sub(change, content) + b"\nQ\n")


def clean(pdf: pikepdf.Pdf) -> None:
    """Clean the structure tree of `pdf`, a whole book, and the marks in its pages."""
    Tree(pdf).clean()


def clean_file(path: Path) -> None:
    """Clean the file `path`, a part of a book, in place."""
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        Tree(pdf, chunk=True).clean()
        pdf.save(
            path, deterministic_id=True, compress_streams=True, object_stream_mode=pikepdf.ObjectStreamMode.generate
        )
