"""The model as JSON and back, equal. The published schema is ``schemas/bank.schema.json``."""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import fields, is_dataclass
from typing import Any

from tiku import markup
from tiku.errors import DocumentError
from tiku.model import Bank, Choice, Kind, Location, Media, Part, Question, Section

SCHEMA = "https://tiku.invalid/schemas/bank-1.json"
VERSION = 1
"""Rises when a reader of the old form would misread the new one."""


def dumps(bank: Bank) -> str:
    """`bank` as JSON text: two spaces of indent, keys in the order of the model's fields, a final newline."""
    document = {"$schema": SCHEMA, "tiku": VERSION, "pandoc-api-version": markup.API_VERSION, "bank": _plain(bank)}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def loads(text: str) -> Bank:
    """The bank that `text` holds.

    Raises DocumentError, with the path of the culprit, when `text` is no JSON model of a version we know.
    """
    try:
        document = json.loads(text)
    except RecursionError as error:
        raise DocumentError("the JSON is nested too deeply") from error
    except ValueError as error:
        line = getattr(error, "lineno", 0)
        raise DocumentError(f"not JSON: {error}" + (f" (line {line})" if line else "")) from error
    if not isinstance(document, dict) or "bank" not in document:
        raise DocumentError("JSON, but not a tiku model: there is no 'bank' in it")
    if document.get("tiku") != VERSION:
        raise DocumentError(f"a tiku model of version {document.get('tiku')!r}; this tiku reads version {VERSION}")
    return _bank(document["bank"], "bank")


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if is_dataclass(value):
        return {each.name: _plain(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


# -- reading back: each function takes a JSON value and the path to name in a complaint ---------------------------------


def _object(value: Any, where: str, known: type) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise DocumentError(f"{where}: an object is wanted, not {type(value).__name__}")
    if unknown := sorted(set(value) - {each.name for each in fields(known)}):
        raise DocumentError(f"{where}: unknown key '{unknown[0]}'")
    return value


def _text(data: dict[str, Any], key: str, where: str, default: str = "") -> str:
    value = data.get(key, default)
    if not isinstance(value, str):
        raise DocumentError(f"{where}.{key}: text is wanted, not {type(value).__name__}")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DocumentError(f"{where}.{key}: half a surrogate pair stands in the text") from error
    return value


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
        json.dumps(nodes, ensure_ascii=False).encode("utf-8")
    except DocumentError as error:
        raise DocumentError(f"{where}.{key}: {error.message}") from error
    except UnicodeEncodeError as error:
        raise DocumentError(f"{where}.{key}: half a surrogate pair stands in the text") from error
    return tuple(nodes)


def _location(data: dict[str, Any], where: str) -> Location:
    value = _object(data.get("location", {}), f"{where}.location", Location)
    line = value.get("line", 0)
    if not isinstance(line, int) or line < 0:
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
    except binascii.Error as error:
        raise DocumentError(f"{where}.data: not base64") from error
    return Media(_text(data, "name", where), _text(data, "mime", where), content)


def _question(value: Any, where: str) -> Question:
    data = _object(value, where, Question)
    identifier = _text(data, "id", where)
    if not identifier:
        raise DocumentError(f"{where}.id: every question needs one")
    try:
        kind = Kind(data.get("kind", "open"))
    except ValueError as error:
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
    seen: set[str] = set()
    for question in bank.questions:
        if question.id in seen:
            raise DocumentError(f"{where}: two questions have the id '{question.id}'")
        seen.add(question.id)
    return bank
