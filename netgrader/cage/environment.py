"""The environment that every program in a sandbox starts with: made anew, with nothing of the instructor's."""

from __future__ import annotations

from pathlib import Path

from netgrader.cage.api import HOME, TMP
from netgrader.cage.packages import python

__all__ = ["basic_environment"]


def basic_environment(home: str = HOME) -> dict[str, str]:
    """Who one is, where programs lie, and that nothing depends on the machine's language or the day's hash seed."""
    folders = dict.fromkeys((str(Path(python()).parent), "/usr/local/bin", "/usr/bin", "/bin"))
    return {
        "HOME": home,
        "USER": "student",
        "LOGNAME": "student",
        "PATH": ":".join(folders),
        "LANG": "C.UTF-8",
        "TZ": "UTC",
        "TMPDIR": TMP,
        "PYTHONHASHSEED": "0",
        "PYTHONNOUSERSITE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
