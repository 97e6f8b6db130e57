"""Texts are data: templates and values, rendered once, by the page or command that displays them."""

from __future__ import annotations

import ast
import math
import string
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np
import pytest

from graphread.text import WORDS, Plural, Said, Text, joined, spelled, tidy
from netgrader.own_files import GRAPHREAD, PACKAGE

FORMAT = string.Formatter()


class Told(msgspec.Struct, frozen=True):
    """What is kept, and sent between processes."""

    said: Said


@pytest.mark.parametrize(
    ("said", "english"),
    [
        (Text("one step an epoch"), "one step an epoch"),
        (
            Text("{steps} train steps on {n:,} {images} at once", steps=3, n=60_000),
            "3 train steps on 60,000 images at once",
        ),
        (Text("{found} of {name!r}", found=Text("the weights"), name="W"), "the weights of 'W'"),
        (Text("{rate:.2f}").format(rate=np.float32(0.125)), "0.12"),
        (Text("shape {shape}", shape=(3, 4)), "shape (3, 4)"),
        (Text("up to {loss:.3g}, by {rate:.2f}", loss=math.inf, rate=np.float32("nan")), "up to inf, by nan"),
        (joined([Text("One {label}."), "{x} as it is"]), "One label. {x} as it is"),
        (Plural("{number} layer", "{number} layers").of(1), "1 layer"),
        (Plural("{number} layer", "{number} layers").of(1_000), "1,000 layers"),
        (spelled(9), "nine"),
        (spelled(60_000), "60,000"),
    ],
)
def test_a_text_is_its_template_with_its_values(said, english):
    assert str(said) == english


@pytest.mark.parametrize(
    "said",
    [
        Text("{n:.3g} of {it}", n=0.5, it=Text("{x}", x="W")),
        Text("{loss:.3g}", loss=-math.inf),
        Plural("a", "b").of(2),
        "W",
    ],
)
def test_a_text_comes_back_as_it_was_kept(said):
    assert msgspec.json.decode(msgspec.json.encode(Told(said)), type=Told) == Told(said)
    assert {said} == {msgspec.msgpack.decode(msgspec.msgpack.encode(Told(said)), type=Told).said}


def test_what_a_student_chose_is_no_template_and_stands_in_one_line():
    assert str(Text("{found} here", found="{n:,} {images}")) == "{n:,} {images} here"
    assert str(tidy(Text("{found}", found="a\n\x1b[31mb" + "x" * 5_000)))[:9] == "a [31mbxx"
    assert len(str(tidy(Text("{found}", found="x" * 5_000)))) == 400


def test_no_sentence_is_put_together_in_an_f_string():
    """What an f-string holds has no language any more: a `Text` has named places, or `joined` puts texts together."""
    found = []
    for path in sorted([*PACKAGE.rglob("*.py"), *GRAPHREAD.rglob("*.py")]):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        made = [call for call in calls if getattr(call.func, "id", "") in {"Text", "Plural"}]
        found += [
            f"{path.name}:{call.lineno}" for call in made if any(isinstance(one, ast.JoinedStr) for one in call.args)
        ]
    assert found == []


def places(template: str) -> set[str]:
    return {place for _, place, _, _ in FORMAT.parse(template) if place is not None}


def unfilled(path: Path) -> Iterator[str]:
    """Name the places that stay empty of a module's templates that are filled where they are made, or by their name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    given = defaultdict(set)
    for call in calls:
        if isinstance(call.func, ast.Attribute) and call.func.attr in {"format", "of"}:
            for node in ast.walk(call.func.value):
                given[node.id if isinstance(node, ast.Name) else id(node)] |= {one.arg for one in call.keywords}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            for part in ast.walk(node.value):
                given[id(part)] |= given[node.targets[0].id]
    for call in (one for one in calls if getattr(one.func, "id", "") in {"Text", "Plural"}):
        templates = [one.value for one in call.args if isinstance(one, ast.Constant)]
        filled = {one.arg for one in call.keywords} | given[id(call)]
        if filled and None not in filled:
            lacking = set().union(*map(places, templates)) - filled - {*WORDS, "number"}
            yield from (f"{path.name}:{call.lineno}: {one}" for one in lacking)


def test_who_fills_a_template_fills_all_its_places():
    assert [one for path in sorted([*PACKAGE.rglob("*.py"), *GRAPHREAD.rglob("*.py")]) for one in unfilled(path)] == []


def test_code_in_braces_is_no_place():
    """``{training: False}`` would be a place whose format is `` False``: a template doubles the braces of code."""
    paths = sorted([*PACKAGE.rglob("*.py"), *GRAPHREAD.rglob("*.py")])
    nodes = [node for path in paths for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    calls = [
        node for node in nodes if isinstance(node, ast.Call) and getattr(node.func, "id", "") in {"Text", "Plural"}
    ]
    templates = [one.value for call in calls for one in call.args if isinstance(one, ast.Constant)]
    assert [text for text in templates if any(" " in (form or "") for _, _, form, _ in FORMAT.parse(text))] == []
