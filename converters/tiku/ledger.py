"""The ledger: what is known of a bank's questions, in a file beside its source.

``NAME.tiku-ids.jsonl``: a line that says what it is, then one line a question, sorted by name, each telling its
predecessor rather than its place, so that an inserted question changes two lines and git can merge two people's work.
"""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from tiku.errors import DocumentError
from tiku.identity import Known, Memory, Prints
from tiku.sketches import Fingerprint

if TYPE_CHECKING:
    from pathlib import Path

SUFFIX = ".tiku-ids.jsonl"
VERSION = 1
_MERGE_MARKS = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")
_PRINTS = ("title", "prompt", "answer")
_PLAIN = [each for each in fields(Known) if each.name not in {"prints", "label", "rest"}]


def path_for(source: Path) -> Path:
    """Where the ledger of the document `source` lies."""
    return source.with_name(source.stem + SUFFIX)


def dumps(memory: Memory) -> str:
    """`memory` as the text of a ledger."""
    head = {"tiku-ids": VERSION, "namespace": memory.namespace}
    return "".join(line + "\n" for line in [_json(head), *lines(memory)])


def lines(memory: Memory) -> list[str]:
    """One line of JSON for each question, sorted."""
    out, previous = [], ""
    for known in memory.known:
        out.append(_json(_row(known, "" if known.gone else previous)))
        if not known.gone:
            previous = known.guid
    return sorted(out + [_json({"kind": name, "model": json.loads(text)}) for name, text in memory.kinds.items()])


def _row(known: Known, after: str) -> dict[str, Any]:
    row: dict[str, Any] = {"guid": known.guid}
    for each in _PLAIN:
        value = getattr(known, each.name)
        if value != each.default:
            row[each.name] = value
    if known.label:
        row["label"] = known.label
    if known.rest:
        row["rest"] = list(known.rest)
    row |= {name: stored for name in _PRINTS if (stored := getattr(known.prints, name).stored())}
    return row | ({"after": after} if after else {})


_json = json.JSONEncoder(ensure_ascii=False, separators=(", ", ": ")).encode


def loads(text: str, file: str = "") -> Memory:
    """The memory in a ledger's `text`; both sides of an unfinished git merge count.

    Raises DocumentError that names the line which cannot be read: to guess would lose histories.
    """
    rows: dict[str, dict[str, Any]] = {}
    kinds: dict[str, str] = {}
    namespace = ""
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith(_MERGE_MARKS):
            continue
        try:
            row = json.loads(line)
            if "tiku-ids" in row:
                if row["tiku-ids"] != VERSION:
                    raise DocumentError(f"a ledger of version {row['tiku-ids']}, not {VERSION}", file=file, line=number)
                namespace = str(row.get("namespace", ""))
                continue
            if "kind" in row:
                kinds[str(row["kind"])] = json.dumps(row["model"], ensure_ascii=False)
                continue
            guid = row["guid"]
            known_from(row)
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise DocumentError(
                "this line of the ledger cannot be read; repair or remove it", file=file, line=number
            ) from error
        if guid not in rows or row.get("modified", 0) >= rows[guid].get("modified", 0):
            rows[guid] = row
    return Memory(namespace, tuple(known_from(row) for row in _ordered(rows)), kinds)


def known_from(row: dict[str, Any]) -> Known:
    """The question that one row tells. Raises ValueError, TypeError or KeyError when it is none."""
    values: dict[str, Any] = {}
    for each in _PLAIN:
        value = row.get(each.name, each.default if each.name != "guid" else None)
        wanted = str if each.name == "guid" else type(each.default)
        if not isinstance(value, wanted):
            raise TypeError(each.name)
        values[each.name] = value
    prints = Prints(*(Fingerprint.load(str(row.get(name, ""))) for name in _PRINTS))
    rest = tuple(str(each) for each in row.get("rest", ()))
    return Known(**values, rest=rest, label=str(row.get("label", "")), prints=prints)


def _ordered(rows: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows in document order, by their predecessors; what a merge has torn off comes last, sorted."""
    followers: dict[str, list[str]] = {}
    for guid in sorted(rows):
        if not rows[guid].get("gone"):
            after = str(rows[guid].get("after", ""))
            followers.setdefault(after if after in rows else "", []).append(guid)
    out: list[str] = []
    seen: set[str] = set()
    stack = list(reversed(followers.get("", [])))
    while stack:
        guid = stack.pop()
        if guid in seen:
            continue
        seen.add(guid)
        out.append(guid)
        stack.extend(reversed(followers.get(guid, [])))
    return [rows[guid] for guid in (*out, *(each for each in sorted(rows) if each not in seen))]
