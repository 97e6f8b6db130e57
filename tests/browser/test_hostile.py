"""Nothing from a student runs or loads in a page, wherever the payload is placed.

Two defenses stop it, the sanitizer and the content security policy, and each is tested alone. Most payloads succeed on a page
without either, which shows that they work.
"""

import http.server
import re
import threading
from dataclasses import replace

import pytest

from graphread.drawing import NetworkBox
from netgrader import observations as seen
from netgrader.pages.feedback_page import build_page, render_page
from netgrader.pages.graded import Graded, Marks
from netgrader.pages.report_page import build_report, render_report
from netgrader.pages.report_view import ClassView
from netgrader.pages.shell import content_security_policy
from netgrader.results import Observed, Status
from tests.browser import payloads
from tests.feedback import examples as notebooks
from tests.report import examples as classes

POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
RAN = "return [...document.documentElement.attributes].map(a => a.name).filter(n => n.startsWith('data-ran-'))"


class Visits(http.server.BaseHTTPRequestHandler):
    """Notes what is asked for, and answers with what would run."""

    def do_GET(self):
        self.server.visits.append(self.path)
        self.send_response(200)
        self.send_header("Content-Type", "text/javascript" if self.path.endswith(".js") else "text/html")
        self.end_headers()
        self.wfile.write(b"document.documentElement.setAttribute('data-ran-remote','1')")

    do_POST = do_GET  # noqa: N815  (the name that the server calls)

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def server():
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Visits)
    made.visits = []
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


@pytest.fixture
def tried(browser, server, tmp_path):
    """Open a page and say what ran and what was loaded; every link and button on it is tried too."""

    def look(html):
        server.visits.clear()
        path = tmp_path / "page.html"
        path.write_text(html, encoding="utf-8", errors="replace")
        browser.open(path)
        browser.run(
            "document.querySelectorAll('details').forEach(d => { d.open = true });"
            "document.querySelectorAll('.notebook a, .notebook button, #try a, #try button').forEach(e => {"
            "  if (!/^https:/.test(e.getAttribute('href') || '')) {"
            "    e.dispatchEvent(new MouseEvent('mouseover', {bubbles: true})); e.dispatchEvent(new MouseEvent('click',"
            "    {bubbles: true, cancelable: true})); } });"
        )
        # Scripts that a failed picture starts run as tasks of their own; two frames and a task let them.
        browser.driver.set_script_timeout(10)
        browser.driver.execute_async_script(
            "const done = arguments[arguments.length - 1];"
            "requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done, 50)))"
        )
        return {name.removeprefix("data-ran-") for name in browser.run(RAN)}, set(server.visits)

    return look


def feedback(texts, port):
    """A feedback page with each of `texts` in every place where a student has a say."""
    cells, series = [notebooks.markdown("# Title")], []
    checks, images, digits = [], [], []
    attachment = {"evil.svg": {"image/svg+xml": payloads.filled(payloads.DRAWINGS["draw-onload"], "attached", port)}}
    for name, payload in texts.items():
        text = payloads.filled(payload, name, port)
        cells.append({**notebooks.markdown(text), "attachments": attachment})
        cells.append(notebooks.markdown(text, f"answer_{name}", 2, grade=True, solution=True))
        cells.append({"cell_type": "raw", "source": text, "metadata": {}})
        outputs = [
            notebooks.stream(text),
            notebooks.stream(text, "stderr"),
            notebooks.display(text__plain=text, text__html=text),
            notebooks.display(text__plain=text),
            notebooks.display(text__markdown=text),
            notebooks.display(text__latex=text),
            notebooks.display(image__svg__xml=text) | {"data": {"image/svg+xml": text, "text/plain": text}},
            notebooks.display() | {"data": {"image/png": text, "application/javascript": text, "text/plain": text}},
            notebooks.display() | {"data": {"application/vnd.jupyter.widget-view+json": {"model_id": text}}},
            {"output_type": "error", "ename": text, "evalue": text, "traceback": [f"----> 1 {text}"]},
        ]
        cells.append(notebooks.code(text, outputs=outputs))
        checks.append(
            notebooks.failed(
                "test_x", text, notebooks.fault("softmax-before-loss", text, text, text), message=text, hint=text
            )
        )
        images.append(seen.NetworkDrawing((NetworkBox(text, text, (text,)),), (text,), (text,)))
        series.append(seen.Series(text, (1.0, 2.0), (0.5, 0.6)))
        digits.append(seen.Comparison(text, 0.5, 0.6))
    cells.append(notebooks.check_cell("train", 3))
    some = next(iter(texts.items()))
    name = payloads.filled(some[1], some[0], port)
    curves = [seen.Curves(name, name, name, tuple(series[k : k + 5])) for k in range(0, len(series), 5)]
    pictures = seen.Images(name, (name,), ((seen.signed_image([0] * 784),),), (28, 28))
    result = notebooks.result(
        notebooks.cell("train", 3, *checks), status=Status.PARTLY, problem=name, notes=[name], test_accuracy=0.9
    )
    comments = {f"answer_{key}": payloads.filled(value, key, port) for key, value in texts.items()}
    graded = Graded(result, {"check_train": (*images, *curves, *digits, pictures)}, Marks(comments=comments))
    return render_page(build_page(cells, graded, assignment=name, notebook=name, student=name))


def report(texts, port):
    """A report in which each of `texts` is a student's id and name, and what that student's notebook says."""
    students = []
    for name, payload in texts.items():
        text = payloads.filled(payload, name, port)
        graded = classes.one_mistake()
        noticed = (Observed(text, text, text),)
        result = replace(graded.result, status=Status.PARTLY, problem=text, faults=(text,), integrity=noticed)
        students.append(
            replace(
                classes.student(text, replace(graded, result=result), ident=text),
                links={"1_one_layer": "../feedback/x.html"},
            )
        )
    return render_report(build_report(ClassView("digits", (classes.COLUMNS,), tuple(students))))


def test_without_walls_the_attempts_succeed(tried, server):
    assert len(succeeding(tried, server)) > 40


def succeeding(tried, server, head=""):
    """What runs or loads, each on a page of its own: some of them swallow the rest of the page."""
    found = set()
    for name, payload in payloads.MARKUP.items():
        text = payloads.filled(payload, name, server.server_port)
        page = f'<!DOCTYPE html>{head}<title>x</title><main id="try"><p title="{text}">{text}</p></main>'
        found |= {name} if any(tried(page)) else set()
    return found


@pytest.mark.parametrize("walls", ["both", "sanitiser"])
@pytest.mark.parametrize("group", payloads.GROUPS)
def test_nothing_runs_or_loads_on_a_feedback_page(tried, server, group, walls):
    html = feedback(payloads.GROUPS[group], server.server_port)
    if walls == "sanitiser":
        html = POLICY.sub("", html, count=1)
        assert "Content-Security-Policy" not in html.partition("<body")[0]
    assert tried(html) == (set(), set())


@pytest.mark.parametrize("walls", ["both", "sanitiser"])
def test_nothing_runs_or_loads_on_the_report(tried, server, browser, walls):
    html = report(payloads.EVERYTHING, server.server_port)
    if walls == "sanitiser":
        html = POLICY.sub("", html)
    assert tried(html) == (set(), set())
    assert browser.run("return document.querySelectorAll('#class tbody tr').length") == len(payloads.EVERYTHING)


def test_the_policy_alone_holds_what_a_hole_in_the_sanitiser_would_let_through(tried, server):
    """What only leaves when a person follows a link is the sanitiser's to hold off: no policy can."""
    policy = f'<meta http-equiv="Content-Security-Policy" content="{content_security_policy("", "")}">'
    assert succeeding(tried, server, policy) <= {"meta-refresh", "link-ping", "link-prefetch"}


def test_what_is_legitimate_is_still_shown(tried, server, browser):
    cells, graded = notebooks.right_student()
    svg = '<svg viewBox="0 0 90 30" role="img" aria-label="a graph"><circle cx="9" cy="9" r="8" fill="#0072b2"/></svg>'
    table = "<table><tr><th></th><th>accuracy</th></tr><tr><th>1</th><td>0.91</td></tr></table>"
    outputs = [notebooks.display(text__html=svg), notebooks.display(text__html=table)]
    cells.append(notebooks.code("show()", outputs=outputs))
    html = render_page(build_page(cells, graded, assignment="digits", notebook="1", student="Ada"))
    assert tried(html) == (set(), set())
    srcdocs = browser.run("return [...document.querySelectorAll('iframe.rich-output')].map(e => e.srcdoc)")
    assert any("<circle" in one for one in srcdocs)
    frame = browser.driver.find_element("xpath", "//iframe[contains(@srcdoc, 'accuracy</th>')]")
    browser.driver.execute_script("arguments[0].scrollIntoView()", frame)
    browser.driver.switch_to.frame(frame)
    assert browser.driver.find_element("css selector", "td").text == "0.91"
    browser.driver.switch_to.default_content()
