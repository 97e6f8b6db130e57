"""The class report in use: sorted and expanded; and read without scripts."""

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

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


def test_an_instructor_reads_what_waits_before_checks_and_table(browser, pages):
    browser.open(pages["report"])
    pieces = ("8 students, 7 with a submission, 6 graded.", "What waits for you", "weights.npz", "is unusual;")
    command = "netgrader autograde digits --student goran --only ungradable"
    in_order(browser.text, *pieces, command, "Checks and mistakes", "3 of 6", "Students", "not handed in")


def test_the_table_sorts_by_keyboard_and_says_so(browser, pages):
    browser.open(pages["report"])
    assert names(browser)[:2] == ["<b>Esra</b> & co", "Ada Lovelace"]
    assert "Click a heading to sort" in browser.text
    button = head(browser, "Total")
    button.send_keys(Keys.ENTER)
    assert names(browser)[:2] == ["Hana", "Goran"]
    sort = "return document.querySelector('#class th[aria-sort]').getAttribute('aria-sort')"
    assert browser.run(sort) == "ascending"
    button.send_keys(Keys.ENTER)
    assert names(browser)[0] in {"Ada Lovelace", "Béla Bartók", "Femi"}
    assert browser.run(sort) == "descending"


def test_who_made_a_mistake_is_a_click_away(browser, pages):
    browser.open(pages["report"])
    check = browser.driver.find_elements(By.CSS_SELECTOR, ".check-row")[1]
    assert "Chloë" not in check.text
    check.find_element(By.TAG_NAME, "summary").click()
    assert "Chloë" in check.text
    assert "1_one_layer, one_layer_network" in check.text


def test_without_javascript_everything_is_there_but_the_controls(browser, pages):
    browser.open(pages["report"], scripts=False)
    visible = browser.driver.find_element(By.ID, "class").is_displayed()
    controls = browser.driver.find_element(By.ID, "controls").is_displayed()
    rows = len(browser.driver.find_elements(By.CSS_SELECTOR, "#class tbody tr"))
    browser.open("about:blank")
    assert (visible, controls, rows) == (True, False, 8)
