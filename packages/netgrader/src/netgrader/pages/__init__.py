"""The common parts of pages: safe HTML, Markdown, formulas, charts, pictures, words, the shell."""
