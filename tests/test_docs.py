"""What the documents say is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tiku.exporters import EXPORTERS

if TYPE_CHECKING:
    from command import Command

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")])


def blocks(language: str) -> list[str]:
    """The code blocks of README.md in one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("name", EXPORTERS.builtin)
def test_the_table_of_formats_is_true(name: str) -> None:
    exporter = EXPORTERS.load(name)
    row = next(line for line in README.splitlines() if line.startswith(f"| `{name}` |"))
    _, _, file, keeps, answers, _ = row.split("|")
    assert file.strip() == f"`STEM{exporter.suffix}`"
    assert keeps.strip()
    assert [place.strip() for place in answers.split(",")] == [str(place) for place in exporter.answers]


def test_the_configuration_shown_is_taken(tiku: Command) -> None:
    from tiku import config

    shown = next(block for block in blocks("toml") if "[[bank]]" in block)
    tomllib.loads(shown)
    for name in ("source/a.md", "exams/2026.md"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("### 1. T\n\n**Answer:** x\n", encoding="utf-8")
    Path("tiku.toml").write_text(shown, encoding="utf-8")
    assert [order.source for order in config.load().orders] == ["source/a.md", "exams/2026.md"]


def test_the_question_shown_is_read(tiku: Command) -> None:
    import tiku as door

    shown = blocks("markdown")[0]
    Path("questions.md").write_text(shown, encoding="utf-8")
    (question,) = door.read("questions.md").bank.questions
    assert question.prompt
    assert question.answer
    assert question.explanation


def test_the_calls_shown_are_understood(tiku: Command) -> None:
    for line in "".join(blocks("sh")).splitlines():
        words = line.split("#")[0].split("|")[-1].split()
        if words[:1] == ["tiku"]:
            options = [word for word in words if word.startswith("--")]
            shown = tiku(words[1], "--help").out
            assert all(option in shown for option in options), line


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_documents_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert (page.parent / target).exists(), target


def test_the_architecture_names_every_module_and_folder() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    package = ROOT / "converters" / "tiku"
    names = [path.name for path in package.glob("*.py") if not path.name.startswith("__")]
    names += [f"{path.name}/" for path in package.iterdir() if path.is_dir() and not path.name.startswith("__")]
    assert [name for name in names if name not in text] == []


def test_pictures_are_small() -> None:
    pictures = list((ROOT / "docs" / "pictures").glob("*.png"))
    assert {picture.stem for picture in pictures} == {"pdf", "epub", "anki", "pptx", "slides"}
    assert all(picture.stat().st_size <= 60_000 for picture in pictures)


def test_the_changelog_has_the_version_or_what_is_to_come() -> None:
    import tiku as door

    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(rf"^## (Unreleased|{re.escape(door.__version__)})\b", text, re.MULTILINE)
