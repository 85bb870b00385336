"""Pagination for outputs with a fixed page and no layout engine of their own: slides.

The road: `builder.Builder` makes a flow of items from pandoc's AST, `pages.fit` sets it on as few pages as it needs.
Nothing here depends on the fonts that are installed.
"""
