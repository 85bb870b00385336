"""The items of a slide as HTML; lists and quotations are built again from the paths of their items."""

# ruff: noqa: E501 - markup is easier to check in one piece

from __future__ import annotations

import re
from html import escape
from typing import TYPE_CHECKING

from tiku.markup import safe_link
from tiku.render import mathematics
from tiku.render.paginate.flow import (
    BOLD,
    CODE,
    ITALIC,
    SMALLCAPS,
    STRIKE,
    SUB,
    SUPER,
    UNDERLINE,
    Code,
    Formula,
    Item,
    Paragraph,
    Picture,
    Table,
)
from tiku.render.paginate.measure import FORMULA_TALLER, Setter, code_leading, leading

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tiku.render.paginate.flow import Cell, Place, Run, Runs

_TAGS = ((CODE, "code"), (BOLD, "b"), (ITALIC, "i"), (UNDERLINE, "u"), (STRIKE, "s"), (SUPER, "sup"), (SUB, "sub"))
_TYPES = {"LowerAlpha": "a", "UpperAlpha": "A", "LowerRoman": "i", "UpperRoman": "I"}
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_PLAIN_CLASS = re.compile(r"[^\w-]")


def number(value: float) -> str:
    """A number as CSS writes it."""
    return f"{value:.2f}".rstrip("0").rstrip(".")


class ContentWriter:
    """Writes the items of one slide after another."""

    def __init__(self, link: Callable[[str], str], picture: Callable[[str], str], *, rtl: bool = False) -> None:
        self.link = link
        """The target as this file has it, or the empty string."""
        self.picture = picture
        """The address of a picture."""
        self.rtl = rtl
        """Whether the deck runs from right to left."""

    # -- items ----------------------------------------------------------------------------------------------------

    def items(self, items: Sequence[Item], size: float, setter: Setter) -> str:
        """Items one under another."""
        out: list[str] = []
        stack: list[Place] = []
        for item in items:
            shared = 0
            while shared < min(len(stack), len(item.path)) and stack[shared] == item.path[shared]:
                shared += 1
            self._close(stack, shared, item, out)
            for place in item.path[len(stack) :]:
                # Each list item begins with a paragraph of its own: what stands deeper goes on from the slide before.
                self._open(place, out, marked=item.first and place is item.path[-1])
                stack.append(place)
            out.append(self._item(item, size, setter))
        self._close(stack, 0, None, out)
        return "".join(out)

    def _close(self, stack: list[Place], keep: int, item: Item | None, out: list[str]) -> None:
        """Leave containers until `keep` are open; the next item of the same list needs no new one."""
        while len(stack) > keep:
            place = stack.pop()
            kind = place.container.kind
            here = len(stack)
            same = (
                item is not None
                and here < len(item.path)
                and here == keep
                and item.path[here].container == place.container
            )
            if kind in {"bullet", "number", "choice"}:
                out.append("</li>")
                if same and item is not None:
                    out.append("<li>" if item.first and len(item.path) == here + 1 else '<li class="rest">')
                    stack.append(item.path[here])
                    return
                out.append("</ul>" if kind == "bullet" else "</ol>")
            else:
                out.append("</blockquote>" if kind == "quote" else "</div>")

    @staticmethod
    def _open(place: Place, out: list[str], *, marked: bool) -> None:
        box, number_in = place
        indent = f' style="padding-inline-start:{number(box.indent)}em"'
        first = "<li>" if marked else '<li class="rest">'
        if box.kind == "bullet":
            out.append(f"<ul{indent}>{first}")
        elif box.kind == "number":
            kind = f' type="{_TYPES[box.style]}"' if box.style in _TYPES else ""
            shape = (
                {"OneParen": ' class="paren"', "TwoParens": ' class="parens"'}.get(box.delimiter, "")
                if not kind
                else ""
            )
            out.append(f'<ol start="{box.start + number_in}"{kind}{shape}{indent}>{first}')
        elif box.kind == "choice":
            out.append('<ol class="choices" role="list"><li>')
        elif box.kind == "quote":
            out.append(f"<blockquote{indent}>")
        else:
            out.append(f"<div{indent}>")

    def _item(self, item: Item, size: float, setter: Setter) -> str:
        if isinstance(item, Paragraph):
            return self._paragraph(item, size, setter)
        if isinstance(item, Code):
            at = setter.code_size(item, size)
            rows = "\n".join(self.runs([run._replace(style=0) for run in row]) for row in item.lines)
            named = f' class="language-{_PLAIN_CLASS.sub("", item.language)}"' if item.language else ""
            style = f"font-size:{number(at)}px;line-height:{number(code_leading(at))}px"
            return f'<pre dir="ltr" style="{style}"><code{named}>{rows}</code></pre>'
        if isinstance(item, Table):
            return self._table(item, size, setter)
        if isinstance(item, Picture):
            width, height = setter.picture_size(item, size)
            title = f' title="{escape(item.title)}"' if item.title else ""
            image = f'<img src="{self.picture(item.name)}" alt="{escape(item.alt)}"{title} width="{round(width)}" height="{round(height)}">'
            target = self.link(item.link) if item.link else ""
            inner = f'<a href="{escape(target)}">{image}</a>' if target else image
            return f'<div class="picture" style="height:{number(height)}px">{inner}</div>'
        if isinstance(item, Formula):
            at = setter.formula_size(item, size)
            height = item.height * at * FORMULA_TALLER + 6
            style = f"font-size:{number(at)}px;height:{number(height)}px;--wide:{number(item.width)}"
            return f'<div class="formula" style="{style}">{mathematics.mathml(item.latex, display=True)}</div>'
        return "<hr>"

    def _paragraph(self, item: Paragraph, size: float, setter: Setter) -> str:
        classes = [item.role] if item.role != "body" else []
        classes += ["correct"] if item.correct else []
        classes += [item.align] if item.align in {"center", "end"} else []
        at = setter.text_size(item, size)
        step = setter.step(item, at)
        style = (
            f' style="font-size:{number(at)}px;line-height:{number(step)}px"'
            if step != leading(size) or at != size
            else ""
        )
        runs = item.runs
        label = ""
        if item.role == "choice" and runs and runs[0].text.endswith("\t"):
            indent = item.path[-1].container.indent if item.path else 1.6
            style = f' style="padding-inline-start:{number(indent)}em;text-indent:-{number(indent)}em"'
            label = f'<b class="label" style="width:{number(indent)}em">{escape(runs[0].text.strip())}</b> '
            runs = runs[1:]
        named = f' class="{" ".join(classes)}"' if classes else ""
        turned = self._turned(item)
        tag = "h3" if item.role == "label" else "p"
        return f"<{tag}{named}{turned}{style}>{label}{self.runs(runs)}</{tag}>"

    def _turned(self, item: Paragraph) -> str:
        return "" if item.rtl == self.rtl else ' dir="rtl"' if item.rtl else ' dir="ltr"'

    def _table(self, item: Table, size: float, setter: Setter) -> str:
        setter.set_table(item, size)
        at = setter.table_size(size)
        columns = "".join(f'<col style="width:{number(width)}px">' for width in item.widths)
        heads = len(item.head)
        style = f"width:{number(sum(item.widths))}px;font-size:{number(at)}px;line-height:{number(leading(at))}px"
        head = "".join(self._row(row, item.heights[index], head=True) for index, row in enumerate(item.head))
        body = "".join(self._row(row, item.heights[heads + index]) for index, row in enumerate(item.rows))
        top = f"<thead>{head}</thead>" if head else ""
        return f'<table style="{style}"><colgroup>{columns}</colgroup>{top}<tbody>{body}</tbody></table>'

    def _row(self, row: tuple[Cell, ...], height: float, *, head: bool = False) -> str:
        cells = []
        for cell in row:
            tag = "th" if cell.head else "td"
            scope = "" if not cell.head else ' scope="col"' if head else ' scope="row"'
            spans = (f' rowspan="{cell.down}"' if cell.down > 1 else "") + (
                f' colspan="{cell.across}"' if cell.across > 1 else ""
            )
            inner = "".join(
                f"<p{' class=' + chr(34) + item.align + chr(34) if item.align in {'center', 'end'} else ''}"
                f"{self._turned(item)}>{self.runs(item.runs)}</p>"
                for item in cell.paragraphs
            )
            cells.append(f"<{tag}{scope}{spans}>{inner}</{tag}>")
        return f'<tr style="height:{number(height)}px">{"".join(cells)}</tr>'

    # -- runs -----------------------------------------------------------------------------------------------------

    def runs(self, runs: Sequence[Run] | Runs) -> str:
        """Runs in a row; neighbours with one link share it."""
        out: list[str] = []
        target = ""
        for run in runs:
            here = self.link(run.link) if run.link else ""
            if here and not safe_link(here):
                here = ""
            if here != target:
                out.append("</a>" if target else "")
                out.append(f'<a href="{escape(here)}">' if here else "")
                target = here
            out.append(self._run(run))
        out.append("</a>" if target else "")
        return "".join(out)

    @staticmethod
    def _run(run: Run) -> str:
        if run.latex:
            try:
                return mathematics.mathml(run.latex, display=False)
            except mathematics.MathError:
                return f"<code>{escape(run.latex)}</code>"
        inner = escape(run.text, quote=False)
        if "\n" in inner:
            inner = inner.replace("\n", "<br>")
        if run.style:
            for bit, tag in _TAGS:
                if run.style & bit:
                    inner = f'<code dir="ltr">{inner}</code>' if tag == "code" else f"<{tag}>{inner}</{tag}>"
            if run.style & SMALLCAPS:
                inner = f'<span class="smallcaps">{inner}</span>'
        if run.language and _LANGUAGE.fullmatch(run.language):
            inner = f'<span lang="{run.language}">{inner}</span>'
        return f'<span class="{run.tone}">{inner}</span>' if run.tone else inner
