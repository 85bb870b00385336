"""Which language a text is in, from its characters and commonest words; never from the machine's locale."""

from __future__ import annotations

import re
from collections import Counter

_TRADITIONAL = frozenset("個們這說對開關時會來為與從學習問題選項標籤資訊過還裡處變應該點發線經長實現語言電腦數據類")
_SIMPLIFIED = frozenset("个们这说对开关时会来为与从学习问题选项标签资讯过还里处变应该点发线经长实现语言电脑数据类")
_STOP = {
    "en": "the of and to is in that it for with as are what which this",
    "es": "el la los las de que es en un una por con para qué cuál",
    "pt": "o os as de que é em um uma por com para não qual são",
    "fr": "le la les des de que est en un une pour avec quel quelle dans",
    "de": "der die das und ist ein eine nicht mit für was welche den von",
}
_SCRIPTS = {
    "han": "\u3400-\u9fff\U00020000-\U0003ffff",
    "kana": "\u3040-\u30ff",
    "hangul": "\uac00-\ud7af",
    "cyrillic": "\u0400-\u04ff",
    "arabic": "\u0600-\u06ff",
    "hebrew": "\u0590-\u05ff",
}
"""The characters of each script that is counted by characters, as in a regular expression."""
_RUNS = {name: re.compile(f"[{signs}]+") for name, signs in _SCRIPTS.items()}
_ONLY_TRADITIONAL = re.compile(f"[{''.join(sorted(_TRADITIONAL - _SIMPLIFIED))}]")
_ONLY_SIMPLIFIED = re.compile(f"[{''.join(sorted(_SIMPLIFIED - _TRADITIONAL))}]")
_HIGH = {
    "han": range(0x34, 0xA0), "kana": (0x30,), "hangul": range(0xAC, 0xD8), "cyrillic": (0x04,), "arabic": (0x06,),
    "hebrew": (0x05,),
}  # fmt: skip
"""The high bytes of each script's characters in UTF-16."""
_NUMBER = {name: place for place, name in enumerate(_HIGH, 1)}
_NUMBERS = bytes(next((_NUMBER[name] for name, high in _HIGH.items() if byte in high), 0) for byte in range(256))
"""The number of the script that a high byte belongs to, or 0."""
_ALL = frozenset({"han", "cyrillic", "arabic"})
"""Scripts that have all characters with their high bytes; the others share theirs."""
_FAR, _WIDE_LATIN = b"\xd8\xd9\xda\xdb", b"\x01\x02"
"""High bytes of what is beyond the first 65,536 characters, and of Latin letters beyond Latin-1."""
_FAR_HAN = re.compile("[\U00020000-\U0003ffff]")
_LATIN = re.compile("[A-Za-z\u00c0-\u024f]+")
_LETTERS = bytes(byte if bytes([byte]).isalpha() or byte >= 0xC0 else 0x20 for byte in range(256))
"""Blanks in the place of all that is no Latin letter in Latin-1."""
_CODE = re.compile(r"```.*?```|`[^`\n]*`|https?://\S+", re.DOTALL)
SAMPLE = 60_000
"""How many characters are looked at."""


def detect(text: str) -> str:
    """The BCP 47 tag of the main language of `text`; ``und`` when nothing tells.

    A Chinese character counts as a word; Latin script is counted by words, so that the English terms and the code in
    a Chinese, Arabic or Russian document do not outvote it.
    """
    sample = text[:SAMPLE]
    if "`" in sample or "://" in sample:
        sample = _CODE.sub(" ", sample)
    count = _counts(sample)
    words = {"cyrillic": 5, "arabic": 4, "hebrew": 4, "hangul": 2}
    weight = {name: value / words.get(name, 1) for name, value in count.items() if name != "kana"}
    script = max(weight, key=lambda name: weight[name])
    others = max((value for name, value in weight.items() if name != "latin"), default=0)
    if script == "latin" and others > 0.25 * weight["latin"]:
        script = max((name for name in weight if name != "latin"), key=lambda name: weight[name])
    if not weight[script]:
        return "und"
    if script == "han" or count["kana"] > 0.1 * weight[script]:
        return _east_asian(sample, count)
    if script == "arabic":
        return "fa" if len(re.findall("[پچژگکی]", sample)) > 0.04 * count["arabic"] else "ar"
    simple = {"cyrillic": "ru", "hangul": "ko", "hebrew": "he"}
    return simple.get(script) or _latin(sample)


def _counts(text: str) -> dict[str, int]:
    """How many characters `text` has of each script, and how many words in Latin letters.

    Bytes are counted where they tell, in a tenth of the time that a search for each character takes.
    """
    high = text.encode("utf-16-le", "surrogatepass")[1::2]
    scripts = high.translate(_NUMBERS)
    count: dict[str, int] = {}
    for name, number in _NUMBER.items():
        count[name] = scripts.count(number)
        if count[name] and name not in _ALL:
            count[name] = sum(map(len, _RUNS[name].findall(text)))
    if any(byte in high for byte in _FAR):
        count["han"] += len(_FAR_HAN.findall(text))
    if any(byte in high for byte in _WIDE_LATIN):
        count["latin"] = len(_LATIN.findall(text))
    else:
        count["latin"] = len(text.encode("latin-1", "replace").translate(_LETTERS).split())
    return count


def _east_asian(text: str, count: dict[str, int]) -> str:
    if count["kana"] > 0.1 * (count["han"] + count["kana"]):
        return "ja"
    traditional = len(_ONLY_TRADITIONAL.findall(text))  # mostly none, and then there is nothing to compare
    return "zh-TW" if traditional and traditional > len(_ONLY_SIMPLIFIED.findall(text)) else "zh-CN"


def _latin(sample: str) -> str:
    words = Counter(re.findall(r"[a-zà-ÿ]+", sample.lower()))
    scores = {language: sum(words[word] for word in stop.split()) for language, stop in _STOP.items()}
    return max(scores, key=lambda language: scores[language]) if any(scores.values()) else "en"
