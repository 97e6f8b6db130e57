"""A student's program as text and as a syntax tree, with the statements that operators act on.

A program of ``tests/programs/networks`` contains what a student writes in the exercise's function, as far as it differs from
`INPUTS` and `USUAL`, with helpers first. The network's parts have the names that these have; a last line ``net(X=x, W1=W)``
gives a part of another name, and further parts. A model of Keras is called ``model``. A program that defines the exercise's
function itself is run as it is.

A statement's role is in a comment at the end of its first line: ``# images``, ``# labels``, ``# hidden``, ``# logits``,
``# loss``, ``# train``, ``# accuracy``. The comments are for the operators here only; a graph does not have them.
"""

from __future__ import annotations

import ast
import copy
import pickle
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.programs import edited, programs

__all__ = ["NotApplicable", "Source", "dotted", "expression", "program_text", "statements"]

FUNCTIONS = {
    "one_layer": "one_layer_network",
    "two_layers": "two_layer_network",
    "deep": "deep_network",
    "keras": "keras_network",
    "keras_regression": "keras_regression",
}
"""The function of an exercise by the file of its programs."""
INPUTS = """
X = tf.placeholder(tf.float32, [None, 784])  # images
Y = tf.placeholder(tf.float32, [None, 10])  # labels
"""
USUAL = {
    "loss": "tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits_v2(labels=Y, logits=logits))  # loss",
    "train_op": "tf.train.AdamOptimizer(learning_rate).minimize(loss)  # train",
    "prediction": "tf.argmax(logits, 1)",
    "accuracy": "tf.reduce_mean(tf.cast(tf.equal(prediction, tf.argmax(Y, 1)), tf.float32))  # accuracy",
}
"""What a program ends with, in this order, where it does not make the part itself."""
GRAPH = """
from types import SimpleNamespace
import numpy as np
import tensorflow.compat.v1 as tf
def {function}(learning_rate=0.001):
    graph = tf.Graph()
    with graph.as_default():
{body}
    return SimpleNamespace(graph=graph, {parts})
"""
MODEL = """
import keras
import tensorflow as tf
from keras import layers, ops, regularizers
def {function}():
{body}
    return model
"""
ROLES = ("images", "labels", "hidden", "logits", "loss", "train", "accuracy")
_MARK = re.compile(rf"#\s*({'|'.join(ROLES)})\s*$")


_NET = re.compile(r"(?ms)^net\(.*\)\s*\Z")


class NotApplicable(Exception):  # noqa: N818 - it is an answer, not an error
    """The operator finds nothing in this program that it could act on."""


def expression(text: str) -> ast.expr:
    """Parse one expression."""
    return ast.parse(text, mode="eval").body


def statements(text: str) -> list[ast.stmt]:
    """Parse statements."""
    return ast.parse(text).body


def dotted(node: ast.AST) -> str:
    """``tf.nn.relu`` of an attribute chain, or an empty string."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return ""
    return ".".join([node.id, *reversed(parts)])


def program_text(name: str, *changes: tuple[str, str]) -> str:
    """The program ``two_layers/given_layer``, say, as it is run, with pieces of its text replaced."""
    folder, _, name = name.partition("/")
    text = edited(programs(f"networks/{folder}")[name].source, *changes)
    function = FUNCTIONS[folder]
    if f"def {function}(" in text:
        return text
    if folder.startswith("keras"):
        return MODEL.format(function=function, body=textwrap.indent(text, 4 * " "))
    given = _NET.search(text)
    call = expression(given[0].strip()) if given else ast.Call(ast.Name("net"), [], [])
    assert isinstance(call, ast.Call)
    named = {str(one.arg): ast.unparse(one.value) for one in call.keywords}
    parts = {part: part for part in ("X", "Y", "logits", *USUAL)} | named
    text = _NET.sub("", text)
    names = [name for name in ast.walk(ast.parse(text)) if isinstance(name, ast.Name)]
    made = {name.id for name in names if isinstance(name.ctx, ast.Store)}
    text = text if made & {"X", named.get("X", "X")} or "# images" in text else INPUTS + text
    text += "".join(f"{part} = {value}\n" for part, value in USUAL.items() if part not in made | named.keys())
    body = textwrap.indent(text, 8 * " ")
    return GRAPH.format(function=function, body=body, parts=", ".join(f"{one}={text}" for one, text in parts.items()))


@dataclass
class Source:
    """A program's tree and its marked statements, by role, in order. `copy` before changing one."""

    tree: ast.Module
    marked: dict[str, list[ast.stmt]]

    @property
    def _pickled(self) -> bytes:
        return pickle.dumps(self, protocol=pickle.HIGHEST_PROTOCOL)

    @classmethod
    def of(cls, text: str) -> Source:
        """Parse a program."""
        tree = ast.parse(text)
        by_line: dict[int, ast.stmt] = {}
        for node in ast.walk(tree):
            if isinstance(node, ast.stmt):
                by_line[node.lineno] = node
        marked: dict[str, list[ast.stmt]] = {role: [] for role in ROLES}
        for number, line in enumerate(text.splitlines(), 1):
            match = _MARK.search(line)
            if match:
                marked[match.group(1)].append(by_line[number])
        return cls(tree, marked)

    @classmethod
    def read(cls, name: str) -> Source:
        """Read a program."""
        return cls.of(program_text(name))

    def copy(self) -> Source:
        """A copy whose tree can be changed."""
        copied: Source = pickle.loads(self._pickled)  # noqa: S301 - our own tree; several times faster than deepcopy
        return copied

    def text(self) -> str:
        """The program as Python."""
        return ast.unparse(ast.fix_missing_locations(self.tree)) + "\n"

    def role(self, role: str, index: int = 0) -> ast.stmt:
        """The marked statement, or NotApplicable."""
        if index >= len(self.marked[role]):
            raise NotApplicable(f"no statement {index} marked {role}")
        return self.marked[role][index]

    def target(self, role: str, index: int = 0) -> ast.expr:
        """What the marked statement assigns to: its last plain target, the first of a tuple."""
        statement = self.role(role, index)
        if not isinstance(statement, ast.Assign):
            raise NotApplicable(f"the statement marked {role} is no assignment")
        target = statement.targets[-1]
        if isinstance(target, ast.Tuple):
            target = target.elts[0]
        target = copy.deepcopy(target)
        for node in ast.walk(target):
            if isinstance(node, ast.Name | ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
                node.ctx = ast.Load()
        return target

    def target_text(self, role: str, index: int = 0) -> str:
        """The target as text."""
        return ast.unparse(self.target(role, index))

    def value(self, role: str, index: int = 0) -> ast.expr:
        """The right side of the marked assignment."""
        statement = self.role(role, index)
        if not isinstance(statement, ast.Assign):
            raise NotApplicable(f"the statement marked {role} is no assignment")
        return statement.value

    def set_value(self, role: str, value: ast.expr, index: int = 0) -> None:
        """Give the marked assignment another right side."""
        statement = self.role(role, index)
        if not isinstance(statement, ast.Assign):
            raise NotApplicable(f"the statement marked {role} is no assignment")
        statement.value = value

    def block_of(self, statement: ast.stmt) -> tuple[list[ast.stmt], int]:
        """The list of statements that holds `statement`, and where in it."""
        for node in ast.walk(self.tree):
            for name in ("body", "orelse", "finalbody"):
                block = getattr(node, name, None)
                if isinstance(block, list):
                    for position, candidate in enumerate(block):
                        if candidate is statement:
                            return block, position
        raise AssertionError("a marked statement is in its own tree")

    def insert_after(self, statement: ast.stmt, text: str) -> None:
        """Put statements behind one."""
        block, position = self.block_of(statement)
        block[position + 1 : position + 1] = statements(text)

    def insert_before(self, statement: ast.stmt, text: str) -> None:
        """Put statements before one."""
        block, position = self.block_of(statement)
        block[position:position] = statements(text)

    def later(self, *roles: str) -> ast.stmt:
        """Of the first statements with these roles, the one that stands last, provided they share a block."""
        found = [self.role(role) for role in roles]
        blocks = {id(self.block_of(statement)[0]) for statement in found}
        if len(blocks) != 1:
            raise NotApplicable(f"{roles} stand in different blocks")
        return max(found, key=lambda statement: statement.lineno)

    def replace(self, root: ast.AST, wanted: Callable[[ast.AST], ast.AST | None]) -> int:
        """Replace nodes below `root` by what `wanted` answers for them; how many were replaced."""
        count = 0

        class Replace(ast.NodeTransformer):
            def visit(self, node: ast.AST) -> ast.AST:
                nonlocal count
                new = wanted(node)
                if new is not None:
                    count += 1
                    return new
                self.generic_visit(node)
                return node

        Replace().generic_visit(root)
        return count

    def replace_text(self, root: ast.AST, old: str, new: str) -> int:
        """Replace loads of the expression `old` below `root` by the expression `new`."""
        pattern = ast.dump(expression(old))

        def wanted(node: ast.AST) -> ast.AST | None:
            return expression(new) if isinstance(node, ast.expr) and ast.dump(node) == pattern else None

        return self.replace(root, wanted)

    def helpers(self) -> Iterator[ast.AST]:
        """Functions that contain no marked statement: a student's own layers and activations."""
        marked = {id(statement) for found in self.marked.values() for statement in found}
        for node in ast.walk(self.tree):
            if isinstance(node, ast.FunctionDef) and not any(id(inner) in marked for inner in ast.walk(node)):
                yield node

    def entry(self) -> ast.FunctionDef:
        """The function of the exercise: the last one of the file."""
        functions = [node for node in self.tree.body if isinstance(node, ast.FunctionDef)]
        return functions[-1]
