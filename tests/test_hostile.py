"""Bad and hostile input: refused with a reason, or made harmless; never a traceback, a hang, or a file from elsewhere.

The rows follow the project's table of bad inputs, as far as they concern single documents.
"""

from __future__ import annotations

import base64
import http.server
import json
import os
import re
import threading
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from lxml import etree, html

from banks import numbered
from random_banks import random_bank
from test_serial import CONTAINERS, nested
from tiku import markup, pandoc, serial
from tiku.exporters import EXPORTERS
from tiku.model import Bank, Question, Section

if TYPE_CHECKING:
    from collections.abc import Iterator

    from command import Command, Done

FORMATS = [name for name in EXPORTERS.builtin if name != "pdf"]
TWO = numbered(2)


def question(body: str) -> str:
    return f"### 1. Title\n\n**Question:** Why?\n\n**Answer:**\n\n{body}\n\n**Explanation:** So.\n"


def convert(tiku: Command, data: bytes | str, *formats: str, name: str = "a.md") -> Done:
    """Convert `data` in the current folder; whatever happens, no temporary file stays."""
    Path(name).write_bytes(data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data)
    done = tiku("convert", name, "-t", ",".join(formats or ["json"]), "-o", "out")
    assert done.code in {0, 1}, done
    assert not [path for path in Path().rglob("*") if path.name.endswith(".part")]
    return done


def model(name: str = "out/a.json") -> Bank:
    return serial.loads(Path(name).read_text(encoding="utf-8"))


# -- text and encoding (rows 1 to 15) ---------------------------------------------------------------------------------

REFUSED: dict[str, tuple[bytes, str]] = {
    "1 empty": (b"", "Q001 no questions found"),
    "2 only a BOM": (b"\xef\xbb\xbf", "Q001"),
    "blank": (b" \n\t\n", "Q001"),
    "4 GBK": ("### 1. 题目\n\n**答案：** 甲\n".encode("gbk"), "a.md:1: not UTF-8: byte 0x"),
    "6 invalid byte": (TWO.encode() + b"\n\xff\n", "not UTF-8: byte 0xFF at offset"),
    "5 UTF-16 cut": (b"\xff\xfe\x00", "not UTF-16"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0", "a.md:1: not UTF-8"),
    "surrogates as UTF-8": ("### 1. T\n\n\ud800\n".encode("utf-8", "surrogatepass"), "not UTF-8"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_text_that_cannot_be_read_is_refused_with_its_place(tiku: Command, name: str) -> None:
    data, words = REFUSED[name]
    done = convert(tiku, data)
    assert done.code == 1
    assert words in done.err
    assert not Path("out").exists()


TAKEN: dict[str, bytes] = {
    "3 BOM": b"\xef\xbb\xbf" + TWO.encode(),
    "5 UTF-16 LE": b"\xff\xfe" + TWO.encode("utf-16-le"),
    "5 UTF-16 BE": b"\xfe\xff" + TWO.encode("utf-16-be"),
    "10 CRLF": TWO.replace("\n", "\r\n").encode(),
    "10 CR": TWO.replace("\n", "\r").encode(),
    "12 zero width": TWO.replace("Why", "W\u200bh\u00ady").encode(),
    "13 combining": TWO.replace("Why", "W" + "\u0301" * 500 + "hy").encode(),
    "14 rare": TWO.replace("Why", "\U00020000\ue000\U000e0001hy").encode(),
    "15 emoji and scripts": TWO.replace("Why", "👩🏽‍💻 لماذا ทำไม क्यों").encode(),
    "20 gaps": TWO.replace("### 2.", "### 7.").encode(),
    "no last line end": TWO.rstrip().encode(),
    "75 YAML bomb": b"---\na: &a [x,x]\nb: &b [*a,*a]\nc: [*b,*b]\ntitle: T\n---\n\n" + TWO.encode(),
    "75 YAML object": b"---\ntitle: !!python/object/apply:os.system ['touch owned']\n---\n\n" + TWO.encode(),
    "75 deep YAML": b"---\ntitle: " + b"[" * 5_000 + b"\n---\n\n" + TWO.encode(),
    "75 duplicate keys": b"---\ntitle: A\ntitle: B\n---\n\n" + TWO.encode(),
    "YAML dates": b"---\ndate: 2026-99-99\ntitle: 2026-01-01\nlanguage: true\nauthor: {a: [b]}\n---\n\n" + TWO.encode(),
}


@pytest.mark.parametrize("name", TAKEN)
def test_odd_text_is_taken_whole(tiku: Command, name: str) -> None:
    done = convert(tiku, TAKEN[name], "json", "epub", "slides")
    assert done.code == 0, done.err
    assert len(model().questions) == 2
    assert not Path("owned").exists()


@pytest.mark.parametrize("bad", ["\0", "\x01", "\x1f", "\x0b", "\x7f", "\x9f", "\ufdd0", "\uffff"])
def test_7_and_8_controls_are_removed_and_reported(tiku: Command, bad: str) -> None:
    done = convert(tiku, TWO.replace("Why", f"Wh{bad}y"), *FORMATS)
    assert done.code == 0, done.err
    assert "Q104" in done.err
    assert f"U+{ord(bad):04X}" in done.err
    assert bad not in Path("out/a.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("entity", ["&#1;", "&#x1F;", "&#0;", "&#xD800;", "&#xFFFF;", "&#127;"])
def test_controls_written_as_entities_do_not_pass_either(tiku: Command, entity: str) -> None:
    done = convert(tiku, TWO.replace("Why", f"Wh{entity}y"), *FORMATS)
    assert done.code == 0, done.err
    assert len(model().questions) == 2  # and so it reads back


def test_9_half_a_surrogate_in_json_is_refused(tiku: Command) -> None:
    bank = {"tiku": 1, "bank": {"title": "\ud800", "sections": [{"questions": [{"id": "a"}]}]}}
    done = convert(tiku, json.dumps(bank), "md", name="a.json")
    assert (done.code, "half a surrogate pair" in done.err) == (1, True)


def test_16_a_source_that_is_too_large_is_refused_before_it_is_read(tiku: Command) -> None:
    with Path("a.md").open("wb") as file:
        file.truncate(10**12)
    done = tiku("convert", "a.md", "-t", "json")
    assert (done.code, "larger than" in done.err) == (1, True)


# -- structure and depth (rows 25 to 37) ------------------------------------------------------------------------------

STRUCTURE = {
    "25 unclosed fence": question("```python\nx = 1\n\nso"),
    "29 heading in an answer": question("#### Deeper\n\ntext\n"),
    "30 empty title": "### 1.\n\n**Answer:** x\n\n### 2.\n\n**Answer:** y\n",
    "31 nested brackets": question("[" * 200 + "x" + "](y)" * 200),
    "32 brackets and underscores": question("\n".join(["[a.__b__]"] * 20)),
    "33 unclosed emphasis": question("*a **b " * 2_500),
    "33 nested emphasis": question("*a **b " * 400 + "c** d*" * 400),
    "34 ten thousand quotes": question(">" * 10_000 + " x"),
    "35 open divs": question("<div>\n" * 300 + "x"),
    "36 deep list": question("\n".join("  " * n + "- x" for n in range(300))),
    "36 very deep list": question("\n".join("  " * n + "- x" for n in range(2_000))),
    "37 wide table": question("|" + "a|" * 1_000 + "\n|" + "-|" * 1_000 + "\n|" + "b|" * 1_000),
    "48 deep formula": question("$" + "{" * 2_000 + "x" + "}" * 2_000 + "$"),
    "48 macro bomb": question(r"$\def\a{\b\b}\def\b{\c\c}\def\c{\d\d}\def\d{\a\a}\a$"),
    "a long word": question("x" * 50_000),
    "many links": question("[a](b) " * 1_000),
    "many footnotes": question("x[^1] " * 300 + "\n\n[^1]: y\n"),
    "a footnote in itself": question("x[^1]\n\n[^1]: y[^1]\n"),
    "nested raw HTML": question("<b>" * 2_000 + "x"),
}


@pytest.mark.parametrize("name", STRUCTURE)
def test_monstrous_structure_is_converted_or_refused(tiku: Command, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pandoc, "HEAP", "100m")  # a footnote in itself grows until it is stopped
    done = convert(tiku, STRUCTURE[name], "json", "epub", "slides", "apkg")
    assert done.code == 0 or re.search(
        r"nested deeper|no questions|takes too long|nested too deeply|100m of memory", done.err
    ), done.err
    if done.code == 0:
        assert model().questions


@pytest.mark.parametrize("kind", CONTAINERS)
def test_the_deepest_model_becomes_every_output(tiku: Command, kind: str) -> None:
    deep = tuple(nested(kind, markup.MAX_DEPTH))
    bank = Bank("T", "en", sections=(Section(questions=(Question("a", "1", answer=deep, prompt=deep),)),))
    done = convert(tiku, serial.dumps(bank), *FORMATS, "pdf", name="deep.json")
    assert done.code == 0 or "not be laid out" in done.err, done.err
    assert len(list(Path("out").iterdir())) >= len(FORMATS)


# -- hostile markup, files and network (rows 38 to 65) ----------------------------------------------------------------

PIECES = [
    "<script>alert('canary-script')</script>", '<img src="x" onerror="alert(1)">', "[x](javascript:alert(1))",
    "[x](java&#9;script:alert(1))", "[x](&#106;avascript:alert(1))", "[x]{onclick=alert(1)}",
    "[x](data:text/html,<script>alert(1)</script>)", '<svg onload="alert(1)"><script>alert(1)</script></svg>',
    '<iframe src="SERVER/iframe"></iframe>', "<style>@import url(SERVER/css); body{position:fixed}</style>",
    '<div style="background:url(SERVER/bg);position:fixed">x</div>', "```{=latex}\n\\input{canary.txt}\n```",
    "`\\input{canary.txt}`{=latex}", "$\\text{<script>alert(1)</script>}$", "$\\href{javascript:alert(1)}{x}$",
    "{{c1::x}} {{Front}} {{FrontSide}} {{#Answer}}",
    "</script><script>alert(1)</script>", "]]><script>alert(1)</script>",
    "<!-- --><script>alert(1)</script><!-- -->", "![x](file://CANARY)", "![x](CANARY)", "![x](../canary.txt)",
    "![x](../../../../etc/passwd)", "![x](SERVER/picture.png)", "![x](//127.0.0.1:PORT/p.png)", "![x](loop.png)",
    "![x](outside.png)", "![x](pipe)", "![x](/dev/zero)", "![x](missing.png)", "![x](cut.png)", "![x](fits.png)",
    "![x](bomb.png)", "![x](entity.svg)", "![x](evil.svg)", "![x](data:image/svg+xml;base64,PHN2Zz48L3N2Zz4=)",
    "![x](data:image/png;base64,!!!)",
    '<link rel="attachment" href="file://CANARY">', '<object data="CANARY"></object>',
    '<a href="vbscript:x" onmouseover="alert(1)" style="position:fixed">y</a>',
    '<form action="SERVER/f"><button>x</form>',
    '<meta http-equiv="refresh" content="0;url=SERVER/m">', '<base href="SERVER/">',
    "<% x %> {% include 'x' %} {{ 7*7 }}",
    '<video src="SERVER/v" autoplay></video>', "<math><maction actiontype='x'>y</maction></math>",
    "[anki:play:q:0] [sound:x.mp3]",
    "[latex]\\input{canary.txt}[/latex] [$]x[/$]", "\u202egnp.exe\u202c", "=HYPERLINK(1) @SUM(1+1)", "![x](http://[)",
]  # fmt: skip


class Server(http.server.BaseHTTPRequestHandler):
    """Counts who comes."""

    visits: list[str]

    def do_GET(self) -> None:
        self.visits.append(self.path)
        self.send_response(200)
        self.end_headers()

    do_HEAD = do_POST = do_GET  # noqa: N815

    def log_message(self, *_arguments: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[http.server.ThreadingHTTPServer]:
    Server.visits = []
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        yield running
        running.shutdown()


def evil_bank(folder: Path, port: int) -> str:
    """A document of one question for each hostile piece, with the files its pictures point at."""
    canary = folder.parent / "canary.txt"
    canary.write_text("canary-of-a-file", encoding="utf-8")
    inside = folder / "in"
    inside.mkdir()
    (inside / "loop.png").symlink_to("loop.png")
    (inside / "outside.png").symlink_to(canary)
    os.mkfifo(inside / "pipe")
    png = b"\x89PNG\r\n\x1a\n"
    (inside / "cut.png").write_bytes(png + b"\0\0\0\rIHDR\0\0")
    (inside / "fits.png").write_bytes(b"SIMPLE  =                    T" + b" " * 2_000)
    (inside / "bomb.png").write_bytes(png + b"\0\0\0\rIHDR\0\1\0\0\0\1\0\0\x08\2\0\0\0" + b"\0" * 20)
    (inside / "entity.svg").write_text(
        f'<!DOCTYPE svg [<!ENTITY x SYSTEM "file://{canary}">]><svg xmlns="http://www.w3.org/2000/svg">&x;</svg>'
    )
    (inside / "evil.svg").write_text(
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="9" height="9" '
        f'onload="alert(1)"><script>alert(1)</script><image xlink:href="file://{canary}"/>'
        f'<image href="http://127.0.0.1:{port}/svg"/><foreignObject><iframe xmlns="http://www.w3.org/1999/xhtml" '
        'src="javascript:alert(1)"/></foreignObject><style>@import url(http://127.0.0.1:1/x)</style></svg>')  # fmt: skip
    pieces = [
        piece.replace("SERVER", f"http://127.0.0.1:{port}").replace("PORT", str(port)).replace("CANARY", str(canary))
        for piece in PIECES
    ]
    return (
        "---\ntitle: <script>alert(1)</script> {{x}}\nauthor: '\"><img src=x onerror=alert(1)>'\n---\n\n"
        + "\n".join(
            f"### {n}. Title {piece if chr(10) not in piece else ''}\n\n**Question:** T{n:05}Q {piece}\n\n{piece}\n\n"
            f"- [x] A. {piece if chr(10) not in piece else ''}\n- [ ] B. b\n\n**Hint:** {piece}\n\n"
            f"**Answer:** A\n\n**Explanation:** T{n:05}E\n\n{piece}\n"
            for n, piece in enumerate(pieces, 1)
        )
    )


def inside(path: Path) -> dict[str, bytes]:
    """The files in a zip, or the one file that an output is."""
    if path.suffix in {".epub", ".apkg", ".pptx"}:
        with zipfile.ZipFile(path) as package:
            return {name: package.read(name) for name in package.namelist()}
    return {path.name: path.read_bytes()}


def outputs() -> dict[str, bytes]:
    return {f"{path.name}:{name}": data for path in Path("out").iterdir() for name, data in inside(path).items()}


@pytest.fixture
def evil(tiku: Command, tmp_path: Path, server: http.server.ThreadingHTTPServer) -> Done:
    """The result of converting the hostile bank to all formats; no visit to the server."""
    folder = tmp_path / "work"
    folder.mkdir()
    os.chdir(folder)
    text = evil_bank(folder, server.server_address[1])
    done = convert(tiku, text, *FORMATS, "pdf", name="in/a.md")
    assert Server.visits == []
    return done


def test_hostile_markup_is_harmless_in_every_output(evil: Done) -> None:
    assert evil.code == 0, evil.err
    assert {path.name for path in Path("out").iterdir()} == {f"a{EXPORTERS.load(n).suffix}" for n in EXPORTERS.builtin}
    for name, data in outputs().items():
        assert b"canary-of-a-file" not in data, name
        assert b"root:x:0" not in data, name
    slides = Path("out/a.slides.html").read_text(encoding="utf-8")
    pictures = [base64.b64decode(each) for each in re.findall(r"data:image/svg\+xml;base64,([\w+/=]+)", slides)]
    for name, data in [*outputs().items(), *(("a picture of the slides", each) for each in pictures)]:
        if data.lstrip().startswith((b"<svg", b"<?xml")) and b"<svg" in data[:300]:
            assert _harm(data) == [], name
        if name.endswith((".xhtml", ".opf", ".ncx")):
            assert _harm(data) == [], name
        elif name.endswith((".xml", ".rels")):
            etree.fromstring(data, etree.XMLParser(resolve_entities=False))
    _slides_are_harmless(Path("out/a.slides.html").read_text(encoding="utf-8"))
    _cards_are_harmless(Path("out/a.apkg"))
    # every refused picture and link is listed
    listed = {code: len(re.findall(f" {code} ", evil.err)) for code in ("Q401", "Q402", "Q403", "Q404")}
    assert all(listed.values()), listed
    # nothing of the text is lost
    words = {f"T{n:05}{end}" for n in range(1, len(PIECES) + 1) for end in "QE"}
    for name in ("out/a.json", "out/a.md", "out/a.slides.html"):
        text = Path(name).read_text(encoding="utf-8")
        assert {word for word in words if word not in text} == set(), name
    book = b"".join(inside(Path("out/a.epub")).values()).decode("utf-8", "replace")
    assert {word for word in words if word not in book} == set()


def _harm(data: bytes) -> list[str]:
    """What in an XML file a reading system would run or fetch."""
    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, load_dtd=False, no_network=True))
    found = []
    for element in root.iter("*"):
        name = etree.QName(element).localname
        if name in {"script", "iframe", "object", "embed", "form", "meta-refresh", "foreignObject", "base"}:
            found.append(name)
        for key, value in element.attrib.items():
            plain = etree.QName(key).localname.lower()
            if plain.startswith("on"):
                found.append(f"{name} {plain}")
            if plain == "href" and not markup.safe_link(value):
                found.append(f"{name} {value}")
            if plain == "src" or (plain == "href" and name in {"link", "image", "use"}):
                found += (
                    [value] if re.match(r"[a-z]+:|//", value, re.IGNORECASE) and not value.startswith("data:") else []
                )
    return found


def _slides_are_harmless(text: str) -> None:
    # The file's own scripts are reveal.js and what drives it; a document's would bring its words along.
    assert not re.search(r"<script[^>]*>[^<]{0,40}alert\('canary-script'", text)
    body = re.sub(r"<(script|style)\b.*?</\1>", "", text, flags=re.DOTALL)
    assert not re.search(r"<[a-z][^<>]*\son[a-z]+\s*=", re.sub(r'="[^"]*"', '=""', body), re.IGNORECASE)
    assert not re.search(r"""(href|src)\s*=\s*["']?\s*(javascript|vbscript|data:text|file):?""", body, re.IGNORECASE)
    assert not re.search(r"""<[a-z][^<>]*(src|poster|data)\s*=\s*["']?(https?:)?//""", body, re.IGNORECASE)
    assert not re.search(r"<(iframe|object|embed|form|base)\b|<svg onload", body)


def _run_in_html(text: str) -> list[str]:
    """What in a piece of HTML, as a browser reads it, would run or be fetched."""
    found = []
    for element in html.fragment_fromstring(text, create_parent="div").iter("*"):
        if element.tag in {"script", "iframe", "object", "embed", "form", "base", "meta", "link", "style"}:
            found.append(element.tag)
        for key, value in element.attrib.items():
            if key.startswith("on") or (key == "href" and not markup.safe_link(value)):
                found.append(f"{element.tag} {key}")
            if key == "src" and markup.scheme(value):
                found.append(value)
    return found


def _cards_are_harmless(deck: Path) -> None:
    import sqlite3

    import zstandard

    with zipfile.ZipFile(deck) as package:
        names = package.namelist()
        latest = "collection.anki21b"
        data = package.read(latest if latest in names else "collection.anki2")
    if "collection.anki21b" in names:
        data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    file = deck.with_suffix(".sqlite")
    file.write_bytes(data)
    database = sqlite3.connect(file)
    rows = [fields for (fields,) in database.execute("select flds from notes")]
    database.close()
    file.unlink()
    assert rows
    for fields in rows:
        for field in fields.split("\x1f"):
            if field.strip():
                assert _run_in_html(field) == [], field


# -- hostile models ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
def test_any_model_becomes_every_output(tiku: Command, seed: int) -> None:
    done = convert(tiku, serial.dumps(random_bank(seed)), *FORMATS, name=f"m{seed}.json")
    assert done.code == 0, done.err
    for name, data in outputs().items():
        if name.endswith((".xhtml", ".opf", ".svg")):
            assert _harm(data) == [], name
        elif name.endswith((".xml", ".rels")):
            etree.fromstring(data)
    _slides_are_harmless(Path(f"out/m{seed}.slides.html").read_text(encoding="utf-8"))
    _cards_are_harmless(Path(f"out/m{seed}.apkg"))


@pytest.mark.parametrize("seed", range(12, 14))
def test_any_model_becomes_a_pdf(tiku: Command, seed: int) -> None:
    done = convert(tiku, serial.dumps(random_bank(seed)), "pdf", name=f"m{seed}.json")
    assert done.code == 0, done.err
    assert Path(f"out/m{seed}.pdf").read_bytes().startswith(b"%PDF-")


TITLES = [
    "../../etc/x",
    "CON",
    "题" * 300,
    "a/b\\c:d*e?f",
    "\u202egnp",
    ".",
    "",
    "<title>",
    "a\nb",
    "%2e%2e/",
    "🧪" * 100,
]


def test_72_and_73_titles_and_ids_are_no_paths(tiku: Command) -> None:
    questions = tuple(Question(title or "empty", "1", title=markup.string(title)) for title in TITLES)
    sections = tuple(
        Section(title=markup.string(title), questions=(q,)) for title, q in zip(TITLES, questions, strict=True)
    )
    done = convert(tiku, serial.dumps(Bank("../../x/" * 50, "en", sections=sections)), *FORMATS, "pdf", name="t.json")
    assert done.code == 0, done.err
    for path in Path("out").iterdir():
        for name in inside(path):
            assert not re.search(r"(^|/)\.\.(/|$)|^/|\\|[<>:\"|?*\x00-\x1f]", name), name
            assert len(name.encode()) < 160
