"""The appearance of feedback and report: no overflow, enough contrast, in light, dark and print, wide and narrow."""

import base64
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
AXE_SCRIPT = ROOT / "build" / "axe" / "axe_playwright_python" / "axe.min.js"
"""axe-core, as scripts/setup fetches it for tests in the browser."""
PAGES = ("right", "wrong", "report", "large", "empty")

OVERFLOWING = """
const inside = element => {
  for (let e = element; e; e = e.parentElement)
    if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(e).overflowX)) return true;
  return false;
};
return [...document.body.querySelectorAll("*")].filter(element => {
  const box = element.getBoundingClientRect();
  return box.width > 0 && box.right > innerWidth + 1 && !inside(element);
}).map(element => element.outerHTML.slice(0, 120));
"""

AXE = """
const [part, only, done] = arguments;
axe.run(part, only ? {runOnly: only} : {}).then(found => done(found.violations.flatMap(
  rule => rule.nodes.map(node => `${rule.id}: ${rule.help}: ${node.html.slice(0, 200)}`))));
"""


def complaints(browser, part=None, only=None):
    """What axe-core has to say of a page, or of the parts that a selector names; of all rules, or of those that are named."""
    browser.run(AXE_SCRIPT.read_text(encoding="utf-8"))
    browser.driver.set_script_timeout(600)  # a large class has many cells
    return browser.driver.execute_async_script(AXE, part or "html", only)


@pytest.mark.parametrize("width", [320, 1400])
@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_wider_than_the_window(browser, pages, name, width):
    browser.open(pages[name], width)
    assert browser.run("return document.documentElement.scrollWidth") <= width
    assert browser.run(OVERFLOWING) == []


@pytest.mark.parametrize("name", PAGES)
def test_dark_mode_is_dark_and_light_mode_light(browser, pages, name):
    grey = "return getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)"
    browser.open(pages[name], scheme="light")
    assert min(browser.run(grey)) > 230
    browser.open(pages[name], scheme="dark")
    assert max(browser.run(grey)) < 40


@pytest.mark.parametrize("name", ["right", "wrong", "report"])
def test_print_is_dark_on_white_without_what_only_a_screen_needs(browser, pages, name):
    browser.open(pages[name], 800, "dark", "print")
    assert browser.run("return getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert complaints(browser, only=["color-contrast"]) == []
    hidden = "return [...document.querySelectorAll('.rail, .skip, #controls')].every(e => !e.getClientRects().length)"
    assert browser.run(hidden)
    pdf = browser.driver.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})
    assert base64.b64decode(pdf["data"]).startswith(b"%PDF")


def test_print_opens_what_was_folded(browser, pages):
    browser.open(pages["report"], 800, media="print")
    folded = "return [...document.querySelectorAll('details > :not(summary)')].every(e => e.checkVisibility())"
    assert browser.run(folded)


@pytest.mark.parametrize("name", PAGES)
def test_no_request_leaves_the_page(browser, pages, name):
    browser.open(pages[name])
    assert browser.requests() == []


@pytest.mark.parametrize("name", PAGES)
def test_the_browser_has_nothing_to_complain_of(browser, pages, name):
    browser.open(pages[name])
    assert [entry["message"] for entry in browser.driver.get_log("browser")] == []


def test_outcomes_differ_in_word_and_shape_and_not_in_colour_alone(browser, pages):
    browser.open(pages["wrong"])
    marks = browser.run(
        "return [...document.querySelectorAll('.check .outcome, .verdict header .outcome')]"
        ".map(e => [e.textContent.trim(), e.querySelector('svg').innerHTML])"
    )
    shapes = {}
    for word, shape in marks:
        shapes.setdefault(word, set()).add(shape)
    assert all(len(shape) == 1 for shape in shapes.values())
    # How grave it is has words of its own, and the shape of a check that failed, or failed in part.
    assert shapes.pop("does not work") == shapes["failed"]
    assert shapes.pop("has a mistake") == shapes["partly"]
    assert set(shapes) == {"passed", "failed", "partly", "could not be graded", "waits for a person"}
    assert len(set.union(*shapes.values())) == len(shapes)


def test_pictures_are_drawn_and_have_a_size(browser, pages):
    browser.open(pages["right"])
    drawn = browser.run(
        "return [...document.images].map(e => [e.complete && e.naturalWidth > 0, e.getBoundingClientRect().width > 10])"
    )
    assert len(drawn) > 15
    assert all(all(one) for one in drawn)


def test_a_formula_is_laid_out(browser, pages):
    browser.open(pages["right"])
    fraction = browser.run("return document.querySelector('math[display=block] mfrac').getBoundingClientRect().height")
    assert fraction > 25
    assert "$" not in browser.text


@pytest.mark.parametrize(
    ("scheme", "media", "is_dark"), [("light", "", False), ("dark", "", True), ("dark", "print", False)]
)
def test_the_drawing_of_a_network_is_dark_in_dark_mode_and_on_paper_light(browser, pages, scheme, media, is_dark):
    browser.open(pages["wrong"], 900, scheme, media)
    browser.run("document.querySelectorAll('details').forEach(one => { one.open = true })")
    fills = browser.run(
        "return [...document.querySelectorAll('.drawing rect, .drawing text')].map(e => [e.tagName, getComputedStyle(e).fill])"
    )
    light = {"rect": [], "text": []}
    for tag, fill in fills:
        if fill != "none":
            numbers = [int(number) for number in re.findall(r"\d+", fill)[:3]]
            light[tag].append(sum(numbers) / 3 > 127)
    assert len(light["rect"]) >= 3
    assert set(light["rect"]) == {not is_dark}
    assert set(light["text"]) == {is_dark}


@pytest.mark.parametrize(("width", "scheme"), [(1400, "light"), (1400, "dark"), (400, "dark")])
@pytest.mark.parametrize("name", PAGES)
def test_a_checker_of_accessibility_has_nothing_to_say_with_everything_opened(browser, pages, name, width, scheme):
    browser.open(pages[name], width, scheme)
    browser.run("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert complaints(browser) == []
    assert browser.run("return document.documentElement.scrollWidth") <= width
