"""One order, carried out: read, check, name, export, each a step that the store may already know.

A job is idempotent and writes whole files only, so that it may run twice, anywhere, and be killed at any moment.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tiku import build, collector, sources, storage
from tiku.batch import keys
from tiku.errors import DocumentError, TikuError, fault
from tiku.exporters import EXPORTERS, Exporter, names_notes, options_for, prepare
from tiku.files import digest_at, digest_of, read, whole_file, write_whole
from tiku.markup import keeping_texts
from tiku.orders import Order, Output, Result, State
from tiku.problems import Problem, Severity
from tiku.readers import SUFFIXES
from tiku.render.conversions import remembering

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tiku.batch.store import Store
    from tiku.keeping import Keeping, Kept
    from tiku.model import Bank

Progress = Callable[[Output, float], None]
"""Is told, while an output is made, which part of it is done (0 to 1)."""
Clock = dict[str, float]
"""Seconds for each step: ``read``, ``check``, ``names``, and each format."""


@dataclass(frozen=True, slots=True)
class Made:
    """What an output was made of, for the record of a build."""

    digest: str
    """SHA-256 of the file."""
    read: keys.Made
    """Ingredients of reading its source."""
    export: keys.Made
    """Ingredients of the export."""


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an order."""

    results: tuple[Result, ...]
    made: Mapping[str, Made] = field(default_factory=dict)
    """By target, for outputs that stand there now."""
    sent: Mapping[str, str] = field(default_factory=dict)
    """By target, for those that stand at a URL: the stamp of the object there."""
    seconds: Mapping[str, float] = field(default_factory=dict)
    complaints: tuple[str, ...] = ()
    """About the store."""

    @property
    def fresh(self) -> bool:
        """Whether nothing had to be done."""
        return all(result.state is State.FRESH and not result.error for result in self.results if result.target)


@dataclass(slots=True)
class _Content:
    """The bank of a source, or where it can be had from."""

    digest: str
    """Hash of the bank as JSON; empty without a store."""
    date: str
    problems: tuple[Problem, ...]
    made: keys.Made
    bank: Bank | None = None
    data: bytes = b""
    """The bank as JSON, if it was written just now."""


def carry_out(order: Order, store: Store | None = None, progress: Progress | None = None) -> Done:
    """Do all that `order` asks for and that is not done yet; never raises TikuError: failures are results."""
    work = _Work(order, store, progress)
    try:
        with collector.stopped(), keeping_texts():
            results = tuple(work.results())
    except TikuError as error:
        results = (*work.said, Result(order.source, order.source, error=error))
    except Exception as error:
        if os.environ.get("TIKU_DEBUG"):
            raise
        results = (*work.said, Result(order.source, order.source, error=fault(error, order.source)))
    except SystemExit as end:  # a plug-in would end the program, and with it all other documents
        told = TikuError(f"something ended the program (exit code {end.code})", file=order.source)
        results = (*work.said, Result(order.source, order.source, error=told))
    return Done(results, work.made, work.sent, work.clock, tuple(store.complaints) if store else ())


def look(order: Order, store: Store) -> Done | None:
    """What `carry_out` would give if it had nothing to do; None when there is something to do. Writes nothing."""
    work = _Work(order, store)
    return Done(tuple(work.said), work.made, work.sent) if work.is_fresh() else None


def ingredients(order: Order, store: Store) -> dict[str, tuple[keys.Made, keys.Made | None]]:
    """What each output of `order` is made of, by target: of reading, and of the export if the content is known."""
    work = _Work(order, store)
    read = keys.for_reading(order, _digest(_name_of(order.source)))
    content = work.known_content()
    if content is None:
        return {str(output.target): (read, None) for output in order.outputs}
    return {str(output.target): (content.made, work.export_made(output, content)) for output in order.outputs}


def files_of(made: keys.Made) -> keys.Made:
    """Of the ingredients `made` of an earlier reading, the files that came up on its way, as they are now."""
    return {
        name: (_digest(name.removeprefix(_FILE)) or "none")[: keys.SHORT] for name in made if name.startswith(_FILE)
    }


_FILE = "file "


def ledger_of(order: Order) -> Path | None:
    """Where the names of the order's questions are kept; None where there is no place for them."""
    from tiku import ledger

    if order.keeping and order.keeping.ledger:
        return Path(order.keeping.ledger)
    return None if order.source == "-" or storage.is_remote(order.source) else ledger.path_for(Path(order.source))


def _name_of(source: str) -> str:
    """Under which name a witness knows what was read of `source` first: the document, or a folder's list of them."""
    return f"{source.rstrip('/')}/" if source != "-" and Path(source).is_dir() else source


def _digest(name: str) -> str | None:
    return sources.digest(name, SUFFIXES)


class _Work:
    """One order on its way. What it has to say grows in `said`, what stands at its targets in `made`."""

    def __init__(self, order: Order, store: Store | None, progress: Progress | None = None) -> None:
        self.order = order
        # What comes from the network, or from standard input, cannot be known before it is read.
        stable = order.source != "-" and not order.options.get("allow_net")
        self.store = store if stable else None
        self.progress = progress
        self.said: list[Result] = []
        self.made: dict[str, Made] = {}
        self.sent: dict[str, str] = {}
        self.clock: Clock = {}
        self.noting = [output for output in order.outputs if names_notes(EXPORTERS.load(output.format))]
        self._notes_known: bool | None = None
        self._source: str | None = None
        """The hash of what stood at the source when it was last looked at."""

    @contextlib.contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self.clock[step] = self.clock.get(step, 0.0) + time.perf_counter() - start

    # -- what is already there ----------------------------------------------------------------------------------------

    def is_fresh(self) -> bool:
        """Whether all outputs stand there as they should; then `said` tells what a build says of them."""
        content = self.known_content()
        if content is None or self._refused(content):
            return False
        results = []
        for output in self.order.outputs:
            row = self._row(output, content)
            if row is None or not self._stands(output, row["sha256"]):
                return False
            problems = _problems(row["problems"])
            if self._refused_at(problems) or (row.get("ledger") and not self._ledger_is(row["ledger"])):
                return False
            self._remember(output, content, row["sha256"])
            results.append(Result(
                self.order.source, output.label, output.target, problems, state=State.FRESH
            ))  # fmt: skip
        self.said = [Result(self.order.source, self.order.source, problems=content.problems), *results]
        return True

    def _stands(self, output: Output, digest: str) -> bool:
        """Whether the output is where it belongs, as it should be."""
        if not output.url:
            return digest_at(output.target) == digest
        row = self.store.row(keys.key_of("sent", {"url": output.url})) if self.store else None
        stamp = row.get("stamp", "") if row and row["sha256"] == digest else ""
        if not stamp or storage.stamp(output.url) != stamp:
            return False
        self.sent[str(output.target)] = stamp
        return True

    def _send(self, output: Output, digest: str) -> None:
        """Bring the output to its URL."""
        stamp = storage.put(output.target, output.url)
        self.sent[str(output.target)] = stamp
        if self.store:
            self.store.note(keys.key_of("sent", {"url": output.url}), {"sha256": digest, "stamp": stamp})

    def known_content(self) -> _Content | None:
        """The content of the source as an earlier build read it, if nothing that it read has changed."""
        if self.store is None:
            return None
        self._source = _digest(_name_of(self.order.source))
        if not self._source:
            return None
        made = keys.for_reading(self.order, self._source)
        row = self.store.row(keys.key_of("read", made))
        if row is None or any(_digest(name) != digest for name, digest in row["seen"].items()):
            return None
        return _Content(row["bank"], row["date"], _problems(row["problems"]), _with_seen(made, row["seen"]))

    def _row(self, output: Output, content: _Content) -> dict[str, Any] | None:
        if self.store is None:
            return None
        if output in self.noting and not self._notes_can_be_known():
            return None
        if self._is_model(output, content):
            return {"sha256": content.digest, "problems": []}
        return self.store.row(keys.key_of("export", self.export_made(output, content)))

    def _notes_can_be_known(self) -> bool:
        """Whether all that names depend on is in the key: the ledger and the decks that stand there."""
        if self._notes_known is None:
            keeping = self.order.keeping
            self._notes_known = bool(
                keeping
                and not keeping.tombstones
                and not keeping.from_deck
                and (self._has_ledger() or self._hangs_on_decks(keeping))
            )
        return self._notes_known

    def _has_ledger(self) -> bool:
        ledger = self._ledger()
        return ledger is not None and ledger.is_file()

    def _hangs_on_decks(self, keeping: Keeping) -> bool:
        """Whether names are asked of the decks that stand there, and of nothing else.

        Where one is gone, it is made anew: notes that were made of the same text once may be older than what Anki has.
        """
        if keeping.write or keeping.former or keeping.frozen:
            return False
        return all(output.target.is_file() for output in self.noting)

    def _ledger(self) -> Path | None:
        return ledger_of(self.order)

    def _ledger_is(self, digest: str) -> bool:
        ledger = self._ledger()
        return ledger is not None and digest_at(ledger) == digest

    def export_made(self, output: Output, content: _Content, seen: Mapping[Path, str] | None = None) -> keys.Made:
        """The ingredients of one output; `seen` are hashes of files that were just read."""
        seen = seen or {}
        # The time of the source's file is no ingredient: a checkout or a copy changes it, and nothing else.
        epoch = os.environ.get("SOURCE_DATE_EPOCH", "") or content.date or "of the source"
        made = keys.for_export(EXPORTERS.load(output.format), output, content.digest, epoch)
        if output in self.noting:
            ledger = self._ledger()
            noted = (seen.get(ledger) or digest_at(ledger)) if ledger else None
            made["ledger"] = (noted or "none")[: keys.SHORT]
            for other in self.noting:
                deck = seen.get(other.target) or digest_at(other.target) or "none"
                made[f"deck {other.target.name}"] = deck[: keys.SHORT]
                made[f"with {other.format}"] = f"{other.answers} {sorted(other.settings.items())}"
        return made

    def _remember(self, output: Output, content: _Content, digest: str) -> None:
        self.made[str(output.target)] = Made(digest, content.made, self.export_made(output, content))

    # -- what has to be made ------------------------------------------------------------------------------------------

    def results(self) -> Iterator[Result]:
        """Carry the order out; a failure stops only what depends on it."""
        if self.store is None:  # an exporter may have something that takes long and depends on no bank
            prepare(output.format for output in self.order.outputs)
        content = self.known_content() or self._read()
        yield self._say(Result(self.order.source, self.order.source, problems=content.problems))
        self._refuse(content.problems)
        rows = {output.target: self._row(output, content) for output in self.order.outputs}
        if any(rows[output.target] is None for output in self.noting):
            rows |= {output.target: None for output in self.noting}  # their names are decided together
        plain = [output for output in self.order.outputs if output not in self.noting]
        for output in plain:
            yield self._say(self._output(output, content, rows[output.target], None, 0))
        if self.noting:
            yield from self._notes(content, rows)

    def _notes(self, content: _Content, rows: Mapping[Path, dict[str, Any] | None]) -> Iterator[Result]:
        found = [row for output in self.noting if (row := rows[output.target])]
        if found and self._restored_ledger(found[0]):
            for output in self.noting:
                yield self._say(self._output(output, content, rows[output.target], None, 0))
            return
        when = self._when(content)
        before = self._before(content)  # not earlier: the content may have been read again
        with self._timed("names"):
            kept = self._recall(self._bank(content), when)
        if kept.problems:
            yield self._say(Result(self.order.source, self.order.source, problems=tuple(kept.problems)))
        failed = False
        results = []
        for output in self.noting:
            result = self._output(output, content, None, kept, when)
            failed = failed or result.error is not None
            results.append(result)
            yield self._say(result)
        keeping = self.order.keeping
        if keeping and keeping.write and not keeping.frozen and not failed:
            from tiku.keeping import save

            with self._timed("names"):
                problems = save(kept)
            if problems:
                yield self._say(Result(self.order.source, self.order.source, problems=tuple(problems)))
                return
        if not failed:
            self._note_names(content, kept, before, results)

    def _before(self, content: _Content) -> dict[str, str]:
        """The keys of the outputs with names, as things stand before any of them is made."""
        if self.store is None or not self._notes_can_be_known():
            return {}
        return {str(output.target): keys.key_of("export", self.export_made(output, content)) for output in self.noting}

    def _restored_ledger(self, row: Mapping[str, Any]) -> bool:
        """Put the ledger in its place that belongs to a stored deck; False when it cannot be."""
        digest, ledger, keeping = row.get("ledger", ""), self._ledger(), self.order.keeping
        if not digest or ledger is None or digest_at(ledger) == digest:
            return True
        data = self.store.get(digest) if self.store else None
        if data is None or not keeping or keeping.frozen or not keeping.write:
            return False
        write_whole(ledger, data)
        return True

    def _note_names(self, content: _Content, kept: Kept, before: Mapping[str, str], results: Iterable[Result]) -> None:
        """Remember outputs with names under the state before them, and under the state they leave behind."""
        self._notes_known = None  # it asked before there was a ledger
        if self.store is None or not self._notes_can_be_known():
            return
        ledger = self._ledger() if self._has_ledger() else None
        noted = self.store.put(read(ledger)) if ledger else ""
        by_target = {output.target: output for output in self.noting}
        there = {target: result for result in results if (target := result.target)}
        seen = {target: self._kept_object(by_target[target]) for target in there}
        if ledger:
            seen[ledger] = noted
        for target, result in there.items():
            output, digest = by_target[target], seen[target]
            if not digest:
                continue
            lasting = [problem for problem in result.problems if problem.code != "Q501"]
            named = [problem for problem in kept.problems if problem.code == "Q502"]
            export = self.export_made(output, content, seen)
            after = keys.key_of("export", export)
            row = {"sha256": digest, "problems": _rows([*named, *lasting]), "ledger": noted}
            self.store.note(after, row)
            if (key := before.get(str(output.target), after)) != after:
                self.store.note(key, row | {"problems": _rows([*kept.problems, *result.problems])})
            self.made[str(output.target)] = Made(digest, content.made, export)

    def _kept_object(self, output: Output) -> str:
        try:
            return self.store.put(read(output.target)) if self.store else ""
        except OSError:
            return ""

    def _output(
        self, output: Output, content: _Content, row: dict[str, Any] | None, kept: Kept | None, when: int
    ) -> Result:
        problems: list[Problem] = []
        remarks: list[str] = []
        source, target, label = self.order.source, output.target, output.label
        try:
            if row is not None:
                problems = list(_problems(row["problems"]))
                self._refuse(problems)
                if (state := self._restored(output, row["sha256"], content)) is not None:
                    self._remember(output, content, row["sha256"])
                    if output.url and not self._stands(output, row["sha256"]):
                        self._send(output, row["sha256"])
                        state = State.RESTORED
                    return Result(source, label, target, tuple(problems), state=state)
            problems = []
            bank = self._bank(content)
            exporter: Exporter = EXPORTERS.load(output.format)
            with self._timed(output.format):
                made = self.export_made(output, content) if self.store and kept is None else None
                remarks = self._export(exporter, bank, output, when or self._when(content), kept, problems)
            # A theme or a style sheet that changed meanwhile: nobody knows which of the two was used.
            keys.forget()
            same = made is not None and self.export_made(output, content) == made
            if made is not None and same and self.store and (digest := self._kept_object(output)):
                self.store.note(keys.key_of("export", made), {"sha256": digest, "problems": _rows(problems)})
                self.made[str(target)] = Made(digest, content.made, made)
            if output.url:
                self._send(output, digest_at(target) or "")
        except TikuError as error:
            if error.exit_code == 1:  # others are about the call or the machine
                error.file = error.file or source
            return Result(source, label, problems=tuple(problems), error=error)
        except Exception as error:  # one format's fault is no reason to lose the others
            if os.environ.get("TIKU_DEBUG"):
                raise
            return Result(source, label, problems=tuple(problems), error=fault(error, label))
        return Result(source, label, target, tuple(problems), remarks=tuple(remarks))

    def _is_model(self, output: Output, content: _Content) -> bool:
        """Whether the output is what the store holds of the bank anyway."""
        exporter = EXPORTERS.load(output.format)
        return bool(content.digest and output.format in EXPORTERS.builtin and getattr(exporter, "is_model", False))

    def _restored(self, output: Output, digest: str, content: _Content) -> State | None:
        """How the output came to stand in its place; None when it has to be made."""
        if digest_at(output.target) == digest:
            return State.FRESH
        new = content.data if digest == content.digest else b""
        data = new or (self.store.get(digest) if self.store else None)
        if data is None:
            return None
        write_whole(output.target, data)
        return State.MADE if new else State.RESTORED

    def _export(
        self, exporter: Any, bank: Bank, output: Output, when: int, kept: Kept | None, problems: list[Problem]
    ) -> list[str]:
        """Write the output, unless it would lose something; `problems` fills, the remarks come back."""
        remarks: list[str] = []
        keeping = self.order.keeping
        options = options_for(exporter, answers=output.answers, time=when, theme=output.theme, settings=output.settings)
        if self.progress:
            options = replace(options, progress=partial(self.progress, output))
        if kept:
            options = replace(options, identity=kept.identity)
            if keeping and keeping.tombstones and hasattr(exporter, "bury") and exporter.buried(kept.identity):
                cleanup = output.target.with_name(f"{output.target.stem}-cleanup{output.target.suffix}")
                with whole_file(cleanup) as temporary:
                    count = exporter.bury(bank, temporary, options)
                remarks.append(f"{cleanup}: import it, then Tools > Empty Cards deletes {count} removed notes")
        with whole_file(output.target) as temporary, remembering(self._converted if self.store else None):
            problems += exporter.export(bank, temporary, options)
            if lost := sum(problem.severity is Severity.ERROR for problem in problems):
                raise DocumentError(f"'{output.label}' is not written: {lost} error(s)", file=self.order.source)
            self._refuse(problems)
            if kept and keeping and keeping.frozen:
                from tiku.keeping import refuse_change

                refuse_change(kept)
        if kept and hasattr(exporter, "remember"):
            from tiku.keeping import remarks as say

            remarks = [*say(kept.identity), *remarks]
        return remarks

    def _converted(self, kind: str, data: bytes, make: Callable[[], bytes | None]) -> bytes | None:
        """A picture in another form, from the store if it was converted before; None is not remembered."""
        assert self.store is not None  # noqa: S101 - for the type checker
        key = keys.key_of("conversion", keys.for_conversion(kind, digest_of(data)))
        row = self.store.row(key)
        if row is not None and (found := self.store.get(row["sha256"])) is not None:
            return found
        made = make()
        if made is not None:
            self.store.note(key, {"sha256": self.store.put(made)})
        return made

    # -- content ------------------------------------------------------------------------------------------------------

    def _read(self) -> _Content:
        """Read and check the source, and remember what came of it.

        Raises DocumentError when the source cannot be read or holds no questions.
        """
        from tiku.checks import check

        order = self.order
        with self._timed("read"), sources.witness() as seen:
            reading = build.read(order.source, format=order.reader, **order.options)
        with self._timed("check"):
            problems = tuple(check(reading))
        content = _Content("", reading.bank.date, problems, {}, reading.bank)
        if self.store is None:
            return content
        from tiku import serial

        # What was really read counts, not what stood there a moment before or after.
        source = seen.pop(_name_of(order.source), self._source)
        made = keys.for_reading(order, source)
        with self._timed("remember"):
            content.data = serial.dumps(reading.bank).encode()
            content.digest = self.store.put(content.data)
            content.made = _with_seen(made, seen)
            if not source:  # it changed while it was read, or is gone: there is nothing to know this reading by
                return content
            row = {
                "bank": content.digest, "date": content.date, "problems": _rows(problems), "seen": dict(seen)
            }  # fmt: skip
            self.store.note(keys.key_of("read", made), row)
        return content

    def _bank(self, content: _Content) -> Bank:
        if content.bank is None:
            from tiku import serial

            with self._timed("recall"):
                data = self.store.get(content.digest) if self.store else None
                if data is not None:
                    content.bank = serial.loads(data.decode())
            if content.bank is None:  # the store has lost it; and the source may have changed since it was looked at
                again = self._read()
                content.digest, content.date, content.made = again.digest, again.date, again.made
                content.bank = again.bank
        assert content.bank is not None  # noqa: S101 - for the type checker
        return content.bank

    def _when(self, content: _Content) -> int:
        return build.time_for(self._bank(content), self.order.source)

    def _recall(self, bank: Bank, when: int) -> Kept:
        """Under which names the questions are known."""
        from tiku.keeping import Keeping, recall

        order = self.order
        outputs = [(EXPORTERS.load(output.format), output.target) for output in self.noting]
        decks = [(exporter, target) for exporter, target in outputs if hasattr(exporter, "remember")]
        # A note's time must rise when the source changes, which a date written in the document does not.
        changed = when if order.source == "-" else build.time_for(replace(bank, date=""), order.source)
        return recall(bank, order.source, decks, order.keeping or Keeping(), changed)

    # -- what stops it ------------------------------------------------------------------------------------------------

    def _say(self, result: Result) -> Result:
        self.said.append(result)
        return result

    def _refused_at(self, problems: Iterable[Problem]) -> int:
        bad = sum(problem.severity is not Severity.NOTICE for problem in problems)
        return bad if self.order.strict else 0

    def _refused(self, content: _Content) -> bool:
        return bool(self._refused_at(content.problems))

    def _refuse(self, problems: Iterable[Problem]) -> None:
        """Under --strict, a warning is a failure."""
        if count := self._refused_at(problems):
            raise DocumentError(f"{count} warning(s), and --strict was given", file=self.order.source)


def _with_seen(made: keys.Made, seen: Mapping[str, str | None]) -> keys.Made:
    return made | {f"{_FILE}{name}": (digest or "none")[: keys.SHORT] for name, digest in sorted(seen.items())}


def _rows(problems: Iterable[Problem]) -> list[list[Any]]:
    return [[problem.code, problem.message, problem.file, problem.line] for problem in problems]


def _problems(rows: Iterable[list[Any]]) -> tuple[Problem, ...]:
    return tuple(Problem(*row) for row in rows)
