"""Outputs as VS Code shows them: under its content security policy, with scripts that run once the output is there."""

from __future__ import annotations

import pytest
from selenium.webdriver.common.by import By

from netgrader.drawing_pad import pad_html, script, style
from netgrader.student.learning import film_output, valley_output
from tests.browser.jupyter import wait
from tests.browser.test_learning import SAID, set_to
from tests.browser.test_pad import ONE, draw
from tests.browser.test_pad import SAID as PAD_SAID
from tests.datasets import DIGITS
from tests.feedback.test_pad import FRAME, random_network
from tests.student.test_learning import film

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


def test_widgets_come_to_life_one_after_the_other_and_nothing_is_refused(browser, webview):
    webview(valley_output()["text/html"])
    assert set_to(browser, "loss-valley", 0.5).startswith("As good as can be")
    webview(film_output(film(), DIGITS)["text/html"])
    before = browser.run(SAID.format("stencil-film"))
    assert set_to(browser, "stencil-film", 3) != before
    pad = pad_html(random_network(784, 10), FRAME, DIGITS, 200, alone=True)
    webview(f"<style>{style()}</style>{pad}<script>{script()}</script>")
    draw(browser, ONE)
    wait(browser.driver, lambda: "Your network says" in browser.run(PAD_SAID), "an answer")
    assert set_to(browser, "loss-valley", 0.03).startswith("Too low")
    assert browser.driver.find_elements(By.CSS_SELECTOR, ".widget:not([data-ready=yes])") == []
    assert [url for url in browser.requests() if not url.startswith("chrome:")] == []  # the browser's own first page
    assert browser.errors() == []
