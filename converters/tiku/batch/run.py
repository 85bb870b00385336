"""A build from its first look to its record: what is fresh stays, the rest goes to a crew, and nothing else is touched.

Every output folder is locked while a build writes to it.
"""

from __future__ import annotations

import contextlib
import os
from collections import deque
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from tiku import pandoc, sources, storage
from tiku.batch import keys, record
from tiku.batch.engine import Alone, Crew, Failed, Loop, Lost
from tiku.batch.jobs import Done, Progress, carry_out, files_of, ingredients, ledger_of, look
from tiku.batch.locks import lock
from tiku.batch.store import LIMIT, Store
from tiku.batch.tasks import Task, perform
from tiku.batch.validity import validate
from tiku.errors import ExportError, SetupError, fault
from tiku.files import digest_at, sweep
from tiku.keeping import orphans
from tiku.orders import Order, Result, unnamable

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

_T = TypeVar("_T")

ASKING = 16
"""How many questions a server is asked at a time."""
PATIENCE = 600.0
"""Seconds that a build waits for another one in the same folder."""


@dataclass(frozen=True, slots=True)
class Wish:
    """How a build is to be done."""

    config: str = "tiku.toml"
    """The configuration: with its profile it says whose outputs these are."""
    profile: str = ""
    store: Path | None = None
    limit: int = LIMIT
    """Bytes that the store may hold."""
    crew: Crew = field(default_factory=Alone)
    fail_fast: bool = False
    wait: float = PATIENCE
    """Seconds to wait for another build."""
    roots: tuple[str, ...] = ()
    """The output folders; targets lie in them or below. Without them, the folder of each target is one."""


@dataclass(frozen=True, slots=True)
class Stale:
    """An output that is not as it should be, and why."""

    source: str
    label: str
    """Where the output is, or should be."""
    why: tuple[str, ...]


Orphans = dict[tuple[Path, str], bool]
"""Whether a folder has ledgers whose sources, with this suffix, are gone."""


def _knowing_former(order: Order, found: Orphans) -> Order:
    """`order`, knowing whether there are ledgers of renamed sources: each folder is listed once, not for each source."""
    ledger = ledger_of(order)
    if order.keeping is None or ledger is None:
        return order
    where = ledger.parent, Path(order.source).suffix
    if where not in found:
        found[where] = bool(orphans(*where))
    return order if found[where] else replace(order, keeping=replace(order.keeping, former=False))


def _told(order: Order, answer: Done | Lost | Failed) -> Done:
    """What became of `order`; of one without an answer, why there is none."""
    source = order.source
    if isinstance(answer, Lost):
        words = f"each of the {answer.workers} workers that had this document was killed or crashed"
        return Done((Result(source, source, error=ExportError(words, file=source)),))
    if isinstance(answer, Failed):
        unready = isinstance(answer.error, ImportError)  # what the worker was sent names what it does not have
        failed = SetupError(f"a worker cannot work: {answer.error}") if unready else fault(answer.error, source)
        return Done((Result(source, source, error=failed),))
    return answer


class Build:
    """One build of `orders`. Use `stale`, or iterate over `run`; then `report` what there is."""

    def __init__(self, orders: Sequence[Order], wish: Wish) -> None:
        keys.forget()
        self.orders, self._failed = unnamable(orders)
        validate(self.orders)
        self.wish = wish
        self.store = Store(wish.store) if wish.store else None
        self.complaints: list[str] = []
        self.seconds: dict[str, float] = {}
        """For each step, of all documents together."""
        self.slowest: list[tuple[float, str]] = []
        self._records: dict[Path, record.Record] = {}
        self._homes: dict[Path, Path] = {}
        self._owners: dict[Path, str] = {}
        self.roots = sorted({self._root(output.target) for order in self.orders for output in order.outputs})

    # -- before -------------------------------------------------------------------------------------------------------

    def stale(self) -> list[Stale]:
        """What a build would make, and why. Writes nothing."""
        found = [order for order, done in self._looks() if done is None]
        for root in self.roots if found else ():
            self._record(root)  # read once, before several ask for it at a time
        reasons = [each for _, reasons in self._asked(self._reasons, found) for each in reasons]
        return self._hopeless() + reasons

    def _hopeless(self) -> list[Stale]:
        """The outputs that no build can make, and why."""
        return [
            Stale(order.source, sources.shown(output.label), (str(result.error and result.error.message),))
            for order, result in self._failed
            for output in order.outputs
        ]

    def _looks(self) -> Iterator[tuple[Order, Done | None]]:
        """Each order with what it gives if nothing has to be done."""
        if self.store is None:
            yield from ((order, None) for order in self.orders)
            return
        yield from self._asked(partial(look, store=self.store), self.orders)

    def _asked(self, ask: Callable[[Order], _T], orders: list[Order]) -> Iterator[tuple[Order, _T]]:
        """Each of `orders` with what `ask` says of it; several at a time where a server is asked."""
        if not any(storage.is_remote(order.source) or any(each.url for each in order.outputs) for order in orders):
            yield from ((order, ask(order)) for order in orders)
            return
        from concurrent.futures import ThreadPoolExecutor

        with ThreadPoolExecutor(ASKING) as pool:
            for start in range(0, len(orders), 8 * ASKING):
                few = orders[start : start + 8 * ASKING]
                yield from zip(few, pool.map(ask, few), strict=True)

    def _reasons(self, order: Order) -> list[Stale]:
        store = self.store or Store(Path(os.devnull))
        now = ingredients(order, store)
        out = []
        for output in order.outputs:
            entry = self._entry(output.target)
            read, export = now[str(output.target)]
            stands = storage.stamp(output.url) if output.url else digest_at(output.target)
            why: list[str] = []
            if stands is None:
                why.append("it is not there" if entry and entry.digest else "it was never made")
            if entry and entry.digest:
                if stands is not None and stands != (entry.sent if output.url else entry.digest):
                    why.append("it was changed after it was made")
                if export is None:  # which other files it would read is not known: those it did read are asked for
                    read = files_of(entry.read) | read
                why += keys.difference(entry.read, read)
                if export is not None:
                    why += [each for each in keys.difference(entry.export, export) if not each.startswith("content ")]
            elif stands is not None:
                why.append("it is not known how it was made")
            if why or export is None:
                out.append(Stale(order.source, output.label, tuple(why or ["a file that the source uses has changed"])))
        return out

    def _root(self, target: Path) -> Path:
        """The output folder that `target` belongs to: the nearest one of the wish, else its own."""
        folder = target.parent
        if folder not in self._homes:
            roots = set(map(Path, self.wish.roots))
            self._homes[folder] = next((each for each in (folder, *folder.parents) if each in roots), folder)
        return self._homes[folder]

    def _record(self, root: Path) -> record.Record:
        if root not in self._records:
            self._records[root] = record.Record(root)
        return self._records[root]

    def _owner(self, root: Path) -> str:
        """Under which name the record of `root` knows this build."""
        if root not in self._owners:
            self._owners[root] = record.owner(root, self.wish.config, self.wish.profile)
        return self._owners[root]

    def _entry(self, target: Path) -> record.Entry | None:
        root = self._root(target)
        return self._record(root).entries.get(target.relative_to(root).as_posix())

    def _is_known(self, target: Path) -> bool:
        root = self._root(target)
        return bool(self._record(root).entries.line(target.relative_to(root).as_posix()))

    def _note(self, target: Path, entry: record.Entry) -> None:
        root = self._root(target)
        self._record(root).entries[target.relative_to(root).as_posix()] = entry

    # -- the build ----------------------------------------------------------------------------------------------------

    def run(self, progress: Progress | None = None) -> Generator[Result, None, None]:
        """Make what is not there; give a result for each source and output as it comes.

        `progress` is told of the output that is being made, when that is done in this process.

        Raises SetupError when an output folder cannot be used, or another build does not leave it.
        """
        with self._locked():
            self._sweep()
            self._announce()
            try:
                yield from self._carry_out(progress)
            finally:
                self._sweep()  # what a killed worker left
                self._save()
        if self.store and self.store.wrote:
            self.store.trim(self.wish.limit)

    def _sweep(self) -> None:
        """Remove what killed builds and workers left beside outputs, and beside sources, where ledgers are."""
        outputs = {output.target.parent for order in self.orders for output in order.outputs}
        for folder in outputs | {ledger.parent for order in self.orders if (ledger := ledger_of(order))}:
            sweep(folder)

    def _carry_out(self, progress: Progress | None) -> Iterator[Result]:
        yield from (result for _, result in self._failed)
        if self._failed and self.wish.fail_fast:
            return
        fresh: deque[Done] = deque()
        here = isinstance(self.wish.crew, Alone)
        loop: Loop[Task, Done] = Loop(self.wish.crew, partial(perform, progress=progress) if here else perform)
        with pandoc.persistent() if here and len(self.orders) > 1 else contextlib.nullcontext():
            for task, answer in loop.run(self._tasks(fresh)):
                while fresh:
                    yield from self._take(fresh.popleft())
                done = _told(task.order, answer)
                yield from self._take(done)
                if self.wish.fail_fast and any(result.error for result in done.results):
                    break
        while fresh:
            yield from self._take(fresh.popleft())

    def _tasks(self, fresh: deque[Done]) -> Iterator[Task]:
        """What is to be done, as it is found; what has nothing to do goes to `fresh`."""
        store = str(self.wish.store) if self.wish.store else ""
        place, epoch, tool = str(Path.cwd()), os.environ.get("SOURCE_DATE_EPOCH", ""), keys.own() if store else ""
        among = not isinstance(self.wish.crew, Alone)
        former: Orphans = {}
        for order, done in self._looks():
            if done is None:
                yield Task(_knowing_former(order, former), store, place, epoch, tool, among)
            else:
                fresh.append(done)

    def _take(self, done: Done) -> Iterator[Result]:
        for result in done.results:
            made = done.made.get(str(result.target))
            if made and result.target:
                sent = done.sent.get(str(result.target), "")
                url = result.label if sent else ""
                by = self._owner(self._root(result.target))
                entry = record.Entry(by, made.digest, url, sent, dict(made.read), dict(made.export))
                self._note(result.target, entry)
        for step, seconds in done.seconds.items():
            self.seconds[step] = self.seconds.get(step, 0.0) + seconds
        if done.seconds:
            self.slowest = sorted([*self.slowest, (sum(done.seconds.values()), done.results[0].source)])[-10:]
        self.complaints += [each for each in done.complaints if each not in self.complaints]
        if self.store and any(result.state == "made" for result in done.results):
            self.store.wrote = True  # by a worker
        yield from done.results

    def _announce(self) -> None:
        """Write down what will be made before it is: a killed build leaves no file that nobody knows."""
        if self.wish.store is None:
            return
        for order in self.orders:
            for output in order.outputs:
                if not self._is_known(output.target):
                    self._note(output.target, record.Entry(self._owner(self._root(output.target)), url=output.url))
        self._save()

    def _save(self) -> None:
        for each in self._records.values():
            if self.wish.store is not None:
                each.save()

    # -- the folders --------------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            for root in self.roots:  # sorted: two builds cannot wait for each other
                stack.enter_context(lock(root, self.wish.wait))
            self._records.clear()  # what was read before may be older than what another build has written since
            yield

    def superfluous(self) -> list[tuple[Path, str]]:
        """What an earlier build of this configuration made, and this one makes no more: output folder and name in it."""
        wanted: dict[Path, set[str]] = {}
        for order in self.orders:
            for output in order.outputs:
                root = self._root(output.target)
                wanted.setdefault(root, set()).add(output.target.relative_to(root).as_posix())
        roots = sorted({*self.roots, *map(Path, self.wish.roots)})
        return [
            (root, name)
            for root in roots
            for name in self._record(root).stale(self._owner(root), wanted.get(root, set()))
        ]

    def clean(self) -> tuple[list[str], list[str]]:
        """Remove what is superfluous: (what was removed, what was not because someone has changed it)."""
        gone: list[str] = []
        left: list[str] = []
        with self._locked():
            for root, name in self.superfluous():
                label = self._record(root).label(name)
                (gone if self._record(root).remove(name) else left).append(label)
            self._save()
        return gone, left


def each_result(orders: Iterable[Order], progress: Progress | None = None) -> Iterator[Result]:
    """Carry `orders` out here, one after the other, and keep nothing: what ``tiku convert`` does."""
    named, failed = unnamable(orders)
    validate(named)
    yield from (result for _, result in failed)
    for order in named:
        yield from carry_out(order, progress=progress).results
