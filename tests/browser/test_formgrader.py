"""An instructor's steps in formgrader: autograde by its button, grade an answer by hand, release the feedback."""

import pytest
from nbgrader.api import Gradebook
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.jupyter import jupyter, wait

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning")

LOADED = """
const parts = typeof formgrader === "undefined" ? [] : [formgrader.grades, formgrader.comments];
return parts.length > 0 && parts.every(one => one && one.loaded);
"""


@pytest.fixture
def exchange(booked, tmp_path):
    """The exchange of the tiny course, which any student may read."""
    folder = tmp_path / "exchange"
    folder.mkdir()
    folder.chmod(0o777)
    config = booked.root / "nbgrader_config.py"
    config.write_text(config.read_text() + f"c.Exchange.root = {str(folder)!r}\n")
    return folder


@pytest.fixture
def formgrader(booked, exchange, tmp_path):
    with jupyter(booked.root, tmp_path / "home") as address:
        yield f"{address}/formgrader"


class Submissions:
    """Formgrader's list of submissions."""

    def __init__(self, browser, address, assignment="numbers"):
        self.browser, self.driver = browser, browser.driver
        self.address = f"{address}/manage_submissions/{assignment}"

    def open(self):
        self.browser.open(self.address)
        return self

    def _row(self, student):
        rows = self.driver.find_elements(By.CSS_SELECTOR, "#main-table tr")
        return next((row for row in rows if student in row.text.split()), None)

    def row(self, student):
        """What stands in the row of a student."""

        def read():
            row = self._row(student)
            return row and row.text

        return wait(self.driver, read, f"the row of {student}")

    def press(self, student, button):
        """Press a button in the row of a student; the sentence that formgrader answers with, which is then closed."""

        def click():
            self._row(student).find_element(By.CSS_SELECTOR, f".{button} a").click()
            return True

        self.row(student)
        wait(self.driver, click, f"the button {button}")
        shown = "#success-modal.in, #error-modal.in"
        modal = wait(self.driver, lambda: next(iter(self.driver.find_elements(By.CSS_SELECTOR, shown)), None), button)
        said = wait(self.driver, lambda: modal.get_attribute("textContent"), f"words on {button}")
        self.open()
        return said


def answer(booked, student):
    """The points and the comment that a person gave to the answer."""
    with Gradebook(booked.course.db_url) as gradebook:
        mark = gradebook.find_grade("why", "1_sums", "numbers", student)
        comment = gradebook.find_comment("why", "1_sums", "numbers", student)
        return mark.manual_score, comment.manual_comment


def test_an_instructor_autogrades_grades_by_hand_and_releases_feedback(booked, browser, formgrader, exchange):
    folder = booked.submit("ada", why="Because <b>addition</b> is what it is.").parent
    # What collecting it from the exchange leaves beside it.
    (folder / "timestamp.txt").write_text("2026-11-01 12:00:00.000000 UTC")
    (folder / "submission_secret.txt").write_text("secret")
    booked.submit("bob", add="def add(a, b):\n    return a - b")
    submissions = Submissions(browser, formgrader).open()
    assert "needs autograding" in submissions.row("ada")

    assert "Successfully autograded 'numbers' for student 'ada'." in submissions.press("ada", "autograde")
    assert "needs manual grading" in submissions.row("ada")
    assert "5 / 7" in submissions.row("ada")
    assert "needs autograding" in submissions.row("bob")

    driver = browser.driver
    browser.open(f"{formgrader}/gradebook/numbers/1_sums")
    wait(driver, lambda: driver.find_elements(By.CSS_SELECTOR, "#main-table a"), "the submissions to grade")
    driver.find_element(By.CSS_SELECTOR, "#main-table td a").click()
    mark = wait(driver, lambda: next(iter(driver.find_elements(By.ID, "why")), None), "the mark of the answer")
    read = driver.find_element(By.TAG_NAME, "body").text
    assert "Because addition is what it is." in read
    assert "2 of 2 points" in read
    assert "All sums are right" in read

    wait(driver, lambda: driver.execute_script(LOADED), "the marks given so far")
    for typed, kept in (("5", 2.0), ("-1", 0.0), ("1.5", 1.5)):
        mark.clear()
        mark.send_keys(typed, Keys.TAB)
        wait(driver, lambda kept=kept: answer(booked, "ada")[0] == kept, f"{typed} as {kept} in the gradebook")
    driver.find_element(By.ID, "why-comment").send_keys("Well said. *Why* is it so?", Keys.TAB)
    wait(driver, lambda: answer(booked, "ada")[1], "the comment in the gradebook")

    submissions.open()
    assert "graded" in submissions.row("ada")
    assert "6.5 / 7" in submissions.row("ada")
    assert "Successfully generated feedback" in submissions.press("ada", "generate-feedback")
    assert "Successfully released feedback" in submissions.press("ada", "release-feedback")
    (page,) = (exchange / "tiny" / "feedback").glob("*.html")
    browser.open(page)
    assert "6.5 of 7 points" in browser.text
    assert "Well said. Why is it so?" in browser.text
