"""A long book: its body in chunks, rendered side by side, then what names their pages, then all of it merged.

The result does not depend on how many renderers there are: chunks are cut by their content, and merged in order.
"""

from __future__ import annotations

import os
import pickle
import queue
import threading
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiku.exporters.pdf.child import Child, run_module
from tiku.exporters.pdf.make import Laid

if TYPE_CHECKING:
    from collections.abc import Callable

    from tiku.exporters.pdf.book import Book
    from tiku.exporters.pdf.make import Work
    from tiku.exporters.pdf.styles import Sheet

CHUNK = 50
"""Questions in a chunk: enough that starting one costs nothing, few enough that a renderer stays below 200 MB."""
MOST = 8
"""Renderers at most: each needs some 200 MB."""


def make(work: Work, first: Child, target: Path, time: int, *, thumbs: bool) -> None:
    """Write the whole book to `target`; `first` is a renderer that runs already."""
    book = work.book
    with ExitStack() as stack:
        pool = Pool(work, [first, *(stack.enter_context(Child()) for _ in range(_workers() - 1))])
        body = pool.run("body", book.chunks(CHUNK), {}, 1, (0.05, 0.78))
        book.body.clear()
        places: dict[str, tuple[int, float, float, float, float]] = {}
        pages = 0
        for answer in body:
            pages = _take(answer, places, pages)
        numbers = {anchor: place[0] + 1 for anchor, place in places.items()}
        back = pool.run("back", [book.back] if book.back else [], numbers, pages + 1, (0.78, 0.79))
        for answer in back:
            pages = _take(answer, places, pages)
        numbers = {anchor: place[0] + 1 for anchor, place in places.items()}
        front = pool.run("front", book.front, numbers, 1, (0.79, 0.84))
        sample = pool.run("sample", [book.sample], {}, 1, (0.84, 0.85))
        order = [*front, *sample, *body, *back]
        fused = fuse(order)
        files = pool.subset({key: sorted(glyphs) for key, glyphs in fused.items()})
    leading = sum(answer["counts"][0] for answer in front)
    shifted = {anchor: (place[0] + leading, *place[1:]) for anchor, place in places.items()}
    laid = Laid(Path(), leading, shifted, clean=True)
    chunks = [str(answer["file"]) for answer in order]
    assembly = Assembly(chunks, fused, files, str(work.folder), laid, book, work.sheet, str(target), time, thumbs)
    file = work.folder / "assembly"
    file.write_bytes(pickle.dumps(assembly))
    run_module(
        "tiku.exporters.pdf.assemble",
        str(file),
        work.seconds(len(book.entries)),
        lambda done: work.tell(0.86 + 0.13 * done),
    )


@dataclass(frozen=True, slots=True)
class Assembly:
    """What the process that puts the chunks together must know."""

    chunks: list[str]
    fused: dict[str, dict[int, tuple[str, float]]]
    files: dict[str, tuple[str, str]]
    folder: str
    laid: Laid
    book: Book
    sheet: Sheet
    target: str
    time: int
    thumbs: bool


def fuse(answers: list[dict[str, Any]]) -> dict[str, dict[int, tuple[str, float]]]:
    """For each font, by its hash: glyph -> (text, width). The first chunk that tells a glyph wins."""
    fused: dict[str, dict[int, tuple[str, float]]] = {}
    for answer in answers:
        for key, glyphs in answer.pop("fonts").items():
            known = fused.setdefault(key, {})
            for glyph, (text, width) in glyphs.items():
                known.setdefault(int(glyph), (text, width))
    return fused


def _workers() -> int:
    try:
        count = len(os.sched_getaffinity(0))
    except AttributeError:
        count = os.cpu_count() or 1
    return max(1, min(MOST, count))


def _take(answer: dict[str, Any], places: dict[str, Any], pages: int) -> int:
    for anchor, place in answer["anchors"][0].items():
        places[anchor] = (int(place[0]) + pages, *place[1:])
    return pages + int(answer["counts"][0])


class Pool:
    """Renderers that share the parts of a book among them."""

    def __init__(self, work: Work, children: list[Child]) -> None:
        self.work = work
        self.children = children
        self._told: set[int] = set()

    def run(
        self, name: str, parts: list[str], pages: dict[str, int], first: int, span: tuple[float, float]
    ) -> list[dict[str, Any]]:
        """Render each of `parts` to a file of its own; their answers, with the ``file``, in the order of the parts.

        `span` is from where to where this brings the whole book.
        """
        done = [0.0] * len(parts)
        low, high = span
        waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
        for index in range(len(parts)):
            waiting.put(index)
        answers: list[dict[str, Any]] = [{} for _ in parts]
        errors: list[BaseException] = []

        def work_off(child: Child) -> None:
            while not errors:
                try:
                    index = waiting.get_nowait()
                except queue.Empty:
                    return
                target = str(self.work.folder / f"{name}-{index:05}.pdf")
                job = {
                    "target": target,
                    "pages": pages,
                    "first": first,
                    "clean": True,
                    "documents": [{"html": self.work.book.page(parts[index]), "place": 0}],
                }

                def hear(part: float, index: int = index) -> None:
                    done[index] = part
                    self.work.tell(low + (high - low) * sum(done) / len(done))

                try:
                    answers[index] = self._ask(child, job, hear) | {"file": target}
                    hear(1.0)
                except BaseException as error:  # noqa: BLE001 - raised again where the parts are waited for
                    errors.append(error)

        threads = [threading.Thread(target=work_off, args=(child,), daemon=True) for child in self.children]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        for answer in answers:
            self.work.missing.update(answer["missing"])
        return answers

    def subset(self, wanted: dict[str, list[int]]) -> dict[str, tuple[str, str]]:
        """One file for each font in `wanted` with all its glyphs: (file name, ``otf`` or ``ttf``)."""
        files: dict[str, tuple[str, str]] = {}
        for child in self.children:
            rest = {key: glyphs for key, glyphs in wanted.items() if key not in files}
            if rest and id(child) in self._told:
                answer = self._ask(child, {"wanted": rest, "folder": str(self.work.folder)})
                files |= {key: (file, kind) for key, (file, kind) in answer["written"].items()}
        return files

    def _ask(self, child: Child, job: dict[str, Any], hear: Callable[[float], None] | None = None) -> dict[str, Any]:
        if id(child) not in self._told:
            self._told.add(id(child))
            job = {**job, "book": self.work.shared}
        return child.ask(job, self.work.seconds(CHUNK * 2), hear)
