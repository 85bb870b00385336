"""The process that puts a long book together: it alone holds the whole book, and nothing else."""

from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tiku.exporters.pdf import finish, merge

if TYPE_CHECKING:
    from tiku.exporters.pdf.long import Assembly


MERGING = 0.4
"""What part of putting together is merging; the rest is finishing."""


def main() -> None:
    """Merge and finish what the file named as the first argument tells of: our own pickle, just written.

    Writes a line for each step: how much is done, from 0 to 1.
    """
    job: Assembly = pickle.loads(Path(sys.argv[1]).read_bytes())  # noqa: S301

    def tell(done: float) -> None:
        sys.stdout.write(f"{done * MERGING:.4f}\n")
        sys.stdout.flush()

    with merge.merge(job.chunks, job.fused, job.files, Path(job.folder), tell) as pdf:
        tell(1)
        finish.complete(pdf, job.laid, Path(job.target), job.book, job.sheet, job.time, thumbs=job.thumbs)


if __name__ == "__main__":
    main()
