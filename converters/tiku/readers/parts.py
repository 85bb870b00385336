"""From the blocks of one question to its parts: labels, choices, the key, kind, tags, difficulty."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tiku.markup import plain_text, trim
from tiku.model import Choice, Kind, Part
from tiku.readers.labels import drop, key, label_of, values

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tiku.model import Block

_BOX = {"☒": True, "☑": True, "☐": False}
_LABEL = re.compile(r"^\s*(?:[(（]\s*([A-Ha-h])\s*[)）]|([A-Ha-h])\s*[.．、:：)）])\s*")
_KEY = re.compile(
    r"^\W*((?:[A-Ha-h](?![^\W_])[\s,，、;；/&+和及]*(?:and\s+|и\s+|y\s+)?|[A-H]{2,8}(?![^\W_]))+)(.*)$", re.DOTALL
)
_BLANK = re.compile(r"_{3,}|（\s{1,20}）|\(\s{1,20}\)|【\s{1,20}】|＿{2,}")


@dataclass(slots=True)
class Parts:
    """What was found in the body of a question; lists are filled in document order."""

    prompt: list[Block] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    answer: list[Block] = field(default_factory=list)
    explanation: list[Block] = field(default_factory=list)
    others: list[Part] = field(default_factory=list)
    tags: tuple[str, ...] = ()
    difficulty: str = ""
    kind: Kind | None = None
    labels: list[str] = field(default_factory=list)
    """The roles of the labels seen, in order."""


def split(blocks: Iterable[Block], lines: dict[int, int]) -> Parts:
    """The parts of the question whose body is `blocks`; blocks made here get their line in `lines`.

    What stands before the first label belongs to the prompt when there is a label, else it is the answer.
    """
    parts = Parts()
    current: list[Block] = []
    opening = current
    for block in blocks:
        label = label_of(block)
        if label is None:
            current.append(block)
            continue
        parts.labels.append(label.role)
        rest = [{"t": "Para", "c": list(label.rest)}] if label.rest else []
        for made in rest:
            lines[id(made)] = lines.get(id(block), 0)
        current = _open(parts, label.role, label.text, rest)
        current.extend(rest)
    if parts.labels:
        parts.prompt[:0] = opening
    else:
        _unlabelled(parts, opening)
    _find_choices(parts)
    _read_key(parts)
    parts.kind = parts.kind or _kind(parts)
    return parts


def _open(parts: Parts, role: str, text: str, rest: list[Block]) -> list[Block]:
    """The list that takes what follows a label; short values are read off `rest`, which is emptied then."""
    value = plain_text(rest).strip()
    if role in {"prompt", "answer", "explanation"}:
        target: list[Block] = getattr(parts, role)
        return target
    if role == "choices":
        return parts.prompt
    if role == "tags" and value and "\n" not in value:
        parts.tags = tuple(tag for raw in re.split(r"[,，、;；\s]+", value) if (tag := raw.strip("#`")))
        rest.clear()
        return parts.prompt
    if role == "difficulty" and value and "\n" not in value:
        parts.difficulty = value
        rest.clear()
        return parts.prompt
    if role == "kind" and value and "\n" not in value and (kind := kind_of(value)):
        parts.kind = kind
        rest.clear()
        return parts.prompt
    collected: list[Block] = []
    role = role if role in {"hint", "reference"} else "other"
    parts.others.append(Part(role, text, _growing(collected)))
    return collected


def _growing(blocks: list[Block]) -> Any:
    # replaced by a tuple in `finish`, when all of its blocks have come
    return blocks


def finish(part: Part) -> Part:
    """`part` with its content frozen."""
    return Part(part.role, part.label, tuple(part.content))


def _unlabelled(parts: Parts, blocks: list[Block]) -> None:
    """A body without labels: choices make the text before them the prompt, else all of it is the answer."""
    for index, block in enumerate(blocks):
        if _choices_of(block):
            parts.prompt.extend(blocks[: index + 1])
            parts.answer.extend(blocks[index + 1 :])
            return
    parts.answer.extend(blocks)


# -- choices ------------------------------------------------------------------------------------------------------------


def _find_choices(parts: Parts) -> None:
    """Take the last list of choices out of the prompt."""
    for index in range(len(parts.prompt) - 1, -1, -1):
        if found := _choices_of(parts.prompt[index]):
            before, parts.choices = found
            parts.prompt[index : index + 1] = before
            return


def _choices_of(block: Block) -> tuple[list[Block], list[Choice]] | None:
    """The choices in `block`, and what of it stands before them; None where there are none."""
    if block["t"] in {"BulletList", "OrderedList"}:
        items = block["c"] if block["t"] == "BulletList" else block["c"][1]
        choices = [_choice(item) for item in items]
        found = [choice for choice in choices if choice]
        if len(found) == len(items) >= 2 and _in_order(found):
            return [], _labelled(found)
        return None
    if block["t"] in {"Para", "Plain"}:
        return _choices_in_lines(block)
    return None


def _choice(item: list[Block]) -> Choice | None:
    """One list item as a choice: a task box, a letter, or both; a bold one is the correct one."""
    if not item or item[0]["t"] not in {"Para", "Plain"}:
        return None
    inlines = list(item[0]["c"])
    box: bool | None = None
    if inlines and inlines[0]["t"] == "Str" and inlines[0]["c"] in _BOX:
        box = _BOX[inlines[0]["c"]]
        inlines = trim(inlines[1:])
    found = _LABEL.match(plain_text(inlines))
    if box is None and not found:
        return None
    label = (found[1] or found[2]).upper() if found else ""
    rest = trim(drop(inlines, found.end())) if found else inlines
    content = ({"t": "Plain", "c": rest}, *item[1:]) if rest else tuple(item[1:])
    return Choice(label, content, correct=bool(box))


def _in_order(choices: list[Choice]) -> bool:
    labels = [choice.label for choice in choices]
    return not any(labels) or labels == [chr(ord(labels[0] or "A") + i) for i in range(len(labels))]


def _labelled(choices: list[Choice]) -> list[Choice]:
    return [
        Choice(choice.label or chr(ord("A") + index), choice.content, correct=choice.correct)
        for index, choice in enumerate(choices)
    ]


_INLINE_LABEL = re.compile(r"(?:^|(?<=[\s\u3000]))[(（]?([A-H])\s*[.．、)）]\s*")


def _choices_in_lines(block: Block) -> tuple[list[Block], list[Choice]] | None:
    """Choices on lines of a paragraph (``A．甲　B．乙``, or one a line), perhaps after the stem."""
    cuts: list[tuple[int, str, int]] = []  # index of the inline, label, characters of the label
    wanted = "A"
    inlines = block["c"]
    pieces: list[Any] = []
    for node in inlines:  # a Str may hold several choices, parted by an ideographic space
        if node["t"] == "Str" and "\u3000" in node["c"]:
            for index, word in enumerate(node["c"].split("\u3000")):
                pieces.extend([{"t": "Space"}] if index else [])
                pieces.extend([{"t": "Str", "c": word}] if word else [])
        else:
            pieces.append(node)
    for index, node in enumerate(pieces):
        start = index == 0 or pieces[index - 1]["t"] in {"Space", "SoftBreak", "LineBreak"}
        if node["t"] == "Str" and start and (found := _INLINE_LABEL.match(node["c"])) and found[1] == wanted:
            cuts.append((index, wanted, found.end()))
            wanted = chr(ord(wanted) + 1)
    if len(cuts) < 2:
        return None
    choices = []
    for number, (index, label, size) in enumerate(cuts):
        end = cuts[number + 1][0] if number + 1 < len(cuts) else len(pieces)
        content = trim(drop(pieces[index:end], size))
        choices.append(Choice(label, ({"t": "Plain", "c": content},) if content else ()))
    before = trim(pieces[: cuts[0][0]])
    return ([{"t": "Para", "c": before}] if before else []), choices


# -- the key ------------------------------------------------------------------------------------------------------------


def _read_key(parts: Parts) -> None:
    """Mark the choices that the answer names; an answer that is only letters is told by them and leaves the text."""
    if not parts.choices or not parts.answer or parts.answer[0]["t"] not in {"Para", "Plain"}:
        return
    text = plain_text(parts.answer[0]).strip()
    letters = key_letters(text, {choice.label for choice in parts.choices})
    if not letters:
        return
    parts.choices = [
        Choice(choice.label, choice.content, correct=choice.correct or choice.label in letters)
        for choice in parts.choices
    ]
    found = _KEY.match(text)
    if found and not key(found[2]):
        del parts.answer[0]


def key_letters(text: str, labels: set[str]) -> list[str]:
    """The letters an answer begins with (``B``, ``A, C``, ``ABD``, ``B. because``) if each is one of `labels`."""
    found = _KEY.match(text)
    if not found:
        return []
    letters = re.findall(r"(?<![^\W_])[A-Ha-h](?![^\W_])|(?<=[A-H])[A-H]|[A-H](?=[A-H])", found[1])
    letters = [letter.upper() for letter in letters]
    return letters if letters and all(letter in labels for letter in letters) else []


# -- kind ---------------------------------------------------------------------------------------------------------------


def kind_of(text: str) -> Kind | None:
    """The kind that a value such as ``单选题`` or ``true/false`` names."""
    for kind in Kind:
        if key(text) in values(f"kind-{kind}"):
            return kind
    return None


def _kind(parts: Parts) -> Kind:
    correct = sum(choice.correct for choice in parts.choices)
    words = [key(plain_text(choice.content)) for choice in parts.choices]
    truth = values("value-true") | values("value-false")
    if len(words) == 2 and all(word in truth for word in words):
        return Kind.TRUE_FALSE
    if parts.choices:
        return Kind.MULTIPLE if correct > 1 else Kind.SINGLE
    if len(parts.answer) == 1 and key(plain_text(parts.answer)) in truth:
        return Kind.TRUE_FALSE
    if _BLANK.search(plain_text(parts.prompt)):
        return Kind.FILL_IN
    return Kind.OPEN
