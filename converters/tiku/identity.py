"""Under which name a question is known across builds, and when its content last changed.

A learner's history hangs on the name (in Anki: the note's GUID), so a question keeps its name when it is renumbered,
moved, retitled or reworded, and never takes over another's. What earlier builds knew comes as a `Memory`, from a ledger
(`ledger.py`) or from an earlier deck; `matching.py` finds who is who.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tiku.errors import ExportError
from tiku.markup import plain_text
from tiku.render.view import name_of, shown_prompt
from tiku.sketches import Fingerprint, fold

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tiku.model import Bank, Question

_MADE_UP = re.compile(r"q-[0-9a-f]{12}(?:-[0-9a-f]{6})?(?:-\d+)?")
_REPEATED = re.compile(r"(.+)-[0-9a-f]{6}(?:-\d+)?")
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
_STAMP = re.compile(r"tk[0-9a-f]{18}(?:-fill)?")
_FOREIGN_STAMP = re.compile(r"tkx((?:[0-9a-f]{2})+)")


@dataclass(frozen=True, slots=True)
class Prints:
    """Fingerprints of what a question says."""

    title: Fingerprint = field(default_factory=Fingerprint)
    prompt: Fingerprint = field(default_factory=Fingerprint)
    """With the choices."""
    answer: Fingerprint = field(default_factory=Fingerprint)
    """With the explanation."""


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered of one question."""

    guid: str
    """Its name for ever."""
    key: str = ""
    """The id in its source, where it has one."""
    created: int = 0
    """Milliseconds since 1970 at which it was first seen; unique in its bank."""
    modified: int = 0
    """Seconds since 1970 at which its output last changed."""
    content: str = ""
    """Hash of its output; empty until there was one."""
    form: str = ""
    """The note type it has; empty until there was one, or when the note is of a type that is not ours."""
    deck: str = ""
    """The deck it was last put in; empty until there was one."""
    number: str = ""
    label: str = ""
    """Number and title, for messages."""
    prints: Prints = field(default_factory=Prints)
    gone: bool = False
    """Whether the last build did not find it."""
    foreign: bool = False
    """Whether it comes from another program's note: its `prints.prompt` is the front, its `prints.answer` all of it."""
    rest: tuple[str, ...] = ()
    """The fields of another program's note; its front and back, which we write, are empty here."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What earlier builds knew of a bank."""

    namespace: str = ""
    """Goes into new names, so that two banks with the same ids do not collide; empty is the bank's title."""
    known: tuple[Known, ...] = ()
    """In the order of the document; those that are gone may stand anywhere."""
    kinds: Mapping[str, str] = field(default_factory=dict)
    """Note types of other programs that notes still have, as JSON, by their ids."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A question that could be one of several known ones, or the other way round: nothing was guessed."""

    question: Question
    candidates: tuple[Known, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """How a question was recognised."""

    known: Known
    stage: str
    """``id``, ``exact``, ``parts`` (two of title, prompt, answer), ``alike``."""
    likeness: float = 1.0


@dataclass(slots=True)
class Identity:
    """The names of one bank's questions during one build.

    Exporters ask `of` for what is known of a question and tell `settle` what became of it.
    """

    names: dict[str, Known]
    """By the question's id: what was known before this build. New questions have no `content` yet."""
    now: int
    """Seconds since 1970 that a new or changed note carries."""
    namespace: str = ""
    earlier: bool = False
    """Whether there was a memory at all."""
    matches: dict[str, Match] = field(default_factory=dict)
    """By the question's id, for those that were known."""
    removed: tuple[Known, ...] = ()
    """Known questions that the bank no longer has, in their old order; those gone before are not among them."""
    gone: tuple[Known, ...] = ()
    """Questions that were gone already."""
    doubts: tuple[Doubt, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
    """As in `Memory`."""
    settled: dict[str, Known] = field(default_factory=dict)
    """By the question's id: what is known after this build."""

    def of(self, question: Question) -> Known:
        """What is known of `question`."""
        return self.names[question.id]

    def settle(self, question: Question, *, form: str, content: str, deck: str) -> Known:
        """Remember what `question` became: its note type, the hash of its output and its deck.

        `modified` stays where the output is the old one, else it is now, and always above the old one.
        """
        old = self.names[question.id]
        modified = old.modified
        if old.content != content:
            modified = max(self.now, old.modified + 1 if old.modified else 0)
        new = replace(
            old, guid=guid_as(old, form), form=form, content=content, deck=deck, modified=modified, foreign=False
        )
        self.settled[question.id] = new
        return new

    def memory(self) -> Memory:
        """What the next build has to know."""
        known = tuple(self.settled.get(identifier, each) for identifier, each in self.names.items())
        gone = tuple(replace(each, gone=True) for each in (*self.removed, *self.gone))
        used = {each.form.split(":")[1] for each in known if each.form.startswith("foreign:")}
        return Memory(self.namespace, known + gone, {name: text for name, text in self.kinds.items() if name in used})

    def counts(self) -> dict[str, int]:
        """How many questions were updated, new, removed, ambiguous and unchanged; the first after the export only."""
        changed = sum(
            1 for identifier in self.matches
            if identifier in self.settled and self.settled[identifier].content != self.names[identifier].content
        )  # fmt: skip
        return {
            "updated": changed,
            "new": len(self.names) - len(self.matches),
            "removed": len(self.removed),
            "ambiguous": len(self.doubts),
            "unchanged": len(self.matches) - changed,
        }


def identify(bank: Bank, memory: Memory | None, now: int) -> Identity:
    """Who is who in `bank`: names from `memory`, where a question is known, else new ones.

    A new name comes from the explicit id, else from the content; `now` is in seconds since 1970. Raises ExportError
    when two questions bear one id.
    """
    from tiku.matching import match

    questions = bank.questions
    keys = [explicit_id(question) for question in questions]
    twice = repeated_ids(bank)
    keys = ["" if question.id in twice else key for question, key in zip(questions, keys, strict=True)]
    _unique(questions, keys)
    prints = [Prints(*(Fingerprint(text) for text in texts(question))) for question in questions]
    old = memory.known if memory else ()
    namespace = (memory.namespace if memory else "") or fold(bank.title)
    found = match(questions, keys, prints, old)
    taken = {each.guid for each in old}
    times = {each.created for each in old}
    names: dict[str, Known] = {}
    given: set[int] = set()
    base = now * 1000
    for index, question in enumerate(questions):
        pair = found.pairs.get(index)
        if pair:
            known = replace(pair.known, key=keys[index], gone=False)
            if known.created in given:  # two memories were joined that counted alike
                while (base := base + 1) in times:
                    pass
                known = replace(known, created=base)
        else:
            guid, form = _new_guid(namespace, keys[index], prints[index], taken)
            taken.add(guid)
            while (base := base + 1) in times:
                pass
            known = Known(guid, created=base, key=keys[index], form=form)
        given.add(known.created)
        names[question.id] = replace(
            known, number=question.number, label=name_of(question, bank.language), prints=prints[index]
        )
    kept = {pair.known.guid for pair in found.pairs.values()}
    return Identity(
        names,
        now,
        namespace,
        earlier=memory is not None,
        matches={questions[index].id: pair for index, pair in found.pairs.items()},
        removed=tuple(each for each in old if each.guid not in kept and not each.gone),
        gone=tuple(each for each in old if each.guid not in kept and each.gone),
        kinds=memory.kinds if memory else {},
        doubts=tuple(Doubt(questions[index], candidates) for index, candidates in sorted(found.doubts.items())),
    )


def _unique(questions: tuple[Question, ...], keys: list[str]) -> None:
    seen: set[str] = set()
    for question, key in zip(questions, keys, strict=True):
        if key and key in seen:
            place = question.location
            raise ExportError(f"the id '{key}' is given to two questions", file=place.file, line=place.line)
        seen.add(key)


def explicit_id(question: Question) -> str:
    """The id that the source gives `question`; empty where the reader made one up from its text."""
    # As a deck gives it back: Anki keeps no control characters and composes what can be composed.
    return "" if _MADE_UP.fullmatch(question.id) else unicodedata.normalize("NFC", _CONTROL.sub("", question.id))


def repeated_ids(bank: Bank) -> dict[str, str]:
    """Ids that the reader made different because the source gives one to several questions, and what it gives."""
    here = {question.id for question in bank.questions}
    return {
        identifier: found[1] for identifier in here if (found := _REPEATED.fullmatch(identifier)) and found[1] in here
        and not _MADE_UP.fullmatch(found[1])
    }  # fmt: skip


def stamp_for(guid: str) -> str:
    """The id to write into a source so that the question keeps the name `guid` even if all memory is lost."""
    return guid if _STAMP.fullmatch(guid) else "tkx" + guid.encode().hex()


def guid_as(known: Known, form: str) -> str:
    """The name of a question that is made into a note of `form`.

    A fill-in that was never anything else has a name of its own: were it to meet a plain note of the same name in
    somebody's collection, Anki would refuse the whole import.
    """
    return known.guid + "-fill" if form == "cloze" and not known.form and not known.content else known.guid


def _new_guid(namespace: str, key: str, prints: Prints, taken: set[str]) -> tuple[str, str]:
    """A name that is in nobody's use, and the note type that it implies."""
    if _STAMP.fullmatch(key) and key not in taken:
        return key, "cloze" if key.endswith("-fill") else ""
    if (found := _FOREIGN_STAMP.fullmatch(key)) and (
        guid := bytes.fromhex(found[1]).decode("utf-8", "replace")
    ) not in taken:
        return guid, ""
    said = f"id\0{key}" if key else f"text\0{prints.title.digest}\0{prints.prompt.digest}\0{prints.answer.digest}"
    count = 0
    while True:
        salt = f"\0{count}" if count else ""
        guid = "tk" + hashlib.sha256(f"{namespace}\0{said}{salt}".encode("utf-8", "replace")).hexdigest()[:18]
        if not {guid, guid + "-fill"} & taken:
            return guid, ""
        count += 1


def texts(question: Question) -> tuple[str, str, str]:
    """Title, prompt with choices, answer with explanation, folded: what a question is recognised by."""
    choices = [plain_text(choice.content, notes=False) for choice in question.choices]
    return (
        fold(plain_text(question.title, notes=False)),
        fold("\n".join([plain_text(shown_prompt(question), notes=False), *choices])),
        fold(plain_text((*question.answer, *question.explanation), notes=False)),
    )
