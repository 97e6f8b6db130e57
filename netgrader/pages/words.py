"""Every sentence and word that the pages say themselves: the one place to change or translate them.

The sentences of checks are the docstrings of the tests, those of faults stand in `netgrader.faults`, and those around
what was found in `netgrader.checks.wording`. Braces hold what is put in.
"""

from __future__ import annotations

from netgrader.faults import Severity
from netgrader.results import Outcome

LANGUAGE = "en"


def counted(forms: tuple[str, str], number: int, **more: object) -> str:
    """A sentence in the form that `number` asks for: the first for one, the second for any other."""
    return forms[number != 1].format(number=f"{number:,}", **more)


# Outcomes
OUTCOMES = {
    Outcome.PASSED: "passed",
    Outcome.PARTIAL: "partly",
    Outcome.FAILED: "failed",
    Outcome.UNGRADABLE: "could not be graded",
}
SEVERITIES = {
    Severity.FATAL: "does not work",
    Severity.SERIOUS: "not as it should be",
    Severity.SLIGHT: "nearly right",
}
CAUSES = {Severity.FATAL: "does not work", Severity.SERIOUS: "is not as it should be"}
WAITING = "waits for a person"
BY_HAND = "read by a person"
UNANSWERED = "not answered"
READ_AGAIN = "Something changed since this mark was given; a person will look at it again."

# Charts
LINE_IN_WORDS = (
    "{name}: from {first} to {last}, highest {highest} at {axis} {at}, lowest {lowest} at {axis} {at_lowest}"
)
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
NOTEBOOK_LEAD = "What you wrote, and what was found. What came with the notebook is folded: open it where you need it."
FOOTER = (
    "Your notebook was run again and judged from what it built: networks, weights and arrays, not from what it "
    "printed. Drawings and numbers in the boxes are the grader’s own; the rest of the page is the notebook that you "
    "handed in."
)
FOOTER_NOT_RUN = "Nothing of this notebook could be judged, so it has no points yet; that is no verdict on your work."

# Feedback: summary
POINTS_OF = "{points} of {most} points"
POINTS_ALTOGETHER = "{points} of {most}"
POINTS = "points"
POINTS_HEAD = "Points"
POINTS_WAITING = (
    "{most} more points wait for a person to read your answer.",
    "{most} more points wait for a person to read your {number} answers.",
)
LATE = "{penalty} points were taken off for handing in late."
TASK = "Task"
RESULT = "Result"
GLANCE = "At a glance"
NEXT = "What to do next"
NEXT_LEAD = "The gravest first. What follows from it is gone once it is mended."
NEXT_UP_TO = ("up to {points} point", "up to {points} points")
NEXT_NONE = "Nothing is left to mend."
NEXT_NONE_LEAD = (
    "Every check passed. What your network does, and what it still gets wrong, is drawn beside the checks below: "
    "have a look at it."
)
NEXT_MEND = (
    "Mend what the sentence above says and hand your notebook in again, or ask your instructor. It scores nothing only as "
    "long as it cannot be read."
)
NEXT_ANSWER = "Write an answer: what stands there is still the text that the notebook came with."
NEXT_CHANGED = "Your instructor changed this mark by hand: ask why, if no comment says so."
NEXT_MORE = ("One more mistake stands in this cell.", "{number} more mistakes stand in this cell.")
NEXT_AGAIN = "This could not be graded; your points elsewhere are kept."
NETWORK = "Your network"
ACCURACY_ONE = "Your network gets {accuracy} of the test images right, as we recomputed it."
TARGET = {
    "yes": "The target is met.",
    "within-chance": "The target is met, as far as chance lets anyone tell.",
    "no": "The target is not met yet.",
}
PROBLEM = "This notebook could not be graded."
PROBLEM_PARTLY = "Part of this notebook could not be graded."
PROBLEM_PARTLY_MORE = (
    "It scores nothing there for now, and your instructor sees it in the report. All other points are kept."
)
OUT_OF_RANGE = "The mark given by hand, {points}, lies outside 0 to {most}. Please tell your instructor."
LEFT_OUT = "The mark given by hand, {mark}, is no number of points and counts for nothing. Please tell your instructor."
EXTRA = "Extra credit from your instructor is counted in: {points}."
IN_CELL = "{cell}: {note}"

# Feedback: a check cell
CHECK = "Check"
FOLLOWING_CHECKS = (
    "{number} check follows from this and costs nothing more",
    "{number} checks follow from this and cost nothing more",
)
WAITING_CHECKS = ("{number} check waits for these to pass first", "{number} checks wait for these to pass first")
PASSED_CHECKS = ("{number} check passed", "{number} checks passed")
ANSWER = "Your answer"
MARK_BY_HAND = "Mark"
FOUND = "What was found"
WHY = "Why it matters"
WHERE = "Where to read"
HINT = "Hint"
HIDDEN = "checked only when grading"
COSTS = {
    Severity.FATAL: "Fatal: what was asked for does not work. The cell keeps three tenths of its points at most.",
    Severity.SERIOUS: (
        "Serious: it works worse than it should, or is not what was asked for. The cell keeps six tenths of its points at most."
    ),
    Severity.SLIGHT: "Slight: it costs a tenth of the cell’s points.",
}
CREDIT_PARTLY = "This earned {share} of its credit."
REMARKS = "Remark, costs nothing"
COMMENT = "From your instructor"
NOT_GRADED = "This cell has not been graded."
CHANGED_BY_HAND = "Your instructor changed the mark by hand: {points} instead of {auto}."

# Feedback: the notebook
YOUR_CODE = "Your code"
OUTPUT = "Output"
LOG = "Messages"
CODE_LINES = "{number} lines of code"
OUTPUT_LINES = "{number} lines of output"
GIVEN = "From the notebook"
GIVEN_UNTITLED = "text and code between your cells"
NO_ANSWER = "There is no answer here."
PICTURE = "picture"
STOPPED = "This cell stopped with {kind}."
STOPPED_AT = "It happened here:"
NOT_SHOWN = "What this cell shows cannot be shown on this page."
NOT_MADE = (
    "What you wrote and what your notebook put out is not shown on this page: making a page of it took too long. It was "
    "graded all the same."
)
LEFT_AWAY = "Left out on this page."
SHORTENED = "The rest is left out here; it is in your notebook."
CODE_OF = "Code of the cell {number}"

# Pictures
NETWORK_CAPTION = "Your network, as the grader reads it from the graph"
NETWORK_AT = "Your network when asked for at a learning rate of {rate}"
NETWORK_MARKED = "marked: {sentence}"
NETWORK_LAYERS = "The drawing in words"
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
SWEEP_RECOMPUTED = "trained again by us, shortly"
SWEEP_SHORT = (
    "Our runs are short. Where yours took more steps, its results lie above ours; that is no fault, as long as a run "
    "can have reached them."
)
SWEEP_BEST = "The line marks {rate}, the rate that you chose."
RATE = "learning rate"
ACCURACY = "test accuracy"
ROWS_TIMES = "times in one epoch"
ROWS = "training images"
ROWS_NOTE = ("{rows} images fed {times} time", "{rows} images fed {times} times")
ROWS_ONCE = "Each of the {rows} training images was fed once."
PICTURE_IN_ROW = "{column}, row {row}"
SIGNED = "Blue is more than zero, pale is zero, red is less. The colours have one scale in each row."

# Report: frame
REPORT = "Class report"
REPORT_TITLE = "{assignment}: class report"
EMPTY = (
    "Nobody has handed in anything for {assignment} yet. Put each student's notebooks into "
    "submitted/<student>/{assignment}/, type netgrader autograde {assignment}, then netgrader report {assignment}."
)
SKIP_REPORT = "Skip to the table"

# Report: in short
SHORT = "In short"
SHORT_STUDENTS = "{students}, {submitted} with a submission, {graded} graded."
STUDENTS = ("{number} student", "{number} students")
SHORT_MEDIAN = "Half of them have {median} points or more of {most}; the scores go from {low} to {high}."
SHORT_WAITING = (
    "{number} answer waits for a person: read it in formgrader.",
    "{number} answers wait for a person: read them in formgrader.",
)
SHORT_ALL_READ = "No answer waits for a person."
SHORT_UNGRADABLE = (
    "{number} notebook could not be graded, or not wholly.",
    "{number} notebooks could not be graded, or not wholly.",
)
SHORT_NOT_GRADED_YET = (
    "{number} notebook is not graded yet: type {command}.",
    "{number} notebooks are not graded yet: type {command}.",
)
SHORT_MARKS = (
    "{number} mark given by hand cannot be right: see below.",
    "{number} marks given by hand cannot be right: see below.",
)
SHORT_EXTRA = (
    "Extra credit is counted in for {number} student, on top of what the cells are worth.",
    "Extra credit is counted in for {number} students, on top of what the cells are worth.",
)
SHORT_NOT_YET = "Nobody has handed in {notebooks} yet: left out on this page."
SHORT_FAULT = "The commonest mistake, made by {number}: {sentence}"
CSV = "The same as a table: {name}"

# Report: whom to look at
CONCERNS = "Whom to look at, and why"
CONCERNS_NONE = "Nobody stands out."
CONCERNS_TOO_EARLY = "Nobody is graded yet."
TO_JUDGE = "To judge or to mend"
TO_HELP = "To help"
MORE = "and {number} more"
IN_CSV = "and {number} more, who stand in the CSV file"
ROWS_MORE = "Show {number} more"
CONCERN_FAULT = "{notebook}: {sentence}"
CONCERN_SEEN = "{notebook}: it may have been trained on test images. Found {seen}"
CONCERN_TOO_GOOD = "{notebook}: {accuracy} is out of the ordinary; networks of this kind stay below {usual}."
CONCERN_INTEGRITY = (
    "{notebook}: {number} thing was noticed while it ran.",
    "{notebook}: {number} things were noticed while it ran.",
)
CONCERN_NOTICED = "What was noticed"
CONCERN_NOT_GRADED = "{notebook} could not be graded."
CONCERN_PARTLY = "Part of {notebook} could not be graded."
CONCERN_MARK = "The mark given by hand for {cell}, {points}, lies outside 0 to {most}: correct it in formgrader."
CONCERN_LEFT_OUT = (
    "The mark given by hand for {cell}, {mark}, is no number of points: it counts for nothing; correct it."
)
CONCERN_FATAL = "{where} does not work: {sentence}"
CONCERN_BLANK = "{notebook} was handed in blank: nothing in it has been filled in."
CONCERN_ZERO = "{notebook}: no points of {most}."
CONCERN_BEHIND = "{points} points, less than half of the median {median}: may need help."
CONCERN_ONE_MISTAKE = "{notebook}: all of the {lost} points lost in it go back to one mistake. {sentence}"
CONCERN_MANY = "Made {number} different mistakes: a talk may help more than the page."
CONCERN_COSTLIEST = "{where}, {points} lost: {sentence}"
CONCERN_MISSING = "Has not handed in {notebooks}; most of the class have."
ABSENT = "Nothing handed in: {names}."

# Report: what could not be graded
TROUBLES = "What is not graded in full"
TROUBLES_NONE = "Everything that was handed in was graded in full."
TROUBLES_LEAD = (
    "It scores nothing for now, and nothing else is lost: all other points are kept. Each student can be graded again "
    "alone."
)
NOT_GRADED_NOTEBOOK = "It was handed in and is not graded yet."
NOT_GRADED_ANYTHING = "What was handed in is not graded yet, or is none of the course’s notebooks."
REMEDY = "To grade it, type:"
REMEDY_LIMIT = (
    "Trying again would meet the same limit ({limits}). Either have a notebook handed in that takes less, or give it more "
    "({names} under [limits] in {file}); then type:"
)
LIMITS = {
    "time": ("cell_seconds", "notebook_seconds"),
    "memory": ("memory_bytes",),
    "disk": ("disk_bytes",),
    "files": ("disk_bytes",),
    "output": ("received_bytes",),
}
REMEDY_AGAIN = "Try again what could not be graded:"
REMEDY_FILE = "When that is mended (a new copy goes into {folder}), type:"

# Report: table
TABLE = "Students and cells"
TABLE_LEAD = "Points of each check. Beneath a cell's name stand the points it is worth."
TABLE_PAGES = "A name leads to the student's first feedback page, the numbers after it to that of each notebook."
TABLE_SORT = "A column's heading sorts by it; once more turns the order."
TABLE_KEY = {
    "ungradable": "could not be graded",
    "ungraded": "not graded yet",
    "waiting": "waits for a person",
}
TABLE_KEY_DASH = "–  not handed in"
TABLE_CAPTION = "Points of each student for each cell"
STUDENT = "Student"
TOTAL = "Total"
FILTER_NAME = "Name contains"
FILTER_STATE = "Show"
FILTER_FAULT = "With the mistake"
FILTER_ALL = "all"
FILTER_COUNT = "{shown} of {all} students shown"
SORT = "Sort by {column}"
NOT_HANDED_IN = "not handed in"
NOT_GRADED_WORD = "not graded yet"
STATES = {
    "complete": "full marks",
    "partial": "points lost",
    "ungradable": "not all could be graded",
    "ungraded": "not graded yet",
    "waiting": "waits for a person",
    "absent": "not handed in",
}

# Report: charts
CHARTS = "The class in pictures"
DISTRIBUTION = "Distribution of the scores"
DISTRIBUTION_X = "points"
DISTRIBUTION_Y = "students"
DISTRIBUTION_MORE = ("{number} student with more than {most} points", "{number} students with more than {most} points")
DISTRIBUTION_NOTE = ("{number} student with {low} to {high} points", "{number} students with {low} to {high} points")
PER_CELL = "Share of the points earned, cell by cell"
PER_CELL_NOTE = "The shortest bars are where the class needs a word."
ACCURACY_RATE = "Test accuracy over the learning rate"
ACCURACY_RATE_NOTE = (
    "Each dot is a network: its accuracy as the grader recomputed it, over the learning rate that it is built with by "
    "default; it may have been trained at another, or not at all."
)
ACCURACY_WIDTH = "Test accuracy over the width of the widest layer"
ACCURACY_WIDTH_NOTE = "The output layer is left out where there is another one."
SWEEPS = "Everybody's sweeps in one"
SWEEPS_NOTE = "Each dot is one rate of one student's sweep, as the student reported it."
WIDTH = "width"

# Report: faults
FAULTS = "Mistakes by frequency"
FAULTS_NONE = "No mistakes were found."
FAULTS_LEAD = "Open one to see who made it."
FAULT_FREE = "costs nothing"
FAULT_SEVERITIES = {
    Severity.FATAL: "fatal",
    Severity.SERIOUS: "serious",
    Severity.SLIGHT: "slight",
    Severity.MEASURED: "by measure",
    Severity.REMARK: FAULT_FREE,
}
FAULT_COUNT = "{number} of {all}"

# Report: integrity
INTEGRITY = "What was noticed while notebooks ran"
INTEGRITY_NONE = "Nothing out of the ordinary was noticed."
LIMIT_MET = " Limit: {limit}."
INTEGRITY_LEAD = "Facts, not accusations: what was seen, in which cell, and which limit it met."
REPORT_FOOTER = "Scores are those of the gradebook: where a person changed a mark, it is the person's."
