"""A student's steps in JupyterLab and Notebook 7: open the release, fill in a cell, run its check, fix the fault."""

import shutil
from pathlib import Path

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.jupyter import jupyter, wait
from tests.browser.test_looks import complaints

RELEASE = Path(__file__).parent.parent.parent / "release" / "digits"

# In one line, since an editor indents what is typed.
ANSWER = (
    "x_train, x_test = (images.reshape(-1, 784) / {scale} for images in (x_train_2d, x_test_2d)); "
    "y_train_1_hot, y_test_1_hot = (np.eye(10)[labels] for labels in (y_train, y_test))"
)

READY = ".jp-Notebook-ExecutionIndicator[data-status=idle]"
APPLICATIONS = pytest.mark.parametrize("application", ["lab/tree", "notebooks"])
"""JupyterLab and Notebook 7, by where one server has a notebook."""


@pytest.fixture
def lab(tmp_path):
    folder = tmp_path / "digits"
    shutil.copytree(RELEASE, folder)
    with jupyter(folder, tmp_path / "home") as address:
        yield address


class Notebook:
    """A notebook that is open in JupyterLab or Notebook 7."""

    def __init__(self, driver):
        self.driver = driver
        wait(driver, lambda: driver.find_elements(By.CSS_SELECTOR, READY), "a kernel that is ready")

    def cell(self, text):
        """The code cell with `text` in it."""

        def find():
            cells = self.driver.find_elements(By.CSS_SELECTOR, ".jp-Notebook .jp-CodeCell")
            return next((cell for cell in cells if text in cell.get_attribute("textContent")), None)

        return wait(self.driver, find, f"a cell with {text!r}")

    def fill(self, text, source):
        """Put `source` in place of what stands in the cell with `text`."""
        editor = self._into(self.cell(text))
        editor.send_keys(Keys.CONTROL, "a")
        self.driver.execute_cdp_cmd("Input.insertText", {"text": source})

    def run(self, text):
        """Run the cell with `text`; what it shows once it has ended."""
        cell = self.cell(text)
        prompt = self._prompt(cell)
        self._into(cell).send_keys(Keys.CONTROL, Keys.ENTER)
        wait(self.driver, lambda: self._prompt(cell) not in {prompt, "[*]:"}, f"the end of the cell with {text!r}")
        return cell.find_element(By.CSS_SELECTOR, ".jp-Cell-outputArea").text

    def _into(self, cell):
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", cell)
        cell.find_element(By.CSS_SELECTOR, ".cm-line").click()
        return cell.find_element(By.CSS_SELECTOR, ".cm-content")

    @staticmethod
    def _prompt(cell):
        return cell.find_element(By.CSS_SELECTOR, ".jp-InputPrompt").text


@APPLICATIONS
def test_a_student_fills_in_a_cell_runs_its_check_and_mends_what_it_says(browser, lab, application):
    browser.open(f"{lab}/{application}/1_one_layer.ipynb")
    notebook = Notebook(browser.driver)
    assert "Error" not in notebook.run("tf.disable_v2_behavior()")
    assert "not done yet" in notebook.run('check("prepare_data")')

    notebook.fill("def prepare_data", ANSWER.format(scale=1.0))
    notebook.run("x_train, x_test =")
    said = notebook.run('check("prepare_data")')
    assert "255" in said
    assert "What the network wants to be fed" in said
    assert "Traceback" not in said

    notebook.fill("x_train, x_test =", ANSWER.format(scale=255.0))
    notebook.run("x_train, x_test =")
    said = notebook.run('check("prepare_data")')
    assert "passed" in said
    assert "failed" not in said


SHOWN = """
from netgrader.faults import fault
from netgrader.results import CheckResult, Outcome, Visibility
from netgrader.student.answer import Answer
def verdict(kind, *faults):
    told = {"faults": faults, "message": "Found 1.", "findings": tuple(map(fault, faults))}
    return CheckResult(f"{kind} {faults}", f"A check that {kind}", Visibility.PUBLIC, kind, 0, 1, **told)
wrong = verdict(Outcome.FAILED, "wrong-width"), verdict(Outcome.PARTIAL, "missing-bias"), verdict(Outcome.PARTIAL, "wrong-width")
Answer("train", (verdict(Outcome.PASSED), *wrong, verdict(Outcome.UNGRADABLE)), printed="A line.").show()
with tf.Graph().as_default() as graph, tf.Session() as sess:
    X = tf.placeholder(tf.float32, [None, 784])
    logits = tf.matmul(X, tf.get_variable("W", [784, 10]))
    sess.run(tf.global_variables_initializer())
    drawing_pad(SimpleNamespace(graph=graph, X=X, logits=logits), sess)
"""
OURS = ".jp-OutputArea-output [role=status], .jp-OutputArea-output .widget, .jp-OutputArea .jp-RenderedMarkdown"
TEXTS = "return [...document.querySelectorAll(arguments[0])].map(one => one.innerText).join(' ')"


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_verdicts_hints_and_the_pad_stand_out_from_what_is_behind_them(browser, tmp_path, theme):
    shutil.copytree(RELEASE, tmp_path / "digits")
    with jupyter(tmp_path / "digits", tmp_path / "home", theme=theme) as address:
        browser.open(f"{address}/lab/tree/1_one_layer.ipynb")
        notebook = Notebook(browser.driver)
        assert browser.run("return document.body.dataset.jpThemeName") == theme
        notebook.run("tf.disable_v2_behavior()")
        notebook.fill("def prepare_data", SHOWN)
        assert "Traceback" not in notebook.run("def verdict")
        texts = browser.run(TEXTS, OURS)
        shown = ("passed", "partly", "not yet", "could not be", "waits", "Hint", "Clear")
        assert [word for word in shown if word not in texts] == []
        assert complaints(browser, OURS, ["color-contrast"]) == []
