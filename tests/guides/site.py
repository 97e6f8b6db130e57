"""Collect the sources of the documentation site; ``make docs`` builds it into build/site.

The repository's pages keep their places, so that links between them hold. A link to a file that is no page leads to a copy of
it; a folder's to its README, or to what lies in it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from graphread.fault_kinds import PAGES as FAULTS
from graphread.fault_kinds import of_any_data, text_of
from tests.guides import showcase

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
PAGES, LOOKS = ROOT / "build" / "pages", ROOT / "build" / "looks"
CONTENTS = {
    "Start": ("docs/README", "docs/tutorial"),
    "Guides": (
        *(f"docs/guides/{name}" for name in ("your-own-course", "a-course-that-you-have", "write-an-exercise")),
        *(
            f"docs/guides/{name}"
            for name in ("ask-for-a-network", "ask-for-a-sweep", "questions-and-hints", "keras-course")
        ),
        *(f"docs/guides/{name}" for name in ("points", "parameters", "change-a-test", "over-a-term")),
        "docs/guides/*",
    ),
    "To look at": ("looks",),
    "Reference": ("docs/reference/*",),
    "Faults": ("packages/netgrader/src/netgrader/fault_pages/*", "packages/graphread/src/graphread/fault_pages/*"),
    "Explanation": ("docs/explanation/*", "SECURITY"),
    "Project": ("ARCHITECTURE", "CONTRIBUTING", "CHANGELOG", "packages/*/README", "evaluation/README"),
    "More": ("evaluation/*", "evaluation/*/*", "data/*", "examples/*/*", "release/*/*", "source/*"),
}
"""What the site's menu lists, by heading, as patterns of pages; what stands twice counts where it stands first."""
INDEX = """<!doctype html><html lang="en"><title>netgrader</title><meta http-equiv="refresh" content="0; url=README.html">
<a href="README.html">netgrader</a></html>
"""
"""The page that a web server shows first."""
NOTEBOOKS = "The notebooks as students get them, with the outputs that the solution produces:"
FEEDBACK = "Feedback pages and the report on a class. Its students are invented:"
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)\s#]+)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
NOT_PAGES = ("submitted/", "autograded/", "source/digits/students.md")


def tracked(*patterns: str) -> list[Path]:
    """Return the files that git knows, relative to the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [Path(line) for line in out.splitlines() if not line.startswith(NOT_PAGES) and (ROOT / line).is_file()]


def main() -> None:
    """Write all that the site is made from."""
    write_pages()
    write_looks()


def write_pages() -> None:
    """Write the repository's pages, and what they link to."""
    shutil.rmtree(PAGES, ignore_errors=True)
    pages = tracked("*.md")
    for page in pages:
        text = (
            of_any_data(text_of(ROOT / page))
            if page.parent.name == FAULTS
            else (ROOT / page).read_text(encoding="utf-8")
        )
        _write(page, LINK.sub(lambda link, page=page: _target(page, link[1]), text))
    for page in pages:
        for file in _linked(page):
            if file.suffix != ".md" and not (PAGES / file).exists():
                (PAGES / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / file, PAGES / file)
    with (PAGES / "README.md").open("a", encoding="utf-8") as start:
        for heading, patterns in CONTENTS.items():
            lines = [f":caption: {heading}", ":hidden:", ":glob:", "", *patterns]
            start.write("\n```{toctree}\n" + "\n".join(lines) + "\n```\n")


def write_looks() -> None:
    """Write what people look at, and the page that leads to it; the solutions of the notebooks run for that."""
    shutil.rmtree(LOOKS, ignore_errors=True)
    groups = {NOTEBOOKS: showcase.write_notebooks(LOOKS), FEEDBACK: showcase.write_examples(LOOKS)}
    parts = ["# To look at\n"]
    for about, pages in groups.items():
        links = "\n".join(f'<li><a href="{place}">{title}</a></li>' for title, place in pages.items())
        parts.append(f"{about}\n\n<ul>\n{links}\n</ul>\n")
    parts.append(f"## Pictures from the notebooks\n\n{showcase.gallery(LOOKS / 'gallery')}")
    _write(Path("looks.md"), "\n".join(parts))
    (LOOKS / "index.html").write_text(INDEX, encoding="utf-8")


def _target(page: Path, link: str) -> str:
    """Return where a link leads on the site: a folder has no page, but a README or something that stands for it."""
    there = (ROOT / page.parent / link).resolve()
    if not there.is_dir():
        return link
    for name in ("README.md", "__init__.py"):
        if (there / name).is_file():
            return f"{link.rstrip('/')}/{name}"
    return f"{link.rstrip('/')}/{min(path.name for path in there.iterdir() if path.is_file())}"


def _linked(page: Path) -> Iterator[Path]:
    """Yield the files of the repository that a page of the site links to."""
    for link in LINK.findall(FENCE.sub("", (PAGES / page).read_text(encoding="utf-8"))):
        file = (ROOT / page.parent / link).resolve()
        if file.is_file():
            yield file.relative_to(ROOT)


def _write(name: Path, text: str) -> None:
    (PAGES / name).parent.mkdir(parents=True, exist_ok=True)
    (PAGES / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
