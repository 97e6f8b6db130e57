"""load_mnist: the data of the course, verified, offline, without pickle."""

import hashlib

import msgspec
import numpy as np
import pytest

from netgrader.data import DamagedDataError, DataPart, MissingDataError, load_data
from netgrader.student import load_mnist
from netgrader.student.course_data import ChecksNotFoundError, checks_folder, data_spec
from tests.datasets import DATA, DIGITS, N_TEST, N_TRAIN, SIDE, shirts, toml_of


def test_the_data_has_the_shape_that_keras_gives():
    (x_train, y_train), (x_test, y_test) = load_mnist(DATA)
    assert [array.shape for array in (x_train, y_train, x_test, y_test)] == [
        (60_000, 28, 28),
        (60_000,),
        (10_000, 28, 28),
        (10_000,),
    ]
    assert {array.dtype for array in (x_train, y_train, x_test, y_test)} == {np.dtype(np.uint8)}
    assert np.bincount(y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert y_train[:5].tolist() == [5, 0, 4, 1, 9]
    assert (int(x_train.min()), int(x_train.max())) == (0, 255)


def test_the_file_beside_the_notebook_is_found(tmp_path, monkeypatch):
    (tmp_path / "mnist.npz").write_bytes(DATA.read_bytes())
    monkeypatch.chdir(tmp_path)
    assert load_mnist()[1][1].shape == (10_000,)


@pytest.mark.parametrize("named", [DATA, DATA.parent], ids=["file", "folder"])
def test_the_environment_names_the_file_or_its_folder(tmp_path, monkeypatch, named):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NETGRADER_DATA", str(named))
    assert load_mnist()[0][1].shape == (60_000,)


def test_a_missing_file_is_named_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingDataError) as caught:
        load_mnist()
    assert str(tmp_path / "mnist.npz") in str(caught.value)
    assert "next to the notebook" in str(caught.value)


@pytest.mark.parametrize(
    "damage",
    [lambda content: content[:-1], lambda _: b"", lambda content: content[:1000] + b"!" + content[1001:]],
    ids=["cut off", "empty", "one byte changed"],
)
def test_a_damaged_file_is_named_and_nothing_else_is_tried(tmp_path, monkeypatch, damage):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mnist.npz").write_bytes(DATA.read_bytes())
    (tmp_path / "mnist.npz").write_bytes(damage(DATA.read_bytes()))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DamagedDataError) as caught:
        load_mnist()
    assert str(tmp_path / "mnist.npz") in str(caught.value)


def test_a_pickle_in_place_of_the_data_is_not_opened(tmp_path, monkeypatch):
    """Even a file whose hash were right is read without pickle."""
    trap = tmp_path / "mnist.npz"
    np.savez(trap, x_train=np.array([object()], dtype=object), allow_pickle=True)
    monkeypatch.setenv("NETGRADER_DATA_SHA256", hashlib.sha256(trap.read_bytes()).hexdigest())
    with pytest.raises(DamagedDataError, match=r"mnist\.npz"):
        load_mnist(trap)


def test_an_error_shows_its_sentence_in_a_notebook_and_no_traceback(tmp_path):
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell()
    with capture_output() as captured:
        shell.run_cell(f"from netgrader.student import load_mnist\nload_mnist({str(tmp_path / 'no.npz')!r})")
    assert "Put the mnist.npz" in captured.stdout + captured.stderr
    assert "Traceback" not in captured.stdout + captured.stderr


def test_other_data_of_another_shape_are_loaded_as_their_course_says(tmp_path, monkeypatch):
    spec = shirts(tmp_path)
    (x_train, y_train), (x_test, y_test) = load_data(spec, tmp_path / "shirts.npz")
    assert [array.shape for array in (x_train, y_train, x_test, y_test)] == [
        (N_TRAIN, SIDE, SIDE),
        (N_TRAIN,),
        (N_TEST, SIDE, SIDE),
        (N_TEST,),
    ]
    assert sorted(set(y_train.tolist())) == [0, 1, 2, 3]
    monkeypatch.setenv("NETGRADER_DATA", str(tmp_path))
    assert np.array_equal(load_data(spec)[1][0], x_test)


def test_a_notebooks_course_is_the_one_whose_checks_lie_beside_it(tmp_path, monkeypatch):
    spec = shirts(tmp_path)
    (tmp_path / "checks").mkdir()
    (tmp_path / "checks" / "exercises.toml").write_text(toml_of(spec), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NETGRADER_DATA", raising=False)
    assert (data_spec(), load_mnist()[0][0].shape) == (spec, (N_TRAIN, SIDE, SIDE))


def test_where_no_checks_lie_it_is_the_one_beside_the_package_and_a_check_has_none(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert data_spec() == DIGITS
    with pytest.raises(ChecksNotFoundError, match="was not found"):
        checks_folder()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"shape": (16, 17)}, r"fit_images is not an array of \(3000, 16, 17\) bytes"),
        ({"classes": 3, "names": ()}, "fit_labels names the class 3 of 3"),
        ({"train": DataPart("images", "fit_labels", N_TRAIN)}, "cannot read the data file"),
    ],
)
def test_a_file_that_is_not_what_the_course_says_of_it_is_named(tmp_path, change, words):
    spec = shirts(tmp_path)
    with pytest.raises(DamagedDataError, match=words):
        load_data(msgspec.structs.replace(spec, **change), tmp_path / "shirts.npz")
