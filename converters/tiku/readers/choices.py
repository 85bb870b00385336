"""The choices of a question: task lists, lettered lists, lettered lines; and the letters an answer names."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tiku.markup import trim
from tiku.model import Choice
from tiku.readers.labels import drop, start_of

if TYPE_CHECKING:
    from tiku.model import Block, Inline

_BOX = {"☒": True, "☑": True, "☐": False}
# the letters of choices; full-width ones count
_LETTER = "A-Ha-hＡ-Ｈａ-ｈ"
_LABEL = re.compile(rf"\s*(?:[(（\[【]\s*([{_LETTER}])\s*[)）\]】]\s*[.．、:：]?|([{_LETTER}])\s*[.．、:：)）])\s*")
_DASHED = re.compile(rf"\s*([{_LETTER}])\s+[-–—]\s+")
_IN_LINE = re.compile(rf"[(（\[【]?([{_LETTER}])\s*[.．、)）\]】:：]\s*")
_FIRST = re.compile(r"(?:^|[\u3000\t(（\[【])[(（\[【]?[AＡ]\s*(?:[.．、)）\]】:：]|$)")
"""A first choice, somewhere in a word."""
_SPLIT = re.compile(r"[\u3000\t]")
_AND = r"(?:[\s,，、;；/&+和及與与]|and\b|и\b|y\b|et\b|und\b|e\b|و)*"
# compiled when the first choice question asks for them
_KEY = rf"[\s*_\"'“(（\[【✅]*((?:[{_LETTER}](?![^\W_]){_AND})+|[A-H]{{2,8}}(?![^\W_]))\s*[)）\]】\"'”]?"
# a sentence that ends with the letter: The right one is C; الإجابة هي الخيار الرابع : D
_ENDS = rf"(?:[:：]|\bis\b|\bes\b|\best\b|\bist\b|—|–|是|为|選|选|هو|هي)\s*[(（]?([{_LETTER}])[)）]?\s*[.。!！،,]?\s*$"
_HALF = {ord(wide): ord("A") + i for i, wide in enumerate("ＡＢＣＤＥＦＧＨ")} | {
    ord(wide): ord("A") + i for i, wide in enumerate("ａｂｃｄｅｆｇｈ")
}


def letter(text: str) -> str:
    """A choice's letter as an ASCII capital."""
    return text.translate(_HALF).upper()


def choice_label(text: str) -> str:
    """The letter with which `text` begins as a choice does (``B. …``), or the empty string."""
    found = _LABEL.match(text)
    return letter(found[1] or found[2]) if found else ""


def paragraph_choices(blocks: list[Block]) -> tuple[int, int, list[Choice]] | None:
    """A run of paragraphs that are a choice each (``A - …``): its begin, its end, the choices; None without one."""
    for begin, block in enumerate(blocks):
        if _paragraph_label(block) != "A":
            continue
        end = begin + 1
        while end < len(blocks) and _paragraph_label(blocks[end]) == chr(ord("A") + end - begin):
            end += 1
        if end - begin >= 2:
            return begin, end, [_paragraph_choice(each) for each in blocks[begin:end]]
    return None


def _paragraph_label(block: Block) -> str:
    if block["t"] not in {"Para", "Plain"} or _in_lines(block):
        return ""
    text = start_of(block["c"], 12)
    found = _DASHED.match(text)
    return letter(found[1]) if found else choice_label(text)


def _paragraph_choice(block: Block) -> Choice:
    text = start_of(block["c"], 12)
    found = _DASHED.match(text) or _LABEL.match(text)
    size = found.end() if found else 0
    return Choice(_paragraph_label(block), ({"t": "Plain", "c": trim(drop(block["c"], size))},))


def choices_of(block: Block) -> tuple[list[Block], list[Choice], list[Block]] | None:
    """The choices in `block`, what of it stands before them and what after; None where there are none."""
    if block["t"] in {"BulletList", "OrderedList"}:
        items = block["c"] if block["t"] == "BulletList" else block["c"][1]
        if len(items) < 2:
            return None
        items = [item for item in items if item]  # a lone dash
        found = [_choice(item) for item in items]
        choices = [choice for choice in found if choice]
        # a stray item without a letter among lettered ones is one more choice, not a reason to lose them
        if len(choices) >= 2 and len(choices) == len(items) and _in_order(choices):
            return [], _labelled(choices), []
        return None
    if block["t"] in {"Para", "Plain"}:
        return _in_lines(block)
    return None


def _choice(item: list[Block]) -> Choice | None:
    """One list item as a choice: a task box, a letter, or both; a bold one is the correct one."""
    if not item or item[0]["t"] not in {"Para", "Plain"}:
        return None
    inlines: list[Any] = list(item[0]["c"])
    box: bool | None = None
    if inlines and inlines[0]["t"] == "Str" and inlines[0]["c"] in _BOX:
        box = _BOX[inlines[0]["c"]]
        inlines = trim(inlines[1:])
    bold = len(trim(inlines)) == 1 and trim(inlines)[0]["t"] == "Strong"
    start = start_of(inlines, 12)
    found = _LABEL.match(start)
    if box is None and not found:
        return None
    rest = trim(drop(inlines, found.end())) if found else inlines
    if found and found.end() >= len(start) and len(start) < 12 and not rest and len(item) == 1 and box is None:
        return None
    if bold and rest and rest[0]["t"] == "Strong":
        rest = rest[0]["c"]
    content = ({"t": "Plain", "c": rest}, *item[1:]) if rest else tuple(item[1:])
    return Choice(letter(found[1] or found[2]) if found else "", content, correct=bool(box) or (bold and box is None))


def _in_order(choices: list[Choice]) -> bool:
    labels = [choice.label for choice in choices]
    if not any(labels):
        return True
    return labels[0] in {"A", ""} and len(set(labels)) == len(labels) and labels == sorted(labels)


def _labelled(choices: list[Choice]) -> list[Choice]:
    return [
        Choice(choice.label or chr(ord("A") + index), choice.content, correct=choice.correct)
        for index, choice in enumerate(choices)
    ]


def _in_lines(block: Block) -> tuple[list[Block], list[Choice], list[Block]] | None:
    """Choices on lines of a paragraph (``A．甲　B．乙``, or one a line), perhaps after the stem."""
    if not any(_holds_first(node) for node in block["c"]):
        return None
    pieces: list[Inline] = []
    for node in block["c"]:  # a Str may hold several choices, parted by an ideographic space
        if node["t"] == "Str" and _SPLIT.search(node["c"]):
            for index, word in enumerate(_SPLIT.split(node["c"])):
                pieces.extend([{"t": "Space"}] if index else [])
                pieces.extend([{"t": "Str", "c": word}] if word else [])
        else:
            pieces.append(node)
    cuts: list[tuple[int, str, int]] = []  # index of the inline, label, characters of the label
    wanted = "A"
    for index, node in enumerate(pieces):
        if index and pieces[index - 1]["t"] not in {"Space", "SoftBreak", "LineBreak"}:
            continue
        bold = node["t"] == "Strong"
        text = start_of([node], 6) if bold else node["c"] if node["t"] == "Str" else ""
        if (found := _IN_LINE.match(text)) and letter(found[1]) == wanted and found[1].isupper():
            cuts.append((index, wanted, found.end()))
            wanted = chr(ord(wanted) + 1)
    if len(cuts) < 2:
        return None
    choices = []
    for number, (index, label, size) in enumerate(cuts):
        end = cuts[number + 1][0] if number + 1 < len(cuts) else len(pieces)
        whole = trim(pieces[index:end])
        bold = len(whole) == 1 and whole[0]["t"] == "Strong"
        content = trim(drop(whole, size))
        choices.append(Choice(label, ({"t": "Plain", "c": content},) if content else (), correct=bold))
    before = trim(pieces[: cuts[0][0]])
    return ([{"t": "Para", "c": before}] if before else []), choices, []


def _holds_first(node: Inline) -> bool:
    """Whether the label of a first choice stands in a word or a bold text."""
    text = node["c"] if node["t"] == "Str" else start_of([node], 400) if node["t"] == "Strong" else ""
    return ("A" in text or "Ａ" in text) and _FIRST.search(text) is not None


def key_letters(text: str, labels: set[str]) -> tuple[list[str], int]:
    """The letters an answer begins with (``B``, ``A, C``, ``ABD``, ``B. because``) and how many characters they take.

    Empty when they are not all among `labels`.
    """
    found = re.match(_KEY, text, re.IGNORECASE)
    if found:
        letters = [
            letter(each) for each in re.findall(rf"[{_LETTER}]", re.sub(r"\b(?:and|et|und|e|y)\b", " ", found[1]))
        ]
        after = text[found.end() :].lstrip(" \t*_`")
        told = (
            not after or not (after[0].isascii() and after[0].isalpha()) or text[found.end() - 1 : found.end()] == "\n"
        )
        if letters and told and all(each in labels for each in letters):
            return letters, found.end()
    return [], 0


def sentence_letter(text: str, labels: set[str]) -> str:
    """The letter with which a sentence about the answer ends (``The right one is C.``), or the empty string."""
    found = re.search(_ENDS, text.strip(), re.IGNORECASE)
    return letter(found[1]) if found and letter(found[1]) in labels else ""
