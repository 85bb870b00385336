"""Label recognition: is this the beginning of an answer, an explanation, a hint? The words are in ``labels.toml``."""

from __future__ import annotations

import contextlib
import re
import tomllib
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from tiku.errors import UsageError
from tiku.markup import plain_text, trim
from tiku.plugins import suggest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tiku.model import Block, Inline

ROLES = ("prompt", "choices", "answer", "explanation", "hint", "reference", "difficulty", "tags", "kind", "points")
# Arabic letters that are written one for the other
_ALIKE = str.maketrans("أإآىةۀكي", "ااایهہکی")
_BRACKET_END = re.compile(r"\s*[(（\[][^()（）\[\]]{1,20}[)）\]]\s*$")
_TICKS = frozenset("√✓✔☑✅○")
_CROSSES = frozenset("×✗✘❌✖")
_BRACKETS = frozenset("【［[ ")
_COLONS = ":："
# Letters, digits and what may stand inside a label; everything else (emoji, stars, blanks, brackets) is decoration.
_EDGES = re.compile(r"^[^\w]+|[^\w()]+$")
NO_LABEL = "<!-- -->"
"""This comment beside a text that looks like a label says that it is none."""
LONGEST = 60
"""No label is longer."""
_PLAIN_LABEL = re.compile(r"^\W{0,4}([^\W_][^:：\n]{0,30})[:：]")
_BRACKETED = re.compile(r"^[【［\[]\s*([^】］\]\n]{1,16})\s*[】］\]]\s*[:：]?")


@dataclass(frozen=True, slots=True)
class Label:
    """A label found at the start of a block."""

    role: str
    text: str
    """As typed, without its colon."""
    rest: tuple[Inline, ...]
    """What follows it in its own paragraph."""


@lru_cache(maxsize=4096)
def key(text: str) -> str:
    """`text` as labels are compared: NFKC, case folded, without decoration at its ends."""
    folded = unicodedata.normalize("NFKC", text).casefold().translate(_ALIKE).strip()
    return " ".join(_EDGES.sub("", folded).split())


@cache
def vocabulary() -> dict[str, dict[str, frozenset[str]]]:
    """Role or value name -> language -> words, from ``labels.toml``."""
    data = tomllib.loads(files("tiku.readers").joinpath("labels.toml").read_text(encoding="utf-8"))
    return {
        name: {language: frozenset(key(word) for word in words) for language, words in by_language.items()}
        for name, by_language in data.items()
    }


@cache
def roles() -> dict[str, str]:
    """Every label word we know -> its role."""
    out: dict[str, str] = {}
    for role, words in _own.items():
        for word in words:
            out[key(word)] = role
    for role in ROLES:
        for known in vocabulary()[role].values():
            for word in known:
                out.setdefault(word, role)
    return out


_own: dict[str, tuple[str, ...]] = {}


@contextlib.contextmanager
def also(own: Mapping[str, tuple[str, ...]]) -> Iterator[None]:
    """With the user's own labels (role -> words) beside those we know. Raises UsageError for an unknown role."""
    if not own:
        yield
        return
    for role in own:
        if role not in ROLES:
            raise UsageError(f"labels: unknown role '{role}'{suggest(role, list(ROLES))}")
    before = dict(_own)
    _own.update(own)
    roles.cache_clear()
    role_of.cache_clear()
    try:
        yield
    finally:
        _own.clear()
        _own.update(before)
        roles.cache_clear()
        role_of.cache_clear()


@cache
def values(name: str) -> frozenset[str]:
    """The words for a value: ``true``, ``false``, ``kind-single-choice``."""
    return frozenset().union(*vocabulary()[name].values()) - {""}


def answer_like(text: str) -> bool:
    """Whether the summary of a folded block only says that the answer is inside: ``Show``, ``View answer``, ``查看答案``."""
    said = key(text)
    return bool(role_of(text)) or (len(said) <= 24 and any(word in said for word in values("folded")))


def is_verdict(text: str) -> bool:
    """Whether `text` judges a statement (``错误``, ``False``, ``√``); a yes or no answers a question instead."""
    return truth_of(text) is not None and key(text) not in values("value-yes-no")


def truth_of(text: str) -> bool | None:
    """What a short text says of a statement: True (``正确``, ``√``), False (``False``, ``×``), or None."""
    said = key(text)
    if said in values("value-true") or text.strip() in _TICKS:
        return True
    return False if said in values("value-false") or text.strip() in _CROSSES else None


@lru_cache(maxsize=4096)
def role_of(text: str) -> str:
    """The role that the label `text` names, or the empty string."""
    if len(text) > LONGEST:
        return ""
    bare = text.strip().rstrip(_COLONS)
    return roles().get(key(bare)) or roles().get(key(_BRACKET_END.sub("", bare)), "")


def label_of(block: Block) -> Label | None:
    """The label with which `block` begins.

    ``**答案：**``, ``Answer: B``, ``【解析】``, or a heading ``#### Answer: C``.
    """
    if block["t"] not in {"Para", "Plain", "Header"}:
        return None
    heading = block["t"] == "Header"
    inlines: list[Any] = block["c"][2] if heading else block["c"]
    bold = -1
    for index, node in enumerate(inlines[:3]):
        kind = node["t"]
        if kind == "Strong" and bold < 0:
            bold = index
        elif kind == "RawInline" and node["c"][1] == NO_LABEL:
            return None
    if len(inlines) == 1 and inlines[0]["t"] == "Link" and role_of(plain_text(inlines)) == "reference":
        return Label("reference", plain_text(inlines), tuple(inlines))
    if bold == 0 or (bold > 0 and not re.search(r"\w", plain_text(inlines[:bold]))):
        return _bold_label(inlines, bold, heading=heading)
    text = plain_text(inlines) if heading else start_of(inlines, 60)
    if not heading and ":" not in text and "：" not in text and text[:1] not in _BRACKETS:
        return None
    found = _BRACKETED.match(text) or _PLAIN_LABEL.match(text)
    if found and (role := role_of(found[1])):
        return Label(role, found[1].strip(), tuple(trim(drop(inlines, len(found[0])))))
    if heading and (role := role_of(text)):
        return Label(role, key(text) and _EDGES.sub("", text.strip()), ())
    return None


def _bold_label(inlines: list[Any], bold: int, *, heading: bool) -> Label | None:
    inner = plain_text(inlines[bold]["c"]).strip()
    rest = inlines[bold + 1 :]
    after = plain_text(rest[:1]).lstrip() if rest else ""
    if inner.endswith(tuple(_COLONS)) and (role := role_of(inner)):
        return Label(role, inner.rstrip(_COLONS).strip(), tuple(trim(rest)))
    if after[:1] and after[0] in _COLONS and (role := role_of(inner)):
        lead = plain_text(rest)
        cut = len(lead) - len(lead.lstrip()) + 1
        return Label(role, inner, tuple(trim(drop(rest, cut))))
    found = _PLAIN_LABEL.match(inner) or _BRACKETED.match(inner)
    if found and (role := role_of(found[1])):  # the whole line is bold: **Answer: B**
        return Label(role, found[1].strip(), (*trim(drop(inlines[bold]["c"], len(found[0]))), *rest))
    if (not trim(rest) or heading) and (role := role_of(inner)) and len(key(inner)) > 1:
        return Label(role, inner, tuple(trim(rest)))
    return None


def drop(inlines: list[Any] | tuple[Any, ...], count: int) -> list[Any]:
    """`inlines` without their first `count` characters of plain text."""
    out: list[Any] = []
    left = count
    for node in inlines:
        if left <= 0:
            out.append(node)
            continue
        size = len(plain_text([node])) if node["t"] not in {"Space", "SoftBreak", "LineBreak"} else 1
        if size <= left:
            left -= size
        elif node["t"] == "Str":
            out.append({"t": "Str", "c": node["c"][left:]})
            left = 0
        elif node["t"] == "Code":  # `hint: np.zeros`
            out.append({"t": "Code", "c": [node["c"][0], node["c"][1][left:].lstrip()]})
            left = 0
        elif node["t"] in {"Strong", "Emph", "Strikeout", "Underline"}:
            out.append({"t": node["t"], "c": drop(node["c"], left)})
            left = 0
        elif node["t"] in {"Span", "Link"}:
            out.append({"t": node["t"], "c": [node["c"][0], drop(node["c"][1], left), *node["c"][2:]]})
            left = 0
        else:
            out.append(node)
            left = 0
    return out


def start_of(inlines: list[Any], limit: int) -> str:
    """The first `limit` characters or so of the plain text of `inlines`, without reading all of a long text."""
    out = ""
    for node in inlines:
        out += node["c"] if node["t"] == "Str" else plain_text([node]) if node["t"] not in _BLANK else _BLANK[node["t"]]
        if len(out) >= limit:
            break
    return out


_BLANK = {"Space": " ", "SoftBreak": "\n", "LineBreak": "\n"}
