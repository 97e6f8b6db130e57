"""Makes the pictures of the README from the pages of the sample class: ``python -m tests.browser.pictures`` after a demo."""

from __future__ import annotations

import argparse
import base64
import io
import shutil
import tempfile
from pathlib import Path

from PIL import Image
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from tests.browser.conftest import FLAGS, Browser

ROOT = Path(__file__).parent.parent.parent
STUDENT = "chloe"
WIDTH = 820
# Of the left and of the right part: where a line of text ends, so that none is cut.
FEEDBACK_HEIGHTS, REPORT_HEIGHTS = (690, 950), (800, 1000)
GAP = 24
MOST_BYTES = 400_000


def main() -> None:
    """Write ``docs/pictures/feedback.png`` and ``report.png``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("course", nargs="?", type=Path, default=ROOT, help="folder of the course that was graded")
    parser.add_argument("--to", type=Path, default=ROOT / "docs" / "pictures")
    chosen = parser.parse_args()
    feedback = chosen.course / "feedback" / STUDENT / "digits" / "1_one_layer.html"
    report = chosen.course / "reports" / "digits.html"
    with tempfile.TemporaryDirectory() as folder:
        options = Options()
        for flag in (*FLAGS, f"--user-data-dir={folder}"):
            options.add_argument(flag)
        options.set_capability("goog:loggingPrefs", {"performance": "ALL"})
        driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        try:
            browser = Browser(driver)
            for page, right, heights, name in (
                (feedback, "#cell-check_one_layer_network", FEEDBACK_HEIGHTS, "feedback.png"),
                (report, "#table", REPORT_HEIGHTS, "report.png"),
            ):
                browser.open(page.resolve(), WIDTH)
                save(two_columns(browser, ("main", right), heights), chosen.to / name)
        finally:
            driver.quit()


def two_columns(browser: Browser, selectors: tuple[str, str], heights: tuple[int, int]) -> Image.Image:
    """The beginnings of two parts of the page side by side."""
    parts = [shot(browser, selector, height) for selector, height in zip(selectors, heights, strict=True)]
    paper = parts[0].getpixel((0, 0))
    width = sum(part.width for part in parts) + 3 * GAP
    joined = Image.new("RGB", (width, max(part.height for part in parts) + 2 * GAP), paper)
    for part, across in zip(parts, (GAP, 2 * GAP + parts[0].width), strict=True):
        joined.paste(part, (across, GAP))
    return joined


def shot(browser: Browser, selector: str, most: int) -> Image.Image:
    """A part of the page as it is seen, at most `most` pixels of its height."""
    box = browser.run(
        "const box = document.querySelector(arguments[0]).getBoundingClientRect();"
        "return {x: box.x, y: box.y + scrollY, width: box.width, height: Math.min(box.height, arguments[1]), scale: 1}",
        selector,
        most,
    )
    taken = browser.driver.execute_cdp_cmd(
        "Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True, "clip": box}
    )
    return Image.open(io.BytesIO(base64.b64decode(taken["data"]))).convert("RGB")


def save(picture: Image.Image, path: Path) -> None:
    """Write a picture with as few colours as it needs; one that is too large for a README is refused."""
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.quantize(128, dither=Image.Dither.NONE).save(path, optimize=True)
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{path} has {size:,} bytes, more than {MOST_BYTES:,}.")


if __name__ == "__main__":
    main()
