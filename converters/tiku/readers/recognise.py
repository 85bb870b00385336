"""Which reading of a document explains it best: all dialects are tried, judged by their evidence, and the best wins.

Where a chapter holds none of the winner's questions, it may have a shape of its own: the other readings are asked for
that chapter alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from tiku.markup import plain_text
from tiku.readers import dialects
from tiku.readers.asking import is_cue
from tiku.readers.evidence import THRESHOLD, Evidence, weigh
from tiku.readers.heads import Head, head_of
from tiku.readers.shapes import Document, candidates

if TYPE_CHECKING:
    from tiku.model import Block
    from tiku.readers.dialects import Dialect
    from tiku.readers.shapes import Flow

CANONICAL = "tiku"
"""The dialect of our own normalised Markdown; its front matter says so."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """What a document was taken for."""

    preface: list[Block]
    heads: list[Head]
    dialect: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Reading:
    dialect: Dialect
    variant: str
    flow: Flow
    evidence: Evidence

    @property
    def name(self) -> str:
        return f"{self.dialect.name}, {self.variant}" if self.variant else self.dialect.name

    @property
    def score(self) -> float:
        """Evidence that counts: how much above doubt, times how many."""
        return max(0.0, self.evidence.mean - 0.2) ** 2 * self.evidence.heads


def recognise(document: Document, file: str, title: str, *, dialect: str = "", canonical: bool = False) -> Recognition:
    """Find the questions of `document`.

    `title` is what the front matter calls it; `dialect` names the one to use. Raises UsageError for an unknown one.
    """
    if canonical and not dialect:
        return _split(document, _canonical(document), CANONICAL, ("tiku: the front matter says that tiku wrote it",))
    cue = is_cue(title) or is_cue(PurePath(file).stem) or _first_heading_cues(document.blocks)
    tried = [dialects.named(dialect)] if dialect else list(dialects.builtin())
    readings = _readings(document, _shortlist(document, tried, cue=cue), cue=cue)
    if not readings:
        return Recognition(document.blocks, [], "", tuple(f"{each.name}: none" for each in tried))
    best = readings[0]
    lines = tuple(f"{reading.name}: {reading.evidence.words()}" for reading in readings[:4])
    if not dialect and best.evidence.mean < THRESHOLD:
        return Recognition(document.blocks, [], "", lines)
    flow = best.flow if dialect else _by_chapter(best, document, tried, cue=cue)
    return _split(document, flow, best.name, lines)


def _readings(document: Document, tried: list[Dialect], *, cue: bool) -> list[_Reading]:
    """All readings with heads, the best first."""
    found = []
    for dialect in tried:
        for variant, flow in candidates(document, dialect):
            evidence = weigh(document, flow, cue=cue, prior=dialect.prior)
            if evidence.heads:
                found.append(_Reading(dialect, variant, flow, evidence))
    good = [reading for reading in found if reading.evidence.mean >= THRESHOLD]
    return sorted(good or found, key=lambda reading: (-reading.score, reading.name))


LARGE = 4_000
"""Of a document with more blocks, slices are read first, and only the dialects that do well there read it whole."""
SLICE = 600


def _shortlist(document: Document, tried: list[Dialect], *, cue: bool) -> list[Dialect]:
    blocks = document.blocks
    if len(blocks) <= LARGE or len(tried) == 1:
        return tried
    best: dict[str, float] = {}
    means: dict[str, float] = {}
    for start in (len(blocks) // 10, len(blocks) // 2, len(blocks) - SLICE):
        part = document.part(blocks[start : start + SLICE])
        for reading in _readings(part, tried, cue=cue):
            name = reading.dialect.name
            best[name] = max(best.get(name, 0.0), reading.score)
            means[name] = max(means.get(name, 0.0), reading.evidence.mean)
    names = sorted(best, key=lambda name: (-best[name], name))
    top = best[names[0]] if names else 0.0
    kept = {name for name in names[:3] if best[name] >= 0.6 * top and means[name] >= means[names[0]] - 0.3}
    return [dialect for dialect in tried if dialect.name in kept] or tried


def _first_heading_cues(blocks: list[Block]) -> bool:
    first = next((block for block in blocks[:40] if block["t"] == "Header"), None)
    return first is not None and is_cue(plain_text(first["c"][2]))


def _by_chapter(best: _Reading, document: Document, tried: list[Dialect], *, cue: bool) -> Flow:
    """The winner's flow; in chapters where it found nothing, what another reading finds there."""
    flow = best.flow
    borders = [index for index, item in enumerate(flow) if _is_chapter(item)]
    if not borders:
        return flow
    top = min(_level(flow[index]) for index in borders)
    borders = [index for index in borders if _level(flow[index]) <= top + 1]
    out: Flow = list(flow[: borders[0]])
    for begin, end in zip(borders, [*borders[1:], len(flow)], strict=True):
        chapter = flow[begin:end]
        if any(isinstance(item, Head) and item.question for item in chapter):
            out += chapter
            continue
        inner = [item for item in chapter[1:] if not isinstance(item, Head)]
        if len(inner) != len(chapter) - 1 or len(inner) < 3:
            out += chapter
            continue
        readings = _readings(document.part(inner), tried, cue=cue)
        other = readings[0] if readings else None
        if other and other.evidence.heads >= 3 and other.evidence.mean >= THRESHOLD + 0.08:
            out += [chapter[0], *other.flow]
        else:
            out += chapter
    return out


def _is_chapter(item: Head | Block) -> bool:
    return not item.question if isinstance(item, Head) else item["t"] == "Header"


def _level(item: Head | Block) -> int:
    return item.level if isinstance(item, Head) else int(item["c"][0])


def _canonical(document: Document) -> Flow:
    """The flow of our own Markdown: headings with an attribute are sections and questions, others are content."""
    flow: Flow = []
    for block in document.blocks:
        if block["t"] == "Header":
            head = head_of(block["c"][2], document.line(block), block["c"][0])
            if "number" in head.attributes or "section" in head.classes:
                bare = head_of(block["c"][2], document.line(block), block["c"][0], numbered=False)
                bare.number = head.attributes.get("number", "")
                head = bare
            if head.id or "section" in head.classes:
                head.question = "section" not in head.classes
                flow.append(head)
                continue
        flow.append(block)
    return flow


def _split(document: Document, flow: Flow, name: str, evidence: tuple[str, ...]) -> Recognition:
    """The flow as heads with their bodies; a heading between questions is a chapter if questions follow it."""
    chapters = _chapters(document, flow)
    preface: list[Block] = []
    heads: list[Head] = []
    body = preface
    by_lines = any(isinstance(item, Head) and item.question and item.stem for item in flow)
    for index, item in enumerate(flow):
        if isinstance(item, Head):
            heads.append(item)
            body = item.body
        elif index in chapters:
            head = head_of(item["c"][2], document.line(item), item["c"][0], numbered=False)
            head.question = False
            heads.append(head)
            body = head.body
        elif by_lines and (line := _chapter_line(document, item)) is not None:
            heads.append(line)
            body = line.body
        else:
            body.append(item)
    return Recognition(preface, heads, name, evidence)


_CHAPTER = (
    r"(?:第\s*[一二三四五六七八九十百\d]{1,4}\s*[章节節部篇单单元]|[一二三四五六七八九十]{1,3}\s*[、.．]|"
    r"[(（][一二三四五六七八九十]{1,3}[)）]).{0,30}$"
)


def _chapter_line(document: Document, block: Block) -> Head | None:
    """A chapter in a plain text, where headings are lines: ``第一章 单选题``, ``二、判断题``."""
    if block["t"] != "Para" or len(text := plain_text(block)) > 40 or not re.match(_CHAPTER, text.strip()):
        return None
    if text.rstrip()[-1:] in "。？?！；;":
        return None
    head = head_of(block["c"], document.line(block), 6, numbered=False)
    head.question = False
    return head


def _chapters(document: Document, flow: Flow) -> set[int]:
    """The places of the plain headings of a flow that begin a chapter.

    A level is a chapter's when most of its headings stand right above questions; of these levels and the higher ones,
    a heading is a chapter if a question comes before the next one as high. A heading higher than all questions' chapters
    ends the last question, whatever it is (licence, contributors).
    """
    questions = [index for index, item in enumerate(flow) if isinstance(item, Head) and item.question]
    # below the level of questions that are headings themselves, a heading belongs to an answer
    floor = min((item.level for item in flow if isinstance(item, Head) and item.question), default=7)
    headings = [(index, _level(item)) for index, item in enumerate(flow) if _may_be_chapter(document, item, floor)]
    if not headings or not questions:
        return set()
    ends = [(index, _level(item)) for index, item in enumerate(flow) if isinstance(item, Head) or item["t"] == "Header"]
    asked = set(questions)
    near: dict[int, list[bool]] = {}
    for index, level in headings:
        near.setdefault(level, []).append(any(other in asked for other in range(index + 1, index + 4)))
    chapter_levels = {level for level, close in near.items() if sum(close) >= 0.5 * len(close)}
    if not chapter_levels:
        return set()
    deepest, highest = max(chapter_levels), min(chapter_levels)
    found = set()
    stops: list[tuple[int, int]] = []  # ends with rising level, from behind
    upcoming: int | None = None
    following = {}
    for index in range(len(flow) - 1, -1, -1):
        if index in asked:
            upcoming = index
        following[index] = upcoming
    for index, level in reversed(ends):
        while stops and stops[-1][1] > level:
            stops.pop()
        end = stops[-1][0] if stops else len(flow)
        question = following[index]
        if _may_be_chapter(document, flow[index], floor):
            has_question = question is not None and question < end
            if (has_question and level <= deepest) or (level <= highest and index > questions[0]):
                found.add(index)
        stops.append((index, level))
    return found


def _may_be_chapter(document: Document, item: Head | Block, floor: int) -> bool:
    return (
        not isinstance(item, Head) and item["t"] == "Header" and item["c"][0] < floor and document.label(item) is None
    )
