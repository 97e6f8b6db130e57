"""When a submission was handed in, by the file that lies beside its notebooks: text of a stranger's like all the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from netgrader.errors import NetgraderError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

__all__ = ["NO_TIME", "handed_in"]

FILE = "timestamp.txt"
LONGEST = 200  # bytes of it that are read
NO_TIME = (
    "The file timestamp.txt beside the notebooks holds no time, so nbgrader cannot tell whether they came late. "
    "Correct or delete it, and call again."
)


def handed_in(folder: Path) -> datetime | None:
    """The time in ``timestamp.txt`` of a submission's `folder`, in UTC without a zone; None if there is none or it is empty.

    Raises
    ------
    NetgraderError
        If it holds something else than a time.
    """
    from nbgrader.utils import parse_utc  # noqa: PLC0415  (slow)

    stamp = folder / FILE
    if not stamp.is_file() or stamp.is_symlink():
        return None
    try:
        with stamp.open("rb") as file:
            text = file.read(LONGEST).decode().strip()
        found: datetime | None = parse_utc(text) if text else None
    except Exception as error:  # whatever nbgrader's parser makes of a stranger's text
        raise NetgraderError(NO_TIME) from error
    return found
