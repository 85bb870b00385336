"""The process that puts a long book together: it alone holds the whole book, and nothing else."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tiku.exporters.pdf import finish, merge

if TYPE_CHECKING:
    from tiku.exporters.pdf.long import Assembly


def main() -> None:
    """Merge and finish what the file named as the first argument tells of: our own pickle, just written."""
    job: Assembly = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301
    with merge.merge(job.chunks, job.fused, job.files, Path(job.folder)) as pdf:
        finish.complete(pdf, job.laid, Path(job.target), job.book, job.sheet, job.time, thumbs=job.thumbs)


if __name__ == "__main__":
    main()
