"""What every page shares: safe HTML, Markdown and formulas, charts, pictures, words, and the shell of a single file."""
