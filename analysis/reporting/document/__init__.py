"""A report as a document: blocks of text, tables and figures in one language, which every format shows."""
