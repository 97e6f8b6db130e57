"""Submit through nbgrader's exchange without released files: no copies of data and wheel.

To be named in the configuration that students' nbgrader reads:
``c.ExchangeFactory.submit = "netgrader.student.exchange.Submit"``.
"""

from __future__ import annotations

import filecmp
import glob
from pathlib import Path
from typing import Any

from nbgrader.exchange.default.submit import ExchangeSubmit

__all__ = ["Submit"]

WHEELS = "netgrader_student-*.whl"
WORK = (".ipynb", ".py")
"""What is graded of a submission, whether or not it was changed."""


class Submit(ExchangeSubmit):  # type: ignore[misc]
    """Submit as nbgrader does, without the course's wheels and unchanged files."""

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy the student's folder `src` without those."""
        released = Path(self.release_path)
        same = filecmp.dircmp(src, released).same_files if released.is_dir() else []
        handed_out = [glob.escape(name) for name in same if Path(name).suffix.lower() not in WORK]
        ignored = self.coursedir.ignore
        self.coursedir.ignore = [*ignored, WHEELS, *handed_out]
        try:
            super().do_copy(src, dest, log)
        finally:
            self.coursedir.ignore = ignored
