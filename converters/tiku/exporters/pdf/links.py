"""Links: those between parts of the book lead to places on pages, all say where they lead, all print."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from pikepdf import Array, Name, NameTree, String

from tiku.exporters.pdf.schemes import LINK

if TYPE_CHECKING:
    import pikepdf

PRINT = 4
"""The annotation flag Print (ISO 32000-1, table 165)."""


def connect(pdf: pikepdf.Pdf, places: dict[str, Any], names: dict[str, str]) -> list[tuple[int, Any, str]]:
    """Give every link its destination.

    `places` tells page index and position of each anchor, `names` what to call it. Returns (page index, annotation,
    anchor) of each link between parts.
    """
    found: list[tuple[int, Any, str]] = []
    known = named(pdf)
    for index, page in enumerate(pdf.pages):
        annotations = page.obj.get("/Annots")
        if annotations is None:
            continue
        page.obj.Tabs = Name.S
        for annotation in annotations:
            annotation.F = PRINT
            action = annotation.get("/A")
            url = unquote(str(action.URI)) if action is not None and "/URI" in action else ""
            if url.startswith(LINK):
                anchor = url.removeprefix(LINK)
                if anchor in places:
                    target, x, y, *_ = places[anchor]
                    del annotation.A
                    annotation.Dest = Array([pdf.pages[target].obj, Name.XYZ, x, y, None])
                    annotation.Contents = String(names.get(anchor, names.get("q" + anchor[1:], anchor)))
                    found.append((index, annotation, anchor))
            elif "/Dest" in annotation and isinstance(annotation.Dest, String):
                name = str(annotation.Dest)
                if name in known:
                    annotation.Dest = known[name]
    for key in ("/Dests", "/Names"):
        if key in pdf.Root:
            del pdf.Root[key]
    return found


def named(pdf: pikepdf.Pdf) -> dict[str, Any]:
    """The destinations that have names: (page, /XYZ, left, top, zoom) by name."""
    tree = (pdf.Root.get("/Names") or {}).get("/Dests")
    known: dict[str, Any] = {}
    if tree is not None:
        for name, value in NameTree(tree).items():
            known[str(name)] = value if isinstance(value, Array) else value.D
    return known
