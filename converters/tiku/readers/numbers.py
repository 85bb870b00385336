"""Question numbers as people type them: `1.`, `1、`, `（1）`, `①`, `一、`, `第3题`, `Q.4`, `#7`, full-width digits."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_DIGITS = r"[0-9０-９٠-٩۰-۹]{1,40}"
_HANZI = r"[一二三四五六七八九十百千零〇两]{1,7}"
_WORDS = r"question|questions|q|问题|题目|問題|题|问|вопрос|pregunta|pergunta|frage|문제|질문|سؤال|السؤال|سوال"
_PATTERNS = (
    # Q1: / Q.1. / Question 1 / 题目001： / #12
    re.compile(rf"(?P<prefix>(?:{_WORDS})\s*[.．]?\s*|#\s*)(?P<number>{_DIGITS})\s*"
               r"(?:[题題问問]\b|[题題问問](?=[\s:：.、]|$))?\s*[.．、:：)）\-–—]?(?!\d)", re.IGNORECASE),
    re.compile(rf"(?P<prefix>第\s*)(?P<number>{_DIGITS}|{_HANZI})\s*[题題问問道]\s*[.．、:：)）]?"),
    re.compile(rf"(?P<prefix>[(（【\[])\s*(?P<number>{_DIGITS}|{_HANZI})\s*[)）】\]]\s*[.．、:：]?"),
    re.compile(rf"(?P<prefix>)(?P<number>{_DIGITS})\s*[.．、)）:：](?![0-9])"),
    re.compile(r"(?P<prefix>)(?P<number>[\u2460-\u2473\u3251-\u325f\u32b1-\u32bf\u2474-\u2487\u2488-\u249b])\s*[.．、:：]?"),
    re.compile(rf"(?P<prefix>)(?P<number>{_HANZI})\s*[、.．](?!\d)"),
    re.compile(rf"(?P<prefix>)(?P<number>{_DIGITS})(?=\s+\S)"),
)  # fmt: skip
# What may be the first character of each: most texts begin otherwise, and one look tells.
_FIRST = re.compile(
    rf"[#第(（【\[\u2460-\u249b\u3251-\u325f\u32b1-\u32bf{''.join(word[0] for word in _WORDS.split('|'))}]"
    rf"|{_HANZI}", re.IGNORECASE,
)  # fmt: skip
STYLES = ("word", "ordinal", "bracket", "plain", "circled", "hanzi", "bare")
_DIGITS_FIRST = frozenset({"plain", "bare"})
_UNITS = {"十": 10, "百": 100, "千": 1000}
_ONES = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}


@dataclass(frozen=True, slots=True)
class Number:
    """A number found at the start of a text."""

    text: str
    """As typed, without prefix and punctuation."""
    value: int
    style: str
    """One of STYLES."""
    length: int
    """How many characters of the text it takes, with prefix, punctuation and the blanks after it."""


def number_of(text: str) -> Number | None:
    """The number with which `text` begins, or None."""
    lead = len(text) - len(text.lstrip())
    digit = text[lead : lead + 1].isdecimal()
    if not digit and not _FIRST.match(text, lead):
        return None
    for style, pattern in zip(STYLES, _PATTERNS, strict=True):
        if digit == (style in _DIGITS_FIRST) and (found := pattern.match(text, lead)):
            end = found.end()
            end += len(text[end:]) - len(text[end:].lstrip())
            typed = found["number"]
            return Number(typed, value_of(typed), style, end)
    return None


def value_of(typed: str) -> int:
    """The value of digits of any script, of a circled number, or of Chinese numerals."""
    if typed[0] in _ONES or typed[0] in _UNITS:
        total, current = 0, 0
        for char in typed:
            if char in _UNITS:
                total += max(current, 1) * _UNITS[char]
                current = 0
            else:
                current = _ONES[char]
        return total + current
    digits = re.sub(r"\D", "", unicodedata.normalize("NFKC", typed))
    return int(digits) if digits else 0
