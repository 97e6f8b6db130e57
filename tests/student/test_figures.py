"""show_figure: a Matplotlib figure with words for who cannot see it."""

import base64
import re

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from netgrader.student.notebook_cells import show_figure


@pytest.fixture
def shown():
    InteractiveShell.instance()
    mpl.use("agg")
    plt.close("all")  # what other tests of this process drew
    figure, axes = plt.subplots(figsize=(2, 1))
    axes.plot([0, 1])
    with capture_output() as captured:
        show_figure(figure, alt='A "line" from 0 & up')
    yield captured.outputs
    InteractiveShell.clear_instance()


def test_the_picture_carries_its_words(shown):
    (output,) = shown
    assert 'alt="A &quot;line&quot; from 0 &amp; up"' in output.data["text/html"]
    assert output.data["text/plain"] == 'A "line" from 0 & up'


def test_the_picture_is_a_png_inside_the_page(shown):
    found = re.search(r'src="data:image/png;base64,([^"]+)"', shown[0].data["text/html"])
    assert base64.b64decode(found[1]).startswith(b"\x89PNG")


def test_the_figure_is_closed_so_that_it_is_not_shown_twice(shown):
    assert plt.get_fignums() == []
