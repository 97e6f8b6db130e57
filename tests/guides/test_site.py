"""The documentation site is made of the repository's pages: none is left out, and no link on it leads nowhere."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.guides import site


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site, "PAGES", folder / "pages")
        patch.setattr(site, "LOOKS", folder / "looks")
        site.main()
    return folder / "pages"


def test_each_page_stands_in_the_menu(pages: Path) -> None:
    listed = {
        path.relative_to(pages)
        for patterns in site.CONTENTS.values()
        for pattern in patterns
        for path in pages.glob(f"{pattern}.md")
    }
    assert {path.relative_to(pages) for path in pages.rglob("*.md")} - listed == {Path("README.md")}
    assert "docs/guides/*" in (pages / "README.md").read_text(encoding="utf-8")


def test_what_people_look_at_is_there_as_they_see_it(pages: Path) -> None:
    looks = pages.parent / "looks"
    assert "What to do next" in (looks / "feedback.html").read_text(encoding="utf-8")
    assert "Checks and mistakes" in (looks / "report.html").read_text(encoding="utf-8")
    shown = (pages / "looks.md").read_text(encoding="utf-8")
    assert [name for name in sorted(path.name for path in looks.iterdir()) if name not in shown] == []


def test_make_docs_builds_the_site_without_a_warning() -> None:
    done = subprocess.run(["make", "docs"], cwd=site.ROOT, capture_output=True, text=True, timeout=800, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    start = (site.ROOT / "build" / "site" / "README.html").read_text(encoding="utf-8")
    assert 'href="docs/guides/points.html"' in start
