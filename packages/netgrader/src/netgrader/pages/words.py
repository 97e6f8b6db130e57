"""All sentences and words of the pages themselves, in one place.

The sentences of checks are the docstrings of the tests; those of faults are on their pages. The first form of a `Plural` is
for one, the second for any other number.
"""

from __future__ import annotations

from graphread.text import Plural, Text

# Outcomes
WAITING = Text("waits for a person")
BY_HAND = Text("marked by a person")
UNANSWERED = Text("not answered")

# Feedback: frame
FEEDBACK = Text("Feedback")
FEEDBACK_TITLE = Text("{notebook}: feedback for {student}")
FOR = Text("for")
SKIP = Text("Skip to the notebook")
CONTENTS = Text("On this page")
TOP = Text("Back to the top")
NOTEBOOK = Text("Your notebook")
NOTEBOOK_LEAD = Text(
    "Your work and what the grader found. The notebook's own text is folded: open it when you need it."
)
FOOTER = Text(
    "The grader ran your notebook again and judged what it built, networks, weights and arrays, not what it "
    "printed. Drawings and numbers in the boxes are the grader’s own; the rest of the page is the notebook that "
    "you handed in."
)
FOOTER_NOT_RUN = Text(
    "The grader could not judge anything in this notebook, so it has no points yet; this says nothing about the "
    "quality of your work."
)

# Feedback: summary
OF_POINTS = Text("of {most} points")
OF_MOST = Text("of {most}")
POINTS = Text("points")
POINTS_HEAD = Text("Points")
POINTS_WAITING = Plural(
    "{most} more points wait for a person to read your answer.",
    "{most} more points wait for a person to read your {number} answers.",
)
LATE = Text("{penalty} points were taken off for handing in late.")
TASK = Text("Task")
RESULT = Text("Result")
GLANCE = Text("At a glance")
WELL = Text("Full points:")
NEXT = Text("What to do next")
NEXT_LATER = Plural("One more after that", "{number} more after that")
NEXT_LEAD = Text("Most serious first. Fixing it also clears what follows from it.")
NEXT_UP_TO = Plural("up to {points} point", "up to {points} points")
NEXT_NONE = Text("Nothing is left to fix.")
NEXT_NONE_LEAD = Text(
    "Every check passed. The pictures next to the checks below show what your network does and what it still "
    "gets wrong."
)
NEXT_FURTHER = Text("If you want to go on:")
TO_TRY = Text("To try")
NEXT_NONE_PLAIN = Text("Every check passed.")
NEXT_FIX = Text(
    "Fix the problem named above and hand in your notebook again, or ask your instructor. It scores nothing only "
    "as long as it cannot be read."
)
NEXT_ANSWER = Text("Write your answer: the cell still holds the original text.")
NEXT_BY_HAND = Text("Your instructor gave this mark by hand: ask why.")
NEXT_COMMENTED = Text(
    "Your instructor gave this mark by hand: read the comments in your notebook, and ask if they do not explain it."
)
NEXT_MORE = Plural("This cell has one more mistake.", "This cell has {number} more mistakes.")
NEXT_AGAIN = Text("This could not be graded; your points elsewhere are kept.")
ACCURACY_ONE = Text("Your network gets {accuracy} of the original test {images} right, as the grader recomputed it.")
PROBLEM = Text("This notebook could not be graded.")
PROBLEM_PARTLY = Text("Part of this notebook could not be graded.")
PROBLEM_PARTLY_MORE = Text(
    "It scores nothing there for now, and your instructor sees it in the report. All other points are kept."
)
IN_CELL = Text("{cell}: {note}")

# Feedback: a check cell
CHECK = Text("Check")
FOLLOWING_CHECKS = Plural(
    "{number} check failed because of this and costs nothing more",
    "{number} checks failed because of this and cost nothing more",
)
PASSED_CHECKS = Plural("{number} check passed", "{number} checks passed")
ANSWER = Text("Your answer")
MARK_BY_HAND = Text("Mark")
WHY = Text("Why it matters")
WHERE = Text("Where to read")
HINT = Text("Hint")
HIDDEN = Text("checked only when grading")
CREDIT_PARTLY = Text("This earned {share} of its credit.")
COMMENT = Text("From your instructor")
OBJECTION = Text("Does this verdict seem wrong?")
OBJECTION_LEAD = Text(
    "Then say so: send your instructor this text, with your reason at its end. Asking costs no points."
)
NOT_GRADED = Text("This cell has not been graded.")
CHANGED_BY_HAND = Text("Your instructor changed the mark by hand: {points} instead of {auto}.")

# Feedback: the notebook
YOUR_CODE = Text("Your code")
OUTPUT = Text("Output")
LOG = Text("Messages")
CODE_LINES = Text("{number} lines of code")
OUTPUT_LINES = Text("{number:,} lines of output")
GIVEN = Text("From the notebook")
GIVEN_UNTITLED = Text("text and code between your cells")
NO_ANSWER = Text("There is no answer here.")
STOPPED = Text("This cell stopped with {kind}.")
STOPPED_AT = Text("It happened here:")
NOT_SHOWN = Text("This page cannot show the output of this cell.")
NOT_MADE = Text(
    "This page does not show your work and its output, because making a page from them took too long. Your "
    "notebook was graded all the same."
)
LEFT_OUT_HERE = Text("Left out on this page.")
SHORTENED = Text("The rest is left out here; it is in your notebook.")
CODE_OF = Text("Code of the cell {number}")

NOT_GRADED_YET = Text("not graded yet")

# Pictures
NETWORK_CAPTION = Text("Your network, as the grader reads it from the graph")
NETWORK_MARKED = Text("marked: {sentence}")
NETWORK_LAYERS = Text("The drawing in words")
CLAIMED = Text("you reported")
RECOMPUTED = Text("we recomputed")
WRONG_CAPTION = Text("{wrong} of {total} test {images} are not recognized yet. Some of them:")
WRONG_ALT = Text("test {image} {index}, a {true} that the network takes for a {found}")
ERROR_ONE = Text("Your network is off by {error} on the test {images}, as the grader recomputed it.")
FOUND = Text("found")
PREDICTED_TRUE = Text("true")
PREDICTED_ROW = Text("test {image}")
PREDICTED_OFF = Text("off by")
PREDICTED_WORST = Text("The {images} that are farthest off")
WRONG_TRUE = Text("is")
SWEEP_CAPTION = Text("Test accuracy over the learning rate")
SWEEP_FOUND = Text("your sweep")
SWEEP_RECOMPUTED = Text("the grader's short rerun")
SWEEP_SHORT = Text(
    "The grader's runs are short. If yours took more steps, its results are higher; that is not a fault, as long "
    "as a run can reach them."
)
RATE = Text("learning rate")
ACCURACY = Text("test accuracy")
ROWS_TIMES = Plural("{number} time", "{number} times")
ROWS_NOTE = Text("How often each {image} was fed in one epoch.")
ROWS_ONCE = Text("Each of the {rows:,} training {images} was fed once.")
PICTURE_IN_ROW = Text("{column}, row {row}")
SIGNED = Text("Blue is above zero, pale is zero, red is below. Each row has one color scale.")

# Report: frame
REPORT = Text("Class report")
REPORT_TITLE = Text("{assignment}: class report")
EMPTY = Text(
    "Nobody has handed in anything for {assignment} yet. Put each student's notebooks into "
    "submitted/<student>/{assignment}/, type netgrader autograde {assignment}, then "
    "netgrader report {assignment}."
)
SKIP_REPORT = Text("Skip to the table")

# Report: in short
SHORT = Text("In short")
SHORT_STUDENTS = Text("{students}, {submitted} with a submission, {graded} graded.")
STUDENTS = Plural("{number} student", "{number} students")
SHORT_MEDIAN = Text("The median is {median} of {most} points; the scores go from {low} to {high}.")
SHORT_WAITING = Plural(
    "{number} answer waits for a person: read it in formgrader.",
    "{number} answers wait for a person: read them in formgrader.",
)
SHORT_NOT_GRADED_YET = Plural(
    "{number} notebook is not graded yet: type {command}.", "{number} notebooks are not graded yet: type {command}."
)
CSV = Text("As a table, with a row for each student and check: {name}")

# Report: what waits for a person
CONCERNS = Text("What waits for you")
CONCERNS_NONE = Text("Nothing waits for you.")
TO_JUDGE = Text("To judge or to fix")
TO_JUDGE_LEAD = Text(
    "These are facts, not accusations. What could not be graded scores nothing for now; all "
    "other points are kept. The command grades that student’s work again. If it met a limit, "
    "first raise the limit under [limits] in exercises.toml, or ask for a notebook that "
    "needs less."
)
CONCERN_SEEN = Text("{notebook}: it may have been trained on test {images}. Found {seen}")
CONCERN_TOO_GOOD = Text("{notebook}: {accuracy} is unusual; networks of this kind stay below {usual}.")
LATE_BY = Text("late: {how}")
DAYS = Plural("{number} day", "{number} days")
HOURS = Plural("{number} hour", "{number} hours")
MINUTES = Plural("{number} minute", "{number} minutes")
NOT_GRADED_ANYTHING = Text("The submission is not graded yet, or holds none of the course’s notebooks.")

# Report: table
TABLE = Text("Students")
TABLE_LEAD = Text(
    "Points for each cell, with its maximum below the name. A name leads to the student’s "
    "feedback page; where there are several, a number leads to each."
)
TABLE_SORT = Text("Click a heading to sort by its column, again to reverse the order.")
TABLE_KEY_DASH = Text("–  not handed in")
TABLE_CAPTION = Text("Points of each student for each cell")
STUDENT = Text("Student")
TOTAL = Text("Total")
SORT = Text("Sort by {column}")
NOT_HANDED_IN = Text("not handed in")

FAULTS_NONE = Text("This check names no mistake.")
FAULT_WHERE = Text("Explained in: {where}")

# Report: checks
CHECKS = Text("Checks and mistakes")
CHECKS_LEAD = Text(
    "Pass rate of each check, among students for whom it could be judged; lowest first. Open a "
    "check to see who made which mistake."
)
CHECKS_ALL = Text("Everybody passed every check.")
CHECKS_NONE = Text("No check has been decided yet.")
CHECKS_REST = Plural("{number} more check that some did not pass", "{number} more checks that some did not pass")
CHECKS_SHARE = Text("{passed} of {judged}")
CHECKS_HIDDEN = Text("hidden")

LIMIT_MET = Text(" Limit: {limit}.")

REPORT_FOOTER = Text("Scores are those of the gradebook: where a person changed a mark, it is the person's.")

OUTCOMES = {
    "passed": Text("passed"),
    "partial": Text("partly"),
    "failed": Text("failed"),
    "ungradable": Text("could not be graded"),
    "remark": Text("costs nothing"),
    "waiting": WAITING,
}

SEVERITIES = {"fatal": Text("does not work"), "serious": Text("has a mistake"), "slight": Text("nearly right")}

CAUSES = frozenset({"fatal", "serious"})
"""Severities of mistakes that a page names before the points."""

OF_LABELS = frozenset({"labels-off-by-one", "labels-wrong"})
"""Faults of labels that name each class in a way of their own, by which a network's accuracy is then measured."""

TARGET = {
    "yes": Text("The target is met."),
    "within-chance": Text("The target is met, within chance."),
    "no": Text("The target is not met yet."),
}

COSTS = {
    "fatal": Text(
        "Fatal: the code does not do what the exercise asks for. The cell keeps at most three tenths of its points."
    ),
    "serious": Text(
        "Serious: it works poorly, or is not what the exercise asks for. The cell keeps at most six tenths of its points."
    ),
    "slight": Text("Slight: it costs a tenth of the cell’s points."),
}

TABLE_KEY = {"ungradable": OUTCOMES["ungradable"], "ungraded": NOT_GRADED_YET, "waiting": OUTCOMES["waiting"]}

FAULT_SEVERITIES = {
    "fatal": Text("fatal"),
    "serious": Text("serious"),
    "slight": Text("slight"),
    "measured": Text("by measure"),
    "remark": Text("costs nothing"),
}


def duration(seconds: float) -> Text:
    """Return a duration in its largest unit, rounded down, at least one minute."""
    for unit, length in ((DAYS, 86_400), (HOURS, 3_600)):
        if seconds >= length:
            return unit.of(int(seconds // length))
    return MINUTES.of(max(1, int(seconds // 60)))
