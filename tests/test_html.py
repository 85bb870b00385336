"""HtmlWriter: every node type, well-formed, and nothing in it that runs or fetches."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from random_banks import banks
from test_serial import CONTAINERS, nested
from tiku import markup
from tiku.markup import attr, para, plain_text, string
from tiku.render import sanitise
from tiku.render.html import HtmlWriter, text
from tiku.render.mathematics import MathError, mathml

if TYPE_CHECKING:
    from tiku.model import Bank

NONE = attr()
X = {"t": "Str", "c": "x"}


def tree(html: str) -> Any:
    """`html` as an XML tree; fails when it is not well-formed."""
    return etree.fromstring(f'<div xmlns="http://www.w3.org/1999/xhtml">{html}</div>')


def runs(html: str) -> list[str]:
    """What in `html` a browser would run, fetch or style."""
    root = tree(html)
    found = []
    for element in root.iter():
        name = etree.QName(element).localname if isinstance(element.tag, str) else "comment"
        if name in {"script", "style", "iframe", "object", "embed", "link", "meta", "form", "svg", "comment"}:
            found.append(name)
        for key, value in element.attrib.items():
            if key.lower().startswith("on") or key == "style":
                found.append(f"{name} {key}")
            if key == "href" and not markup.safe_link(value):
                found.append(f"{name} {value}")
    return found


def inline(node: dict[str, Any]) -> str:
    return HtmlWriter().inline(node)


def block(node: dict[str, Any]) -> str:
    return HtmlWriter().block(node)


CELL = [NONE, {"t": "AlignDefault"}, 1, 1, [{"t": "Plain", "c": [X]}]]
WIDE = [NONE, {"t": "AlignRight"}, 2, 3, [{"t": "Plain", "c": [X]}]]
EMPTY = [NONE, {"t": "AlignDefault"}, 1, 1, []]


def table(head: Any = (), rows: Any = (), foot: Any = (), heads: int = 0, caption: Any = ()) -> dict[str, Any]:
    def made(lines: Any) -> list[Any]:
        return [[NONE, list(cells)] for cells in lines]

    columns = [[{"t": "AlignCenter"}, {"t": "ColWidthDefault"}]] * 2
    parts = [[NONE, made(head)], [[NONE, heads, [], made(rows)]], [NONE, made(foot)]]
    return {"t": "Table", "c": [NONE, [None, list(caption)], columns, *parts]}


INLINES: list[tuple[dict[str, Any], str]] = [
    ({"t": "Str", "c": 'a<b & "c"'}, "a&lt;b &amp; &quot;c&quot;"),
    ({"t": "Emph", "c": [X]}, "<em>x</em>"),
    ({"t": "Underline", "c": [X]}, "<u>x</u>"),
    ({"t": "Strong", "c": [X]}, "<strong>x</strong>"),
    ({"t": "Strikeout", "c": [X]}, "<del>x</del>"),
    ({"t": "Superscript", "c": [X]}, "<sup>x</sup>"),
    ({"t": "Subscript", "c": [X]}, "<sub>x</sub>"),
    ({"t": "SmallCaps", "c": [X]}, '<span class="smallcaps">x</span>'),
    ({"t": "Quoted", "c": [{"t": "SingleQuote"}, [X]]}, "‘x’"),
    ({"t": "Quoted", "c": [{"t": "DoubleQuote"}, [X]]}, "“x”"),
    ({"t": "Cite", "c": [[], [X]]}, "x"),
    ({"t": "Code", "c": [NONE, "a<b"]}, '<code dir="ltr">a&lt;b</code>'),
    ({"t": "Space"}, " "),
    ({"t": "SoftBreak"}, "\n"),
    ({"t": "LineBreak"}, "<br />\n"),
    ({"t": "RawInline", "c": ["html", "<b>y</b>"]}, "<b>y</b>"),
    ({"t": "RawInline", "c": ["html", "<p>y</p>"]}, "y"),
    ({"t": "RawInline", "c": ["latex", "<b>"]}, "&lt;b&gt;"),
    ({"t": "Link", "c": [NONE, [X], ["https://a.b/?c&d", 'say "t"']]},
     '<a href="https://a.b/?c&amp;d" title="say &quot;t&quot;">x</a>'),
    ({"t": "Link", "c": [NONE, [], ["#q1", ""]]}, '<a href="#q1">#q1</a>'),
    ({"t": "Image", "c": [NONE, [X], ["0123456789abcdef.png", "T"]]},
     '<img src="0123456789abcdef.png" alt="x" title="T" />'),
    ({"t": "Span", "c": [["i", ["a b", "c"], [["lang", "zh-CN"], ["dir", "rtl"], ["onclick", "x"]]], [X]]},
     '<span class="ab c" lang="zh-CN" dir="rtl">x</span>'),
    ({"t": "Span", "c": [["", [], [["lang", '"><b>'], ["dir", "up"]]], [X]]}, "<span>x</span>"),
]  # fmt: skip
BLOCKS: list[tuple[dict[str, Any], str]] = [
    ({"t": "Plain", "c": [X]}, "x"),
    ({"t": "Para", "c": [X]}, "<p>x</p>"),
    ({"t": "Para", "c": []}, ""),
    ({"t": "LineBlock", "c": [[X], [X]]}, "<p>x<br />\nx</p>"),
    ({"t": "CodeBlock", "c": [["", ["py<thon"], []], "if x:"]},
     '<pre dir="ltr"><code class="language-python">if x:</code></pre>'),
    ({"t": "CodeBlock", "c": [NONE, "a<b\n  c"]}, '<pre dir="ltr"><code>a&lt;b\n  c</code></pre>'),
    ({"t": "RawBlock", "c": ["html", "<script>x</script><p>y"]}, "<p>y</p>"),
    ({"t": "RawBlock", "c": ["latex", "\\input{x}"]}, "<pre><code>\\input{x}</code></pre>"),
    ({"t": "BlockQuote", "c": [para([X])]}, "<blockquote>\n<p>x</p>\n</blockquote>"),
    ({"t": "BulletList", "c": [[para([X])], []]}, "<ul>\n<li><p>x</p></li>\n<li></li>\n</ul>"),
    ({"t": "OrderedList", "c": [[1, {"t": "Decimal"}, {"t": "Period"}], [[para([X])]]]},
     "<ol>\n<li><p>x</p></li>\n</ol>"),
    ({"t": "OrderedList", "c": [[3, {"t": "LowerRoman"}, {"t": "Period"}], []]}, '<ol start="3" type="i">\n</ol>'),
    ({"t": "DefinitionList", "c": [[[X], [[para([X])]]]]}, "<dl>\n<dt>x</dt>\n<dd><p>x</p></dd>\n</dl>"),
    ({"t": "Header", "c": [2, NONE, [X]]}, "<h2>x</h2>"),
    ({"t": "Header", "c": [9, NONE, [X]]}, "<h6>x</h6>"),
    ({"t": "HorizontalRule"}, "<hr />"),
    ({"t": "Figure", "c": [NONE, [None, [para([X])]], [para([X])]]},
     "<figure>\n<p>x</p>\n<figcaption><p>x</p></figcaption></figure>"),
    ({"t": "Div", "c": [["", ["note"], []], [para([X])]]}, '<div class="note">\n<p>x</p>\n</div>'),
    (table(head=[[CELL, WIDE]], rows=[[CELL, CELL]], caption=[{"t": "Plain", "c": [X]}]),
     ('<table>\n<caption>x</caption>\n<thead>\n<tr><th scope="col" class="align-center">x</th>'
     '<th scope="col" rowspan="2" colspan="3" class="align-end">x</th></tr>\n</thead>\n<tbody>\n'
     '<tr><td class="align-center">x</td><td class="align-center">x</td></tr>\n</tbody>\n</table>')),
    (table(head=[[EMPTY, EMPTY]], rows=[[CELL, CELL]], heads=1, foot=[[CELL]]),
     ('<table>\n<tbody>\n<tr><th scope="row" class="align-center">x</th><td class="align-center">x</td></tr>\n</tbody>\n'
     '<tfoot>\n<tr><td class="align-center">x</td></tr>\n</tfoot>\n</table>')),
]  # fmt: skip


@pytest.mark.parametrize(("node", "wanted"), INLINES, ids=lambda value: value["t"] if isinstance(value, dict) else "")
def test_inline(node: dict[str, Any], wanted: str) -> None:
    assert inline(node) == wanted
    tree(wanted)


@pytest.mark.parametrize(("node", "wanted"), BLOCKS, ids=lambda value: value["t"] if isinstance(value, dict) else "")
def test_block(node: dict[str, Any], wanted: str) -> None:
    out = re.sub(r'<span class="(bi|cm|fn|kw|nu|st)">(.*?)</span>', r"\2", block(node))
    assert out == wanted
    tree(out)


def test_every_node_type_is_tried() -> None:
    tried = {node["t"] for node, _ in INLINES + BLOCKS} | {"Math", "Note"}
    assert tried == set(markup._INLINE) | set(markup._BLOCK)


def test_a_header_row_of_pictures_alone_stays() -> None:
    picture = [
        NONE,
        {"t": "AlignDefault"},
        1,
        1,
        [{"t": "Plain", "c": [{"t": "Image", "c": [NONE, [], ["a.png", ""]]}]}],
    ]
    assert "<thead>" in block(table(head=[[picture]], rows=[[CELL]]))


def test_math_is_mathml_with_its_latex() -> None:
    root = tree(inline({"t": "Math", "c": [{"t": "DisplayMath"}, "a < \\frac{b}{c}"]}))
    assert (root[0].get("alttext"), root[0].get("display")) == ("a < \\frac{b}{c}", "block")
    assert "".join(root.itertext()) == "a<bc"


def test_math_that_cannot_be_set_is_its_latex_and_a_problem() -> None:
    writer = HtmlWriter(file="a.md")
    writer.line = 7
    node = {"t": "Math", "c": [{"t": "InlineMath"}, " \\frac{ <"]}
    assert writer.inline(node) == '<code class="math" dir="ltr">\\frac{ &lt;</code>'
    writer.inline(node)
    assert [(p.code, p.file, p.line) for p in writer.problems] == [("Q303", "a.md", 7)]


@pytest.mark.parametrize(
    "latex",
    [
        "\\text{<script>alert(1)</script>}", "\\href{javascript:alert(1)}{x}", "\\class{x}{y}",
        "\\style{position:fixed}{x}", '\\color{red" onclick="x}{y}', "x\x01y", "\\text{&#x3C;img src=x&#x3E;}",
        "\\mathord{<b>}", "\\text{\ud800}",
    ],
)  # fmt: skip
def test_nothing_runs_out_of_a_formula(latex: str) -> None:
    out = mathml(latex, display=True)
    assert runs(out) == []
    assert not {"class", "id", "style", "href"} & {key for element in tree(out).iter() for key in element.attrib}


@pytest.mark.parametrize(
    ("latex", "reason"),
    [
        ("\\unknown{x}", "unknown"), ("a & b", "'&' cannot be set"), ("", "empty"), ("x" * 6000, "longer than"),
        ("{" * 2000 + "}" * 2000, "RecursionError"), ("\\frac{1}{" * 70 + "1" + "}" * 70, "nested deeper"),
        ("\\def\\a{\\a\\a}\\a", "RecursionError"), ("\\frac{", "NoAvailableTokensError"),
        ("\\frac{x", "mfrac with 1 part"), ("x_", "Missing"),
    ],
)  # fmt: skip
def test_a_formula_that_cannot_be_set_is_refused(latex: str, reason: str) -> None:
    with pytest.raises(MathError, match=reason):
        mathml(latex, display=False)


@pytest.mark.parametrize("name", ["aligned", "align", "align*", "gather", "gathered", "split", "multline", "eqnarray*"])
def test_the_environments_of_amsmath_become_tables(name: str) -> None:
    cut = "" if name in {"gather", "gathered", "multline"} else "&"
    out = mathml(f"\\begin{{{name}}}a {cut}= b\\label{{x}}\\\\ c {cut}= d\\nonumber\\end{{{name}}}", display=True)
    rows = tree(out).findall(".//{*}mtr")
    assert ["".join(row.itertext()) for row in rows] == ["a=b", "c=d"]


def test_footnotes_link_there_and_back_and_are_told_apart() -> None:
    writer = HtmlWriter(prefix="q1-")
    note = {"t": "Note", "c": [para([X])]}
    body = writer.inlines([note, note])
    root = tree(body + writer.footnotes())
    links = [link.get("href")[1:] for link in root.iter("{*}a")]
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert sorted(links) == sorted(ids) == ["q1-fn1", "q1-fn2", "q1-fnref1", "q1-fnref2"]
    assert writer.footnotes() == ""
    writer.inline(note)
    assert '<ol class="footnotes" role="doc-endnotes" start="3">' in writer.footnotes()


def test_no_link_stands_in_a_link() -> None:
    inner = {"t": "Link", "c": [NONE, [X], ["https://b.c", ""]]}
    note = {"t": "Note", "c": [para([inner])]}
    writer = HtmlWriter()
    root = tree(writer.inline({"t": "Link", "c": [NONE, [inner, note], ["https://a.b", ""]]}) + writer.footnotes())
    assert root.findall(".//{*}a//{*}a") == []
    assert root.find(".//{*}li//{*}a[@href='https://b.c']") is not None
    assert root.find(".//{*}sup[@id='fnref1']") is not None


EVIL = [
    "javascript:alert(1)", "JavaScript:alert(1)", "java\tscript:alert(1)", " javascript:alert(1)", "\x01javascript:x",
    "vbscript:x", "data:text/html,<script>x</script>", "file:///etc/passwd", "java\u200bscript:x", "blob:x", "jar:x",
]  # fmt: skip


@pytest.mark.parametrize("url", EVIL)
def test_a_link_that_could_run_something_is_its_text(url: str) -> None:
    assert inline({"t": "Link", "c": [NONE, [X], [url, ""]]}) == "<span>x</span>"
    assert not markup.safe_link(url)
    assert "href" not in sanitise.xhtml(f'<a href="{text(url)}">x</a>')


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ("<script>alert(1)</script>x", "x"), ("<img src=x onerror=alert(1)>x", "x"), ("<p onclick=x>y", "<p>y</p>"),
        ("<svg onload=x><b>y</b></svg>", "<b>y</b>"), ("<iframe src=//e></iframe>y", "y"), ("<style>*{}</style>y", "y"),
        ('<p style="position:fixed">y</p>', "<p>y</p>"), ("<!-- [if IE]><script>x</script><![endif] -->y", "y"),
        ("a<br>b<wbr>c", "a<br />b<wbr />c"), ('<br title="a>b">', '<br title="a&gt;b" />'),
        ("<hr lang=en>", '<hr lang="en" />'),
        ("&nbsp;&copy;&lt;", "\xa0©&lt;"), ("a\0b\x0bc", "abc"), ("<ol start=x><li>y</ol>", "<ol><li>y</li></ol>"),
        ("<table><tr><td colspan=2 rowspan=9999>x", '<table><tbody><tr><td colspan="2">x</td></tr></tbody></table>'),
        ("<ruby>漢<rt>kan</rt></ruby>", "<ruby>漢<rt>kan</rt></ruby>"), ("<p dir=x lang='1 2'>y</p>", "<p>y</p>"),
        ("<a href='https://a.b' target=_top rel=opener>x</a>", '<a href="https://a.b">x</a>'),
        ("<noscript><b", "&lt;b"),
        ('<form action="x"><input name=y>z</form>', "z"), ("<math><mtext></p><style><img src onerror=x>", ""),
    ],
)  # fmt: skip
def test_raw_html_is_cleaned_and_closed(html: str, clean: str) -> None:
    out = sanitise.xhtml(html)
    assert runs(out) == []
    assert out == clean


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(banks())
def test_any_content_becomes_well_formed_and_nothing_in_it_runs(bank: Bank) -> None:
    writer = HtmlWriter(shift=2, prefix="p")
    pieces = [writer.blocks(bank.description)]
    for _, question in bank.walk():
        pieces += [writer.inlines(question.title), writer.blocks(question.prompt), writer.blocks(question.answer)]
        pieces += [writer.blocks(part.content) for part in question.parts]
        pieces += [writer.blocks(choice.content) for choice in question.choices]
    html = "\n".join(pieces) + writer.footnotes()
    assert runs(html) == []


@pytest.mark.parametrize("kind", CONTAINERS)
def test_the_deepest_content_allowed_can_be_written(kind: str) -> None:
    assert plain_text(nested(kind, markup.MAX_DEPTH)) == "x"
    writer = HtmlWriter()
    out = writer.blocks(nested(kind, markup.MAX_DEPTH)) + writer.footnotes()
    assert "x" in "".join(tree(out).itertext())


def test_unknown_nodes_are_shown_as_text_and_reported() -> None:
    writer = HtmlWriter()
    assert writer.block({"t": "New", "c": [[X]]}) == "<p>x</p>"
    assert writer.inline({"t": "Newer", "c": [X]}) == "x"
    assert [problem.code for problem in writer.problems] == ["Q302", "Q302"]


def test_links_and_pictures_are_written_as_the_output_wants() -> None:
    writer = HtmlWriter(
        link=lambda url: f"page.xhtml{url}", picture=lambda name, alt, title: f"<b>{name}{alt}{title}</b>"
    )
    assert writer.inline({"t": "Link", "c": [NONE, [X], ["#q1", ""]]}) == '<a href="page.xhtml#q1">x</a>'
    assert writer.inline({"t": "Image", "c": [NONE, list(string("a b")), ["n", "t"]]}) == "<b>na bt</b>"
