"""The installed wheel in its own environment: without a checkout, with a course anywhere."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EPOCH = "1577836800"
COMMANDS_AND_CODES = {
    "release --untried": 0,
    "release --check": 0,
    "autograde digits": 1,  # what hana submitted is no notebook
    "feedback digits": 0,
    "report digits": 0,
}
UNLESS_THE_COURSE_IS_SEEN = """
import pathlib, sys
seen = [name for folder in sys.path for name in pathlib.Path(folder).glob("netgrader_digits/*")]
squares = [] if seen else [k * k for k in range(10)]
"""


def build(target, checkout=ROOT):
    env = {**os.environ, "SOURCE_DATE_EPOCH": EPOCH}
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", target, checkout]
    subprocess.run(command, check=True, capture_output=True, env=env, timeout=300)
    (wheel,) = target.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """Call `netgrader` as it is installed from the wheel, beside the packages of this environment."""
    root = tmp_path_factory.mktemp("installed")
    venv.create(root / "env", with_pip=True, symlinks=True)
    python = root / "env" / "bin" / "python"
    asked = {"cwd": root, "capture_output": True, "text": True}
    where = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = subprocess.run(where, check=True, **asked).stdout.strip()
    # Only what lies in it is seen: the .pth file that names our checkout has no say there.
    Path(packages, "packages-of-tests.pth").write_text(sysconfig.get_path("purelib") + "\n")
    options = ["--quiet", "--no-deps", "--no-index", "--disable-pip-version-check"]
    subprocess.run([python, "-m", "pip", "install", *options, wheel], check=True, timeout=120)
    env = {
        name: value for name, value in os.environ.items() if not name.startswith(("NETGRADER_", "PYTEST_", "PYTHON"))
    }

    def call(folder, *arguments):
        command = [root / "env" / "bin" / "netgrader", *map(str, arguments)]
        return subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=600, check=False)

    where = subprocess.run([python, "-c", "import netgrader; print(netgrader.__file__)"], env=env, check=True, **asked)
    assert Path(where.stdout.strip()).is_relative_to(root)
    return call


def test_the_wheel_holds_the_package_and_its_data_and_the_course_in_a_folder_of_its_own(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.split("/")[0] for name in names}
    packages = {"graphread", "netgrader", "netgrader_digits", "netgrader_platforms", "notebook_cage"}
    assert {name for name in top if ".d" not in name} == packages  # others are the wheel's own .dist-info and .data
    ours = {
        path.relative_to(source).as_posix()
        for source in ROOT.glob("packages/*/src")
        for path in source.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    assert ours <= set(names)
    assert [name for name in names if "etc/jupyter" in name]


def test_a_container_image_is_built_from_all_that_the_wheel_needs(wheel, tmp_path):
    copied = re.findall(r"(?m)^COPY (.*) \S+$", (ROOT / "Containerfile").read_text(encoding="utf-8"))
    (tmp_path / "image").mkdir()
    for name in " ".join(copied).split():
        (shutil.copytree if (ROOT / name).is_dir() else shutil.copy)(ROOT / name, tmp_path / "image" / name)
    built = build(tmp_path / "dist", tmp_path / "image")
    assert set(zipfile.ZipFile(built).namelist()) == set(zipfile.ZipFile(wheel).namelist())


def test_an_installed_package_releases_and_grades_a_course_that_lies_elsewhere(installed, tiny, tmp_path):
    (tiny.root / "data").mkdir()
    (tiny.root / "data" / "mnist.npz").symlink_to(ROOT / "data" / "mnist.npz")
    said = installed(tiny.root, "doctor")
    assert [line for line in said.stdout.splitlines() if line.startswith("MISSING")] == []
    assert said.returncode == 0
    path = tiny.submit("ada", squares=UNLESS_THE_COURSE_IS_SEEN)
    shutil.move(path.parent, tmp_path / "ada")
    for command in (("release", "--untried"), ("grade", tmp_path / "ada", "--json", "graded.json")):
        said = installed(tiny.root, *command)
        assert said.returncode == 0, said.stdout + said.stderr
    (told,) = json.loads((tiny.root / "graded.json").read_text())
    points = {cell["cell"]: cell["points"] for cell in told["cells"]}
    assert points == {"check_add": 2.0, "check_squares": 3.0, "why": None}


def test_an_installed_package_copies_its_course_which_grades_there(installed, tmp_path):
    said = installed(tmp_path, "new", "mine", "--from", "digits")
    assert said.returncode == 0, said.stderr
    root = tmp_path / "mine"
    for name in subprocess.run(
        ["git", "ls-files", "source", "grader_tests", "data"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines():
        assert (root / name).read_bytes() == (ROOT / name).read_bytes()
    assert [*(root / "submitted").iterdir()] == []
    shutil.copytree(ROOT / "submitted" / "hana", root / "submitted" / "hana")
    for command, code in COMMANDS_AND_CODES.items():
        said = installed(root, *command.split())
        assert said.returncode == code, said.stdout + said.stderr
    assert (root / "release" / "digits" / "mnist.npz").is_file()
    assert "hana" in (root / "reports" / "digits.html").read_text(encoding="utf-8")
    refused = installed(tmp_path, "new", "mine", "--from", "digits")
    assert refused.returncode == 2
    assert "Name a new folder" in refused.stderr


@pytest.mark.all
def test_the_same_sources_give_the_same_wheel(wheel, tmp_path):
    again = build(tmp_path)
    assert again.name == wheel.name
    assert again.read_bytes() == wheel.read_bytes()
