"""Formgrader with a class of hundreds: a page of rows at a time, sorted, searched and pressed as nbgrader's own."""

from __future__ import annotations

import json
from urllib.request import Request, urlopen

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser.jupyter import jupyter, wait
from tests.nbgrader.classes import ASSIGNMENT, NOTEBOOKS, WAYS, make_class

pytestmark = pytest.mark.filterwarnings("ignore::sqlalchemy.exc.SAWarning", "ignore::ResourceWarning")
MANY, FEW = 680, 3 * WAYS
CONFIG = """c = get_config()
c.CourseDirectory.course_id = "course"
c.Exchange.root = {exchange!r}
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """Formgrader on a class of 680, and on one of 24 in another course folder below it."""
    root = tmp_path_factory.mktemp("class")
    (root / "exchange").mkdir()
    (root / "exchange").chmod(0o777)
    (root / "source" / ASSIGNMENT).mkdir(parents=True)
    (root / "nbgrader_config.py").write_text(CONFIG.format(exchange=str(root / "exchange")))
    make_class(root, f"sqlite:///{root}/gradebook.db", MANY)
    with jupyter(root, root / "home") as address:
        yield f"{address}/formgrader"


@pytest.fixture
def submissions(browser, address):
    return Listed(browser, f"{address}/manage_submissions/{ASSIGNMENT}", ".student-id")


@pytest.fixture
def notebooks(browser, address):
    return Listed(browser, f"{address}/gradebook/{ASSIGNMENT}/{NOTEBOOKS[0]}", ".name")


class Listed:
    """One of formgrader's lists, open; `key` is the cell by which its rows are told apart."""

    def __init__(self, browser, url, key):
        self.driver, self._url, self._key = browser.driver, url, f"#main-table tr {key}"
        browser.open(url)
        browser.run("sessionStorage.clear()")
        browser.open(url)
        wait(self.driver, self.shown, "rows")

    def shown(self):
        """What tells rows apart, of those that are in the page."""
        return self.driver.execute_script(
            "return [...document.querySelectorAll(arguments[0])].map(one => one.innerText.trim())", self._key
        )

    def row(self, text):
        """The row with a text."""
        found = f"//tbody[@id='main-table']/tr[contains(., '{text}')]"
        return wait(self.driver, lambda: next(iter(self.driver.find_elements(By.XPATH, found)), None), text)

    def sort(self, column):
        """Press the head of a column."""
        self.driver.find_element(By.XPATH, f"//th[.='{column}']").click()

    def search(self, text):
        """Type into the field of the search."""
        field = self.driver.find_element(By.CSS_SELECTOR, "input[type=search]")
        for keys in ((Keys.CONTROL, "a"), (Keys.BACKSPACE,), (text,)):
            field.send_keys(*keys)

    def turn(self, page):
        """Go to a page by its number."""
        self.driver.find_element(By.XPATH, f"//ul[contains(@class, 'pagination')]//a[.='{page}']").click()


def test_rows_are_made_a_page_at_a_time(submissions):
    assert submissions.shown() == [f"s{number:05}" for number in sorted(range(MANY), key=listed)][:100]
    assert "1 to 100 of 680" in submissions.driver.find_element(By.CSS_SELECTOR, ".dataTables_info").text
    submissions.turn(7)
    assert len(submissions.shown()) == 80


def listed(number):
    """The order by name, in which the list opens: the one without a name is None, None."""
    way = number % WAYS
    return ("Last" if way != 1 else "None", way, number)


def test_a_row_says_what_nbgraders_row_says(submissions):
    submissions.search("s00005")
    row = submissions.row("s00005")
    assert row.text.split("\n")[0].startswith("Last 5, First <b>s00005</b> s00005 2026-11-01 10:00:00 UTC graded")
    assert row.find_element(By.CSS_SELECTOR, ".score").text == "12.5 / 34"
    link = row.find_element(By.CSS_SELECTOR, ".student-name a")
    assert link.get_attribute("href").endswith(f"/formgrader/manage_students/s00005/{ASSIGNMENT}")


def test_all_rows_are_sorted_and_searched_not_those_of_the_page(submissions):
    submissions.sort("Student ID")
    submissions.sort("Student ID")
    assert submissions.shown()[:2] == ["s00679", "s00678"]
    submissions.search("needs autograding")
    shown = submissions.shown()
    assert len(shown) == 100
    assert {int(one[1:]) % WAYS for one in shown} == {3, 4, 7}
    submissions.search("s00444")
    assert submissions.shown() == ["s00444"]


def test_who_comes_back_finds_the_page_as_it_was(submissions):
    submissions.turn(2)
    before = submissions.shown()
    submissions.driver.find_element(By.CSS_SELECTOR, "#main-table .student-name a").click()
    wait(submissions.driver, lambda: "manage_students" in submissions.driver.current_url, "the student's page")
    submissions.driver.back()
    assert wait(submissions.driver, submissions.shown, "rows") == before


def test_a_button_answers_and_the_row_is_what_the_submission_is_now(submissions):
    """There is nothing to grade in these notebooks: formgrader says so in its own window, and the row comes back."""
    submissions.search("s00010")
    submissions.row("s00010").find_element(By.CSS_SELECTOR, ".generate-feedback a").click()
    shown = "#success-modal.in, #error-modal.in"
    driver = submissions.driver
    modal = wait(driver, lambda: next(iter(driver.find_elements(By.CSS_SELECTOR, shown)), None), "formgrader's window")
    assert "s00010" in modal.get_attribute("textContent")
    wait(driver, lambda: submissions.shown() == ["s00010"], "the row again")


@pytest.mark.parametrize("list_of", ["submissions", "notebooks"])
def test_a_name_that_is_a_program_is_a_name(list_of, request):
    listed = request.getfixturevalue(list_of)
    listed.search("onerror='window.ran = 1'> s00016")
    assert len(listed.shown()) == 1
    assert listed.driver.execute_script("return window.ran") is None


def test_what_a_submission_has_become_is_what_its_row_is_sorted_and_found_by(submissions, address):
    root_book = json.loads(urlopen(f"{address}/api/submission/{ASSIGNMENT}/s00008").read())  # noqa: S310
    assert root_book["needs_manual_grade"]
    submissions.search("s00008")
    submissions.driver.execute_script(
        "const one = models.get('s00008'); one.set({needs_manual_grade: false, score: 34}); one.trigger('sync', one);"
    )
    assert submissions.row("s00008").find_element(By.CSS_SELECTOR, ".score").text == "34 / 34"
    submissions.search("s00008 graded")
    assert submissions.shown() == ["s00008"]


def test_notebooks_to_be_graded_by_hand_stay_without_a_name_until_asked(notebooks):
    assert notebooks.shown()[:2] == ["Submission #1", "Submission #2"]
    assert len(notebooks.shown()) == 100
    button = notebooks.driver.find_element(By.ID, "toggle_names")
    button.click()
    assert all("Last" in one or one.startswith("s0") for one in notebooks.shown())
    assert button.text == "Hide All Names"
    notebooks.turn(2)
    assert notebooks.shown()[0] == "Submission #101"
    assert button.text == "Show All Names"


def test_notebooks_are_found_by_what_their_marks_mean(notebooks):
    notebooks.search("flagged")
    shown = notebooks.shown()
    assert len(shown) == MANY // WAYS
    notebooks.search("s00001")
    assert len(notebooks.shown()) == 1
    notebooks.search("")
    notebooks.sort("Overall Score")
    notebooks.sort("Overall Score")
    first = notebooks.driver.find_element(By.CSS_SELECTOR, "#main-table tr .score").text
    assert first == "7.5 / 17"


def test_a_small_class_has_nbgraders_own_list(browser, tmp_path):
    (tmp_path / "nbgrader_config.py").write_text(CONFIG.format(exchange=str(tmp_path)))
    make_class(tmp_path, f"sqlite:///{tmp_path}/gradebook.db", FEW)
    with jupyter(tmp_path, tmp_path / "home") as address:
        listed = Listed(browser, f"{address}/formgrader/manage_submissions/{ASSIGNMENT}", ".student-id")
        assert len(listed.shown()) == FEW
        assert not browser.driver.find_elements(By.CSS_SELECTOR, ".pagination")


def test_next_and_previous_lead_through_the_class_in_nbgraders_order(notebooks, browser, address):
    """By the class's own interface: each page is nbgrader's, and what comes next has the next number."""
    first, second = notebooks.driver.find_elements(By.CSS_SELECTOR, "#main-table .name a.name-hidden")[:2]
    ids = [one.get_attribute("href").rpartition("/")[2] for one in (first, second)]
    for here, action, there in ((ids[0], "next", ids[1]), (ids[1], "prev", ids[0])):
        browser.open(f"{address}/submissions/{here}/{action}")
        assert browser.driver.current_url.rstrip("/").endswith(f"/submissions/{there}")
    listed = json.loads(urlopen(f"{address}/api/submitted_notebooks/{ASSIGNMENT}/{NOTEBOOKS[0]}").read())  # noqa: S310
    wrong = sorted({one["id"] for one in listed if one["failed_tests"]} | {ids[0]})
    browser.open(f"{address}/submissions/{ids[0]}/next_incorrect")
    assert browser.driver.current_url.rstrip("/").endswith(wrong[wrong.index(ids[0]) + 1])


def test_who_is_not_known_is_told_nothing_and_the_servers_log_stays_as_it_was_set(tmp_path):
    (tmp_path / "nbgrader_config.py").write_text(CONFIG.format(exchange=str(tmp_path)))
    make_class(tmp_path, f"sqlite:///{tmp_path}/gradebook.db", FEW)
    home, token = tmp_path / "home", "only-a-test"
    options = ("--ServerApp.base_url=/user/x/", "--ServerApp.log_level=DEBUG")
    with jupyter(tmp_path, home, *options, token=token) as server:
        address = f"{server}/user/x/formgrader"
        answers = (
            f"{address}/api/submissions/{ASSIGNMENT}",
            f"{address}/api/submitted_notebooks/{ASSIGNMENT}/{NOTEBOOKS[0]}",
            f"{address}/static/js/manage_submissions.js",
        )
        for answer in answers:
            assert "/login" in urlopen(answer).url  # noqa: S310
        known = [urlopen(Request(one, headers={"Authorization": f"token {token}"})).read() for one in answers]  # noqa: S310
    assert [len(json.loads(one)) for one in known[:2]] == [FEW, FEW * 6 // WAYS]
    assert b"netgraderCourse" in known[2]
    assert "200 GET /user/x/formgrader/static/js/manage_submissions.js" in (home / "server.log").read_text()
