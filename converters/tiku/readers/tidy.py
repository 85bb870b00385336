"""What a reader leaves out of questions, and says so: links back to the top, badges, donation blocks, contents lists."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tiku.markup import plain_text, walk
from tiku.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from tiku.model import Block
    from tiku.readers.normal import Normal

# compiled when the first paragraph that is only links or pictures asks for them
_TOP = (
    r"^\W*(back\s+)?(to\s+)?(the\s+)?(top|table of contents|toc|contents|index|menu|up)\W*$|^\W*$|"
    r"回到?(顶部|頂部|目录|目錄)|返回(顶部|目录|頂部|目錄)|トップ|目次|맨 ?위로|목차|наверх|к оглавлению|"
    r"volver (arriba|al)|voltar ao|haut|nach oben|للأعلى|بالا"
)
_BADGE = (
    r"shields\.io|badge|travis-ci|codecov|opencollective|buymeacoffee|ko-fi\.com|patreon|paypal|star-history|"
    r"contrib\.rocks|hits\.|visitor|api\?repo="
)
_WORD = re.compile(r"[^\W_]")


class Tidier:
    """Cleans the blocks of one document; `problems` fills with what was left out."""

    def __init__(self, file: str, line_of: Callable[[Block], int]) -> None:
        self.file = file
        self.line_of = line_of
        self.problems: list[Problem] = []

    def tidy(self, blocks: list[Block], line: int, normal: Normal, *, preface: bool = False) -> list[Block]:
        """`blocks` without furniture, in normal form.

        `preface` also drops lists and tables of contents. `line` is where they begin.
        """
        out: list[Block] = []
        for block in blocks:
            if what := furniture(block) or (preface and contents(block)) or "":
                where = self.line_of(block) or line
                self.problems.append(Problem("Q108", f"left out: {what}", self.file, where))
                continue
            out.append(block)
        out = normal.blocks(out)
        while out and out[-1]["t"] == "HorizontalRule":
            out.pop()
        while out and out[0]["t"] == "HorizontalRule":
            out.pop(0)
        return out


def furniture(block: Block) -> str:
    """What `block` is, if it is not content: a link back to the top, a badge; else the empty string."""
    if block["t"] not in {"Para", "Plain"}:
        return ""
    if any(node["t"] == "Str" and _WORD.search(node["c"]) for node in block["c"]):
        return ""
    nodes = [
        node
        for node in walk(block["c"])
        if node["t"] not in {"Space", "SoftBreak", "LineBreak", "Strong", "Emph", "Span"}
    ]
    links = [node for node in nodes if node["t"] == "Link"]
    images = [node for node in nodes if node["t"] == "Image"]
    inside = [node for each in [*links, *images] for node in walk(each["c"][1])]
    outside = "".join(node["c"] for node in nodes if node["t"] == "Str" and not any(node is other for other in inside))
    if any(char.isalnum() for char in outside) or any(n["t"] in {"Code", "Math", "Note"} for n in nodes):
        return ""
    if (
        links
        and all(link["c"][2][0].startswith("#") for link in links)
        and re.search(_TOP, plain_text(block), re.IGNORECASE)
    ):
        return "a link back to the top"
    if images and all(re.search(_BADGE, image["c"][2][0], re.IGNORECASE) for image in images):
        return "a badge"
    return ""


def contents(block: Block) -> str:
    """Whether `block` is a list or a table of contents; what to call it, or the empty string."""
    if block["t"] not in {"BulletList", "OrderedList", "Table", "Div", "Para"}:
        return ""
    links = [node for node in walk(block) if node["t"] == "Link"]
    inner = [node for node in links if node["c"][2][0].startswith("#")]
    if len(inner) < (1 if block["t"] in {"Para", "Div"} else 2) or len(inner) < 0.6 * len(links):
        return ""
    said = sum(len(plain_text(node["c"][1])) for node in inner)
    whole = sum(len(node["c"]) for node in walk(block) if node["t"] == "Str") or 1
    return "a table of contents" if said >= 0.6 * whole else ""
