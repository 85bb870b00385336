"""The model as JSON and back, equal. The published schema is ``schemas/bank.schema.json``."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import fields
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any, NoReturn

from tiku import jsontext, markup
from tiku.errors import DocumentError
from tiku.model import Bank, Choice, Kind, Location, Media, Part, Question, Section

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA = "https://tiku.invalid/schemas/bank-1.json"
VERSION = 1
"""Rises when a reader of the old form would misread the new one."""
_MEDIA_NAME = re.compile(r"[0-9a-f]{16}\.[a-z0-9]{1,5}")
_MIME = re.compile(r"[a-z]+/[a-z0-9.+-]+")
# What readers remove from every source (`readers.decode`) cannot come in by an escape of JSON's either.
_FORBIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def schema() -> str:
    """The JSON Schema of what `dumps` writes, as text."""
    return files("tiku").joinpath("schemas/bank.schema.json").read_text(encoding="utf-8")


def dumps(bank: Bank) -> str:
    """`bank` as JSON text: as `jsontext` lays it out, keys in the order of the model's fields, a final newline."""
    document = {"$schema": SCHEMA, "tiku": VERSION, "pandoc-api-version": markup.API_VERSION, "bank": bank}
    return jsontext.text(document, _plain) + "\n"


def loads(text: str) -> Bank:
    """The bank that `text` holds.

    Raises DocumentError, with the path of the culprit, when `text` is no JSON model of a version we know.
    """
    try:
        document = json.loads(text, parse_constant=_no_number)
    except RecursionError as error:
        raise DocumentError("the JSON is nested too deeply") from error
    except ValueError as error:
        line = getattr(error, "lineno", 0)
        raise DocumentError(f"not JSON: {error}" + (f" (line {line})" if line else "")) from error
    if not isinstance(document, dict) or "bank" not in document:
        raise DocumentError("JSON, but not a tiku model: there is no 'bank' in it")
    version = document.get("tiku")
    if version != VERSION or isinstance(version, bool):
        what = repr(version) if isinstance(version, int | float | str) else "unknown"
        raise DocumentError(f"a tiku model of version {what[:40]}; this tiku reads version {VERSION}")
    return _bank(document["bank"], "bank")


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON number")


def _plain(value: Any) -> Any:
    """`value`, a part of the model, as what JSON knows."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    kind: Any = type(value)
    return {name: getattr(value, name) for name in _names(kind)}


@cache
def _names(kind: Any) -> tuple[str, ...]:
    return tuple(each.name for each in fields(kind))


# -- reading back: each function takes a JSON value and the path to name in a complaint ------------------------------


def _object(value: Any, where: str, known: type) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DocumentError(f"{where}: an object is wanted, not {type(value).__name__}")
    if unknown := sorted(set(value) - {each.name for each in fields(known)}):
        raise DocumentError(f"{where}: unknown key {unknown[0][:40]!r}")
    return value


def _text(data: dict[str, Any], key: str, where: str, default: str = "") -> str:
    value = data.get(key, default)
    if not isinstance(value, str):
        raise DocumentError(f"{where}.{key}: text is wanted, not {type(value).__name__}")
    _characters(value, f"{where}.{key}")
    return value


def _characters(text: str, where: str) -> None:
    if found := _FORBIDDEN.search(text):
        half = "\ud800" <= found[0] <= "\udfff"
        what = "half a surrogate pair" if half else f"the control character U+{ord(found[0]):04X}"
        raise DocumentError(f"{where}: {what} stands in the text")


def _list(data: dict[str, Any], key: str, where: str) -> list[Any]:
    value = data.get(key, [])
    if not isinstance(value, list):
        raise DocumentError(f"{where}.{key}: a list is wanted, not {type(value).__name__}")
    return value


def _texts(data: dict[str, Any], key: str, where: str) -> tuple[str, ...]:
    items = _list(data, key, where)
    return tuple(_text({"item": item}, "item", f"{where}.{key}") for item in items)


def _nodes(data: dict[str, Any], key: str, where: str, *, inline: bool = False) -> tuple[dict[str, Any], ...]:
    nodes = _list(data, key, where)
    try:
        markup.validate(nodes, inline=inline)
    except DocumentError as error:
        raise DocumentError(f"{where}.{key}: {error.message}") from error
    stack: list[Any] = [nodes]
    while stack:
        item = stack.pop()
        if isinstance(item, str):
            _characters(item, f"{where}.{key}")
        elif isinstance(item, list | dict):
            stack.extend(item.values() if isinstance(item, dict) else item)
    return tuple(nodes)


def _location(data: dict[str, Any], where: str) -> Location:
    value = _object(data.get("location", {}), f"{where}.location", Location)
    line = value.get("line", 0)
    if not isinstance(line, int) or isinstance(line, bool) or line < 0:
        raise DocumentError(f"{where}.location.line: a whole number is wanted")
    return Location(_text(value, "file", where), line)


def _choice(value: Any, where: str) -> Choice:
    data = _object(value, where, Choice)
    correct = data.get("correct", False)
    if not isinstance(correct, bool):
        raise DocumentError(f"{where}.correct: true or false is wanted")
    return Choice(_text(data, "label", where), _nodes(data, "content", where), correct)


def _part(value: Any, where: str) -> Part:
    data = _object(value, where, Part)
    return Part(_text(data, "role", where), _text(data, "label", where), _nodes(data, "content", where))


def _media(value: Any, where: str) -> Media:
    data = _object(value, where, Media)
    try:
        content = base64.b64decode(_text(data, "data", where), validate=True)
    except ValueError as error:  # binascii.Error is one; text that is not ASCII gives a plain one
        raise DocumentError(f"{where}.data: not base64") from error
    name, mime = _text(data, "name", where), _text(data, "mime", where)
    if not _MEDIA_NAME.fullmatch(name) or not name.startswith(hashlib.sha256(content).hexdigest()[:16]):
        raise DocumentError(
            f"{where}.name: the first 16 hex digits of the data's SHA-256, a dot and a suffix are wanted"
        )
    if not _MIME.fullmatch(mime):
        raise DocumentError(f"{where}.mime: a media type is wanted, as image/png")
    return Media(name, mime, content)


def _question(value: Any, where: str) -> Question:
    data = _object(value, where, Question)
    identifier = _text(data, "id", where)
    if not identifier:
        raise DocumentError(f"{where}.id: every question needs one")
    try:
        kind = Kind(data.get("kind", "open"))
    except (ValueError, TypeError) as error:
        raise DocumentError(f"{where}.kind: one of {', '.join(Kind)} is wanted") from error
    return Question(
        id=identifier,
        number=_text(data, "number", where),
        title=_nodes(data, "title", where, inline=True),
        prompt=_nodes(data, "prompt", where),
        choices=tuple(_choice(item, f"{where}.choices[{i}]") for i, item in enumerate(_list(data, "choices", where))),
        answer=_nodes(data, "answer", where),
        explanation=_nodes(data, "explanation", where),
        parts=tuple(_part(item, f"{where}.parts[{i}]") for i, item in enumerate(_list(data, "parts", where))),
        tags=_texts(data, "tags", where),
        difficulty=_text(data, "difficulty", where),
        kind=kind,
        location=_location(data, where),
    )


def _section(value: Any, where: str, depth: int = 0) -> Section:
    data = _object(value, where, Section)
    if depth > 20:
        raise DocumentError(f"{where}: sections are nested deeper than 20 levels")
    questions, sections = _list(data, "questions", where), _list(data, "sections", where)
    return Section(
        title=_nodes(data, "title", where, inline=True),
        intro=_nodes(data, "intro", where),
        questions=tuple(_question(item, f"{where}.questions[{i}]") for i, item in enumerate(questions)),
        sections=tuple(_section(item, f"{where}.sections[{i}]", depth + 1) for i, item in enumerate(sections)),
        location=_location(data, where),
    )


def _bank(value: Any, where: str) -> Bank:
    data = _object(value, where, Bank)
    bank = Bank(
        title=_text(data, "title", where),
        language=_text(data, "language", where, "und"),
        authors=_texts(data, "authors", where),
        date=_text(data, "date", where),
        description=_nodes(data, "description", where),
        sections=tuple(
            _section(item, f"{where}.sections[{i}]") for i, item in enumerate(_list(data, "sections", where))
        ),
        media=tuple(_media(item, f"{where}.media[{i}]") for i, item in enumerate(_list(data, "media", where))),
    )
    _once((question.id for question in bank.questions), f"{where}: two questions have the id")
    _once((media.name for media in bank.media), f"{where}.media: two have the name")
    return bank


def _once(names: Iterable[str], complaint: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise DocumentError(f"{complaint} '{name[:80]}'")
        seen.add(name)
