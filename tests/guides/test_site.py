"""The documentation site contains all pages of the repository, without broken links."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.guides import showcase, site


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site, "PAGES", folder / "pages")
        site.write_pages()
    return folder / "pages"


def test_each_page_stands_in_the_menu(pages: Path) -> None:
    listed = {
        path.relative_to(pages)
        for patterns in site.CONTENTS.values()
        for pattern in patterns
        for path in pages.glob(f"{pattern}.md")
    }
    assert {path.relative_to(pages) for path in pages.rglob("*.md")} - listed == {Path("README.md")}
    assert "looks" in site.CONTENTS["To look at"]
    assert "docs/guides/*" in (pages / "README.md").read_text(encoding="utf-8")


def test_the_report_and_the_feedback_pages_are_there_as_people_see_them_and_their_links_lead_somewhere(
    tmp_path: Path,
) -> None:
    places = showcase.write_examples(tmp_path)
    shown = {title: (tmp_path / place).read_text(encoding="utf-8") for title, place in places.items()}
    assert "Checks and mistakes" in shown.pop("A class report")
    assert len({re.sub(r"\s+", " ", page) for page in shown.values()}) == len(shown) == 5
    german = shown.pop(showcase.GERMAN)
    assert "Was als Nächstes zu tun ist" in german
    assert "Der Softmax wird zweimal angewendet" in german
    assert all("What to do next" in page for page in shown.values())
    for page in tmp_path.rglob("*.html"):
        for link in re.findall(r'href="([^"#]+)"', page.read_text(encoding="utf-8")):
            assert (page.parent / link).is_file(), (page, link)


@pytest.mark.timeout(3600)  # the solutions of the three notebooks run
def test_make_docs_builds_the_site_without_a_warning() -> None:
    done = subprocess.run(["make", "docs"], cwd=site.ROOT, capture_output=True, text=True, timeout=3500, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    built = site.ROOT / "build" / "site"
    assert 'href="docs/guides/points.html"' in (built / "README.html").read_text(encoding="utf-8")
    assert 'url=README.html"' in (built / "index.html").read_text(encoding="utf-8")
    looks = (built / "looks.html").read_text(encoding="utf-8")
    pictures = re.findall(
        r'<figure><a href="([^"#]+)#cell-id=([\w-]+)"><img loading="lazy" src="([^"]+)" alt="([^"]+)">', looks
    )
    assert len(pictures) == len(showcase.GALLERY) == 8
    for page, cell, picture, words in pictures:
        assert f'id="cell-id={cell}"' in (built / page).read_text(encoding="utf-8")
        assert (built / picture).stat().st_size > 1000
        assert len(words) > 30
