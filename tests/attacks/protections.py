"""The protections that attacks test, and where these are seen to succeed with one of them off.

`test_unprotected.py` and `test_unprotected_readers.py` run what is `seen` with the protection off; `belonging.py` says for
each attack which protection it tests.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.attacks import (
    test_broken,
    test_budgets,
    test_evidence,
    test_forged_notes,
    test_left_out,
    test_whose_config,
)

__all__ = ["HERE", "PROTECTIONS", "READERS", "Protection", "within"]

HERE = "tests/attacks/test_unprotected.py"
READERS = "tests/attacks/test_unprotected_readers.py"


@dataclass(frozen=True)
class Protection:
    """A protection.

    Attributes
    ----------
    name
        What holds attacks off.
    off
        What is done without it.
    seen
        Attacks that are seen to succeed then, each as its file, a colon and its name.
    where
        The test that sees it: a file, two colons, a function.
    """

    name: str
    off: str
    seen: tuple[str, ...]
    where: str


def within(file: str, *names: str) -> tuple[str, ...]:
    """Attacks of one file."""
    return tuple(f"{file}: {name}" for name in names)


def limit(name: str, attack: str) -> Protection:
    """Return a limit, without which an attack of `test_resources` that is made finite comes to its end."""
    off = "it is raised, and the attack made finite"
    where = f"{HERE}::test_a_greedy_notebook_takes_what_no_limit_holds_back"
    return Protection(name, off, within("test_resources", attack), where)


def part_of_cage(name: str, off: str, seen: tuple[str, ...]) -> Protection:
    """Return a protection that is a part of the cage."""
    return Protection(name, off, seen, f"{HERE}::test_attempts_succeed_in_a_cage_that_lacks_a_part")


ELSEWHERE = Protection(
    "check cells are not run: verdicts are made in another process",
    "the tests run in the student's process, and what it says or shows is believed",
    within(
        "test_forging",
        "says three points through the display hook",
        "publishes a result of three",
        "turns all cells to come into nothing",
        "rewrites the tree of all cells to come",
        "runs its own code for every cell",
        "answers for the kernel that all is done and well",
        "prints a result as the grader would",
        "has NumPy say that everything is equal",
        "names its exception as a verdict",
    )
    + within("test_untried", "changes the names of whoever calls it"),
    f"{HERE}::test_whoever_believes_the_process_is_fooled",
)
PLAIN = Protection(
    "objects become plain numbers before they are compared",
    "the student's own objects are compared",
    within(
        "test_forging",
        "squares equal to everything",
        "squares that are a list by another name",
        "squares as an array of objects",
        "squares as an array that knows when it is looked at",
    ),
    f"{HERE}::test_whoever_believes_the_process_is_fooled",
)
KNOWS = Protection(
    "probes know no answers, and evidence holds no verdicts",
    "the probe compares, and hands over whether it passed",
    within(
        "test_forging",
        "replaces what takes the evidence",
        "changes the probe's local names from a trace",
        "counts on a random generator that it has replaced",
    ),
    f"{HERE}::test_a_verdict_that_is_handed_over_is_forged",
)
AT_ONCE = Protection(
    "evidence is taken in a folder of a random name and copied away before the next cell",
    "folders have known names and are copied when all cells have been run",
    within(
        "test_forging",
        "rewrites the evidence while and after it is taken",
        "writes evidence afterwards",
        "has a child write on after the kernel is done",
    ),
    f"{HERE}::test_evidence_that_is_copied_late_is_written_over",
)
RELEASED = Protection(
    "ids, points and locks are those of the release",
    "they are those of the notebook that was handed in",
    within("test_forging", "more points", "no grading", "exchanged ids"),
    f"{HERE}::test_a_notebook_that_brings_its_own_points_gets_them",
)
STAY = Protection(
    "modules with the names of packages stay behind, and packages are looked for elsewhere first",
    "all modules travel, and come first",
    within("test_forging", "hands in a module netgrader"),
    f"{HERE}::test_a_module_with_the_name_of_a_package_takes_its_place",
)
FILES = part_of_cage(
    "a file system made from nothing: no other's files are in the cage",
    "the course's folder is mounted",
    within(
        "test_reading",
        "looks for the hidden tests where the course has them",
        "looks for the solutions in source",
        "opens the gradebook",
        "opens another student's notebook",
        "opens other submissions in the folder it came from",
        "hunts all files that it can open",
    )
    + within("test_writing", "writes the gradebook"),
)
ENVIRONMENT = part_of_cage(
    "an environment made anew",
    "the grader's environment is passed on",
    within("test_reading", "reads the grader's environment", "is told that it is being graded"),
)
PROCESSES = part_of_cage(
    "processes of its own",
    "the machine's processes are seen",
    within("test_reading", "reads every process's command line for paths", "counts the machine's processes"),
)
NETWORK = part_of_cage(
    "a network of its own, and a filter of system calls that refuses sockets to any",
    "the machine's network is seen, and all calls are allowed",
    within("test_reading", "talks to services of the machine"),
)
SHIPPED = part_of_cage(
    "of our package a kernel gets what students get",
    "the whole repository's Python is mounted",
    within("test_reading", "looks for the repository around the package", "imports the grader's own modules"),
)
PROBES = part_of_cage(
    "probes lie alone, in a folder that is read only",
    "they lie beside the tests, in one that is not",
    within("test_reading", "looks for the hidden tests beside the notebook", "looks for tests in the probes' folder")
    + within("test_writing", "writes over the probes", "puts a probe beside the probes"),
)
READ_ONLY = part_of_cage(
    "mounts that are read only",
    "a copy of our package is mounted to be written to",
    within("test_writing", "writes over our package", "writes compiled files beside our package"),
)
CALLS = part_of_cage(
    "a filter of system calls",
    "all calls are allowed",
    within("test_writing", "moves itself to other processors"),
)
NOBODY = Protection(
    "an unprivileged user without capabilities",
    "the program stays root",
    (),
    "tests/cage/test_protections.py::test_an_attack_is_held_off_by_what_it_succeeds_without",
)
TIME = limit("a limit on time", "sleeps for ever")
MEMORY = limit("a limit on memory", "takes all memory")
DISK = limit("a limit on the disk", "fills the disk with one file")
OUTPUT = limit("a limit on output", "prints for ever")
BUDGETS = Protection(
    "one message at a time, within a size and a number of values; all that is kept of a notebook's outputs within one size",
    "messages may be of any size, or each cell alone is limited",
    within("test_budgets", *test_budgets.HOARDS),
    "tests/attacks/test_budgets.py::test_without_what_protects_from_it_it_takes_more",
)
MANY = Protection(
    "a number of processes, which end with the run",
    "the number is raised, and the attack made finite",
    within("test_resources", "forks without end"),
    f"{HERE}::test_a_greedy_notebook_takes_what_no_limit_holds_back",
)
SHARE = Protection(
    "cores of its own",
    "a program may choose others",
    (),
    "tests/cage/test_protections.py::test_an_attack_is_held_off_by_what_it_succeeds_without",
)
DEATH = Protection(
    "evidence is taken when its check cell is reached",
    "it is taken when all cells have been run",
    within("test_resources", "ends the process"),
    f"{HERE}::test_who_ends_the_kernel_loses_what_was_right_before",
)
ARRAYS = Protection(
    "a reader of arrays of our own",
    "NumPy reads them, pickles and all",
    within("test_evidence", *(f"array, {name}" for name in test_evidence.ARRAYS)),
    f"{READERS}::test_numpys_own_reader_refuses_no_array_as_evidence",
)
MANIFESTS = Protection(
    "a reader of manifests that believes nothing",
    "the manifest is taken at its word",
    within("test_evidence", *(f"manifest, {name}" for name in test_evidence.MANIFESTS)),
    f"{READERS}::test_a_manifest_that_is_taken_at_its_word_is_believed_or_breaks_the_reader",
)
LINKS = Protection(
    "only regular files of evidence are read, within a size",
    "whatever lies there is opened",
    within("test_evidence", "link") + within("test_kernel", "puts a link to the machine's files there"),
    f"{READERS}::test_a_link_is_followed_by_whoever_does_not_look",
)
MESSAGES = Protection(
    "a kernel's messages are read within a depth, as whole characters and finite numbers",
    "they are read as Python reads JSON",
    within("test_kernel", "sends halves of characters past the encoder"),
    f"{READERS}::test_messages_that_are_read_as_they_come_cannot_be_written_down",
)
OPS = Protection(
    "an allow-list of ops",
    "reading files is on it",
    within("test_graphs", "files_in_names"),
    f"{READERS}::test_a_graph_reads_a_file_where_the_op_is_allowed",
)
GREED = Protection(
    "the lab's limits on time and memory",
    "they are raised, and the graph made finite",
    within("test_graphs", "giant_fill"),
    f"{READERS}::test_a_giant_tensor_is_made_where_the_lab_may_take_the_memory",
)
GROWTH = Protection(
    "a limit on what a graph becomes when its functions are written out",
    "it is raised, and the graph made smaller",
    within("test_graphs", "functions that call two"),
    f"{READERS}::test_functions_are_written_out_without_end_where_nothing_counts",
)
STILL_REFUSED = ("another notebook", "a format long gone")  # by what comes after the reader
NOTEBOOKS = Protection(
    "a reader of notebooks of our own",
    "nbformat reads them",
    within("test_broken", *(name for name in test_broken.UNREADABLE if name not in STILL_REFUSED)),
    f"{READERS}::test_what_is_no_notebook_breaks_a_reader_that_knows_only_notebooks",
)
ARCHIVES = Protection(
    "entries of archives are taken by their last name, within limits",
    "zipfile unpacks all of it",
    within("test_archives", "bomb"),
    f"{READERS}::test_an_archive_that_is_unpacked_as_it_comes_fills_the_disk",
)
BESIDE = Protection(
    "what lies beside a notebook is text of a stranger's: names are told without what is no character, times are read as times",
    "names are told as they are",
    within("test_beside", "a name that is no text", "a name with commands for the terminal"),
    "tests/attacks/test_beside.py::test_names_are_told_as_they_are_where_nobody_looks",
)
FRAMED = Protection(
    "students' HTML goes into a sandboxed frame as text: nothing of ours parses it",
    "a sanitizer is given it as it comes",
    within("test_pages", "divisions in one another", "lists in one another", "bare signs of characters"),
    "tests/attacks/test_pages.py::test_a_sanitizer_that_is_given_html_as_it_comes_takes_longer_than_the_limit",
)
PREFIXES = Protection(
    "ids in students' texts have a prefix",
    "they are the ids that they say",
    within(
        "test_pages",
        "a heading with the id of a cell",
        "a heading that is called as a cell",
        "a list with the id of a comment",
    ),
    "tests/attacks/test_pages.py::test_a_heading_meets_an_id_of_formgraders_where_it_has_no_prefix",
)
ENDED = Protection(
    "what is made of a notebook on our side is made in a process that is ended at a limit of time and memory",
    "whoever asks makes it, and waits",
    (),
    "tests/course/test_limited.py::test_what_meets_a_limit_is_ended_and_the_next_work_is_done",
)
EXCEPTIONS = Protection(
    "exceptions and values become text and numbers within a length",
    "they are told as they are",
    within("test_untried", "an exception that cannot be told"),
    f"{READERS}::test_an_exception_that_cannot_be_told_breaks_whoever_tells_it",
)

ORDER = Protection(
    "images go in mixed, in an order that follows from the evidence",
    "they go in as everybody knows them",
    within("test_learning", "by_position"),
    "tests/attacks/test_learning.py::test_the_same_answers_are_right_where_images_come_in_their_order",
)
HIDDEN = Protection(
    "half of the test images is nowhere in the cage",
    "the notebook is given all of them",
    within("test_learning", "by_neighbour", "by_neighbour_of_all", "projected"),
    "tests/attacks/test_learning.py::test_what_a_table_says_of_images_that_no_notebook_had_tells_it_from_learning",
)
NOTES = Protection(
    "what is noted of a training is computed again, from weights that nobody had before",
    "notes are believed",
    within("test_forged_notes", *test_forged_notes.NOTES),
    "tests/attacks/test_forged_notes.py::test_notes_written_by_hand_do_not_count",
)
OWN_ROWS = Protection(
    "train is judged by the rows of the student's arrays; of others a quarter is believed",
    "other rows are passed over",
    within("test_forged_notes", *test_forged_notes.HIDDEN),
    "tests/attacks/test_forged_notes.py::test_rows_of_ones_own_making_would_earn_more_if_they_were_passed_over",
)
PROVEN = Protection(
    "each result of a sweep needs weights of its own that reach it",
    "it is enough that short runs of ours give something like it",
    within("test_unmeasured", "an idle session at each rate"),
    "tests/checks/test_learning_rate.py::test_a_sweep_of_an_epoch_as_measured_once_is_believed",
)
OTHERS = Protection(
    "first weights follow from all code handed in",
    "notes are believed",
    within("test_forged_notes", "another student's"),
    "tests/attacks/test_forged_notes.py::test_another_students_honest_notes_do_not_count",
)

STEPS = Protection(
    "nbgrader's steps are looked at as its settings made them, before anything runs",
    "nobody looks",
    within("test_left_out", *test_left_out.SEEN),
    "tests/attacks/test_left_out.py::test_where_nobody_looks_at_the_steps_what_was_handed_in_runs_outside",
)
WHERE = Protection(
    "nothing among submissions, or inside of another course, is a course",
    "nobody looks where it lies",
    within("test_whose_config", *test_whose_config.PLACES),
    "tests/attacks/test_whose_config.py::test_where_nobody_looks_whose_it_is_it_is_run",
)
OWN = Protection(
    "nothing of another owner is run",
    "nobody looks whose it is",
    within("test_whose_config", *test_whose_config.OWNERS),
    "tests/attacks/test_whose_config.py::test_where_owners_do_not_count_it_is_a_course",
)

PROTECTIONS = tuple(value for value in list(globals().values()) if isinstance(value, Protection))
