"""How long a class's report and formgrader's list of submissions take to open in a browser.

.venv/bin/python -m research.opening COURSE ASSIGNMENT STUDENTS
"""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import psutil
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from tests.browser.conftest import FLAGS
from tests.browser.jupyter import jupyter

if TYPE_CHECKING:
    from collections.abc import Iterator

PATIENCE = 600.0
ROWS = "return document.querySelectorAll('{rows}').length"


@dataclass(frozen=True)
class Opened:
    """How a page opened.

    Attributes
    ----------
    what
        The page, in words.
    seconds
        From the request until its rows were there and the page did nothing more.
    page_cpu, server_cpu
        Processor seconds of the page's thread and of the server: what a busy machine does not change.
    elements
        How many the page has.
    """

    what: str
    seconds: float
    page_cpu: float
    server_cpu: float = 0.0
    elements: int = 0


def measure(folder: Path, assignment: str, students: int) -> list[Opened]:
    """Open both pages of the class in the course's `folder`."""
    with tempfile.TemporaryDirectory(prefix="netgrader-opening-") as made, browser(Path(made)) as driver:
        report = folder / "reports" / f"{assignment}.html"
        found = [_opened(driver, "report in a browser", report.as_uri(), "#class tbody tr", min(students, 300))]
        with jupyter(folder, Path(made) / "home") as address:
            before = _cpu_of_server()
            begun = time.monotonic()
            with urlopen(f"{address}/formgrader/api/submissions/{assignment}", timeout=PATIENCE) as answer:  # noqa: S310
                answer.read()
            asked = Opened("formgrader's list, asked for", time.monotonic() - begun, 0.0, _cpu_of_server() - before)
            url = f"{address}/formgrader/manage_submissions/{assignment}"
            rows = "#main-table tr:nth-child(2), #main-table tr:last-child"  # not the one that says to wait
            shown = _opened(driver, "formgrader's list in a browser", url, rows, min(students, 2))
            notebook = next((folder / "source" / assignment).glob("*.ipynb")).stem
            url = f"{address}/formgrader/gradebook/{assignment}/{notebook}"
            by_hand = _opened(driver, "formgrader's list to grade by hand, in a browser", url, rows, min(students, 2))
    return [*found, asked, shown, by_hand]


def _opened(driver: Any, what: str, url: str, rows: str, number: int) -> Opened:
    driver.get("about:blank")
    driver.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    server = _cpu_of_server()
    begun = time.monotonic()
    driver.get(url)
    while driver.execute_script(ROWS.format(rows=rows)) < number:
        if time.monotonic() - begun > PATIENCE:
            raise SystemExit(f"{what}: the rows never came")
        time.sleep(0.02)
    # What is queued behind the rows: sorting, layout, paint.
    driver.execute_async_script("const done = arguments[0]; requestAnimationFrame(() => setTimeout(done, 0));")
    seconds = time.monotonic() - begun
    metrics = {one["name"]: one["value"] for one in driver.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]}
    elements = driver.execute_script("return document.querySelectorAll('*').length")
    return Opened(what, seconds, metrics["TaskDuration"], _cpu_of_server() - server, elements)


def _cpu_of_server() -> float:
    """Processor seconds that Jupyter's server has used so far; 0 if there is none."""
    for child in psutil.Process().children():
        with contextlib.suppress(psutil.Error):
            if "jupyterlab" in child.cmdline():
                used = child.cpu_times()
                return float(used.user + used.system)
    return 0.0


@contextlib.contextmanager
def browser(folder: Path) -> Iterator[Any]:
    """Chromium without a screen; its own files lie in `folder`."""
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not chromedriver:
        raise SystemExit("Pages are opened in Chromium. Install it: apt-get install chromium chromium-driver")
    options = Options()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={folder / 'chromium'}"):
        options.add_argument(flag)
    driver = webdriver.Chrome(options=options, service=Service(chromedriver))
    driver.set_page_load_timeout(PATIENCE)
    driver.set_script_timeout(PATIENCE)
    try:
        yield driver
    finally:
        driver.quit()


if __name__ == "__main__":
    os.environ.pop("NETGRADER_STORE", None)
    for one in measure(Path(sys.argv[1]).resolve(), sys.argv[2], int(sys.argv[3])):
        sys.stdout.write(f"{one}\n")
