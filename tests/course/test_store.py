import errno
import json
import threading

import pytest

from netgrader.files import decode
from netgrader.grading.execution import Execution
from netgrader.grading.graded_notebook import GradedNotebook, LastResult
from netgrader.grading.result_store import Key, Store, StoreError, hash_files
from netgrader.grading.verify import Verification, VerifierLine
from netgrader.skeleton import Skeleton


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


KEY = Key("execute", {"code": "abc", "limits": {"seconds": 600}})


def write(text):
    def make(folder):
        (folder / "sub").mkdir()
        (folder / "sub" / "result.txt").write_text(text)

    return make


def test_a_result_is_made_once(store):
    first, made = store.get_or_make(KEY, write("one"))
    assert made
    again, made = store.get_or_make(KEY, write("two"))
    assert not made
    assert (again.content / "sub" / "result.txt").read_text() == "one"
    assert again.digest == first.digest


def test_other_inputs_make_another_result_whatever_their_order(store):
    assert Key("execute", {"limits": {"seconds": 600}, "code": "abc"}).digest == KEY.digest
    assert Key("execute", {**KEY.inputs, "code": "abd"}).digest != KEY.digest
    assert Key("verify", KEY.inputs).digest != KEY.digest


def test_a_result_says_in_plain_text_what_it_was_made_from(store):
    entry, _ = store.get_or_make(KEY, write("one"))
    folder = entry.content.parent
    assert json.loads((folder / "inputs.json").read_text()) == {"stage": "execute", "inputs": KEY.inputs}
    assert "sub/result.txt" in json.loads((folder / "entry.json").read_text())["files"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "content" / "sub" / "result.txt").write_text("forged"),
        lambda folder: (folder / "content" / "sub" / "result.txt").unlink(),
        lambda folder: (folder / "content" / "more.txt").write_text("more"),
        lambda folder: (folder / "entry.json").write_text("{"),
        lambda folder: (folder / "entry.json").unlink(),
        lambda folder: (folder / "entry.json").write_text('{"format": 0}'),
    ],
)
def test_a_damaged_result_is_noticed_and_made_again(store, damage):
    entry, _ = store.get_or_make(KEY, write("one"))
    damage(entry.content.parent)
    assert store.get(KEY) is None
    again, made = store.get_or_make(KEY, write("one"))
    assert made
    assert store.get(KEY).digest == again.digest


def test_what_fails_while_it_is_made_leaves_nothing(store):
    def fail(folder):
        (folder / "half").write_text("half")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        store.get_or_make(KEY, fail)
    assert store.get(KEY) is None
    assert list((store.root / "tmp").glob("*/*")) == []


def test_a_full_disk_is_a_sentence_and_what_was_kept_stays(store):
    store.get_or_make(KEY, write("one"))

    def full(folder):
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(StoreError, match=r"No space left on device. What is there already stays good"):
        store.get_or_make(Key("execute", {"code": "other"}), full)
    assert store.get(KEY) is not None


def test_links_and_pipes_in_what_came_out_of_a_cage_are_dropped(store, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text("secret")

    def make(folder):
        (folder / "link").symlink_to(secret)
        (folder / "good").write_text("good")

    entry, _ = store.get_or_make(KEY, make)
    assert [path.name for path in entry.content.iterdir()] == ["good"]


def test_two_who_make_the_same_result_at_once_both_get_it(store):
    meet = threading.Barrier(2, timeout=20)

    def make(folder):
        meet.wait()
        (folder / "result").write_text("same")

    found = []
    threads = [threading.Thread(target=lambda: found.append(store.get_or_make(KEY, make)[0])) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(entry.content / "result").read_text() for entry in found] == ["same", "same"]
    assert list((store.root / "tmp").glob("*/*")) == []


def test_a_result_that_is_forgotten_is_made_again(store):
    store.get_or_make(KEY, write("one"))
    store.forget(KEY)
    store.forget(KEY)
    assert store.get(KEY) is None


def test_what_killed_runs_left_behind_is_removed_after_a_day(store, monkeypatch):
    old = store.root / "tmp" / "execute" / "1"
    old.mkdir(parents=True)
    store.clean()
    assert old.is_dir()
    monkeypatch.setattr("netgrader.grading.result_store.STALE_SECONDS", -1)
    store.clean()
    assert not old.exists()


def test_hashes_of_files_tell_a_missing_one_from_an_empty_one(tmp_path):
    (tmp_path / "a").write_text("")
    hashes = hash_files({"a": tmp_path / "a", "b": tmp_path / "b"})
    assert hashes["b"] is None
    assert hashes["a"]


@pytest.mark.parametrize("kind", [Execution, GradedNotebook, LastResult, Skeleton, Verification, VerifierLine])
def test_what_is_kept_can_be_read_back_by_its_type(kind):
    with pytest.raises(ValueError, match="Expected `object`"):
        decode(kind, 3)
