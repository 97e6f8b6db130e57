"""The class report in use: sorted, filtered, opened; and read where no script runs."""

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from tests.browser.test_reading import in_order


def names(browser):
    return browser.run(
        "return [...document.querySelectorAll('#class tbody tr')].filter(e => e.getClientRects().length)"
        ".map(e => e.querySelector('th bdi').textContent)"
    )


def head(browser, text):
    return next(
        button
        for button in browser.driver.find_elements(By.CSS_SELECTOR, "#class thead button")
        if text in button.get_attribute("textContent")
    )


def test_an_instructor_reads_whom_to_look_at_before_the_table(browser, pages):
    browser.open(pages["report"])
    in_order(
        browser.text,
        "8 students, 7 with a submission, 6 graded.",
        "Half of them have 9 points or more of 10; the scores go from 3 to 10.",
        "The commonest mistake, made by 3: The softmax is applied twice",
        "Whom to look at, and why",
        "Chloë",
        "The mark given by hand for what_w1_shows, 3, lies outside 0 to 2: correct it in formgrader.",
        "Femi",
        "is out of the ordinary; networks of this kind stay below 93.2",
        "Nothing handed in: Hana.",
        "What is not graded in full",
        "The file is not a notebook: it is not JSON.",
        "netgrader autograde digits --student goran",
        "Students and cells",
        "Mistakes by frequency",
        "What was noticed while notebooks ran",
        "weights.npz",
    )


def test_the_table_sorts_by_keyboard_and_says_so(browser, pages):
    browser.open(pages["report"])
    assert names(browser)[:2] == ["Ada Lovelace", "<b>Esra</b> & co"]
    assert "A column's heading sorts by it" in browser.text
    button = head(browser, "Total")
    button.send_keys(Keys.ENTER)
    assert names(browser)[:2] == ["Hana", "Goran"]
    sort = "return document.querySelector('#class th[aria-sort]').getAttribute('aria-sort')"
    assert browser.run(sort) == "ascending"
    button.send_keys(Keys.ENTER)
    assert names(browser)[0] in {"Ada Lovelace", "Béla Bartók", "Femi"}
    assert browser.run(sort) == "descending"


def test_the_table_filters_by_name_state_and_mistake(browser, pages):
    browser.open(pages["report"])
    by_name = browser.driver.find_element(By.ID, "by-name")
    by_name.send_keys("béla")
    assert names(browser) == ["Béla Bartók"]
    assert browser.driver.find_element(By.ID, "shown").text == "1 of 8 students shown"
    by_name.send_keys(*[Keys.BACKSPACE] * 4)
    Select(browser.driver.find_element(By.ID, "by-state")).select_by_visible_text("not handed in")
    assert names(browser) == ["Hana"]
    Select(browser.driver.find_element(By.ID, "by-state")).select_by_index(0)
    Select(browser.driver.find_element(By.ID, "by-fault")).select_by_visible_text("same-batch-always")
    assert sorted(names(browser)) == ["<b>Esra</b> & co", "דוד לוי"]


def test_who_made_a_mistake_is_a_click_away(browser, pages):
    browser.open(pages["report"])
    fault = browser.driver.find_element(By.CSS_SELECTOR, ".fault")
    assert "Chloë" not in fault.text
    fault.find_element(By.TAG_NAME, "summary").click()
    assert "Chloë" in fault.text
    assert "1_one_layer, one_layer_network" in fault.text


def test_without_javascript_everything_is_there_but_the_controls(browser, pages):
    browser.open(pages["report"], scripts=False)
    visible = browser.driver.find_element(By.ID, "class").is_displayed()
    controls = browser.driver.find_element(By.ID, "controls").is_displayed()
    rows = len(browser.driver.find_elements(By.CSS_SELECTOR, "#class tbody tr"))
    browser.open("about:blank")
    assert (visible, controls, rows) == (True, False, 8)


def test_a_cell_that_is_an_icon_is_a_word_for_a_screen_reader(browser, pages):
    browser.open(pages["report"])
    words = browser.run(
        "return [...document.querySelectorAll('td.ungradable, td.waiting')].map(e => e.textContent.trim())"
    )
    assert set(words) == {"could not be graded", "waits for a person"}


def test_an_empty_class_is_a_sentence_that_says_what_to_do(browser, pages):
    browser.open(pages["empty"])
    assert "Nobody has handed in anything for digits yet." in browser.text
    assert "netgrader autograde digits" in browser.text
