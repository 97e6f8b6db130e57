"""Which attack tests which protection, each one; ``python -m tests.attacks.belonging`` writes its page in docs/reference."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tests.attacks import (
    protections,
    test_archives,
    test_beside,
    test_broken,
    test_budgets,
    test_evidence,
    test_forged_notes,
    test_forging,
    test_graphs,
    test_integrity,
    test_kernel,
    test_learning,
    test_left_out,
    test_neighbours,
    test_pages,
    test_reading,
    test_resources,
    test_unmeasured,
    test_untried,
    test_whose_config,
    test_writing,
)
from tests.attacks.protections import Protection, within

__all__ = ["PAGE", "ROOT", "attacks", "held_off", "page"]

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "reference" / "protections.md"

# Attacks by file and table, each with the protection that it tests unless `EXCEPT` names another one.
_TABLES: tuple[tuple[str, Iterable[str], Protection], ...] = (
    ("test_forging", [attack.name for attack in test_forging.ATTACKS], protections.ELSEWHERE),
    ("test_kernel", test_kernel.MESSAGES, protections.MESSAGES),
    ("test_kernel", test_kernel.HOOKS, protections.ELSEWHERE),
    ("test_kernel", [attack.name for attack in test_kernel.MACHINERY[1:]], protections.ELSEWHERE),
    ("test_kernel", test_kernel.FOLDER, protections.LINKS),
    ("test_reading", test_reading.READING, protections.FILES),
    ("test_writing", test_writing.WRITING, protections.NOBODY),
    ("test_resources", [attack.name for attack in (*test_resources.ATTACKS, *test_resources.FILES)], protections.TIME),
    ("test_neighbours", test_neighbours.HOSTILE, protections.SHARE),
    ("test_learning", [build.__name__ for build in test_learning.LOOKED_UP], protections.HIDDEN),
    (
        "test_forged_notes",
        (*test_forged_notes.NOTES, *test_forged_notes.UNKNOWN, *test_forged_notes.HIDDEN, "another student's"),
        protections.NOTES,
    ),
    ("test_unmeasured", test_unmeasured.HOSTILE, protections.PROVEN),
    ("test_evidence", [f"array, {name}" for name in test_evidence.ARRAYS], protections.ARRAYS),
    (
        "test_evidence",
        [f"manifest, {name}" for name in (*test_evidence.MANIFESTS, *test_evidence.NO_JSON)],
        protections.MANIFESTS,
    ),
    ("test_evidence", [make.__name__ for make in test_evidence.NO_FILES], protections.LINKS),
    ("test_graphs", [build.__name__ for build in test_graphs.GREEDY], protections.GREED),
    ("test_graphs", test_graphs.READ, protections.GROWTH),
    ("test_broken", test_broken.UNREADABLE, protections.NOTEBOOKS),
    (
        "test_archives",
        (*(make.__name__ for make in test_archives.BAD), "links and paths that leave"),
        protections.ARCHIVES,
    ),
    ("test_integrity", [attack.name for attack in test_integrity.ATTACKS if attack.name != "honest"], protections.TIME),
    ("test_untried", [attack.name for attack in test_untried.HOSTILE], protections.EXCEPTIONS),
    ("test_left_out", test_left_out.SETTINGS, protections.STEPS),
    ("test_whose_config", test_whose_config.PLACES, protections.WHERE),
    ("test_whose_config", test_whose_config.OWNERS, protections.OWN),
    ("test_budgets", (*test_budgets.HOARDS, *test_budgets.DROPPED), protections.BUDGETS),
    ("test_beside", (*test_beside.TIMES, *test_beside.NAMES, *test_beside.NO_NOTEBOOKS), protections.BESIDE),
    ("test_pages", test_pages.HTML, protections.FRAMED),
    ("test_pages", test_pages.IDS, protections.PREFIXES),
    ("test_pages", (*test_pages.MARKDOWN, *test_pages.CODE, *test_pages.CELLS), protections.ENDED),
)
# What of a table tests another protection than the rest of it, beside what was seen to.
_EXCEPT: tuple[tuple[Protection, tuple[str, ...]], ...] = (
    (
        protections.KNOWS,
        within(
            "test_forging",
            "imports its own module in the place of ours",
            "writes evidence for another cell",
            "writes the sums of before once more",
            "replaces pytest and our checks",
            "finds the writer by the garbage collector",
        )
        + within(
            "test_kernel",
            "has every file that is opened be another",
            "has replacing do nothing",
            "replaces the code of our functions in place",
            "has writing write nothing",
        )
        + within("test_reading", "looks into the frames around the probe for answers"),
    ),
    (protections.ARRAYS, within("test_forging", "has NumPy write pickles") + within("test_integrity", "pickles")),
    (protections.MANIFESTS, within("test_forging", "has JSON say what it likes")),
    (protections.STAY, within("test_forging", "hands in probes of its own")),
    (protections.AT_ONCE, within("test_forging", "puts evidence there in advance, under every name")),
    (
        protections.PLAIN,
        within(
            "test_forging",
            "squares that are not a number",
            "squares without end",
            "squares as text",
            "squares as names of names",
        )
        + within(
            "test_untried",
            "a coroutine",
            "numbers that overflow when written",
            "text where numbers are",
            "dates",
            "records",
            "more dimensions than there are",
        ),
    ),
    (protections.RELEASED, within("test_forging", "doubled check", "own kernel", "another name")),
    (
        protections.DEATH,
        within("test_forging", "ends the process as if all were well", "leaves with exit code 0")
        + within("test_integrity", "dies")
        + within("test_resources", "crashes the process", "aborts", "kills itself", "recurses without end in C"),
    ),
    (protections.ENVIRONMENT, within("test_reading", "reads every process's environment")),
    (
        protections.PROCESSES,
        within(
            "test_reading",
            "climbs through the root of the first process",
            "climbs through descriptors of other processes",
            "reads the memory of the first process",
        )
        + within("test_writing", "kills what it sees", "signals the grader's process group"),
    ),
    (
        protections.CALLS,
        within("test_reading", "attaches to the first process")
        + within(
            "test_writing", "makes a namespace of its own", "mounts over a folder", "changes its root", "sets the clock"
        ),
    ),
    (
        protections.NETWORK,
        within("test_reading", "fetches the answers from the network", "asks for a name on the network"),
    ),
    (
        protections.READ_ONLY,
        within(
            "test_writing",
            "writes into the packages",
            "writes a .pth file",
            "writes sitecustomize",
            "writes a kernel specification",
            "writes the interpreter",
            "writes into /etc",
            "writes at the root",
        )
        + within("test_kernel", "writes start-up files for the next kernel"),
    ),
    (protections.FILES, within("test_writing", "takes the kernel's key and leaves a link in a socket's place")),
    (
        protections.MEMORY,
        within(
            "test_resources",
            "takes all memory in many processes",
            "has the probe take all memory",
            "hands over a giant array that is not there",
        )
        + within("test_neighbours", "takes all memory")
        + within("test_integrity", "greedy"),
    ),
    (
        protections.DISK,
        within("test_resources", "makes a million files", "hands over a giant array")
        + within("test_neighbours", "fills the disk", "fills the folder of evidence"),
    ),
    (
        protections.OUTPUT,
        within("test_resources", "writes to the descriptor for ever", "displays for ever")
        + within("test_neighbours", "prints for ever"),
    ),
    (
        protections.MANY,
        within("test_resources", "leaves a program behind", "opens all descriptors", "starts threads without end")
        + within("test_neighbours", "computes in thirty processes", "forks and ignores every signal"),
    ),
    (protections.TIME, within("test_neighbours", "sleeps") + within("test_integrity", "endless")),
    (
        protections.NOTEBOOKS,
        within(
            "test_resources",
            "has ten thousand lines",
            "has a literal of a megabyte",
            "nests brackets a thousand deep",
            "nests sums a hundred thousand deep",
            "hands in ten thousand cells",
            "hands in deep metadata",
        ),
    ),
    (
        protections.ELSEWHERE,
        within(
            "test_untried",
            "watches every line by sys.monitoring",
            "forks, and the child goes on as the kernel",
            "empties all modules but its own",
        ),
    ),
    (protections.MESSAGES, within("test_untried", "opens ten thousand comms")),
)


def attacks() -> dict[str, Protection]:
    """All attacks of this folder, as "file: name", each with the protection that it tests."""
    found = {f"{file}: {name}": protection for file, names, protection in _TABLES for name in names}
    other = [(protection, names) for protection, names in _EXCEPT] + [
        (one, one.seen) for one in protections.PROTECTIONS
    ]
    for protection, names in other:
        for name in names:
            if name not in found:
                raise LookupError(f"There is no attack {name!r}.")
            found[name] = protection
    return found


def held_off(protection: Protection) -> list[str]:
    """The attacks that test a protection."""
    return [name for name, one in attacks().items() if one is protection]


def page() -> str:
    """The page on protections, as Markdown."""
    succeeding = sum(len(one.seen) for one in protections.PROTECTIONS)
    lines = [
        "# What holds off which attack",
        "",
        "Written by `python -m tests.attacks.belonging`. Each attack of `tests/attacks/` tests one protection. With that",
        "one off, the attacks marked * are seen to succeed by the test that is named; the others of the same row are held off",
        "by the same part. Whatever is off, an attack still runs in a cage.",
        "",
        "The cage is bubblewrap's. `--sandbox user`, for containers without namespaces, lacks these: a file system made from",
        "nothing, processes of its own, mounts that are read only, a size of folders that are open to all. In their place stand",
        "the machine's permissions, and the course is closed or nothing is graded. The attempts of `test_reading` and",
        "`test_writing` run against it, too, and all of its promises are tried, in `tests/cage/test_user.py`.",
        "",
        f"{len(attacks())} attacks, {len(protections.PROTECTIONS)} protections; {succeeding} attacks are seen to succeed.",
        "",
        "| protection | without it | attacks | seen by |",
        "|---|---|---|---|",
        *(
            f"| {one.name} | {one.off} | {_listed(one)} | `{str(one.where).rpartition('/')[2]}` |"
            for one in protections.PROTECTIONS
        ),
    ]
    return "\n".join(lines) + "\n"


def _listed(protection: Protection) -> str:
    by_file: dict[str, list[str]] = {}
    for attack in held_off(protection):
        file, _, name = attack.partition(": ")
        by_file.setdefault(file, []).append(name.replace("|", "\\|") + ("*" if attack in str(protection.seen) else ""))
    return "; ".join(f"`{file}`: {', '.join(names)}" for file, names in by_file.items())


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
