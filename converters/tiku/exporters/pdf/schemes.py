"""The URL schemes of our own, which no content can hold (see `markup.safe_link`)."""

ASSET = "tiku-asset:"
"""Of everything the renderer may read; what follows is a name, never a path."""
LINK = "tiku:"
"""Of links between parts of the book; what follows is an anchor. `links` turns them into destinations."""
