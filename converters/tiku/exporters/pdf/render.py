"""The renderer: a process of its own, and the only place that imports WeasyPrint.

It reads jobs from standard input, one JSON object a line, and answers each with one line on standard output. Text that
crashes Pango or never ends so costs one document, not the program.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import io
import json
import logging
import os
import re
import sys
import threading
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from tiku.exporters.pdf.schemes import ASSET
from tiku.exporters.pdf.spacing import HAIR, JOINER

MEMORY = 4 << 30
"""Largest address space of this process, in bytes: fonts are mapped into it, so it is far above what is used."""
RECURSION = 20_000
STACK = 256 << 20
"""Bytes of stack for that many calls; only what is used takes memory."""
_MARKED = re.compile("\x00([a-z][0-9]+)\x00")
_NO_GLYPH = re.compile(r"\(U\+([0-9A-F]{4,6})\)")


_PAGE = re.compile(r"Step 5 .* Page ([0-9]+)")
CHARACTERS = 2500
"""Of HTML on a page, roughly: says how far a layout is before its pages are known."""
LAYOUT = 0.65
"""What part of a run goes into laying out; the rest is writing."""


class _Meter(logging.Handler):
    """Hears on which page WeasyPrint's layout is, and tells the parent how much of the job is done."""

    def __init__(self, answers: Any) -> None:
        super().__init__(logging.INFO)
        self.answers = answers
        self.before = 0
        """Characters of the documents that are laid out already."""
        self.current = 0
        self.whole = 1

    def start(self, lengths: list[int]) -> None:
        """A job begins with documents of `lengths` characters."""
        self.before, self.current, self.whole = 0, 0, max(1, sum(lengths))

    def next(self, length: int) -> None:
        """The layout of a document of `length` characters begins."""
        self.before, self.current = self.before + self.current, length

    def tell(self, done: float) -> None:
        """Say how much is done, from 0 to 1."""
        print(json.dumps({"done": round(done, 4)}), file=self.answers)
        self.answers.flush()

    def emit(self, record: logging.LogRecord) -> None:
        found = _PAGE.match(record.getMessage())
        if found:
            pages = max(self.current / CHARACTERS, int(found[1]) + 1)
            self.tell(LAYOUT * (self.before + self.current * int(found[1]) / pages) / self.whole)


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


class FontTable(dict[Any, Any]):
    """WeasyPrint's table of fonts, with one entry for each font.

    Pango may give one font under several keys; WeasyPrint then makes as many font objects and writes only the last to
    the PDF, so that glyphs drawn with the others have neither width nor text.
    """

    def __setitem__(self, key: Any, font: Any) -> None:
        super().__setitem__(key, next((known for known in self.values() if known.hash == font.hash), font))


def _subset_side_by_side() -> None:
    """Have WeasyPrint cut all fonts of a document at once: HarfBuzz does it in C, one font on each processor.

    WeasyPrint itself cuts one after the other; it finds them cut already.
    """
    from weasyprint import pdf

    original = pdf.build_fonts_dictionary

    def build_fonts_dictionary(file: Any, fonts: Any, compress: Any, subset: Any, options: Any) -> Any:
        wanted = [font for font in fonts.values() if font.to_unicode and not (font.bitmap or font.used_in_forms)]
        if not subset or len(wanted) < 2:
            return original(file, fonts, compress, subset, options)
        usual = threading.stack_size(0)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(lambda font: font.subset(font.to_unicode, options["hinting"]), wanted))
        threading.stack_size(usual)
        for font in wanted:
            font.subset = lambda *_: None  # done
        try:
            return original(file, fonts, compress, subset, options)
        finally:
            for font in wanted:
                del font.subset

    pdf.build_fonts_dictionary = build_fonts_dictionary


class Renderer:
    """Renders the parts of one book: what all parts share is prepared once."""

    def __init__(self, book: dict[str, Any]) -> None:
        from weasyprint import CSS
        from weasyprint.text.fonts import FontConfiguration

        self.variant = book["variant"]
        self.fetcher = _fetcher(Path(book["folder"]), frozenset(book["assets"]))
        self.fonts = FontConfiguration()
        self.sheet = CSS(string=book["css"], url_fetcher=self.fetcher, font_config=self.fonts)
        self.known: dict[str, Any] = {}
        """A font object of WeasyPrint's for each font met so far, by its hash."""

    def render(self, job: dict[str, Any], meter: _Meter) -> dict[str, Any]:
        """Lay out the documents of `job` in their order, and write them as one PDF in the order of their places.

        Says how many pages each document has, where its anchors are (page, then left, top, right, bottom in points
        from the lower left corner), and what glyphs of which font were used.
        """
        from weasyprint import HTML

        pages: dict[str, int] = dict(job["pages"])
        number = job["first"]
        done: list[tuple[int, Any]] = []
        answer: dict[str, Any] = {"counts": [], "anchors": []}
        cache: dict[str, Any] = {}
        meter.start([len(document["html"]) for document in job["documents"]])
        for document in job["documents"]:
            meter.next(len(document["html"]))
            html = _MARKED.sub(lambda found: str(pages.get(found[1], "")), document["html"])
            rendered = HTML(string=html, url_fetcher=self.fetcher, base_url=None).render(
                font_config=self.fonts, stylesheets=[self.sheet], cache=cache, pdf_variant=self.variant
            )
            places: dict[str, list[float]] = {}
            for index, page in enumerate(rendered.pages):
                for name, (left, top, right, bottom) in page.anchors.items():
                    if name not in places:
                        box = (left, page.height - top, right, page.height - bottom)
                        places[name] = [index, *(round(value * 0.75, 2) for value in box)]
                        pages.setdefault(name, number + index)
            number += len(rendered.pages)
            answer["counts"].append(len(rendered.pages))
            answer["anchors"].append(places)
            done.append((document["place"], rendered))
        done.sort(key=lambda each: each[0])
        meter.tell(LAYOUT)
        whole = done[0][1].copy([page for _, rendered in done for page in rendered.pages])
        whole.fonts = FontTable()
        # The finishing pass rewrites every page and compresses then.
        whole.write_pdf(job["target"], pdf_variant=self.variant, uncompressed_pdf=True)
        if job.get("clean"):
            from tiku.exporters.pdf import tags

            tags.clean_file(Path(job["target"]))
            answer["fonts"] = self._used(whole)
        return answer

    def _used(self, document: Any) -> dict[str, Any]:
        """The glyphs of `document`: for each font that parts can share, glyph -> (text, width)."""
        used: dict[str, Any] = {}
        for font in document.fonts.values():
            # Colour and bitmap fonts, variable ones and those with stand-ins for missing glyphs stay as they are.
            if font.bitmap or font.png or font.svg or font.colr or font.missing or "fvar" in font.tables:
                continue
            font.file_content = b""
            self.known.setdefault(font.hash, font)
            glyphs = used.setdefault(font.hash, {})
            for glyph, text in font.to_unicode.items():
                glyphs.setdefault(glyph, [text.replace(HAIR, " ") or JOINER, font.widths[glyph]])
        return used

    def subset(self, job: dict[str, Any]) -> dict[str, Any]:
        """Write the subset of each font wanted that this process knows; says which it wrote where."""
        written = {}
        for key, glyphs in sorted(job["wanted"].items()):
            if key in self.known:
                font = self.known[key]
                font.subset(dict.fromkeys(glyphs, ""), hinting=False)
                Path(job["folder"], f"{key}.font").write_bytes(font.file_content)
                written[key] = [f"{key}.font", font.type]
                font.file_content = b""
        return {"written": written}


def answer_to(job: dict[str, Any], renderers: dict[str, Renderer], meter: _Meter) -> dict[str, Any]:
    """Do one job; what goes wrong is in the answer, never raised."""
    listener = _Listener()
    logger = logging.getLogger("weasyprint")
    logger.handlers = [listener]
    logger.propagate = False
    try:
        if "book" in job:
            renderers["book"] = Renderer(job["book"])
        renderer = renderers["book"]
        answer = renderer.subset(job) if "wanted" in job else renderer.render(job, meter)
    except MemoryError:
        return {"error": "it needs more memory than a document may have"}
    except RecursionError:
        return {"error": "content is nested too deeply"}
    except Exception as error:  # noqa: BLE001 - whatever WeasyPrint stumbles over is this document's error
        return {"error": f"{type(error).__name__}: {str(error)[:300]}"}
    return answer | {"missing": sorted(listener.missing), "warnings": listener.warnings}


class _Later(types.ModuleType):
    """Stands for a module until something of it is used."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(_for_good(self.__name__), name)


def _for_good(module: str) -> Any:
    if isinstance(sys.modules.get(module), _Later):
        del sys.modules[module]
    return importlib.import_module(module)


def _defer_font_tools() -> None:
    """Let the parts of fontTools that only odd fonts need load when they are needed: a sixth of WeasyPrint's start.

    WeasyPrint imports its subsetter (which HarfBuzz replaces) and its instancer (for variable fonts) at once.
    """

    def instantiate(*arguments: Any, **options: Any) -> Any:
        return _for_good("fontTools.varLib.instancer").instantiateVariableFont(*arguments, **options)

    sys.modules["fontTools.subset"] = _Later("fontTools.subset")
    instancer = _Later("fontTools.varLib.instancer")
    instancer.__dict__["instantiateVariableFont"] = instantiate  # WeasyPrint takes it by name
    sys.modules["fontTools.varLib.instancer"] = instancer


def _load_weasyprint() -> None:
    """Import WeasyPrint; on Linux let libraries be loaded by their file names alone, which it also tries.

    It first tries names that other systems have; searching for those starts ``ldconfig`` and a compiler some twenty
    times, which takes as long as all the rest of its start. Where the file names are others, it may search.
    """
    if sys.platform == "linux":
        import ctypes.util

        usual = ctypes.util.find_library

        def find_library(name: str) -> str | None:  # noqa: ARG001 - its signature
            return None

        ctypes.util.find_library = find_library
        try:
            importlib.import_module("weasyprint")
        except OSError:
            for name in [name for name in sys.modules if name.partition(".")[0] == "weasyprint"]:
                del sys.modules[name]
        finally:
            ctypes.util.find_library = usual
    importlib.import_module("weasyprint")


def main() -> None:
    """Answer jobs until standard input ends."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # A layout makes a million objects, of which few form circles: looking for those while it runs costs a fifth of it.
    gc.disable()
    answers = sys.stdout
    sys.stdout = io.StringIO()  # what a library prints is no answer
    try:
        _defer_font_tools()
        _load_weasyprint()  # slow: meanwhile the parent prepares the first job

        from tiku.exporters.pdf import bidi

        bidi.install()
        _subset_side_by_side()
    except (ImportError, OSError) as error:
        print(json.dumps({"setup": str(error).splitlines()[0] if str(error) else type(error).__name__}), file=answers)
        answers.flush()
        return
    gc.freeze()
    # WeasyPrint walks a document by recursion, a dozen calls for each level of nesting.
    sys.setrecursionlimit(RECURSION)
    threading.stack_size(STACK)
    worker = threading.Thread(target=_serve, args=(answers,))
    worker.start()
    worker.join()


def _serve(answers: Any) -> None:
    renderers: dict[str, Renderer] = {}
    meter = _Meter(answers)
    logger = logging.getLogger("weasyprint.progress")
    logger.handlers, logger.propagate = [meter], False
    logger.setLevel(logging.INFO)
    for number, line in enumerate(sys.stdin):
        if number:
            gc.collect()  # of the job before: the last one's garbage goes with the process
        print(json.dumps(answer_to(json.loads(line), renderers, meter)), file=answers)
        answers.flush()


if __name__ == "__main__":
    main()
