"""Where a build finds what earlier ones knew of its questions, and where it leaves it for the next.

In this order: the deck named by ``--from-deck``; the ledger beside the source; the deck that stands where the new one
goes. They are joined where they speak of the same questions, so that none of them has to be complete.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiku import ledger, storage
from tiku.errors import DocumentError, SetupError, UsageError
from tiku.identity import Identity, Memory, identify, repeated_ids
from tiku.matching import ENOUGH
from tiku.problems import Problem
from tiku.readers import SUFFIXES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tiku.identity import Known
    from tiku.model import Bank

SHOWN = 10
"""How many removed questions are named in a remark."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """What the user wants of names."""

    ledger: str = ""
    """Path of the ledger; empty is the one beside the source."""
    write: bool = False
    """Whether the ledger is written."""
    from_deck: str = ""
    """An earlier deck, of ours or of another program, whose names are taken over."""
    frozen: bool = False
    """Fail when the ledger would change."""
    former: bool = True
    """Whether to look for the ledger of a source that has another name now; a build knows whether there is any."""
    tombstones: bool = False
    """Write a second deck that lets Anki delete the notes of removed questions."""


@dataclass(slots=True)
class Kept:
    """The names during one build, and what came up when they were looked for."""

    identity: Identity
    path: Path | None = None
    """The ledger; None for standard input."""
    text: str = ""
    """What the ledger says now; empty when there is none."""
    replaces: Path | None = None
    """The ledger of the same questions under the source's former name."""
    problems: list[Problem] = field(default_factory=list)


def recall(bank: Bank, source: str, decks: Iterable[tuple[Any, Path]], keeping: Keeping, time: int) -> Kept:
    """Who is who in `bank`, by all that is remembered of it.

    `decks` are pairs of an exporter that can read its outputs and the place of one; `time`, seconds since 1970, is what
    notes carry when nothing is remembered. Raises DocumentError when a ledger or the deck of --from-deck is damaged.
    """
    aside = source == "-" or storage.is_remote(source)
    path = Path(keeping.ledger) if keeping.ledger else None if aside else ledger.path_for(Path(source))
    problems: list[Problem] = []
    decks = list(decks)
    text = _text(path)
    noted = ledger.loads(text, str(path)) if text else None
    standing = None
    for exporter, place in decks:
        if standing is None and place.is_file():
            try:
                standing = exporter.remember(place)
            except (DocumentError, SetupError) as error:
                problems.append(Problem("Q503", f"the earlier deck is not used: {error.message}", str(place)))
    if keeping.from_deck:
        base: Memory | None = _given(keeping.from_deck, decks)
    else:
        base, noted = noted or standing, standing if noted else None
        standing = None
    for other in (noted, standing):
        base = join(base, other)
    identity = identify(bank, base, _now(base, time))
    replaces = None
    if path and keeping.former and not text and not identity.matches:
        identity, replaces = _under_former_name(bank, Path(source), path, time) or (identity, None)
    if base and not keeping.from_deck and not text and not replaces and not _same_bank(identity):
        identity = identify(bank, None, time)  # what stood there was another bank's
    problems += [_doubt(each) for each in identity.doubts]
    twice = repeated_ids(bank)
    for question in bank.questions:
        if question.id in twice:
            words = f"the id '{twice[question.id]}' is given to an earlier question too; here it does not count"
            problems.append(Problem("Q502", words, question.location.file, question.location.line))
    return Kept(identity, path, text, replaces, problems)


def _same_bank(identity: Identity) -> bool:
    """Whether the deck that stood there was of this bank: some question in it says something of what it says now.

    Ids alone do not tell: the first question of many banks is called ``q1``.
    """
    for identifier, found in identity.matches.items():
        now, then = identity.names[identifier].prints, found.known.prints
        parts = ((now.title, then.title), (now.prompt, then.prompt), (now.answer, then.answer))
        if found.stage != "id" or any(one and two and one.likeness(two) >= ENOUGH for one, two in parts):
            return True
    return False


def join(base: Memory | None, other: Memory | None) -> Memory | None:
    """Both, if they speak of the same questions: of a question that both know, what is newer."""
    if base is None or other is None:
        return base
    newer = {each.guid: each for each in other.known}
    if not any(each.guid in newer for each in base.known):
        return base
    known = [_newer(each, newer.pop(each.guid, each)) for each in base.known]
    return Memory(base.namespace or other.namespace, (*known, *newer.values()), {**other.kinds, **base.kinds})


def _newer(one: Known, two: Known) -> Known:
    if two.modified <= one.modified or two.content == one.content:
        return one
    return replace(one, modified=two.modified, content=two.content, form=two.form, deck=two.deck, rest=two.rest)


def _now(memory: Memory | None, time: int) -> int:
    """What a changed note carries: the time of this build when an earlier one is known, so that Anki takes it."""
    if memory is None or os.environ.get("SOURCE_DATE_EPOCH"):
        return time
    import time as clock

    return int(clock.time())


def _text(path: Path | None) -> str:
    if path is None or not path.is_file():
        return ""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DocumentError(f"this ledger cannot be read: {error}", file=str(path)) from error


def _given(name: str, decks: list[tuple[Any, Path]]) -> Memory:
    if not decks:
        raise UsageError("--from-deck is for formats that make a deck")
    if not Path(name).is_file():
        raise DocumentError("no such deck", file=name)
    memory: Memory = decks[0][0].remember(Path(name))
    return memory


def _under_former_name(bank: Bank, source: Path, path: Path, time: int) -> tuple[Identity, Path | None] | None:
    """The names in a ledger whose source is no longer there, if most of its questions are in `bank`; and that ledger.

    No ledger where its source may only have another form now: that stays, since it may belong to another document.
    """
    best: tuple[Identity, Path] | None = None
    for other in (path.with_name(name) for name in orphans(path.parent, source.suffix) if name != path.name):
        with contextlib.suppress(DocumentError):
            memory = ledger.loads(_text(other), str(other))
            identity = identify(bank, memory, _now(memory, time))
            if len(identity.matches) * 2 >= len(bank.questions) and (
                best is None or len(identity.matches) > len(best[0].matches)
            ):
                best = identity, other
    if best is None:
        return None
    stem = best[1].name.removesuffix(ledger.SUFFIX)
    lives = any(path.with_name(stem + suffix).exists() for suffix in SUFFIXES)
    return best[0], None if lives else best[1]


def orphans(folder: Path, suffix: str) -> list[str]:
    """The names of ledgers in `folder` whose sources, files that end in `suffix`, are no longer there."""
    try:
        names = set(os.listdir(folder))  # noqa: PTH208 - names are enough, and there may be thousands
    except OSError:
        return []
    ledgers = sorted(name for name in names if name.endswith(ledger.SUFFIX))
    return [name for name in ledgers if name.removesuffix(ledger.SUFFIX) + suffix not in names]


def _doubt(doubt: Any) -> Problem:
    question = doubt.question
    names = " or ".join(f"'{each.label}'" for each in doubt.candidates)
    return Problem(
        "Q501",
        f"this question may once have been {names}; it counts as new (give it an id to decide)",
        question.location.file,
        question.location.line,
    )


# -- after the export -------------------------------------------------------------------------------------------------


def refuse_change(kept: Kept) -> None:
    """For --frozen: raises DocumentError, with what would change, unless the ledger says all that this build knows."""
    if kept.path is None or ledger.dumps(kept.identity.memory()) != kept.text:
        counts = ", ".join(f"{count} {name}" for name, count in kept.identity.counts().items())
        why = "there is no ledger" if not kept.text else f"the ledger would change ({counts})"
        detail = [
            f"{known.label}: {each.stage}, {each.likeness:.2f}"
            for known, each in _matched(kept)
            if each.stage == "alike"
        ]
        more = f"; recognised by likeness: {'; '.join(detail[:SHOWN])}" if detail else ""
        raise DocumentError(
            f"--frozen: {why}; build without it and commit the ledger{more}", file=str(kept.path or "-")
        )


def _matched(kept: Kept) -> list[tuple[Known, Any]]:
    return [(kept.identity.names[identifier], each) for identifier, each in kept.identity.matches.items()]


def save(kept: Kept) -> list[Problem]:
    """Write the ledger, if it says anything new; a problem when it cannot be written."""
    from tiku.files import write_whole

    text = ledger.dumps(kept.identity.memory())
    if kept.path is None or text == kept.text:
        return []
    try:
        write_whole(kept.path, text.encode())
    except SetupError as error:
        return [Problem("Q504", f"the ledger is not kept: {error.message}", str(kept.path))]
    if kept.replaces:
        kept.replaces.unlink(missing_ok=True)
    return []


def remarks(identity: Identity) -> list[str]:
    """What an import of the new deck will do to a collection that has the earlier one, in words."""
    if not identity.earlier:
        return []
    counts = identity.counts()
    out = [", ".join(f"{counts[name]} {name}" for name in ("updated", "new", "removed", "ambiguous"))]
    foreign = sum(1 for each in identity.matches.values() if each.known.foreign)
    if foreign:
        out.append(f"{foreign} notes of another program's deck are continued; they keep its note type and look")
    moved = sum(
        1 for identifier, new in identity.settled.items()
        if (old := identity.names[identifier].deck) and old != new.deck
    )  # fmt: skip
    if moved:
        out.append(f"{moved} questions have another deck now; Anki leaves their cards in the one they are in")
    if identity.removed:
        out += [f"removed: {each.label or each.key or each.guid}" for each in identity.removed[:SHOWN]]
        if len(identity.removed) > SHOWN:
            out.append(f"removed: and {len(identity.removed) - SHOWN} more")
        if search := search_for(identity.removed):
            out.append(f"Anki keeps their notes; find them in its browser: {search}")
    return out


def search_for(known: Iterable[Known]) -> str:
    """A search for Anki's browser that finds the notes of `known`, as far as they are of our note types."""
    keys = [each.key or each.guid for each in known if not each.foreign and ":" not in each.form]
    return f'"note:tiku *" ({" OR ".join(_key(each) for each in keys)})' if keys else ""


def _key(key: str) -> str:
    for sign in '\\":*_':
        key = key.replace(sign, "\\" + sign)
    return f'"Key:{key}"'
