"""The reading order of pages; keyboard and screen reader suffice."""

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.feedback import examples as notebooks


def in_order(text, *pieces):
    place = 0
    for piece in pieces:
        found = text.find(piece, place)
        assert found >= 0, f"{piece!r} does not stand after what comes before it"
        place = found + len(piece)


def accessible(browser):
    """(role, name) of all that a screen reader is told, in order."""
    browser.driver.execute_cdp_cmd("Accessibility.enable", {})
    nodes = browser.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    return [
        (node["role"]["value"], node.get("name", {}).get("value", ""), node)
        for node in nodes
        if not node.get("ignored")
    ]


def test_a_student_with_mistakes_reads_what_does_not_work_then_points_then_what_to_do_then_why(browser, pages):
    browser.open(pages["wrong"])
    in_order(
        browser.text,
        "A network with one layer",
        "Part of this notebook could not be graded.",
        "train does not work.",
        "one_layer_network has a mistake.",
        "3 of 8 points",
        "0.5 points were taken off for handing in late.",
        "What to do next",
        "Your code",
        "Found a loss of 1.51 on a right answer; expected less than 0.01.",
        "Why it matters",
        "Where to read",
        "Your network, as the grader reads it from the graph",
        "This cell stopped with NameError.",
    )


def test_a_student_who_did_everything_right_sees_something_worth_reading(browser, pages):
    browser.open(pages["right"])
    pieces = ("10 of 10 points", "Nothing is left to fix.", "Accuracy after each epoch", "735 of 10,000", "Well seen.")
    in_order(browser.text, *pieces)


def test_hidden_tests_show_their_sentence_and_nothing_else(browser, pages):
    browser.open(pages["wrong"])
    html = browser.driver.page_source
    assert "The optimizer is Adam, at the rate that was asked for" in browser.text
    for secret in ("test_rate", "test_one_layer", "Traceback", ".py::"):
        assert secret not in html


def test_the_link_of_a_mistake_leads_to_its_section(browser, pages):
    browser.open(pages["wrong"])
    link = browser.driver.find_element(By.LINK_TEXT, f"Notebook 1, {notebooks.SECTION}")
    link.click()
    shown = "return document.querySelector(location.hash).innerText.trim().split('\\n')[0]"
    assert browser.run(shown) == notebooks.SECTION
    assert 0 <= browser.run("return document.querySelector(location.hash).getBoundingClientRect().top") < 300


@pytest.mark.parametrize("name", ["right", "wrong", "report"])
def test_every_link_into_the_page_leads_somewhere(browser, pages, name):
    browser.open(pages[name])
    lost = browser.run(
        "return [...document.querySelectorAll('a[href^=\"#\"]')].map(a => a.getAttribute('href'))"
        ".filter(href => !document.querySelector(href))"
    )
    assert lost == []
    doubled = browser.run(
        "const ids = [...document.querySelectorAll('[id]')].map(e => e.id);"
        "return ids.filter((id, k) => ids.indexOf(id) !== k)"
    )
    assert doubled == []


def test_a_screen_reader_is_told_outcomes_in_words_and_charts_in_numbers(browser, pages):
    browser.open(pages["right"])
    said = [name for _, name, _ in accessible(browser)]
    assert "passed: " in " ".join(said)
    chart = next(name for role, name, _ in accessible(browser) if role in {"image", "img"} and "training" in name)
    assert "test: 92.65" in chart
    in_words = browser.run("return [...document.querySelectorAll('details.layers li')].map(e => e.textContent)")
    assert any(said.startswith("test: 1: 90.9") for said in in_words)
    assert any("a 5 that the network takes for a 6" in name for name in said)


def test_the_first_key_offers_to_skip_to_the_notebook(browser, pages):
    browser.open(pages["right"])
    browser.driver.find_element(By.TAG_NAME, "body").send_keys(Keys.TAB)
    skip = browser.driver.switch_to.active_element
    assert skip.text == "Skip to the notebook"
    assert skip.rect["y"] >= 0
    skip.send_keys(Keys.ENTER)
    assert browser.run("return document.activeElement.id") == "notebook"


def test_a_focused_element_shows_that_it_is(browser, pages):
    browser.open(pages["right"])
    body = browser.driver.find_element(By.TAG_NAME, "body")
    body.send_keys(Keys.TAB, Keys.TAB)
    assert browser.run("return getComputedStyle(document.activeElement).outlineStyle") == "solid"
