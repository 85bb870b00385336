"""Read by each Python that has this folder on its path: faults for children and their workers."""

import os
import sys

if os.environ.get("TIKU_FAULT"):
    sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120 - no import before it is needed
    import inject

    inject.install(inject.from_environment())
