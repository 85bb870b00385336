"""Raw HTML as the text a reader would see: what outputs without a browser can show of it."""

from __future__ import annotations

from html.parser import HTMLParser

_UNSEEN = frozenset({"script", "style", "template", "head", "title", "noscript", "iframe", "object", "svg", "math"})
_BLOCKS = frozenset(
    "address article aside blockquote body br dd details div dl dt fieldset figcaption figure footer form h1 h2 h3 h4 "
    "h5 h6 header hr li main nav ol p pre section summary table tbody tfoot thead tr ul".split()
)
_CELLS = frozenset({"td", "th"})


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[list[str]] = [[]]
        self.hidden = 0
        self.kept = 0
        """How many elements around here keep their line breaks."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _UNSEEN:
            self.hidden += 1
        elif tag in _BLOCKS:
            self.lines.append([])
            self.kept += tag == "pre"
        elif tag in _CELLS and any(part.strip() for part in self.lines[-1]):
            self.lines[-1].append("   ")
        elif tag == "img":
            alt = dict(attrs).get("alt") or ""
            self.lines[-1].append(f"[{alt}]" if alt else "")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _UNSEEN:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self.hidden = max(0, self.hidden - 1)
        elif tag in _BLOCKS:
            self.lines.append([])
            self.kept = max(0, self.kept - (tag == "pre"))

    def handle_data(self, data: str) -> None:
        if not self.hidden:
            first, *others = data.split("\n") if self.kept else [data]
            self.lines[-1].append(first)
            self.lines += [[each] for each in others]


def paragraphs(html: str) -> list[str]:
    """The visible text of `html`, a string for each line of blocks; scripts and styles are left out."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    found = (" ".join("".join(line).split()) for line in reader.lines)
    return [text for text in found if text]
