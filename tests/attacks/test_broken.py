"""Broken is not hostile: a right notebook keeps its points in any form, encoding and name; unreadable files are reported."""

from __future__ import annotations

import codecs
import json

import pytest

from netgrader.grading.grade_submission import grade
from tests.attacks.attacked import ADD
from tests.attacks.changes import SHAPES

ENCODINGS = {
    "a byte order mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "Windows line ends in the file": lambda text: json.dumps(json.loads(text), indent=1).replace("\n", "\r\n").encode(),
    "escaped and unescaped": lambda text: json.dumps(json.loads(text), ensure_ascii=False).encode(),
    "keys twice": lambda text: b'{"nbformat": 1, "cells": 3, ' + text.encode()[1:],
    "numbers that are not finite": lambda text: text.replace(
        '"nbformat":', '"x": NaN, "y": Infinity, "nbformat":', 1
    ).encode(),
}
NAMES = ("1_sums (1).ipynb", "数字.ipynb", "1_sums.IPYNB", "-rf.ipynb", "a'b\"c;$(x).ipynb", "e\u0301.ipynb")


@pytest.mark.parametrize("change", SHAPES, ids=lambda change: change.__name__)
def test_a_right_notebook_in_another_shape_keeps_all_points(tiny, uncaged, tmp_path, change) -> None:
    notebook = tiny.filled()
    change(notebook)
    assert_right(tmp_path / "1_sums.ipynb", json.dumps(notebook).encode())


@pytest.mark.parametrize("encode", ENCODINGS.values(), ids=ENCODINGS)
def test_a_right_notebook_in_another_encoding_keeps_all_points(tiny, uncaged, tmp_path, encode) -> None:
    assert_right(tmp_path / "1_sums.ipynb", encode(json.dumps(tiny.filled(add="# größer\n" + ADD))))


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_of_any_name_is_graded_as_what_it_is(tiny, uncaged, tmp_path, name) -> None:
    assert_right(tmp_path / name, json.dumps(tiny.filled()).encode())


def assert_right(path, content: bytes) -> None:
    folder = path.parent / "in"
    folder.mkdir()
    (folder / path.name).write_bytes(content)
    (result,) = grade(folder).notebooks
    assert (result.notebook, result.score) == ("1_sums.ipynb", 5.0), (result.problem, result.measured)


UNREADABLE = {
    "an empty file": b"",
    "a truncated file": b'{"cells": [{"cell_type": "code", "sou',
    "merge conflict markers": b'<<<<<<< HEAD\n{"cells": []}\n=======\n{}\n>>>>>>> x',
    "a web page": b"<!DOCTYPE html><html><body>Sign in</body></html>",
    "a picture": b"\x89PNG\r\n\x1a\n" + bytes(range(256)),
    "a list": b"[]",
    "deeply nested brackets": b"[" * 100_000,
    "deeply nested objects": b'{"a":' * 50_000,
    "a huge number": b'{"nbformat": ' + b"9" * 5_000 + b"}",
    "no cells": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
    "text instead of cells": b'{"nbformat": 4, "cells": "all"}',
    "a future format": b'{"nbformat": 9, "cells": []}',
    "a format as text": b'{"nbformat": "4", "cells": []}',
    "millions of empty lists": b'{"nbformat": 4, "cells": [' + b"[]," * 2_000_000 + b"0]}",
    "lone surrogates": b'{"nbformat": 4, "cells": ["\\ud800", {"cell_type": "code", "source": "\\udfff"}]}',
}
# Those that a reader which knows only notebooks reads, too; what comes after it refuses them.
OTHERS = {
    "an obsolete format": b'{"nbformat": 1, "cells": []}',
    "another notebook": b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "x = 1", "metadata": {}}]}',
}


@pytest.mark.parametrize("name", [*UNREADABLE, *OTHERS])
def test_what_is_no_notebook_is_said_in_a_sentence(tiny, uncaged, tmp_path, name) -> None:
    path = tmp_path / "1_sums.ipynb"
    path.write_bytes({**UNREADABLE, **OTHERS}[name])
    (result,) = grade(path).notebooks
    assert (result.status.value, result.score) == ("not-gradable", 0)
    assert str(result.problem).endswith((".", "?"))
    assert len(str(result.problem)) < 400
