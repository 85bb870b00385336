"""The writer of zip archives: the standard library reads what it writes, beyond the limits of the old format too."""

from __future__ import annotations

import datetime as dt
import io
import tracemalloc
import zipfile
from typing import TYPE_CHECKING

import pytest

from tiku.render.archive import Archive

if TYPE_CHECKING:
    from pathlib import Path

WHEN = dt.datetime(2026, 11, 24, 3, 32, 11, tzinfo=dt.UTC)
PARTS = {"a.xml": "<a>题</a>" * 500, "empty": "", "b.png": bytes(range(256)), "图/片.xml": "x"}


def archive(parts: dict[str, str | bytes], when: dt.datetime = WHEN) -> bytes:
    file = io.BytesIO()
    with Archive(file, when) as target:
        for name, content in parts.items():
            target.put(name, content, deflate=not name.endswith(".png"))
    return file.getvalue()


def test_the_standard_library_reads_it() -> None:
    with zipfile.ZipFile(io.BytesIO(archive(PARTS))) as found:
        assert found.testzip() is None
        assert found.namelist() == list(PARTS)
        for entry in found.infolist():
            content = PARTS[entry.filename]
            assert found.read(entry) == (content.encode() if isinstance(content, str) else content)
            assert entry.date_time == (2026, 11, 24, 3, 32, 10)
            assert entry.external_attr >> 16 == 0o644
        assert found.getinfo("b.png").compress_type == zipfile.ZIP_STORED
        assert found.getinfo("a.xml").compress_size < 100


def test_a_damaged_one_is_told() -> None:
    data = bytearray(archive({"b.png": bytes(256)}))
    data[100] ^= 1
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert found.testzip() == "b.png"


def test_pieces_make_the_same_entry_as_the_whole() -> None:
    file = io.BytesIO()
    with Archive(file, WHEN) as target:
        target.put("a.xml", ("<a>题</a>" for _ in range(500)))
    assert file.getvalue() == archive({"a.xml": PARTS["a.xml"]})


@pytest.mark.parametrize(("year", "said"), [(1970, 1980), (1980, 1980), (2107, 2107), (9999, 2107)])
def test_times_that_a_zip_cannot_say(year: int, said: int) -> None:
    data = archive({"a": ""}, dt.datetime(year, 6, 1, tzinfo=dt.UTC))
    with zipfile.ZipFile(io.BytesIO(data)) as found:
        assert found.infolist()[0].date_time[0] == said


def test_more_entries_than_two_bytes_count() -> None:
    for count in (65_534, 65_535, 65_600):
        data = archive({str(number): "" for number in range(count)})
        assert (b"PK\6\6" in data[-200:]) == (count >= 65_535)
        with zipfile.ZipFile(io.BytesIO(data)) as found:
            assert found.namelist()[-1] == str(count - 1)
            assert len(found.namelist()) == count


def test_beyond_four_gigabytes(tmp_path: Path) -> None:
    with (tmp_path / "large.zip").open("wb") as file:
        file.seek(5 << 30)  # a hole, which takes no room on the disk
        with Archive(file, WHEN) as target:
            target.put("a", "far away")
            target.put("b", "farther")
    with zipfile.ZipFile(tmp_path / "large.zip") as found:
        assert found.testzip() is None
        assert found.read("b") == b"farther"
        assert found.getinfo("a").header_offset == 5 << 30


def test_what_fails_is_no_archive() -> None:
    file = io.BytesIO()

    def failing() -> None:
        with Archive(file, WHEN) as target:
            target.put("a", "text")
            raise ValueError("oh")

    with pytest.raises(ValueError, match="oh"):
        failing()
    assert file.getvalue().startswith(b"PK")
    assert not zipfile.is_zipfile(file)


def test_entries_take_little_memory(tmp_path: Path) -> None:
    """The standard library holds some 700 bytes for each."""
    with (tmp_path / "many.zip").open("wb") as file, Archive(file, WHEN) as target:
        tracemalloc.start()
        for number in range(5000):
            target.put(f"ppt/slides/_rels/slide{number}.xml.rels", "")
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert held < 5000 * 120
