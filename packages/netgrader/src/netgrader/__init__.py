"""A neural-network course with automatic grading, and the engine behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from netgrader.grading.grade_submission import grade

__version__ = "0.1.0"
__all__ = ["grade", "read_network"]


def __getattr__(name: str) -> Any:
    """Import `grade` and `read_network` on first use, so that importing this package stays fast."""
    if name == "grade":
        from netgrader.grading.grade_submission import grade

        return grade
    if name == "read_network":
        from netgrader.course_reader import read_network

        return read_network
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
