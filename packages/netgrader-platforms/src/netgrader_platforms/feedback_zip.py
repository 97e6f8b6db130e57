"""Pack feedback pages under names from which a platform recognizes their students."""

from __future__ import annotations

import re
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from netgrader_platforms.people import Person
    from netgrader_platforms.zips import DownloadedSubmission

__all__ = ["canvas_name", "moodle_name", "write_feedback"]

UNNAMED = re.compile(r"""[\x00-\x1f\x7f&<>"`|':\\/]""")  # characters that Moodle removes from file names


def moodle_name(person: Person, page: str) -> str:
    """Return a page's path for Moodle's *Upload multiple feedback files in a zip*."""
    plain = UNNAMED.sub("", person.name.replace("_", " ")).strip() or "Participant"
    return f"{plain}_{person.number}_assignfeedback_file/{page}"


def canvas_name(submission: DownloadedSubmission, page: str) -> str:
    """Return a page's name for Canvas's *Re-Upload Submissions*, with the downloaded file's prefix.

    Canvas reads the numbers of user and attachment from it, and lists the page with that attachment
    (`infer_comment_context_from_filename` in `app/models/abstract_assignment.rb` of instructure/canvas-lms). If the notebook
    was submitted under another name, the page goes with the newest file.
    """
    begins = dict(reversed(submission.begins))
    return begins.get(page.removesuffix(".html"), submission.begins[0][1]) + page


def write_feedback(target: Path, pages: Mapping[str, Path]) -> None:
    """Write a zip file of feedback pages; `pages` maps names in the zip to files."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.name}.part")
    try:
        with zipfile.ZipFile(part, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
            for name, page in sorted(pages.items()):
                archive.write(page, name)
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
