"""Which language a book and its runs of text are in: never the machine's locale, never no tag at all."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from tiku.markup import plain_text
from tiku.render.html import text
from tiku.render.locales import direction, primary, tag

if TYPE_CHECKING:
    from tiku.model import Bank

# https://www.rfc-editor.org/rfc/rfc5646#section-2.1, without the grandfathered tags
_TAG = re.compile(
    r"(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{5,8})(?:-[a-z]{4})?(?:-(?:[a-z]{2}|\d{3}))?"
    r"(?:-(?:[a-z0-9]{5,8}|\d[a-z0-9]{3}))*(?:-[0-9a-wyz](?:-[a-z0-9]{2,8})+)*(?:-x(?:-[a-z0-9]{1,8})+)?",
    re.IGNORECASE,
)
# Scripts that tell a language by themselves, when the text around is not written in them.
_SCRIPTS = {
    "ja": "\u3040-\u30ff\uff66-\uff9f",
    "ko": "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af",
    "zh": "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff",
    "ru": "\u0400-\u052f",
    "el": "\u0370-\u03ff\u1f00-\u1fff",
    "ar": "\u0600-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufeff",
    "he": "\u0590-\u05ff\ufb1d-\ufb4f",
    "th": "\u0e00-\u0e7f",
    "hi": "\u0900-\u097f",
}
_OWN = {
    "ja": {"ja", "zh"}, "zh": {"zh"}, "ko": {"ko", "zh"}, "fa": {"ar"}, "ur": {"ar"}, "ps": {"ar"}, "ckb": {"ar"},
    "ug": {"ar"}, "sd": {"ar"}, "yi": {"he"}, "uk": {"ru"}, "bg": {"ru"}, "sr": {"ru"}, "be": {"ru"}, "mk": {"ru"},
    "kk": {"ru"}, "mn": {"ru"}, "ky": {"ru"}, "tg": {"ru"}, "mr": {"hi"}, "ne": {"hi"}, "sa": {"hi"},
}  # fmt: skip
_NOT_LATIN = frozenset({"zh", "ja", "ko", "ru", "uk", "bg", "el", "ar", "fa", "he", "ur", "th", "hi"})
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]{2,}")
_NO_LANGUAGE = frozenset({"Code", "CodeBlock", "Math", "RawInline", "RawBlock", "Image"})
_LATIN_LETTER = re.compile(r"[A-Za-z\u00c0-\u024f]")
_OTHER_LETTER = re.compile(r"[^\W\d_A-Za-z\u00aa-\u024f]")


def well_formed(language: str) -> bool:
    """Whether `language` is a well-formed BCP 47 tag."""
    return _TAG.fullmatch(language) is not None


def of_book(bank: Bank) -> str:
    """The tag of the bank's language; detected from its text when it states none, or none that is well-formed."""
    stated = tag(bank.language.strip())
    if stated != "und" and well_formed(stated):
        return stated
    from tiku.readers.language import detect

    sample = [bank.title]
    for question in bank.questions[:100]:
        sample += [plain_text(question.title), plain_text(question.prompt), plain_text(question.answer)]
    return detect("\n".join(sample))


class Tongues:
    """Tells which parts of a book in `language` are in another one."""

    def __init__(self, language: str) -> None:
        own = _OWN.get(primary(language), {primary(language)})
        self._latin_stands_out = primary(language) in _NOT_LATIN
        self._right_to_left = direction(language) == "rtl"
        self._runs, self._special = _patterns(frozenset(own))

    def write(self, piece: str) -> str:
        """`piece` escaped, with its runs of other scripts in spans that say their language."""
        if not self._special.search(piece):
            return piece
        out = text(piece)
        return out if out.isascii() else self._runs.sub(_span, out)

    def attributes(self, nodes: Any, *, around: str = "") -> str:
        """The attributes that say language and direction of `nodes`, where they are not the book's."""
        found = self.of_block(nodes, around=around)
        out = f' lang="{found}" xml:lang="{found}"' if found else ""
        if self._right_to_left:
            words = plain_text(nodes)
            # A choice such as "`a` and `b`" would be read from its end.
            if not _OTHER_LETTER.search(words) and _LATIN_LETTER.search(words):
                out += ' dir="ltr"'
        return out

    def of_block(self, nodes: Any, *, around: str = "") -> str:
        """The language of `nodes` when it plainly is not the book's, else the empty string.

        Plain is text in Latin letters alone in a book of another script. One word may be a name, or a term that both
        languages use: it counts only where the text `around` is in another language, too.
        """
        if not self._latin_stands_out or _begins_otherwise(nodes):
            return ""
        found: list[str] = []
        stack = [nodes]
        while stack:
            item = stack.pop()
            if isinstance(item, list | tuple):
                stack.extend(reversed(item))
                continue
            if not isinstance(item, dict):
                continue
            kind = item.get("t")
            if kind == "Str":
                if _OTHER_LETTER.search(item["c"]):
                    return ""
                found.append(item["c"])
            elif kind not in _NO_LANGUAGE:
                stack.append(item.get("c"))
        words = " ".join(found)
        count = len(_LATIN_WORD.findall(words))
        if around:
            return around if count else ""
        if count < 2:
            return ""
        from tiku.readers.language import detect

        return detect(words)


def _begins_otherwise(nodes: Any) -> bool:
    """Whether the first leaf of `nodes` is a word with a letter that is not Latin: true of most, and soon seen."""
    item = nodes
    while True:
        if isinstance(item, dict):
            kind = item.get("t")
            if kind == "Str":
                return _OTHER_LETTER.search(item["c"]) is not None
            item = None if kind in _NO_LANGUAGE else item.get("c")
        elif isinstance(item, list | tuple) and item:
            item = item[0]
        else:
            return False


@lru_cache(maxsize=32)
def _patterns(own: frozenset[str]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What finds runs in other scripts than `own`, and what finds any character that is not written as it is."""
    scripts = {name: letters for name, letters in _SCRIPTS.items() if name not in own}
    # Most pieces of text hold nothing to escape and nothing foreign: one search tells.
    letters = "".join(scripts.values())
    special = f"[&<>\"'\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff{letters}]"
    return _runs(scripts), re.compile(special)


def _runs(scripts: dict[str, str]) -> re.Pattern[str]:
    """Matches a run of text in one of `scripts`, one named group for each language."""
    groups = []
    for name, letters in scripts.items():
        # Japanese is told by its kana, and then takes the characters it shares with Chinese along.
        inside = letters + _SCRIPTS["zh"] + "\u3000-\u303f" if name == "ja" else letters
        head = f"[{_SCRIPTS['zh']}]*" if name == "ja" else ""
        # A lone Greek letter is a symbol, and a run ends in a letter.
        least = "{2,}" if name == "el" else "+"
        groups.append(f"(?P<{name}>{head}[{letters}]{least}(?:[{inside} ,.!?'’-]*[{inside}])?)")
    return re.compile("|".join(groups) or "(?!)")


def _span(match: re.Match[str]) -> str:
    name = match.lastgroup or ""
    side = ' dir="rtl"' if name in {"ar", "he"} else ""
    return f'<span lang="{name}" xml:lang="{name}"{side}>{match[0]}</span>'
