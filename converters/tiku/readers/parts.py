"""From the blocks of one question to its parts: labels, choices, the key, kind, tags, difficulty."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tiku.markup import para, plain_text, string, trim
from tiku.model import Choice, Kind, Part
from tiku.readers.asking import asks
from tiku.readers.choices import choices_of, key_letters, paragraph_choices, sentence_letter
from tiku.readers.labels import answer_like, drop, is_verdict, key, label_of, role_of, start_of, truth_of, values

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tiku.model import Block, Inline
    from tiku.readers.labels import Label
    from tiku.readers.lines import Lines
    from tiku.readers.shapes import Document

_BLANK = re.compile(r"_{3,}|（\s{1,20}）|\(\s{1,20}\)|【\s{1,20}】|＿{2,}")
_ROLES = frozenset({"prompt", "answer", "explanation"})


@dataclass(slots=True)
class Parts:
    """What was found in the body of a question; lists are filled in document order."""

    prompt: list[Block] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    answer: list[Block] = field(default_factory=list)
    explanation: list[Block] = field(default_factory=list)
    others: list[tuple[str, str, list[Block]]] = field(default_factory=list)
    """Role, label as typed, content."""
    tags: tuple[str, ...] = ()
    difficulty: str = ""
    kind: Kind | None = None
    labels: list[str] = field(default_factory=list)
    """The roles of the labels seen, in order."""
    canonical: bool = False
    """Whether the document is tiku's own Markdown: then nothing is guessed."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """The further parts."""
        return tuple(Part(role, label, tuple(content)) for role, label, content in self.others)


def split(
    blocks: Iterable[Block],
    document: Document,
    stem: Iterable[Block] = (),
    *,
    canonical: bool = False,
    asked: bool = False,
    titled: bool = True,
) -> Parts:
    """The parts of the question whose body is `blocks`, of `document`; blocks made here get their line there.

    `stem` is the question's own text where it stood in its head. What stands before the first label belongs to the
    prompt when there is a label or a list of choices, else it is the answer.
    """
    parts = Parts(canonical=canonical)
    opening: list[Block] = []
    current = opening
    lines = document.lines
    body = [(block, document.label(block)) for block in _opened(blocks, lines)]
    told = any(label is not None and label.role == "answer" for _, label in body)
    for block, label in body:
        if label is None:
            current.append(block)
            continue
        role, text, rest = _reading_of(label)
        made: list[Block] = [para(rest)] if rest else []
        for each in made:
            lines.note(each, lines.get(id(block), 0))
        parts.labels.append(role)
        current = _open(parts, role, text, made, current)
        current.extend(made)
        if role == "hint" and made and not told:
            current = parts.answer  # a hint of one line, and what follows it is the answer nobody labelled
    stem = list(stem)
    if canonical or asked or _tells_prompt(parts.labels, titled=titled):
        parts.prompt[:0] = [*stem, *opening]
    else:
        _unlabelled(parts, stem, [*opening, *parts.prompt])
    _find_choices(parts)
    if not canonical:
        _read_key(parts)
    parts.kind = parts.kind or (Kind.OPEN if canonical else _kind(parts))
    return parts


def _tells_prompt(labels: list[str], *, titled: bool) -> bool:
    """Whether the labels of a question say that what stands before them is what it asks.

    References, hints and values do not, nor does an explanation alone below a title.
    """
    decisive = {"prompt", "answer", "choices"} if titled else {"prompt", "answer", "choices", "explanation", "hint"}
    return bool(decisive & set(labels))


_PART = re.compile(r"<!-- part: ([\w-]+)( unlabelled)? -->")


def _reading_of(label: Label) -> tuple[str, str, list[Inline]]:
    """Role, label and rest; a comment ``<!-- part: ROLE -->`` after a label states its role."""
    rest = list(label.rest)
    if rest and rest[0]["t"] == "RawInline" and (found := _PART.match(rest[0]["c"][1])):
        return found[1], "" if found[2] else label.text, trim(rest[1:])
    return label.role, label.text, rest


def _opened(blocks: Iterable[Block], lines: Lines) -> list[Block]:
    """`blocks` with folded blocks laid open and paragraphs cut at lines that begin with a label."""
    out: list[Block] = []
    for block in blocks:
        kind = block["t"]
        if kind == "Div" and "details" in block["c"][0][1]:
            out += _opened(_unfolded(block), lines)
        elif kind == "Div" and ("tiku-fragment" in block["c"][0][1] or "summary" in block["c"][0][1]):
            out += _opened(block["c"][1], lines)
        elif kind in {"Para", "Plain"} and any(node["t"] in {"SoftBreak", "LineBreak"} for node in block["c"]):
            out += _lines_of(block, lines)
        elif kind == "Plain":
            made = para(block["c"])
            lines.note(made, lines.get(id(block), 0))
            out.append(made)
        else:
            out.append(block)
    return out


def _unfolded(block: Block) -> list[Block]:
    """The content of a folded block; its summary becomes a label, or nothing where it only says 'show'."""
    inner = list(block["c"][1])
    if not inner or inner[0]["t"] != "Div" or "summary" not in inner[0]["c"][0][1]:
        return inner
    summary = plain_text(inner[0]["c"][1]).strip()
    content = inner[1:]
    role = role_of(summary) or _folded_role(summary)
    if any((label := label_of(each)) is not None and label.role in {"answer", "explanation"} for each in content[:2]):
        return content  # it names its parts itself
    if not role and len(summary) <= 30 and not asks(summary):
        role = "answer"  # what is folded below a question is its answer, whatever it is called
    if role:
        return [para([{"t": "Strong", "c": list(string(f"{summary.rstrip(':：')}:"))}, _role_comment(role)]), *content]
    return [*inner[0]["c"][1], *content]


def _role_comment(role: str) -> Inline:
    return {"t": "RawInline", "c": ["html", f"<!-- part: {role} -->"]}


def _folded_role(summary: str) -> str:
    if not answer_like(summary):
        return ""
    return "explanation" if any(word in summary for word in ("解析", "해설", "xplanation")) else "answer"


def _lines_of(block: Block, lines: Lines) -> list[Block]:
    """A paragraph, cut before each line that begins with a label: ``答案：B`` below its stem."""
    pieces: list[list[Inline]] = [[]]
    starts = [0]
    count = 0
    nodes = block["c"]
    for index, node in enumerate(nodes):
        if node["t"] in {"SoftBreak", "LineBreak"}:
            count += 1
            rest = nodes[index + 1 : index + 14]
            if label_of({"t": "Para", "c": rest}) is not None:
                pieces.append([])
                starts.append(count)
                continue
        pieces[-1].append(node)
    if len(pieces) == 1:
        if block["t"] == "Para":
            return [block]
        made = para(nodes)
        lines.note(made, lines.get(id(block), 0))
        return [made]
    out = []
    first = lines.get(id(block), 0)
    for start, piece in zip(starts, pieces, strict=True):
        if trim(piece):
            made = para(trim(piece))
            lines.note(made, first + start if first else 0)
            out.append(made)
    return out


def _open(parts: Parts, role: str, text: str, rest: list[Block], current: list[Block]) -> list[Block]:
    """The list that takes what follows a label; short values are read off `rest`, which is emptied then."""
    if role in _ROLES:
        target: list[Block] = getattr(parts, role)
        return target
    if role == "choices":
        return parts.prompt
    value = plain_text(rest).strip()
    short = bool(value) and "\n" not in value and len(value) <= 200
    if role == "tags" and short:
        pattern = r",\s*" if parts.canonical else r"[,，、;；\s]+"
        parts.tags = tuple(
            tag for raw in re.split(pattern, value) if (tag := raw if parts.canonical else raw.strip("#`"))
        )
        rest.clear()
        return current
    if role == "difficulty" and short:
        parts.difficulty = value
        rest.clear()
        return current
    if role == "kind" and short and (kind := kind_of(value)):
        parts.kind = kind
        rest.clear()
        return current
    if role == "points" and short:
        parts.others.append((role, text, list(rest)))
        rest.clear()
        return current
    if role in {"tags", "difficulty", "kind"} and not parts.canonical:
        role = "other"  # too long to be the value itself
    collected: list[Block] = []
    parts.others.append((role, text, collected))
    return collected


def _unlabelled(parts: Parts, stem: list[Block], blocks: list[Block]) -> None:
    """A body without labels: choices make the text before them the prompt, else all of it is the answer."""
    parts.prompt = list(stem)
    if run := paragraph_choices(blocks):
        parts.prompt += blocks[: run[1]]
        parts.answer += blocks[run[1] :]
        return
    for index, block in enumerate(blocks):
        if choices_of(block):
            parts.prompt += blocks[: index + 1]
            parts.answer += blocks[index + 1 :]
            return
    parts.answer += blocks


# -- choices ------------------------------------------------------------------------------------------------------------


def _find_choices(parts: Parts) -> None:
    """Take the last list of choices out of the prompt (in a labelled question, else out of the answer's beginning)."""
    places = [parts.prompt] if parts.canonical else [parts.prompt, parts.answer]
    if not parts.canonical and (run := paragraph_choices(parts.prompt)):
        begin, end, parts.choices = run
        del parts.prompt[begin:end]
        return
    for blocks in places:
        last = len(blocks) if blocks is parts.prompt else min(1, len(blocks))  # an answer may begin with them
        for index in range(last - 1, -1, -1):
            found = _canonical_choices(blocks[index]) if parts.canonical else choices_of(blocks[index])
            if not found:
                continue
            before, parts.choices, after = found
            blocks[index : index + 1] = [*before, *after]
            return
        if parts.canonical:
            return


_CANONICAL = re.compile(r"(\S{0,40}?)\.(?:\s+|$)")


def _canonical_choices(block: Block) -> tuple[list[Block], list[Choice], list[Block]] | None:
    """The task list of tiku's own Markdown: ``- [x] B. …``, with any label up to its dot."""
    if block["t"] != "BulletList":
        return None
    choices = []
    for item in block["c"]:
        first = item[0]["c"] if item and item[0]["t"] in {"Plain", "Para"} else []
        if not first or first[0]["t"] != "Str" or first[0]["c"] not in {"☒", "☐"}:
            return None
        inlines = trim(first[1:])
        found = _CANONICAL.match(start_of(inlines, 60))
        if not found:
            return None
        rest = trim(drop(inlines, found.end()))
        content = ({"t": "Plain", "c": rest}, *item[1:]) if rest else tuple(item[1:])
        choices.append(Choice(found[1], content, correct=first[0]["c"] == "☒"))
    return [], choices, []


# -- the key ------------------------------------------------------------------------------------------------------------


def _read_key(parts: Parts) -> None:
    """Mark the choices that the answer names; an answer that is only letters is told by them and leaves the text."""
    if not parts.choices:
        return
    labels = {choice.label for choice in parts.choices}
    boxed = any(choice.correct for choice in parts.choices)
    for blocks in (parts.answer, parts.explanation):
        if not blocks or blocks[0]["t"] not in {"Para", "Plain"} or (boxed and blocks is parts.explanation):
            continue
        text = plain_text(blocks[0]).strip()
        letters, size = key_letters(text, labels) if blocks is parts.answer else ([], 0)
        if not letters and (last := sentence_letter(text.split("\n", 1)[0], labels)):
            letters, size = [last], 0
        if letters:
            parts.choices = [
                Choice(choice.label, choice.content, correct=choice.label in letters) for choice in parts.choices
            ]
            if blocks is parts.answer and size and _says_no_more(text[size:], parts.choices, letters):
                del blocks[0]
            return
    if boxed:
        return
    _key_by_text(parts)


def _says_no_more(rest: str, choices: list[Choice], letters: list[str]) -> bool:
    """Whether what follows the letter in an answer only repeats its choice: ``B（错误）``."""
    said = key(rest.strip(" \t（）()[]【】.。"))
    if not said or truth_of(said) is not None:
        return True
    return any(choice.label in letters and key(plain_text(choice.content)) == said for choice in choices)


def _key_by_text(parts: Parts) -> None:
    """An answer that repeats one choice's words, or says 正确 for one of 正确/错误."""
    if len(parts.answer) != 1:
        return
    text = plain_text(parts.answer)
    said, truth = key(text), truth_of(text)
    for index, choice in enumerate(parts.choices):
        words = plain_text(choice.content)
        if said and (said == key(words) or (truth is not None and truth_of(words) is truth)):
            parts.choices[index] = Choice(choice.label, choice.content, correct=True)


# -- kind ---------------------------------------------------------------------------------------------------------------


def kind_of(text: str) -> Kind | None:
    """The kind that a value such as ``单选题`` or ``true/false`` names."""
    for kind in Kind:
        if key(text) in values(f"kind-{kind}") or text == kind:
            return kind
    return None


def _kind(parts: Parts) -> Kind:
    correct = sum(choice.correct for choice in parts.choices)
    if len(parts.choices) == 2 and {truth_of(plain_text(choice.content)) for choice in parts.choices} == {True, False}:
        return Kind.TRUE_FALSE
    if parts.choices:
        return Kind.MULTIPLE if correct > 1 else Kind.SINGLE
    if len(parts.answer) == 1 and is_verdict(plain_text(parts.answer)):
        return Kind.TRUE_FALSE
    if _BLANK.search(plain_text(parts.prompt)):
        return Kind.FILL_IN
    return Kind.OPEN
