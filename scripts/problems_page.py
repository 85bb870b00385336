"""Write docs/problems.md, the page of all complaints, from the rules in converters/tiku/rules.toml."""

from pathlib import Path

from tiku.problems import Severity, rules

PAGE = Path(__file__).parent.parent / "docs" / "problems.md"
GROUPS = {
    "Q0": "The document as a whole",
    "Q1": "Reading",
    "Q2": "The questions",
    "Q3": "What an output cannot show",
    "Q4": "Pictures and links",
    "Q5": "Names across builds",
}
MEANING = {
    Severity.ERROR: "error: exit code 1; an output that it is about is not written",
    Severity.WARNING: "warning: under `--strict` the document fails",
    Severity.NOTICE: "notice: shown with `-v`, fails nothing",
}
HEAD = """# Problems

Everything tiku can say about a document. A complaint is printed as `FILE:LINE: CODE message`; `tiku check` prints all
of them at once, `tiku check --format json` for programs. A code keeps its meaning for ever.

<!-- Made by scripts/problems_page.py from converters/tiku/rules.toml: change that, then run this. -->
"""


def page() -> str:
    """The page as Markdown."""
    lines, group = [HEAD], ""
    for code, rule in sorted(rules().items()):
        if code[:2] != group:
            group = code[:2]
            lines.append(f"## {GROUPS[group]}\n")
        lines.append(f"### {code} {rule.name}\n")
        lines.append(f"{rule.summary[0].upper()}{rule.summary[1:]}.\n")
        lines.append(f"- {MEANING[rule.severity].capitalize()}.\n- What to do: {rule.remedy}.\n")
    return "\n".join(lines)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    print(f"wrote {PAGE}")
