"""Assignments of nbgrader's own in a course of ours: nbgrader's steps and marks as ever, but the kernel is in the cage.

What their notebooks print decides their marks, as nbgrader has it. The kernel runs in a copy of the folder that nbgrader
would run it in; what it writes there ends with the run.
"""

from __future__ import annotations

import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbconvert.preprocessors import ClearMetadataPreprocessor
from nbgrader.preprocessors import DeduplicateIds, Execute, OverwriteCells, OverwriteKernelspec, SaveAutoGrades

from netgrader.cage import HOME, Mount, Plan, remove_tree, require_self_tests, scratch_folder
from netgrader.cage.kernel import CagedKernelManager
from netgrader.cage_contents import PACKAGE_FOLDER, kernel_package
from netgrader.errors import NetgraderError
from netgrader.limited import ExceededError, within_limits
from netgrader.nbgrader_plugin.formgrader_page import safe_outputs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["restore_plain", "run_plain", "save_plain"]

NOTEBOOKS = "*.ipynb"
NOT_SHOWN = "What this notebook put out is not shown here: making a page of it {limit}."
LANGUAGE = "python"


def restore_plain(parent: Any, nb: Any, resources: Any) -> tuple[Any, Any]:
    """Make the notebook ready as nbgrader does."""
    return _through((DeduplicateIds, OverwriteKernelspec, OverwriteCells), parent, nb, resources)


def run_plain(parent: Any, nb: Any, resources: Any, *, submitted: Path, sandbox: str) -> tuple[Any, Any]:
    """Run the notebook as nbgrader does, in the sandbox called `sandbox`; ``none`` is nbgrader's own way.

    Parameters
    ----------
    parent
        Of nbgrader's steps: what they take their settings from.
    nb, resources
        The notebook, and what nbgrader says of it.
    submitted
        The folder that was handed in, whose notebooks the kernel may read in place of those that hold hidden tests.
    sandbox
        By name.

    Raises
    ------
    NetgraderError
        If there is no cage here, or no kernel in it for the notebook's language.
    """
    if sandbox == "none":
        return _through((Execute, ClearMetadataPreprocessor), parent, nb, resources)
    named = nb.metadata.get("kernelspec", {})
    language = str(named.get("language", LANGUAGE)).lower()
    if language != LANGUAGE:
        raise NetgraderError(
            f"{resources['nbgrader']['notebook']}.ipynb is for a kernel of the language {language!r}, and the cage has one of "
            "Python only. To have such assignments run without a cage, as nbgrader does it, write into nbgrader_config.py: "
            "c.CagedExecute.run_plain_assignments_uncaged = True"
        )
    require_self_tests(sandbox)
    with _run_folder(Path(resources["metadata"]["path"]), submitted) as folder:
        plan = Plan(
            (),
            mounts=[kernel_package(), Mount(folder, f"{HOME}/{folder.name}", writable=True)],
            env={"NBGRADER_EXECUTION": "autograde", "PYTHONPATH": PACKAGE_FOLDER},
            cwd=folder.name,
        )
        caged = type(
            "CagedPlainKernel", (CagedKernelManager,), {"sandbox_name": sandbox, "_plan_default": lambda _: plan}
        )
        execute = Execute(parent=parent, kernel_manager_class=caged)
        nb, resources = execute(nb, resources)
    return ClearMetadataPreprocessor(parent=parent)(nb, resources)  # type: ignore[no-any-return]


def save_plain(parent: Any, nb: Any, resources: Any) -> tuple[Any, Any]:
    """Save nbgrader's own marks; what is kept of the outputs afterwards can be shown to anybody."""
    nb, resources = _through((SaveAutoGrades,), parent, nb, resources)
    for cell in nb.cells:
        if cell.cell_type == "raw":  # which pages show as it is, ids and classes of formgrader's included
            cell.metadata["raw_mimetype"] = "text/plain"
    code = [cell for cell in nb.cells if cell.cell_type == "code"]
    try:
        safe = within_limits(_safe, [list(cell.outputs) for cell in code])
    except ExceededError as error:
        safe = [[{"output_type": "stream", "name": "stderr", "text": NOT_SHOWN.format(limit=error)}] for _ in code[:1]]
        safe += [[] for _ in code[1:]]
    for cell, outputs in zip(code, safe, strict=True):
        cell.outputs = [type(cell)(output) for output in outputs]
    return nb, resources


def _safe(outputs: Sequence[Sequence[Any]]) -> list[list[dict[str, Any]]]:
    """Return the outputs of each cell, as anybody may be shown them."""
    return [safe_outputs(those, f"out-{number}-") for number, those in enumerate(outputs)]


def _through(steps: Sequence[type[Any]], parent: Any, nb: Any, resources: Any) -> tuple[Any, Any]:
    for step in steps:
        nb, resources = step(parent=parent)(nb, resources)
    return nb, resources


@contextmanager
def _run_folder(autograded: Path, submitted: Path) -> Iterator[Path]:
    """Copy what nbgrader put beside the notebook into a folder of this run's own; notebooks are those that were handed in."""
    folder = scratch_folder("plain")
    folder.chmod(0o755)  # the cage is entered there before it has its user
    try:
        for source, form in ((autograded, "*"), (submitted, NOTEBOOKS)):
            notebooks = form == NOTEBOOKS
            for path in sorted(source.rglob(form)):
                name = path.relative_to(source)
                # What nbgrader has copied through a link of the student's is somebody else's.
                linked = path.is_symlink() or (submitted / name).is_symlink()
                if linked or not path.is_file() or (path.match(NOTEBOOKS) and not notebooks):
                    continue
                target = folder / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, target)
        yield folder
    finally:
        remove_tree(folder)
