"""Every link between pages leads to an existing page and heading; every named path exists."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    page
    for page in (
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("evaluation/**/*.md"),
        *ROOT.glob("packages/*/README.md"),
        ROOT / "data/README.md",
    )
    if page.is_file()
)
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"(?m)^#+ (.+)$")
CODE = re.compile(r"(?ms)^```.*?^```")


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    text = CODE.sub("", page.read_text(encoding="utf-8"))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in HEADING.findall(text)}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    for target in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
        path, _, anchor = target.partition("#")
        if "://" in path:
            continue
        linked = page if not path else (page.parent / path).resolve()
        assert linked.exists(), target
        if anchor:
            assert anchor in anchors(linked), target


def test_every_page_is_linked_to():
    linked = {
        (page.parent / target.partition("#")[0]).resolve()
        for page in PAGES
        for target in LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in target
    }
    assert [str(page.relative_to(ROOT)) for page in PAGES if page.parent != ROOT and page not in linked] == []


def test_paths_of_the_repository_that_are_named_are_there():
    """In the pages for who works on the code, where a move is easily forgotten."""
    named = re.compile(r"`((?:netgrader|packages|tests|source|grader_tests|scripts|evaluation|docs)/[\w./-]+)`")
    made = {"grader_tests/severity.toml", "grader_tests/seed.txt"}
    for page in PAGES:
        if page.name != "CHANGELOG.md":
            for path in named.findall(page.read_text(encoding="utf-8")):
                example = re.search(r"/flowers/|[A-Z]{4}", path)  # of a course of one's own
                assert example or path in made or (ROOT / path).exists(), f"{page.relative_to(ROOT)} names {path}"


def test_the_architecture_is_one_short_page_whose_paths_are_there():
    """Twelve hundred words and a table of 25 rows: who needs more than that to find a place needs fewer places."""
    page = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    table = page.partition("\n## To change X")[2].partition("\n## ")[0]
    rows = [line for line in table.splitlines() if line.startswith("| ")]
    assert len(rows) - 1 <= 25  # one is the heading
    assert len(re.findall(r"\S*\w\S*", page)) <= 1200
    named = re.findall(r"`([\w./-]+(?:/|\.py|\.md))`", page)
    assert len(named) > 40
    assert [
        path
        for path in named
        if not any(
            (ROOT / folder / path).exists()
            for folder in (".", "packages/netgrader/src/netgrader", "packages/graphread/src")
        )
    ] == []


@pytest.mark.parametrize("page", sorted(ROOT.glob("docs/guides/*.md")), ids=lambda page: page.stem)
def test_a_guide_is_one_page_of_at_most_1400_words(page):
    assert len(re.findall(r"\S*\w\S*", page.read_text(encoding="utf-8"))) <= 1400
