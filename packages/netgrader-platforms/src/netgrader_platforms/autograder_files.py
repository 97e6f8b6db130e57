"""Write autograders for Gradescope and PrairieLearn: hidden course files, our wheel, shell scripts."""

from __future__ import annotations

import functools
import json
import platform
import shlex
import tempfile
import uuid
from pathlib import Path
from stat import S_IFREG
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from netgrader.belonging import CONFIGS
from netgrader.files import write_bytes, zipped
from netgrader.own_files import files_of
from netgrader.wheels import build_own_wheel, pins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from netgrader.course import Assignment

__all__ = ["write_gradescope", "write_prairielearn"]

HOME = "/opt/netgrader"
"""Folder of netgrader in the autograder's container."""
NO_PART = frozenset({"__pycache__", ".ipynb_checkpoints"})
MOST_SECONDS = 600
"""PrairieLearn's largest timeout for external grading, in seconds."""
CLOSED, PROGRAM = 0o600, 0o700


def write_gradescope(target: Path, assignment: Assignment, seconds: float, notebook: str | None = None) -> None:
    """Write Gradescope's autograder zip for one notebook or all; `seconds` is the limit on grading time."""
    wheel, content = _wheel()
    named = shlex.quote(assignment.name) + (f" --notebook {shlex.quote(notebook)}" if notebook else "")
    about = {"wheel": wheel, "assignment": named, "seconds": int(seconds)}
    _write_zip(
        target,
        {
            "setup.sh": _text("setup.sh", about),
            "run_autograder": _text("run_autograder", about),
            wheel: content,
            "constraints.txt": _pins(),
            **_hidden_part(assignment, "course"),
        },
    )


def write_prairielearn(target: Path, assignment: Assignment, seconds: float, image: str) -> None:
    """Write a zip with a PrairieLearn question per notebook, shared files, and the files to build `image`."""
    wheel, content = _wheel()
    folder = f"netgrader/{assignment.name}"
    about = {
        "wheel": wheel,
        "image": image,
        "folder": folder,
        "assignment": shlex.quote(assignment.name),
        "seconds": int(seconds),
    }
    files = {
        "image/Dockerfile": _text("Dockerfile", about),
        f"image/{wheel}": content,
        "image/constraints.txt": _pins(),
        f"serverFilesCourse/{folder}/run.sh": _text("run.sh", about),
        **_hidden_part(assignment, f"serverFilesCourse/{folder}/course"),
    }
    for notebook in assignment.notebooks:
        question = f"questions/{folder}/{notebook}"
        files[f"{question}/question.html"] = _text("question.html", {"notebook": notebook})
        files[f"{question}/info.json"] = json.dumps(_info(assignment, notebook, image, folder), indent=2).encode()
    _write_zip(target, files)


def _info(assignment: Assignment, notebook: str, image: str, folder: str) -> dict[str, Any]:
    """Return a question's ``info.json``, with a uuid that stays the same across exports."""
    return {
        "uuid": str(
            uuid.uuid5(uuid.NAMESPACE_URL, f"netgrader:{assignment.course.secret.hex()}/{assignment.name}/{notebook}")
        ),
        "title": notebook.replace("_", " "),
        "topic": assignment.name,
        "type": "v3",
        "gradingMethod": "External",
        "externalGradingOptions": {
            "enabled": True,
            "image": image,
            "serverFilesCourse": [f"{folder}/"],
            "entrypoint": [f"/grade/serverFilesCourse/{folder}/run.sh", notebook],
            "timeout": MOST_SECONDS,
        },
    }


def _hidden_part(assignment: Assignment, target: str) -> dict[str, bytes]:
    """Return all course files that grading the assignment needs, by their paths in the folder `target`."""
    course = assignment.course
    paths = [course.root / name for name in CONFIGS]
    paths += [path for folder in (assignment.source, course.hidden_tests) for path in sorted(folder.rglob("*"))]
    paths += [assignment.data] if assignment.data else []
    files = {path.relative_to(course.root): path for path in paths if path.is_file()}
    kept = course.scratch / "releases" / assignment.name
    return {
        **{
            f"{target}/{name.as_posix()}": path.read_bytes()
            for name, path in files.items()
            if not NO_PART & set(name.parts)
        },
        # Students may still have an earlier release; with the course's secret, marks match the ones that you get locally.
        **{
            f"{target}/.netgrader/releases/{assignment.name}/{path.name}": path.read_bytes()
            for path in sorted(kept.glob("*.json"))
        },
        f"{target}/.netgrader/secret": course.secret,
    }


def _wheel() -> tuple[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        made = build_own_wheel(Path(folder), files_of(Path(__file__).parent))
        return made.name, made.read_bytes()


def _pins() -> bytes:
    return "".join(f"{one}\n" for one in pins()).encode()


def _text(name: str, about: Mapping[str, object]) -> bytes:
    python = ".".join(platform.python_version_tuple()[:2])
    return _environment().get_template(f"{name}.j2").render(home=HOME, python=python, **about).encode()


@functools.cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("netgrader_platforms"),
        undefined=StrictUndefined,
        autoescape=False,  # noqa: S701  (scripts; a name in HTML is a file's of the course)
        keep_trailing_newline=True,
    )


def _write_zip(target: Path, files: Mapping[str, bytes]) -> None:
    """Write a zip of files that only their owner may read; files that start with ``#!`` are executable."""
    write_bytes(target, zipped(files, lambda content: S_IFREG | (PROGRAM if content.startswith(b"#!") else CLOSED)))
    target.chmod(CLOSED)
