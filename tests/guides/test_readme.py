"""The README's pictures are there, small enough to load, and said in words."""

import re
from pathlib import Path

from PIL import Image

from tests.browser.pictures import MOST_BYTES

ROOT = Path(__file__).resolve().parents[2]
PICTURES = re.findall(r"!\[([^\]]*)\]\(([^)]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))


def test_both_pages_are_shown_as_pictures_with_words_for_who_cannot_see_them():
    assert {"docs/pictures/feedback.png", "docs/pictures/report.png"} <= {path for _, path in PICTURES}
    for said, path in PICTURES:
        assert len(said) > 60
        assert (ROOT / path).stat().st_size <= MOST_BYTES
        with Image.open(ROOT / path) as picture:
            assert picture.width > 800
