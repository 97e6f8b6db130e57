"""show_figure: a Matplotlib figure with alt text."""

import base64
import re

import matplotlib as mpl
import matplotlib.pyplot as plt
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from netgrader.student.notebook_cells import show_figure


def test_a_figure_is_shown_once_as_a_png_inside_the_page_with_its_words():
    InteractiveShell.instance()
    mpl.use("agg")
    plt.close("all")  # what other tests of this process drew
    figure, axes = plt.subplots(figsize=(2, 1))
    axes.plot([0, 1])
    with capture_output() as captured:
        show_figure(figure, alt='A "line" from 0 & up')
    InteractiveShell.clear_instance()
    (output,) = captured.outputs
    assert 'alt="A &quot;line&quot; from 0 &amp; up"' in output.data["text/html"]
    assert output.data["text/plain"] == 'A "line" from 0 & up'
    found = re.search(r'src="data:image/png;base64,([^"]+)"', output.data["text/html"])
    assert base64.b64decode(found[1]).startswith(b"\x89PNG")
    assert plt.get_fignums() == []
