"""Which text is emoji: PowerPoint puts it into runs of their own, in the face of emoji.

Otherwise a text face that has some of them draws those in black, and LibreOffice may lay the others one over another.
"""

from __future__ import annotations

import re

FACE = "Segoe UI Emoji"
"""Systems that lack it take their own face of emoji in its place."""
# Emoji_Presentation in Unicode's emoji-data.txt 16.0, rounded to the blocks of pictographs beyond the basic plane.
_PICTURES = (
    "\u231a\u231b\u23e9-\u23ec\u23f0\u23f3\u25fd\u25fe\u2614\u2615\u2648-\u2653\u267f\u2693\u26a1\u26aa\u26ab\u26bd\u26be"
    "\u26c4\u26c5\u26ce\u26d4\u26ea\u26f2\u26f3\u26f5\u26fa\u26fd\u2705\u270a\u270b\u2728\u274c\u274e\u2753-\u2755\u2757"
    "\u2795-\u2797\u27b0\u27bf\u2b1b\u2b1c\u2b50\u2b55\U0001f004\U0001f0cf\U0001f18e\U0001f191-\U0001f19a\U0001f1e6-\U0001f1ff"
    "\U0001f201\U0001f21a\U0001f22f\U0001f232-\U0001f236\U0001f238-\U0001f23a\U0001f250\U0001f251\U0001f300-\U0001f64f"
    "\U0001f680-\U0001f6ff\U0001f7e0-\U0001f7eb\U0001f7f0\U0001f90c-\U0001f9ff\U0001fa70-\U0001faff"
)
_SIGNS = "0-9#*\u00a9\u00ae\u203c-\u3299\U0001f170-\U0001f251"
"""Emoji when U+FE0F follows; a picture is none when U+FE0E does."""
_FOLLOWS = "\u200d\ufe0f\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f"
_EMOJI = re.compile(
    f"((?:(?:[{_SIGNS}]\ufe0f|[{_PICTURES}](?!\ufe0e))(?:[{_FOLLOWS}]|(?<=\u200d)[\u2190-\u3299{_PICTURES}])*)+)"
)


def split(text: str) -> list[str]:
    """`text` cut where emoji begin and end; those at odd places are emoji (UTS #51)."""
    return _EMOJI.split(text)
