"""Headless Chromium with pages: tests check what a person sees, not the HTML."""

from __future__ import annotations

import itertools
import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service

from netgrader.pages.feedback_figures import PageData
from netgrader.pages.feedback_page import build_page, render_page
from netgrader.pages.report_page import build_report, render_report
from tests.datasets import DIGITS, EXERCISES
from tests.feedback import examples as notebooks
from tests.report import examples as classes

ROOT = Path(__file__).parent.parent.parent
INSTALL = "These tests look at pages in Chromium. Install it: apt-get install chromium chromium-driver"
FLAGS = (
    "--headless",
    "--no-sandbox",  # Chromium refuses to run as root with it
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--lang=en",
    # Nothing is asked of the network: formgrader's pages wait for MathJax from elsewhere where there is none.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


@dataclass
class Browser:
    """A browser window of a chosen width, medium and colour scheme."""

    driver: webdriver.Chrome

    def open(
        self, page: Path | str, width: int = 1400, scheme: str = "light", media: str = "", *, scripts: bool = True
    ):
        """Show a page."""
        command = self.driver.execute_cdp_cmd
        command("Emulation.setScriptExecutionDisabled", {"value": not scripts})
        # Some Chromiums give a window without a screen no focus, which JupyterLab and `autofocus` wait for.
        command("Emulation.setFocusEmulationEnabled", {"enabled": True})
        command(
            "Emulation.setEmulatedMedia",
            {"media": media, "features": [{"name": "prefers-color-scheme", "value": scheme}]},
        )
        command(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False},
        )
        for log in ("performance", "browser"):  # what the page before left there
            self.driver.get_log(log)
        self.driver.get(page if isinstance(page, str) else page.as_uri())

    def run(self, script: str, *arguments: Any) -> Any:
        """What a script of the test returns."""
        return self.driver.execute_script(script, *arguments)

    def finger(self, places: list[tuple[float, float]], pen: bool = False) -> None:
        """Set a finger, or a pen, down at the first of some places in the window, move it on to the others and lift it."""
        command = self.driver.execute_cdp_cmd
        command("Emulation.setTouchEmulationEnabled", {"enabled": not pen})
        path = [
            (before[0] + (after[0] - before[0]) * part / 6, before[1] + (after[1] - before[1]) * part / 6)
            for before, after in itertools.pairwise([places[0], *places])
            for part in range(1, 7)
        ]
        for number, (x, y) in enumerate(path):
            if pen:
                about = {"x": x, "y": y, "button": "left", "buttons": 1, "clickCount": 1, "pointerType": "pen"}
                command("Input.dispatchMouseEvent", {"type": "mouseMoved" if number else "mousePressed", **about})
            else:
                kind = "touchMove" if number else "touchStart"
                command("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y}]})
        if pen:
            command("Input.dispatchMouseEvent", {"type": "mouseReleased", **about})
        else:
            command("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        command("Emulation.setTouchEmulationEnabled", {"enabled": False})

    def requests(self) -> list[str]:
        """Addresses that the page asked for since it was opened, itself and what it carries inside left out."""
        messages = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        asked = [one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"]
        return [
            url for url in asked if not url.startswith("data:") and url != self.driver.current_url.partition("#")[0]
        ]

    def errors(self) -> list[str]:
        """Errors that the browser noted since the page was opened, those of its content security policy among them."""
        return [entry["message"] for entry in self.driver.get_log("browser") if entry["level"] == "SEVERE"]

    @property
    def text(self) -> str:
        """What can be read."""
        return self.run("return document.body.innerText")


@pytest.fixture(scope="session")
def browser(tmp_path_factory):
    chromium, chromedriver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not chromedriver:
        pytest.fail(INSTALL, pytrace=False)
    options = Options()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(chromedriver))
    yield Browser(driver)
    driver.quit()


@pytest.fixture(scope="session")
def digits():
    with np.load(ROOT / "data" / "mnist.npz", allow_pickle=False) as data:
        return data["x_test"]


@pytest.fixture(scope="session")
def pages(tmp_path_factory, digits):
    """The example pages as files, by name."""
    folder = tmp_path_factory.mktemp("pages")
    written = {}
    for name, student, (cells, graded) in (
        ("right", "Zoë Ångström", notebooks.right_student()),
        ("wrong", "محمد <b>Ali</b>", notebooks.wrong_student()),
    ):
        page = build_page(
            cells,
            graded,
            assignment="digits",
            notebook=notebooks.NOTEBOOK,
            student=student,
            student_id="student",
            released=[cell["source"] for cell in cells if not cell["metadata"]],
            data=PageData(DIGITS, digits, EXERCISES.texts),
        )
        written[name] = render_page(page, EXERCISES.texts)
    for name, view in (("report", classes.eight_students()), ("large", classes.large()), ("empty", classes.nobody())):
        written[name] = render_report(build_report(view), EXERCISES.texts)
    paths = {}
    for name, html in written.items():
        paths[name] = folder / f"{name}.html"
        paths[name].write_text(html, encoding="utf-8")
    return paths
