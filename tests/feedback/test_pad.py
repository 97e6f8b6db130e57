"""The drawing pad on a feedback page: weights as data, our script by its hash, nothing else; and a reason if there is none."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
import re
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from graphread.plain_network import PlainNetwork, plain_layer
from netgrader import drawing_pad
from netgrader import observations as seen
from netgrader.drawing_pad import PadFrame, can_be_drawn, frame_of, pad_html
from netgrader.pages.feedback_figures import PageData
from netgrader.pages.feedback_page import build_page, render_page
from tests.datasets import DIGITS
from tests.feedback import examples as notebooks

FRAME = PadFrame(28, 28, (20.0, 20.0), (14.5, 14.5))


def random_network(*widths: int, seed: int = 1) -> PlainNetwork:
    random = np.random.default_rng(seed)
    tables = [
        (random.standard_normal(sizes) / sizes[0] ** 0.5, random.standard_normal(sizes[1]))
        for sizes in itertools.pairwise(widths)
    ]
    last = len(tables) - 1
    return PlainNetwork(
        tuple(plain_layer(table, "none" if number == last else "relu") for number, table in enumerate(tables)), 0.995
    )


def page_with(*pads: seen.Pad, spec=DIGITS) -> str:
    cells, graded = notebooks.right_student()
    graded = replace(graded, observations={**graded.observations, "check_train": pads})
    about = {"assignment": "digits", "notebook": notebooks.NOTEBOOK, "student": "Zoë"}
    return render_page(build_page(cells, graded, data=PageData(spec), **about))


def told(html: str) -> dict:
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', html, re.DOTALL)[1])


def test_the_policy_allows_our_script_alone_and_no_page_without_a_pad_has_one():
    page = page_with(seen.Pad(random_network(784, 10), FRAME, 200))
    scripts = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert scripts == [drawing_pad.script()]
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page)[1].replace("&#39;", "'")
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in policy
    assert "unsafe" not in policy
    assert policy.startswith("default-src 'none'")
    assert not re.search(r"\son\w+=|\sstyle=", page)
    without = page_with()
    assert "<script" not in without
    assert "script-src &#39;none&#39;" in without
    assert "draw-pad" not in without


def test_the_weights_stand_in_the_page_as_they_are():
    network = random_network(784, 30, 10)
    page = page_with(seen.Pad(network, FRAME, 200))
    data = told(page)
    layers = msgspec.convert(data["layers"], tuple[type(network.layers[0]), ...])
    assert layers == network.layers
    assert data["frame"] == {"height": 28, "width": 28, "box": [20.0, 20.0], "centre": [14.5, 14.5]}
    assert data["names"] == list(DIGITS.names)
    assert "On 199 of 200 test images" in data["words"]["exact"]


def test_no_name_of_a_class_ends_the_data():
    spec = msgspec.structs.replace(DIGITS, names=("</script><b>0", "<!--1", "\u2028", *DIGITS.names[3:]))
    html = pad_html(random_network(784, 10), FRAME, spec, 200, str)
    assert html.count("</script>") == 1
    assert "<!--" not in html
    assert told(html)["names"][:3] == ["</script><b>0", "<!--1", "\u2028"]


@pytest.mark.parametrize(
    ("changed", "drawn"),
    [
        ({}, True),
        ({"shape": (30, 20), "input_shape": ()}, True),
        ({"shape": (28, 28, 1)}, True),
        ({"shape": (28, 28, 3)}, False),
        ({"shape": (784,)}, False),
        ({"scaling": "standard", "learned": None, "shape": (784,)}, False),
        ({"classes": 0, "names": (), "learned": None, "worthless": None}, False),
    ],
)
def test_only_grey_images_of_classes_are_drawn(changed, drawn):
    if changed.get("shape") == (784,):
        changed = {**changed, "learned": None}
    if "scaling" in changed:
        parts = {part: msgspec.structs.replace(getattr(DIGITS, part), rows=1_000) for part in ("train", "test")}
        changed = {**changed, **parts}
    assert can_be_drawn(msgspec.structs.replace(DIGITS, **changed)) is drawn


def test_drawings_are_made_like_the_courses_own_images():
    images = np.zeros((40, 30, 20), np.uint8)
    images[:, 4:24, 5:15] = 90
    assert frame_of(images, 99) == PadFrame(30, 20, (20.0, 10.0), (14.0, 10.0))
    assert frame_of(images[..., None], 99) == frame_of(images, 99)
    assert frame_of(np.zeros((3, 30, 20), np.uint8), 99) == PadFrame(30, 20, (30.0, 20.0), (15.0, 10.0))
