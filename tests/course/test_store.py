import errno
import threading

import pytest

from netgrader.grading.result_store import Key, Store, StoreError


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


def test_what_killed_runs_left_behind_is_removed_after_a_day(store, monkeypatch):
    old = store.root / "tmp" / "execute" / "1"
    old.mkdir(parents=True)
    store.clean()
    assert old.is_dir()
    monkeypatch.setattr("netgrader.grading.result_store.STALE_SECONDS", -1)
    store.clean()
    assert not old.exists()
