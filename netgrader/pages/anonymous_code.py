"""Pieces of students' code that say nothing of whose they are: parsed, never run, written again without what could name somebody.

Kept are names and texts of words that the course itself uses, or three students or more; comments and lines of text go.
"""

from __future__ import annotations

import ast
import builtins
import itertools
import keyword
import re
import sys
import warnings
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from netgrader.pages import safe

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

__all__ = ["anonymous", "two_pieces", "words_of", "words_to_keep"]

MOST_LINES, MOST_CHARACTERS = 15, 120
"""Of a piece, and of one of its lines."""
LONGEST = 20_000
"""Characters of a cell that are parsed."""
MOST_CANDIDATES = 40
"""Students whose pieces are compared."""
COMMON = 3
"""Students whose word tells nothing of any of them."""
LONGEST_TEXT = 40
LONGEST_NUMBER = 5
"""Digits of a number that is not round: more may be somebody's number, or birthday."""
LEFT_OUT = "…"
PYTHONS = frozenset({*keyword.kwlist, *keyword.softkwlist, *dir(builtins)})
METHODS = frozenset(name for kind in (str, list, dict, set, tuple, float, int, np.ndarray) for name in dir(kind))
LIBRARIES = frozenset(
    {*sys.stdlib_module_names, "IPython", "keras", "matplotlib", "netgrader", "numpy", "pandas", "scipy", "tensorflow"}
)
WORD = re.compile(r"[^\W\d_]+")
OF_CAMELS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
PLAIN_TEXT = re.compile(r"[\w ./:,%()=-]*")
MAGIC = re.compile(r"^\s*[%!].*$", re.MULTILINE)


def words_of(text: str) -> set[str]:
    """Return the words in a text, those that are put together in names of code taken apart, in small letters."""
    return {part.casefold() for word in WORD.findall(text[:LONGEST]) for part in OF_CAMELS.split(word)}


def words_to_keep(given: Iterable[str], written: Mapping[str, Iterable[str]], people: Iterable[str]) -> frozenset[str]:
    """Return the words that tell nothing of anybody, and names of the course's that are made of several.

    `given` is the course's own; words of `people`, names and ids of everybody, are never kept.
    """
    given = list(given)
    course = set().union(*map(words_of, given))
    compound = {name for text in given for name in re.findall(r"\w+", text) if len(words_of(name)) > 1}
    common = Counter(word for texts in written.values() for word in set().union(*map(words_of, texts)))
    names = {word for name in people for word in words_of(name) if len(word) > 1}
    return frozenset((course | {word for word, count in common.items() if count >= COMMON}) - names | compound)


def two_pieces(codes: Sequence[str], words: Collection[str], people: Collection[str]) -> tuple[str, ...]:
    """Return the two pieces that differ most, or what there is; of those that are short enough to be whole if there are two."""
    found = sorted({piece for code in codes[:MOST_CANDIDATES] if (piece := anonymous(code, words, people))})
    whole = [piece for piece in found if LEFT_OUT not in piece.splitlines()[-1:]]
    found = whole if len(whole) > 1 else found
    parts = {piece: set(itertools.pairwise(re.findall(r"\w+|[^\w\s]", piece))) for piece in found}
    pairs = itertools.combinations(found, 2)
    return max(pairs, key=lambda pair: _distance(parts[pair[0]], parts[pair[1]]), default=tuple(found))


def _distance(first: set[tuple[str, str]], second: set[tuple[str, str]]) -> float:
    """Return the share of what stands in either of two pieces that does not stand in both."""
    return 1 - len(first & second) / max(1, len(first | second))


def anonymous(code: str, words: Collection[str], people: Collection[str]) -> str:
    """Return the beginning of a cell's code without what could name somebody; nothing if it is no Python that can be read."""
    if len(code) > LONGEST:
        return ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes and comparisons that the student chose
            tree = ast.parse(MAGIC.sub("", code))
            said = ast.unparse(ast.fix_missing_locations(_Anonymous(tree, words, people).visit(tree)))
    except (SyntaxError, ValueError, ArithmeticError, RecursionError, MemoryError):
        return ""
    if said == "pass":
        return ""
    lines = [safe.text(line, MOST_CHARACTERS) for line in said.splitlines() if line.strip()]
    return "\n".join(lines[:MOST_LINES] + [LEFT_OUT] * (len(lines) > MOST_LINES))


class _Anonymous(ast.NodeTransformer):
    """Leaves names, texts and numbers of no meaning to anybody in place of those that could name somebody."""

    def __init__(self, tree: ast.AST, words: Collection[str], people: Collection[str]) -> None:
        self._words = words
        self._people = {part for name in people for part in _parts(name) if len(part) > 3}
        self._short = {word for name in people for word in words_of(name) if len(word) == 2}
        self._numbered: dict[str, str] = {}
        self._kept = set(PYTHONS | METHODS | LIBRARIES)
        self._modules = {"np", "tf", "plt"}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import | ast.ImportFrom):
                self._import(node)
        self._kept |= self._modules

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        """Note what is imported of libraries; how it is called here is the student's."""
        of = node.module or "" if isinstance(node, ast.ImportFrom) else None
        for one in node.names:
            if (one.name if of is None else of).partition(".")[0] not in LIBRARIES:
                continue
            parts = (*one.name.split("."), *(of or "").split("."))
            self._kept |= {part for part in parts if not self._names_somebody(part)}
            called = one.asname or one.name.partition(".")[0]
            if self._tells_nothing(called) or (one.asname is None and not self._names_somebody(called)):
                self._modules.add(called)

    def visit(self, node: ast.AST) -> ast.AST:
        match node:
            case ast.JoinedStr() | ast.Constant(value=complex()):
                return ast.Constant(LEFT_OUT)
            case ast.Constant(value=str() | bytes() as value):
                return node if self._tells_nothing(value) else ast.Constant(LEFT_OUT)
            case ast.Constant(value=int() | float() as value):
                decimals = LONGEST_NUMBER - 1 if abs(value) < 10**LONGEST_NUMBER else 1
                is_round = float(f"{value:.{decimals}e}") == value and not self._names_somebody(f"{value:.15g}")
                return node if is_round else ast.Name(LEFT_OUT)
            case ast.Attribute() if self._of_library(node):
                node.value = self.visit(node.value)  # type: ignore[assignment]
                return node
            case ast.Call() if self._of_library(node.func):
                self._kept |= {one.arg for one in node.keywords if one.arg and not self._names_somebody(one.arg)}
        for name, value in ast.iter_fields(node):
            if isinstance(value, str) and name != "type_comment":
                setattr(node, name, ".".join(map(self._name, value.split("."))))
            elif isinstance(node, ast.Global | ast.Nonlocal | ast.MatchClass) and isinstance(value, list):
                setattr(node, name, [self._name(one) if isinstance(one, str) else one for one in value])
            if name == "body" and isinstance(value, list):
                node.body = [one for one in value if not _is_text(one)] or [ast.Pass()]  # type: ignore[attr-defined]
        return self.generic_visit(node)

    def _of_library(self, node: ast.AST) -> bool:
        """Whether a name is one of a library's: `tf.nn.relu`, and a method of what a library's function returns."""
        if not isinstance(node, ast.Attribute) or self._names_somebody(node.attr):
            return False
        root: ast.AST = node
        while isinstance(root, ast.Attribute | ast.Call):
            root = root.value if isinstance(root, ast.Attribute) else root.func
        return isinstance(root, ast.Name) and root.id in self._modules

    def _names_somebody(self, name: str) -> bool:
        *_, letters, own = _parts(name)
        return name not in self._words and any(person in letters or person in own for person in self._people)

    def _name(self, name: str) -> str:
        if name in self._kept or self._tells_nothing(name):
            return name
        return self._numbered.setdefault(name, f"name{len(self._numbered) + 1}")

    def _tells_nothing(self, value: str | bytes) -> bool:
        """Whether a name or a text is short, and made of words that are kept."""
        if isinstance(value, bytes) or len(value) > LONGEST_TEXT or not PLAIN_TEXT.fullmatch(value):
            return not value
        known = value in self._words or all(map(self._is_known, words_of(value)))
        digits = max(map(len, re.findall(r"\d+", value)), default=0)
        return known and digits <= LONGEST_NUMBER and not self._names_somebody(value)

    def _is_known(self, word: str) -> bool:
        """Whether a word in small letters is kept, or too short to be anybody's."""
        return word in self._words or (len(word) < 3 and word not in self._short)


def _parts(name: str) -> list[str]:
    """Return the runs of letters, and of digits, in a name in small letters; then all letters, and these with all digits."""
    name = name.casefold()
    letters, digits = WORD.findall(name), re.findall(r"\d+", name)
    return [*letters, *digits, "".join(letters), re.sub(r"[\W_]", "", name)]


def _is_text(node: ast.AST) -> bool:
    """Whether a statement is but a text, as a docstring is."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
