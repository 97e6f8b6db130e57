"""Write ``evaluation/attacks.md`` from ``evaluation/elsewhere.csv`` and ``evaluation/fuzzing.csv``: ``python -m evaluation.elsewhere_report``."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import TYPE_CHECKING

from evaluation import fuzzing
from evaluation.elsewhere import ROWS
from evaluation.elsewhere_attacks import ATTACKS

if TYPE_CHECKING:
    from collections.abc import Iterable

HERE = Path(__file__).parent
PAGE = HERE / "attacks.md"
CONTROL = "nothing is tried"
"""How rows begin in which nothing is attempted."""
GRADERS = ("nbgrader", "otter-grader", "netgrader")
Row = dict[str, str]

INTRODUCTION = """# The same attacks on three graders

Written by `make attack-report` from [elsewhere.csv](elsewhere.csv), made by `python -m evaluation.elsewhere`, and
[fuzzing.csv](fuzzing.csv), made by `make fuzz`.

One notebook with two exercises: sums for 2 points, squares for 3. Unless the row says otherwise the sums are right and the
squares are wrong, so that 2 points are deserved. Tests are plain assertions, the same for all.

This project chose the attacks and develops netgrader against such attacks: the table shows what its protections are for, and is not a sample of what
students try. nbgrader ran as `nbgrader autograde`. otter-grader ran as `otter run`, its mode **without a container**, from an archive that `otter generate` made;
`otter grade`, which grades in a Docker container, was **not tried**. Both run the hidden tests in the student's kernel. Each of their runs was
in a sandbox of netgrader's, on a copy of its course, with a limit of 50 seconds, so that a notebook could reach no more than what they had put next to it.
The two rows in which nothing is tried are not counted.
"""

LEGEND = """
**Bold**: more than was deserved, or another student's work destroyed. *Italic*: points lost that were earned; *no mark*: the
whole notebook was left without one. A number is points.
"""


TRIED = """
## Tried with the source at hand

In November 2026, in six parts, and in a review of the whole afterwards. What succeeded against the version of its day is fixed and is a
test; how many did is stated where it was counted; [protections.md](../docs/reference/protections.md) names each attack with what holds it off.

| what was tried | attempts | succeeded first | what came of it |
|---|---|---|---|
| training on test images: stacked, left in the evaluation, three times all but the hardest, moved, five times the 100 to 300 hardest, past what notes the rows | 21 networks, 4 notebooks | all but those in the open | a secret half of the test images; [clean.md](clean.md) |
| tables: of pixels, of projections, by position, in layers, with margins made to deceive, codes of hard images | 8 | 3 | what is right counts next to how surely; codes of images are reported, since the same images redrawn are unknown |
| weights from elsewhere: a blob, a loop that trains every network but one's own, data as names or blanks | 5 | 4 | marks among the training images; much code is reported |
| sweeps and curves that were never measured | 9 | not counted | each result needs weights that reach it |
| notes of `train` by hand, by unknown rows, by an optimizer of one's own | 12 | not counted | unknown rows are computed again; an optimizer of one's own earns a quarter at most |
| HTML, drawings, Markdown, ids, names, code that take time, memory or a page's working | 64, and 4,000 random ones | not counted | written anew in linear time, in a process that can be ended |
| memory that nobody maps, sockets, pipes, messages and outputs without end, holes in evidence | 46 | 9 of those on memory | one budget; counted, or refused |
| configurations, modules and tests in what was handed in, of other owners; steps put back; times made up | 50 | not counted | a course is where an instructor put it; nbgrader's steps are looked at |
| the exchange: folders a thousand deep, a time past all calendars | 3 | 1 | it ends nobody's grading |

### The second round: harm and pages

On 27 November 2026: 34 attempts, of which 17 succeeded at first. Each of those is mended, and a test but for the
pipe, whose race was read and not won.

- **Late and not told, 4 of 4**: an earlier record in the exchange of a part of the work, of an empty module, of another archive. A record holds all of it now.
- **A class that waits, 4 of 6**: a lease on a file in the exchange (45 s for each), a pipe put in its place; descriptors kept underway, which
  stopped every other cage of an ordinary user; brackets without end in a text for formgrader. Not: times for the parser of dates, parts of nothing.
- **Disk and files, 2 of 4**: many small archives, many folders. Not: 60,000 entries; folders 3,000 deep, which cost their own student's saving alone.
- **A page or a table that lies, 7 of 18**: a page of one's own in `feedback/`, linked to by the report; `\\smash` and `\\raise`; MathJax on formgrader's page;
  raw cells of nbgrader's own assignments; formulas in the CSV after a semicolon, or of full width. Not: four other formulas, `\\href`, `\\style` and `\\require`
  of MathJax, combining marks, 2,400 pictures of 20 megapixels, 45,000 rectangles or 25,000 blends of the whole drawing.
- **Numbers, 0 of 2**: digits without end. `1e999` was read as infinite and went nowhere; it is read as no number now.

### The second round: marks

On the same day: 30 attempts, of which 16 succeeded at first. What came of them:

- **Codes of all images that a network gets wrong**, a kilobyte or two for both halves: networks of 96 to 98 % came to 98.3 to 98.7 %. Images known by
  heart are reported.
- **What an instructor is not told**: words in a comment that filled the list of facts; a name that means something else behind ten thousand others; a function
  that looks at its callers by `traceback`; a table trained beside the network that a function makes for the grader. None earns more, so none is looked for.
- **Images by heart where convolutions see few images**: their marks were not looked for. They are.
- **One grain of noise for several results of a sweep**: the nearest weights prove a result first, and each proves one.
- **A challenge known early**: what the check of one cell was handed told a later cell what is drawn there. Each cell has its own.
- **Weights of a sweep set by least squares and noised**: 4 of 4, not told, in a program longer than the sweep. So it remains (SECURITY.md).
- **Codes of a few dozen hard images**: up to 0.7 %, not reported. So it remains (SECURITY.md).

### The third round: what was new

On 29 November 2026, against what had been added since.

- **Marks, 5 of 15 attempts**, all of a network's own accuracy: a constant, or one by the position of a row, was what the check asked for; one that lies of many rows was
  believed as reported; one computed in Python, or for ten thousand rows alone, was not run. Each costs now, or is for a person. Not: a table of known test images in its place
  (tried after that), gradients looked up, test images noised, or taught by another network, sweeps typed or loaded, weights in a module, curves of no numbers. Two keep their
  points, as SECURITY.md says: another network where the notebook trains, and one epoch with a curve of five.
- **Names on a platform, 5 of 25**: a mark of one's own in nbgrader's CSV, a quote there that swallows the next student, a name too long for a folder, which ended the collecting of
  all, a sign that turns text round, and *Points Possible* in Canvas's sheet. Mended.
- **Pages and files, 1**: a line for the shell such as `!echo it's` at the top of a cell hid what was copied below it. Not: markup in the line that a fault names, mails that object, pipes and links beside a notebook, modules of the course replaced, `--sandbox user`.

### The fourth round

On the same day.

- **Marks**: a sign error in the loss, five sessions of which nothing but biases was set, and no step: 8.2 of 14 points of notebook 2, where the right network with as little had 5.44,
  since a training that comes to nothing is forgiven where no training could. Without a step that was fed images a person decides now. And a sweep of such sessions, at rates of which one
  trains: 4 of 4, since guessing is true at the others and was proven at this one; 1 now. Beside it, rates of 1e-8 and less were not told apart.
- **Not mended**: one network is trained for a hundred steps, and its weights with noise are loaded into idle sessions at five rates: 2.4 of 4 points, as before. The rate that grading draws is told; the others are proven by
  weights that nobody trained there, which is as much work as a sweep.
- **The host's disk**: a limit of 0 on cores holds none that the host hands to a program, as systemd-coredump; one of 1 does, and can no more be changed.
- **Numbers**: a whole number of hundreds of digits as a learning rate, handed over by hand, ended a test of ours in an error, which told the instructor that the test is broken.
- **A mark that stays**: a `linecache.py` beside the notebook, which Python 3.13 imports before the kernel's program has a word, kept the kernel from starting: our trouble, so that nothing was graded.
- Not: 4,900 cells of 800 wide signs; archives in a class's download with entries that are damaged, doubled, links, bombs, 200 folders deep, or claim another's number; JSON with keys twice, no numbers, half characters and a format of a billion;
  ids exchanged, points raised, cells added, pictures of 36 MB attached; expressions 100,000 deep; a fork bomb that syncs disks, makes and
  removes files, reads the machine's disk or maps 64,000 areas each, which slowed neither the gradebook nor who watches it; gradients known beforehand, which take as much as computing them.
"""


def told(row: Row | None) -> str:
    """One cell of the table."""
    if row is None:
        return "not run"
    deserved, given = float(row["deserved"]), float(row["given"]) if row["given"] else None
    said = "*no mark*" if given is None else f"**{given:g}**" if given > deserved else f"{given:g}"
    if given is not None and given < deserved:
        said = f"*{given:g}*"
    return f"{said}, **a neighbour's work is gone**" if row["harm"] == "1" else said


def counts(rows: Iterable[Row]) -> dict[str, int]:
    """Count the attacks that gained, those that took from others, and those after which earned points were lost."""
    rows = [row for row in rows if not row["attack"].startswith(CONTROL)]
    return {
        "more than deserved": sum(bool(row["given"]) and float(row["given"]) > float(row["deserved"]) for row in rows),
        "somebody else harmed": sum(row["harm"] == "1" for row in rows),
        "earned points lost": sum(not row["given"] or float(row["given"]) < float(row["deserved"]) for row in rows),
        "of": len(rows),
    }


def page(rows: list[Row], tally: list[fuzzing.Row]) -> str:
    """The whole page."""
    found = {(row["grader"], row["attack"]): row for row in rows}
    there = [grader for grader in GRADERS if any(row["grader"] == grader for row in rows)]
    versions = {row["grader"]: row["version"] for row in rows}
    lines = [INTRODUCTION, "| | " + " | ".join(f"{grader} {versions[grader]}" for grader in there) + " |"]
    lines.append("|---|" + "---|" * len(there))
    by_grader = {grader: counts(row for row in rows if row["grader"] == grader) for grader in there}
    lines += [
        f"| {what} | "
        + " | ".join(f"{by_grader[grader][what]} of {by_grader[grader]['of']}" for grader in there)
        + " |"
        for what in ("more than deserved", "somebody else harmed", "earned points lost")
    ]
    lines += [LEGEND, "| what is tried | deserved | " + " | ".join(there) + " |", "|---|---|" + "---|" * len(there)]
    for attack in (one.name for one in ATTACKS):
        deserved = next((row["deserved"] for row in rows if row["attack"] == attack), "")
        cells = " | ".join(told(found.get((grader, attack))) for grader in there)
        lines.append(f"| {attack} | {deserved} | {cells} |")
    lines += [TRIED, "## Fuzzing", "", *fuzzed(tally)]
    return "\n".join(lines) + "\n"


def fuzzed(tally: list[fuzzing.Row]) -> list[str]:
    """The table of what was fuzzed."""
    readers = sum(row.inputs for row in tally if row.target != fuzzing.ROAD)
    roads = sum(row.inputs for row in tally if row.target == fuzzing.ROAD)
    lines = [
        f"Inputs changed at random, at all commits together: {readers:,} to the border's readers, {roads:,} to the whole road, from a",
        f"file to a mark (wanted: {fuzzing.READERS:,} and {fuzzing.ROADS:,}). What went wrong in readers was mended and stays as a",
        "test. Of whole roads two went wrong, both by the machine: a kernel took more than a minute to start under a load of 17, and once",
        "`/dev/null` was no device. One more hung, in 4,000: a verifier that had ended was waited for; mended, and a test.",
        "",
    ]
    lines += ["| target | inputs | went wrong |", "|---|---|---|"]
    for target in dict.fromkeys(row.target for row in tally):
        of = [row for row in tally if row.target == target]
        lines.append(f"| {target} | {sum(row.inputs for row in of):,} | {sum(row.wrong for row in of)} |")
    return lines


def main() -> None:
    """Write the page."""
    with ROWS.open(newline="") as file:
        rows = list(csv.DictReader(file))
    PAGE.write_text(page(rows, fuzzing.load(fuzzing.ROWS)))


if __name__ == "__main__":
    main()
