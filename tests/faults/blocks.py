"""The programs on fault pages: the content of each block, its expected codes, and its location."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from graphread.fault_kinds import sections, text_of
from netgrader.faults import CATALOGUE

BLOCK = re.compile(r"(?ms)^```python (?P<info>[^\n]*)\n(?P<code>.*?)^```$")
MARK = re.compile(r"# fault: (?P<code>[a-z0-9-]+)(?: @ (?P<place>.+))?$")
EXAMPLE, QUIET = "Example", ("Instead", "Not this")
GRAPH, TRAIN, ARRAYS, CHECK = "graph", "train", "arrays", "check"
"""Kinds of programs: what builds a network, a training loop, what prepares the data, and any cell of an exercise."""


@dataclass(frozen=True)
class Mark:
    """A fault that a line of a program says it has: its place in words if it has one."""

    code: str
    line: int
    place: str


@dataclass(frozen=True)
class Block:
    """A program of a page. `kind` says who judges it; `exercise` which one it answers, as ``course/exercise`` if not of digits.

    `terms` are what the exercise asks for besides.
    """

    page: str
    section: str
    number: int
    kind: str
    exercise: str
    terms: tuple[tuple[str, str], ...]
    text: str

    @property
    def name(self) -> str:
        """What a test calls it."""
        return f"{self.page}-{self.section.lower().replace(' ', '-')}-{self.number}"

    @property
    def marks(self) -> tuple[Mark, ...]:
        """The faults that its lines are marked with."""
        found = ((number, MARK.search(line)) for number, line in enumerate(self.text.splitlines(), 1))
        return tuple(Mark(mark["code"], number, mark["place"] or "") for number, mark in found if mark)


def head(line: str) -> str:
    """What a line begins with, by which another line can take its place: the name that it assigns, or what it calls."""
    return re.split(r" = | \+= | in |\(|(?<=return) ", line, maxsplit=1)[0].rstrip()


def changed(program: str, lines: str) -> str:
    """A program with each of these lines in place of the one with the same head; lines with new heads follow the one before."""
    text = [MARK.sub("", line).rstrip() for line in program.splitlines()]
    heads = [head(line) for line in text]
    at = None
    for line in lines.splitlines():
        if head(line) in heads:
            assert heads.count(head(line)) == 1, f"{head(line)!r} begins {heads.count(head(line))} lines"
            at = heads.index(head(line))
            text[at] = line
        else:
            assert at is not None, f"no line begins like {line!r}"
            at += 1
            text.insert(at, line)
            heads.insert(at, head(line))
    return "\n".join(text) + "\n"


def blocks_of(code: str) -> list[Block]:
    """The programs of a page, in its order; a change is one of the example, or of the first right program once there is one."""
    found: list[Block] = []
    for section, text in sections(text_of(CATALOGUE[code].page)).items():
        for number, match in enumerate(BLOCK.finditer(text)):
            kind, *words = match["info"].split()
            terms = dict(word.split("=") for word in words if word != "change")
            exercise = terms.pop("exercise", "")
            whole = changed(found[:2][-1].text, match["code"]) if "change" in words else match["code"]
            found.append(Block(code, section, number, kind, exercise, tuple(terms.items()), whole))
    return found


BLOCKS = [block for code in CATALOGUE for block in blocks_of(code)]


def of_kind(kind: str) -> list[pytest.ParameterSet]:
    """The programs of a kind, as a test's parameters."""
    return [pytest.param(block, id=block.name) for block in BLOCKS if block.kind == kind]


def marked(block: Block) -> list[str]:
    """The codes that a program is marked with."""
    return sorted(mark.code for mark in block.marks)
