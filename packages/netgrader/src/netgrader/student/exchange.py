"""Submit through nbgrader's exchange without released files: no copies of data and wheel.

Name it in the configuration of the students' nbgrader: ``c.ExchangeFactory.submit = "netgrader.student.exchange.Submit"``.
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
"""Suffixes of graded files, which are submitted even if unchanged."""


class Submit(ExchangeSubmit):  # type: ignore[misc]
    """Submits as nbgrader does, without the course's wheels and unchanged released files."""

    def do_copy(self, src: str, dest: str, log: Any = None) -> None:
        """Copy the student's folder `src` without these files."""
        released = Path(self.release_path)
        same = filecmp.dircmp(src, released).same_files if released.is_dir() else []
        handed_out = [glob.escape(name) for name in same if Path(name).suffix.lower() not in WORK]
        ignored = self.coursedir.ignore
        self.coursedir.ignore = [*ignored, WHEELS, *handed_out]
        try:
            super().do_copy(src, dest, log)
        finally:
            self.coursedir.ignore = ignored
