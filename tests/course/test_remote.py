"""Results in an object store: what one machine made another one finds, and what is damaged there is made again."""

from __future__ import annotations

import io
import shutil
import uuid
import zipfile

import fsspec
import pytest

from netgrader.errors import UsageError
from netgrader.grading.grade import grade_job, jobs_of
from netgrader.grading.remote import ObjectStore
from netgrader.grading.store import Key, Store, StoreError

KEY = Key("execute", {"code": "abc"})


@pytest.fixture(params=["memory", "file"])
def url(request, tmp_path):
    return f"memory://{uuid.uuid4().hex}/digits" if request.param == "memory" else f"file://{tmp_path}/shared"


@pytest.fixture
def machine(tmp_path, url):
    """The store as a machine sees it, which has a folder of its own."""

    def of(name):
        return Store(tmp_path / name, ObjectStore(url))

    return of


def write(text):
    def make(folder):
        (folder / "sub").mkdir()
        (folder / "sub" / "result.txt").write_text(text)

    return make


def objects(url):
    files, root = fsspec.core.url_to_fs(url)
    return files, [path for path in files.find(root) if "/parts/" not in path]


def test_what_one_machine_made_another_one_finds(machine):
    made, _ = machine("one").get_or_make(KEY, write("hello"))
    found, now = machine("two").get_or_make(KEY, write("never"))
    assert not now
    assert (found.content / "sub" / "result.txt").read_text() == "hello"
    assert found.digest == made.digest


def test_an_object_is_there_whole_or_not_at_all(machine, url):
    machine("one").get_or_make(KEY, write("hello"))
    files, (path,) = objects(url)
    assert path.endswith(f"execute/{KEY.digest[:2]}/{KEY.digest}.zip")
    assert not [one for one in files.find(path.partition("/execute/")[0]) if "/parts/" in one]


@pytest.mark.parametrize("damage", ["cut", "forged", "empty"])
def test_a_damaged_object_is_found_by_its_hash_said_and_made_again(machine, url, damage):
    machine("one").get_or_make(KEY, write("hello"))
    files, (path,) = objects(url)
    content = files.cat_file(path)
    files.pipe_file(
        path, {"cut": content[: len(content) // 2], "forged": content.replace(b"hello", b"jello"), "empty": b""}[damage]
    )
    second = machine("two")
    entry, made = second.get_or_make(KEY, write("again"))
    assert made
    (said,) = second.said
    assert "was damaged" in said
    assert (entry.content / "sub" / "result.txt").read_text() == "again"
    third, made = machine("three").get_or_make(KEY, write("never"))
    assert (made, third.digest) == (False, entry.digest)


def test_an_object_that_names_files_elsewhere_writes_none(machine, url, tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("../../../escaped.txt", "no")
    ObjectStore(url).write(f"execute/{KEY.digest[:2]}/{KEY.digest}.zip", stream.getvalue())
    _, made = machine("one").get_or_make(KEY, write("fine"))
    assert made
    assert not list(tmp_path.rglob("escaped.txt"))


def test_what_is_forgotten_is_forgotten_everywhere(machine):
    machine("one").get_or_make(KEY, write("hello"))
    machine("one").forget(KEY)
    assert machine("two").get(KEY) is None


def test_a_store_that_does_not_answer_is_a_sentence(machine, url, monkeypatch):
    store = machine("one")

    def fail(*_args, **_more):
        raise ConnectionError("no route to host")

    monkeypatch.setattr(type(store._remote._files), "cat_file", fail)
    with pytest.raises(StoreError, match="does not answer: ConnectionError: no route to host"):
        store.get(KEY)


def test_a_kind_of_url_that_there_is_not_is_a_sentence():
    with pytest.raises(UsageError, match="cannot be opened here"):
        ObjectStore("nowhere://bucket/digits")


@pytest.mark.usefixtures("uncaged")
def test_a_course_is_graded_from_an_object_store_after_its_own_folder_is_gone(tiny, monkeypatch, url):
    monkeypatch.setenv("NETGRADER_STORE", url)
    tiny.submit("ada")
    (job,) = jobs_of(tiny.assignment, "ada")
    first = grade_job(job)
    assert first.made == {"execute", "verify"}
    shutil.rmtree(tiny.root / ".netgrader" / "store")
    second = grade_job(job)
    assert second.made == frozenset()
    assert second.result == first.result
