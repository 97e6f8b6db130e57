"""The README's pictures exist, load quickly and have alt text; its commands exist."""

import re
import tomllib
from pathlib import Path

from PIL import Image
from trove_classifiers import classifiers

from tests.browser.pictures import MOST_BYTES

ROOT = Path(__file__).resolve().parents[2]
PICTURES = [
    (said, page.parent / path)
    for page in (ROOT / "README.md", ROOT / "docs" / "tutorial.md")
    for said, path in re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
]


def test_both_pages_are_shown_as_pictures_with_words_for_who_cannot_see_them():
    assert {"feedback.png", "report.png"} <= {path.name for _, path in PICTURES}
    for said, path in PICTURES:
        assert len(said) > 60
        assert path.stat().st_size <= MOST_BYTES
        with Image.open(path) as picture:
            assert picture.width > 800


def test_nobody_is_told_to_install_our_name_from_a_public_index():
    pages = [
        ROOT / "README.md",
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("source/**/*.md"),
        *ROOT.glob("packages/*/src/**/*.py"),
    ]
    typed = re.compile(r"pip install[^\n`]*?(?<![\w/.-])netgrader(?![\w./-])")
    required = re.compile(r"^\s*\"?netgrader(\[[\w,]+\])?(==|>=|\",)", re.MULTILINE)
    assert typed.search("pip install 'netgrader[cluster]' s3fs")
    assert required.search('  "netgrader[cluster,postgres]",')
    files = [
        *((path, typed) for path in pages),
        *((ROOT / n, required) for n in ("pyproject.toml", "requirements.lock")),
    ]
    assert [path.name for path, form in files if form.search(path.read_text(encoding="utf-8"))] == []


def test_the_changelog_has_dated_versions_and_lines_of_at_most_25_words():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    dates = re.findall(r"(?m)^## \d+\.\d+\.\d+, (\d{4}-\d\d-\d\d)$", text)
    assert len(dates) == text.count("\n## ")
    assert dates == sorted(set(dates), reverse=True)
    lines = text.partition("\n## ")[2].splitlines()[1:]
    assert [line for line in lines if line and not line.startswith(("- ", "## ", "### "))] == []
    assert [line for line in lines if line.startswith("- ") and len(line.split()) > 26] == []  # the dash is one


def test_the_package_is_described_as_an_index_shows_it():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert set(project["classifiers"]) <= classifiers
    assert len(project["description"]) < 150
    assert len(project["keywords"]) == len(set(project["keywords"]))
