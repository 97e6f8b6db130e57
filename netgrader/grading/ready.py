"""What must be there before anything is graded: what is missing of ours must not cost a student points."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.errors import NetgraderError
from netgrader.grading.store import hash_files
from netgrader.student.mnist import SHA256

if TYPE_CHECKING:
    from netgrader.course import Course
    from netgrader.skeleton import Skeleton

__all__ = ["require_data"]

LOADER = "load_mnist"


def require_data(course: Course, skeleton: Skeleton) -> None:
    """See that the training data is there and whole, if the notebook's own given cells load it.

    Raises
    ------
    NetgraderError
        That names the file and says what to do.
    """
    if not any(cell.locked and LOADER in cell.source for cell in skeleton.cells):
        return
    what_to_do = (
        f"Nothing was graded and no mark was changed. Put the {course.data.name} of the course back, and call again."
    )
    try:
        with course.data.open("rb"):
            found = hash_files({"data": course.data})["data"]
    except OSError as error:
        raise NetgraderError(
            f"The training data {course.data} cannot be read: {error.strerror}. {what_to_do}"
        ) from error
    if found != SHA256:
        raise NetgraderError(f"The training data {course.data} is damaged or another file. {what_to_do}")
