"""Configure the documentation site that ``make docs`` builds of the repository's pages."""

# ruff: noqa: INP001  (no package: Sphinx runs it)

project = "netgrader"
root_doc = "README"
extensions = ["myst_parser"]
myst_heading_anchors = 4
highlight_language = "none"  # most blocks without a language are commands and their output
html_theme = "furo"
html_title = "netgrader"
html_extra_path = ["../build/looks"]  # relative to this file: pages that are HTML already
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_static_path = ["site"]
html_css_files = ["site.css"]
