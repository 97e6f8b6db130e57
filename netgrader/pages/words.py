"""Every sentence and word that the pages say themselves: the one place to change or translate them.

The sentences of checks are the docstrings of the tests, those of faults stand in `netgrader.faults`, and those around
what was found in `netgrader.checks.wording`. Braces hold what is put in.
"""

from __future__ import annotations

from netgrader.results import Outcome

LANGUAGE = "en"

# Outcomes
OUTCOMES = {
    Outcome.PASSED: "passed",
    Outcome.PARTIAL: "partly",
    Outcome.FAILED: "failed",
    Outcome.UNGRADABLE: "could not be graded",
}
WAITING = "waits for a person"
BY_HAND = "read by a person"

# Charts
LINE_IN_WORDS = "{name}: from {first} to {last}, highest {highest} at {axis} {at}, lowest {lowest} at {axis} {at_lowest}"
LINE_EMPTY = "{name}: no values"
NUMBERS = "The numbers"

# Feedback: frame
FEEDBACK = "Feedback"
FEEDBACK_TITLE = "{notebook}: feedback for {student}"
FOR = "for"
SKIP = "Skip to the notebook"
CONTENTS = "On this page"
TOP = "Back to the top"
NOTEBOOK = "Your notebook"
FOOTER = (
    "Your notebook was run again and judged from what it built: networks, weights and arrays, not from what it printed. "
    "Drawings and numbers in the boxes are the grader’s own; the rest of the page is the notebook you handed in."
)

# Feedback: summary
POINTS_OF = "{points} of {most} points"
POINTS_ALTOGETHER = "{points} of {most}"
POINTS = "points"
POINTS_HEAD = "Points"
POINTS_WAITING = "{most} more points wait for a person to read your answer."
POINTS_WAITING_MANY = "{most} more points wait for a person to read your answers."
LATE = "{penalty} points were taken off for handing in late."
TASK = "Task"
RESULT = "Result"
GLANCE = "At a glance"
NEXT = "What to do next"
NEXT_LEAD = "The order is the one in which it pays to work."
NEXT_UP_TO = "up to {points} points"
NEXT_NONE = "Nothing is missing."
NEXT_NONE_LEAD = (
    "Every check passed. What your network does, and what it still gets wrong, is drawn beside the checks below: have a "
    "look at it, it is what the next notebook starts from."
)
NEXT_AGAIN = "This could not be graded; your points elsewhere are kept."
NETWORK = "Your network"
ACCURACY_RECOMPUTED = "Accuracy on all {total} test images, recomputed"
ACCURACY_ONE = "Your network gets {accuracy} of the test images right, as we recomputed it."
TARGET = {
    "yes": "The target is met.",
    "within-chance": "The target is met, as far as chance lets anyone tell.",
    "no": "The target is not met yet.",
}
PROBLEM = "This notebook could not be graded."
PROBLEM_PARTLY = "Part of this notebook could not be graded."
PROBLEM_PARTLY_MORE = "It scores nothing there for now, and your instructor has been told. All other points are kept."
OUT_OF_RANGE = "The mark given by hand, {points}, lies outside 0 to {most}. Please tell your instructor."

# Feedback: a check cell
CHECK = "Check"
ANSWER = "Your answer"
MARK_BY_HAND = "Mark"
FOUND = "What was found"
WHY = "Why it matters"
WHERE = "Where to read"
HINT = "Hint"
HIDDEN = "checked only when grading"
CREDIT_PARTLY = "This earned {share} of its credit."
REMARKS = "Remark, costs nothing"
COMMENT = "From your instructor"
NOT_GRADED = "This cell has not been graded."
CHANGED_BY_HAND = "Your instructor changed the mark by hand: {points} instead of {auto}."

# Feedback: the notebook
YOUR_CODE = "Your code"
OUTPUT = "Output"
LOG = "Messages"
NO_ANSWER = "There is no answer here."
STOPPED = "This cell stopped with {kind}."
STOPPED_AT = "It happened here:"
NOT_SHOWN = "What this cell shows cannot be shown on this page."
SHORTENED = "The rest is left out here; it is in your notebook."
CODE_OF = "Code of the cell {number}"

# Pictures
NETWORK_CAPTION = "Your network, as the grader reads it from the graph"
NETWORK_MARKED = "Marked in the drawing"
NETWORK_LAYERS = "Layer by layer"
CLAIMED = "you reported"
RECOMPUTED = "we recomputed"
CLAIM_AGREES = "The two agree."
CLAIM_DIFFERS = "The two differ by {difference} percentage points."
DIGITS_CAPTION = "{wrong} of {total} test images are not recognised yet. Some of them:"
DIGITS_ALL = "{wrong} of {total} test images are not recognised yet:"
DIGIT_ALT = "test image {index}, a {true} that the network takes for a {found}"
DIGIT_FOUND = "found"
DIGIT_TRUE = "is"
SWEEP_CAPTION = "Test accuracy over the learning rate"
SWEEP_FOUND = "your sweep"
SWEEP_RECOMPUTED = "trained again by us"
SWEEP_BEST = "The line marks {rate}, the rate that you chose."
RATE = "learning rate"
ACCURACY = "test accuracy"
ROWS_TIMES = "times in one epoch"
ROWS = "training rows"
ROWS_NOTE = "{rows} rows seen {times} times"
SIGNED = "Blue is less than zero, pale is zero, orange is more."

# Report: frame
REPORT = "Class report"
REPORT_TITLE = "{assignment}: class report"
EMPTY = "Nobody has handed in anything for {assignment} yet. Put submissions into {folder} and grade them."
NOT_GRADED_YET = "{students} students, none graded yet. Grade them with: {command}"
SKIP_REPORT = "Skip to the table"
SUMMARY = "In short"
