"""A sandbox sees our interpreter and the students' part of this package, and nothing else of the repository."""

from __future__ import annotations

import site
import subprocess
import sys
from pathlib import Path

import pytest

from netgrader.cage_contents import HIDDEN, PACKAGE_FOLDER, our_package, preload
from netgrader.course import Course
from netgrader.errors import UsageError
from netgrader.own_files import GRAPHREAD, PACKAGE
from netgrader.wheels import student_files
from notebook_cage import Plan, host, open_sandbox
from notebook_cage.host import interpreter


def inside(program, package, hidden=()):
    plan = Plan([sys.executable, "-c", program], mounts=[package], env={"PYTHONPATH": PACKAGE_FOLDER}, hidden=hidden)
    caged = open_sandbox().start(plan, stdout=subprocess.PIPE)
    output = caged.stdout.read().decode()
    outcome = caged.close()
    assert outcome.code == 0, outcome.error_tail
    return output.split()


def test_a_cage_sees_of_our_package_what_students_have():
    folder = our_package().host
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert {name for name in files if "__pycache__" not in name} == set(student_files())


def test_the_copy_is_used_inside_and_not_the_repository():
    program = (
        "import netgrader, os, pathlib, sys; print(netgrader.__file__);"
        "print(*[path for path in sys.path if pathlib.Path(path, 'grader_tests').exists()])"
    )
    assert inside(program, our_package()) == [f"{PACKAGE_FOLDER}/netgrader/__init__.py"]


def test_a_changed_package_is_copied_anew(monkeypatch, tmp_path):
    from netgrader import cage_contents

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    cage_contents._copied.cache_clear()
    first = cage_contents._copied("one")
    assert first.is_relative_to(tmp_path)
    assert cage_contents._copied("two") != first
    cage_contents._copied.cache_clear()


def test_a_cache_that_cannot_be_written_is_done_without(monkeypatch):
    from netgrader import cage_contents

    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    cage_contents._copied.cache_clear()
    folder = cage_contents._copied("three")
    assert (folder / "netgrader" / "student" / "__init__.py").is_file()
    cage_contents._copied.cache_clear()


def test_a_virtual_environment_in_the_course_shows_nothing_of_the_course(tmp_path, monkeypatch):
    for name in ("bin", "lib", "source", "gradebook.db", "grader_tests"):
        (tmp_path / name).mkdir()
    (tmp_path / "pyvenv.cfg").touch()
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    seen = {mount.inside for mount in interpreter() if Path(mount.inside).is_relative_to(tmp_path)}
    assert seen == {f"{tmp_path}/{name}" for name in ("bin", "lib", "pyvenv.cfg")}


def test_every_step_of_the_interpreters_chain_of_links_is_seen(tmp_path, monkeypatch):
    """As version managers lay it out: the environment's python leads over a folder that is a link itself."""
    real = tmp_path / "versions" / "3.99.1"
    (real / "bin").mkdir(parents=True)
    (real / "bin" / "python").touch()
    (tmp_path / "versions" / "3.99").symlink_to("3.99.1")
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "bin" / "python").symlink_to(tmp_path / "versions" / "3.99" / "bin" / "python")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "venv" / "bin" / "python"))
    seen = {mount.inside: mount.host for mount in interpreter()}
    assert seen[str(tmp_path / "versions" / "3.99" / "bin")] == real / "bin"
    assert seen[str(real / "bin")] == real / "bin"
    assert str(tmp_path / "venv" / "bin") in seen


def test_packages_that_a_user_or_another_environment_has_are_seen_and_no_checkout(tmp_path, monkeypatch):
    for name in ("user/site-packages", "other/dist-packages", "checkout"):
        (tmp_path / name).mkdir(parents=True)
    monkeypatch.setattr(
        sys,
        "path",
        [*sys.path, *(str(tmp_path / name) for name in ("user/site-packages", "other/dist-packages", "checkout"))],
    )
    seen = {mount.inside for mount in interpreter() if Path(mount.inside).is_relative_to(tmp_path)}
    assert seen == {f"{tmp_path}/user/site-packages", f"{tmp_path}/other/dist-packages"}


@pytest.mark.parametrize("enabled", [True, False])
def test_a_users_own_packages_are_found_inside_where_they_are_found_outside(tmp_path, monkeypatch, enabled):
    folder = tmp_path / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}" / "site-packages"
    folder.mkdir(parents=True)
    (folder / "of_the_user.py").touch()
    monkeypatch.setattr(site, "ENABLE_USER_SITE", enabled)
    monkeypatch.setattr(site, "getuserbase", lambda: str(tmp_path))
    monkeypatch.setattr(site, "getusersitepackages", lambda: str(folder))
    monkeypatch.setattr(sys, "path", [*sys.path, *([str(folder)] if enabled else [])])
    found = host.basic_environment()
    assert (found.get("PYTHONUSERBASE"), found.get("PYTHONNOUSERSITE")) == (
        (str(tmp_path), None) if enabled else (None, "1")
    )
    assert [mount.inside for mount in interpreter() if mount.host == folder] == ([str(folder)] if enabled else [])


def test_what_a_plan_hides_looks_empty_where_it_is_installed_among_packages(tmp_path, monkeypatch):
    folder = tmp_path / "site-packages" / "netgrader"
    folder.mkdir(parents=True)
    (folder / "hidden.py").touch()
    (folder.parent / "beside.py").touch()
    look = (
        f"import os; print(*map(os.path.exists, [{str(folder / 'hidden.py')!r}, {str(folder.parent / 'beside.py')!r}]))"
    )
    monkeypatch.setattr(sys, "path", [*sys.path, str(folder.parent)])
    assert inside(look, our_package(), [folder]) == ["False", "True"]
    assert inside(look, our_package()) == ["True", "True"]  # or the first would show nothing


def test_a_course_among_what_every_run_sees_is_refused(tmp_path, monkeypatch):
    root = tmp_path / "site-packages" / "course"
    root.mkdir(parents=True)
    (root / "nbgrader_config.py").touch()
    assert Course(root).config is not None
    monkeypatch.setattr(sys, "path", [*sys.path, str(root.parent)])
    with pytest.raises(UsageError, match="every submission is shown"):
        assert Course(root).config


def test_this_package_is_hidden_in_every_run_and_in_the_zygote():
    assert {PACKAGE, GRAPHREAD} <= set(HIDDEN)
    assert preload(1).hidden == HIDDEN


def test_no_run_sees_the_course_that_an_editable_install_copies():
    look = "import pathlib, sys; print(*[one for path in sys.path for one in pathlib.Path(path).glob('netgrader_digits/*')])"
    assert inside(look, our_package(), HIDDEN) == []
