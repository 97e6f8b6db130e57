import codecs
import json

import pytest

from netgrader.errors import NetgraderError
from netgrader.grading.submission import (
    SubmissionLimits,
    UnreadableError,
    find_notebooks,
    helper_files,
    parse_notebook,
    read_notebook,
)
from tests.texts import english


def notebook(*cells, **top):
    return json.dumps({"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5, **top}).encode()


def code(source, **more):
    return {"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None, **more}


def sentence(content, *limits):
    with pytest.raises(UnreadableError) as caught:
        parse_notebook(content, *limits)
    text = str(caught.value)
    assert text.endswith(".")
    assert "Traceback" not in text
    return text


def test_a_file_over_the_limit_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "big.ipynb"
    with path.open("wb") as out:
        out.truncate(60_000_000)
    with pytest.raises(UnreadableError, match=r"60 MB; at most 50 MB"):
        read_notebook(path)


def test_a_file_that_cannot_be_read_is_no_doing_of_the_students(tmp_path):
    with pytest.raises(NetgraderError, match=r"none.ipynb cannot be read \(No such file") as raised:
        read_notebook(tmp_path / "none.ipynb")
    assert not isinstance(raised.value, UnreadableError)


def test_too_many_cells_and_too_much_code_are_refused():
    assert "more than 3 cells" in sentence(notebook(*[code("")] * 4), SubmissionLimits(cells=3))
    assert "Data does not belong in code cells" in sentence(
        notebook(code("x" * 2_000)), SubmissionLimits(code_bytes=1_000)
    )


def test_ids_are_taken_over_only_where_they_look_like_ids():
    read = parse_notebook(
        notebook(
            code("a", metadata={"nbgrader": {"grade_id": "../../etc"}}, id="ok-1"),
            code("b", metadata={"nbgrader": {"grade_id": ["x"]}, "id": "colab_2"}),
            code("c", metadata={"nbgrader": "nothing"}, id=5),
        )
    )
    assert [(cell.grade_id, cell.cell_id) for cell in read.cells] == [("", "ok-1"), ("", "colab_2"), ("", "")]


def test_helper_modules_travel_and_links_and_bytes_do_not(tmp_path):
    (tmp_path / "tools.py").write_bytes(codecs.BOM_UTF8 + b"x = 1\r\n")
    (tmp_path / "binary.py").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "link.py").symlink_to("/etc/passwd")
    (tmp_path / "notes.txt").write_text("no")
    (tmp_path / "odd name.py").write_text("no")
    texts, notes = helper_files(tmp_path)
    assert texts == {"tools.py": "x = 1\n"}
    assert english(notes) == ("binary.py is not text in UTF-8, so the grader did not use it.",)


def test_helper_modules_over_their_limit_stay_behind_together(tmp_path):
    (tmp_path / "a.py").write_text("x = 1")
    (tmp_path / "b.py").write_text("#" * 250_000)
    texts, (note,) = helper_files(tmp_path)
    assert texts == {}
    assert "more than 200 kB together" in str(note)


def test_a_folder_that_cannot_be_read_is_no_empty_one(tmp_path, monkeypatch):
    def refused(*_):
        raise PermissionError

    monkeypatch.setattr("os.scandir", refused)
    monkeypatch.setattr("os.listdir", refused)
    with pytest.raises(PermissionError):
        find_notebooks(tmp_path)


def test_notebooks_are_found_beside_checkpoints_and_links(tmp_path):
    (tmp_path / ".ipynb_checkpoints").mkdir()
    for name in ("b.ipynb", "a.IPYNB", ".hidden.ipynb", "x.txt"):
        (tmp_path / name).write_text("{}")
    (tmp_path / "link.ipynb").symlink_to(tmp_path / "b.ipynb")
    (tmp_path / "folder.ipynb").mkdir()
    assert [path.name for path in find_notebooks(tmp_path)] == ["a.IPYNB", "b.ipynb"]
