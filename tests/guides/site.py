"""Put together what the documentation site is made from: ``make docs`` builds it into build/site.

The repository's pages keep their places, so that links between them hold. A link to a file that is no page leads to a copy of
it; a folder's to its README, or to what lies in it.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import nbformat
from nbconvert import HTMLExporter

from graphread.fault_kinds import PAGES as FAULTS
from graphread.fault_kinds import of_any_data, text_of
from netgrader.pages.feedback_figures import PageData
from netgrader.pages.feedback_page import build_page, render_page
from netgrader.pages.report_page import build_report, render_report
from netgrader.which_course import find_course
from tests.feedback import examples as feedback
from tests.report import examples as report

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
    "Faults": ("netgrader/fault_pages/*", "packages/graphread/src/graphread/fault_pages/*"),
    "Explanation": ("docs/explanation/*", "SECURITY"),
    "Project": ("ARCHITECTURE", "CONTRIBUTING", "CHANGELOG", "packages/*/README", "evaluation/README"),
    "More": ("evaluation/*", "evaluation/*/*", "data/*", "examples/*/*", "release/*/*", "source/*"),
}
"""What the site's menu lists, by heading, as patterns of pages; what stands twice counts where it stands first."""
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#)([^)\s#]+)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
NOT_PAGES = ("submitted/", "autograded/", "source/digits/students.md")


def tracked(*patterns: str) -> list[Path]:
    """Return the files that git knows, relative to the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns]
    out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [Path(line) for line in out.splitlines() if not line.startswith(NOT_PAGES) and (ROOT / line).is_file()]


def main() -> None:
    """Write the pages, what they link to, and examples of what people look at."""
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
    _write_looks()


def _write_looks() -> None:
    """Write a feedback page, a report and the notebooks as students get them, and the page that leads to them."""
    shutil.rmtree(LOOKS, ignore_errors=True)
    LOOKS.mkdir(parents=True)
    assignment = find_course().assignment("digits")
    texts = assignment.texts
    cells, graded = feedback.wrong_student()
    about = {"assignment": "digits", "notebook": feedback.NOTEBOOK, "student": "Ada", "data": PageData(texts=texts)}
    page = build_page(cells, graded, **about)
    class_report = build_report(replace(report.eight_students(), texts=texts))
    made = {
        "A feedback page": ("feedback.html", render_page(page, texts)),
        "A class report": ("report.html", render_report(class_report, texts)),
    }
    for number, notebook in enumerate(assignment.notebooks, 1):
        node = nbformat.read(ROOT / "release" / "digits" / f"{notebook}.ipynb", as_version=4)
        made[f"Notebook {number}, as students get it"] = (
            f"{notebook}.html",
            HTMLExporter().from_notebook_node(node)[0],
        )
    for name, text in made.values():
        (LOOKS / name).write_text(text, encoding="utf-8")
    links = "\n".join(f'<li><a href="{name}">{title}</a></li>' for title, (name, _) in made.items())
    _write(Path("looks.md"), f"# To look at\n\nOf students who exist only here.\n\n<ul>\n{links}\n</ul>\n")


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
