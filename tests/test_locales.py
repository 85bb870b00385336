"""The words tiku writes: complete in every language, and read back as the labels they are."""

from __future__ import annotations

import string
import tomllib
from importlib.resources import files

import pytest

from tiku.readers.labels import ROLES, role_of
from tiku.render import locales

LANGUAGES = sorted(each.name.removesuffix(".toml") for each in files("tiku").joinpath("locales").iterdir())
TWELVE = {"ar", "de", "en", "es", "fa", "fr", "ja", "ko", "pt", "ru", "zh", "zh-hant"}
LABELS = ("prompt", "answer", "explanation", "hint", "reference", "choices", "difficulty", "tags")


def own(language: str) -> dict[str, str]:
    """What the file of `language` says itself."""
    return tomllib.loads(files("tiku").joinpath(f"locales/{language}.toml").read_text(encoding="utf-8"))


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_there_are_twelve() -> None:
    assert set(LANGUAGES) == TWELVE


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_term_is_there_and_says_something(language: str) -> None:
    mine, english = own(language), own("en")
    assert list(mine) == list(english)
    for key, words in mine.items():
        assert words == words.strip(), key
        assert words or not english[key], key
        assert fields(words) == fields(english[key]), key


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_it_is_translated(language: str) -> None:
    mine, english = own(language), own("en")
    same = {key for key in mine if mine[key] == english[key]}
    assert len(same) <= 14, same
    assert not same & {"contents", "answer", "explanation", "correct_answer"} - {"explanation"}


@pytest.mark.parametrize("role", LABELS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_word_for_a_part_is_read_back_as_that_part(language: str, role: str) -> None:
    word = own(language)[role]
    assert role_of(word) == role
    assert role_of(f"{word}{locales.label_colon(language)}") == role


def test_every_label_role_is_tried_or_has_no_word() -> None:
    assert set(ROLES) - set(LABELS) == {"kind", "points"}


@pytest.mark.parametrize(
    ("language", "contents"),
    [
        ("zh", "目录"), ("zh-CN", "目录"), ("zh_CN", "目录"), ("zh-TW", "目錄"), ("zh-Hant-HK", "目錄"), ("ja", "目次"),
        ("en-GB", "Contents"), ("und", "Contents"), ("", "Contents"), ("xx", "Contents"), ("../../en", "Contents"),
        ("a" * 500, "Contents"),
    ],
)  # fmt: skip
def test_the_nearest_locale_is_taken(language: str, contents: str) -> None:
    assert locales.terms(language)["contents"] == contents


@pytest.mark.parametrize(
    ("language", "tag", "direction"),
    [
        ("zh-CN", "zh-CN", "ltr"), ("zh_CN", "zh-CN", "ltr"), ("ar", "ar", "rtl"), ("fa-IR", "fa-IR", "rtl"),
        ("", "und", "ltr"),
        ("Chinese (PRC)", "und", "ltr"), ('en"><script>', "und", "ltr"), ("中文", "und", "ltr"), ("x", "und", "ltr"),
    ],
)  # fmt: skip
def test_a_tag_is_one_that_outputs_may_carry(language: str, tag: str, direction: str) -> None:
    assert locales.tag(language) == tag
    assert locales.direction(language) == direction


def test_the_colon_is_full_width_where_the_script_is() -> None:
    assert [locales.label_colon(language) for language in ("zh-TW", "ja", "en", "ko")] == ["：", "：", ":", ":"]
