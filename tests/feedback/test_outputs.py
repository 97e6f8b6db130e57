"""Outputs and Markdown of a student's notebook: shown if harmless, up to a reasonable length."""

import base64
import io
from functools import partial

from PIL import Image

from netgrader.catalogue import OF_NO_COURSE
from netgrader.nbgrader_plugin.formgrader_page import safe_outputs
from netgrader.pages import markdown, safe
from netgrader.pages.feedback_outputs import OutputLimits, render_outputs
from netgrader.pages.markdown import formula
from tests.feedback import examples as ex

render_markdown = partial(markdown.render_markdown, prefix="m1-")


def png(width, height):
    """A picture of one colour: as many pixels as you like in a few bytes."""
    stream = io.BytesIO()
    Image.new("1", (width, height)).save(stream, "PNG")
    return base64.b64encode(stream.getvalue()).decode()


PNG = png(2, 2)


def shown(*outputs):
    return "".join(render_outputs(outputs, OF_NO_COURSE))


def test_a_progress_bar_shows_its_last_state():
    html = shown(ex.stream("10%\r50%\r100%\ndone\n"))
    assert "100%\ndone" in html
    assert "50%" not in html


def test_an_error_is_a_sentence_with_the_students_line_and_no_traceback():
    trace = ["\x1b[0;31m---\x1b[0m", "/secret/site-packages/x.py in f()", "\x1b[0;32m----> 3 \x1b[0mmy_line = 1 / 0"]
    html = shown(
        {"output_type": "error", "ename": "ZeroDivisionError", "evalue": "division by zero", "traceback": trace}
    )
    assert "This cell stopped with ZeroDivisionError." in html
    assert "my_line = 1 / 0" in html
    assert "site-packages" not in html


def test_an_error_in_a_library_is_shown_at_the_students_own_innermost_line():
    trace = [
        "InvalidArgumentError                      Traceback (most recent call last)",
        (
            "File /usr/lib/tensorflow/python/client/session.py:1407, in BaseSession._do_call(self, fn, *args)\n"
            "   1406 try:\n-> 1407   return fn(*args)"
        ),
        "Cell In[7], line 9\n      8 net = build()\n----> 9 acc = train(net)",
        "Cell In[5], line 3, in train(net)\n      2 for i in range(9):\n----> 3     sess.run(net.train_op, feed)",
        "File /usr/lib/tensorflow/python/client/session.py:977, in BaseSession.run(self, fetches)\n--> 977 result = go()",
        "InvalidArgumentError: too large",
    ]
    error = {"output_type": "error", "ename": "InvalidArgumentError", "evalue": "too large", "traceback": trace}
    (html,) = render_outputs([error], OF_NO_COURSE)
    assert "<code>sess.run(net.train_op, feed)</code>" in html
    assert "/usr/lib" not in html


def test_endless_output_ends():
    html = shown(*[ex.display(text__plain="x" * 50_000) for _ in range(3 * OutputLimits.MOST_OUTPUTS)])
    assert len(html) < (OutputLimits.MOST_OUTPUTS + 1) * (OutputLimits.LONGEST_TEXT + 200)
    assert "The rest is left out here" in html


def test_a_picture_must_be_what_it_says():
    assert safe.picture("image/png", PNG).startswith("data:image/png;base64,")
    for mime, content in (("image/png", base64.b64encode(b"<svg>").decode()), ("text/html", PNG), ("image/png", "%%")):
        assert safe.picture(mime, content) is None
    assert safe.picture("image/png", base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"0" * 20).decode()) is None
    assert safe.picture("image/png", base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(4_000_000)).decode()) is None


def test_rich_output_is_in_a_frame_that_can_neither_run_nor_load_nor_be_left():
    html = shown(ex.display(text__html='<table><td>0.91</td></table><script>alert(1)</script>"></iframe><b>out</b>'))
    assert html.startswith('<iframe class="rich-output" sandbox ')
    assert html.count("<") == 2  # the frame and its end: all else is text in its srcdoc
    assert "default-src &#39;none&#39;" in html


def test_a_page_made_from_a_saved_notebook_frames_an_output_once():
    (saved,) = safe_outputs([ex.display(text__html="<table><td>0.91 | 0.92</td></table>")])
    html = shown(saved)
    assert html == saved["data"]["text/html"]
    assert html.count("iframe") == 2
    for mimic in (html + "<script>", html.replace("default-src", "x"), html.replace("sandbox", "")):
        assert shown(ex.display(text__html=mimic)).count("&lt;iframe") == 1


def test_ids_in_a_text_cannot_meet_those_of_the_page():
    assert 'id="m1-x"' in render_markdown("<h2 id=x>a</h2>")
    assert 'id="m1-the-data"' in render_markdown("## The data")


def test_formulas_are_mathml_and_those_that_cannot_be_read_are_their_latex():
    assert "<mfrac>" in render_markdown(r"$\frac{1}{2}$")
    assert formula(r"\begin{aligned} a", display=False) == r'<code class="latex">\begin{aligned} a</code>'
    assert "<math" not in formula("x" * 5_000, display=False)


def test_a_formulas_place_holder_cannot_be_written_into_an_attribute():
    html = render_markdown('$a$ <p title=\'<x-math n="0"></x-math>\'>x</p> ![<x-math n="0"></x-math>](x)')
    assert html.count("<math") == 1


def test_hints_tables_and_code_of_the_course_are_shown():
    html = render_markdown(ex.TEXT)
    for piece in ("<details>", "<summary>Hint</summary>", "<table>", "<code>softmax_cross_entropy_with_logits</code>"):
        assert piece in html


def test_links_to_headings_lead_to_the_page_or_nowhere():
    places = {"the data": "part-3"}
    html = render_markdown("[a](#The-data) [b](#Gone)", anchor=lambda heading: places.get(heading.casefold(), ""))
    assert '<a href="#part-3"' in html
    assert "Gone" not in html


def test_a_name_is_one_line_without_marks_that_turn_the_text_around_it():
    assert safe.line("Zoë\n\u202eevil\u202c \x00Ångström") == "Zoë evil Ångström"
    assert len(safe.line("x" * 10_000)) == 300
