"""A head: what begins a question or a chapter; and how its number, id and title are read off its text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tiku.markup import plain_text, trim
from tiku.readers.labels import drop
from tiku.readers.numbers import Number, number_of

if TYPE_CHECKING:
    from tiku.model import Block, Inline

_STATED_ID = re.compile(r"<!--\s*id:\s*([\w.:-]{1,100})\s*-->")
_ATTRIBUTE = re.compile(r"\s*\{([#.][^{}]*)\}\s*$")
# how hard a question is, said by stars at its end
_STARS = re.compile(
    r"[\s\u200d]*(?:[(（\[]\s*([★☆⭐🌟]{1,5}\ufe0f?)\s*[)）\]]|(?<=[\s?？.。\u200d])([★☆⭐🌟]{1,5}\ufe0f?|\*{1,3}))\s*$"
)
_STARRED = ("★", "☆", "⭐", "🌟", "\ufe0f", "*", ")", "）", "]")
"""How a text ends that may end with stars."""
_PAIR = re.compile(r'([\w-]+)=(?:"([^"]*)"|(\S+))')


@dataclass(slots=True)
class Head:
    """What begins a question (or, with `question` false, a chapter), and what follows it up to the next one."""

    line: int
    level: int
    title: list[Inline]
    """Without number and attribute."""
    number: str = ""
    value: int = 0
    style: str = ""
    """The style of the number, one of numbers.STYLES, or empty."""
    id: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    classes: tuple[str, ...] = ()
    difficulty: str = ""
    """As typed, where the title says it by stars or a coloured dot."""
    text: str = ""
    """The title as plain text."""
    body: list[Block] = field(default_factory=list)
    question: bool = True
    asked: bool = False
    """Whether what follows without a label is still the question, not its answer."""
    answers: bool = False
    """Whether all that follows is the answer: a directive of answers."""
    stem: bool = False
    """Whether the title is the question's own text (a list item, a paragraph), so that it belongs in the prompt."""


def head_of(
    inlines: list[Inline], line: int, level: int = 0, *, numbered: bool = True, pattern: re.Pattern[str] | None = None
) -> Head:
    """The head that `inlines` are: its trailing ``{#id .class key=value}``, its number and its title."""
    title = _unwrapped(trim(inlines))
    text = plain_text(title).strip()
    head = Head(line, level, title)
    raw = [node for node in title if node["t"] == "RawInline"]  # most have none
    head.id = stated_id(raw)
    if text.endswith("}") and (found := _ATTRIBUTE.search(text)):
        words = _PAIR.sub("", found[1]).split()
        head.id = next((word[1:] for word in words if word.startswith("#")), "") or head.id
        head.classes = tuple(word[1:] for word in words if word.startswith("."))
        head.attributes = {pair[1]: pair[2] if pair[2] is not None else pair[3] for pair in _PAIR.finditer(found[1])}
        title = without_end(title, len(text) - found.start())
        text = plain_text(title).strip()
    number: Number | None = None
    if pattern is not None:
        if found := pattern.match(text):
            parts = found.groupdict()
            typed = parts.get("number") or ""
            value = int(re.sub(r"\D", "", typed) or 0)
            number = Number(typed, value, "word", found.start("title") if parts.get("title") else found.end())
    elif numbered:
        number = number_of(text)
    if number:
        title = drop(title, number.length)
        head.number, head.value, head.style = number.text, number.value, number.style
        text = text[number.length :]
    title = trim(title)
    title = _unwrapped(_undecorated(title) if raw or (title and title[-1].get("c") == "]") else title)
    text = text.strip()
    if text.endswith(_STARRED) and (found := _STARS.search(text)):
        head.difficulty = (found[1] or found[2]).strip()
        title = without_end(title, len(text) - found.start())
        text = text[: found.start()].strip()
    elif text and not any(char.isalnum() for char in text) and number and not any(n["t"] == "Math" for n in title):
        head.difficulty, title, text = text, [], ""  # `## 第 1 题 🟢`
    head.title, head.text = title, text
    return head


def stated_id(nodes: list[Inline]) -> str:
    """The id in a comment ``<!-- id: NAME -->`` among `nodes`, inlines or blocks; empty where there is none."""
    for node in nodes:
        if node["t"] in {"RawInline", "RawBlock"} and (found := _STATED_ID.fullmatch(node["c"][1].strip())):
            return found[1]
    return ""


def _unwrapped(inlines: list[Inline]) -> list[Inline]:
    """The content of a title that is bold as a whole: headings are bold anyway."""
    while len(inlines) == 1 and inlines[0]["t"] in {"Strong", "Underline"}:
        inlines = trim(inlines[0]["c"])
    return inlines


def _undecorated(inlines: list[Inline]) -> list[Inline]:
    """A title without empty spans, comments and trailing ``[[source](…)]`` links."""
    out = [node for node in inlines if not (node["t"] == "RawInline" and node["c"][1].startswith("<!--"))]
    if len(out) > 2 and out[-1]["t"] == "Str" and out[-1]["c"] == "]" and out[-2]["t"] == "Link":
        index = len(out) - 3
        if index > 0 and out[index]["t"] == "Str" and out[index]["c"] == "[":
            out = trim(out[:index])
    return out


def without_end(inlines: list[Any], count: int) -> list[Any]:
    """`inlines` without their last `count` characters of plain text."""
    out = list(inlines)
    while out and count > 0:
        text = plain_text([out[-1]]) or " "
        if len(text) <= count:
            count -= len(text)
            out.pop()
        elif out[-1]["t"] == "Str":
            out[-1] = {"t": "Str", "c": text[: len(text) - count]}
            count = 0
        else:
            break
    return trim(out)
