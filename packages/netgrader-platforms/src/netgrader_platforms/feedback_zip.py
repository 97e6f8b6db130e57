"""Pack feedback pages under the names by which Moodle tells whose they are."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

__all__ = ["write_feedback"]

UNNAMED = re.compile(r"""[\x00-\x1f\x7f&<>"`|':\\/]""")  # what Moodle takes out of the names of files


def write_feedback(target: Path, pages: Mapping[tuple[str, str], Iterable[Path]]) -> int:
    """Pack feedback pages for Moodle's *Upload multiple feedback files in a zip*; how many there were.

    `pages` are by number and name of the participant.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    count = 0
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
            for (number, name), files in sorted(pages.items()):
                plain = UNNAMED.sub("", name.replace("_", " ")).strip() or "Participant"
                for file in files:
                    archive.write(file, f"{plain}_{number}_assignfeedback_file/{file.name}")
                    count += 1
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
    return count
