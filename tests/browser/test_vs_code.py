"""Outputs in VS Code: under its content security policy, with scripts that run once the output is there."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.by import By

from netgrader.drawing_pad import pad_html, script, style
from tests.browser.jupyter import wait
from tests.browser.test_pad import ONE, SAID, draw
from tests.datasets import DIGITS
from tests.feedback.test_pad import FRAME, random_network

POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; "
    "img-src https: http: data:; font-src https:; connect-src https:; child-src https: data:"
)
SHOW = """
const output = document.createElement("div");
output.innerHTML = arguments[0];
document.body.appendChild(output);
for (const found of Array.from(output.getElementsByTagName("script"))) {
  const made = document.createElement("script");
  made.text = found.textContent;
  if (found.type) made.type = found.type;
  output.appendChild(made).remove();
}
"""


@pytest.fixture
def webview(browser, tmp_path):
    """Show an output below those that are there; one page holds those of all cells."""
    page = tmp_path / "webview.html"
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    page.write_text(f"<!DOCTYPE html><meta charset=utf-8>{policy}", encoding="utf-8")
    browser.open(page)
    return lambda output: browser.run(SHOW, output)


def test_pads_come_to_life_one_after_the_other_and_nothing_is_refused(browser, webview):
    pad = pad_html(random_network(784, 10), FRAME, DIGITS, 200, str, alone=True)
    for _ in range(2):
        webview(f"<style>{style()}</style>{pad}<script>{script()}</script>")
    draw(browser, ONE)
    wait(browser.driver, lambda: "Your network says" in browser.run(SAID), "an answer")
    assert len(browser.driver.find_elements(By.CSS_SELECTOR, ".widget[data-ready=yes] canvas.dp-canvas")) == 2
    assert [url for url in browser.requests() if not url.startswith("chrome:")] == []  # the browser's own first page
    assert browser.errors() == []
