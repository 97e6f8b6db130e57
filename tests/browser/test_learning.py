"""The valley and the stencils in a browser: by mouse and keyboard, as NumPy computes them; pictures without a script."""

from __future__ import annotations

import html
import re
import shutil

import nbformat
import numpy as np
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from netgrader.student.learning import QUICKLY, SLOWLY, film_output, valley_output, walk
from tests.browser.jupyter import jupyter, wait
from tests.browser.test_jupyterlab import APPLICATIONS, RELEASE, Notebook
from tests.datasets import DIGITS
from tests.student.test_learning import film

SLIDER = ".{} input[type=range]"
SAID = "return document.querySelector('.{} .w-said').textContent"
PIXELS = """
const canvas = document.querySelectorAll('.stencil-film canvas')[arguments[0]], context = canvas.getContext('2d');
const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
return Array.from(data).filter((_, k) => k % 4 < 3);
"""
NOTED = "window.asked = []; window.setTimeout = (what, after) => { window.asked.push(after); window.next = what; return 1; };"
RED, PALE, BLUE = np.array([178, 56, 24]), np.array([247, 247, 245]), np.array([33, 102, 172])


@pytest.fixture(scope="module")
def shown():
    return film()


@pytest.fixture(scope="module")
def page(tmp_path_factory, shown):
    """Both as outputs of cells, one below the other."""
    path = tmp_path_factory.mktemp("learning") / "page.html"
    both = [valley_output()["text/html"], film_output(shown, DIGITS)["text/html"]]
    path.write_text(f"<!DOCTYPE html><meta charset=utf-8><body>{''.join(both)}", encoding="utf-8")
    return path


def slider(browser, kind):
    return browser.driver.find_element(By.CSS_SELECTOR, SLIDER.format(kind))


def set_to(browser, kind, value):
    browser.run(
        "arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input', {bubbles: true}))",
        slider(browser, kind),
        value,
    )
    return browser.run(SAID.format(kind))


def test_the_walk_is_numpys_at_every_rate_of_the_slider(browser, page):
    browser.open(page)
    rates = [number / 100 for number in range(1, 121)]
    found = browser.run(
        "const valley = document.querySelector('.loss-valley'); return arguments[0].map(rate => valley.walk(rate))",
        rates,
    )
    np.testing.assert_array_equal(found, [walk(rate) for rate in rates])


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        (0.03, "Too low: after 12 steps the loss is still 0.23."),
        (0.3, "Good: it goes straight down, and the loss is below 0.001 after 4 steps."),
        (0.5, "As good as can be: a single step leads to the bottom."),
        (0.7, "A little too high: each step crosses the valley, but the loss is below 0.001 after 4 steps."),
        (0.97, "Too high: it swings from side to side, and after 12 steps the loss is still 0.23."),
        (1, "Too high: it swings from side to side at one height, for ever."),
        (
            1.05,
            "Much too high: each step ends higher than the one before. It diverges; after 12 steps the loss is 9.8.",
        ),
    ],
)
def test_it_is_said_how_a_rate_does_and_drawn_where_its_steps_lead(browser, page, rate, said):
    browser.open(page)
    assert set_to(browser, "loss-valley", rate) == said
    assert slider(browser, "loss-valley").get_attribute("aria-valuetext") == f"{rate:.2f}. {said}"
    dots = browser.run(
        "return Array.from(document.querySelectorAll('.lv-chart')).map(chart => Array.from(chart.querySelectorAll('circle'))"
        ".map(dot => [Number(dot.getAttribute('cx')), Number(dot.getAttribute('cy'))]))"
    )
    # 268 pixels from -1.6 to 1.6, and 180 for losses from -0.1 to 1.6².
    places = walk(rate)
    high = 180 - (places**2 + 0.1) / 2.66 * 180
    np.testing.assert_allclose(dots[0], np.stack([134 + places / 1.6 * 134, high], axis=1), atol=0.051)
    np.testing.assert_allclose(np.array(dots[1])[:, 1], high, atol=0.051)


def test_arrow_keys_and_the_mouse_set_the_rate(browser, page):
    browser.open(page)
    chosen = slider(browser, "loss-valley")
    browser.run("arguments[0].focus()", chosen)
    chosen.send_keys(*[Keys.ARROW_RIGHT] * 3)
    assert chosen.get_attribute("value") == "0.06"
    chosen.send_keys(Keys.END)
    assert browser.run(SAID.format("loss-valley")).startswith("Much too high")
    assert "Learning rate" in browser.run("return arguments[0].labels[0].textContent", chosen)
    ActionChains(browser.driver).click(chosen).perform()
    assert 0.55 < float(chosen.get_attribute("value")) < 0.66


def test_the_stencils_are_the_weights_in_the_colours_of_the_pictures(browser, page, shown):
    browser.open(page)
    for at in (0, 9, len(shown.steps) - 1):
        said = set_to(browser, "stencil-film", at)
        read = f"{100 * shown.right[at]:.1f}\u00a0% of 1,000 test images are read rightly."
        assert said == (f"After step {shown.steps[at]}: {read}" if at else f"Before the first step {read}")
        share = shown.shares()[at, 3] / 127
        expected = PALE + np.abs(share)[:, None] * (np.where(share[:, None] < 0, RED, BLUE) - PALE)
        np.testing.assert_allclose(np.array(browser.run(PIXELS, 3)).reshape(784, 3), expected, atol=0.51)
    labels = [one.get_attribute("aria-label") for one in browser.driver.find_elements(By.CSS_SELECTOR, "canvas")]
    assert labels == [f"Weights of the neuron for {digit}" for digit in range(10)]


def test_played_back_they_go_on_to_the_end_and_begin_again(browser, page, shown):
    browser.open(page)
    button, last = browser.driver.find_element(By.CSS_SELECTOR, ".ls-play"), len(shown.steps) - 1
    browser.run(NOTED)
    button.send_keys(Keys.SPACE)
    assert button.text == "Pause"
    for at in range(1, last + 1):
        browser.run("window.next()")
        assert slider(browser, "stencil-film").get_attribute("value") == str(at)
    browser.run("window.next()")
    assert button.text == "Play"
    assert set(browser.run("return window.asked")) == {QUICKLY}
    button.click()
    assert slider(browser, "stencil-film").get_attribute("value") == "0"
    button.click()
    assert button.text == "Play"
    button.click()
    set_to(browser, "stencil-film", 4)
    assert button.text == "Play"


def test_whoever_asks_for_little_motion_gets_slow_pictures_and_nothing_moves_unasked(browser, page):
    browser.open(page)
    assert browser.driver.find_element(By.CSS_SELECTOR, ".ls-play").text == "Play"
    assert browser.run("return document.getAnimations().length") == 0
    browser.driver.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
    )
    browser.run(NOTED)
    browser.driver.find_element(By.CSS_SELECTOR, ".ls-play").click()
    assert browser.run("return window.asked") == [SLOWLY]


def test_without_scripts_and_on_paper_there_are_pictures_with_words(browser, page):
    visible = (
        "return Array.from(document.querySelectorAll('img')).map(one => [one.checkVisibility(), one.alt.length > 100])"
    )
    browser.open(page)
    assert browser.run(visible) == [[False, True]] * 2
    browser.open(page, media="print")
    assert browser.run(visible) == [[True, True]] * 2
    assert not browser.driver.find_element(By.CSS_SELECTOR, ".w-live").is_displayed()
    browser.open(page, scripts=False)
    try:
        images = browser.driver.find_elements(By.TAG_NAME, "img")
        assert [image.is_displayed() for image in images] == [True, True]
        assert browser.driver.find_elements(By.CSS_SELECTOR, "input") == []
    finally:
        browser.open(page)


def test_in_a_frame_of_its_own_as_in_colab_it_runs_too(browser, page, tmp_path):
    framed = tmp_path / "framed.html"
    inner = html.escape(page.read_text(encoding="utf-8"))
    framed.write_text(
        f'<!DOCTYPE html><meta charset=utf-8><iframe sandbox="allow-scripts allow-same-origin" srcdoc="{inner}"></iframe>',
        encoding="utf-8",
    )
    browser.open(framed)
    browser.driver.switch_to.frame(0)
    try:
        wait(browser.driver, lambda: browser.run(SAID.format("loss-valley")).startswith("Too low"), "a walk")
    finally:
        browser.driver.switch_to.default_content()


@pytest.mark.parametrize("width", [320, 700, 1400])
def test_they_are_no_wider_than_their_page_and_ask_for_nothing(browser, page, width):
    browser.open(page, width)
    assert browser.run("return document.documentElement.scrollWidth") <= width
    assert browser.requests() == []
    assert browser.errors() == []


@APPLICATIONS
def test_keys_move_the_slider_and_not_the_notebook(browser, tmp_path, application):
    shutil.copytree(RELEASE, tmp_path / "digits")
    with jupyter(tmp_path / "digits", tmp_path / "home") as address:
        browser.open(f"{address}/{application}/2_two_layers.ipynb")
        notebook = Notebook(browser.driver)
        notebook.run("tf.disable_v2_behavior()")
        assert "Too low" in notebook.run("loss_valley()")
        chosen, cells = slider(browser, "loss-valley"), "return document.querySelectorAll('.jp-Cell').length"
        before = browser.run(cells)
        browser.run("arguments[0].scrollIntoView({block: 'center'})", chosen)
        ActionChains(browser.driver).click(chosen).send_keys(
            Keys.HOME, *[Keys.ARROW_RIGHT] * 5, *[Keys.ARROW_UP] * 2
        ).perform()
        assert chosen.get_attribute("value") == "0.08"
        ActionChains(browser.driver).send_keys("ddx", Keys.ARROW_LEFT).perform()  # which delete a cell, and cut one out
        assert chosen.get_attribute("value") == "0.07"
        assert browser.run("return document.activeElement === arguments[0]", chosen)
        assert browser.run(cells) == before


@pytest.mark.parametrize("width", [300, 390])
def test_on_a_phone_the_slider_is_wide_enough_for_a_finger(browser, page, width):
    browser.open(page, width)
    chosen = slider(browser, "loss-valley")
    assert chosen.size["width"] >= 0.6 * browser.run("return document.querySelector('.loss-valley').clientWidth") - 32
    left, top = browser.run(
        "arguments[0].scrollIntoView({block: 'center'}); const box = arguments[0].getBoundingClientRect();"
        "return [box.left, box.top + box.height / 2]",
        chosen,
    )
    browser.finger([(left + 5, top), (left + chosen.size["width"] / 2, top)])
    assert 0.55 < float(chosen.get_attribute("value")) < 0.66


def test_in_jupyterlab_a_notebook_that_is_not_trusted_shows_the_picture(browser, tmp_path):
    folder = tmp_path / "digits"
    shutil.copytree(RELEASE, folder)
    path = folder / "2_two_layers.ipynb"
    notebook = nbformat.read(path, as_version=4)
    cell = next(cell for cell in notebook.cells if cell.source.strip() == "loss_valley()")
    cell.outputs = [nbformat.v4.new_output("display_data", valley_output())]
    nbformat.write(notebook, path)
    with jupyter(folder, tmp_path / "home") as address:
        browser.open(f"{address}/lab/tree/2_two_layers.ipynb")
        Notebook(browser.driver)
        shown = ".jp-OutputArea img"
        wait(browser.driver, lambda: browser.driver.find_elements(By.CSS_SELECTOR, shown), "the picture")
        image = browser.driver.find_element(By.CSS_SELECTOR, shown)
        assert re.match("Three times the same valley", image.get_attribute("alt"))
        wait(browser.driver, lambda: image.size["width"] > 100, "its size")
        assert browser.driver.find_elements(By.CSS_SELECTOR, SLIDER.format("loss-valley")) == []
