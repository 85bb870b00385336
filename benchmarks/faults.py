"""Faults at every step of a build: what is lost, what is half-written, what is wrong and taken for right.

    python benchmarks/faults.py [TRIALS] [--seed N] [--only KIND,...] [--folder DIR] [--disk DIR]

A trial copies a small world (two banks with a picture and a style sheet, to json, md, epub and apkg), has a fault strike
at a step drawn by lot while `tiku build` runs, and then asks:

- lost, half: is each output what it was, or what it should be: never less, never anything else?
- next: does the next build end with 0, and are all bytes those of a build without faults?
- wrong: does `tiku build --check` then find nothing to do, and is nothing left behind?
- history: does each question keep the name under which learners have it?

DIR is where worlds are made (a RAM disk is fastest: all that a build writes is synced); --disk names a mounted file
system of a few MB, for builds on a full disk. Linux only: each build is a fork of this process.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import io
import os
import random
import resource
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "faults"))
from forks import live
from inject import Fault, install

if TYPE_CHECKING:
    from collections.abc import Callable

EPOCH = "1700000000"
CONFIG = """[build]
formats = ["json", "md", "epub", "apkg"]
cache = "cache"
language = "en"
[[bank]]
source = ["source/a.md", "source/b.json"]
[set.epub]
css = "style.css"
"""
TEXT = """# Alpha {version}

### 1. One

**Question:** What does ![the picture](p.png) show?

**Answer:** A square{version}.

### 2. Two

**Question:** Why is 2 + 2 = 4?

**Answer:** By counting.
"""
OTHER = """# Beta {version}

### 1. Rivers

**Question:** Name the longest river of Europe.

**Answer:** The Volga{version}.

### 2. Mountains

**Question:** How high is Mont Blanc, in metres?

**Answer:** About 4,806.
"""
MORE = "\n### 3. Three\n\n**Question:** Which is the largest ocean?\n\n**Answer:** The Pacific.\n"
OUTPUTS = [f"outputs/{stem}.{suffix}" for stem in "ab" for suffix in ("json", "md", "epub", "apkg")]
LEDGERS = ["source/a.tiku-ids.jsonl", "source/b.tiku-ids.jsonl"]
CHANGES = ("source", "other", "picture", "css", "all")
"""What may change between two builds."""
LONG = 120.0
"""Seconds after which a build counts as hanging."""


def picture(shade: int) -> bytes:
    """A PNG of a few pixels."""
    from PIL import Image  # noqa: PLC0415

    out = io.BytesIO()
    Image.new("RGB", (4, 4), (shade, 0, 0)).save(out, "PNG")
    return out.getvalue()


# -- builds, each in a fork -------------------------------------------------------------------------------------------


@dataclass
class Child:
    """A build that runs."""

    pid: int
    pipe: int
    words: str = ""

    def end(self) -> int:
        """Its exit code, or minus the signal that killed it."""
        code = self._wait()
        os.set_blocking(self.pipe, False)  # whoever it left behind may hold the other end
        with os.fdopen(self.pipe, "rb") as file:
            self.words = (file.read() or b"").decode(errors="replace")
        return code

    def _wait(self) -> int:
        limit = time.monotonic() + LONG
        while time.monotonic() < limit:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.002)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return -99


def build(world: Path, *arguments: str, fault: Fault | None = None, before: Callable[[], None] | None = None) -> Child:
    """Start ``tiku build`` in the folder `world`, with `fault`; `before` runs in the child first."""
    ours, theirs = os.pipe()  # no file: a limit on files would hold for it, too

    def struck() -> None:
        os.chdir(world)
        signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets what runs behind it ignore SIGINT
        os.dup2(theirs, 1)
        os.dup2(theirs, 2)
        os.close(ours)
        os.close(theirs)
        if fault and fault.who == "worker":
            os.environ.update(fault.environment())  # the pool's processes begin anew
        elif fault:
            install(fault)
        if before:
            before()
        sys.argv = ["tiku", "build", "--jobs", "1", *arguments]
        from tiku.cli import main  # noqa: PLC0415

        main()

    if not (pid := os.fork()):
        live(struck)
    os.close(theirs)
    return Child(pid, ours)


# -- worlds -----------------------------------------------------------------------------------------------------------


def contents(world: Path, names: list[str]) -> dict[str, str]:
    """The hash of each file of `names`; those that are not there are left out."""
    out = {}
    for name in names:
        with contextlib.suppress(OSError):
            out[name] = hashlib.sha256((world / name).read_bytes()).hexdigest()
    return out


def names_in(deck: Path) -> set[str]:
    """The names of the notes in an Anki package."""
    with tempfile.NamedTemporaryFile() as file, zipfile.ZipFile(deck) as package:
        name = "collection.anki21" if "collection.anki21" in package.namelist() else "collection.anki2"
        file.write(package.read(name))
        file.flush()
        with contextlib.closing(sqlite3.connect(f"file:{file.name}?mode=ro", uri=True)) as connection:
            return {guid for (guid,) in connection.execute("SELECT guid FROM notes")}


@dataclass
class State:
    """A world as it is before a build, and what a build without faults makes of it."""

    folder: Path
    before: dict[str, str]
    after: dict[str, str]
    ledgers: dict[str, str]
    guids: set[str]
    """The names that learners have before, and that should be there after."""
    events: list[tuple[str, str]] = field(default_factory=list)


class Worlds:
    """The states that trials begin with."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kit = folder / "kit"
        self.kit.mkdir()
        (self.kit / "v1.md").write_text(TEXT.format(version=""))
        (self.kit / "v2.md").write_text(TEXT.format(version=" of 2") + MORE)
        import tiku  # noqa: PLC0415

        (self.kit / "w1.md").write_text(OTHER.format(version=""))
        (self.kit / "w2.md").write_text(OTHER.format(version=" by far"))
        for version in ("v1", "v2"):
            bank = tiku.read(self.kit / f"w{version[1]}.md").bank
            tiku.write(bank, self.kit / f"{version}.json", format="json", time=int(EPOCH))
            (self.kit / f"{version}.png").write_bytes(picture(ord(version[1])))
            (self.kit / f"{version}.css").write_text(f"p {{ margin: {version[1]}px }}\n")
        self.states: dict[str, State] = {}
        bare = self._world("bare", "1111")
        built = self._copy(bare, "built")
        self._run(built)
        self.add("bare", bare)
        self.add("built", built)
        for change, versions in zip(CHANGES, ("2111", "1211", "1121", "1112", "2222"), strict=True):
            world = self._copy(built, change)
            self.fill(world, versions)
            self.add(change, world)
        # the same after changes that came without an earlier build
        world = self._world("anew", "2222")
        self.add("anew", world)

    def fill(self, world: Path, versions: str) -> None:
        """Put the sources of these versions into `world`: document, other document, picture, style sheet."""
        (world / "source").mkdir(parents=True, exist_ok=True)
        places = ("source/a.md", "source/b.json", "source/p.png", "style.css")
        for place, version in zip(places, versions, strict=True):
            kind = Path(place).suffix
            shutil.copyfile(self.kit / f"v{version}{kind}", world / place)

    def _world(self, name: str, versions: str) -> Path:
        world = self.folder / name
        self.fill(world, versions)
        (world / "tiku.toml").write_text(CONFIG)
        return world

    def _copy(self, world: Path, name: str) -> Path:
        return Path(shutil.copytree(world, self.folder / name))

    def _run(self, world: Path, fault: Fault | None = None) -> None:
        code = (child := build(world, "-q", fault=fault)).end()
        assert code == 0, (world, code, child.words)

    def add(self, name: str, world: Path) -> None:
        """Keep `world` as it is under `name`, with what a build makes of it."""
        after = self._copy(world, f"{name}-after")
        log = self.folder / f"{name}.log"
        log.touch()
        self._run(after, Fault(f"log {log}"))
        events = [tuple(line.split(" ", 1)) for line in log.read_text().splitlines()]
        deck = [world / name for name in OUTPUTS if name.endswith("apkg") and (world / name).is_file()]
        guids = set().union(*map(names_in, deck)) if deck else set()
        then = set().union(*(names_in(after / name) for name in OUTPUTS if name.endswith("apkg")))
        self.states[name] = State(
            world, contents(world, OUTPUTS), contents(after, OUTPUTS), contents(after, LEDGERS), guids & then, events
        )
        assert len(self.states[name].after) == len(OUTPUTS), world


# -- trials -----------------------------------------------------------------------------------------------------------


class Trial:
    """One world, one fault."""

    def __init__(self, worlds: Worlds, kind: str, number: int, seed: int, disk: Path | None) -> None:
        self.worlds, self.kind, self.number, self.disk = worlds, kind, number, disk
        self.random = random.Random(f"{seed} {kind} {number}")
        self.faults: list[str] = []
        self.codes: list[int] = []
        self.accepted: set[str] = set()
        self.final: set[str] = set()
        self.fault: Fault | None = None
        self.begun = ""
        self.world = Path()
        self.children: list[Child] = []

    def take(self, *names: str, place: Path | None = None) -> State:
        """Begin with a copy of one of the states `names`, drawn by lot."""
        name = self.random.choice(names or tuple(self.worlds.states))
        self.state = self.worlds.states[name]
        self.begun = name
        self.world = (place or self.worlds.folder) / "trial"
        shutil.copytree(self.state.folder, self.world)
        self.accept(name)
        return self.state

    def accept(self, *names: str) -> None:
        """Outputs of these states may be there, too."""
        for name in names:
            state = self.worlds.states[name]
            self.accepted |= {*state.before.items(), *state.after.items()}

    def at(self, state: State, *steps: str) -> int:
        """The number of an event of `state`'s build, of one of `steps`, drawn by lot."""
        return self.random.choice([n for n, (step, _) in enumerate(state.events, 1) if not steps or step in steps])

    def start(self, *arguments: str, fault: Fault | None = None, before: Callable[[], None] | None = None) -> Child:
        """Start a build."""
        self.fault = fault or self.fault
        child = build(self.world, *arguments, fault=fault, before=before)
        self.children.append(child)
        return child

    def run(self, *arguments: str, fault: Fault | None = None, before: Callable[[], None] | None = None) -> int:
        """A build; its exit code."""
        code = self.start(*arguments, fault=fault, before=before).end()
        self.codes.append(code)
        return code

    def expect(self, code: int, *codes: int) -> None:
        """Complain unless `code` is one of `codes`."""
        if code not in codes:
            self.faults.append(f"code: {code}, not {codes}")

    def judge(self, *, lenient: tuple[str, ...] = ()) -> None:
        """What came of it; then the next build, and what came of that."""
        now = contents(self.world, OUTPUTS)
        for name, digest in now.items():
            if (name, digest) not in self.accepted:
                self.faults.append(f"half: {name}")
        if not lenient and (gone := set(self.state.before) - set(now)):
            self.faults.append(f"lost: {sorted(gone)}")
        self.judge_next(lenient)

    def judge_next(self, lenient: tuple[str, ...] = ()) -> None:
        """The next build must give what a build without faults gives, and leave nothing to do."""
        code = self.start("-q").end()
        if code:
            self.faults.append(f"next: code {code}")
        states = [self.state, *(self.worlds.states[name] for name in lenient)]
        now, ledgers = contents(self.world, OUTPUTS), contents(self.world, LEDGERS)
        for stem in "ab":
            fits = any(
                all(value == state.after[name] for name, value in now.items() if Path(name).stem == stem)
                and (ledgers.get(f"source/{stem}.tiku-ids.jsonl") == state.ledgers[f"source/{stem}.tiku-ids.jsonl"])
                for state in states
            )
            if not fits:
                bad = [name for name in now if now[name] != self.state.after[name]]
                self.faults.append(f"next: bytes of {stem} differ: {bad or 'ledger'}")
        if len(now) < len(OUTPUTS):
            self.faults.append(f"next: missing {sorted(set(OUTPUTS) - set(now))}")
        elif not lenient:
            have = set().union(*(names_in(self.world / name) for name in OUTPUTS if name.endswith("apkg")))
            if not self.state.guids <= have:
                self.faults.append("history: a name is lost")
        check = self.start("-q", "--check", "--explain")
        if code := check.end():
            self.faults.append(f"wrong: --check ends with {code} after a build: {check.words}")
        if left := [path.name for path in self.world.rglob("*.part")]:
            self.faults.append(f"left: {left}")
        for child in self.children:
            if "Traceback" in child.words or "fault of tiku" in child.words:
                self.faults.append(f"words: {child.words[-600:]}")

    def clear(self) -> None:
        """Remove the trial's folder, unless something was wrong."""
        if self.faults:
            keep = self.worlds.folder.parent / f"bad-{self.kind}-{self.number}"
            shutil.rmtree(keep, ignore_errors=True)
            shutil.copytree(self.world, keep, symlinks=True)
        shutil.rmtree(self.world, ignore_errors=True)

    def told(self) -> str:
        """What was done to which world, for whoever looks for the cause."""
        if self.fault is None:
            return self.begun
        events = self.worlds.states[self.begun].events
        where = " ".join(events[self.fault.nth - 1]) if self.fault.nth <= len(events) else "?"
        return f"{self.begun}: {self.fault.act} at {self.fault.nth}{' and on' if self.fault.every else ''}: {where}"

    # -- helpers for kinds

    def some(self, pattern: str) -> list[Path]:
        """A few of the world's files, drawn by lot."""
        found = sorted(path for path in self.world.glob(pattern) if path.is_file())
        return self.random.sample(found, min(len(found), self.random.randint(1, 4)))

    def cut(self, path: Path) -> None:
        """Cut `path` off at a place drawn by lot."""
        data = path.read_bytes()
        path.write_bytes(data[: self.random.randrange(len(data))] if data else b"")

    def flip(self, path: Path) -> None:
        """Change one bit of `path`."""
        data = bytearray(path.read_bytes() or b"\0")
        data[self.random.randrange(len(data))] ^= 1 << self.random.randrange(8)
        path.write_bytes(data)


WRITING = ("opened", "written", "synced", "placed", "fsync", "replace")


def kill(trial: Trial) -> None:
    """SIGKILL at any step."""
    state = trial.take()
    trial.expect(trial.run(fault=Fault("kill", nth=trial.at(state))), -9)
    trial.judge()


def kill_twice(trial: Trial) -> None:
    """SIGKILL, and again during the next build."""
    state = trial.take("bare", "source", "all", "picture")
    trial.run(fault=Fault("kill", nth=trial.at(state)))
    trial.run(fault=Fault("kill", nth=trial.at(state)))
    trial.judge()


def terminated(trial: Trial) -> None:
    """SIGTERM at any step."""
    state = trial.take()
    trial.expect(trial.run(fault=Fault("term", nth=trial.at(state))), 130)
    trial.judge()


def interrupted(trial: Trial) -> None:
    """SIGINT at any step."""
    state = trial.take()
    trial.expect(trial.run(fault=Fault("int", nth=trial.at(state))), 130)
    trial.judge()


def _error(act: str) -> Callable[[Trial], None]:
    def kind(trial: Trial) -> None:
        state = trial.take("bare", *CHANGES)
        number = trial.at(state, *WRITING)
        every = trial.random.random() < 0.3
        code = trial.run(fault=Fault(act, step="[!rp]*" if act == "x" else "*", nth=number, every=every))
        step, path = state.events[number - 1]
        # the cache is an aid, and a folder need not be able to sync
        if not every and "/cache/" not in path and not path.endswith("/outputs") and step != "placed":
            trial.expect(code, 3, 0) if path.endswith(".jsonl") or ".jsonl." in path else trial.expect(code, 3)
        else:
            trial.expect(code, 0, 1, 3)
        trial.judge()

    kind.__doc__ = f"{act.upper()} at a step of writing, once or from then on."
    return kind


def reading_fails(trial: Trial) -> None:
    """EIO while a source or a picture is read."""
    state = trial.take("bare", "source", "picture", "all")
    trial.expect(trial.run(fault=Fault("eio", nth=trial.at(state, "read", "picture"))), 0, 1)
    trial.judge(lenient=())


def too_large(trial: Trial) -> None:
    """No file may grow over a size (RLIMIT_FSIZE), so that writes stop in the middle."""
    trial.take("bare", "source", "all", "anew")
    size = int(10 ** trial.random.uniform(1, 5))

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    trial.expect(trial.run(before=limit), 0, 1, 3)
    trial.judge()


def full_disk(trial: Trial) -> None:
    """A file system with little room left."""
    assert trial.disk
    trial.take("bare", "source", "all", "anew", place=trial.disk)
    filler = trial.disk / "filler"
    status = os.statvfs(trial.disk)
    room = int(10 ** trial.random.uniform(3, 5.2))
    filler.write_bytes(b"\0" * max(0, status.f_bavail * status.f_frsize - room))
    trial.expect(trial.run(), 0, 3)
    filler.unlink()
    trial.judge()


def damaged_cache(trial: Trial) -> None:
    """Objects and rows of the cache cut or flipped; some outputs gone, so that they are needed."""
    trial.take("built", "source", "picture")
    for path in trial.some("cache/**/*") + trial.some("cache/**/*"):
        trial.random.choice((trial.cut, trial.flip))(path)
    _lose_outputs(trial)


def swapped_cache(trial: Trial) -> None:
    """Files of the cache in the place of others."""
    trial.take("built", "source", "css")
    for kind in ("objects", "rows"):
        files = sorted(path for path in trial.world.glob(f"cache/{kind}/*/*") if path.is_file())
        for _ in range(3):
            one, two = trial.random.sample(files, 2)
            shutil.copyfile(one, two)
    _lose_outputs(trial)


def _lose_outputs(trial: Trial) -> None:
    for path in trial.some("outputs/[ab].*"):
        if path.suffix != ".apkg":
            path.unlink()
    trial.state = State(**{**trial.state.__dict__, "before": contents(trial.world, OUTPUTS)})
    trial.expect(trial.run(), 0)
    trial.judge()


def store_removed(trial: Trial) -> None:
    """The cache goes away while a build is under way."""
    state = trial.take()
    fault = Fault(f"remove {trial.world / 'cache'}", nth=trial.at(state))
    trial.expect(trial.run(fault=fault), 0)
    trial.judge()


def outputs_removed(trial: Trial) -> None:
    """The output folder goes away while a build is under way."""
    state = trial.take()
    fault = Fault(f"remove {trial.world / 'outputs'}", nth=trial.at(state))
    trial.expect(trial.run(fault=fault), 0, 3)
    trial.state = State(**{**state.__dict__, "before": {}})
    trial.judge()


def outputs_damaged(trial: Trial) -> None:
    """Outputs cut, flipped, or put in the place of others: not decks, which learners' names are read from."""
    trial.take("built", "source", "css", "all")
    files = [path for path in trial.some("outputs/[ab].*") if path.suffix != ".apkg"]
    for path in files:
        trial.random.choice((trial.cut, trial.flip, lambda path: shutil.copyfile(trial.world / "style.css", path)))(
            path
        )
    trial.judge_next()


def decks_damaged(trial: Trial) -> None:
    """Decks cut or flipped; the ledger knows the names."""
    trial.take("built", "source", "all")
    for path in trial.some("outputs/*.apkg"):
        trial.random.choice((trial.cut, trial.flip))(path)
    trial.judge_next()


def ledgers_gone(trial: Trial) -> None:
    """The ledger is removed; the deck knows the names."""
    trial.take("built", "source", "all")
    for path in trial.some("source/*.jsonl"):
        path.unlink()
    trial.judge_next()


def record_damaged(trial: Trial) -> None:
    """The record of the last build cut, flipped, or of something else."""
    trial.take("built", "source", "all")
    record = trial.world / "outputs" / ".tiku-build.jsonl"
    ways: list[Callable[[Path], object]] = [trial.cut, trial.flip, Path.unlink]
    hostile = '{"file": "../../x", "by": 3, "digest": 4, "url": "memory://x", "read": [], "export": null}'
    texts = ("", "[]", "null", '{"tiku-build": 1}', "[" * 9000, f'{{"tiku-build": 1}}\n{hostile}\n')
    ways += [lambda path, text=text: path.write_text(text) for text in texts]
    trial.random.choice(ways)(record)
    trial.expect(trial.run(*trial.random.choice(((), ("--explain",), ("--clean",)))), 0)
    trial.judge()


def lock_left(trial: Trial) -> None:
    """A lock file left behind, and unfinished files of a process that is gone."""
    trial.take()
    (trial.world / "outputs").mkdir(exist_ok=True)
    (trial.world / "outputs" / ".tiku.lock").write_bytes(trial.random.randbytes(trial.random.randrange(20)))
    from tiku.files import _host  # noqa: PLC0415

    pid = os.fork()
    if not pid:
        os._exit(0)
    os.waitpid(pid, 0)
    for folder in ("outputs", "cache/objects/00", "source"):
        (trial.world / folder).mkdir(parents=True, exist_ok=True)
        name = "a.tiku-ids.jsonl" if folder == "source" else "a.epub"
        (trial.world / folder / f".{name}.{_host()}-{pid}-abcdefgh.part").write_bytes(b"half")
    trial.judge_next()
    # a build that has nothing to do need not look into the cache
    trial.faults = [each for each in trial.faults if not each.startswith("left: ['.a.epub.")]


def clock(trial: Trial) -> None:
    """The clock and the times of all files anywhere."""
    trial.take()
    for path in trial.world.rglob("*"):
        when = trial.random.choice((0, 1, 1_000_000_000, 4_000_000_000, trial.random.randrange(4_000_000_000)))
        os.utime(path, (when, when))
    now = trial.random.randrange(4_000_000_000)

    def turn() -> None:
        time.time = lambda: float(now)

    trial.expect(trial.run(before=turn), 0)
    trial.judge()


def _changes(place: str, version: str, state: str, then: str) -> Callable[[Trial], None]:
    def kind(trial: Trial) -> None:
        begun = trial.take(state)
        trial.accept(then, "anew" if state == "bare" else then)
        suffix = Path(place).suffix
        fault = Fault(f"write {trial.world / place} {trial.worlds.kit / f'{version}{suffix}'}", nth=trial.at(begun))
        trial.expect(trial.run(fault=fault), 0)
        trial.state = State(**{**trial.worlds.states[then].__dict__, "before": begun.before})
        trial.judge()

    kind.__doc__ = f"{place} changes while a build is under way."
    return kind


def back_again(trial: Trial) -> None:
    """A source, picture or style sheet changes during the build and is then put back: no mixture may be remembered."""
    begun = trial.take("bare", "source", "css", "picture")
    place = trial.random.choice(("source/a.md", "source/b.json", "source/p.png", "style.css"))
    old = (trial.world / place).read_bytes()
    version = "v1" if old == (trial.worlds.kit / f"v2{Path(place).suffix}").read_bytes() else "v2"
    other = trial.worlds.kit / f"{version}{Path(place).suffix}"
    trial.accepted = set()
    fault = Fault(f"write {trial.world / place} {other}", nth=trial.at(begun))
    trial.expect(trial.run(fault=fault), 0)
    (trial.world / place).write_bytes(old)
    # Decks that were made in between are part of the history; what the other formats say must be as if nothing had been.
    code = trial.start("-q").end()
    trial.expect(code, 0)
    now = contents(trial.world, OUTPUTS)
    for name in OUTPUTS:
        if not name.endswith("apkg") and now.get(name) != begun.after[name]:
            trial.faults.append(f"wrong: {name} is of another source")
    if not begun.guids <= set().union(*(names_in(trial.world / f"outputs/{stem}.apkg") for stem in "ab")):
        trial.faults.append("history: a name is lost")


def two_builds(trial: Trial) -> None:
    """Two builds at once."""
    trial.take()
    one = trial.start()
    time.sleep(trial.random.choice((0, 0.01, 0.05, 0.1)))
    two = trial.start("--explain")
    trial.expect(one.end(), 0)
    trial.expect(two.end(), 0)
    trial.judge()


def one_of_two_killed(trial: Trial) -> None:
    """Two builds at once, one of them killed at any step."""
    state = trial.take()
    one = trial.start(fault=Fault("kill", nth=trial.at(state)))
    two = trial.start("--explain")
    one.end()
    trial.expect(two.end(), 0)
    trial.judge()


def worker_killed(trial: Trial) -> None:
    """SIGKILL of a worker of the local pool at any step."""
    state = trial.take("bare", "all", "anew")
    inner = [event for event in state.events if ".tiku-build" not in event[1]]
    number = trial.random.randint(1, max(1, len(inner) // 2))
    token = trial.world.with_name("token")
    token.unlink(missing_ok=True)
    fault = Fault("kill", nth=number, who="worker", token=str(token))
    trial.expect(trial.run("--jobs", "2", fault=fault), 0)
    trial.judge()


KINDS: dict[str, tuple[Callable[[Trial], None], int]] = {
    "kill": (kill, 12),
    "kill twice": (kill_twice, 4),
    "SIGTERM": (terminated, 5),
    "SIGINT": (interrupted, 5),
    "ENOSPC": (_error("enospc"), 8),
    "EIO": (_error("eio"), 8),
    "EROFS": (_error("erofs"), 3),
    "EIO in reading": (reading_fails, 2),
    "write stops half-way": (too_large, 5),
    "full disk": (full_disk, 5),
    "cache cut or flipped": (damaged_cache, 8),
    "cache files swapped": (swapped_cache, 3),
    "cache removed": (store_removed, 4),
    "outputs removed": (outputs_removed, 4),
    "outputs damaged": (outputs_damaged, 4),
    "decks damaged": (decks_damaged, 3),
    "ledger removed": (ledgers_gone, 2),
    "record damaged": (record_damaged, 4),
    "lock and parts left": (lock_left, 2),
    "clock and times": (clock, 4),
    "source changes": (_changes("source/a.md", "v2", "built", "source"), 3),
    "other changes": (_changes("source/b.json", "v2", "built", "other"), 3),
    "picture changes": (_changes("source/p.png", "v2", "built", "picture"), 3),
    "style sheet changes": (_changes("style.css", "v2", "built", "css"), 3),
    "changes and back": (back_again, 5),
    "two builds": (two_builds, 4),
    "one of two killed": (one_of_two_killed, 3),
    "worker killed": (worker_killed, 4),
}
"""Each kind of fault, and its share of the trials."""


def main() -> int:
    """Run the trials; print what came of each kind."""
    parser = argparse.ArgumentParser()
    parser.add_argument("trials", nargs="?", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=8)
    parser.add_argument("--only", default="")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    parser.add_argument("--disk", type=Path)
    parser.add_argument("--number", type=int, help="only this trial of each kind, and what its builds said")
    call = parser.parse_args()
    os.environ["SOURCE_DATE_EPOCH"] = EPOCH
    kinds = {name: KINDS[name] for name in KINDS if not call.only or name in call.only.split(",")}
    if not call.disk:
        kinds.pop("full disk", None)
    shares = sum(share for _, share in kinds.values())
    folder = Path(tempfile.mkdtemp(prefix="faults-", dir=call.folder))
    (folder / "worlds").mkdir()
    worlds = Worlds(folder / "worlds")
    print(
        f"{len(worlds.states['bare'].events)} steps in a first build, {len(worlds.states['source'].events)} after a change"
    )
    total: Counter[str] = Counter()
    bad: Counter[str] = Counter()
    start = time.process_time()
    for name, (function, share) in kinds.items():
        count = 1 if call.number is not None else max(1, round(call.trials * share / shares))
        wrong: Counter[str] = Counter()
        began = time.monotonic()
        for number in range(count) if call.number is None else [call.number]:
            trial = Trial(worlds, name.replace(" ", "-"), number, call.seed, call.disk)
            try:
                function(trial)
            finally:
                trial.clear()
            if trial.faults:
                bad[name] += 1
                wrong.update({each.split(":")[0] for each in trial.faults})
                what = trial.told()
                print(f"  {name} {number}: {what}: {trial.codes}: {'; '.join(trial.faults)}"[:900])
        total[name] = count
        verdict = ", ".join(f"{what} {many}" for what, many in sorted(wrong.items())) or "0 wrong"
        print(f"{name:28} {count:5} trials: {verdict}  ({(time.monotonic() - began) / count:.2f} s each)", flush=True)
    whole = sum(total.values())
    spent = time.process_time() - start + sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    print(f"{whole} trials of {len(total)} kinds, {sum(bad.values())} with something wrong, {spent:.0f} CPU-s", end="")
    print(f"; 95 % bound on the rate: {3 / whole:.2%}" if not bad else "")
    if not bad:
        shutil.rmtree(folder)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
