"""The drawing pad in a browser: it answers as TensorFlow does, to mouse and keyboard, and sends no requests."""

from __future__ import annotations

import base64
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from graphread.plain_network import PORTABLE, PlainNetwork, plain_layer, scores
from netgrader import observations as seen
from netgrader.checks.context import Dataset
from netgrader.drawing_pad import frame_of, pad_html, script, style
from netgrader.pages.feedback_figures import PageData
from netgrader.pages.feedback_page import build_page, render_page
from tests.browser.jupyter import jupyter, wait
from tests.browser.test_jupyterlab import APPLICATIONS, RELEASE, Notebook
from tests.datasets import DIGITS
from tests.feedback import examples as notebooks
from tests.feedback.test_pad import FRAME, random_network

MANY = 1_000
SCORES = """
const bytes = Uint8Array.from(atob(arguments[0]), c => c.charCodeAt(0)), size = arguments[1];
const network = document.querySelector('.draw-pad').network, found = [];
for (let at = 0; at < bytes.length; at += size) {
  found.push(network.scores(Float64Array.from(bytes.subarray(at, at + size), v => v / 255)));
}
return found;
"""
SAID = "return document.querySelector('.dp-said').textContent"
SEEN = """
const canvas = document.querySelectorAll('.dp-pixels')[0], context = canvas.getContext('2d');
return Array.from(context.getImageData(0, 0, canvas.width, canvas.height).data).filter((_, k) => k % 4 == 0);
"""


def written(folder: Path, pad: seen.Pad) -> Path:
    """A feedback page with a pad."""
    cells, graded = notebooks.right_student()
    graded = replace(graded, observations={**graded.observations, "check_train": (pad,)})
    about = {"assignment": "digits", "notebook": notebooks.NOTEBOOK, "student": "Zoë"}
    path = folder / "page.html"
    path.write_text(render_page(build_page(cells, graded, data=PageData(DIGITS), **about)), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def data():
    with np.load(Path(__file__).parents[2] / "data" / DIGITS.file, allow_pickle=False) as file:
        return Dataset(DIGITS, file["x_train"], file["y_train"], file["x_test"], file["y_test"])


@pytest.fixture(scope="module")
def network(data):
    """A network of one layer: least squares of the labels."""
    images = data.prepared(data.x_train[:20_000]).astype(float)
    images = np.hstack([images, np.ones((len(images), 1))])
    weights = np.linalg.solve(images.T @ images + 10 * np.eye(785), images.T @ np.eye(10)[data.y_train[:20_000]])
    return PlainNetwork((plain_layer((20 * weights[:-1], 20 * weights[-1]), "none"),))


@pytest.fixture(scope="module")
def page(tmp_path_factory, network):
    return written(tmp_path_factory.mktemp("pad"), seen.Pad(network, FRAME, 200))


def answers(browser, images):
    pixels = base64.b64encode(images.tobytes()).decode()
    return np.array(browser.run(SCORES, pixels, images[0].size))


def test_the_pad_answers_as_the_network_does_on_a_thousand_test_images(browser, page, network, data):
    """`tests/reader/test_plain.py` compares the network with TensorFlow."""
    browser.open(page)
    images = data.x_test[:MANY]
    np.testing.assert_allclose(answers(browser, images), scores(network, images.reshape(MANY, -1) / 255), atol=1e-9)


@pytest.mark.parametrize("name", sorted(PORTABLE))
def test_every_activation_and_its_slope_are_the_banks(browser, tmp_path, name):
    random = np.random.default_rng(4)
    first = plain_layer((random.standard_normal((784, 12)) / 10, random.standard_normal(12)), name, 0.2)
    network = PlainNetwork((first, plain_layer((random.standard_normal((12, 10)), np.zeros(10)), "none")))
    browser.open(written(tmp_path, seen.Pad(network, FRAME, 200)))
    images = random.integers(0, 256, (3, 28, 28)).astype(np.uint8)
    found = answers(browser, images)
    assert np.abs(found - scores(network, images.reshape(3, -1) / 255)).max() < 1e-5
    pixels, step = images[0].reshape(-1) / 255, 1e-5
    slopes = browser.run(
        "return document.querySelector('.draw-pad').network.gradient(arguments[0], 3)", pixels.tolist()
    )
    moved = [scores(network, pixels + sign * step * np.eye(784))[:, 3] for sign in (1, -1)]
    np.testing.assert_allclose(slopes, (moved[0] - moved[1]) / (2 * step), atol=2e-3)


def test_a_digit_that_is_drawn_large_is_framed_as_mnist_has_it(browser, page, data):
    browser.open(page)
    for image in data.x_test[:20]:
        # Nothing of it hangs on where, or how large, it stands on the paper.
        for size, top, left in ((10, 0, 0), (10, 20, 40), (5, 60, 100)):
            drawn = np.zeros((320, 320))
            drawn[top : top + 28 * size, left : left + 28 * size] = np.kron(image / 255, np.ones((size, size)))
            framed = browser.run(
                "return document.querySelector('.draw-pad').network.framed(arguments[0], 320, 320)",
                np.round(drawn.reshape(-1), 3).tolist(),
            )
            # Its makers moved by whole pixels, we by parts of one.
            assert np.abs(np.array(framed) - image.reshape(-1) / 255).mean() < 0.05


def draw(browser, points):
    canvas = browser.driver.find_element(By.CSS_SELECTOR, ".dp-canvas")
    browser.run("arguments[0].scrollIntoView({block: 'center'})", canvas)
    side, pointer = canvas.size["width"], ActionChains(browser.driver, duration=20)
    places = [(round((x - 0.5) * side), round((y - 0.5) * side)) for x, y in points]
    pointer.move_to_element_with_offset(canvas, *places[0]).click_and_hold()
    for (x, y), (left, top) in zip(places[1:], places, strict=False):
        pointer.move_by_offset(x - left, y - top)
    pointer.release().perform()


ONE = [(0.5, 0.1), (0.5, 0.5), (0.5, 0.9)]
SEVEN = [(0.25, 0.15), (0.75, 0.15), (0.6, 0.5), (0.45, 0.9)]


@pytest.mark.parametrize(("points", "digit"), [(ONE, "1"), (SEVEN, "7")])
def test_a_digit_that_is_drawn_with_the_mouse_is_read_at_once(browser, page, points, digit):
    browser.open(page)
    assert browser.run(SAID) == "Nothing is drawn yet."
    draw(browser, points)
    wait(browser.driver, lambda: browser.run(SAID).startswith(f"Your network says {digit}: "), "an answer")
    assert min(browser.run(SEEN)) < 60
    caption = browser.driver.find_elements(By.CSS_SELECTOR, ".dp-picture figcaption")[1]
    assert caption.text == f"Ink that speaks for {digit} (blue) and against it (red)"
    button = browser.driver.find_elements(By.CSS_SELECTOR, ".dp-bars button")[4]
    button.click()
    assert caption.text == "Ink that speaks for 4 (blue) and against it (red)"
    assert button.get_attribute("aria-pressed") == "true"
    browser.driver.find_element(By.CSS_SELECTOR, ".dp-clear").click()
    assert browser.run(SAID) == "Nothing is drawn yet."
    assert min(browser.run(SEEN)) == 255


@pytest.mark.parametrize("pen", [False, True])
@pytest.mark.parametrize(("points", "digit"), [(ONE, "1"), (SEVEN, "7")])
def test_on_a_phone_a_finger_and_a_pen_draw_and_do_not_scroll(browser, page, points, digit, pen):
    browser.open(page, 390)
    box = browser.run(
        "const canvas = document.querySelector('.dp-canvas'); canvas.scrollIntoView({block: 'center'});"
        "const box = canvas.getBoundingClientRect(); return [box.left, box.top, box.width, box.height]"
    )
    before = browser.run("return scrollY")
    browser.finger([(box[0] + x * box[2], box[1] + y * box[3]) for x, y in points], pen)
    wait(browser.driver, lambda: browser.run(SAID).startswith(f"Your network says {digit}: "), "an answer")
    assert browser.run("return scrollY") == before
    beside = browser.run(
        "const box = document.querySelector('.dp-said').getBoundingClientRect(); return [box.left + 20, box.top + 5]"
    )
    browser.finger([tuple(beside), (beside[0], beside[1] - 200)])
    wait(browser.driver, lambda: browser.run("return scrollY") > before, "that beside the paper a finger scrolls")


def test_the_keyboard_draws_and_a_screen_reader_is_told(browser, page):
    browser.open(page)
    canvas = browser.driver.find_element(By.CSS_SELECTOR, ".dp-canvas")
    browser.run("arguments[0].focus()", canvas)
    canvas.send_keys(*[Keys.ARROW_UP] * 9)
    assert browser.run(SAID) == "Nothing is drawn yet."
    canvas.send_keys(Keys.SPACE)
    assert browser.run(SAID).startswith("Pen down. Your network says ")
    canvas.send_keys(*[Keys.ARROW_DOWN] * 18)
    canvas.send_keys(Keys.SPACE)
    assert browser.run(SAID).startswith("Pen up. Your network says 1: ")
    status = browser.driver.find_element(By.CSS_SELECTOR, ".dp-said")
    assert (status.get_attribute("role"), status.get_attribute("aria-live")) == ("status", "polite")
    names = [
        button.get_attribute("aria-label")
        for button in browser.driver.find_elements(By.CSS_SELECTOR, ".dp-bars button")
    ]
    assert [name[:3] for name in names] == [f"{digit}: " for digit in range(10)]
    canvas.send_keys(Keys.TAB)
    assert browser.driver.switch_to.active_element.text == "Clear"


def test_nothing_is_asked_for_and_nothing_is_refused_by_the_policy(browser, page):
    browser.open(page)
    draw(browser, SEVEN)
    assert browser.requests() == []
    assert browser.errors() == []


def test_images_of_another_shape_are_drawn_on_paper_of_that_shape(browser, tmp_path):
    images = np.zeros((40, 30, 20), np.uint8)
    images[:, 4:24, 5:15] = 90
    path = tmp_path / "alone.html"
    pad = pad_html(random_network(600, 10), frame_of(images, 99), DIGITS, 200, str, alone=True)
    path.write_text(f"<!DOCTYPE html><body><style>{style()}</style>{pad}<script>{script()}</script>", encoding="utf-8")
    browser.open(path)
    draw(browser, [(0.1, 0.4), (0.9, 0.4)])
    pixels = np.array(browser.run(SEEN)).reshape(30, 20)
    rows, columns = np.nonzero(pixels < 200)
    assert (columns.min(), columns.max()) == (5, 14)
    assert rows.mean() == pytest.approx(13.5, abs=1)


UNTRAINED = (
    "graph = tf.Graph(); inside = graph.as_default(); inside.__enter__(); X = tf.placeholder(tf.float32, [None, 784]); "
    "logits = tf.matmul(X, tf.get_variable('W', [784, 10], initializer=tf.glorot_uniform_initializer(seed=1))); "
    "sess = tf.Session(graph=graph); sess.run(tf.global_variables_initializer()); "
    "drawing_pad(SimpleNamespace(graph=graph, X=X, logits=logits), sess)"
)


@APPLICATIONS
def test_keys_draw_in_a_notebook_and_stay_where_they_are(browser, tmp_path, application):
    shutil.copytree(RELEASE, tmp_path / "digits")
    with jupyter(tmp_path / "digits", tmp_path / "home") as address:
        browser.open(f"{address}/{application}/1_one_layer.ipynb")
        notebook = Notebook(browser.driver)
        notebook.run("tf.disable_v2_behavior()")
        notebook.fill("def prepare_data", UNTRAINED)
        assert "Nothing is drawn yet." in notebook.run("drawing_pad(SimpleNamespace")
        draw(browser, ONE)
        wait(browser.driver, lambda: "Your network says" in browser.run(SAID), "an answer")
        before = browser.run(SEEN)
        keys = Keys.SPACE, *[Keys.ARROW_RIGHT] * 6, *[Keys.ARROW_DOWN] * 3
        ActionChains(browser.driver).send_keys(*keys).perform()
        assert browser.run("return document.activeElement.className") == "dp-canvas"
        assert browser.run(SEEN) != before
