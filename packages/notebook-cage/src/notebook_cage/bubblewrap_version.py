"""Check by its version whether the installed bubblewrap contains the fix of CVE-2026-87766.

Before 0.12.0, creating a file or folder during sandbox setup can follow a symbolic link onto the host. Distributions may
backport a fix to an older version, which `bwrap --version` does not show, and may drop it again.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass

__all__ = ["CVE", "VersionFinding", "bubblewrap_version", "judge_version"]

CVE = "CVE-2026-87766"
FIXED = (0, 12, 0)  # version, from bubblewrap's advisory GHSA-pxhw-h44j-8pfx
HAS_IT = f"has the fix of {CVE}"
IS_BELOW = f"below 0.12.0, which has the fix of {CVE}"
UNSURE = f"could not tell whether it has the fix of {CVE}"


@dataclass(frozen=True)
class VersionFinding:
    """The verdict on a bubblewrap version."""

    fixed: bool
    """Whether this version is known to contain the fix."""
    found: str


def bubblewrap_version(path: str) -> VersionFinding:
    """Return the verdict on the bubblewrap at `path`; a failure to run it counts as unfixed."""
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True, timeout=10).stdout
    except (OSError, subprocess.SubprocessError) as error:
        return VersionFinding(fixed=False, found=f"{error}: {UNSURE}")
    return judge_version(said.strip())


def judge_version(said: str) -> VersionFinding:
    """Return the verdict on the output of ``bwrap --version``."""
    named = re.fullmatch(r"bubblewrap ([0-9]+)\.([0-9]+)\.([0-9]+)", said)
    if named is None:
        return VersionFinding(fixed=False, found=f"{said!r} is not a version: {UNSURE}")
    fixed = tuple(map(int, named.groups())) >= FIXED
    return VersionFinding(fixed, f"{said}: {HAS_IT if fixed else IS_BELOW}")
