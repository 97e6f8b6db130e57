"""Work of two students that is alike where that of nobody else is: a fact for a person to look at, and no verdict.

The method is that of fingerprinting (Schleimer, Wilkerson, Aiken: *Winnowing*, SIGMOD 2003) without its thinning: runs of
`RUN` tokens of code, names that a student may choose left out. What many have, or the course's own solution, tells nothing.
"""

from __future__ import annotations

import builtins
import io
import itertools
import json
import keyword
import re
import token
import tokenize
import zlib
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from netgrader.pages import words

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from netgrader.course import Assignment

__all__ = ["Alike", "alike", "fingerprints", "identical", "same_runs", "texts_of_course", "written_by_class"]

RUN = 12
"""Tokens of one fingerprint: a line or two."""
FEWEST_STUDENTS = 8
"""Where fewer have done a cell nobody knows what is common: the first two to do it may write what all would."""
COMMON = 0.03
"""What this share of the class has, or `FEW` students where that is more, is common."""
FEW = 3
LEAST, SHARE = 60, 0.8
"""Fingerprints that only few have: so many must be of both, and that share of those of the one who has fewer."""
WORDS_OF_CODE, WORDS_OF_ANSWER = 60, 15
"""Words that are not the course's, from which a text that is the same letter by letter is told, in a class of any size."""
LONGEST, MOST_PAIRS, MOST_SKIPPED = 100_000, 200, 50
LARGEST_NOTEBOOK = 50_000_000
KEPT = frozenset({*keyword.kwlist, *dir(builtins)})
LEFT_OUT = frozenset(
    {token.COMMENT, token.NL, token.NEWLINE, token.INDENT, token.DEDENT, token.ENCODING, token.ENDMARKER}
)


@dataclass(frozen=True)
class Alike:
    """Two students whose work is alike, by how much of what few have (0 to 1), and in which cells most of it stands.

    `same` if what stands in these cells is the same letter by letter, `evidence` if these are notebooks that ran once for both.
    """

    first: str
    second: str
    share: float
    cells: tuple[str, ...]
    same: bool = False
    evidence: bool = False


def identical(work: Mapping[str, Mapping[str, str]], given: Iterable[str], least: int) -> tuple[Alike, ...]:
    """Return the pairs who have the same in a cell, letter by letter, where few have it.

    `given` is what all may have, whose lines do not count; a cell must have `least` words of their own.
    """
    known = _lines(given)
    holders: defaultdict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for student in sorted(work):
        for cell, text in work[student].items():
            lines = tuple(line.rstrip() for line in text[:LONGEST].strip().splitlines() if line.strip())
            if _own_words(lines, known) >= least:
                holders[cell, lines].append(student)
    return tuple(Alike(*pair, 1.0, cells, same=True) for pair, cells in _pairs(holders, len(work)))


def same_runs(
    runs: Mapping[str, Mapping[str, str]], work: Mapping[str, Mapping[str, str]], given: Iterable[str]
) -> tuple[Alike, ...]:
    """Return the pairs whose notebooks ran once for both, so that all evidence is the same to the bit, where few have it.

    Weights that are the same to the bit tell no more: two who take the same steps from the same seed get them, and where an
    accuracy counts the images differ with each letter of the code (`netgrader.checks.held_out`).

    `runs` are the names of the runs of each student's notebooks; for the others see `identical`.
    """
    known = _lines(given)
    holders: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for student in sorted(runs):
        for notebook, run in runs[student].items():
            own = [text for cell, text in work.get(student, {}).items() if cell.startswith(f"{notebook}, ")]
            if run and sum(_own_words(text[:LONGEST].splitlines(), known) for text in own) >= WORDS_OF_CODE:
                holders[notebook, run].append(student)
    return tuple(Alike(*pair, 1.0, notebooks, evidence=True) for pair, notebooks in _pairs(holders, len(runs)))


def _lines(given: Iterable[str]) -> set[str]:
    return {line.strip() for text in given for line in text.splitlines()}


def _own_words(lines: Iterable[str], known: Collection[str]) -> int:
    return sum(len(re.findall(r"\w+", line)) for line in lines if line.strip() not in known)


def _pairs(
    holders: Mapping[tuple[str, Any], Sequence[str]], number: int
) -> list[tuple[tuple[str, str], tuple[str, ...]]]:
    """Return the pairs of a class of that number who hold the same, with where, of what only few hold."""
    pairs: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for (where, _), students in holders.items():
        if len(students) <= max(FEW, COMMON * number):
            for first, second in itertools.combinations(students, 2):
                pairs[first, second].append(where)
    return [(pair, tuple(places)) for pair, places in sorted(pairs.items())][:MOST_PAIRS]


def fingerprints(source: str) -> frozenset[int]:
    """Return the fingerprints of a cell's code: renaming, comments, blank space and strings' quotes change none."""
    kinds = list(_tokens(source[:LONGEST]))
    runs = zip(*(itertools.islice(kinds, start, None) for start in range(RUN)), strict=False)
    return frozenset(zlib.crc32("\n".join(run).encode("utf-8", "replace")) for run in runs)


def _tokens(source: str) -> Iterator[str]:
    before, lines = "", io.StringIO(source).readlines()
    for _ in range(MOST_SKIPPED):
        done = 0
        try:
            for one in tokenize.generate_tokens(iter(lines).__next__):
                done = one.end[0]
                if one.type in LEFT_OUT:
                    continue
                chosen = one.type == token.NAME and one.string not in KEPT and before != "."
                text = "name" if chosen else one.string.strip("'\"") if one.type == token.STRING else one.string
                before = one.string
                yield text
        except (tokenize.TokenError, SyntaxError, ValueError):  # what does not parse: a line for the shell, or a slip
            lines = lines[max(1, done) :]
        else:
            return


def alike(work: Mapping[str, Mapping[str, str]], given: Iterable[str] = ()) -> tuple[Alike, ...]:
    """Return the pairs whose work is alike, those most alike first.

    `given` is code that all may have: the course's solution, and what was released.
    """
    known = frozenset().union(*map(fingerprints, given))
    of_cells = {student: {cell: fingerprints(code) for cell, code in cells.items()} for student, cells in work.items()}
    done = Counter(cell for cells in of_cells.values() for cell, own in cells.items() if own - known)
    of_cells = {
        student: {cell: own for cell, own in cells.items() if done[cell] >= FEWEST_STUDENTS}
        for student, cells in of_cells.items()
    }
    of = {student: frozenset().union(*cells.values()) for student, cells in of_cells.items()}
    held = Counter(itertools.chain.from_iterable(of.values()))
    most = max(FEW, COMMON * len(work))
    rare = {student: {one for one in own if held[one] <= most} - known for student, own in of.items()}
    holders: defaultdict[int, list[str]] = defaultdict(list)
    for student in sorted(rare):
        for one in rare[student]:
            holders[one].append(student)
    shared = Counter(pair for students in holders.values() for pair in itertools.combinations(students, 2))
    found = []
    for (first, second), number in shared.items():
        share = number / min(len(rare[first]), len(rare[second]))
        if number >= LEAST and share >= SHARE:
            cells = _where(rare[first] & rare[second], of_cells[first], of_cells[second])
            found.append(Alike(first, second, share, cells))
    return tuple(sorted(found, key=lambda one: (-one.share, one.first, one.second))[:MOST_PAIRS])


def _where(
    shared: set[int], first: Mapping[str, frozenset[int]], second: Mapping[str, frozenset[int]]
) -> tuple[str, ...]:
    """Return the cells in which what two share stands, those with most of it first."""
    each = {cell: len(shared & first[cell] & second[cell]) for cell in first.keys() & second.keys()}
    return tuple(cell for cell, number in sorted(each.items(), key=lambda item: (-item[1], item[0])) if number)


def written_by_class(assignment: Assignment, students: Iterable[str], kind: str = "code") -> dict[str, dict[str, str]]:
    """Return what students wrote in the cells of a kind (``code``, ``markdown``), by student, notebook and cell; as graded."""
    return {student: written for student in students if (written := _written(assignment, student, kind))}


def texts_of_course(assignment: Assignment) -> tuple[str, ...]:
    """Return the texts and code of the cells of an assignment as they are released, and with their solution."""
    released = [cell.source for name in assignment.notebooks for cell in assignment.skeleton(name).cells]
    solution = [
        "".join(cell["source"])
        for name in assignment.notebooks
        for cell in json.loads((assignment.source / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    ]
    return (*released, *solution)


def _written(assignment: Assignment, student: str, kind: str) -> dict[str, str]:
    folder = assignment.course.folder("autograded", student, assignment.name)
    found: dict[str, str] = {}
    for notebook in assignment.notebooks:
        path = folder / f"{notebook}.ipynb"
        if not path.is_file() or path.stat().st_size > LARGEST_NOTEBOOK:
            continue
        for cell in json.loads(path.read_text(encoding="utf-8")).get("cells", ()):
            about = cell["metadata"].get("nbgrader", {})
            if cell["cell_type"] == kind and (about.get("solution") or (not about and kind == "code")):
                name = f"{notebook}, {about.get('grade_id') or words.ALIKE_OWN_CELLS}"
                found[name] = "\n".join([*([found[name]] if name in found else []), "".join(cell["source"])])
    return found
