"""Merging rendered chunks into one PDF: pages, tag trees, and one font where each chunk had its own subset."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pikepdf
from pikepdf import Array, Dictionary, Name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path


def merge(
    chunks: list[str], fused: dict[str, dict[int, tuple[str, float]]], files: dict[str, tuple[str, str]], folder: Path,
    tell: Callable[[float], None],
) -> pikepdf.Pdf:  # fmt: skip
    """The files `chunks`, in order, as one tagged PDF; they are cleaned files (see `tags`).

    `fused` tells the glyphs of each font that they share, `files` its subset in `folder`. `tell` hears how much is
    done, from 0 to 1.
    """
    pdf = pikepdf.open(chunks[0])
    fonts: dict[str, Any] = {}
    root = pdf.Root.StructTreeRoot
    document = root.K[0]
    kids = list(document.K)
    numbers = list(root.ParentTree.Nums)
    last = int(root.ParentTreeNextKey)
    share_fonts(pdf, pdf.pages, fonts, fused, files, folder)
    for number, chunk in enumerate(chunks[1:], start=1):
        tell(number / len(chunks))
        with pikepdf.open(chunk) as source:
            before = len(pdf.pages)
            pdf.pages.extend(source.pages)
            # Pages are copied first: the tag tree then refers to the copies.
            tree = pdf.copy_foreign(source.Root.StructTreeRoot)
        share_fonts(pdf, pdf.pages[before:], fonts, fused, files, folder)
        for kid in tree.K[0].get("/K", ()):
            kid.P = document
            kids.append(kid)
        pairs = list(tree.ParentTree.Nums)
        for place in range(0, len(pairs), 2):
            numbers += [int(pairs[place]) + last, pairs[place + 1]]
        for page in pdf.pages[before:]:
            page.obj.StructParents = int(page.obj.StructParents) + last
            for annotation in page.obj.get("/Annots", ()):
                if "/StructParent" in annotation:
                    annotation.StructParent = int(annotation.StructParent) + last
        last += int(tree.ParentTreeNextKey)
    document.K = Array(kids)
    root.ParentTree = pdf.make_indirect(Dictionary(Nums=Array(numbers)))
    root.ParentTreeNextKey = last
    return pdf


def share_fonts(
    pdf: pikepdf.Pdf, pages: Iterable[pikepdf.Page], fonts: dict[str, Any], fused: dict[str, Any],
    files: dict[str, tuple[str, str]], folder: Path,
) -> None:  # fmt: skip
    """Let all resources of `pages` use the fused fonts; `fonts` holds those made so far."""
    seen: set[Any] = set()
    for page in pages:
        stack = [page.obj.Resources]
        while stack:
            resources = stack.pop()
            if resources.objgen in seen and resources.objgen != (0, 0):
                continue
            seen.add(resources.objgen)
            table = resources.get("/Font")
            for name in [str(name) for name in table] if table is not None else ():
                key = name.lstrip("/")
                if key in files:
                    if key not in fonts:
                        fonts[key] = _font(pdf, table[name], fused[key], *files[key], folder)
                    table[name] = fonts[key]
            forms = [form for form in (resources.get("/XObject") or {}).values() if form.get("/Subtype") == Name.Form]
            stack += [form.Resources for form in forms if "/Resources" in form]


def _font(pdf: pikepdf.Pdf, font: Any, glyphs: dict[int, tuple[str, float]], file: str, kind: str, folder: Path) -> Any:
    """`font`, of one chunk, made the font of all: with all glyphs, their widths and their texts."""
    inner = font.DescendantFonts[0]
    descriptor = inner.FontDescriptor
    stream = pdf.make_stream(folder.joinpath(file).read_bytes())
    for key in ("/FontFile2", "/FontFile3"):
        if key in descriptor:
            del descriptor[key]
    if kind == "otf":
        stream.Subtype = Name.OpenType
        descriptor.FontFile3 = stream
    else:
        stream.Length1 = len(stream.read_bytes())
        descriptor.FontFile2 = stream
    widths: list[Any] = []
    previous = -2
    for glyph in sorted(glyphs):
        if glyph != previous + 1:
            widths += [glyph, Array()]
        widths[-1].append(glyphs[glyph][1])
        previous = glyph
    inner.W = Array(widths)
    _, low, _, high = descriptor.FontBBox
    descriptor.FontBBox = Array([0, low, max(width for _, width in glyphs.values()), high])
    font.ToUnicode = pdf.make_stream(_to_unicode(glyphs))
    return font


def _to_unicode(glyphs: dict[int, tuple[str, float]]) -> bytes:
    """A ToUnicode CMap (ISO 32000-1, 9.10.3)."""
    lines = [
        "/CIDInit /ProcSet findresource begin", "12 dict begin", "begincmap", "/CIDSystemInfo",
        "<< /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def", "/CMapName /Adobe-Identity-UCS def",
        "/CMapType 2 def", "1 begincodespacerange", "<0000> <ffff>", "endcodespacerange",
    ]  # fmt: skip
    items = sorted(glyphs.items())
    for start in range(0, len(items), 100):
        batch = items[start : start + 100]
        lines.append(f"{len(batch)} beginbfchar")
        lines += [f"<{glyph:04x}> <{text.encode('utf-16-be').hex()}>" for glyph, (text, _) in batch]
        lines.append("endbfchar")
    lines += ["endcmap", "CMapName currentdict /CMap defineresource pop", "end", "end"]
    return "\n".join(lines).encode()
