"""What exporters share: HTML from pandoc's AST, highlighting, formulas, the words of a language, fonts, pagination."""
