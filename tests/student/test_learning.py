"""The valley and the film of stencils: what they say and weigh, and what is there without a script."""

from __future__ import annotations

import base64
import io
import json
import re

import msgspec
import numpy as np
import pytest
from PIL import Image

from netgrader.pages.safe import clean_html
from netgrader.student.learning import RATES, SEEN_AT, STEPS, Film, film_output, valley_output, walk
from tests.datasets import DIGITS

MOST_BYTES = 300_000
EPOCH = 938


def film(steps=None, spread=1.0):
    steps = [*sorted(step for step in SEEN_AT if step < EPOCH), EPOCH] if steps is None else steps
    random = np.random.default_rng(1)
    weights = [spread * random.standard_normal((784, 10)) for _ in steps]
    return Film(list(steps), weights, [0.1 + 0.8 * at / len(steps) for at in range(len(steps))])


def told(output):
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', output["text/html"], re.DOTALL)[1])


@pytest.fixture(scope="module", params=["valley", "film"])
def output(request):
    return valley_output() if request.param == "valley" else film_output(film(), DIGITS)


def test_an_output_with_its_pictures_weighs_less_than_300_kb(output):
    assert sum(len(content.encode()) for content in output.values()) < MOST_BYTES


def test_where_no_script_runs_there_is_a_picture_that_says_what_it_shows(output):
    cleaned = clean_html(output["text/html"], "x-")
    assert re.findall(r"<img [^>]*>", cleaned)
    assert output["text/plain"] in re.search(r'alt="([^"]*)"', cleaned)[1]
    assert "script" not in cleaned
    assert "function" not in cleaned
    assert '"words"' not in cleaned
    with Image.open(io.BytesIO(base64.b64decode(output["image/png"]))) as picture:
        assert picture.format == "PNG"
        assert picture.width > 500


def test_nothing_is_loaded_from_anywhere(output):
    assert not re.search(r'(src|href)="(?!data:)|url\(|@import|fetch\(|XMLHttp|import\(', output["text/html"])


def test_the_walk_is_gradient_descent_on_a_square():
    for rate in np.arange(RATES[0], RATES[1], RATES[2]):
        np.testing.assert_allclose(walk(rate), -((1 - 2 * rate) ** np.arange(STEPS + 1)), rtol=1e-9, atol=1e-15)


def test_weights_are_shown_as_they_are_up_to_the_strongest_colour():
    shown = film(spread=0.01)
    data = told(film_output(shown, DIGITS))
    frames = np.stack([np.frombuffer(base64.b64decode(frame), np.int8) for frame in data["frames"]])
    strongest = np.quantile(np.abs(shown.weights[-1]), 0.95)
    expected = np.clip(np.stack(shown.weights) / strongest, -1, 1).swapaxes(1, 2).reshape(len(frames), -1)
    assert np.abs(frames / 127 - expected).max() <= 0.51 / 127
    assert (data["height"], data["width"], data["steps"]) == (28, 28, shown.steps)
    assert len(data["frames"]) == len(data["right"]) == len(data["steps"])


@pytest.mark.parametrize("steps", [[0, 1], [0, 1, 2, 3, 5, 7, 10, 12]])
def test_of_a_short_training_there_are_pictures_too(steps):
    output = film_output(film(steps), DIGITS)
    assert f"step {steps[-1]}: " in output["text/plain"]
    assert told(output)["steps"] == steps


def test_of_many_steps_no_more_are_shown_than_an_output_has_room_for_and_the_last_is_among_them():
    shown = film(sorted(SEEN_AT)[:30])
    data = told(film_output(shown, DIGITS))
    assert len(data["steps"]) == len(data["frames"]) == len(data["right"]) == 17
    assert (data["steps"][0], data["steps"][-1]) == (0, shown.steps[-1])


def test_weights_that_are_all_zero_are_pictures_of_nothing():
    data = told(film_output(film(spread=0.0), DIGITS))
    assert not any(np.frombuffer(base64.b64decode(frame), np.int8).any() for frame in data["frames"])


def test_no_name_of_a_class_ends_the_data():
    spec = msgspec.structs.replace(DIGITS, names=("</script><b>0", "<!--1", '"', *DIGITS.names[3:]))
    html = film_output(film([0, 1]), spec)["text/html"]
    assert html.count("</script>") == 2
    assert "<!--" not in html
    assert told({"text/html": html})["names"][:3] == ["</script><b>0", "<!--1", '"']
