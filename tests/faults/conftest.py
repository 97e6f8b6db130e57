"""Judges for the programs on fault pages: a lab, the archive of loops, and a course's checks."""

from tests.reader.conftest import lab  # noqa: F401
from tests.training.conftest import arrays, raw, rehearse  # noqa: F401
