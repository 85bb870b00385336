"""Pictures come along with the model, by content hash; read only from under the document's own folder."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from tiku import sources, storage
from tiku.markup import plain_text, safe_link, scheme, string
from tiku.model import Media
from tiku.problems import Problem
from tiku.readers.normal import address

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tiku.model import Inline

_MAGIC = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png", "png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg", "jpg"),
    (re.compile(rb"GIF8[79]a"), "image/gif", "gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp", "webp"),
    (re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*(?:<!DOCTYPE[^>\[]*>\s*)?<svg\b",
                re.DOTALL), "image/svg+xml", "svg"),
)  # fmt: skip
_DATA = re.compile(r"data:image/[\w.+-]+;base64,(.*)", re.DOTALL)


def _folder(file: str, root: Path | None) -> str:
    """Where the pictures of the document `file` are looked for: beside it, also when it is at a URL."""
    if root is None:
        return ""
    if storage.is_remote(file):
        return storage.parent(file)
    return str(Path(storage.local(file)).parent) if storage.scheme(file) else str(root)


class Collector:
    """Gathers the media of one document; `problems` fills with what could not be taken."""

    def __init__(
        self,
        file: str,
        root: Path | None,
        inside: Mapping[str, bytes] | None = None,
        fetch: Callable[[str], bytes] | None = None,
    ) -> None:
        self.fetch = fetch
        self.inside = inside or {}
        """Pictures that the document's own file holds, by path."""
        self.file = file
        self.folder = _folder(file, root)
        self.line = 0
        """Where the content being read begins: for complaints."""
        self.media: dict[str, Media] = {}
        self.problems: list[Problem] = []
        self._taken: dict[str, str] = {}

    def link(self, node: Inline) -> list[Inline]:
        """A link, or its text where its target could run something."""
        if not safe_link(node["c"][2][0]):
            self._complain("Q404", f"the link to '{node['c'][2][0][:60]}' was removed", self.line)
            return list(node["c"][1])
        return [node]

    def image(self, node: Inline) -> list[Inline]:
        """A picture of the bank, or its alt text after a complaint."""
        line = self.line
        attributes, alt, (target, title) = node["c"]
        if target not in self._taken:
            self._taken[target] = self._load(target, line)
        name = self._taken[target]
        if name:
            return [{"t": "Image", "c": [attributes, alt, [name, title]]}]
        # What cannot be shown stays visible as its alt text, linked to where it was when that is on the network.
        words = alt or list(string(Path(target.split("?", maxsplit=1)[0]).name[:80] or "image"))
        if scheme(target) in {"http", "https"}:
            return [{"t": "Link", "c": [["", [], []], words, [address(target), title]]}]
        return list(words) if plain_text(words) else []

    def _load(self, target: str, line: int) -> str:
        """The name of the picture that `target` means, or the empty string after a complaint."""
        if found := _DATA.match(target):
            try:
                return self._keep(base64.b64decode(found[1], validate=False), "data:", line)
            except binascii.Error:
                self._complain("Q403", "a data: picture is damaged", line)
                return ""
        path = unquote(target.split("#", maxsplit=1)[0].split("?", maxsplit=1)[0])
        if path in self.inside:
            return self._keep(self.inside[path], path, line)
        kind = scheme(target)
        if kind in {"http", "https"} and self.fetch is not None:
            data = self.fetch(target)
            sources.note(target, data or None)
            if data:
                return self._keep(data, target, line)
            self._complain("Q402", f"picture on the network, and it could not be fetched: {target[:100]}", line)
            return ""
        if kind in {"http", "https"} or target.startswith("//"):
            self._complain("Q402", f"picture on the network, not fetched: {target[:100]}", line)
            return ""
        if kind or not self.folder:
            self._complain("Q403", f"picture refused: {target[:100]}", line)
            return ""
        return self._read(path, line)

    def _read(self, path: str, line: int) -> str:
        try:
            data = sources.picture(self.folder, path, self.fetch)
        except sources.OutsideError:
            self._complain("Q403", f"picture outside the document's folder: {path[:100]}", line)
            return ""
        except sources.UnfitError:
            self._complain("Q403", f"picture refused (no plain file, or over 50 MB): {path[:100]}", line)
            return ""
        except OSError:
            self._complain("Q401", f"picture not found: {path[:100]}", line)
            return ""
        return self._keep(data, path, line)

    def _keep(self, data: bytes, path: str, line: int) -> str:
        mime, suffix = next(((mime, suffix) for magic, mime, suffix in _MAGIC if magic.match(data)), ("", ""))
        if not mime:
            self._complain("Q403", f"no picture we know (PNG, JPEG, GIF, WebP, SVG): {path[:100]}", line)
            return ""
        name = f"{hashlib.sha256(data).hexdigest()[:16]}.{suffix}"
        self.media[name] = Media(name, mime, data)
        return name

    def _complain(self, code: str, message: str, line: int) -> None:
        problem = Problem(code, message, self.file, line)
        if problem not in self.problems:
            self.problems.append(problem)
