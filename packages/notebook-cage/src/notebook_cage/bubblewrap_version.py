"""Whether the installed bubblewrap has the fix of CVE-2026-87766, by its version or by that of its package.

Below 0.12.0, creating a file or folder while a sandbox is set up can follow a link onto the host. Distributions may
put a fix into an older version, which `bwrap --version` does not say, and may take it out again.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

__all__ = ["CVE", "VersionFinding", "bubblewrap_version", "judge_version"]

CVE = "CVE-2026-87766"
FIXED = (0, 12, 0)  # version, of bubblewrap's advisory GHSA-pxhw-h44j-8pfx
BACKPORTS = frozenset({"0.9.0-1ubuntu0.2", "0.11.1-1ubuntu0.2"})
"""Packages of older versions that have the fix, by USN-8779-1. USN-8779-2 took it out of the next ones."""
HAS_IT = f"has the fix of {CVE}"
IS_BELOW = f"below 0.12.0, which has the fix of {CVE}"
UNSURE = f"could not tell whether it has the fix of {CVE}"


@dataclass(frozen=True)
class VersionFinding:
    """What a version says of the fix."""

    fixed: bool
    """Whether it is known to be in it."""
    found: str


def bubblewrap_version(path: str) -> VersionFinding:
    """Ask the bubblewrap at `path`, and the package database if its file belongs to a package, and judge the answers."""
    owner = _ask("dpkg-query", "--search", str(Path(path).resolve())).partition(":")[0]
    return judge_version(_ask(path, "--version"), _ask("dpkg-query", "--show", "--showformat=${Version}", owner))


def judge_version(said: str, package: str = "") -> VersionFinding:
    """Judge what ``bwrap --version`` said and the version of its Debian package; empty where there is none."""
    named = re.fullmatch(r"bubblewrap ([0-9]+)\.([0-9]+)\.([0-9]+)", said)
    version = tuple(map(int, named.groups())) if named else ()
    fixed = version >= FIXED or package in BACKPORTS
    answer = HAS_IT if fixed else IS_BELOW if version and not package else UNSURE
    return VersionFinding(fixed, f"{said or 'no version'}, {package or 'no package'}: {answer}")


def _ask(*command: str) -> str:
    """Return what a command prints; nothing if there is no such command, or it fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
