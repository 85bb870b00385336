"""The words tiku itself writes (目录, Answer, …) in the language of the bank, from ``locales/*.toml``."""

from __future__ import annotations

import re
import tomllib
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_TAG = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,5}")
"""The shape of a tag: https://www.rfc-editor.org/rfc/rfc5646#section-2.1, less private use and grandfathered ones."""
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ur", "ps", "yi", "dv", "ckb", "sd", "ug"})


def primary(language: str) -> str:
    """The primary subtag of a BCP 47 tag: ``zh`` of ``zh-CN``."""
    return language.replace("_", "-").split("-")[0].lower()


def direction(language: str) -> str:
    """``rtl`` or ``ltr``."""
    return "rtl" if primary(language) in RIGHT_TO_LEFT else "ltr"


def tag(language: str) -> str:
    """A BCP 47 tag for outputs that must have one: ``und`` when unknown, or no tag at all (``Chinese (PRC)``)."""
    wanted = language.replace("_", "-")
    return wanted if _TAG.fullmatch(wanted) else "und"


@lru_cache(maxsize=64)  # a hostile document can name any number of languages
def terms(language: str) -> Mapping[str, str]:
    """Every term in `language`: the nearest locale there is (``zh-TW``, ``zh``), filled up with English."""
    folder = files("tiku").joinpath("locales")
    parts = tag(language).lower().split("-")  # a language may come from a hostile file: no name of one is made of it
    names = ["en", *("-".join(parts[: end + 1]) for end in range(len(parts)))]
    if parts[0] == "zh" and {"tw", "hk", "mo", "hant"} & set(parts[1:]):
        names.append("zh-hant")
    out: dict[str, str] = {}
    for name in names:
        resource = folder.joinpath(f"{name}.toml")
        if resource.is_file():
            out |= tomllib.loads(resource.read_text(encoding="utf-8"))
    return MappingProxyType(out)


def label_colon(language: str) -> str:
    """The colon after a label: full-width in Chinese and Japanese."""
    return "：" if primary(language) in {"zh", "ja"} else ":"
