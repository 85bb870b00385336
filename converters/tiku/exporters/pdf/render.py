"""The renderer: a process of its own, and the only place that imports WeasyPrint.

It reads jobs from standard input, one JSON object a line, and answers each with one line on standard output. Text that
crashes Pango or never ends so costs one document, not the program.
"""

from __future__ import annotations

import contextlib
import io
import json
import logging
import re
import sys
from pathlib import Path
from typing import Any

from tiku.exporters.pdf.content import ASSET

MEMORY = 4 << 30
"""Largest address space of this process, in bytes: fonts are mapped into it, so it is far above what is used."""
_MARKED = re.compile("\x00([a-z][0-9]+)\x00")
_NO_GLYPH = re.compile(r"\(U\+([0-9A-F]{4,6})\)")


class _Listener(logging.Handler):
    """Keeps what WeasyPrint complains of."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.missing: set[int] = set()
        self.warnings: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        message = record.getMessage()
        found = _NO_GLYPH.search(message)
        if found and message.startswith(".notdef"):
            self.missing.add(int(found[1], 16))
        elif message not in self.warnings:
            self.warnings.append(message)


def _fetcher(folder: Path, names: frozenset[str]) -> Any:
    """A URL fetcher that knows the files named in the job and nothing else: no file, no network, no redirect."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    types = {"svg": "image/svg+xml", "png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}

    class AssetFetcher(URLFetcher):  # type: ignore[misc]
        def fetch(self, url: str, headers: Any = None) -> Any:  # noqa: ARG002 - the base's signature
            name = url.removeprefix(ASSET)
            if not url.startswith(ASSET) or name not in names:
                raise ValueError(f"refused: {url[:100]}")
            kind = types.get(name.rpartition(".")[2], "application/octet-stream")
            return URLFetcherResponse(url, (folder / name).read_bytes(), {"Content-Type": kind})

    return AssetFetcher(allowed_protocols=set())


class Renderer:
    """Lays out the documents of one job and writes them as one PDF."""

    def __init__(self, job: dict[str, Any]) -> None:
        from weasyprint.text.fonts import FontConfiguration

        self.job = job
        self.folder = Path(job["folder"])
        self.fetcher = _fetcher(self.folder, frozenset(job["assets"]))
        self.fonts = FontConfiguration()
        self.cache: dict[str, Any] = {}
        self.pages: dict[str, int] = dict(job.get("pages", {}))
        """The number printed on the page of each anchor known so far."""
        self.sheet = self._sheet(job["css"])

    def _sheet(self, css: str) -> Any:
        from weasyprint import CSS

        return CSS(string=css, url_fetcher=self.fetcher, font_config=self.fonts)

    def run(self) -> dict[str, Any]:
        """Render; returns how many pages each document has and where its anchors are."""
        from weasyprint import HTML

        number = self.job.get("first", 1)
        done: list[tuple[int, Any]] = []
        answer: dict[str, Any] = {"counts": [], "anchors": []}
        for document in self.job["documents"]:
            html = _MARKED.sub(lambda found: str(self.pages.get(found[1], "")), document["html"])
            rendered = HTML(string=html, url_fetcher=self.fetcher, base_url=None).render(
                font_config=self.fonts, stylesheets=[self.sheet], cache=self.cache, pdf_variant=self.job["variant"]
            )
            places = {}
            for index, page in enumerate(rendered.pages):
                for name, (left, top, right, bottom) in page.anchors.items():
                    if name not in places:
                        box = (left, page.height - top, right, page.height - bottom)
                        places[name] = [index, *(round(value * 0.75, 2) for value in box)]
                        if document["numbered"]:
                            self.pages[name] = number + index
            if document["numbered"]:
                number += len(rendered.pages)
            answer["counts"].append(len(rendered.pages))
            answer["anchors"].append(places)
            done.append((document["place"], rendered))
        done.sort(key=lambda each: each[0])
        every = [page for _, rendered in done for page in rendered.pages]
        done[0][1].copy(every).write_pdf(self.job["target"], pdf_variant=self.job["variant"])
        return answer


def run(job: dict[str, Any]) -> dict[str, Any]:
    """Do one job; what goes wrong is in the answer, never raised."""
    listener = _Listener()
    logger = logging.getLogger("weasyprint")
    logger.handlers = [listener]
    logger.propagate = False
    try:
        answer = Renderer(job).run()
    except MemoryError:
        return {"error": "it needs more memory than a document may have"}
    except RecursionError:
        return {"error": "content is nested too deeply"}
    except Exception as error:  # noqa: BLE001 - whatever WeasyPrint stumbles over is this document's error
        return {"error": f"{type(error).__name__}: {str(error)[:300]}"}
    return answer | {"missing": sorted(listener.missing), "warnings": listener.warnings}


def main() -> None:
    """Answer jobs until standard input ends."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    answers = sys.stdout
    sys.stdout = io.StringIO()  # what a library prints is no answer
    try:
        import weasyprint  # noqa: F401 - slow: while it loads, the parent prepares the first job
    except (ImportError, OSError) as error:
        print(json.dumps({"setup": str(error).splitlines()[0] if str(error) else type(error).__name__}), file=answers)
        answers.flush()
        return
    for line in sys.stdin:
        print(json.dumps(run(json.loads(line))), file=answers)
        answers.flush()


if __name__ == "__main__":
    main()
