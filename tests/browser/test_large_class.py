"""A class of thousands: the page has rows for a screenful of it, and finds, sorts and shows all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from selenium.webdriver.common.by import By

from netgrader.pages.report_page import build_report, render_report
from netgrader.pages.report_view import ClassView
from tests.report import examples as ex

STUDENTS = 3_000


@pytest.fixture
def page(browser, tmp_path):
    base = ex.eight_students()
    students = tuple(
        replace(base.students[number % 8], student=f"s{number:05}", name=f"Student {number:05}")
        for number in range(STUDENTS)
    )
    path = tmp_path / "report.html"
    path.write_text(render_report(build_report(ClassView(base.assignment, base.notebooks, students))), encoding="utf-8")
    browser.open(path)
    return browser.driver


def names(page):
    return [one.text for one in page.find_elements(By.CSS_SELECTOR, "#class tbody th bdi")]


def test_rows_beyond_the_first_are_found_sorted_and_shown(page):
    first = names(page)
    assert len(first) == 300
    assert first[0] == "Student 00000"
    assert page.execute_script("return document.querySelectorAll('*').length") < 40_000
    more = page.find_element(By.ID, "more")
    assert more.text == "Show 300 more"
    more.click()
    assert len(names(page)) == 600
    page.find_element(By.ID, "by-name").send_keys("02999")
    assert names(page) == ["Student 02999"]
    assert page.find_element(By.ID, "shown").text.startswith("1 of 3000")
    assert not more.is_displayed()
    page.find_element(By.ID, "by-name").clear()
    page.find_element(By.ID, "by-name").send_keys(" ")
    student = page.find_element(By.CSS_SELECTOR, "#class th[data-column='0'] button")
    student.click()
    student.click()
    assert names(page)[0] == "Student 02999"
